/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binds TABLE: attacks that a call's binding stops, each row bound as what a forged host call
 * holds. The same rows go through a whole agent in attack.py.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "catalogue/catalogue.h"

enum column { NAME, ANSWER, COMMAND, PARAMETERS, WORDS, COLUMNS };

static int
split(char *ret[COLUMNS], char *line)
{
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	while (n < COLUMNS && line != NULL)
		ret[n++] = strsep(&line, "\t");
	return n == COLUMNS && line == NULL ? 0 : -1;
}

static bool
holds(char *const row[COLUMNS])
{
	cJSON *parameters = NULL;
	struct cw_catalogue_call *call = NULL;
	struct cw_err err = { 0 };
	int want = strcmp(row[ANSWER], "denied") == 0 ? CW_EDENIED : CW_EINVAL;
	int r = cw_json_parse(
	    &parameters, row[PARAMETERS], strlen(row[PARAMETERS]), "the parameters", &err);
	bool ok;

	if (r == CW_OK)
		r = cw_catalogue_bind(&call, row[COMMAND], parameters, &err);
	ok = r == want && strstr(err.text, row[WORDS]) != NULL;
	if (!ok)
		printf("FAIL %s\n  want %s (%d) with \"%s\"\n  got  %d \"%s\"\n", row[NAME],
		    row[ANSWER], want, row[WORDS], r, err.text);
	cw_catalogue_call_free(call);
	cJSON_Delete(parameters);
	return ok;
}

int
main(int argc, char **argv)
{
	FILE *table = argc == 2 ? fopen(argv[1], "r") : NULL;
	char *line = NULL, *row[COLUMNS];
	size_t room = 0, rows = 0, failed = 0;

	if (table == NULL) {
		fprintf(stderr, "usage: binds TABLE\n");
		return 2;
	}
	if (getline(&line, &room, table) < 0) /* the columns' names */
		return 1;
	while (getline(&line, &room, table) > 0) {
		rows++;
		if (split(row, line) < 0) {
			printf("FAIL row %zu has not %d columns\n", rows, COLUMNS);
			failed++;
		} else if (!holds(row)) {
			failed++;
		}
	}
	free(line);
	(void)fclose(table);
	printf("%zu attacks on binding, %zu got through\n", rows, failed);
	return failed == 0 && rows > 0 ? 0 : 1;
}
