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

static const char *
roles_of(const cJSON *agent)
{
	return cli_join(cw_json_get(agent, "roles"));
}

static const char *
seen_of(const cJSON *agent)
{
	return cw_when_date(cw_json_str(agent, "last_seen"));
}

static const struct cli_column columns[] = {
	{ "HOST", "hostname", NULL, false },
	{ "STATE", NULL, state_of, true },
	{ "ROLES", NULL, roles_of, false },
	{ "LAST SEEN", NULL, seen_of, false },
	{ "ID", "id", NULL, false },
	{ 0 },
};

static int
list(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct list_options *o = options;
	struct cw_buf path;
	int r;

	(void)argc, (void)argv;
	cw_buf_init(&path, 2048);
	if (cw_buf_puts(&path, "/v1/agents") < 0 || cli_put_query(&path, "tenant", o->tenant) < 0 ||
	    cw_buf_str(&path) == NULL)
		r = cw_fail(err, CW_EINVAL, "the tenant's name is too long");
	else
		r = cli_list(c, err, cw_buf_str(&path), "agents", columns);
	cw_buf_free(&path);
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
