/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_STR_H
#define CW_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * Small work on text and its encodings: UTF-8, base64, hex, UUIDs, comparison
 * without telling the time. No locale anywhere.
 */
#define CW_HOST_MAX 254u /* bytes of a host's name, with its NUL */
#define CW_UUID_TEXT 37 /* bytes of "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" with its NUL */

/* A heap copy, or NULL when memory ends (or s is NULL). The caller frees. */
char *cw_strdup(const char *s);
char *cw_strndup(const char *s, size_t n);

bool cw_streq(const char *a, const char *b); /* NULL equals only NULL */
bool cw_strcaseeq(const char *a, const char *b); /* ASCII letters only */
bool cw_starts_with(const char *s, const char *prefix);
/* The name or IPv4 address of a host as RFC 1123 writes it: letters, digits, '-' and '.'. */
bool cw_is_host(const char *name);

/* Equal, in a time that depends on n alone. */
bool cw_const_eq(const void *a, const void *b, size_t n);
/* Overwrites n bytes; the compiler may not leave it out. */
void cw_wipe(void *p, size_t n);

/* True when n bytes are well-formed UTF-8 (no surrogates, no overlong forms, up to U+10FFFF). */
bool cw_utf8_valid(const char *s, size_t n);
/* The longest length <= n at which s can be cut without splitting a character. */
size_t cw_utf8_cut(const char *s, size_t n);
/* The character at s, of n > 0 bytes. Returns how many of them it takes, 0: not well-formed. */
size_t cw_utf8_get(uint32_t *ret, const char *s, size_t n);
/* What a terminal, a log or a reader takes for something else than text: control characters (C0,
 * DEL, C1), ends of lines and paragraphs, and what turns the direction of writing. */
bool cw_is_unprintable(uint32_t cp);
/* Well-formed, and nothing unprintable in it. */
bool cw_utf8_is_line(const char *s, size_t n);
/* Makes one line of it, in place: bytes of unprintable characters become c, bytes that are not
 * UTF-8 question marks. */
void cw_utf8_flatten(char *text, char c);
/* Appends code point cp as UTF-8. CW_EINVAL for a surrogate or past U+10FFFF. */
int cw_utf8_put(struct cw_buf *b, uint32_t cp);

/* RFC 4648. Encoders append; decoders are strict (canonical padding, no white space), append the
 * bytes, and return CW_EINVAL with b as it was when the text is not well-formed. */
int cw_base64_put(struct cw_buf *b, const void *p, size_t n);
int cw_base64_get(struct cw_buf *b, const char *text, size_t n);
int cw_base64url_put(struct cw_buf *b, const void *p, size_t n); /* no padding */
int cw_base64url_get(struct cw_buf *b, const char *text, size_t n);
int cw_hex_put(struct cw_buf *b, const void *p, size_t n); /* lower case */

/* Text of 16 bytes in network order (RFC 9562), lower case, into ret[CW_UUID_TEXT]. */
void cw_uuid_text(char ret[CW_UUID_TEXT], const uint8_t uuid[16]);
/* Reads 8-4-4-4-12, any case, exact length n = 36. CW_EINVAL otherwise. */
int cw_uuid_parse(uint8_t ret[16], const char *text, size_t n);
/* .NET writes a Guid's first three fields little-endian: swaps between that and network order. */
void cw_uuid_swap(uint8_t uuid[16]);

#endif
