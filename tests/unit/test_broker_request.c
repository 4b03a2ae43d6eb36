/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests as a sandbox sends them, and as a hostile one does.
 */
#include <stdlib.h>

#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "broker/request.h"
#include "powershell/clixml.h"

int test_failed;
const char *test_case;

#define DOC(entries)                                                                           \
	"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">" \
	"<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T>"                 \
	"<T>System.Object</T></TN><DCT>" entries "</DCT></Obj></Objs>"
#define EN(key, value) "<En><S N=\"Key\">" key "</S>" value "</En>"
#define S(v) "<S N=\"Value\">" v "</S>"
#define I(v) "<I32 N=\"Value\">" v "</I32>"
#define B(v) "<B N=\"Value\">" v "</B>"
#define MAP(entries) "<Obj N=\"Value\" RefId=\"7\"><DCT>" entries "</DCT></Obj>"
#define ITEM(entries) "<Obj><DCT>" entries "</DCT></Obj>"
#define LIST(items) "<Obj N=\"Value\" RefId=\"8\"><LST>" items "</LST></Obj>"
#define REST EN("error_action", S("Stop")) EN("what_if", B("false"))
#define ADA                                                               \
	"<Obj N=\"Value\" RefId=\"7\"><DCT><En><S N=\"Key\">Identity</S>" \
	"<S N=\"Value\">ada</S></En></DCT></Obj>"
#define CALL_WITH(parameters)                                                     \
	DOC(EN("verb", S("call")) EN("id", I("1")) EN("command", S("Get-ADUser")) \
		EN("parameters", parameters) REST)
#define AFTER(value)                                                              \
	DOC(EN("verb", S("call")) EN("id", I("8")) EN("command", S("Set-ADUser")) \
		EN("parameters", ADA) EN("after", value) REST)
#define INPUT_WITH(parameters, input)                                             \
	DOC(EN("verb", S("call")) EN("id", I("1")) EN("command", S("Set-ADUser")) \
		EN("parameters", parameters) EN("input", input) REST)

static const struct row {
	const char *name, *text;
	int code;
	const char *parameters; /* JSON; of a request that is one */
	const char *input;
} rows[] = {
	{ "a read", CALL_WITH(ADA), CW_OK, "{\"Identity\":\"ada\"}", NULL },
	{ "nothing given", CALL_WITH(MAP("")), CW_OK, "{}", NULL },
	{ "all kinds of values",
	    CALL_WITH(MAP(EN("a", "<Nil N=\"Value\"/>") EN("b", B("true")) EN("c", I("-5")) EN(
		"d", "<I64 N=\"Value\">9007199254740993</I64>") EN("e", "<Db N=\"Value\">1.5</Db>")
		    EN("f", "<BA N=\"Value\">AQI=</BA>") EN("g", LIST("<S>x</S><S>y</S>")))),
	    CW_OK,
	    "{\"a\":null,\"b\":true,\"c\":-5,\"d\":\"9007199254740993\",\"e\":1.5,\"f\":\"AQI=\","
	    "\"g\":[\"x\",\"y\"]}",
	    NULL },
	{ "an attribute's map",
	    CALL_WITH(
		MAP(EN("Replace", "<Obj N=\"Value\"><DCT>" EN("title", S("t")) "</DCT></Obj>"))),
	    CW_OK, "{\"Replace\":{\"title\":\"t\"}}", NULL },
	{ "a secret",
	    CALL_WITH(MAP(EN("AccountPassword",
		"<Obj N=\"Value\"><DCT>" EN("$secret", S("pw")) "</DCT></Obj>"))),
	    CW_OK, "{\"AccountPassword\":{\"$slot\":0}}", NULL },
	{ "input",
	    INPUT_WITH(MAP(EN("Title", S("t"))),
		LIST(ITEM(EN("Identity", S("a"))) ITEM(EN("Identity", S("b"))))),
	    CW_OK, "{\"Title\":\"t\"}", "[{\"Identity\":\"a\"},{\"Identity\":\"b\"}]" },
	{ "behind another", AFTER(I("7")), CW_OK, "{\"Identity\":\"ada\"}", NULL },
	{ "behind none", AFTER(I("0")), CW_OK, "{\"Identity\":\"ada\"}", NULL },
	{ "behind a negative one", AFTER(I("-1")), CW_EPROTO, NULL, NULL },
	{ "behind a text", AFTER(S("7")), CW_EPROTO, NULL, NULL },
	{ "next behind another", DOC(EN("verb", S("next")) EN("id", I("3")) EN("after", I("1"))),
	    CW_EPROTO, NULL, NULL },
	{ "next", DOC(EN("verb", S("next")) EN("id", I("3"))), CW_OK, NULL, NULL },
	{ "cancel", DOC(EN("verb", S("cancel")) EN("id", I("3"))), CW_OK, NULL, NULL },
	/* no such document */
	{ "empty", "", CW_EPROTO, NULL, NULL },
	{ "not XML", "causeway", CW_EPROTO, NULL, NULL },
	{ "cut short", "<Objs Version=\"1.1.0.1\"><Obj><DCT>", CW_EPROTO, NULL, NULL },
	{ "an entity", "<!DOCTYPE x [<!ENTITY a 'b'>]><S>&a;</S>", CW_EPROTO, NULL, NULL },
	{ "a text", "<S>call</S>", CW_EPROTO, NULL, NULL },
	{ "a list", "<Obj><LST><S>call</S></LST></Obj>", CW_EPROTO, NULL, NULL },
	{ "an object", "<Obj><MS><S N=\"verb\">next</S><I32 N=\"id\">1</I32></MS></Obj>", CW_EPROTO,
	    NULL, NULL },
	/* keys */
	{ "no keys", DOC(""), CW_EPROTO, NULL, NULL },
	{ "no verb", DOC(EN("id", I("1"))), CW_EPROTO, NULL, NULL },
	{ "an unknown verb", DOC(EN("verb", S("input")) EN("id", I("1"))), CW_EPROTO, NULL, NULL },
	{ "a verb in capitals", DOC(EN("verb", S("NEXT")) EN("id", I("1"))), CW_EPROTO, NULL,
	    NULL },
	{ "no id", DOC(EN("verb", S("next"))), CW_EPROTO, NULL, NULL },
	{ "id 0", DOC(EN("verb", S("next")) EN("id", I("0"))), CW_EPROTO, NULL, NULL },
	{ "a negative id", DOC(EN("verb", S("next")) EN("id", I("-1"))), CW_EPROTO, NULL, NULL },
	{ "an id of 64 bits", DOC(EN("verb", S("next")) EN("id", "<I64 N=\"Value\">1</I64>")),
	    CW_EPROTO, NULL, NULL },
	{ "an id as a text", DOC(EN("verb", S("next")) EN("id", S("1"))), CW_EPROTO, NULL, NULL },
	{ "an unknown key", DOC(EN("verb", S("next")) EN("id", I("1")) EN("approved", B("true"))),
	    CW_EPROTO, NULL, NULL },
	{ "a key in capitals", DOC(EN("verb", S("next")) EN("Id", I("1"))), CW_EPROTO, NULL, NULL },
	{ "a key twice", DOC(EN("verb", S("next")) EN("verb", S("cancel")) EN("id", I("1"))),
	    CW_EPROTO, NULL, NULL },
	{ "a key that is no text", DOC("<En><I32 N=\"Key\">1</I32>" S("x") "</En>"), CW_EPROTO,
	    NULL, NULL },
	{ "next with a call's key",
	    DOC(EN("verb", S("next")) EN("id", I("1")) EN("command", S("Get-ADUser"))), CW_EPROTO,
	    NULL, NULL },
	{ "a call without what_if",
	    DOC(EN("verb", S("call")) EN("id", I("1")) EN("command", S("Get-ADUser"))
		    EN("parameters", ADA) EN("error_action", S("Stop"))),
	    CW_EPROTO, NULL, NULL },
	{ "what_if as a text",
	    DOC(EN("verb", S("call")) EN("id", I("1")) EN("command", S("Get-ADUser"))
		    EN("parameters", ADA) EN("error_action", S("Stop")) EN("what_if", S("true"))),
	    CW_EPROTO, NULL, NULL },
	{ "an unknown error action",
	    DOC(EN("verb", S("call")) EN("id", I("1")) EN("command", S("Get-ADUser"))
		    EN("parameters", ADA) EN("error_action", S("Break")) EN("what_if", B("false"))),
	    CW_EPROTO, NULL, NULL },
	{ "a command without a name",
	    DOC(EN("verb", S("call")) EN("id", I("1")) EN("command", S("")) EN("parameters", ADA)
		    REST),
	    CW_EPROTO, NULL, NULL },
	{ "a command that is too long",
	    DOC(EN("verb", S("call")) EN("id", I("1")) EN("command",
		S("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"))
		    EN("parameters", ADA) REST),
	    CW_EPROTO, NULL, NULL },
	/* parameters */
	{ "parameters that are a list", CALL_WITH(LIST("<S>x</S>")), CW_EPROTO, NULL, NULL },
	{ "a parameter twice, by case",
	    CALL_WITH(MAP(EN("Identity", S("a")) EN("identity", S("b")))), CW_EPROTO, NULL, NULL },
	{ "a nested key twice, by case",
	    CALL_WITH(MAP(EN("Replace",
		"<Obj N=\"Value\"><DCT>" EN("title", S("t")) EN("Title", S("u")) "</DCT></Obj>"))),
	    CW_EPROTO, NULL, NULL },
	{ "a NUL in a text", CALL_WITH(MAP(EN("Identity", S("a_x0000_b")))), CW_EPROTO, NULL,
	    NULL },
	{ "a date", CALL_WITH(MAP(EN("x", "<DT N=\"Value\">2026-01-01T00:00:00Z</DT>"))), CW_EPROTO,
	    NULL, NULL },
	{ "a script block", CALL_WITH(MAP(EN("x", "<SBK N=\"Value\">1</SBK>"))), CW_EPROTO, NULL,
	    NULL },
	{ "a secure string", CALL_WITH(MAP(EN("x", "<SS N=\"Value\">7800</SS>"))), CW_EPROTO, NULL,
	    NULL },
	{ "a live type",
	    CALL_WITH(MAP(EN("x",
		"<Obj N=\"Value\"><TN><T>System.Net.IPAddress</T></TN><Props><I64 "
		"N=\"Address\">1</I64></Props></Obj>"))),
	    CW_EPROTO, NULL, NULL },
	{ "not a number", CALL_WITH(MAP(EN("x", "<Db N=\"Value\">NaN</Db>"))), CW_EPROTO, NULL,
	    NULL },
	{ "a sealed value",
	    CALL_WITH(MAP(EN("AccountPassword",
		"<Obj N=\"Value\"><DCT>" EN("$sealed", S("AA==")) "</DCT></Obj>"))),
	    CW_EPROTO, NULL, NULL },
	{ "a slot of its own",
	    CALL_WITH(MAP(EN(
		"AccountPassword", "<Obj N=\"Value\"><DCT>" EN("$slot", I("0")) "</DCT></Obj>"))),
	    CW_EPROTO, NULL, NULL },
	{ "a secret that is no text",
	    CALL_WITH(MAP(EN(
		"AccountPassword", "<Obj N=\"Value\"><DCT>" EN("$secret", I("1")) "</DCT></Obj>"))),
	    CW_EPROTO, NULL, NULL },
	{ "a secret deeper down",
	    CALL_WITH(MAP(EN("Replace",
		"<Obj N=\"Value\"><DCT>"
		"<En><S N=\"Key\">x</S><Obj N=\"Value\"><DCT>" EN(
		    "$secret", S("pw")) "</DCT></Obj></En></DCT></Obj>"))),
	    CW_EPROTO, NULL, NULL },
	{ "an object in itself",
	    "<Obj RefId=\"0\"><DCT><En><S N=\"Key\">verb</S><Ref N=\"Value\" RefId=\"0\"/></En>"
	    "</DCT></Obj>",
	    CW_EPROTO, NULL, NULL },
	/* input */
	{ "input without entries", INPUT_WITH(ADA, LIST("")), CW_EPROTO, NULL, NULL },
	{ "input that is a map", INPUT_WITH(MAP(""), MAP("")), CW_EPROTO, NULL, NULL },
	{ "input of texts", INPUT_WITH(MAP(""), LIST("<S>a</S>")), CW_EPROTO, NULL, NULL },
	{ "a parameter here and there", INPUT_WITH(ADA, LIST(ITEM(EN("IDENTITY", S("b"))))),
	    CW_EPROTO, NULL, NULL },
};

static struct cw_clixml *reader;
static struct cw_ps_arena *arena;

static void
check_json(const cJSON *json, const char *wanted)
{
	char *text = json == NULL ? NULL : cJSON_PrintUnformatted(json);

	CHECK_STR(text, wanted);
	free(text);
}

static void
test_rows(void)
{
	struct broker_request q;
	struct cw_err err;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		const struct row *row = &rows[i];

		test_case = row->name;
		err = (struct cw_err){ 0 };
		cw_ps_arena_reset(arena);
		CHECK_EQ(broker_request_read(&q, reader, arena, row->text, strlen(row->text), &err),
		    row->code);
		CHECK_EQ(err.text[0] == '\0', row->code == CW_OK);
		check_json(q.parameters, row->parameters);
		check_json(q.input, row->input);
		broker_request_free(&q);
	}
}

/* The text of a document with so many entries of input, or so deep a value. */
static int
read_made(const char *head, const char *part, int times, const char *tail)
{
	struct broker_request q;
	struct cw_err err = { 0 };
	struct cw_buf b;
	int r;

	cw_buf_init(&b, 1u << 28);
	(void)cw_buf_puts(&b, head);
	for (int i = 0; i < times; i++)
		(void)cw_buf_puts(&b, part);
	(void)cw_buf_puts(&b, tail);
	cw_ps_arena_reset(arena);
	r = broker_request_read(
	    &q, reader, arena, (const char *)cw_buf_peek(&b), cw_buf_left(&b), &err);
	broker_request_free(&q);
	cw_buf_free(&b);
	return r;
}

#define HEAD                                                            \
	"<Obj RefId=\"0\"><DCT>" EN("verb", S("call")) EN("id", I("1")) \
	    EN("command", S("Set-ADUser")) REST
#define LONG "<S>0123456789012345678901234567890123456789012345678901234567890123</S>"

static void
test_limits(void)
{
	test_case = "64 entries";
	CHECK_EQ(read_made(HEAD EN("parameters",
			       MAP("")) "<En><S N=\"Key\">input</S><Obj N=\"Value\"><LST>",
		     ITEM(EN("Identity", S("a"))), 64, "</LST></Obj></En></DCT></Obj>"),
	    CW_OK);
	test_case = "65 entries";
	CHECK_EQ(read_made(HEAD EN("parameters",
			       MAP("")) "<En><S N=\"Key\">input</S><Obj N=\"Value\"><LST>",
		     ITEM(EN("Identity", S("a"))), 65, "</LST></Obj></En></DCT></Obj>"),
	    CW_ELIMIT);
	test_case = "too many values";
	CHECK_EQ(read_made(HEAD "<En><S N=\"Key\">parameters</S><Obj N=\"Value\"><DCT><En><S "
				"N=\"Key\">x</S><Obj N=\"Value\"><LST>",
		     "<I32>1</I32>", 20001, "</LST></Obj></En></DCT></Obj></En></DCT></Obj>"),
	    CW_ELIMIT);
	test_case = "one long text, referred to many times";
	CHECK_EQ(
	    read_made(HEAD
		"<En><S N=\"Key\">parameters</S><Obj N=\"Value\"><DCT><En><S "
		"N=\"Key\">x</S><Obj N=\"Value\"><LST>"
		"<Obj RefId=\"99\"><LST>" LONG LONG LONG LONG LONG LONG LONG LONG LONG LONG
		"</LST></Obj>",
		"<Ref RefId=\"99\"/>", 15000, "</LST></Obj></En></DCT></Obj></En></DCT></Obj>"),
	    CW_ELIMIT);
	test_case = "too long";
	CHECK_EQ(read_made("<S>", LONG, (int)(BROKER_REQUEST_MAX / 64), "</S>"), CW_ELIMIT);
}

static void
test_secret(void)
{
	const char *text = CALL_WITH(MAP(EN(
	    "AccountPassword", "<Obj N=\"Value\"><DCT>" EN("$secret", S("p w")) "</DCT></Obj>")));
	struct broker_request q;
	struct cw_err err = { 0 };

	test_case = "a secret's text";
	cw_ps_arena_reset(arena);
	CHECK_EQ(broker_request_read(&q, reader, arena, text, strlen(text), &err), CW_OK);
	CHECK_EQ(q.secret_count, 1);
	CHECK_STR(q.secrets[0].text, "p w");
	CHECK(q.stop);
	broker_request_free(&q);
	broker_request_free(&q);
}

int
main(void)
{
	CHECK_EQ(cw_clixml_new(&reader), CW_OK);
	CHECK_EQ(cw_ps_arena_new(&arena, 4 * BROKER_REQUEST_MAX), CW_OK);
	test_rows();
	test_limits();
	test_secret();
	cw_clixml_free(reader);
	cw_ps_arena_free(arena);
	return test_failed;
}
