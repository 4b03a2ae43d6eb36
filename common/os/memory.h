/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_MEMORY_H
#define CW_MEMORY_H

#include <stddef.h>

/*
 * A service that waits most of the day should hold little while it waits. Best
 * effort: what a system cannot do is left out.
 */

/* Called first in main(): threads share one heap, and what is freed goes back to the system. */
void cw_memory_frugal(void);
/* Gives back what is free; for the moment after a burst of work. */
void cw_memory_trim(void);
/* Bytes in memory now, and of these the private ones (heap, stacks, written data); 0: not known. */
void cw_memory_use(size_t *ret_resident, size_t *ret_private);

#endif
