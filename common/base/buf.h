/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BUF_H
#define CW_BUF_H

#include <stddef.h>
#include <stdint.h>

#include "base/compat.h"

/*
 * Growable byte buffer with a read cursor and a hard upper size.
 *
 * Every byte from the wire goes through one of these, so bounds are checked in
 * one place. cw_buf_peek() borrows: the pointer dies at the next put or free.
 */
struct cw_buf {
	uint8_t *data;
	size_t off; /* bytes already consumed */
	size_t len; /* bytes written, off <= len <= cap */
	size_t cap;
	size_t max; /* growth past this is CW_ELIMIT */
};

void cw_buf_init(struct cw_buf *b, size_t max);
void cw_buf_free(struct cw_buf *b); /* ok on a zeroed buffer; it stays usable, empty */
void cw_buf_clear(struct cw_buf *b); /* empty, memory kept for the next use */
void cw_buf_free_secret(struct cw_buf *b); /* the same, after overwriting what it held */

/* Moves the contents out: the result is the caller's, b is empty again. */
struct cw_buf cw_buf_take(struct cw_buf *b);

/* Appends a copy of n bytes. 0, CW_ENOMEM or CW_ELIMIT; unchanged on error. */
int cw_buf_put(struct cw_buf *b, const void *p, size_t n);
int cw_buf_puts(struct cw_buf *b, const char *s);
int cw_buf_putc(struct cw_buf *b, char c);
int cw_buf_printf(struct cw_buf *b, const char *fmt, ...) CW_PRINTF(2, 3);

/* Appends the low `bytes` bytes of v, big-endian (network order) or little-endian. bytes <= 8. */
int cw_buf_put_be(struct cw_buf *b, uint64_t v, size_t bytes);
int cw_buf_put_le(struct cw_buf *b, uint64_t v, size_t bytes);

/* Makes room for n more bytes and lends them; cw_buf_added() says how many were filled.
 * NULL when that passes max or memory ends. */
uint8_t *cw_buf_reserve(struct cw_buf *b, size_t n);
void cw_buf_added(struct cw_buf *b, size_t n);

size_t cw_buf_left(const struct cw_buf *b); /* unread bytes */
const uint8_t *cw_buf_peek(const struct cw_buf *b); /* unread bytes; never NULL */
void cw_buf_skip(struct cw_buf *b, size_t n); /* n <= cw_buf_left() */

/* The unread bytes as a C string, NUL kept behind the end; NULL when memory ends. Borrowed. */
const char *cw_buf_str(struct cw_buf *b);

uint64_t cw_get_be(const uint8_t *p, size_t bytes);
uint64_t cw_get_le(const uint8_t *p, size_t bytes);

#endif
