/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounded byte buffer.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#define BUF_MIN 256

void
cw_buf_init(struct cw_buf *b, size_t max)
{
	*b = (struct cw_buf){ .max = max };
}

void
cw_buf_free(struct cw_buf *b)
{
	free(b->data);
	cw_buf_init(b, b->max);
}

void
cw_buf_clear(struct cw_buf *b)
{
	b->off = b->len = 0;
}

void
cw_buf_free_secret(struct cw_buf *b)
{
	if (b->data != NULL)
		cw_wipe(b->data, b->cap);
	cw_buf_free(b);
}

struct cw_buf
cw_buf_take(struct cw_buf *b)
{
	struct cw_buf taken = *b;

	cw_buf_init(b, b->max);
	return taken;
}

/* Grown by hand, not by realloc: a block that may have held a secret is wiped by its owner's
 * cw_buf_free_secret(), and realloc would leave a copy behind. */
static int
buf_grow(struct cw_buf *b, size_t need)
{
	size_t cap = b->cap ? b->cap : BUF_MIN;
	uint8_t *p;

	while (cap < need)
		cap = cap > b->max / 2 ? b->max + 1 : cap * 2;
	if ((p = malloc(cap)) == NULL)
		return CW_ENOMEM;
	if (b->data != NULL) {
		memcpy(p, b->data, b->len);
		cw_wipe(b->data, b->len);
		free(b->data);
	}
	b->data = p;
	b->cap = cap;
	return CW_OK;
}

uint8_t *
cw_buf_reserve(struct cw_buf *b, size_t n)
{
	if (n > b->max - cw_buf_left(b))
		return NULL;
	if (b->off > 0 && b->len + n > b->cap) {
		memmove(b->data, b->data + b->off, cw_buf_left(b));
		b->len -= b->off;
		b->off = 0;
	}
	if ((b->len + n > b->cap || b->data == NULL) && buf_grow(b, b->len + n) < 0)
		return NULL;
	return b->data + b->len;
}

void
cw_buf_added(struct cw_buf *b, size_t n)
{
	assert(n <= b->cap - b->len);
	b->len += n;
}

int
cw_buf_put(struct cw_buf *b, const void *p, size_t n)
{
	uint8_t *room;

	if (n == 0)
		return CW_OK;
	if (n > b->max - cw_buf_left(b))
		return CW_ELIMIT;
	if (n <= b->cap - b->len) { /* the usual case */
		memcpy(b->data + b->len, p, n);
		b->len += n;
		return CW_OK;
	}
	if ((room = cw_buf_reserve(b, n)) == NULL)
		return CW_ENOMEM;
	memcpy(room, p, n);
	b->len += n;
	return CW_OK;
}

int
cw_buf_puts(struct cw_buf *b, const char *s)
{
	return cw_buf_put(b, s, strlen(s));
}

int
cw_buf_putc(struct cw_buf *b, char c)
{
	if (b->len < b->cap && cw_buf_left(b) < b->max) {
		b->data[b->len++] = (uint8_t)c;
		return CW_OK;
	}
	return cw_buf_put(b, &c, 1);
}

int
cw_buf_printf(struct cw_buf *b, const char *fmt, ...)
{
	va_list ap;
	uint8_t *room;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return CW_EINVAL;
	if ((size_t)n > b->max - cw_buf_left(b))
		return CW_ELIMIT;
	/* One more for the NUL that vsnprintf writes; it is not counted as content. */
	if (b->len + (size_t)n + 1 > b->cap && buf_grow(b, b->len + (size_t)n + 1) < 0)
		return CW_ENOMEM;
	room = b->data + b->len;
	va_start(ap, fmt);
	(void)vsnprintf((char *)room, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return CW_OK;
}

int
cw_buf_put_be(struct cw_buf *b, uint64_t v, size_t bytes)
{
	uint8_t p[8];

	assert(bytes <= sizeof(p));
	for (size_t i = bytes; i-- > 0; v >>= 8)
		p[i] = (uint8_t)v;
	return cw_buf_put(b, p, bytes);
}

int
cw_buf_put_le(struct cw_buf *b, uint64_t v, size_t bytes)
{
	uint8_t p[8];

	assert(bytes <= sizeof(p));
	for (size_t i = 0; i < bytes; i++, v >>= 8)
		p[i] = (uint8_t)v;
	return cw_buf_put(b, p, bytes);
}

size_t
cw_buf_left(const struct cw_buf *b)
{
	return b->len - b->off;
}

const uint8_t *
cw_buf_peek(const struct cw_buf *b)
{
	return cw_buf_left(b) > 0 ? b->data + b->off : (const uint8_t *)"";
}

void
cw_buf_skip(struct cw_buf *b, size_t n)
{
	assert(n <= cw_buf_left(b));
	b->off += n;
	if (b->off == b->len)
		b->off = b->len = 0;
}

const char *
cw_buf_str(struct cw_buf *b)
{
	if (b->len + 1 > b->cap && buf_grow(b, b->len + 1) < 0)
		return NULL;
	b->data[b->len] = '\0';
	return (const char *)b->data + b->off;
}

uint64_t
cw_get_be(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

uint64_t
cw_get_le(const uint8_t *p, size_t bytes)
{
	uint64_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | p[bytes];
	return v;
}
