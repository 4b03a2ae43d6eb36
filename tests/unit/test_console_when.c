/* SPDX-License-Identifier: Apache-2.0 */
#include "console/when.h"

#include <stddef.h>

#include "test.h"

int test_failed;

static const struct {
	double ms;
	const char *want;
} rows[] = { { -1, "-" }, { 0, "0.0 ms" }, { 1.26, "1.3 ms" }, { 12.4, "12 ms" }, { 1500, "1.5 s" },
	{ 65000, "1 min 5 s" }, { 3600000, "1 h 0 min" }, { 5.5 * 3600000, "5 h 30 min" },
	{ 100.0 * 3600000, "4 d 4 h" } };

int
main(void)
{
	const char *test_case = "durations";

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(cw_when_duration(rows[i].ms), rows[i].want);
	test_case = "dates";
	CHECK_STR(cw_when_date("2026-11-24T09:30:00Z"), "2026-11-24 09:30:00");
	CHECK_STR(cw_when_date("soon"), "-");
	CHECK_STR(cw_when_date(NULL), "-");
	return test_failed;
}
