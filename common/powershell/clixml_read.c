/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLIXML to values: expat's events on a stack of open elements. Children are
 * kept on one shared stack of entries and moved into the arena when their
 * parent ends, so that nothing is allocated twice.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/clixml.h"
#include "powershell/clixml_scalar.h"

#define PROPERTIES_MAX 8192 /* of one object: duplicates are looked for by comparing all pairs */
#define ENTRIES_MAX 4000000u /* open children in one text */
#define TYPES_MAX 64 /* type names of one object */

enum open_kind {
	OPEN_PRIMITIVE,
	OPEN_OBJ,
	OPEN_TYPES, /* TN */
	OPEN_TYPE, /* T */
	OPEN_EMPTY, /* TNRef, Ref, Nil: no content allowed */
	OPEN_TO_STRING,
	OPEN_ADAPTED, /* Props */
	OPEN_EXTENDED, /* MS */
	OPEN_LIST,
	OPEN_MAP,
	OPEN_ENTRY, /* En */
	OPEN_DOCUMENT, /* Objs */
};

struct open {
	enum open_kind kind;
	const char *name; /* of the value, its N attribute; in the arena */
	struct cw_ps_value *value; /* being built: primitive, Obj */
	struct cw_ps_object *object; /* of an OPEN_OBJ */
	size_t entries; /* where this element's children begin on the entry stack */
	size_t mark; /* OPEN_OBJ: has_base; OPEN_TYPES: its RefId + 1 */
};

/* A child on its way into its parent: a property, an item, or half of a pair. */
struct entry {
	const char *name;
	uint32_t hash; /* of the lower-case name */
	bool extended;
	const struct cw_ps_value *value;
};

struct types {
	const char *const *names;
	size_t count;
};

struct cw_clixml {
	XML_Parser parser;
	struct cw_ps_arena *arena;
	struct cw_err *err;
	int code; /* < 0 when the reading has failed */
	cw_clixml_each *each;
	void *each_arg;
	size_t values; /* top-level values given out */

	struct open stack[CW_CLIXML_DEPTH_MAX];
	size_t depth;
	struct entry *entries;
	size_t entry_count, entry_room;
	const struct cw_ps_value **refs; /* by RefId */
	size_t ref_room, ref_used;
	struct types *types; /* by RefId */
	size_t type_room, type_used;
	struct cw_buf text; /* of the open primitive */
};

/* Elements with a value, in the order of how often a directory's objects use them. */
static const struct {
	const char *name;
	enum open_kind open;
	enum cw_ps_kind kind;
} elements[] = {
	{ "S", OPEN_PRIMITIVE, CW_PS_STRING },
	{ "Nil", OPEN_EMPTY, CW_PS_NULL },
	{ "B", OPEN_PRIMITIVE, CW_PS_BOOL },
	{ "I32", OPEN_PRIMITIVE, CW_PS_I32 },
	{ "Obj", OPEN_OBJ, CW_PS_OBJECT },
	{ "DT", OPEN_PRIMITIVE, CW_PS_DATETIME },
	{ "G", OPEN_PRIMITIVE, CW_PS_GUID },
	{ "I64", OPEN_PRIMITIVE, CW_PS_I64 },
	{ "Ref", OPEN_EMPTY, CW_PS_OBJECT },
	{ "BA", OPEN_PRIMITIVE, CW_PS_BYTES },
	{ "C", OPEN_PRIMITIVE, CW_PS_CHAR },
	{ "Db", OPEN_PRIMITIVE, CW_PS_DOUBLE },
	{ "Sg", OPEN_PRIMITIVE, CW_PS_SINGLE },
	{ "D", OPEN_PRIMITIVE, CW_PS_DECIMAL },
	{ "TS", OPEN_PRIMITIVE, CW_PS_TIMESPAN },
	{ "Version", OPEN_PRIMITIVE, CW_PS_VERSION },
	{ "URI", OPEN_PRIMITIVE, CW_PS_URI },
	{ "XD", OPEN_PRIMITIVE, CW_PS_XML },
	{ "SBK", OPEN_PRIMITIVE, CW_PS_SCRIPTBLOCK },
	{ "SS", OPEN_PRIMITIVE, CW_PS_SECURE_STRING },
	{ "U32", OPEN_PRIMITIVE, CW_PS_U32 },
	{ "U64", OPEN_PRIMITIVE, CW_PS_U64 },
	{ "U16", OPEN_PRIMITIVE, CW_PS_U16 },
	{ "I16", OPEN_PRIMITIVE, CW_PS_I16 },
	{ "By", OPEN_PRIMITIVE, CW_PS_U8 },
	{ "SB", OPEN_PRIMITIVE, CW_PS_I8 },
	{ "BI", OPEN_PRIMITIVE, CW_PS_BIGINT },
};

/* Ends the reading; the first reason wins. */
static int
stop(struct cw_clixml *r, int code, const char *what, const char *detail)
{
	if (r->code == CW_OK) {
		r->code = cw_fail(r->err, code, "CLIXML line %lu column %lu: %s%s%.60s%s",
		    (unsigned long)XML_GetCurrentLineNumber(r->parser),
		    (unsigned long)XML_GetCurrentColumnNumber(r->parser), what,
		    detail[0] != '\0' ? " \"" : "", detail, detail[0] != '\0' ? "\"" : "");
		XML_StopParser(r->parser, XML_FALSE);
	}
	return r->code;
}

static int
full(struct cw_clixml *r)
{
	return stop(r, CW_ELIMIT, "the values are larger than the limit", "");
}

/* Doubles a table so that it holds at least need elements. */
static int
grow(void **table, size_t *room, size_t need, size_t element)
{
	size_t n = *room ? *room : 64;
	void *p;

	while (n < need)
		n *= 2;
	if (n == *room)
		return CW_OK;
	if ((p = realloc(*table, n * element)) == NULL)
		return CW_ENOMEM;
	memset((char *)p + *room * element, 0, (n - *room) * element);
	*table = p;
	*room = n;
	return CW_OK;
}

static const char *
attribute(const XML_Char **attributes, const char *name)
{
	for (; *attributes != NULL; attributes += 2)
		if (strcmp(attributes[0], name) == 0)
			return attributes[1];
	return NULL;
}

/* The RefId attribute; false after an error. */
static bool
ref_id(struct cw_clixml *r, const XML_Char **attributes, size_t *ret)
{
	const char *text = attribute(attributes, "RefId");
	size_t id = 0;

	if (text == NULL || *text == '\0') {
		stop(r, CW_EPROTO, "RefId is missing", "");
		return false;
	}
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9') {
			stop(
			    r, CW_EPROTO, "RefId is not a number:", attribute(attributes, "RefId"));
			return false;
		}
		id = id * 10 + (size_t)(*text - '0');
		if (id >= CW_CLIXML_REFS_MAX) {
			stop(r, CW_ELIMIT, "RefId past the limit:", attribute(attributes, "RefId"));
			return false;
		}
	}
	*ret = id;
	return true;
}

static uint32_t
hash_name(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (uint32_t)(unsigned char)(*s >= 'A' && *s <= 'Z' ? *s + 32 : *s)) *
		    16777619u;
	return h;
}

static int
push_entry(struct cw_clixml *r, const char *name, bool extended, const struct cw_ps_value *value)
{
	if (r->entry_count == ENTRIES_MAX)
		return stop(r, CW_ELIMIT, "too many values", "");
	if (grow((void **)&r->entries, &r->entry_room, r->entry_count + 1, sizeof(*r->entries)) < 0)
		return stop(r, CW_ENOMEM, "out of memory", "");
	r->entries[r->entry_count++] =
	    (struct entry){ name, name != NULL ? hash_name(name) : 0, extended, value };
	return CW_OK;
}

static int
push_property(struct cw_clixml *r, const struct open *section, const char *name,
    const struct cw_ps_value *value)
{
	bool extended = section->kind == OPEN_EXTENDED;
	uint32_t h;

	if (name == NULL)
		return stop(r, CW_EPROTO, "a property has no N attribute", "");
	if (r->entry_count - section->entries >= PROPERTIES_MAX)
		return stop(r, CW_ELIMIT, "an object has too many properties", "");
	h = hash_name(name);
	for (size_t i = section->entries; i < r->entry_count; i++)
		if (r->entries[i].hash == h && cw_strcaseeq(r->entries[i].name, name))
			return stop(r, CW_EPROTO, "a property appears twice:", name);
	return push_entry(r, name, extended, value);
}

/* A finished value goes to whatever it stands in. */
static int
attach(struct cw_clixml *r, const char *name, const struct cw_ps_value *value)
{
	struct open *parent;

	if (r->depth == 0 || r->stack[r->depth - 1].kind == OPEN_DOCUMENT) {
		r->values++;
		if (r->code == CW_OK && (r->code = r->each(r->each_arg, value)) < 0)
			XML_StopParser(r->parser, XML_FALSE);
		return r->code;
	}
	parent = &r->stack[r->depth - 1];
	switch (parent->kind) {
	case OPEN_OBJ: {
		const struct cw_ps_object *object = parent->value->object;

		if (parent->mark++ > 0)
			return stop(r, CW_EPROTO, "an object has two values", "");
		if (value->object != NULL)
			return stop(r, CW_EPROTO, "an object's value is an object", "");
		*parent->value = *value;
		parent->value->object = object;
		return CW_OK;
	}
	case OPEN_ADAPTED:
	case OPEN_EXTENDED: return push_property(r, parent, name, value);
	case OPEN_LIST: return push_entry(r, NULL, false, value);
	case OPEN_ENTRY:
		if (name == NULL)
			return stop(
			    r, CW_EPROTO, "a dictionary's key or value has no N attribute", "");
		return push_entry(r, name, false, value);
	default: return stop(r, CW_EPROTO, "a value where none may be", "");
	}
}

static struct open *
push(struct cw_clixml *r, enum open_kind kind, const char *name)
{
	struct open *o;

	if (r->depth == CW_CLIXML_DEPTH_MAX) {
		stop(r, CW_ELIMIT, "elements are nested too deep", "");
		return NULL;
	}
	o = &r->stack[r->depth++];
	*o = (struct open){ .kind = kind, .name = name, .entries = r->entry_count };
	return o;
}

static bool
holds_values(const struct cw_clixml *r)
{
	if (r->depth == 0)
		return r->values == 0;
	switch (r->stack[r->depth - 1].kind) {
	case OPEN_OBJ:
	case OPEN_ADAPTED:
	case OPEN_EXTENDED:
	case OPEN_LIST:
	case OPEN_ENTRY:
	case OPEN_DOCUMENT: return true;
	default: return false;
	}
}

static const char *
value_name(struct cw_clixml *r, const XML_Char **attributes)
{
	const char *n = attribute(attributes, "N");
	char *name;
	size_t len;

	if (n == NULL)
		return NULL;
	if ((name = cw_clixml_unescape(r->arena, n, strlen(n), &len)) == NULL) {
		full(r);
		return NULL;
	}
	if (strlen(name) != len)
		stop(r, CW_EPROTO, "a name holds a NUL", "");
	return name;
}

static void
start_obj(struct cw_clixml *r, struct open *o, const XML_Char **attributes)
{
	size_t id;

	o->value = cw_ps_arena_alloc(r->arena, sizeof(*o->value));
	o->object = cw_ps_arena_alloc(r->arena, sizeof(*o->object));
	if (o->value == NULL || o->object == NULL) {
		full(r);
		return;
	}
	o->value->kind = CW_PS_OBJECT;
	o->value->object = o->object;
	if (attribute(attributes, "RefId") == NULL)
		return; /* optional: an object that nothing refers to */
	if (!ref_id(r, attributes, &id))
		return;
	if (grow((void **)&r->refs, &r->ref_room, id + 1, sizeof(*r->refs)) < 0)
		stop(r, CW_ENOMEM, "out of memory", "");
	else if (r->refs[id] != NULL)
		stop(r, CW_EPROTO, "two objects have the same RefId", "");
	else {
		r->refs[id] = o->value;
		r->ref_used = id >= r->ref_used ? id + 1 : r->ref_used;
	}
}

static void
start_ref(struct cw_clixml *r, struct open *o, const XML_Char **attributes)
{
	size_t id;

	if (!ref_id(r, attributes, &id))
		return;
	if (id >= r->ref_used || r->refs[id] == NULL)
		stop(r, CW_EPROTO, "a reference to an object that was not there before", "");
	else
		o->value = (struct cw_ps_value *)r->refs[id];
}

/* TN and TNRef belong to an object and come at most once. */
static struct cw_ps_object *
types_owner(struct cw_clixml *r)
{
	struct open *parent = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;

	if (parent == NULL || parent->kind != OPEN_OBJ || parent->object->types != NULL) {
		stop(r, CW_EPROTO, "type names where none may be", "");
		return NULL;
	}
	return parent->object;
}

static void
start_types(struct cw_clixml *r, const XML_Char **attributes)
{
	struct open *o;
	size_t id;

	if (types_owner(r) == NULL || !ref_id(r, attributes, &id))
		return;
	if (grow((void **)&r->types, &r->type_room, id + 1, sizeof(*r->types)) < 0)
		stop(r, CW_ENOMEM, "out of memory", "");
	else if (r->types[id].names != NULL)
		stop(r, CW_EPROTO, "two lists of type names have the same RefId", "");
	else if ((o = push(r, OPEN_TYPES, NULL)) != NULL) {
		o->mark = id;
		r->type_used = id >= r->type_used ? id + 1 : r->type_used;
	}
}

static void
start_types_ref(struct cw_clixml *r, const XML_Char **attributes)
{
	struct cw_ps_object *object = types_owner(r);
	struct open *o;
	size_t id;

	if (object == NULL || !ref_id(r, attributes, &id))
		return;
	if (id >= r->type_used || r->types[id].names == NULL) {
		stop(r, CW_EPROTO, "a reference to type names that were not there before", "");
		return;
	}
	object->types = r->types[id].names;
	object->type_count = r->types[id].count;
	if ((o = push(r, OPEN_EMPTY, NULL)) != NULL)
		o->value = NULL;
}

/* The elements that are parts of others; false when the name is none of them. */
static bool
start_part(struct cw_clixml *r, const char *element, const XML_Char **attributes)
{
	static const struct {
		const char *name;
		enum open_kind kind, parent;
		enum cw_ps_list_kind list;
	} parts[] = {
		{ "T", OPEN_TYPE, OPEN_TYPES, 0 },
		{ "MS", OPEN_EXTENDED, OPEN_OBJ, 0 },
		{ "Props", OPEN_ADAPTED, OPEN_OBJ, 0 },
		{ "ToString", OPEN_TO_STRING, OPEN_OBJ, 0 },
		{ "LST", OPEN_LIST, OPEN_OBJ, CW_PS_ARRAY },
		{ "DCT", OPEN_MAP, OPEN_OBJ, 0 },
		{ "En", OPEN_ENTRY, OPEN_MAP, 0 },
		{ "IE", OPEN_LIST, OPEN_OBJ, CW_PS_ENUMERABLE },
		{ "STK", OPEN_LIST, OPEN_OBJ, CW_PS_STACK },
		{ "QUE", OPEN_LIST, OPEN_OBJ, CW_PS_QUEUE },
	};
	struct open *o;

	if (strcmp(element, "TN") == 0) {
		start_types(r, attributes);
		return true;
	}
	if (strcmp(element, "TNRef") == 0) {
		start_types_ref(r, attributes);
		return true;
	}
	for (size_t i = 0; i < CW_COUNT(parts); i++) {
		if (strcmp(element, parts[i].name) != 0)
			continue;
		if (r->depth == 0 || r->stack[r->depth - 1].kind != parts[i].parent)
			stop(r, CW_EPROTO, "this element may not stand here:", element);
		else if ((o = push(r, parts[i].kind, NULL)) != NULL)
			o->mark = parts[i].list;
		return true;
	}
	return false;
}

static void XMLCALL
start_element(void *arg, const XML_Char *element, const XML_Char **attributes)
{
	struct cw_clixml *r = arg;
	struct open *o;
	size_t i;

	if (r->code < 0)
		return;
	cw_buf_clear(&r->text);
	for (i = 0; i < CW_COUNT(elements) && strcmp(element, elements[i].name) != 0; i++)
		;
	if (i == CW_COUNT(elements)) {
		if (strcmp(element, "Objs") == 0 && r->depth == 0 && r->values == 0)
			(void)push(r, OPEN_DOCUMENT, NULL);
		else if (!start_part(r, element, attributes))
			stop(r, CW_EPROTO, "no such element:", element);
		return;
	}
	if (!holds_values(r)) {
		stop(r, CW_EPROTO, "a value may not stand here:", element);
		return;
	}
	if ((o = push(r, elements[i].open, value_name(r, attributes))) == NULL || r->code < 0)
		return;
	if (elements[i].open == OPEN_OBJ)
		start_obj(r, o, attributes);
	else if (elements[i].open == OPEN_EMPTY && elements[i].kind == CW_PS_OBJECT)
		start_ref(r, o, attributes);
	else if (elements[i].open == OPEN_EMPTY)
		o->value = (struct cw_ps_value *)cw_ps_null();
	else if ((o->value = cw_ps_arena_alloc(r->arena, sizeof(*o->value))) == NULL)
		full(r);
	else
		o->value->kind = elements[i].kind;
}

static void
end_types(struct cw_clixml *r, const struct open *o)
{
	size_t n = r->entry_count - o->entries;
	struct cw_ps_object *object = r->stack[r->depth - 1].object;
	const char **names = cw_ps_arena_alloc(r->arena, (n + 1) * sizeof(*names));

	if (names == NULL) {
		full(r);
		return;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = r->entries[o->entries + i].name;
	r->entry_count = o->entries;
	r->types[o->mark] = (struct types){ names, n };
	object->types = names;
	object->type_count = n;
}

static void
end_obj(struct cw_clixml *r, const struct open *o)
{
	size_t n = r->entry_count - o->entries;
	struct cw_ps_property *properties;

	if (n > 0) {
		if ((properties = cw_ps_arena_alloc(r->arena, n * sizeof(*properties))) == NULL) {
			full(r);
			return;
		}
		for (size_t i = 0; i < n; i++) {
			const struct entry *e = &r->entries[o->entries + i];

			properties[i] = (struct cw_ps_property){ e->name, e->value, e->extended };
		}
		o->object->properties = properties;
		o->object->property_count = n;
	}
	r->entry_count = o->entries;
	attach(r, o->name, o->value);
}

static void
end_list(struct cw_clixml *r, const struct open *o)
{
	size_t n = r->entry_count - o->entries;
	const struct cw_ps_value **items = cw_ps_arena_alloc(r->arena, (n + 1) * sizeof(*items));
	struct cw_ps_value list = { .kind = CW_PS_LIST };

	if (items == NULL) {
		full(r);
		return;
	}
	for (size_t i = 0; i < n; i++)
		items[i] = r->entries[o->entries + i].value;
	r->entry_count = o->entries;
	list.list.items = items;
	list.list.count = n;
	list.list.kind = (enum cw_ps_list_kind)o->mark;
	attach(r, NULL, &list);
}

/* En: one Key and one Value; they stay on the stack as two entries until the map ends. */
static void
end_entry(struct cw_clixml *r, const struct open *o)
{
	struct entry *e = r->entries + o->entries;

	if (r->entry_count - o->entries != 2)
		stop(r, CW_EPROTO, "a dictionary's entry needs one Key and one Value", "");
	else if (strcmp(e[0].name, "Key") != 0 || strcmp(e[1].name, "Value") != 0)
		stop(r, CW_EPROTO,
		    "a dictionary's entry has something other than Key and Value:", e[0].name);
}

static void
end_map(struct cw_clixml *r, const struct open *o)
{
	size_t n = (r->entry_count - o->entries) / 2;
	struct cw_ps_pair *pairs = cw_ps_arena_alloc(r->arena, (n + 1) * sizeof(*pairs));
	struct cw_ps_value map = { .kind = CW_PS_MAP };

	if (pairs == NULL) {
		full(r);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		pairs[i].key = r->entries[o->entries + 2 * i].value;
		pairs[i].value = r->entries[o->entries + 2 * i + 1].value;
	}
	r->entry_count = o->entries;
	map.map.pairs = pairs;
	map.map.count = n;
	attach(r, NULL, &map);
}

static void
end_primitive(struct cw_clixml *r, const struct open *o)
{
	struct cw_err why = { 0 };
	int code = cw_clixml_scalar(
	    o->value, r->arena, (const char *)cw_buf_peek(&r->text), cw_buf_left(&r->text), &why);

	if (code < 0)
		stop(r, code, why.text, "");
	else
		attach(r, o->name, o->value);
}

static void
end_name(struct cw_clixml *r, const struct open *o)
{
	size_t len;
	char *text = cw_clixml_unescape(
	    r->arena, (const char *)cw_buf_peek(&r->text), cw_buf_left(&r->text), &len);
	struct open *parent = &r->stack[r->depth - 1];

	if (text == NULL)
		full(r);
	else if (o->kind == OPEN_TYPE && r->entry_count - parent->entries == TYPES_MAX)
		stop(r, CW_ELIMIT, "an object has too many type names", "");
	else if (o->kind == OPEN_TYPE)
		(void)push_entry(r, text, false, NULL);
	else if (parent->object->to_string != NULL)
		stop(r, CW_EPROTO, "an object has two ToString", "");
	else
		parent->object->to_string = text;
}

static void XMLCALL
end_element(void *arg, const XML_Char *element)
{
	struct cw_clixml *r = arg;
	struct open o;

	(void)element;
	if (r->code < 0)
		return;
	o = r->stack[--r->depth];
	switch (o.kind) {
	case OPEN_PRIMITIVE: end_primitive(r, &o); break;
	case OPEN_EMPTY:
		if (o.value != NULL)
			attach(r, o.name, o.value);
		break;
	case OPEN_OBJ: end_obj(r, &o); break;
	case OPEN_TYPES: end_types(r, &o); break;
	case OPEN_TYPE:
	case OPEN_TO_STRING: end_name(r, &o); break;
	case OPEN_LIST: end_list(r, &o); break;
	case OPEN_MAP: end_map(r, &o); break;
	case OPEN_ENTRY: end_entry(r, &o); break;
	case OPEN_ADAPTED:
	case OPEN_EXTENDED:
	case OPEN_DOCUMENT: break;
	}
	cw_buf_clear(&r->text);
}

static void XMLCALL
character_data(void *arg, const XML_Char *s, int len)
{
	struct cw_clixml *r = arg;
	enum open_kind kind;

	if (r->code < 0)
		return;
	kind = r->depth > 0 ? r->stack[r->depth - 1].kind : OPEN_DOCUMENT;
	if (kind == OPEN_PRIMITIVE || kind == OPEN_TYPE || kind == OPEN_TO_STRING) {
		if (cw_buf_put(&r->text, s, (size_t)len) < 0)
			stop(r, CW_ELIMIT, "a text is larger than the limit", "");
		return;
	}
	for (int i = 0; i < len; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' && s[i] != '\n') {
			stop(r, CW_EPROTO, "text where none may be", "");
			return;
		}
}

static void XMLCALL
start_doctype(
    void *arg, const XML_Char *name, const XML_Char *system, const XML_Char *public, int has_subset)
{
	(void)system;
	(void)public;
	(void)has_subset;
	stop(arg, CW_EPROTO, "a document type is not allowed:", name);
}

int
cw_clixml_new(struct cw_clixml **ret)
{
	struct cw_clixml *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return CW_ENOMEM;
	if ((r->parser = XML_ParserCreate("UTF-8")) == NULL) {
		free(r);
		return CW_ENOMEM;
	}
	*ret = r;
	return CW_OK;
}

void
cw_clixml_free(struct cw_clixml *r)
{
	if (r == NULL)
		return;
	XML_ParserFree(r->parser);
	cw_buf_free_secret(&r->text);
	free(r->entries);
	free(r->refs);
	free(r->types);
	free(r);
}

static void
begin(struct cw_clixml *r, struct cw_ps_arena *arena, cw_clixml_each *each, void *arg,
    struct cw_err *err)
{
	(void)XML_ParserReset(r->parser, "UTF-8");
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, start_element, end_element);
	XML_SetCharacterDataHandler(r->parser, character_data);
	XML_SetStartDoctypeDeclHandler(r->parser, start_doctype);
	r->arena = arena;
	r->err = err;
	r->each = each;
	r->each_arg = arg;
	r->code = CW_OK;
	r->values = r->depth = r->entry_count = 0;
	if (r->ref_used > 0)
		memset(r->refs, 0, r->ref_used * sizeof(*r->refs));
	if (r->type_used > 0)
		memset(r->types, 0, r->type_used * sizeof(*r->types));
	r->ref_used = r->type_used = 0;
	r->text.max = CW_PS_ARENA_MAX;
}

int
cw_clixml_read_each(struct cw_clixml *r, struct cw_ps_arena *arena, const void *xml, size_t n,
    cw_clixml_each *each, void *arg, struct cw_err *err)
{
	begin(r, arena, each, arg, err);
	if (n > INT_MAX)
		return cw_fail(err, CW_ELIMIT, "CLIXML of %zu bytes", n);
	if (XML_Parse(r->parser, xml, (int)n, XML_TRUE) == XML_STATUS_ERROR && r->code == CW_OK)
		r->code = cw_fail(err, CW_EPROTO, "CLIXML line %lu column %lu: %s",
		    (unsigned long)XML_GetCurrentLineNumber(r->parser),
		    (unsigned long)XML_GetCurrentColumnNumber(r->parser),
		    XML_ErrorString(XML_GetErrorCode(r->parser)));
	return r->code;
}

struct one {
	const struct cw_ps_value *value;
	struct cw_err *err;
};

static int
keep_one(void *arg, const struct cw_ps_value *value)
{
	struct one *one = arg;

	if (one->value != NULL)
		return cw_fail(one->err, CW_EPROTO, "CLIXML: more than one value");
	one->value = value;
	return CW_OK;
}

int
cw_clixml_read(struct cw_clixml *r, const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const void *xml, size_t n, struct cw_err *err)
{
	struct one one = { NULL, err };
	int code = cw_clixml_read_each(r, arena, xml, n, keep_one, &one, err);

	if (code < 0)
		return code;
	if (one.value == NULL)
		return cw_fail(err, CW_EPROTO, "CLIXML: no value");
	*ret = one.value;
	return CW_OK;
}
