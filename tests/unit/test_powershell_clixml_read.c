/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader: what each element becomes (seen as its JSON), and everything that
 * it refuses, with where.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/clixml.h"
#include "powershell/clixml_build.h"
#include "powershell/json.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static struct cw_clixml *reader;
static struct cw_ps_arena *arena;

#define OBJ(in) "<Obj RefId=\"0\">" in "</Obj>"
#define DOC(in)                                                                                   \
	"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">" in \
	"</Objs>"
#define ENUM "<TN RefId=\"0\"><T>System.DayOfWeek</T><T>System.Enum</T></TN>"

static const struct {
	const char *name, *xml, *json;
} rows[] = {
	{ "a string", "<S>a&amp;b&lt;c&#x20AC;</S>", "\"a&b<c\xe2\x82\xac\"" },
	/* As .NET writes them, though XML has no place for them: anybody may put one into an
	 * attribute of the directory. */
	{ "what XML cannot hold, as .NET refers to it", "<S>a&#xFFFE;&amp;&#xFFFF;&#xFFFF;b</S>",
	    "\"a\xef\xbf\xbe&\xef\xbf\xbf\xef\xbf\xbf"
	    "b\"" },
	{ "the same in a name and words",
	    OBJ("<ToString>&#xFFFE;</ToString><MS><I32 N=\"&#xFFFE;\">1</I32></MS>"),
	    "{\"\xef\xbf\xbe\":1}" },
	{ "a string of pieces", "<S>a<!-- no -->b<![CDATA[<c>]]>\nd</S>", "\"ab<c>\\nd\"" },
	{ "an empty string", "<S/>", "\"\"" },
	{ "null", "<Nil/>", "null" },
	{ "a document", DOC("<I32>1</I32>"), "1" },
	{ "a document with its declaration",
	    "<?xml version=\"1.0\" encoding=\"utf-8\"?>\r\n" DOC("\r\n <I32>1</I32>\r\n"), "1" },
	{ "a byte order mark", "\xef\xbb\xbf<I32>1</I32>", "1" },
	{ "a declaration that lies about the encoding",
	    "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><S>\xc3\xa4</S>", "\"\xc3\xa4\"" },
	{ "an object without anything", OBJ(""), "{}" },
	{ "an object without a RefId", "<Obj><S>x</S></Obj>", "\"x\"" },
	{ "properties and notes",
	    OBJ("<Props><I32 N=\"A\">1</I32></Props><MS><S N=\"b\">x</S><Nil N=\"c\"/></MS>"),
	    "{\"A\":1,\"b\":\"x\",\"c\":null}" },
	{ "a note hides the property of its name",
	    OBJ("<Props><I32 N=\"A\">1</I32><I32 N=\"B\">2</I32></Props><MS><I32 "
		"N=\"a\">3</I32></MS>"),
	    "{\"B\":2,\"a\":3}" },
	{ "also when it comes before it",
	    OBJ("<MS><I32 N=\"a\">3</I32></MS><Props><I32 N=\"A\">1</I32></Props>"), "{\"a\":3}" },
	{ "names with escapes", OBJ("<MS><I32 N=\"_x005F_x0041_&quot;&#x3c;\">1</I32></MS>"),
	    "{\"_x0041_\\\"<\":1}" },
	{ "an enumeration", OBJ(ENUM "<ToString>Monday</ToString><I32>1</I32>"),
	    "{\"name\":\"Monday\",\"value\":1}" },
	{ "a string with notes", OBJ("<S>x</S><MS><I32 N=\"n\">5</I32></MS>"),
	    "{\"$value\":\"x\",\"n\":5}" },
	{ "lists",
	    OBJ("<LST><I32>1</I32><Obj><IE><S>a</S></IE></Obj><Obj><STK/></Obj><Obj><QUE><Nil/></"
		"QUE></Obj></LST>"),
	    "[1,[\"a\"],[],[null]]" },
	{ "a dictionary",
	    OBJ("<DCT><En><S N=\"Key\">a</S><I32 N=\"Value\">1</I32></En><En><S N=\"Key\">A</S>"
		"<Nil N=\"Value\"/></En></DCT>"),
	    "{\"a\":1,\"A\":null}" },
	{ "a dictionary with other keys",
	    OBJ("<DCT><En><I32 N=\"Key\">1</I32><S N=\"Value\">a</S></En></DCT>"), "[[1,\"a\"]]" },
	{ "an empty dictionary", OBJ("<DCT/>"), "{}" },
	{ "a reference",
	    OBJ("<LST><Obj RefId=\"1\"><MS><I32 N=\"a\">1</I32></MS></Obj><Ref "
		"RefId=\"1\"/></LST>"),
	    "[{\"a\":1},{\"a\":1}]" },
	{ "a reference to what it stands in",
	    OBJ("<DCT><En><S N=\"Key\">self</S><Ref N=\"Value\" RefId=\"0\"/></En></DCT>"),
	    "{\"self\":{\"$cycle\":true}}" },
	{ "type names by reference",
	    OBJ("<LST><Obj>" ENUM "<I32>1</I32></Obj><Obj><TNRef RefId=\"0\"/><ToString>Tuesday</"
		"ToString><I32>2</I32></Obj></LST>"),
	    "[{\"name\":\"\",\"value\":1},{\"name\":\"Tuesday\",\"value\":2}]" },
	{ "RefIds in any order",
	    "<Obj RefId=\"999999\"><LST><Obj RefId=\"3\"/><Ref RefId=\"3\"/></LST></Obj>",
	    "[{},{}]" },
	{ "words", OBJ("<TN RefId=\"0\"><T>System.Object</T></TN><ToString>w_x000A_</ToString>"),
	    "\"w\\n\"" },
	{ "a secure string, in clear as PSSerializer writes it on Linux", "<SS>7800</SS>",
	    "{\"$secure\":true}" },
	{ "a secure string of DPAPI's", "<SS>01000000d08c9ddf0115d1118c7a00c04fc297eb0</SS>",
	    "{\"$secure\":true}" },
	{ "a progress record",
	    "<PR><AV>a</AV><AI>1</AI><Nil/><PI>-1</PI><PC>50</PC><T>Processing</T><SR>-1</SR>"
	    "<SD>b</SD></PR>",
	    "{\"Activity\":\"a\",\"ActivityId\":1,\"CurrentOperation\":null,"
	    "\"ParentActivityId\":-1,\"PercentComplete\":50,\"RecordType\":\"Processing\","
	    "\"SecondsRemaining\":-1,\"StatusDescription\":\"b\"}" },
	{ "a progress record's operation", OBJ("<MS><PR N=\"p\"><S>op</S></PR></MS>"),
	    "{\"p\":{\"CurrentOperation\":\"op\"}}" },
	{ "attributes that nobody knows", "<S N=\"n\" S=\"Error\" x=\"y\">a</S>", "\"a\"" },
};

static const struct {
	const char *name, *xml;
	int code;
	const char *says;
} bad_rows[] = {
	{ "nothing", "", CW_EPROTO, "no element found" },
	{ "no XML", "hello", CW_EPROTO, "CLIXML line 1 column 0" },
	{ "cut short", "<Obj RefId=\"0\"><S>", CW_EPROTO, "no element found" },
	{ "ends that do not match", "<Obj><S>x</Obj></S>", CW_EPROTO, "mismatched tag" },
	{ "two roots", "<S>a</S><S>b</S>", CW_EPROTO, "junk after document element" },
	{ "an empty document", DOC(""), CW_EPROTO, "no value" },
	{ "a document of two values", DOC("<S>a</S><S>b</S>"), CW_EPROTO, "more than one value" },
	{ "bad UTF-8", "<S>\xff</S>", CW_EPROTO, "not well-formed" },
	{ "half a surrogate in UTF-8", "<S>\xed\xa0\x80</S>", CW_EPROTO, "not well-formed" },
	{ "a NUL", "<S>a&#0;</S>", CW_EPROTO, "reference to invalid character" },
	{ "a document type", "<!DOCTYPE S><S>a</S>", CW_EPROTO,
	    "a document type is not allowed: \"S\"" },
	{ "an entity bomb",
	    "<!DOCTYPE S [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">"
	    "<!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><S>&c;&c;&c;</S>",
	    CW_EPROTO, "a document type is not allowed" },
	{ "an external entity",
	    "<!DOCTYPE S [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><S>&a;</S>", CW_EPROTO,
	    "a document type is not allowed" },
	{ "another reference to what XML cannot hold", "<S>&#x1;</S>", CW_EPROTO,
	    "invalid character number" },
	{ "such a reference cut short", "<S>&#xFFFE</S>", CW_EPROTO, "line 1" },
	{ "an entity that is none of XML's five", "<S>&nbsp;</S>", CW_EPROTO, "undefined entity" },
	{ "an unknown element", "<Foo/>", CW_EPROTO,
	    "line 1 column 0: this element may not stand here: \"Foo\"" },
	{ "an element in another case", "<s/>", CW_EPROTO, "\"s\"" },
	{ "a longer name", "<ToStringX/>", CW_EPROTO, "\"ToStringX\"" },
	{ "a value in a value", "<S><S/></S>", CW_EPROTO, "may not stand here: \"S\"" },
	{ "Objs inside", OBJ("<Objs/>"), CW_EPROTO, "\"Objs\"" },
	{ "a list that stands alone", "<LST/>", CW_EPROTO, "\"LST\"" },
	{ "a part of a progress record elsewhere", OBJ("<AV>a</AV>"), CW_EPROTO, "\"AV\"" },
	{ "another value in a progress record", "<PR><I64>1</I64></PR>", CW_EPROTO, "\"I64\"" },
	{ "a progress record's part twice", "<PR><AV>a</AV><AV>b</AV></PR>", CW_EPROTO,
	    "a property appears twice: \"Activity\"" },
	{ "text in an object", OBJ("x"), CW_EPROTO, "text where none may be" },
	{ "text in null", "<Nil>x</Nil>", CW_EPROTO, "text where none may be" },
	{ "a property twice", OBJ("<MS><S N=\"a\"/><S N=\"a\"/></MS>"), CW_EPROTO,
	    "a property appears twice: \"a\"" },
	{ "a property twice in another case", OBJ("<Props><S N=\"ab\"/><S N=\"AB\"/></Props>"),
	    CW_EPROTO, "a property appears twice: \"AB\"" },
	{ "a property twice in two sections of a kind",
	    OBJ("<Props><S N=\"a\"/></Props><MS><S N=\"a\"/></MS><Props><S N=\"a\"/></Props>"),
	    CW_EPROTO, "a property appears twice" },
	{ "a property without a name", OBJ("<MS><S>x</S></MS>"), CW_EPROTO,
	    "a property has no N attribute" },
	{ "a name with a NUL", OBJ("<MS><S N=\"a_x0000_b\"/></MS>"), CW_EPROTO,
	    "a name holds a NUL" },
	{ "an attribute twice", "<S N=\"a\" N=\"b\"/>", CW_EPROTO, "duplicate attribute" },
	{ "two values in an object", OBJ("<S>a</S><S>b</S>"), CW_EPROTO, "two values" },
	{ "a list and a string in an object", OBJ("<S>a</S><LST/>"), CW_EPROTO, "two values" },
	{ "an object's value is an object", OBJ("<Obj><S/></Obj>"), CW_EPROTO,
	    "an object's value is an object" },
	{ "two ToString", OBJ("<ToString/><ToString/>"), CW_EPROTO, "two ToString" },
	{ "type names twice", OBJ(ENUM "<TNRef RefId=\"0\"/>"), CW_EPROTO, "type names twice" },
	{ "type names with the same RefId", OBJ(ENUM "<LST><Obj>" ENUM "</Obj></LST>"), CW_EPROTO,
	    "two lists of type names have the same RefId" },
	{ "type names that were not there", OBJ("<TNRef RefId=\"0\"/>"), CW_EPROTO,
	    "a reference to type names that were not there before" },
	{ "an object that was not there", OBJ("<LST><Ref RefId=\"1\"/></LST>"), CW_EPROTO,
	    "a reference to an object that was not there before" },
	{ "an object that comes later", OBJ("<LST><Ref RefId=\"1\"/><Obj RefId=\"1\"/></LST>"),
	    CW_EPROTO, "a reference to an object that was not there before" },
	{ "two objects with one RefId", OBJ("<LST><Obj RefId=\"0\"/></LST>"), CW_EPROTO,
	    "two objects have the same RefId" },
	{ "a RefId that is no number", "<Obj RefId=\"x\"/>", CW_EPROTO,
	    "RefId is not a number: \"x\"" },
	{ "an empty RefId", "<Obj RefId=\"\"/>", CW_EPROTO, "RefId is missing" },
	{ "a reference without a RefId", OBJ("<LST><Ref/></LST>"), CW_EPROTO, "RefId is missing" },
	{ "a RefId past the limit", "<Obj RefId=\"1000000\"/>", CW_ELIMIT, "past the limit" },
	{ "a RefId past every number", "<Obj RefId=\"99999999999999999999999999\"/>", CW_ELIMIT,
	    "past the limit" },
	{ "an entry without a value", OBJ("<DCT><En><S N=\"Key\">a</S></En></DCT>"), CW_EPROTO,
	    "one value named Key and one named Value" },
	{ "an entry the other way round",
	    OBJ("<DCT><En><S N=\"Value\">a</S><S N=\"Key\">a</S></En></DCT>"), CW_EPROTO,
	    "one value named Key" },
	{ "an entry without names", OBJ("<DCT><En><S>a</S><S>b</S></En></DCT>"), CW_EPROTO,
	    "one value named Key" },
	{ "an entry of three",
	    OBJ("<DCT><En><S N=\"Key\"/><S N=\"Value\"/><S N=\"Value\"/></En></DCT>"), CW_EPROTO,
	    "one value named Key" },
	{ "a value in a dictionary", OBJ("<DCT><S/></DCT>"), CW_EPROTO, "\"S\"" },
	{ "a key twice",
	    OBJ("<DCT><En><S N=\"Key\">k</S><Nil N=\"Value\"/></En><En><S N=\"Key\">k</S>"
		"<Nil N=\"Value\"/></En></DCT>"),
	    CW_EPROTO, "a dictionary's key appears twice: \"k\"" },
	{ "a number out of range, with where", OBJ("\n  <MS><By N=\"x\">256</By></MS>"), CW_EPROTO,
	    "CLIXML line 2 column 19: \"256\" is not in its type's range" },
	{ "a date that is none", "<DT>yesterday</DT>", CW_EPROTO, "\"yesterday\" is not a date" },
};

/* The text in a block of its exact size: a read past its end shows. */
static int
read_text(struct cw_buf *json, const char *xml, size_t n, struct cw_err *err)
{
	const struct cw_ps_value *v = NULL;
	char *exact = malloc(n > 0 ? n : 1);
	int r;

	if (exact == NULL)
		return CW_ENOMEM;
	memcpy(exact, xml, n);
	cw_ps_arena_reset(arena);
	*err = (struct cw_err){ 0 };
	r = cw_clixml_read(reader, &v, arena, exact, n, err);
	if (r == CW_OK)
		r = cw_ps_json_put(json, v, err);
	free(exact);
	return r;
}

static void
test_rows(void)
{
	struct cw_err err;
	struct cw_buf json;

	cw_buf_init(&json, 1u << 20);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		size_t n = strlen(rows[i].xml);

		test_case = rows[i].name;
		cw_buf_clear(&json);
		CHECK_EQ(read_text(&json, rows[i].xml, n, &err), CW_OK);
		CHECK_STR(err.text, "");
		CHECK_STR(cw_buf_str(&json), rows[i].json);
		/* Cut short anywhere it is refused. */
		for (size_t cut = 0; cut < n && rows[i].xml[n - 1] == '>'; cut++)
			CHECK_EQ(read_text(&json, rows[i].xml, cut, &err), CW_EPROTO);
	}
	for (size_t i = 0; i < CW_COUNT(bad_rows); i++) {
		test_case = bad_rows[i].name;
		CHECK_EQ(read_text(&json, bad_rows[i].xml, strlen(bad_rows[i].xml), &err),
		    bad_rows[i].code);
		if (strstr(err.text, bad_rows[i].says) == NULL)
			CHECK_STR(err.text, bad_rows[i].says);
	}
	cw_buf_free(&json);
}

/* Export-Clixml of Windows PowerShell writes UTF-16 with a byte order mark. */
static void
test_utf16(void)
{
	static const uint16_t units[] = { 0xfeff, '<', 'S', '>', 'h', 0x20ac, 0xd83d, 0xde00, '<',
		'/', 'S', '>' };
	struct cw_buf wide, json;
	struct cw_err err;

	cw_buf_init(&wide, 1024);
	cw_buf_init(&json, 1024);
	for (int big = 0; big < 2; big++) {
		test_case = big ? "UTF-16, big-endian" : "UTF-16, little-endian";
		cw_buf_clear(&wide);
		cw_buf_clear(&json);
		for (size_t i = 0; i < CW_COUNT(units); i++)
			CHECK_EQ(big ? cw_buf_put_be(&wide, units[i], 2)
				     : cw_buf_put_le(&wide, units[i], 2),
			    CW_OK);
		CHECK_EQ(
		    read_text(&json, (const char *)cw_buf_peek(&wide), cw_buf_left(&wide), &err),
		    CW_OK);
		CHECK_STR(err.text, "");
		CHECK_STR(cw_buf_str(&json), "\"h\xe2\x82\xac\xf0\x9f\x98\x80\"");
		CHECK_EQ(read_text(
			     &json, (const char *)cw_buf_peek(&wide), cw_buf_left(&wide) - 1, &err),
		    CW_EPROTO);
	}
	cw_buf_free(&wide);
	cw_buf_free(&json);
}

/* n times open, then close. */
static void
nest(struct cw_buf *xml, const char *open, const char *close, size_t n)
{
	cw_buf_clear(xml);
	for (size_t i = 0; i < n; i++)
		(void)cw_buf_puts(xml, open);
	for (size_t i = 0; i < n; i++)
		(void)cw_buf_puts(xml, close);
}

static void
test_depth(void)
{
	struct cw_buf xml, json;
	struct cw_err err;

	test_case = "as deep as it may be, and one more";
	cw_buf_init(&xml, 1u << 20);
	cw_buf_init(&json, 1u << 20);
	nest(&xml, "<Obj><LST>", "</LST></Obj>", CW_CLIXML_DEPTH_MAX / 2);
	CHECK_EQ(read_text(&json, (const char *)cw_buf_peek(&xml), cw_buf_left(&xml), &err), CW_OK);
	nest(&xml, "<Obj><LST>", "</LST></Obj>", CW_CLIXML_DEPTH_MAX / 2 + 1);
	CHECK_EQ(
	    read_text(&json, (const char *)cw_buf_peek(&xml), cw_buf_left(&xml), &err), CW_ELIMIT);
	CHECK(strstr(err.text, "nested too deep") != NULL);
	cw_buf_free(&xml);
	cw_buf_free(&json);
}

/* The list doubles at each step, by references: few bytes, many values. */
static void
test_reference_bomb(void)
{
	const struct cw_ps_value *v;
	struct cw_buf xml, json;
	struct cw_err err;

	test_case = "a bomb of references";
	cw_buf_init(&xml, 1u << 20);
	cw_buf_init(&json, 1u << 16);
	(void)cw_buf_puts(&xml, "<Obj><LST><Obj RefId=\"0\"><LST><S>x</S></LST></Obj>");
	for (unsigned i = 1; i < 40; i++)
		(void)cw_buf_printf(&xml,
		    "<Obj RefId=\"%u\"><LST><Ref RefId=\"%u\"/><Ref RefId=\"%u\"/></LST></Obj>", i,
		    i - 1, i - 1);
	(void)cw_buf_puts(&xml, "</LST></Obj>");
	cw_ps_arena_reset(arena);
	CHECK_EQ(
	    cw_clixml_read(reader, &v, arena, cw_buf_peek(&xml), cw_buf_left(&xml), &err), CW_OK);
	CHECK_EQ(cw_ps_json_put(&json, v, &err), CW_ELIMIT);
	CHECK_STR(err.text, "the JSON is larger than 65536 bytes");
	cw_buf_free(&xml);
	cw_buf_free(&json);
}

static void
test_many(void)
{
	struct cw_buf xml, json;
	struct cw_err err;
	struct {
		const char *name, *before, *each, *after;
		unsigned count;
		int code;
	} many[] = {
		{ "as many properties as may be", "<Obj><MS>", "<I32 N=\"p%u\">1</I32>",
		    "</MS></Obj>", CW_CLIXML_PROPERTIES_MAX, CW_OK },
		{ "one more", "<Obj><MS>", "<I32 N=\"p%u\">1</I32>", "</MS></Obj>",
		    CW_CLIXML_PROPERTIES_MAX + 1, CW_ELIMIT },
		{ "a property that repeats the first of many", "<Obj><MS><I32 N=\"P7000\">1</I32>",
		    "<I32 N=\"p%u\">1</I32>", "</MS></Obj>", 7001, CW_EPROTO },
		{ "many type names", "<Obj><TN RefId=\"0\">", "<T>t%u</T>", "</TN></Obj>",
		    CW_CLIXML_TYPES_MAX, CW_OK },
		{ "one more", "<Obj><TN RefId=\"0\">", "<T>t%u</T>", "</TN></Obj>",
		    CW_CLIXML_TYPES_MAX + 1, CW_ELIMIT },
		{ "a long list", "<Obj><LST>", "<I32>%u</I32>", "</LST></Obj>", 100000, CW_OK },
		{ "a large dictionary", "<Obj><DCT>",
		    "<En><S N=\"Key\">%u</S><Nil N=\"Value\"/></En>", "</DCT></Obj>", 50000,
		    CW_OK },
	};

	cw_buf_init(&xml, 1u << 24);
	cw_buf_init(&json, 1u << 24);
	for (size_t i = 0; i < CW_COUNT(many); i++) {
		test_case = many[i].name;
		cw_buf_clear(&xml);
		cw_buf_clear(&json);
		(void)cw_buf_puts(&xml, many[i].before);
		for (unsigned n = 0; n < many[i].count; n++) {
			const char *at = strstr(many[i].each, "%u");

			(void)cw_buf_printf(
			    &xml, "%.*s%u%s", (int)(at - many[i].each), many[i].each, n, at + 2);
		}
		(void)cw_buf_puts(&xml, many[i].after);
		CHECK_EQ(read_text(&json, (const char *)cw_buf_peek(&xml), cw_buf_left(&xml), &err),
		    many[i].code);
	}
	test_case = "the reader is none the worse";
	cw_buf_clear(&json);
	CHECK_EQ(read_text(&json, "<S>x</S>", 8, &err), CW_OK);
	cw_buf_free(&xml);
	cw_buf_free(&json);
}

/* The builder's own hash (FNV-1a), to make names that all fall into one slot of its table. */
static void
test_collisions(void)
{
	enum { N = 1000, SLOTS = 2048 };
	struct cw_buf xml, json;
	struct cw_err err;
	unsigned found = 0;

	test_case = "names made to collide";
	cw_buf_init(&xml, 1u << 20);
	cw_buf_init(&json, 1u << 20);
	(void)cw_buf_puts(&xml, "<Obj><MS>");
	for (unsigned n = 0; found < N; n++) {
		uint32_t h = 2166136261u;
		char name[12];

		(void)snprintf(name, sizeof(name), "%u", n);
		for (const char *p = name; *p != '\0'; p++)
			h = (h ^ (uint32_t)*p) * 16777619u;
		if (h % SLOTS != 0)
			continue;
		found++;
		(void)cw_buf_printf(&xml, "<Nil N=\"%s\"/>", name);
	}
	(void)cw_buf_puts(&xml, "</MS></Obj>");
	CHECK_EQ(
	    read_text(&json, (const char *)cw_buf_peek(&xml), cw_buf_left(&xml), &err), CW_ELIMIT);
	CHECK(strstr(err.text, "names that are made to collide") != NULL);
	cw_buf_free(&xml);
	cw_buf_free(&json);
}

static void
test_small_arena(void)
{
	static const char xml[] = OBJ("<TN RefId=\"0\"><T>t</T></TN><ToString>w</ToString><Props>"
				      "<S N=\"a\">x</S><Obj N=\"b\" RefId=\"1\"><DCT><En><S "
				      "N=\"Key\">k</S><BA N=\"Value\">aGk=</BA></En></DCT></Obj>"
				      "<Obj N=\"c\" RefId=\"2\"><LST><G>00112233-4455-6677-8899-"
				      "aabbccddeeff</G></LST></Obj></Props>");
	struct cw_ps_arena *small;
	const struct cw_ps_value *v;
	struct cw_err err;
	size_t room = 0;
	int r;

	test_case = "an arena that fills up anywhere";
	do {
		room += 16;
		if (cw_ps_arena_new(&small, room) < 0)
			return;
		r = cw_clixml_read(reader, &v, small, xml, sizeof(xml) - 1, &err);
		CHECK(r == CW_OK || r == CW_ELIMIT);
		cw_ps_arena_free(small);
	} while (r != CW_OK && room < 4096);
	CHECK_EQ(r, CW_OK);
	CHECK(room > 300);
}

static int
count_each(void *arg, const struct cw_ps_value *v)
{
	(void)v;
	return ++*(int *)arg == 3 ? CW_EFAILED : CW_OK;
}

static void
test_each(void)
{
	static const char xml[] = DOC("<S>1</S><Obj RefId=\"0\"/><Ref RefId=\"0\"/><S>4</S>");
	struct cw_err err = { 0 };
	int n = 0;

	test_case = "one value after the other, until it is enough";
	cw_ps_arena_reset(arena);
	CHECK_EQ(cw_clixml_read_each(reader, arena, xml, sizeof(xml) - 1, count_each, &n, &err),
	    CW_EFAILED);
	CHECK_EQ(n, 3);
}

int
main(void)
{
	if (cw_clixml_new(&reader) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return 2;
	test_rows();
	test_utf16();
	test_depth();
	test_reference_bomb();
	test_many();
	test_collisions();
	test_small_arena();
	test_each();
	cw_clixml_free(reader);
	cw_clixml_free(NULL);
	cw_ps_arena_free(arena);
	return test_failed;
}
