/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text encodings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

char *
cw_strndup(const char *s, size_t n)
{
	char *copy = malloc(n + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *
cw_strdup(const char *s)
{
	return s != NULL ? cw_strndup(s, strlen(s)) : NULL;
}

bool
cw_streq(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static unsigned char
lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool
cw_strcaseeq(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	while (*a != '\0' && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

bool
cw_starts_with(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool
cw_const_eq(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < n; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

void
cw_wipe(void *p, size_t n)
{
	if (n > 0)
		memset(p, 0, n);
	/* Says that the memory is looked at, so that the memset above is not dead. */
	__asm__ volatile("" : : "r"(p) : "memory");
}

/* Length of the sequence that starts at s, 0 when it is malformed or passes n. Unicode table 3-7.
 */
static size_t
utf8_sequence(const uint8_t *s, size_t n)
{
	size_t len;
	uint8_t lo = 0x80, hi = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf)
		len = 2;
	else if (s[0] >= 0xe0 && s[0] <= 0xef)
		len = 3;
	else if (s[0] >= 0xf0 && s[0] <= 0xf4)
		len = 4;
	else
		return 0;
	if (s[0] == 0xe0)
		lo = 0xa0;
	else if (s[0] == 0xed)
		hi = 0x9f;
	else if (s[0] == 0xf0)
		lo = 0x90;
	else if (s[0] == 0xf4)
		hi = 0x8f;
	if (n < len || s[1] < lo || s[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

bool
cw_utf8_valid(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t step;

	for (size_t i = 0; i < n; i += step)
		if ((step = utf8_sequence(p + i, n - i)) == 0)
			return false;
	return true;
}

size_t
cw_utf8_cut(const char *s, size_t n)
{
	size_t start = n;

	while (start > 0 && n - start < 4 && ((uint8_t)s[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || ((uint8_t)s[start - 1] & 0x80) == 0)
		return n;
	start--;
	return utf8_sequence((const uint8_t *)s + start, n - start) == n - start ? n : start;
}

int
cw_utf8_put(struct cw_buf *b, uint32_t cp)
{
	uint8_t p[4];

	if (cp < 0x80)
		return cw_buf_putc(b, (char)cp);
	if (cp < 0x800) {
		p[0] = (uint8_t)(0xc0 | cp >> 6);
		p[1] = (uint8_t)(0x80 | (cp & 0x3f));
		return cw_buf_put(b, p, 2);
	}
	if (cp >= 0xd800 && cp <= 0xdfff)
		return CW_EINVAL;
	if (cp < 0x10000) {
		p[0] = (uint8_t)(0xe0 | cp >> 12);
		p[1] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
		p[2] = (uint8_t)(0x80 | (cp & 0x3f));
		return cw_buf_put(b, p, 3);
	}
	if (cp > 0x10ffff)
		return CW_EINVAL;
	p[0] = (uint8_t)(0xf0 | cp >> 18);
	p[1] = (uint8_t)(0x80 | (cp >> 12 & 0x3f));
	p[2] = (uint8_t)(0x80 | (cp >> 6 & 0x3f));
	p[3] = (uint8_t)(0x80 | (cp & 0x3f));
	return cw_buf_put(b, p, 4);
}

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char BASE64URL[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static int
base64_put(struct cw_buf *b, const void *data, size_t n, const char *alphabet, bool pad)
{
	const uint8_t *p = data;
	size_t out_len = n / 3 * 4 + (n % 3 == 0 ? 0 : pad ? 4 : n % 3 + 1);
	uint8_t *out;

	if (out_len > b->max - cw_buf_left(b))
		return CW_ELIMIT;
	if ((out = cw_buf_reserve(b, out_len)) == NULL)
		return CW_ENOMEM;
	for (; n >= 3; n -= 3, p += 3) {
		*out++ = (uint8_t)alphabet[p[0] >> 2];
		*out++ = (uint8_t)alphabet[(p[0] & 3) << 4 | p[1] >> 4];
		*out++ = (uint8_t)alphabet[(p[1] & 15) << 2 | p[2] >> 6];
		*out++ = (uint8_t)alphabet[p[2] & 63];
	}
	if (n > 0) {
		uint8_t second = n == 2 ? p[1] : 0;

		*out++ = (uint8_t)alphabet[p[0] >> 2];
		*out++ = (uint8_t)alphabet[(p[0] & 3) << 4 | second >> 4];
		if (n == 2)
			*out++ = (uint8_t)alphabet[(second & 15) << 2];
		else if (pad)
			*out++ = '=';
		if (pad)
			*out++ = '=';
	}
	cw_buf_added(b, out_len);
	return CW_OK;
}

/* 0-63, or 255 for a character that is in neither place. */
static uint8_t
base64_value(char c, bool url)
{
	if (c >= 'A' && c <= 'Z')
		return (uint8_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint8_t)(c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0' + 52);
	if (c == (url ? '-' : '+'))
		return 62;
	return c == (url ? '_' : '/') ? 63 : 255;
}

static int
base64_get(struct cw_buf *b, const char *text, size_t n, bool url)
{
	uint8_t *out, *start;
	uint32_t bits = 0;
	unsigned have = 0;

	if (!url) {
		if (n % 4 != 0)
			return CW_EINVAL;
		for (int i = 0; i < 2 && n > 0 && text[n - 1] == '='; i++)
			n--;
	}
	if (n % 4 == 1)
		return CW_EINVAL;
	if (n / 4 * 3 + 3 > b->max - cw_buf_left(b))
		return CW_ELIMIT;
	if ((start = out = cw_buf_reserve(b, n / 4 * 3 + 3)) == NULL)
		return CW_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		uint8_t v = base64_value(text[i], url);

		if (v == 255)
			return CW_EINVAL;
		bits = bits << 6 | v;
		if ((have += 6) >= 8) {
			have -= 8;
			*out++ = (uint8_t)(bits >> have);
		}
	}
	if ((bits & ((1u << have) - 1)) != 0)
		return CW_EINVAL; /* bits that no encoder leaves: a second spelling of the same
				     bytes */
	cw_buf_added(b, (size_t)(out - start));
	return CW_OK;
}

int
cw_base64_put(struct cw_buf *b, const void *p, size_t n)
{
	return base64_put(b, p, n, BASE64, true);
}

int
cw_base64_get(struct cw_buf *b, const char *text, size_t n)
{
	return base64_get(b, text, n, false);
}

int
cw_base64url_put(struct cw_buf *b, const void *p, size_t n)
{
	return base64_put(b, p, n, BASE64URL, false);
}

int
cw_base64url_get(struct cw_buf *b, const char *text, size_t n)
{
	return base64_get(b, text, n, true);
}

int
cw_hex_put(struct cw_buf *b, const void *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = p;
	int r = CW_OK;

	for (size_t i = 0; i < n && r == CW_OK; i++) {
		char pair[2] = { digits[in[i] >> 4], digits[in[i] & 15] };

		r = cw_buf_put(b, pair, 2);
	}
	return r;
}

void
cw_uuid_text(char ret[CW_UUID_TEXT], const uint8_t uuid[16])
{
	static const char digits[] = "0123456789abcdef";
	char *out = ret;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = digits[uuid[i] >> 4];
		*out++ = digits[uuid[i] & 15];
	}
	*out = '\0';
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int
cw_uuid_parse(uint8_t ret[16], const char *text, size_t n)
{
	uint8_t uuid[16];
	size_t digit = 0;

	if (n != CW_UUID_TEXT - 1)
		return CW_EINVAL;
	for (size_t i = 0; i < n; i++) {
		int v;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return CW_EINVAL;
			continue;
		}
		if ((v = hex_value(text[i])) < 0)
			return CW_EINVAL;
		if (digit % 2 == 0)
			uuid[digit / 2] = (uint8_t)(v << 4);
		else
			uuid[digit / 2] |= (uint8_t)v;
		digit++;
	}
	memcpy(ret, uuid, 16);
	return CW_OK;
}

static void
swap(uint8_t *a, uint8_t *b)
{
	uint8_t t = *a;

	*a = *b;
	*b = t;
}

void
cw_uuid_swap(uint8_t uuid[16])
{
	swap(&uuid[0], &uuid[3]);
	swap(&uuid[1], &uuid[2]);
	swap(&uuid[4], &uuid[5]);
	swap(&uuid[6], &uuid[7]);
}
