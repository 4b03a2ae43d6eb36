/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_VALUE_H
#define CW_PS_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * PowerShell values as data: what CLIXML ([MS-PSRP] 2.2.5) can carry, typed.
 *
 * Values live in an arena, one per message: nothing is freed alone, all of it
 * goes with cw_ps_arena_reset(). Strings are UTF-8 with a NUL behind them; a
 * text may hold a NUL itself, so its length counts.
 */
#define CW_PS_ARENA_MAX (64u * 1024u * 1024u) /* bytes, default limit of one message's values */

struct cw_ps_arena;

int cw_ps_arena_new(struct cw_ps_arena **ret, size_t max /* bytes */);
void cw_ps_arena_free(struct cw_ps_arena *arena); /* ok on NULL */
void cw_ps_arena_reset(
    struct cw_ps_arena *arena); /* values die, the first block is kept, all is wiped */
/* Zeroed memory, aligned for any type; NULL past the limit or when memory ends. */
void *cw_ps_arena_alloc(struct cw_ps_arena *arena, size_t n);
char *cw_ps_arena_strndup(struct cw_ps_arena *arena, const char *s, size_t n);

enum cw_ps_kind {
	CW_PS_NULL,
	CW_PS_BOOL, /* .boolean */
	CW_PS_CHAR, /* .u64, a UTF-16 code unit */
	CW_PS_I8, /* the signed ones: .i64 */
	CW_PS_I16,
	CW_PS_I32,
	CW_PS_I64,
	CW_PS_U8, /* the unsigned ones: .u64 */
	CW_PS_U16,
	CW_PS_U32,
	CW_PS_U64,
	CW_PS_SINGLE, /* .real */
	CW_PS_DOUBLE, /* .real */
	CW_PS_STRING, /* from here: .text */
	CW_PS_DECIMAL, /* decimal digits, sign, point */
	CW_PS_TIMESPAN, /* xs:duration */
	CW_PS_GUID, /* 8-4-4-4-12, lower case */
	CW_PS_VERSION,
	CW_PS_URI,
	CW_PS_XML,
	CW_PS_SCRIPTBLOCK, /* text; read, never sent */
	CW_PS_DATETIME, /* .date */
	CW_PS_BYTES, /* .bytes */
	CW_PS_SECURE_STRING, /* .bytes: to be written, the plain UTF-8; as read, nothing (NULL) */
	CW_PS_LIST, /* .list */
	CW_PS_MAP, /* .map */
	CW_PS_OBJECT, /* no value of its own: .object alone */
};

enum cw_ps_list_kind { CW_PS_ARRAY, CW_PS_ENUMERABLE, CW_PS_STACK, CW_PS_QUEUE };
enum cw_ps_date_kind { CW_PS_DATE_UNSPECIFIED, CW_PS_DATE_UTC, CW_PS_DATE_OFFSET };

struct cw_ps_value;

struct cw_ps_property {
	const char *name;
	const struct cw_ps_value *value;
	bool extended; /* from MS (a note), not Props (the adapted object) */
};

/* What an <Obj> adds to its value. */
struct cw_ps_object {
	const char *const *types; /* most derived first */
	size_t type_count;
	const char *to_string; /* NULL when absent */
	const struct cw_ps_property *properties; /* no name twice, in any case of its letters */
	size_t property_count;
};

struct cw_ps_pair {
	const struct cw_ps_value *key, *value;
};

struct cw_ps_value {
	enum cw_ps_kind kind;
	const struct cw_ps_object *object; /* NULL for a bare primitive */
	union {
		bool boolean;
		int64_t i64;
		uint64_t u64;
		double real;
		struct {
			const char *data;
			size_t len; /* bytes */
		} text;
		struct {
			const uint8_t *data;
			size_t len; /* bytes */
		} bytes;
		struct {
			int64_t ticks; /* of 100 ns since 0001-01-01T00:00:00, as written (before
					  its offset) */
			enum cw_ps_date_kind kind;
			int offset_min; /* east of UTC, for CW_PS_DATE_OFFSET */
		} date;
		struct {
			const struct cw_ps_value *const *items;
			size_t count;
			enum cw_ps_list_kind kind;
		} list;
		struct {
			const struct cw_ps_pair *pairs;
			size_t count;
		} map;
	};
};

#define CW_PS_TICKS_PER_SECOND INT64_C(10000000)
#define CW_PS_UNIX_EPOCH_TICKS INT64_C(621355968000000000)

/* --- making values: each NULL when the arena is full */
const struct cw_ps_value *cw_ps_null(void); /* static */
struct cw_ps_value *cw_ps_bool(struct cw_ps_arena *arena, bool v);
struct cw_ps_value *cw_ps_int(struct cw_ps_arena *arena, enum cw_ps_kind kind, int64_t v);
struct cw_ps_value *cw_ps_string(struct cw_ps_arena *arena, const char *s);
struct cw_ps_value *cw_ps_text(
    struct cw_ps_arena *arena, enum cw_ps_kind kind, const char *s, size_t n);
struct cw_ps_value *cw_ps_secure(struct cw_ps_arena *arena, const void *utf8, size_t n);
struct cw_ps_value *cw_ps_date_from_unix_ms(struct cw_ps_arena *arena, int64_t unix_ms);
/* items and pairs are borrowed: put them into the same arena. */
struct cw_ps_value *cw_ps_list(
    struct cw_ps_arena *arena, const struct cw_ps_value *const *items, size_t count);
struct cw_ps_value *cw_ps_map(
    struct cw_ps_arena *arena, const struct cw_ps_pair *pairs, size_t count);

/* --- looking at values; NULL in, nothing found out */
/* A property by name, letters in any case as PowerShell compares. */
const struct cw_ps_value *cw_ps_get(const struct cw_ps_value *v, const char *name);
/* Walks the path a, b, ... (NULL-terminated). */
const struct cw_ps_value *cw_ps_path(const struct cw_ps_value *v, const char *const *names);
const char *cw_ps_str(
    const struct cw_ps_value *v); /* of a string, or an object's ToString; NULL otherwise */
bool cw_ps_to_int(
    const struct cw_ps_value *v, int64_t *ret); /* of any integer kind that fits, and of enums */
bool cw_ps_is_enum(const struct cw_ps_value *v);
/* True when one of the type names is exactly this, with or without "Deserialized." before it. */
bool cw_ps_is_type(const struct cw_ps_value *v, const char *type);

#endif
