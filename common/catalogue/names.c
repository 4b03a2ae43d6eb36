/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-up of names without case; generate.awk has the same hash.
 */
#include "catalogue/names.h"

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static uint32_t
hash(const char *name, size_t n)
{
	uint32_t h = 0;

	for (size_t i = 0; i < n; i++)
		h = h * 1000003u + lower(name[i]);
	return h;
}

static int
same(const char *whole, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (whole[i] == '\0' || lower(whole[i]) != lower(name[i]))
			return 0;
	return whole[n] == '\0';
}

size_t
cw_names_find(
    const struct cw_names *names, const char *name, size_t n, const char *(*at)(size_t row))
{
	uint32_t mask = UINT32_MAX >> names->shift, slot = hash(name, n) >> names->shift;

	for (; names->slots[slot] != 0; slot = (slot + 1) & mask)
		if (same(at(names->slots[slot] - 1u), name, n))
			return names->slots[slot] - 1u;
	return SIZE_MAX;
}
