/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_NUMBER_H
#define CW_CATALOGUE_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

/*
 * Whole numbers of 64 bits: attributes and filters have them, JSON's numbers are
 * exact to 53 bits only and go on as digits in a string.
 */

/* Decimal digits, with a minus or not, nothing else. CW_EINVAL also for one that is too large. */
int cw_whole_parse(int64_t *ret, const char *text, size_t n);
/* A JSON number that is whole and exact, or a string of digits. */
int cw_whole_from_json(int64_t *ret, const cJSON *json);

#endif
