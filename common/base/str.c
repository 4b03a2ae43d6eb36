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
cw_is_host(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n >= CW_HOST_MAX)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool edge = i == 0 || i + 1 == n || name[i - 1] == '.' || name[i + 1] == '.';

		if ((name[i] == '-' || name[i] == '.') && edge)
			return false; /* no label is empty, or begins or ends with '-' */
	}
	return strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") ==
	    n;
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

size_t
cw_utf8_get(uint32_t *ret, const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t len = utf8_sequence(p, n);
	uint32_t cp = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		cp = cp << 6 | (p[i] & 0x3f);
	*ret = cp;
	return len;
}

bool
cw_is_unprintable(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x2028 || cp == 0x2029 ||
	    (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

bool
cw_utf8_is_line(const char *s, size_t n)
{
	uint32_t cp;
	size_t len;

	for (; n > 0; s += len, n -= len)
		if ((len = cw_utf8_get(&cp, s, n)) == 0 || cw_is_unprintable(cp))
			return false;
	return true;
}

void
cw_utf8_flatten(char *text, char c)
{
	size_t n = strlen(text), len;
	uint32_t cp;

	for (; n > 0; text += len, n -= len) {
		if ((len = cw_utf8_get(&cp, text, n)) == 0) {
			*text = '?';
			len = 1;
		} else if (cw_is_unprintable(cp)) {
			memset(text, c, len);
		}
	}
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

/* An alphabet, and back: 0x40 | value for its characters, 0 for all others. */
struct base64 {
	char characters[65];
	uint8_t values[256];
};

#define V(c, value) [(unsigned char)(c)] = 0x40 | (value)
#define V4(a, b, c, d, value) V(a, value), V(b, (value) + 1), V(c, (value) + 2), V(d, (value) + 3)
#define BASE64_COMMON                                                                           \
	V4('A', 'B', 'C', 'D', 0), V4('E', 'F', 'G', 'H', 4), V4('I', 'J', 'K', 'L', 8),        \
	    V4('M', 'N', 'O', 'P', 12), V4('Q', 'R', 'S', 'T', 16), V4('U', 'V', 'W', 'X', 20), \
	    V4('Y', 'Z', 'a', 'b', 24), V4('c', 'd', 'e', 'f', 28), V4('g', 'h', 'i', 'j', 32), \
	    V4('k', 'l', 'm', 'n', 36), V4('o', 'p', 'q', 'r', 40), V4('s', 't', 'u', 'v', 44), \
	    V4('w', 'x', 'y', 'z', 48), V4('0', '1', '2', '3', 52), V4('4', '5', '6', '7', 56), \
	    V('8', 60), V('9', 61)

static const struct base64 standard = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
	{ BASE64_COMMON, V('+', 62), V('/', 63) },
};
static const struct base64 url = {
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
	{ BASE64_COMMON, V('-', 62), V('_', 63) },
};

static int
base64_put(struct cw_buf *b, const void *data, size_t n, const char *alphabet, bool pad)
{
	const uint8_t *p = data;
	size_t out_len = n / 3 * 4 + (n % 3 == 0 ? 0 : pad ? 4 : n % 3 + 1);
	uint32_t bits;
	uint8_t *out;

	if (out_len > b->max - cw_buf_left(b))
		return CW_ELIMIT;
	if ((out = cw_buf_reserve(b, out_len)) == NULL)
		return CW_ENOMEM;
	for (; n >= 3; n -= 3, p += 3, out += 4) {
		bits = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
		out[0] = (uint8_t)alphabet[bits >> 18];
		out[1] = (uint8_t)alphabet[bits >> 12 & 63];
		out[2] = (uint8_t)alphabet[bits >> 6 & 63];
		out[3] = (uint8_t)alphabet[bits & 63];
	}
	if (n > 0) {
		bits = (uint32_t)p[0] << 16 | (n == 2 ? (uint32_t)p[1] << 8 : 0);
		*out++ = (uint8_t)alphabet[bits >> 18];
		*out++ = (uint8_t)alphabet[bits >> 12 & 63];
		if (n == 2)
			*out++ = (uint8_t)alphabet[bits >> 6 & 63];
		else if (pad)
			*out++ = '=';
		if (pad)
			*out++ = '=';
	}
	cw_buf_added(b, out_len);
	return CW_OK;
}

/* The end of a text that does not fill four characters: two make a byte, three make two. */
static int
base64_get_tail(uint8_t **out, const uint8_t *values, const unsigned char *text, size_t n)
{
	uint32_t bits = 0;
	uint8_t all = 0x40;

	for (size_t i = 0; i < n; i++) {
		all &= values[text[i]];
		bits = bits << 6 | (values[text[i]] & 63);
	}
	/* Bits that no encoder leaves would be a second spelling of the same bytes. */
	if (all == 0 || (bits & (n == 2 ? 15 : 3)) != 0)
		return CW_EINVAL;
	if (n == 3)
		*(*out)++ = (uint8_t)(bits >> 10);
	*(*out)++ = (uint8_t)(bits >> (n == 3 ? 2 : 4));
	return CW_OK;
}

static int
base64_get(struct cw_buf *b, const char *chars, size_t n, const uint8_t *values)
{
	const unsigned char *text = (const unsigned char *)chars;
	uint8_t *out, *start;

	if (n % 4 == 1)
		return CW_EINVAL;
	if (n / 4 * 3 + 3 > b->max - cw_buf_left(b))
		return CW_ELIMIT;
	if ((start = out = cw_buf_reserve(b, n / 4 * 3 + 3)) == NULL)
		return CW_ENOMEM;
	for (; n >= 4; n -= 4, text += 4, out += 3) {
		uint32_t v[4] = { values[text[0]], values[text[1]], values[text[2]],
			values[text[3]] };
		uint32_t bits =
		    (v[0] & 63) << 18 | (v[1] & 63) << 12 | (v[2] & 63) << 6 | (v[3] & 63);

		if ((v[0] & v[1] & v[2] & v[3]) == 0)
			return CW_EINVAL;
		out[0] = (uint8_t)(bits >> 16);
		out[1] = (uint8_t)(bits >> 8);
		out[2] = (uint8_t)bits;
	}
	if (n > 0 && base64_get_tail(&out, values, text, n) < 0)
		return CW_EINVAL;
	cw_buf_added(b, (size_t)(out - start));
	return CW_OK;
}

int
cw_base64_put(struct cw_buf *b, const void *p, size_t n)
{
	return base64_put(b, p, n, standard.characters, true);
}

int
cw_base64_get(struct cw_buf *b, const char *text, size_t n)
{
	if (n % 4 != 0)
		return CW_EINVAL;
	for (int i = 0; i < 2 && n > 0 && text[n - 1] == '='; i++)
		n--;
	return base64_get(b, text, n, standard.values);
}

int
cw_base64url_put(struct cw_buf *b, const void *p, size_t n)
{
	return base64_put(b, p, n, url.characters, false);
}

int
cw_base64url_get(struct cw_buf *b, const char *text, size_t n)
{
	return base64_get(b, text, n, url.values);
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
