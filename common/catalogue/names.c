/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Look-up of names without case; generate.awk has the same hash.
 */
#include <stdbool.h>

#include "catalogue/names.h"

/* Letters without their case; digits and the hyphen stay, and names have nothing else. */
static uint32_t
hash(const char *name, size_t n)
{
	uint32_t h = 0;

	for (size_t i = 0; i < n; i++)
		h = h * 1000003u + ((unsigned char)name[i] | 0x20u);
	return h;
}

static bool
same(const char *whole, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char a = (unsigned char)whole[i], b = (unsigned char)name[i];

		if (a == '\0' || (a != b && ((a ^ b) != 0x20 || (unsigned)((a | 0x20) - 'a') > 25)))
			return false;
	}
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
