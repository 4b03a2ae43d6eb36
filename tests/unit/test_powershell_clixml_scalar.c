/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of primitive elements: what each type takes, up to its limits and not
 * past them.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/clixml_scalar.h"
#include "powershell/json.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static const struct {
	enum cw_ps_kind kind;
	const char *text;
	const char *json; /* NULL: refused */
} rows[] = {
	{ CW_PS_BOOL, "true", "true" },
	{ CW_PS_BOOL, "false", "false" },
	{ CW_PS_BOOL, "True", NULL },
	{ CW_PS_BOOL, "1", NULL },
	{ CW_PS_BOOL, "", NULL },

	{ CW_PS_I8, "-128", "-128" },
	{ CW_PS_I8, "127", "127" },
	{ CW_PS_I8, "128", NULL },
	{ CW_PS_I8, "-129", NULL },
	{ CW_PS_I16, "-32768", "-32768" },
	{ CW_PS_I16, "32767", "32767" },
	{ CW_PS_I16, "32768", NULL },
	{ CW_PS_I32, "-2147483648", "-2147483648" },
	{ CW_PS_I32, "2147483647", "2147483647" },
	{ CW_PS_I32, "2147483648", NULL },
	{ CW_PS_I32, "-0", "0" },
	{ CW_PS_I32, "007", "7" },
	{ CW_PS_I32, "+1", NULL },
	{ CW_PS_I32, " 1", NULL },
	{ CW_PS_I32, "1 ", NULL },
	{ CW_PS_I32, "-", NULL },
	{ CW_PS_I32, "", NULL },
	{ CW_PS_I32, "1.0", NULL },
	{ CW_PS_I32, "0x10", NULL },
	{ CW_PS_I64, "-9223372036854775808", "\"-9223372036854775808\"" },
	{ CW_PS_I64, "9223372036854775807", "\"9223372036854775807\"" },
	{ CW_PS_I64, "9223372036854775808", NULL },
	{ CW_PS_I64, "99999999999999999999999999", NULL },
	{ CW_PS_U8, "255", "255" },
	{ CW_PS_U8, "256", NULL },
	{ CW_PS_U8, "-1", NULL },
	{ CW_PS_U16, "65535", "65535" },
	{ CW_PS_U16, "65536", NULL },
	{ CW_PS_U32, "4294967295", "4294967295" },
	{ CW_PS_U32, "4294967296", NULL },
	{ CW_PS_U64, "18446744073709551615", "\"18446744073709551615\"" },
	{ CW_PS_U64, "18446744073709551616", NULL },
	{ CW_PS_CHAR, "65", "\"A\"" },
	{ CW_PS_CHAR, "65535", "\"\xef\xbf\xbf\"" },
	{ CW_PS_CHAR, "65536", NULL },
	{ CW_PS_CHAR, "A", NULL },

	{ CW_PS_DOUBLE, "0.1", "0.1" },
	{ CW_PS_DOUBLE, "1.7976931348623157E+308", "1.7976931348623157e+308" },
	{ CW_PS_DOUBLE, "1.8E+308", NULL },
	{ CW_PS_DOUBLE, "4.94065645841247E-324", "4.94065645841247e-324" },
	{ CW_PS_DOUBLE, "-0", "-0" },
	{ CW_PS_DOUBLE, "NaN", "\"NaN\"" },
	{ CW_PS_DOUBLE, "INF", "\"Infinity\"" },
	{ CW_PS_DOUBLE, "-INF", "\"-Infinity\"" },
	{ CW_PS_DOUBLE, "nan", NULL },
	{ CW_PS_DOUBLE, "inf", NULL },
	{ CW_PS_DOUBLE, "Infinity", NULL },
	{ CW_PS_DOUBLE, "0x1p3", NULL },
	{ CW_PS_DOUBLE, "1,5", NULL },
	{ CW_PS_DOUBLE, "1e", NULL },
	{ CW_PS_DOUBLE, "--1", NULL },
	{ CW_PS_DOUBLE, "", NULL },
	{ CW_PS_DOUBLE, "1.00000000000000000000000000000000000000000000000000000000000001", NULL },
	{ CW_PS_SINGLE, "0.1", "0.1" },
	{ CW_PS_SINGLE, "3.4028235E+38", "3.4028235e+38" },
	{ CW_PS_SINGLE, "3.5E+38", NULL },
	{ CW_PS_SINGLE, "16777217", "16777216" },

	{ CW_PS_DECIMAL, "1.50", "\"1.50\"" },
	{ CW_PS_DECIMAL, "-79228162514264337593543950335", "\"-79228162514264337593543950335\"" },
	{ CW_PS_DECIMAL, "1.", NULL },
	{ CW_PS_DECIMAL, ".5", NULL },
	{ CW_PS_DECIMAL, "1.2.3", NULL },
	{ CW_PS_DECIMAL, "1e5", NULL },
	{ CW_PS_DECIMAL, "-", NULL },
	{ CW_PS_DECIMAL, "", NULL },

	{ CW_PS_TIMESPAN, "P1DT2H3M4.5S", "\"P1DT2H3M4.5S\"" },
	{ CW_PS_TIMESPAN, "PT0S", "\"PT0S\"" },
	{ CW_PS_TIMESPAN, "-P10675199DT2H48M5.4775808S", "\"-P10675199DT2H48M5.4775808S\"" },
	{ CW_PS_TIMESPAN, "P1D", "\"P1D\"" },
	{ CW_PS_TIMESPAN, "P", NULL },
	{ CW_PS_TIMESPAN, "PT", NULL },
	{ CW_PS_TIMESPAN, "P1DT", NULL },
	{ CW_PS_TIMESPAN, "P1H", NULL },
	{ CW_PS_TIMESPAN, "PT1D", NULL },
	{ CW_PS_TIMESPAN, "PT1M2H", NULL },
	{ CW_PS_TIMESPAN, "PT1.5M", NULL },
	{ CW_PS_TIMESPAN, "PT1.S", NULL },
	{ CW_PS_TIMESPAN, "PT.5S", NULL },
	{ CW_PS_TIMESPAN, "PT1", NULL },
	{ CW_PS_TIMESPAN, "1:00:00", NULL },
	{ CW_PS_TIMESPAN, "", NULL },

	{ CW_PS_GUID, "00112233-4455-6677-8899-AABBCCDDEEFF",
	    "\"00112233-4455-6677-8899-aabbccddeeff\"" },
	{ CW_PS_GUID, "{00112233-4455-6677-8899-aabbccddeeff}", NULL },
	{ CW_PS_GUID, "0011223344556677889900aabbccddee", NULL },
	{ CW_PS_GUID, "", NULL },

	{ CW_PS_DATETIME, "2026-11-24T09:30:00Z", "\"2026-11-24T09:30:00Z\"" },
	{ CW_PS_DATETIME, "2008-04-11T10:42:32.2731993-07:00", "\"2008-04-11T17:42:32.2731993Z\"" },
	{ CW_PS_DATETIME, "2008-04-11T10:42:32.2731993", "\"2008-04-11T10:42:32.2731993\"" },
	{ CW_PS_DATETIME, "2026-11-24T00:30:00+01:00", "\"2026-11-23T23:30:00Z\"" },
	{ CW_PS_DATETIME, "2026-11-24T09:30:00.1230000Z", "\"2026-11-24T09:30:00.123Z\"" },
	{ CW_PS_DATETIME, "0001-01-01T00:00:00", "\"0001-01-01T00:00:00\"" },
	{ CW_PS_DATETIME, "0001-01-01T00:00:00+01:00", "\"0001-01-01T00:00:00Z\"" },
	{ CW_PS_DATETIME, "9999-12-31T23:59:59.9999999", "\"9999-12-31T23:59:59.9999999\"" },
	{ CW_PS_DATETIME, "9999-12-31T23:59:59.9999999-01:00", "\"9999-12-31T23:59:59.9999999Z\"" },
	{ CW_PS_DATETIME, "2024-02-29T00:00:00Z", "\"2024-02-29T00:00:00Z\"" },
	{ CW_PS_DATETIME, "2026-02-29T00:00:00Z", NULL },
	{ CW_PS_DATETIME, "2026-13-01T00:00:00Z", NULL },
	{ CW_PS_DATETIME, "2026-11-24T24:00:00Z", NULL },
	{ CW_PS_DATETIME, "2026-11-24", NULL },
	{ CW_PS_DATETIME, "2026-11-24T09:30:00+1:00", NULL },
	{ CW_PS_DATETIME, "2026-11-24T09:30:00ZZ", NULL },
	{ CW_PS_DATETIME, "Z", NULL },
	{ CW_PS_DATETIME, "+01:00", NULL },
	{ CW_PS_DATETIME, "", NULL },

	{ CW_PS_BYTES, "", "\"\"" },
	{ CW_PS_BYTES, "aGk=", "\"aGk=\"" },
	{ CW_PS_BYTES, "AP8Q", "\"AP8Q\"" },
	{ CW_PS_BYTES, "aGk", NULL },
	{ CW_PS_BYTES, "aG k=", NULL },

	{ CW_PS_STRING, "a_x0041__X0042_", "\"aAB\"" },
	{ CW_PS_STRING, "_x005F_x0041_", "\"_x0041_\"" },
	{ CW_PS_STRING, "_xD83D__xDE00_", "\"\xf0\x9f\x98\x80\"" },
	{ CW_PS_STRING, "_xD83D_x", "\"\xef\xbf\xbdx\"" },
	{ CW_PS_STRING, "_xDE00__xD83D_", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ CW_PS_STRING, "_xD83D__x0041_",
	    "\"\xef\xbf\xbd"
	    "A\"" },
	{ CW_PS_STRING, "_x0000_", "\"\xef\xbf\xbd\"" },
	{ CW_PS_STRING, "_x004_ _x00411_ _x00g1_ _x0041", "\"_x004_ _x00411_ _x00g1_ _x0041\"" },
	{ CW_PS_STRING, "____x0041____", "\"___A___\"" },
	{ CW_PS_STRING, "_", "\"_\"" },
	{ CW_PS_STRING, "", "\"\"" },
	{ CW_PS_VERSION, "5.1.19041.1", "\"5.1.19041.1\"" },
	{ CW_PS_URI, "http://x/?a=1", "\"http://x/?a=1\"" },
	{ CW_PS_XML, "<a/>", "\"<a/>\"" },
	{ CW_PS_SCRIPTBLOCK, " 1+1 ", "\" 1+1 \"" },

	{ CW_PS_OBJECT, "", NULL },
	{ CW_PS_LIST, "", NULL },
};

static void
check_row(size_t i)
{
	size_t n = strlen(rows[i].text);
	struct cw_ps_value v = { .kind = rows[i].kind };
	char *exact = malloc(n > 0 ? n : 1); /* no NUL behind it: a read past the end shows */
	struct cw_ps_arena *arena;
	struct cw_err err = { 0 };
	struct cw_buf out;
	int r;

	test_case = rows[i].text;
	if (exact == NULL || cw_ps_arena_new(&arena, 4096) < 0)
		return;
	memcpy(exact, rows[i].text, n);
	cw_buf_init(&out, 4096);
	r = cw_clixml_scalar(&v, arena, exact, n, &err);
	CHECK_EQ(r, rows[i].json != NULL ? CW_OK : CW_EPROTO);
	CHECK_EQ(err.text[0] != '\0', r < 0);
	if (r == CW_OK) {
		CHECK_EQ(cw_ps_json_put(&out, &v, &err), CW_OK);
		CHECK_STR(cw_buf_str(&out), rows[i].json);
	}
	cw_buf_free(&out);
	cw_ps_arena_free(arena);
	free(exact);
}

/* The ticks are kept to the last digit, and the offset apart. */
static void
test_date(void)
{
	static const char text[] = "2008-04-11T10:42:32.2731993-07:30";
	struct cw_ps_value v = { .kind = CW_PS_DATETIME };
	struct cw_err err;

	test_case = "a date's parts";
	CHECK_EQ(cw_clixml_scalar(&v, NULL, text, strlen(text), &err), CW_OK);
	CHECK_EQ(v.date.ticks % CW_PS_TICKS_PER_SECOND, 2731993);
	CHECK_EQ(v.date.kind, CW_PS_DATE_OFFSET);
	CHECK_EQ(v.date.offset_min, -450);
}

static void
test_full(void)
{
	static const enum cw_ps_kind kinds[] = { CW_PS_STRING, CW_PS_GUID, CW_PS_DECIMAL,
		CW_PS_TIMESPAN, CW_PS_BYTES };
	static const char *const texts[] = { "x", "00112233-4455-6677-8899-aabbccddeeff", "1",
		"PT1S", "aGk=" };
	struct cw_ps_arena *arena;
	struct cw_err err;

	test_case = "a full arena";
	if (cw_ps_arena_new(&arena, 0) < 0)
		return;
	for (size_t i = 0; i < CW_COUNT(kinds); i++) {
		struct cw_ps_value v = { .kind = kinds[i] };

		CHECK_EQ(cw_clixml_scalar(&v, arena, texts[i], strlen(texts[i]), &err), CW_ELIMIT);
	}
	cw_ps_arena_free(arena);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		check_row(i);
	test_date();
	test_full();
	return test_failed;
}
