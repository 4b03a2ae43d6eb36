/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "test.h"
#include "base/err.h"
#include "broker/answer.h"
#include "powershell/json.h"

int test_failed;
const char *test_case;

static struct cw_clixml *reader;
static struct cw_ps_arena *arena;

/* The answer as JSON, read by our own reader as the engine would. */
static char *
take(struct answer *a, bool done)
{
	const struct cw_ps_value *v;
	struct cw_err err = { 0 };
	struct cw_buf out, json;
	char *text = NULL;

	cw_buf_init(&out, ANSWER_KEPT_MAX + 65536);
	cw_buf_init(&json, 1u << 28);
	cw_ps_arena_reset(arena);
	CHECK_EQ(answer_take(a, &out, done, &err), CW_OK);
	CHECK_EQ(
	    cw_clixml_read(reader, &v, arena, cw_buf_peek(&out), cw_buf_left(&out), &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK_EQ(cw_ps_json_put(&json, v, &err), CW_OK);
	text = strdup(cw_buf_str(&json));
	cw_buf_free(&out);
	cw_buf_free(&json);
	return text;
}

static void
check(struct answer *a, bool done, const char *wanted)
{
	char *text = take(a, done);

	CHECK_STR(text, wanted);
	free(text);
}

static void
put(struct answer *a, const char *stream, const char *json)
{
	cJSON *parsed = cJSON_Parse(json);
	struct cw_err err = { 0 };

	CHECK_EQ(answer_record(a, stream, parsed, &err), CW_OK);
	cJSON_Delete(parsed);
}

static void
test_records(void)
{
	struct answer a;

	answer_init(&a);
	test_case = "nothing";
	check(&a, false, "{\"records\":[],\"state\":\"more\"}");
	check(&a, true, "{\"records\":[],\"state\":\"done\"}");
	test_case = "in order";
	put(&a, "warning", "\"look & <see>\"");
	put(&a, "fail",
	    "{\"message\":\"no\",\"refusal\":{\"rule\":\"r\",\"call\":{\"parameters\":{\"a\":["
	    "\"b\",true]}}}}");
	CHECK_EQ(a.count, 2);
	check(&a, true,
	    "{\"records\":[[\"warning\",\"look & "
	    "<see>\"],[\"fail\",{\"message\":\"no\",\"refusal\":"
	    "{\"rule\":\"r\",\"call\":{\"parameters\":{\"a\":[\"b\",true]}}}}]],\"state\":"
	    "\"done\"}");
	CHECK_EQ(a.count, 0);
	answer_free(&a);
}

#define USER                                                                                    \
	"<Obj RefId=\"0\"><TN RefId=\"0\"><T>Microsoft.ActiveDirectory.Management.ADUser</T>"   \
	"<T>System.Object</T></TN><ToString>CN=Ada</ToString><Props><S N=\"Name\">Ada</S>"      \
	"<S N=\"SID\">S-1-5-21-7</S><S N=\"Sid2\">S-1-5</S><S N=\"DomainSid\">S-1-5-21</S>"     \
	"<S N=\"ms-Mcs-AdmPwd\">secret</S><Obj N=\"MemberOf\" RefId=\"1\"><TNRef RefId=\"0\"/>" \
	"<LST><S>g</S></LST></Obj></Props><MS><S N=\"unicodePwd\">secret</S><I32 "              \
	"N=\"n\">1</I32></MS></Obj>"

static void
test_object(void)
{
	const struct cw_ps_value *v, *again, *record;
	struct cw_err err = { 0 };
	struct cw_ps_arena *own;
	struct cw_buf out;
	struct answer a;

	test_case = "an object keeps its types and loses its secrets";
	answer_init(&a);
	cw_buf_init(&out, 1u << 20);
	CHECK_EQ(cw_ps_arena_new(&own, 1u << 20), CW_OK);
	CHECK_EQ(cw_clixml_read(reader, &v, own, USER, strlen(USER), &err), CW_OK);
	CHECK_EQ(answer_output(&a, v, &err), CW_OK);
	CHECK_EQ(answer_output(&a, v, &err), CW_OK); /* RefIds of both in one document */
	CHECK_EQ(answer_take(&a, &out, true, &err), CW_OK);
	CHECK(strstr(cw_buf_str(&out), "secret") == NULL);
	cw_ps_arena_reset(arena);
	CHECK_EQ(cw_clixml_read(reader, &again, arena, cw_buf_peek(&out), cw_buf_left(&out), &err),
	    CW_OK);
	CHECK_STR(err.text, "");
	/* [[output, [it, it]]] */
	record = again->map.pairs[0].value->list.items[0]->list.items[1]->list.items[1];
	CHECK(cw_ps_is_type(record, "Microsoft.ActiveDirectory.Management.ADUser"));
	CHECK_STR(cw_ps_str(record), "CN=Ada");
	CHECK_STR(cw_ps_str(cw_ps_get(record, "Name")), "Ada");
	CHECK_STR(cw_ps_str(cw_ps_get(record, "SID")), "S-1-5-21-7");
	CHECK_STR(cw_ps_str(cw_ps_get(cw_ps_get(record, "SID"), "Value")), "S-1-5-21-7");
	CHECK(cw_ps_get(cw_ps_get(record, "DomainSid"), "Value") != NULL);
	CHECK(cw_ps_get(cw_ps_get(record, "Sid2"), "Value") == NULL);
	CHECK_EQ(cw_ps_get(record, "MemberOf")->list.count, 1);
	CHECK(cw_ps_get(record, "n") != NULL);
	CHECK(cw_ps_get(record, "ms-Mcs-AdmPwd") == NULL);
	answer_free(&a);
	cw_buf_free(&out);
	cw_ps_arena_free(own);
}

static void
test_runs(void)
{
	const struct cw_ps_value v = { .kind = CW_PS_STRING, .text = { "x", 1 } };
	struct cw_err err = { 0 };
	struct answer a;

	test_case = "objects that follow each other are one record";
	answer_init(&a);
	CHECK_EQ(answer_output(&a, &v, &err), CW_OK);
	check(&a, false, "{\"records\":[[\"output\",[\"x\"]]],\"state\":\"more\"}");
	CHECK_EQ(answer_output(&a, &v, &err), CW_OK);
	CHECK_EQ(answer_output(&a, &v, &err), CW_OK);
	put(&a, "warning", "\"w\"");
	put(&a, "warning", "\"w\"");
	CHECK_EQ(answer_output(&a, &v, &err), CW_OK);
	check(&a, true,
	    "{\"records\":[[\"output\",[\"x\",\"x\"]],[\"warning\",\"w\"],[\"warning\",\"w\"],"
	    "[\"output\",[\"x\"]]],\"state\":\"done\"}");
	answer_free(&a);
}

static void
test_chunks(void)
{
	struct cw_err err = { 0 };
	char *text, *long_one = malloc(50001);
	struct cw_ps_value v = { .kind = CW_PS_STRING };
	struct answer a;

	test_case = "as many as fit";
	memset(long_one, 'x', 50000);
	long_one[50000] = '\0';
	v.text.data = long_one;
	v.text.len = 50000;
	answer_init(&a);
	for (int i = 0; i < 5; i++)
		CHECK_EQ(answer_output(&a, &v, &err), CW_OK);
	for (int i = 0; i < 3; i++) {
		text = take(&a, true);
		CHECK(strstr(text, i < 2 ? "\"state\":\"more\"" : "\"state\":\"done\"") != NULL);
		CHECK(strlen(text) < 262144);
		free(text);
	}
	CHECK_EQ(a.count, 0);
	test_case = "no more than is kept";
	while (answer_output(&a, &v, &err) == CW_OK)
		;
	CHECK_EQ(err.code, CW_ELIMIT);
	CHECK(answer_waiting(&a) <= ANSWER_KEPT_MAX);
	CHECK(answer_waiting(&a) > ANSWER_KEPT_MAX - 60000);
	answer_free(&a);
	free(long_one);
}

int
main(void)
{
	CHECK_EQ(cw_clixml_new(&reader), CW_OK);
	CHECK_EQ(cw_ps_arena_new(&arena, CW_PS_ARENA_MAX), CW_OK);
	test_records();
	test_object();
	test_runs();
	test_chunks();
	cw_clixml_free(reader);
	cw_ps_arena_free(arena);
	return test_failed;
}
