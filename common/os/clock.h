/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CLOCK_H
#define CW_CLOCK_H

#include <stdint.h>

/* Milliseconds since an arbitrary start. Never goes back; counts no sleep. */
uint64_t cw_clock_ms(void);
/* Nanoseconds on the same clock, for measuring. */
uint64_t cw_clock_ns(void);
/* Milliseconds since 1970-01-01T00:00:00Z, as the machine believes. */
int64_t cw_clock_unix_ms(void);

#endif
