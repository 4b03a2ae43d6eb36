/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "params.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define WORDS_MAX 8

static const struct {
	const char *name;
	char *words[WORDS_MAX];
	const char *json; /* NULL: refused, and `error` is in the text */
	const char *error;
} rows[] = {
	{ "nothing", { NULL }, "{}", NULL },
	{ "one value", { "-Identity", "ada", NULL }, "{\"Identity\":\"ada\"}", NULL },
	{ "a switch in front of another", { "-Recursive", "-Identity", "g", NULL },
	    "{\"Recursive\":true,\"Identity\":\"g\"}", NULL },
	{ "a switch at the end", { "-Identity", "g", "-Recursive", NULL },
	    "{\"Identity\":\"g\",\"Recursive\":true}", NULL },
	{ "plain words with commas", { "-Properties", "title,mail", NULL },
	    "{\"Properties\":[\"title\",\"mail\"]}", NULL },
	{ "a star in a list", { "-Properties", "*,x-y", NULL }, "{\"Properties\":[\"*\",\"x-y\"]}",
	    NULL },
	{ "a distinguished name", { "-Identity", "CN=Ada,OU=People", NULL },
	    "{\"Identity\":\"CN=Ada,OU=People\"}", NULL },
	{ "a sentence", { "-Description", "red, green", NULL }, "{\"Description\":\"red, green\"}",
	    NULL },
	{ "an empty part", { "-Properties", "a,", NULL }, "{\"Properties\":\"a,\"}", NULL },
	{ "said twice", { "-Members", "ada", "-Members", "bob", NULL },
	    "{\"Members\":[\"ada\",\"bob\"]}", NULL },
	{ "said twice, in another case, with a list",
	    { "-Members", "ada", "-members", "bob,cy", NULL },
	    "{\"Members\":[\"ada\",\"bob\",\"cy\"]}", NULL },
	{ "true", { "-Enabled", "$true", NULL }, "{\"Enabled\":true}", NULL },
	{ "false behind a colon", { "-Enabled:$FALSE", NULL }, "{\"Enabled\":false}", NULL },
	{ "colon, then a word", { "-Enabled:", "$false", NULL }, "{\"Enabled\":false}", NULL },
	{ "null", { "-Title", "$null", NULL }, "{\"Title\":null}", NULL },
	{ "JSON", { "-Replace", "@{\"title\":[1,\"x\"]}", NULL },
	    "{\"Replace\":{\"title\":[1,\"x\"]}}", NULL },
	{ "an empty text", { "-Title", "", NULL }, "{\"Title\":\"\"}", NULL },
	{ "a negative number", { "-Offset", "-5", NULL }, "{\"Offset\":\"-5\"}", NULL },
	{ "broken JSON", { "-Replace", "@{", NULL }, NULL, "-Replace" },
	{ "duplicate names in JSON", { "-Replace", "@{\"a\":1,\"a\":2}", NULL }, NULL, "-Replace" },
	{ "a variable", { "-Title", "$title", NULL }, NULL, "$title" },
	{ "a word without a name", { "ada", NULL }, NULL, "\"ada\"" },
	{ "two values", { "-Identity", "ada", "bob", NULL }, NULL, "\"bob\"" },
	{ "not UTF-8", { "-Title", "\xff", NULL }, NULL, "UTF-8" },
};

static const struct {
	const char *name, *pair, *json, *error;
} pairs[] = {
	{ "a value", "jobTitle=Lead", "{\"jobTitle\":\"Lead\"}", NULL },
	{ "a value with commas", "department=Research,Development",
	    "{\"department\":\"Research,Development\"}", NULL },
	{ "a value with =", "jobTitle=a=b", "{\"jobTitle\":\"a=b\"}", NULL },
	{ "cleared", "jobTitle=", "{\"jobTitle\":null}", NULL },
	{ "cleared by name", "jobTitle=$null", "{\"jobTitle\":null}", NULL },
	{ "a list by JSON", "businessPhones=@[\"1\"]", "{\"businessPhones\":[\"1\"]}", NULL },
	{ "no value", "jobTitle", NULL, "NAME=VALUE" },
	{ "no name", "=Lead", NULL, "NAME=VALUE" },
};

static void
check(const cJSON *got, int r, const struct cw_err *err, const char *json, const char *error)
{
	char *text = got != NULL ? cJSON_PrintUnformatted(got) : NULL;

	if (json != NULL) {
		CHECK_EQ(r, CW_OK);
		CHECK_STR(text, json);
	} else {
		CHECK_EQ(r, CW_EINVAL);
		CHECK(strstr(err->text, error) != NULL);
	}
	cJSON_free(text);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_err err = { 0 };
		cJSON *got = NULL;
		int argc = 0, r;

		test_case = rows[i].name;
		while (rows[i].words[argc] != NULL)
			argc++;
		r = cli_params_parse(&got, argc, rows[i].words, &err);
		check(r == CW_OK ? got : NULL, r, &err, rows[i].json, rows[i].error);
		cJSON_Delete(got);
	}
	for (size_t i = 0; i < CW_COUNT(pairs); i++) {
		cJSON *object = cJSON_CreateObject();
		struct cw_err err = { 0 };
		int r;

		test_case = pairs[i].name;
		r = cli_params_pair(object, pairs[i].pair, &err);
		check(r == CW_OK ? object : NULL, r, &err, pairs[i].json, pairs[i].error);
		cJSON_Delete(object);
	}
	return test_failed;
}
