/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "console/when.h"

const char *
cw_when_date(const char *text)
{
	static char shown[24];

	if (text == NULL || strlen(text) < 19)
		return "-";
	(void)snprintf(shown, sizeof(shown), "%.10s %.8s", text, text + 11);
	return shown;
}

#define HOUR_MS (60.0 * 60 * 1000)

/* "2 min 5 s": whole ones of a unit, and of the next smaller one. */
static void
two(char *ret, size_t size, double units, const char *unit, const char *smaller, int per_unit)
{
	long all = (long)(units * per_unit);

	(void)snprintf(ret, size, "%ld %s %ld %s", all / per_unit, unit, all % per_unit, smaller);
}

const char *
cw_when_duration(double ms)
{
	static char shown[40];

	if (ms < 0)
		return "-";
	if (ms < 10)
		(void)snprintf(shown, sizeof(shown), "%.1f ms", ms);
	else if (ms < 1000)
		(void)snprintf(shown, sizeof(shown), "%.0f ms", ms);
	else if (ms < 60000)
		(void)snprintf(shown, sizeof(shown), "%.1f s", ms / 1000);
	else if (ms < HOUR_MS)
		two(shown, sizeof(shown), ms / 60000, "min", "s", 60);
	else if (ms < 24 * HOUR_MS)
		two(shown, sizeof(shown), ms / HOUR_MS, "h", "min", 60);
	else
		two(shown, sizeof(shown), ms / (24 * HOUR_MS), "d", "h", 24);
	return shown;
}
