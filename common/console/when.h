/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_WHEN_H
#define CW_WHEN_H

/* Dates and durations as a person reads them. What is returned is borrowed until the next call. */

/* "2026-11-24T09:30:00Z" as "2026-11-24 09:30:00"; "-" for NULL. */
const char *cw_when_date(const char *text);
/* "1.5 ms", "3.4 s", "2 min 5 s", "3 h 20 min", "12 d 4 h"; "-" for less than nothing. */
const char *cw_when_duration(double ms);

#endif
