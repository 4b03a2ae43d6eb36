/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway agents.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"

struct list_options {
	const char *tenant;
};

static const char *
state_of(const cJSON *agent)
{
	return cw_json_true(agent, "revoked")  ? "revoked"
	    : cw_json_true(agent, "connected") ? "connected"
					       : "offline";
}

static int
list(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	static const char *const headers[] = { "HOST", "STATE", "ROLES", "LAST SEEN", "ID", NULL };
	const struct list_options *o = options;
	struct cw_table table = { 0 };
	const cJSON *a;
	cJSON *answer = NULL;
	char *tenant = NULL;
	int r;

	(void)argc, (void)argv;
	if (o->tenant != NULL && (tenant = cli_escape(o->tenant)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	r = tenant != NULL ? cli_get(c, &answer, err, "/v1/agents?tenant=%s", tenant)
			   : cli_get(c, &answer, err, "/v1/agents");
	free(tenant);
	if (r < 0)
		return r;
	if (c->json) {
		r = cli_print_json(answer);
		goto done;
	}
	if ((r = cw_table_init(&table, headers, c->colour)) < 0)
		goto done;
	cJSON_ArrayForEach (a, cw_json_get(answer, "agents"))
		if ((r = cw_table_cell(&table, CW_STYLE_PLAIN, cw_json_str(a, "hostname"))) < 0 ||
		    (r = cw_table_cell(&table, cli_state_style(state_of(a)), state_of(a))) < 0 ||
		    (r = cw_table_cell(&table, CW_STYLE_PLAIN, cli_join(cw_json_get(a, "roles")))) <
			0 ||
		    (r = cw_table_cell(
			 &table, CW_STYLE_PLAIN, cw_when_date(cw_json_str(a, "last_seen")))) < 0 ||
		    (r = cw_table_cell(&table, CW_STYLE_DIM, cw_json_str(a, "id"))) < 0)
			goto done;
	r = cw_table_print(&table, stdout, c->columns);
done:
	cw_table_free(&table);
	cJSON_Delete(answer);
	return r;
}

static int
show(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	char *id = cli_escape(argv[0]);
	cJSON *answer = NULL;
	int r;

	(void)options, (void)argc;
	if (id == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((r = cli_get(c, &answer, err, "/v1/agents/%s", id)) == CW_OK)
		r = c->json ? cli_print_json(answer) : cli_print_value(c, answer);
	cJSON_Delete(answer);
	free(id);
	return r;
}

static int
revoke(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	char *id = cli_escape(argv[0]), path[512];
	cJSON *answer = NULL;
	int r;

	(void)options, (void)argc;
	if (id == NULL ||
	    snprintf(path, sizeof(path), "/v1/agents/%s/revoke", id) >= (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the agent's id is too long");
	else if ((r = cli_send(c, &answer, err, "POST", path, NULL)) == CW_OK && c->json)
		r = cli_print_json(answer);
	else if (r == CW_OK)
		printf("agent %s is revoked: its connection is cut and its certificate refused\n",
		    argv[0]);
	cJSON_Delete(answer);
	free(id);
	return r;
}

static const struct cw_option list_options[] = {
	{ "tenant", 't', CW_OPTION_TEXT, offsetof(struct list_options, tenant), "NAME",
	    "only this tenant's", NULL },
	{ 0 },
};

const struct cli_command cli_agents[] = {
	{ "agents list", "", "List agents and whether they are connected", NULL, list_options,
	    sizeof(struct list_options), 0, 0, false, list },
	{ "agents show", "ID", "Show an agent", NULL, NULL, 0, 1, 1, false, show },
	{ "agents revoke", "ID", "Cut an agent off, now and for good", NULL, NULL, 0, 1, 1, false,
	    revoke },
	{ 0 },
};
