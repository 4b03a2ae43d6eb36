/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is made of random bytes, the same on every system.
 */
#include <assert.h>

#include "os/random.h"

uint32_t
cw_random_below(uint32_t below)
{
	uint32_t v, limit;

	assert(below > 0);
	/* Values past the last whole multiple would favour the small remainders. */
	limit = UINT32_MAX - UINT32_MAX % below;
	do
		cw_random(&v, sizeof(v));
	while (v >= limit);
	return v % below;
}

void
cw_random_uuid(char ret[CW_UUID_TEXT])
{
	uint8_t uuid[16];

	cw_random(uuid, sizeof(uuid));
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	cw_uuid_text(ret, uuid);
}
