/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "os/clock.h"

uint64_t
cw_clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

uint64_t
cw_clock_ms(void)
{
	return cw_clock_ns() / 1000000u;
}

int64_t
cw_clock_unix_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
