/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mapping of JSON.md that CLIXML texts alone do not show: types that are
 * words, notes beside values, names with $, depth, and that our own strict
 * reader takes all of it.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "powershell/clixml.h"
#include "powershell/json.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static struct cw_clixml *reader;
static struct cw_ps_arena *arena;

#define TYPED(type, in) \
	"<Obj RefId=\"0\"><TN RefId=\"0\"><T>" type "</T><T>System.Object</T></TN>" in "</Obj>"
#define NOTE "<MS><S N=\"Note\">x</S></MS>"

static const struct {
	const char *name, *xml, *json;
} rows[] = {
	{ "a SID",
	    TYPED("System.Security.Principal.SecurityIdentifier",
		"<ToString>S-1-5-18</ToString><Props><I32 N=\"BinaryLength\">12</I32>"
		"<S N=\"Value\">S-1-5-18</S></Props>"),
	    "\"S-1-5-18\"" },
	{ "a SID that was deserialized once before",
	    TYPED("Deserialized.System.Security.Principal.SecurityIdentifier",
		"<Props><S N=\"Value\">S-1-5-18</S></Props>"),
	    "\"S-1-5-18\"" },
	{ "a SID as a text with its value beside it",
	    TYPED("Deserialized.System.Security.Principal.SecurityIdentifier",
		"<S>S-1-5-18</S><MS><S N=\"Value\">S-1-5-18</S></MS>"),
	    "\"S-1-5-18\"" },
	{ "a big integer",
	    TYPED("System.Numerics.BigInteger",
		"<ToString>123456789012345678901234567890</ToString><Props><B "
		"N=\"IsZero\">false</B></Props>"),
	    "\"123456789012345678901234567890\"" },
	{ "an address",
	    TYPED("System.Net.IPAddress",
		"<ToString>127.0.0.1</ToString><Props><I64 N=\"Address\">16777343</I64></Props>"
		"<MS><S N=\"IPAddressToString\">127.0.0.1</S></MS>"),
	    "\"127.0.0.1\"" },
	{ "a date with an offset",
	    TYPED("System.DateTimeOffset",
		"<ToString>x</ToString><Props><DT N=\"DateTime\">2020-01-02T03:04:05</DT>"
		"<DT N=\"UtcDateTime\">2020-01-02T01:04:05Z</DT></Props>"),
	    "\"2020-01-02T01:04:05Z\"" },
	{ "a date with an offset, without one",
	    TYPED("System.DateTimeOffset", "<Props><I32 N=\"UtcDateTime\">1</I32></Props>"),
	    "{\"UtcDateTime\":1}" },
	{ "a database's null", TYPED("System.DBNull", "<ToString/>"), "null" },
	{ "a type that says nothing but its words",
	    TYPED("System.Half", "<ToString>1.5</ToString>"), "\"1.5\"" },
	{ "a type that is more than its words",
	    TYPED("Lab.Thing", "<ToString>a thing</ToString><Props><I32 N=\"A\">1</I32></Props>"),
	    "{\"A\":1}" },
	{ "a list's .NET extras are left out",
	    TYPED("System.Collections.Generic.HashSet`1[[System.String]]",
		"<IE><S>a</S></IE><Props><I32 N=\"Count\">1</I32></Props>"),
	    "[\"a\"]" },
	{ "but its notes are not",
	    TYPED("System.Object[]",
		"<LST><S>a</S></LST><Props><I32 N=\"Count\">1</I32></Props>" NOTE),
	    "{\"$value\":[\"a\"],\"Note\":\"x\"}" },
	{ "a number with notes", TYPED("System.Int32", "<I32>7</I32>" NOTE),
	    "{\"$value\":7,\"Note\":\"x\"}" },
	{ "null with notes", TYPED("System.Object", "<Nil/>" NOTE),
	    "{\"$value\":null,\"Note\":\"x\"}" },
	{ "names of PowerShell's own with $",
	    TYPED("System.String",
		"<S>a</S><MS><S N=\"$value\">b</S><S N=\"$$x\">c</S><S N=\"x$\">d</S></MS>"),
	    "{\"$value\":\"a\",\"$$value\":\"b\",\"$$$x\":\"c\",\"x$\":\"d\"}" },
	{ "keys with $",
	    TYPED("System.Collections.Hashtable",
		"<DCT><En><S N=\"Key\">$secure</S><B N=\"Value\">true</B></En></DCT>"),
	    "{\"$$secure\":true}" },
	{ "a name that is empty", TYPED("x", "<MS><S N=\"\">a</S></MS>"), "{\"\":\"a\"}" },
	{ "a key with a NUL is no name",
	    TYPED("x", "<DCT><En><S N=\"Key\">a_x0000_</S><Nil N=\"Value\"/></En></DCT>"),
	    "[[\"a\xef\xbf\xbd\",null]]" },
	{ "a key with notes is no name",
	    TYPED("x", "<DCT><En><Obj N=\"Key\"><S>k</S></Obj><Nil N=\"Value\"/></En></DCT>"),
	    "[[\"k\",null]]" },
	{ "the edges of what is a number",
	    TYPED("x",
		"<LST><I64>9007199254740991</I64><I64>9007199254740992</I64>"
		"<I64>-9007199254740991</I64><I64>-9007199254740992</I64>"
		"<U64>9007199254740991</U64><U64>9007199254740992</U64></LST>"),
	    "[9007199254740991,\"9007199254740992\",-9007199254740991,\"-9007199254740992\","
	    "9007199254740991,\"9007199254740992\"]" },
	{ "an enumeration past 2^53",
	    TYPED("System.Enum", "<ToString>All</ToString><U64>18446744073709551615</U64>"),
	    "{\"name\":\"All\",\"value\":\"18446744073709551615\"}" },
	{ "a credential",
	    TYPED("System.Management.Automation.PSCredential",
		"<ToString>x</ToString><Props><S N=\"UserName\">u</S><SS "
		"N=\"Password\">7800</SS></Props>"),
	    "{\"UserName\":\"u\",\"Password\":{\"$secure\":true}}" },
	{ "half of a surrogate pair", "<C>55357</C>", "\"\xef\xbf\xbd\"" },
	{ "a NUL character", "<C>0</C>", "\"\xef\xbf\xbd\"" },
};

/* Reads xml, writes it as JSON, and has it read by our own strict reader. */
static void
check(const char *xml, const char *want)
{
	const struct cw_ps_value *v;
	struct cw_err err = { 0 };
	struct cw_buf out;
	cJSON *parsed = NULL;

	cw_buf_init(&out, 1u << 20);
	cw_ps_arena_reset(arena);
	CHECK_EQ(cw_clixml_read(reader, &v, arena, xml, strlen(xml), &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK_EQ(cw_ps_json_put(&out, v, &err), CW_OK);
	if (want != NULL)
		CHECK_STR(cw_buf_str(&out), want);
	CHECK_EQ(
	    cw_json_parse(&parsed, (const char *)cw_buf_peek(&out), cw_buf_left(&out), "it", &err),
	    CW_OK);
	CHECK_STR(err.text, "");
	cJSON_Delete(parsed);
	cw_buf_free(&out);
}

/* A chain of objects, each with a reference to the one before: deeper than elements can be. */
static void
test_deep(void)
{
	struct cw_buf xml;

	test_case = "deeper than is written";
	cw_buf_init(&xml, 1u << 20);
	(void)cw_buf_puts(&xml, "<Obj><LST><Obj RefId=\"0\"><LST><S>x</S></LST></Obj>");
	for (unsigned i = 1; i < 200; i++)
		(void)cw_buf_printf(&xml,
		    "<Obj RefId=\"%u\"><DCT><En><I32 N=\"Key\">1</I32><Ref N=\"Value\" "
		    "RefId=\"%u\"/>"
		    "</En></DCT><MS><Ref N=\"r\" RefId=\"%u\"/></MS></Obj>",
		    i, i - 1, 0u);
	(void)cw_buf_puts(&xml, "</LST></Obj>");
	check(cw_buf_str(&xml), NULL);
	cw_buf_free(&xml);

	test_case = "as deep as is written";
	cw_buf_init(&xml, 1u << 20);
	for (int i = 0; i < CW_PS_JSON_DEPTH_MAX; i++)
		(void)cw_buf_puts(&xml, "<Obj><LST>");
	(void)cw_buf_puts(&xml, "<S>x</S>");
	for (int i = 0; i < CW_PS_JSON_DEPTH_MAX; i++)
		(void)cw_buf_puts(&xml, "</LST></Obj>");
	check(cw_buf_str(&xml),
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"x\"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
	    "]]]]]]]]]]]]]]]");
	test_case = "one more";
	cw_buf_clear(&xml);
	for (int i = 0; i <= CW_PS_JSON_DEPTH_MAX; i++)
		(void)cw_buf_puts(&xml, "<Obj><LST>");
	for (int i = 0; i <= CW_PS_JSON_DEPTH_MAX; i++)
		(void)cw_buf_puts(&xml, "</LST></Obj>");
	check(cw_buf_str(&xml),
	    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{\"$deep\":true}]]]]]]]]]]]]]]]]]]]]]"
	    "]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	cw_buf_free(&xml);
}

static void
test_no_room(void)
{
	static const char xml[] =
	    TYPED("x", "<MS><S N=\"$a\">b_x0000_</S><Db N=\"d\">0.1</Db></MS>");
	const struct cw_ps_value *v;
	struct cw_err err;
	struct cw_buf out;
	int r = CW_ELIMIT;

	test_case = "no room, at every length";
	cw_ps_arena_reset(arena);
	CHECK_EQ(cw_clixml_read(reader, &v, arena, xml, sizeof(xml) - 1, &err), CW_OK);
	for (size_t max = 0; r != CW_OK && max < 100; max++) {
		cw_buf_init(&out, max);
		r = cw_ps_json_put(&out, v, &err);
		CHECK(r == CW_OK || r == CW_ELIMIT);
		cw_buf_free(&out);
	}
	CHECK_EQ(r, CW_OK);
}

int
main(void)
{
	if (cw_clixml_new(&reader) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return 2;
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		check(rows[i].xml, rows[i].json);
	}
	test_deep();
	test_no_room();
	cw_clixml_free(reader);
	cw_ps_arena_free(arena);
	return test_failed;
}
