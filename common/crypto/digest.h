/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_DIGEST_H
#define CW_DIGEST_H

#include <stddef.h>

/* What texts are known by where they are too long to be repeated: plans, uploads, scripts. */
#define CW_SHA256_TEXT 65u /* bytes of one in lower case hexadecimal, with the NUL */

/* CW_ESYS: OpenSSL could not. */
int cw_sha256_text(char ret[CW_SHA256_TEXT], const void *p, size_t n);

#endif
