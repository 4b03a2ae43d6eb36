/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena and the values in it.
 */
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "powershell/value.h"

#define BLOCK_SIZE (16u * 1024u) /* bytes; larger requests get a block of their own */
#define FIRST_SIZE (2u * 1024u) /* bytes: what an arena that is not in use keeps */

struct block {
	struct block *next;
	size_t used, size; /* bytes of data[] */
	alignas(max_align_t) uint8_t data[];
};

struct cw_ps_arena {
	struct block *first, *last;
	size_t total, max; /* bytes */
};

int
cw_ps_arena_new(struct cw_ps_arena **ret, size_t max)
{
	struct cw_ps_arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return CW_ENOMEM;
	a->max = max;
	*ret = a;
	return CW_OK;
}

static void
blocks_free(struct block *b)
{
	while (b != NULL) {
		struct block *next = b->next;

		cw_wipe(b->data, b->used);
		free(b);
		b = next;
	}
}

void
cw_ps_arena_free(struct cw_ps_arena *arena)
{
	if (arena == NULL)
		return;
	blocks_free(arena->first);
	free(arena);
}

void
cw_ps_arena_reset(struct cw_ps_arena *arena)
{
	struct block *b = arena->first;

	if (b == NULL)
		return;
	blocks_free(b->next);
	if (b->size > FIRST_SIZE) { /* an unusually large first one is not kept */
		blocks_free(b);
		arena->first = arena->last = NULL;
		arena->total = 0;
		return;
	}
	cw_wipe(b->data, b->used);
	b->next = NULL;
	b->used = 0;
	arena->last = b;
	arena->total = b->size;
}

void *
cw_ps_arena_alloc(struct cw_ps_arena *arena, size_t n)
{
	const size_t align = alignof(max_align_t);
	struct block *b = arena->last;
	size_t size;
	void *p;

	if (n > arena->max)
		return NULL;
	n = (n + align - 1) / align * align;
	if (b == NULL || n > b->size - b->used) {
		size = n > BLOCK_SIZE / 4          ? n
		    : b == NULL && n <= FIRST_SIZE ? FIRST_SIZE
						   : BLOCK_SIZE;
		if (size > arena->max - arena->total)
			size = n;
		if (size > arena->max - arena->total || (b = calloc(1, sizeof(*b) + size)) == NULL)
			return NULL;
		b->size = size;
		arena->total += size;
		if (arena->last == NULL)
			arena->first = b;
		else
			arena->last->next = b;
		arena->last = b;
	}
	p = b->data + b->used;
	b->used += n;
	return p;
}

char *
cw_ps_arena_strndup(struct cw_ps_arena *arena, const char *s, size_t n)
{
	char *copy = cw_ps_arena_alloc(arena, n + 1);

	if (copy != NULL && n > 0)
		memcpy(copy, s, n);
	return copy;
}

static struct cw_ps_value *
make(struct cw_ps_arena *arena, enum cw_ps_kind kind)
{
	struct cw_ps_value *v = cw_ps_arena_alloc(arena, sizeof(*v));

	if (v != NULL)
		v->kind = kind;
	return v;
}

const struct cw_ps_value *
cw_ps_null(void)
{
	static const struct cw_ps_value null = { .kind = CW_PS_NULL };

	return &null;
}

struct cw_ps_value *
cw_ps_bool(struct cw_ps_arena *arena, bool b)
{
	struct cw_ps_value *v = make(arena, CW_PS_BOOL);

	if (v != NULL)
		v->boolean = b;
	return v;
}

struct cw_ps_value *
cw_ps_int(struct cw_ps_arena *arena, enum cw_ps_kind kind, int64_t n)
{
	struct cw_ps_value *v = make(arena, kind);

	if (v != NULL)
		v->i64 = n; /* the unsigned member shares these bits */
	return v;
}

struct cw_ps_value *
cw_ps_text(struct cw_ps_arena *arena, enum cw_ps_kind kind, const char *s, size_t n)
{
	struct cw_ps_value *v = make(arena, kind);

	if (v == NULL || (v->text.data = cw_ps_arena_strndup(arena, s, n)) == NULL)
		return NULL;
	v->text.len = n;
	return v;
}

struct cw_ps_value *
cw_ps_string(struct cw_ps_arena *arena, const char *s)
{
	return cw_ps_text(arena, CW_PS_STRING, s, strlen(s));
}

struct cw_ps_value *
cw_ps_secure(struct cw_ps_arena *arena, const void *utf8, size_t n)
{
	struct cw_ps_value *v = make(arena, CW_PS_SECURE_STRING);

	if (v == NULL || (v->bytes.data = (uint8_t *)cw_ps_arena_strndup(arena, utf8, n)) == NULL)
		return NULL;
	v->bytes.len = n;
	return v;
}

struct cw_ps_value *
cw_ps_date_from_unix_ms(struct cw_ps_arena *arena, int64_t unix_ms)
{
	struct cw_ps_value *v = make(arena, CW_PS_DATETIME);

	if (v != NULL) {
		v->date.ticks = CW_PS_UNIX_EPOCH_TICKS + unix_ms * (CW_PS_TICKS_PER_SECOND / 1000);
		v->date.kind = CW_PS_DATE_UTC;
	}
	return v;
}

struct cw_ps_value *
cw_ps_list(struct cw_ps_arena *arena, const struct cw_ps_value *const *items, size_t count)
{
	struct cw_ps_value *v = make(arena, CW_PS_LIST);

	if (v != NULL) {
		v->list.items = items;
		v->list.count = count;
	}
	return v;
}

struct cw_ps_value *
cw_ps_map(struct cw_ps_arena *arena, const struct cw_ps_pair *pairs, size_t count)
{
	struct cw_ps_value *v = make(arena, CW_PS_MAP);

	if (v != NULL) {
		v->map.pairs = pairs;
		v->map.count = count;
	}
	return v;
}

const struct cw_ps_value *
cw_ps_get(const struct cw_ps_value *v, const char *name)
{
	if (v == NULL || v->object == NULL)
		return NULL;
	for (size_t i = 0; i < v->object->property_count; i++)
		if (cw_strcaseeq(v->object->properties[i].name, name))
			return v->object->properties[i].value;
	return NULL;
}

const struct cw_ps_value *
cw_ps_path(const struct cw_ps_value *v, const char *const *names)
{
	for (; v != NULL && *names != NULL; names++)
		v = cw_ps_get(v, *names);
	return v;
}

const char *
cw_ps_str(const struct cw_ps_value *v)
{
	if (v == NULL)
		return NULL;
	if (v->kind >= CW_PS_STRING && v->kind <= CW_PS_SCRIPTBLOCK)
		return v->text.data;
	return v->object != NULL ? v->object->to_string : NULL;
}

bool
cw_ps_to_int(const struct cw_ps_value *v, int64_t *ret)
{
	if (v == NULL || v->kind < CW_PS_I8 || v->kind > CW_PS_U64)
		return false;
	if (v->kind >= CW_PS_U8 && v->u64 > INT64_MAX)
		return false;
	*ret = v->i64;
	return true;
}

bool
cw_ps_is_type(const struct cw_ps_value *v, const char *type)
{
	static const char deserialized[] = "Deserialized.";

	if (v == NULL || v->object == NULL)
		return false;
	for (size_t i = 0; i < v->object->type_count; i++) {
		const char *name = v->object->types[i];

		if (cw_starts_with(name, deserialized))
			name += sizeof(deserialized) - 1;
		if (strcmp(name, type) == 0)
			return true;
	}
	return false;
}

bool
cw_ps_is_enum(const struct cw_ps_value *v)
{
	return v != NULL && v->kind >= CW_PS_I8 && v->kind <= CW_PS_U64 &&
	    cw_ps_is_type(v, "System.Enum");
}
