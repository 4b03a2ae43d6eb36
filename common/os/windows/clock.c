/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>

#include "os/clock.h"

#define UNIX_EPOCH_100NS INT64_C(116444736000000000) /* 1601 to 1970 */

uint64_t
cw_clock_ns(void)
{
	ULONGLONG ticks; /* 100 ns units, sleep left out */

	(void)QueryUnbiasedInterruptTime(&ticks);
	return (uint64_t)ticks * 100u;
}

uint64_t
cw_clock_ms(void)
{
	return cw_clock_ns() / 1000000u;
}

int64_t
cw_clock_unix_ms(void)
{
	FILETIME ft;

	GetSystemTimePreciseAsFileTime(&ft);
	return ((int64_t)((uint64_t)ft.dwHighDateTime << 32 | ft.dwLowDateTime) -
		   UNIX_EPOCH_100NS) /
	    10000;
}
