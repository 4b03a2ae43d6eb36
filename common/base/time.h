/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TIME_H
#define CW_TIME_H

#include <stddef.h>
#include <stdint.h>

/*
 * Dates as text: RFC 3339 in UTC, proleptic Gregorian calendar, no locale and
 * no time zone database. Instants are milliseconds since 1970-01-01T00:00:00Z,
 * negative before it.
 */
#define CW_TIME_TEXT 32 /* bytes, with the NUL */

/* "2026-11-24T09:30:00.125Z"; milliseconds are left out when they are 0. Years 1 to 9999. */
void cw_time_text(char ret[CW_TIME_TEXT], int64_t unix_ms);

/* Reads RFC 3339 with Z or an offset, fraction of up to 9 digits (kept to the millisecond).
 * CW_EINVAL for anything else. */
int cw_time_parse(int64_t *ret_ms, const char *text, size_t n);

/* Days since 1970-01-01 of a civil date, and back. Valid for years 1 to 9999. */
int64_t cw_days_from_civil(int64_t year, unsigned month, unsigned day);
void cw_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day);

#endif
