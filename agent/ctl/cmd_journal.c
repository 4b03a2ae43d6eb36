/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl journal: the writes that this agent has made, newest first.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "console/when.h"
#include "ctl.h"

static enum cw_style
style_of(const char *state)
{
	static const struct {
		const char *state;
		enum cw_style style;
	} rows[] = { { "begun", CW_STYLE_CYAN }, { "done", CW_STYLE_GREEN },
		{ "failed", CW_STYLE_RED }, { "unknown", CW_STYLE_YELLOW } };

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(rows[i].state, state))
			return rows[i].style;
	return CW_STYLE_PLAIN;
}

static const char *
took(const cJSON *one)
{
	const char *from = cw_json_str(one, "begun"), *to = cw_json_str(one, "finished");
	int64_t begun, finished;

	/* When an earlier process's command was given up says nothing about how long it took. */
	if (from == NULL || to == NULL || cw_streq(cw_json_str(one, "state"), "unknown") ||
	    cw_time_parse(&begun, from, strlen(from)) < 0 ||
	    cw_time_parse(&finished, to, strlen(to)) < 0)
		return "-";
	return cw_when_duration((double)(finished - begun));
}

static int
put_row(struct cw_table *t, const cJSON *one)
{
	const char *state = cw_json_str(one, "state");
	char step[24];
	int r;

	(void)snprintf(step, sizeof(step), "%.0f", ctl_number(one, "step"));
	if ((r = cw_table_cell(t, CW_STYLE_PLAIN, cw_when_date(cw_json_str(one, "begun")))) < 0 ||
	    (r = cw_table_cell(t, style_of(state), state)) < 0 ||
	    (r = cw_table_cell(t, CW_STYLE_PLAIN, took(one))) < 0 ||
	    (r = cw_table_cell(t, CW_STYLE_BOLD, cw_json_str(one, "command"))) < 0 ||
	    (r = cw_table_cell(t, CW_STYLE_PLAIN, cw_json_str(one, "server"))) < 0 ||
	    (r = cw_table_cell(t, CW_STYLE_DIM, cw_json_str(one, "operation"))) < 0)
		return r;
	return cw_table_cell(t, CW_STYLE_DIM, step);
}

static int
show(const struct ctl *c, const cJSON *answer, struct cw_err *err)
{
	static const char *const headers[] = { "BEGUN (UTC)", "STATE", "TOOK", "COMMAND", "SERVER",
		"OPERATION", "STEP", NULL };
	const cJSON *list = cw_json_get(answer, "commands"), *one;
	struct cw_table t;
	int r;

	if (cJSON_GetArraySize(list) == 0) {
		printf("The journal is empty: this agent has written nothing yet.\n");
		return CTL_WELL;
	}
	r = cw_table_init(&t, headers, c->colour);
	cJSON_ArrayForEach (one, list)
		if (r == CW_OK)
			r = put_row(&t, one);
	if (r == CW_OK)
		r = cw_table_print(&t, stdout, c->columns);
	cw_table_free(&t);
	return r < 0 ? cw_fail(err, r, "cannot show the journal: %s", cw_strerror(r)) : CTL_WELL;
}

int
ctl_journal(const struct ctl *c, struct cw_err *err)
{
	cJSON *request = cJSON_CreateObject(), *answer = NULL;
	int r;

	cJSON_AddStringToObject(request, "verb", "journal");
	if (c->number > 0)
		cJSON_AddNumberToObject(request, "n", (double)c->number);
	if ((r = ctl_ask(c, &answer, request, err)) < 0)
		return r;
	r = c->json ? ctl_print_json(answer) : show(c, answer, err);
	cJSON_Delete(answer);
	return r;
}
