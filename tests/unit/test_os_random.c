/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers stay in their range and differ; UUIDs say version 4.
 */
#include "test.h"
#include "os/random.h"

int test_failed;

int
main(void)
{
	const char *test_case = "below";
	unsigned seen[7] = { 0 };
	char a[CW_UUID_TEXT], b[CW_UUID_TEXT];

	for (int i = 0; i < 7000; i++) {
		uint32_t v = cw_random_below(7);

		CHECK(v < 7);
		if (v < 7)
			seen[v]++;
	}
	for (int i = 0; i < 7; i++)
		CHECK(seen[i] > 700);
	CHECK_EQ(cw_random_below(1), 0);

	test_case = "uuid";
	cw_random_uuid(a);
	cw_random_uuid(b);
	CHECK(strcmp(a, b) != 0);
	CHECK_EQ(a[14], '4');
	CHECK(strchr("89ab", a[19]) != NULL);
	return test_failed;
}
