/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_RANDOM_H
#define CW_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Bytes from the operating system's generator, fit for keys. Ends the program when there is none:
 * going on without would be worse. */
void cw_random(void *p, size_t n);

/* A uniform number in [0, below). below > 0. */
uint32_t cw_random_below(uint32_t below);

/* A random UUID (RFC 9562 version 4) as text. */
void cw_random_uuid(char ret[CW_UUID_TEXT]);

#endif
