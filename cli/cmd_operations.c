/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway operations: what was asked for, and what became of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"

struct list_options {
	const char *tenant, *state, *before;
	long limit;
};

static int
put_query(struct cw_buf *b, const char *name, const char *value)
{
	int r;

	if (value == NULL)
		return CW_OK;
	if ((r = cw_buf_printf(
		 b, "%c%s=", memchr(b->data, '?', b->len) != NULL ? '&' : '?', name)) < 0)
		return r;
	return cli_put_escaped(b, value);
}

static int
print_list(const struct cli *c, const cJSON *answer)
{
	static const char *const headers[] = { "CREATED", "STATE", "WHAT", "FOR", "ID", NULL };
	struct cw_table table;
	const cJSON *o;
	int r = cw_table_init(&table, headers, c->colour);

	cJSON_ArrayForEach (o, cw_json_get(answer, "operations")) {
		const cJSON *request = cw_json_get(o, "request"),
			    *target = cw_json_get(request, "target");
		const char *state = cw_json_str(o, "state"), *whom = cw_json_str(target, "user");

		if (whom == NULL)
			whom = cw_json_str(target, "sam");
		if (whom == NULL)
			whom = cw_json_str(cw_json_get(request, "parameters"), "Identity");
		if (r < 0 ||
		    (r = cw_table_cell(
			 &table, CW_STYLE_PLAIN, cw_when_date(cw_json_str(o, "created")))) < 0 ||
		    (r = cw_table_cell(&table, cli_state_style(state), state)) < 0 ||
		    (r = cw_table_cell(&table, CW_STYLE_PLAIN, cw_json_str(o, "what"))) < 0 ||
		    (r = cw_table_cell(&table, CW_STYLE_PLAIN, whom)) < 0 ||
		    (r = cw_table_cell(&table, CW_STYLE_DIM, cw_json_str(o, "id"))) < 0)
			break;
	}
	if (r == CW_OK)
		r = cw_table_print(&table, stdout, c->columns);
	cw_table_free(&table);
	return r;
}

static int
list(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct list_options *o = options;
	cJSON *answer = NULL;
	struct cw_buf path;
	char limit[24];
	int r;

	(void)argc, (void)argv;
	cw_buf_init(&path, 2048);
	(void)snprintf(limit, sizeof(limit), "%ld", o->limit);
	if (cw_buf_puts(&path, "/v1/operations") < 0 || put_query(&path, "tenant", o->tenant) < 0 ||
	    put_query(&path, "state", o->state) < 0 || put_query(&path, "before", o->before) < 0 ||
	    put_query(&path, "limit", o->limit > 0 ? limit : NULL) < 0 || cw_buf_str(&path) == NULL)
		r = cw_fail(err, CW_EINVAL, "a value is too long");
	else
		r = cli_get(c, &answer, err, "%s", cw_buf_str(&path));
	if (r == CW_OK)
		r = c->json ? cli_print_json(answer) : print_list(c, answer);
	cw_buf_free(&path);
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
	if ((r = cli_get(c, &answer, err, "/v1/operations/%s", id)) == CW_OK)
		r = c->json ? cli_print_json(answer) : cli_print_operation(c, answer);
	cJSON_Delete(answer);
	free(id);
	return r;
}

static int
watch(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	(void)options, (void)argc;
	return cli_watch(c, argv[0], NULL, err);
}

static int
cancel(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	char *id = cli_escape(argv[0]), path[512];
	cJSON *answer = NULL;
	int r;

	(void)options, (void)argc;
	if (id == NULL ||
	    snprintf(path, sizeof(path), "/v1/operations/%s/cancel", id) >= (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the operation's id is too long");
	else if ((r = cli_send(c, &answer, err, "POST", path, NULL)) == CW_OK)
		r = c->json ? cli_print_json(answer) : cli_print_operation(c, answer);
	cJSON_Delete(answer);
	free(id);
	return r;
}

#define OPTION(member, letter, kind, name, value, help, choices)                                \
	{                                                                                       \
		name, letter, kind, offsetof(struct list_options, member), value, help, choices \
	}
static const struct cw_option list_options[] = {
	OPTION(tenant, 't', CW_OPTION_TEXT, "tenant", "NAME", "only this tenant's", NULL),
	OPTION(state, 0, CW_OPTION_TEXT, "state", "STATE",
	    "only these: queued, running, succeeded, failed, unknown, cancelled",
	    "queued running succeeded failed unknown cancelled"),
	OPTION(limit, 'n', CW_OPTION_NUMBER, "limit", "N", "at most this many (50)", NULL),
	OPTION(before, 0, CW_OPTION_TEXT, "before", "ID", "only what came before this one", NULL),
	{ 0 },
};
#undef OPTION

const struct cli_command cli_operations[] = {
	{ "operations list", "", "List operations, the newest first", NULL, list_options,
	    sizeof(struct list_options), 0, 0, false, list },
	{ "operations show", "ID", "Show an operation with its steps", NULL, NULL, 0, 1, 1, false,
	    show },
	{ "operations watch", "ID", "Follow an operation to its end",
	    "Goes on through a restart of the bridge. With --json: one JSON object per change.\n",
	    NULL, 0, 1, 1, false, watch },
	{ "operations cancel", "ID", "Cancel an operation whose next step has not begun", NULL,
	    NULL, 0, 1, 1, false, cancel },
	{ 0 },
};
