/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 there and back, leap years, offsets, and what is no date.
 */
#include "test.h"
#include "base/compat.h"
#include "base/err.h"
#include "base/time.h"

int test_failed;

static const struct {
	const char *text;
	int64_t ms;
	const char *again; /* NULL: the same text */
} rows[] = {
	{ "1970-01-01T00:00:00Z", 0, NULL },
	{ "2026-11-24T09:30:00.125Z", INT64_C(1795512600125), NULL },
	{ "2000-02-29T23:59:59Z", INT64_C(951868799000), NULL },
	{ "1969-12-31T23:59:59.999Z", -1, NULL },
	{ "0001-01-01T00:00:00Z", INT64_C(-62135596800000), NULL },
	{ "9999-12-31T23:59:59.999Z", INT64_C(253402300799999), NULL },
	{ "2026-11-24T11:30:00+02:00", INT64_C(1795512600000), "2026-11-24T09:30:00Z" },
	{ "2026-11-24t09:30:00.1234567z", INT64_C(1795512600123), "2026-11-24T09:30:00.123Z" },
};

static const char *const bad[] = { "", "2026-11-24", "2026-11-24T09:30:00", "2026-02-29T00:00:00Z",
	"1900-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-11-24T24:00:00Z",
	"2026-11-24T09:30:00.Z", "2026-11-24T09:30:00Z ", "2026-11-24T09:30:00+2:00",
	"0000-01-01T00:00:00Z", "2026M11-24T09:30:00Z" };

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		const char *test_case = rows[i].text;
		char text[CW_TIME_TEXT];
		int64_t ms = 42;

		CHECK_EQ(cw_time_parse(&ms, rows[i].text, strlen(rows[i].text)), CW_OK);
		CHECK_EQ(ms, rows[i].ms);
		cw_time_text(text, ms);
		CHECK_STR(text, rows[i].again != NULL ? rows[i].again : rows[i].text);
	}
	for (size_t i = 0; i < CW_COUNT(bad); i++) {
		const char *test_case = bad[i];
		int64_t ms = 42;

		CHECK_EQ(cw_time_parse(&ms, bad[i], strlen(bad[i])), CW_EINVAL);
		CHECK_EQ(ms, 42);
	}
	return test_failed;
}
