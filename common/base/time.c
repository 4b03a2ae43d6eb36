/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3339 dates without the C library's time zones.
 */
#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/time.h"

#define DAY_MS INT64_C(86400000)

/* Years start in March here, so that the leap day is the last of its year. */
int64_t
cw_days_from_civil(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	    day_of_year - 719468;
}

void
cw_civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097; /* day of era */
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*year = yoe + era * 400 + (*month <= 2);
}

void
cw_time_text(char ret[CW_TIME_TEXT], int64_t unix_ms)
{
	int64_t days = unix_ms / DAY_MS, rest = unix_ms % DAY_MS, year;
	unsigned month, day, ms;
	int n;

	if (rest < 0) {
		rest += DAY_MS;
		days--;
	}
	cw_civil_from_days(days, &year, &month, &day);
	if (year < 1 || year > 9999)
		year = year < 1 ? 1 : 9999;
	ms = (unsigned)(rest % 1000);
	rest /= 1000;
	n = snprintf(ret, CW_TIME_TEXT, "%04d-%02u-%02uT%02d:%02d:%02d", (int)year, month, day,
	    (int)(rest / 3600), (int)(rest / 60 % 60), (int)(rest % 60));
	(void)snprintf(ret + n, CW_TIME_TEXT - (size_t)n, ms != 0 ? ".%03uZ" : "Z", ms);
}

/* Reads exactly `digits` decimal digits at *p. */
static bool
number(const char **p, const char *end, int digits, unsigned *ret)
{
	unsigned v = 0;

	for (int i = 0; i < digits; i++, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return false;
		v = v * 10 + (unsigned)(**p - '0');
	}
	*ret = v;
	return true;
}

static bool
literal(const char **p, const char *end, char want)
{
	/* RFC 3339 5.6: T and Z may be lower case. */
	if (*p == end ||
	    (**p != want && !((want == 'T' && **p == 't') || (want == 'Z' && **p == 'z'))))
		return false;
	(*p)++;
	return true;
}

static unsigned
days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool
fraction(const char **p, const char *end, unsigned *ret_ms)
{
	unsigned ms = 0, digits = 0;

	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++, digits++)
		if (digits < 3)
			ms = ms * 10 + (unsigned)(**p - '0');
	if (digits == 0 || digits > 9)
		return false;
	for (; digits < 3; digits++)
		ms *= 10;
	*ret_ms = ms;
	return true;
}

static bool
offset(const char **p, const char *end, int *ret_minutes)
{
	unsigned h, m;
	int sign;

	if (literal(p, end, 'Z')) {
		*ret_minutes = 0;
		return true;
	}
	if (*p == end || (**p != '+' && **p != '-'))
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	if (!number(p, end, 2, &h) || !literal(p, end, ':') || !number(p, end, 2, &m) || h > 23 ||
	    m > 59)
		return false;
	*ret_minutes = sign * (int)(h * 60 + m);
	return true;
}

int
cw_time_parse(int64_t *ret_ms, const char *text, size_t n)
{
	const char *p = text, *end = text + n;
	unsigned year, month, day, h, m, s, ms = 0;
	int offset_min;

	if (!number(&p, end, 4, &year) || !literal(&p, end, '-') || !number(&p, end, 2, &month) ||
	    !literal(&p, end, '-') || !number(&p, end, 2, &day) || !literal(&p, end, 'T') ||
	    !number(&p, end, 2, &h) || !literal(&p, end, ':') || !number(&p, end, 2, &m) ||
	    !literal(&p, end, ':') || !number(&p, end, 2, &s))
		return CW_EINVAL;
	if (p < end && *p == '.' && (p++, !fraction(&p, end, &ms)))
		return CW_EINVAL;
	if (!offset(&p, end, &offset_min) || p != end)
		return CW_EINVAL;
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in_month(year, month) ||
	    h > 23 || m > 59 || s > 59)
		return CW_EINVAL;
	*ret_ms = cw_days_from_civil(year, month, day) * DAY_MS +
	    ((int64_t)h * 3600 + m * 60 + s - (int64_t)offset_min * 60) * 1000 + ms;
	return CW_OK;
}
