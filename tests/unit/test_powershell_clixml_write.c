/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer: the exact text of each kind, and that what is read again is the
 * same.
 */
#include <math.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/clixml.h"
#include "powershell/json.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static struct cw_clixml *reader;
static struct cw_ps_arena *arena;

#define VALUE(...) (&(const struct cw_ps_value){ __VA_ARGS__ })
#define TEXT(k, s) VALUE(.kind = (k), .text = { (s), sizeof(s) - 1 })

static const struct {
	const char *name;
	const struct cw_ps_value *value;
	const char *xml;
} rows[] = {
	{ "null", VALUE(.kind = CW_PS_NULL), "<Nil N=\"n\"/>" },
	{ "true", VALUE(.kind = CW_PS_BOOL, .boolean = true), "<B N=\"n\">true</B>" },
	{ "char", VALUE(.kind = CW_PS_CHAR, .u64 = 0x41), "<C N=\"n\">65</C>" },
	{ "I8", VALUE(.kind = CW_PS_I8, .i64 = -128), "<SB N=\"n\">-128</SB>" },
	{ "I16", VALUE(.kind = CW_PS_I16, .i64 = -1), "<I16 N=\"n\">-1</I16>" },
	{ "I32", VALUE(.kind = CW_PS_I32, .i64 = 7), "<I32 N=\"n\">7</I32>" },
	{ "I64", VALUE(.kind = CW_PS_I64, .i64 = INT64_MIN),
	    "<I64 N=\"n\">-9223372036854775808</I64>" },
	{ "U8", VALUE(.kind = CW_PS_U8, .u64 = 255), "<By N=\"n\">255</By>" },
	{ "U16", VALUE(.kind = CW_PS_U16, .u64 = 1), "<U16 N=\"n\">1</U16>" },
	{ "U32", VALUE(.kind = CW_PS_U32, .u64 = 1), "<U32 N=\"n\">1</U32>" },
	{ "U64", VALUE(.kind = CW_PS_U64, .u64 = UINT64_MAX),
	    "<U64 N=\"n\">18446744073709551615</U64>" },
	{ "double", VALUE(.kind = CW_PS_DOUBLE, .real = 0.1),
	    "<Db N=\"n\">0.10000000000000001</Db>" },
	{ "single", VALUE(.kind = CW_PS_SINGLE, .real = 1.5), "<Sg N=\"n\">1.5</Sg>" },
	{ "infinity", VALUE(.kind = CW_PS_DOUBLE, .real = (double)-INFINITY),
	    "<Db N=\"n\">-INF</Db>" },
	{ "string", TEXT(CW_PS_STRING, "a<b>&\"'"), "<S N=\"n\">a&lt;b&gt;&amp;&quot;'</S>" },
	{ "control characters and the escape itself",
	    TEXT(CW_PS_STRING, "\r\n\t\x01\x7f_x0041_ _X _"),
	    "<S N=\"n\">_x000D__x000A__x0009__x0001__x007F__x005F_x0041_ _x005F_X _</S>" },
	{ "a NUL and what XML has no place for",
	    TEXT(CW_PS_STRING, "a\0b\xef\xbf\xbe\xef\xbf\xbf\xc2\x85"),
	    "<S N=\"n\">a_x0000_b_xFFFE__xFFFF__x0085_</S>" },
	{ "four byte characters", TEXT(CW_PS_STRING, "\xf0\x9f\x98\x80"),
	    "<S N=\"n\">\xf0\x9f\x98\x80</S>" },
	{ "decimal", TEXT(CW_PS_DECIMAL, "1.50"), "<D N=\"n\">1.50</D>" },
	{ "timespan", TEXT(CW_PS_TIMESPAN, "PT1S"), "<TS N=\"n\">PT1S</TS>" },
	{ "guid", TEXT(CW_PS_GUID, "00112233-4455-6677-8899-aabbccddeeff"),
	    "<G N=\"n\">00112233-4455-6677-8899-aabbccddeeff</G>" },
	{ "version", TEXT(CW_PS_VERSION, "1.2"), "<Version N=\"n\">1.2</Version>" },
	{ "uri", TEXT(CW_PS_URI, "http://x/"), "<URI N=\"n\">http://x/</URI>" },
	{ "xml", TEXT(CW_PS_XML, "<a/>"), "<XD N=\"n\">&lt;a/&gt;</XD>" },
	{ "date in UTC",
	    VALUE(.kind = CW_PS_DATETIME,
		.date = { CW_PS_UNIX_EPOCH_TICKS + 1, CW_PS_DATE_UTC, 0 }),
	    "<DT N=\"n\">1970-01-01T00:00:00.0000001Z</DT>" },
	{ "date without a zone",
	    VALUE(.kind = CW_PS_DATETIME, .date = { 0, CW_PS_DATE_UNSPECIFIED, 0 }),
	    "<DT N=\"n\">0001-01-01T00:00:00</DT>" },
	{ "date west of Greenwich",
	    VALUE(.kind = CW_PS_DATETIME,
		.date = { CW_PS_UNIX_EPOCH_TICKS, CW_PS_DATE_OFFSET, -450 }),
	    "<DT N=\"n\">1970-01-01T00:00:00-07:30</DT>" },
	{ "bytes", VALUE(.kind = CW_PS_BYTES, .bytes = { (const uint8_t *)"hi", 2 }),
	    "<BA N=\"n\">aGk=</BA>" },
};

static void
check(const struct cw_ps_value *value, const char *want)
{
	const struct cw_ps_value *again;
	struct cw_buf xml, json[2];
	struct cw_err err = { 0 };

	cw_buf_init(&xml, 65536);
	cw_buf_init(&json[0], 65536);
	cw_buf_init(&json[1], 65536);
	CHECK_EQ(cw_clixml_write(&xml, "n", value, NULL, &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK_STR(cw_buf_str(&xml), want);
	CHECK_EQ(cw_clixml_read(reader, &again, arena, cw_buf_peek(&xml), cw_buf_left(&xml), &err),
	    CW_OK);
	CHECK_EQ(again->kind, value->kind);
	CHECK_EQ(cw_ps_json_put(&json[0], value, &err), CW_OK);
	CHECK_EQ(cw_ps_json_put(&json[1], again, &err), CW_OK);
	CHECK_STR(cw_buf_str(&json[1]), cw_buf_str(&json[0]));
	cw_buf_free(&xml);
	cw_buf_free(&json[0]);
	cw_buf_free(&json[1]);
}

static void
test_containers(void)
{
	const struct cw_ps_value *items[] = { cw_ps_int(arena, CW_PS_I32, 1), cw_ps_null() };
	struct cw_ps_pair pairs[] = { { cw_ps_string(arena, "k\"<"), cw_ps_bool(arena, false) } };
	struct cw_ps_property properties[] = {
		{ "List", cw_ps_list(arena, items, 2), false },
		{ "Map", cw_ps_map(arena, pairs, 1), true },
		{ "a\"&", cw_ps_null(), true },
	};
	static const char *const types[] = { "System.Diagnostics.ProcessStartInfo" };
	struct cw_ps_object object = { .types = types,
		.type_count = 1,
		.to_string = "never sent",
		.properties = properties,
		.property_count = 3 };
	struct cw_ps_value bag = { .kind = CW_PS_OBJECT, .object = &object };

	test_case = "a list";
	check(properties[0].value,
	    "<Obj N=\"n\" RefId=\"0\"><TN RefId=\"1\"><T>System.Object[]</T><T>System.Array</T>"
	    "<T>System.Object</T></TN><LST><I32>1</I32><Nil/></LST></Obj>");
	test_case = "a dictionary";
	check(properties[1].value,
	    "<Obj N=\"n\" RefId=\"0\"><TN RefId=\"1\"><T>System.Collections.Hashtable</T>"
	    "<T>System.Object</T></TN><DCT><En><S N=\"Key\">k&quot;&lt;</S><B N=\"Value\">false</B>"
	    "</En></DCT></Obj>");
	test_case = "a bag of properties, without its type's name";
	check(&bag,
	    "<Obj N=\"n\" RefId=\"0\"><MS><Obj N=\"List\" RefId=\"1\"><TN RefId=\"2\">"
	    "<T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST><I32>1</I32>"
	    "<Nil/></LST></Obj><Obj N=\"Map\" RefId=\"3\"><TN RefId=\"4\">"
	    "<T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En>"
	    "<S N=\"Key\">k&quot;&lt;</S><B N=\"Value\">false</B></En></DCT></Obj>"
	    "<Nil N=\"a&quot;&amp;\"/></MS></Obj>");
}

static int
fake_encrypt(void *arg, struct cw_buf *out, const uint8_t *utf8, size_t n, struct cw_err *err)
{
	(void)arg;
	(void)err;
	return cw_buf_printf(out, "[%.*s]", (int)n, (const char *)utf8);
}

/* What is never written, and what each refusal says. */
static void
test_refusals(void)
{
	static const struct cw_ps_value script = { .kind = CW_PS_SCRIPTBLOCK, .text = { "1", 1 } };
	static const struct cw_ps_value bad_text = { .kind = CW_PS_STRING, .text = { "\xff", 1 } };
	static const struct cw_ps_value read = { .kind = CW_PS_SECURE_STRING };
	const struct cw_clixml_secret secret = { fake_encrypt, NULL };
	const struct cw_ps_value *plain = cw_ps_secure(arena, "pw", 2), *deep = cw_ps_null();
	struct cw_err err;
	struct cw_buf out;

	cw_buf_init(&out, 4096);
	test_case = "a script block";
	CHECK_EQ(cw_clixml_write(&out, NULL, &script, NULL, &err), CW_EINVAL);
	CHECK_STR(err.text, "a script block is never sent");
	test_case = "a text that is not UTF-8";
	CHECK_EQ(cw_clixml_write(&out, NULL, &bad_text, NULL, &err), CW_EINVAL);
	CHECK_STR(err.text, "cannot write CLIXML: a text is not valid UTF-8");
	test_case = "a secure string without a key";
	CHECK_EQ(cw_clixml_write(&out, NULL, plain, NULL, &err), CW_EINVAL);
	CHECK(strstr(err.text, "before the session key") != NULL);
	CHECK(strstr(cw_buf_str(&out), "pw") == NULL);
	test_case = "a secure string that was read";
	CHECK_EQ(cw_clixml_write(&out, NULL, &read, &secret, &err), CW_EINVAL);
	CHECK(strstr(err.text, "its text is not kept") != NULL);
	test_case = "too deep";
	for (int i = 0; i < 30; i++) {
		const struct cw_ps_value **item = cw_ps_arena_alloc(arena, sizeof(*item));

		*item = deep;
		deep = cw_ps_list(arena, item, 1);
	}
	CHECK_EQ(cw_clixml_write(&out, NULL, deep, NULL, &err), CW_ELIMIT);
	test_case = "no room";
	out.max = cw_buf_left(&out) + 5;
	CHECK_EQ(cw_clixml_write(&out, NULL, cw_ps_string(arena, "longer"), NULL, &err), CW_ELIMIT);

	test_case = "a secure string with a key";
	out.max = 4096;
	cw_buf_clear(&out);
	CHECK_EQ(cw_clixml_write(&out, "s", plain, &secret, &err), CW_OK);
	CHECK_STR(cw_buf_str(&out), "<SS N=\"s\">[pw]</SS>");
	cw_buf_free(&out);
}

/* --- handing on */

static bool
is_hidden(const char *name)
{
	return strcmp(name, "hide") == 0;
}

/* What is read and handed on; "" when it fails. */
static void
check_relay(const char *xml, const char *wanted)
{
	struct cw_clixml_relay relay = { is_hidden, 5 };
	const struct cw_ps_value *v;
	struct cw_err err = { 0 };
	struct cw_buf out;

	cw_buf_init(&out, 65536);
	cw_ps_arena_reset(arena);
	CHECK_EQ(cw_clixml_read(reader, &v, arena, xml, strlen(xml), &err), CW_OK);
	CHECK_EQ(cw_clixml_relay(&out, NULL, v, &relay, &err), CW_OK);
	CHECK_STR(cw_buf_str(&out), wanted);
	CHECK_EQ(relay.next_ref > 5, strstr(wanted, "RefId") != NULL);
	cw_buf_free(&out);
}

static void
test_relay(void)
{
	test_case = "a text";
	check_relay("<S>a &amp; b</S>", "<S>a &amp; b</S>");
	test_case = "types, words and both kinds of properties";
	check_relay("<Obj RefId=\"0\"><TN RefId=\"0\"><T>A.B</T><T>System.Object</T></TN>"
		    "<ToString>w</ToString><Props><I32 N=\"a\">1</I32><S N=\"hide\">x</S></Props>"
		    "<MS><S N=\"b\">2</S></MS></Obj>",
	    "<Obj RefId=\"5\"><TN RefId=\"6\"><T>A.B</T><T>System.Object</T></TN>"
	    "<ToString>w</ToString><Props><I32 N=\"a\">1</I32></Props>"
	    "<MS><S N=\"b\">2</S></MS></Obj>");
	test_case = "an enumeration";
	check_relay("<Obj RefId=\"0\"><TN RefId=\"0\"><T>E</T><T>System.Enum</T></TN>"
		    "<ToString>Monday</ToString><I32>1</I32></Obj>",
	    "<Obj RefId=\"5\"><TN RefId=\"6\"><T>E</T><T>System.Enum</T></TN>"
	    "<ToString>Monday</ToString><I32>1</I32></Obj>");
	test_case = "a map without what is hidden";
	check_relay("<Obj RefId=\"0\"><DCT><En><S N=\"Key\">hide</S><S N=\"Value\">x</S></En>"
		    "<En><S N=\"Key\">k</S><Nil N=\"Value\"/></En></DCT></Obj>",
	    "<Obj RefId=\"5\"><DCT><En><S N=\"Key\">k</S><Nil N=\"Value\"/></En></DCT></Obj>");
	test_case = "a secure string is nothing";
	check_relay("<SS>7800</SS>", "<Nil/>");
	test_case = "a script block is a text";
	check_relay("<SBK>1 + 1</SBK>", "<S>1 + 1</S>");
	test_case = "an object in itself ends";
	check_relay("<Obj RefId=\"0\"><LST><Ref RefId=\"0\"/></LST></Obj>",
	    "<Obj RefId=\"5\"><LST><Obj RefId=\"6\"><LST><Obj RefId=\"7\"><LST><Obj "
	    "RefId=\"8\"><LST>"
	    "<Obj RefId=\"9\"><LST><Obj RefId=\"10\"><LST><Obj RefId=\"11\"><LST><Obj RefId=\"12\">"
	    "<LST><Obj RefId=\"13\"><LST><Obj "
	    "RefId=\"14\"><LST><Nil/></LST></Obj></LST></Obj></LST>"
	    "</Obj></LST></Obj></LST></Obj></LST></Obj></LST></Obj></LST></Obj></LST></Obj></LST></"
	    "Obj>");
}

int
main(void)
{
	if (cw_clixml_new(&reader) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return 2;
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		check(rows[i].value, rows[i].xml);
	}
	test_containers();
	test_refusals();
	test_relay();
	cw_clixml_free(reader);
	cw_ps_arena_free(arena);
	return test_failed;
}
