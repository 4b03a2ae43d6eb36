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

static const char *
created_of(const cJSON *operation)
{
	return cw_when_date(cw_json_str(operation, "created"));
}

static const char *
whom_of(const cJSON *operation)
{
	const cJSON *request = cw_json_get(operation, "request"),
		    *target = cw_json_get(request, "target");
	const char *whom = cw_json_str(target, "user");

	if (whom == NULL)
		whom = cw_json_str(target, "sam");
	return whom != NULL ? whom : cw_json_str(cw_json_get(request, "parameters"), "Identity");
}

static const struct cli_column columns[] = {
	{ "CREATED", NULL, created_of, false },
	{ "STATE", "state", NULL, true },
	{ "WHAT", "what", NULL, false },
	{ "FOR", NULL, whom_of, false },
	{ "ID", "id", NULL, false },
	{ 0 },
};

static int
list(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct list_options *o = options;
	struct cw_buf path;
	char limit[24];
	int r;

	(void)argc, (void)argv;
	cw_buf_init(&path, 2048);
	(void)snprintf(limit, sizeof(limit), "%ld", o->limit);
	if (cw_buf_puts(&path, "/v1/operations") < 0 ||
	    cli_put_query(&path, "tenant", o->tenant) < 0 ||
	    cli_put_query(&path, "state", o->state) < 0 ||
	    cli_put_query(&path, "before", o->before) < 0 ||
	    cli_put_query(&path, "limit", o->limit > 0 ? limit : NULL) < 0 ||
	    cw_buf_str(&path) == NULL)
		r = cw_fail(err, CW_EINVAL, "a value is too long");
	else
		r = cli_list(c, err, cw_buf_str(&path), "operations", columns);
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
