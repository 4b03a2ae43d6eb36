/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs one script and shows what it says: for people, in a lab. argv: launcher, probe,
 * engine, a script's file, a preparation's file (or none: the proxies). PLAN in the
 * environment: its writes are planned.
 */
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *text = calloc(1, 1u << 20);

	if (f == NULL || text == NULL || fread(text, 1, (1u << 20) - 1, f) == 0)
		exit(2);
	(void)fclose(f);
	return text;
}

int
main(int argc, char **argv)
{
	struct outcome o;
	char *json, *script, *preparation = NULL;

	if (argc < 5)
		return 2;
	script = read_file(argv[4]);
	if (argc > 5)
		preparation = read_file(argv[5]);
	rig_start(argv, preparation);
	rig_begin(
	    &o, getenv("PLAN") != NULL ? CW_SCRIPT_PLAN : CW_SCRIPT_RUN, script, RIG_MS, NULL);
	rig_wait(&o);
	(void)fputs(outcome_text(&o), stdout);
	json = cJSON_Print(o.result);
	printf("%s %s\n%s\n", outcome_state(&o), o.err.text, json != NULL ? json : "");
	free(json);
	free(script);
	free(preparation);
	outcome_free(&o);
	rig_finish();
	return 0;
}
