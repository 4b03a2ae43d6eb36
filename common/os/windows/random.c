/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <bcrypt.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/random.h"

void
cw_random(void *p, size_t n)
{
	if (BCryptGenRandom(NULL, p, (ULONG)n, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0) {
		fputs("BCryptGenRandom failed\n", stderr);
		abort();
	}
}
