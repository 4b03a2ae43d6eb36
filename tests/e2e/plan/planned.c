/* SPDX-License-Identifier: Apache-2.0 */
/*
 * planned LAUNCHER PROBE ENGINE: scripts that are planned and then applied, one after the other.
 * Standard input: lines of {"text"}; standard output, for each: what it said while it was planned,
 * then {"done":STATE}, STATE that of the plan where it was not applied, and why, or that of
 * applying it. With PLAN_SHOW in the environment the plans are on standard error.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "rig.h"

#define SECRET "Slot-Word-4711!" /* for every slot */

static cJSON *
secrets_for(const cJSON *plan)
{
	cJSON *secrets = cJSON_CreateObject();
	const cJSON *slot;
	char number[16];

	cJSON_ArrayForEach (slot, cJSON_GetObjectItem(plan, "slots")) {
		(void)snprintf(
		    number, sizeof(number), "%d", cJSON_GetObjectItem(slot, "slot")->valueint);
		cJSON_AddStringToObject(secrets, number, SECRET);
	}
	return secrets;
}

static void
show(const cJSON *json)
{
	char *text = getenv("PLAN_SHOW") != NULL ? cJSON_Print(json) : NULL;

	if (text != NULL)
		(void)fprintf(stderr, "%s\n", text);
	free(text);
}

static void
apply(const cJSON *plan, const char *state)
{
	cJSON *secrets = secrets_for(plan);
	struct outcome o;

	rig_apply(&o, plan, secrets, true);
	show(o.result);
	if (strcmp(outcome_state(&o), "done") != 0)
		(void)printf("{\"apply\":\"%s\",\"lines\":%d}\n%s", outcome_state(&o),
		    (int)o.line_count, outcome_text(&o));
	(void)printf("{\"done\":\"%s\"}\n",
	    strcmp(outcome_state(&o), "done") == 0 ? state : outcome_state(&o));
	outcome_free(&o);
	cJSON_Delete(secrets);
}

static void
run(const char *text)
{
	const cJSON *plan;
	struct outcome o;

	rig_begin(&o, CW_SCRIPT_PLAN, text, RIG_MS, NULL);
	rig_wait(&o);
	(void)fputs(outcome_text(&o), stdout);
	plan = cw_json_get(o.result, "plan");
	show(plan);
	if (cw_json_true(plan, "approximate"))
		(void)printf("{\"ended\":\"%s\"}\n", cw_json_str(plan, "reason"));
	if (plan == NULL || cw_json_true(plan, "approximate") ||
	    cJSON_GetArraySize(cw_json_get(plan, "entries")) == 0)
		(void)printf("{\"done\":\"%s\"}\n", outcome_state(&o));
	else
		apply(plan, outcome_state(&o));
	(void)fflush(stdout);
	outcome_free(&o);
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t room = 0;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: planned LAUNCHER PROBE ENGINE\n");
		return 2;
	}
	rig_start(argv, NULL);
	while (getline(&line, &room, stdin) > 0) {
		cJSON *json = cJSON_Parse(line);
		const char *text = cw_json_str(json, "text");

		if (text != NULL)
			run(text);
		cJSON_Delete(json);
	}
	free(line);
	rig_finish();
	return 0;
}
