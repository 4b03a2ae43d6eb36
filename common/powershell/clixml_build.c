/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Children to properties, lists, maps and type names.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "powershell/clixml_build.h"

#define TABLE_MIN 64u /* elements */
#define TABLE_KEEP \
	(64u * 1024u) /* bytes; a table that grew past this is not kept for the next text */

struct cw_clixml_entry {
	const char *name; /* NULL for an item */
	const struct cw_ps_value *value;
	uint32_t hash; /* of the lower-case name */
	enum cw_clixml_section section;
};

struct cw_clixml_types {
	const char *const *names; /* NULL: no such RefId */
	size_t count;
};

static int
refuse(struct cw_clixml_build *b, int code, const char *why, const char *detail)
{
	b->why = why;
	b->detail = detail;
	return code;
}

static int
full(struct cw_clixml_build *b)
{
	return refuse(b, CW_ELIMIT, "the values are larger than the limit", "");
}

/* Doubles a table until it holds `need` elements; what is new is zero, and untouched where the
 * system gives zeroed pages: a large RefId alone costs nothing. */
static int
grow(struct cw_clixml_build *b, void **table, size_t *room, size_t need, size_t element)
{
	size_t n = *room != 0 ? *room : TABLE_MIN;
	void *p;

	while (n < need)
		n *= 2;
	if (n == *room)
		return CW_OK;
	if ((p = calloc(n, element)) == NULL)
		return refuse(b, CW_ENOMEM, "out of memory", "");
	if (*room > 0)
		memcpy(p, *table, *room * element);
	free(*table);
	*table = p;
	*room = n;
	return CW_OK;
}

/* Zeroes the elements in use, or gives up a table that is too large to keep. */
static void
empty(void **table, size_t *room, size_t used, size_t element)
{
	if (*room * element > TABLE_KEEP) {
		free(*table);
		*table = NULL;
		*room = 0;
	} else if (used > 0) {
		memset(*table, 0, used * element);
	}
}

void
cw_clixml_build_begin(struct cw_clixml_build *b, struct cw_ps_arena *arena)
{
	empty((void **)&b->entries, &b->room, 0, sizeof(*b->entries));
	empty((void **)&b->refs, &b->ref_room, b->ref_used, sizeof(*b->refs));
	empty((void **)&b->types, &b->type_room, b->type_used, sizeof(*b->types));
	empty((void **)&b->slots, &b->slot_room, 0, sizeof(*b->slots));
	b->count = b->ref_used = b->type_used = 0;
	b->arena = arena;
	b->why = b->detail = "";
}

void
cw_clixml_build_free(struct cw_clixml_build *b)
{
	free(b->entries);
	free(b->refs);
	free(b->types);
	free(b->slots);
	*b = (struct cw_clixml_build){ 0 };
}

/* --- names */

static uint32_t
hash_step(uint32_t h, unsigned char c)
{
	return (h ^ c) * 16777619u; /* FNV-1a */
}

static uint32_t
hash_name(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = hash_step(h, (unsigned char)(*s >= 'A' && *s <= 'Z' ? *s + ('a' - 'A') : *s));
	return h;
}

static uint32_t
hash_text(const char *s, size_t n)
{
	uint32_t h = 2166136261u;

	while (n-- > 0)
		h = hash_step(h, (unsigned char)*s++);
	return h;
}

/*
 * A hash table for one pass over n names: slots hold index + 1, at most half of them. Honest names
 * take less than two steps each; made ones, all in one slot, would take n, so steps are counted.
 */
struct pass {
	uint32_t *slots;
	size_t mask, steps;
};

static int
pass_begin(struct cw_clixml_build *b, struct pass *pass, size_t n)
{
	size_t size = TABLE_MIN;
	int r;

	while (size < 2 * n)
		size *= 2;
	if ((r = grow(b, (void **)&b->slots, &b->slot_room, size, sizeof(*b->slots))) < 0)
		return r;
	memset(b->slots, 0, size * sizeof(*b->slots));
	*pass = (struct pass){ b->slots, size - 1, 16 * n + 1024 };
	return CW_OK;
}

/* Goes from slot to slot with a hash's possible equals: *ret is the next one's index. False at the
 * free slot that ends them, which *at then is, or when the steps are used up. */
static bool
pass_next(struct pass *pass, size_t *at, size_t *ret)
{
	*at &= pass->mask;
	if (pass->slots[*at] == 0 || pass->steps == 0)
		return false;
	*ret = pass->slots[(*at)++] - 1;
	pass->steps--;
	return true;
}

static int
pass_put(struct cw_clixml_build *b, struct pass *pass, size_t at, size_t index)
{
	if (pass->steps == 0)
		return refuse(b, CW_ELIMIT, "names that are made to collide", "");
	pass->slots[at] = (uint32_t)index + 1;
	return CW_OK;
}

/*
 * Of the n properties: the same name twice in a section is refused (the engine would take the
 * last, others the first); a note hides the adapted property of its name, which loses its value
 * here. *hidden counts those.
 */
static int
settle_names(struct cw_clixml_build *b, struct cw_clixml_entry *e, size_t n, size_t *hidden)
{
	struct pass pass;
	int r = pass_begin(b, &pass, n);

	for (size_t i = 0; i < n && r == CW_OK; i++) {
		size_t at = e[i].hash, other = 0;

		while (pass_next(&pass, &at, &other)) {
			if (e[other].hash != e[i].hash || !cw_strcaseeq(e[other].name, e[i].name))
				continue;
			if (e[other].section == e[i].section)
				return refuse(b, CW_EPROTO, "a property appears twice:", e[i].name);
			e[e[i].section == CW_CLIXML_ADAPTED ? i : other].value = NULL;
			(*hidden)++;
		}
		r = pass_put(b, &pass, at, i);
	}
	return r;
}

/* No string may be the key of two pairs: as a JSON object they would be one. */
static int
check_keys(struct cw_clixml_build *b, const struct cw_ps_pair *pairs, size_t n)
{
	struct pass pass;
	int r = pass_begin(b, &pass, n);

	for (size_t i = 0; i < n && r == CW_OK; i++) {
		const struct cw_ps_value *key = pairs[i].key;
		size_t at, other = 0;

		if (key->kind != CW_PS_STRING || key->object != NULL)
			continue;
		at = hash_text(key->text.data, key->text.len);
		while (pass_next(&pass, &at, &other)) {
			const struct cw_ps_value *seen = pairs[other].key;

			if (seen->text.len == key->text.len &&
			    memcmp(seen->text.data, key->text.data, key->text.len) == 0)
				return refuse(b, CW_EPROTO,
				    "a dictionary's key appears twice:", key->text.data);
		}
		r = pass_put(b, &pass, at, i);
	}
	return r;
}

/* --- children to values */

int
cw_clixml_build_push(struct cw_clixml_build *b, enum cw_clixml_section section, const char *name,
    const struct cw_ps_value *value)
{
	int r;

	if (section != CW_CLIXML_NONE && name == NULL)
		return refuse(b, CW_EPROTO, "a property has no N attribute", "");
	if (b->count == CW_CLIXML_ENTRIES_MAX)
		return refuse(b, CW_ELIMIT, "too many values", "");
	if ((r = grow(b, (void **)&b->entries, &b->room, b->count + 1, sizeof(*b->entries))) < 0)
		return r;
	b->entries[b->count++] = (struct cw_clixml_entry){ .name = name,
		.value = value,
		.hash = section != CW_CLIXML_NONE ? hash_name(name) : 0,
		.section = section };
	return CW_OK;
}

int
cw_clixml_build_object(struct cw_clixml_build *b, size_t first, struct cw_ps_object *object)
{
	size_t n = b->count - first, hidden = 0, kept = 0;
	struct cw_ps_property *properties;
	struct cw_clixml_entry *e;
	int r;

	if (n == 0)
		return CW_OK;
	e = &b->entries[first];
	if (n > CW_CLIXML_PROPERTIES_MAX)
		return refuse(b, CW_ELIMIT, "an object has too many properties", "");
	if ((r = settle_names(b, e, n, &hidden)) < 0)
		return r;
	if ((properties = cw_ps_arena_alloc(b->arena, (n - hidden) * sizeof(*properties))) == NULL)
		return full(b);
	for (size_t i = 0; i < n; i++)
		if (e[i].value != NULL)
			properties[kept++] = (struct cw_ps_property){ e[i].name, e[i].value,
				e[i].section == CW_CLIXML_EXTENDED };
	object->properties = properties;
	object->property_count = kept;
	b->count = first;
	return CW_OK;
}

int
cw_clixml_build_list(
    struct cw_clixml_build *b, size_t first, enum cw_ps_list_kind kind, struct cw_ps_value *ret)
{
	size_t n = b->count - first;
	const struct cw_ps_value **items =
	    cw_ps_arena_alloc(b->arena, n * sizeof(struct cw_ps_value *));

	if (items == NULL)
		return full(b);
	for (size_t i = 0; i < n; i++)
		items[i] = b->entries[first + i].value;
	b->count = first;
	*ret = (struct cw_ps_value){ .kind = CW_PS_LIST, .list = { items, n, kind } };
	return CW_OK;
}

int
cw_clixml_build_pair(struct cw_clixml_build *b, size_t first)
{
	const struct cw_clixml_entry *e = b->count - first == 2 ? &b->entries[first] : NULL;

	if (e == NULL || e[0].name == NULL || e[1].name == NULL || strcmp(e[0].name, "Key") != 0 ||
	    strcmp(e[1].name, "Value") != 0)
		return refuse(b, CW_EPROTO,
		    "a dictionary's entry is one value named Key and one named Value", "");
	return CW_OK;
}

int
cw_clixml_build_map(struct cw_clixml_build *b, size_t first, struct cw_ps_value *ret)
{
	size_t n = (b->count - first) / 2;
	struct cw_ps_pair *pairs = cw_ps_arena_alloc(b->arena, n * sizeof(*pairs));
	int r;

	if (pairs == NULL)
		return full(b);
	for (size_t i = 0; i < n; i++) {
		pairs[i].key = b->entries[first + 2 * i].value;
		pairs[i].value = b->entries[first + 2 * i + 1].value;
	}
	if ((r = check_keys(b, pairs, n)) < 0)
		return r;
	b->count = first;
	*ret = (struct cw_ps_value){ .kind = CW_PS_MAP, .map = { pairs, n } };
	return CW_OK;
}

int
cw_clixml_build_types(
    struct cw_clixml_build *b, size_t first, size_t ref_id, struct cw_ps_object *object)
{
	size_t n = b->count - first;
	const char **names;
	int r;

	if (n > CW_CLIXML_TYPES_MAX)
		return refuse(b, CW_ELIMIT, "an object has too many type names", "");
	if ((r = grow(b, (void **)&b->types, &b->type_room, ref_id + 1, sizeof(*b->types))) < 0)
		return r;
	if (b->types[ref_id].names != NULL)
		return refuse(b, CW_EPROTO, "two lists of type names have the same RefId", "");
	if ((names = cw_ps_arena_alloc(b->arena, n * sizeof(*names))) == NULL)
		return full(b);
	for (size_t i = 0; i < n; i++)
		names[i] = b->entries[first + i].name;
	b->count = first;
	b->types[ref_id] = (struct cw_clixml_types){ names, n };
	b->type_used = ref_id >= b->type_used ? ref_id + 1 : b->type_used;
	object->types = names;
	object->type_count = n;
	return CW_OK;
}

/* --- references */

int
cw_clixml_build_define(struct cw_clixml_build *b, size_t ref_id, const struct cw_ps_value *value)
{
	int r;

	if ((r = grow(b, (void **)&b->refs, &b->ref_room, ref_id + 1, sizeof(*b->refs))) < 0)
		return r;
	if (b->refs[ref_id] != NULL)
		return refuse(b, CW_EPROTO, "two objects have the same RefId", "");
	b->refs[ref_id] = value;
	b->ref_used = ref_id >= b->ref_used ? ref_id + 1 : b->ref_used;
	return CW_OK;
}

int
cw_clixml_build_refer(struct cw_clixml_build *b, size_t ref_id, const struct cw_ps_value **ret)
{
	if (ref_id >= b->ref_used || b->refs[ref_id] == NULL)
		return refuse(
		    b, CW_EPROTO, "a reference to an object that was not there before", "");
	*ret = b->refs[ref_id];
	return CW_OK;
}

int
cw_clixml_build_refer_types(struct cw_clixml_build *b, size_t ref_id, struct cw_ps_object *object)
{
	if (ref_id >= b->type_used || b->types[ref_id].names == NULL)
		return refuse(
		    b, CW_EPROTO, "a reference to type names that were not there before", "");
	object->types = b->types[ref_id].names;
	object->type_count = b->types[ref_id].count;
	return CW_OK;
}
