/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_NAMES_H
#define CW_CATALOGUE_NAMES_H

#include <stddef.h>
#include <stdint.h>

/*
 * From a name to its row: hash tables that generate.awk fills at build time. A
 * slot holds a row's number plus one, or 0; a row that finds its slot taken is in
 * the next free one.
 */
struct cw_names {
	const uint16_t *slots; /* 2 to the power of 32 - shift */
	unsigned shift;
};

/* The row of the n bytes, letters in any case; SIZE_MAX when there is none. at() tells a row's
 * name. */
size_t cw_names_find(
    const struct cw_names *names, const char *name, size_t n, const char *(*at)(size_t row));

#endif
