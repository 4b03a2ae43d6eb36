/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLIXML to values: expat's events on a stack of open elements. What may stand in
 * what is the grammar's to say, what becomes of them the builder's.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/clixml.h"
#include "powershell/clixml_build.h"
#include "powershell/clixml_grammar.h"
#include "powershell/clixml_scalar.h"

#define TEXT_KEEP (64u * 1024u) /* bytes; a larger text's buffer is not kept */
struct open {
	enum cw_clixml_open kind;
	int detail; /* the element's */
	const char *name; /* of a value in its parent; static or in the arena */
	struct cw_ps_value *value; /* being built, or referred to */
	struct cw_ps_object *object; /* of OBJ, PROGRESS */
	size_t children; /* where they begin on the builder's stack */
	size_t ref_id; /* of TYPES */
	bool has_value; /* OBJ: its own value was there */
};

struct cw_clixml {
	XML_Parser parser;
	struct cw_ps_arena *arena;
	struct cw_err *err;
	int code; /* < 0 when the reading has failed */
	cw_clixml_each *each;
	void *each_arg;
	struct cw_clixml_build build;
	struct cw_buf text; /* of the open primitive */
	struct open stack[CW_CLIXML_DEPTH_MAX];
	size_t depth;
};

/* --- the end of a reading */

/* The first reason wins. */
static void
stop(struct cw_clixml *r, int code, const char *what, const char *detail)
{
	if (r->code < 0)
		return;
	r->code = cw_fail(r->err, code, "CLIXML line %lu column %lu: %s%s%.60s%s",
	    (unsigned long)XML_GetCurrentLineNumber(r->parser),
	    (unsigned long)XML_GetCurrentColumnNumber(r->parser), what,
	    detail[0] != '\0' ? " \"" : "", detail, detail[0] != '\0' ? "\"" : "");
	XML_StopParser(r->parser, XML_FALSE);
}

static void
full(struct cw_clixml *r)
{
	stop(r, CW_ELIMIT, "the values are larger than the limit", "");
}

/* Passes on what the builder says; true when it went well. */
static bool
built(struct cw_clixml *r, int code)
{
	if (code < 0)
		stop(r, code, r->build.why, r->build.detail);
	return code == CW_OK;
}

/* --- attributes */

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
	for (const char *p = text; *p != '\0'; p++) {
		if (*p < '0' || *p > '9') {
			stop(r, CW_EPROTO, "RefId is not a number:", text);
			return false;
		}
		id = id * 10 + (size_t)(*p - '0');
		if (id >= CW_CLIXML_REFS_MAX) {
			stop(r, CW_ELIMIT, "RefId past the limit:", text);
			return false;
		}
	}
	*ret = id;
	return true;
}

/* The N attribute, or NULL when there is none. */
static const char *
value_name(struct cw_clixml *r, const XML_Char **attributes)
{
	const char *n = attribute(attributes, "N");
	char *name;
	size_t len;

	if (n == NULL)
		return NULL;
	if ((name = cw_clixml_unescape(r->arena, n, strlen(n), &len)) == NULL)
		full(r);
	else if (strlen(name) != len)
		stop(r, CW_EPROTO, "a name holds a NUL", "");
	return name;
}

/* --- elements that begin */

static struct open *
top(struct cw_clixml *r)
{
	return &r->stack[r->depth - 1];
}

static enum cw_clixml_open
top_kind(struct cw_clixml *r)
{
	return r->depth > 0 ? top(r)->kind : CW_CLIXML_NOTHING;
}

static void
start_value(struct cw_clixml *r, struct open *o)
{
	if ((o->value = cw_ps_arena_alloc(r->arena, sizeof(*o->value))) == NULL)
		full(r);
	else
		o->value->kind = (enum cw_ps_kind)o->detail;
}

static void
start_object(struct cw_clixml *r, struct open *o)
{
	o->detail = CW_PS_OBJECT;
	start_value(r, o);
	if (o->value == NULL)
		return;
	if ((o->object = cw_ps_arena_alloc(r->arena, sizeof(*o->object))) == NULL)
		full(r);
	o->value->object = o->object;
}

static void
start_obj(struct cw_clixml *r, struct open *o, const XML_Char **attributes)
{
	size_t id;

	start_object(r, o);
	/* RefId is optional: an object that nothing refers to. */
	if (r->code == CW_OK && attribute(attributes, "RefId") != NULL &&
	    ref_id(r, attributes, &id))
		(void)built(r, cw_clixml_build_define(&r->build, id, o->value));
}

static void
start_ref(struct cw_clixml *r, struct open *o, const XML_Char **attributes)
{
	const struct cw_ps_value *value;
	size_t id;

	if (ref_id(r, attributes, &id) && built(r, cw_clixml_build_refer(&r->build, id, &value)))
		o->value = (struct cw_ps_value *)value;
}

static void
start_progress(struct cw_clixml *r, struct open *o)
{
	static const char *const types[] = { "System.Management.Automation.ProgressRecord" };

	start_object(r, o);
	if (r->code == CW_OK) {
		o->object->types = types;
		o->object->type_count = 1;
	}
}

/* TN and TNRef: an object has type names once. */
static void
start_types(struct cw_clixml *r, struct open *o, const XML_Char **attributes)
{
	struct cw_ps_object *object = o[-1].object; /* the grammar has seen to the parent */

	if (object->types != NULL)
		stop(r, CW_EPROTO, "an object has type names twice", "");
	else if (ref_id(r, attributes, &o->ref_id) && o->kind == CW_CLIXML_TYPES_REF)
		(void)built(r, cw_clixml_build_refer_types(&r->build, o->ref_id, object));
}

static void XMLCALL
start_element(void *arg, const XML_Char *name, const XML_Char **attributes)
{
	struct cw_clixml *r = arg;
	const struct cw_clixml_element *e = cw_clixml_element(name, top_kind(r));
	struct open *o;

	if (r->code < 0)
		return;
	cw_buf_clear(&r->text);
	if (e == NULL) {
		stop(r, CW_EPROTO, "this element may not stand here:", name);
		return;
	}
	if (r->depth == CW_CLIXML_DEPTH_MAX) {
		stop(r, CW_ELIMIT, "elements are nested too deep", "");
		return;
	}
	o = &r->stack[r->depth++];
	*o = (struct open){ .kind = e->open, .detail = e->detail, .children = r->build.count };
	o->name = e->parents == CW_CLIXML_IN_VALUES ? value_name(r, attributes) : e->property;
	switch (e->open) {
	case CW_CLIXML_PRIMITIVE: start_value(r, o); break;
	case CW_CLIXML_NIL: o->value = (struct cw_ps_value *)cw_ps_null(); break;
	case CW_CLIXML_REF: start_ref(r, o, attributes); break;
	case CW_CLIXML_OBJ: start_obj(r, o, attributes); break;
	case CW_CLIXML_PROGRESS: start_progress(r, o); break;
	case CW_CLIXML_TYPES:
	case CW_CLIXML_TYPES_REF: start_types(r, o, attributes); break;
	default: break;
	}
}

/* --- elements that end */

static void
attach_to_object(struct cw_clixml *r, struct open *parent, const struct cw_ps_value *value)
{
	const struct cw_ps_object *object = parent->object;

	if (parent->has_value)
		stop(r, CW_EPROTO, "an object has two values", "");
	else if (value->object != NULL)
		stop(r, CW_EPROTO, "an object's value is an object", "");
	else {
		*parent->value = *value;
		parent->value->object = object;
		parent->has_value = true;
	}
}

/* A finished value goes to whatever it stands in. */
static void
attach(struct cw_clixml *r, const char *name, const struct cw_ps_value *value)
{
	enum cw_clixml_section section = CW_CLIXML_NONE;

	if (r->code < 0)
		return;
	switch (top_kind(r)) {
	case CW_CLIXML_NOTHING:
	case CW_CLIXML_DOCUMENT:
		if ((r->code = r->each(r->each_arg, value)) < 0)
			XML_StopParser(r->parser, XML_FALSE);
		return;
	case CW_CLIXML_OBJ: attach_to_object(r, top(r), value); return;
	case CW_CLIXML_PROPS:
	case CW_CLIXML_PROGRESS: section = CW_CLIXML_ADAPTED; break;
	case CW_CLIXML_MS: section = CW_CLIXML_EXTENDED; break;
	default: break;
	}
	(void)built(r, cw_clixml_build_push(&r->build, section, name, value));
}

static void
end_primitive(struct cw_clixml *r, const struct open *o)
{
	const char *text = (const char *)cw_buf_peek(&r->text);
	struct cw_err why = { 0 };
	int code;

	/* What a secure string holds is nobody's: not even its encrypted form is kept. */
	if (o->value->kind == CW_PS_SECURE_STRING)
		cw_wipe(r->text.data, r->text.len);
	else if ((code = cw_clixml_scalar(o->value, r->arena, text, cw_buf_left(&r->text), &why)) <
	    0)
		stop(r, code, why.text, "");
	attach(r, o->name, o->value);
}

static void
end_words(struct cw_clixml *r, const struct open *o)
{
	struct cw_ps_object *object = o[-1].object;
	size_t len;
	char *text = cw_clixml_unescape(
	    r->arena, (const char *)cw_buf_peek(&r->text), cw_buf_left(&r->text), &len);

	if (text == NULL)
		full(r);
	else if (o->kind == CW_CLIXML_TYPE)
		(void)built(r, cw_clixml_build_push(&r->build, CW_CLIXML_NONE, text, NULL));
	else if (object->to_string != NULL)
		stop(r, CW_EPROTO, "an object has two ToString", "");
	else
		object->to_string = text;
}

static void
end_object(struct cw_clixml *r, const struct open *o)
{
	if (built(r, cw_clixml_build_object(&r->build, o->children, o->object)))
		attach(r, o->name, o->value);
}

static void
end_list(struct cw_clixml *r, const struct open *o)
{
	struct cw_ps_value v;

	if (built(r,
		cw_clixml_build_list(&r->build, o->children, (enum cw_ps_list_kind)o->detail, &v)))
		attach(r, NULL, &v);
}

static void
end_map(struct cw_clixml *r, const struct open *o)
{
	struct cw_ps_value v;

	if (built(r, cw_clixml_build_map(&r->build, o->children, &v)))
		attach(r, NULL, &v);
}

static void XMLCALL
end_element(void *arg, const XML_Char *name)
{
	struct cw_clixml *r = arg;
	const struct open *o;

	(void)name;
	if (r->code < 0)
		return;
	o = top(r); /* stays readable: nothing is pushed before the next element begins */
	r->depth--;
	switch (o->kind) {
	case CW_CLIXML_PRIMITIVE: end_primitive(r, o); break;
	case CW_CLIXML_NIL:
	case CW_CLIXML_REF: attach(r, o->name, o->value); break;
	case CW_CLIXML_OBJ:
	case CW_CLIXML_PROGRESS: end_object(r, o); break;
	case CW_CLIXML_TYPES:
		(void)built(
		    r, cw_clixml_build_types(&r->build, o->children, o->ref_id, o[-1].object));
		break;
	case CW_CLIXML_TYPE:
	case CW_CLIXML_TO_STRING: end_words(r, o); break;
	case CW_CLIXML_LIST: end_list(r, o); break;
	case CW_CLIXML_MAP: end_map(r, o); break;
	case CW_CLIXML_ENTRY: (void)built(r, cw_clixml_build_pair(&r->build, o->children)); break;
	case CW_CLIXML_NOTHING:
	case CW_CLIXML_TYPES_REF:
	case CW_CLIXML_PROPS:
	case CW_CLIXML_MS:
	case CW_CLIXML_DOCUMENT: break;
	}
	cw_buf_clear(&r->text);
}

/* --- text */

static bool
is_space(const XML_Char *s, int len)
{
	for (int i = 0; i < len; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r' && s[i] != '\n')
			return false;
	return true;
}

static void XMLCALL
character_data(void *arg, const XML_Char *s, int len)
{
	struct cw_clixml *r = arg;
	enum cw_clixml_open kind = top_kind(r);

	if (r->code < 0)
		return;
	if (kind == CW_CLIXML_PRIMITIVE || kind == CW_CLIXML_TYPE || kind == CW_CLIXML_TO_STRING) {
		if (cw_buf_put(&r->text, s, (size_t)len) < 0)
			stop(r, CW_ELIMIT, "a text is larger than the limit", "");
	} else if (!is_space(s, len)) {
		stop(r, CW_EPROTO, "text where none may be", "");
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

/* --- one text */

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
	cw_clixml_build_free(&r->build);
	free(r);
}

/* The encoding is ours to say, not the text's: UTF-8, or UTF-16 where a byte order mark shows it.
 */
static const char *
encoding(const uint8_t *p, size_t n)
{
	if (n >= 2 && ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return "UTF-16";
	return "UTF-8";
}

static void
begin(struct cw_clixml *r, struct cw_ps_arena *arena, const char *code, struct cw_err *err)
{
	(void)XML_ParserReset(r->parser, code);
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, start_element, end_element);
	XML_SetCharacterDataHandler(r->parser, character_data);
	XML_SetStartDoctypeDeclHandler(r->parser, start_doctype);
	if (r->text.cap > TEXT_KEEP)
		cw_buf_free_secret(&r->text);
	r->text.max = CW_PS_ARENA_MAX;
	cw_clixml_build_begin(&r->build, arena);
	r->arena = arena;
	r->err = err;
	r->code = CW_OK;
	r->depth = 0;
}

static bool
parse(struct cw_clixml *r, const char *p, size_t n, bool last)
{
	return XML_Parse(r->parser, p, (int)n, last) != XML_STATUS_ERROR;
}

/*
 * .NET writes U+FFFE and U+FFFF as references, which XML has no place for: no parser takes them.
 * CLIXML's own escape says the same.
 */
static bool
parse_all(struct cw_clixml *r, const char *p, size_t n)
{
	static const char reference[] = "&#xFFF";
	const char *at = p, *end = p + n;

	while ((at = memchr(at, '&', (size_t)(end - at))) != NULL) {
		if (end - at < 8 || memcmp(at, reference, 6) != 0 ||
		    (at[6] != 'E' && at[6] != 'F') || at[7] != ';') {
			at++;
			continue;
		}
		if (!parse(r, p, (size_t)(at - p), false) ||
		    !parse(r, at[6] == 'E' ? "_xFFFE_" : "_xFFFF_", 7, false))
			return false;
		p = at += 8;
	}
	return parse(r, p, (size_t)(end - p), true);
}

int
cw_clixml_read_each(struct cw_clixml *r, struct cw_ps_arena *arena, const void *xml, size_t n,
    cw_clixml_each *each, void *arg, struct cw_err *err)
{
	if (n > INT_MAX)
		return cw_fail(err, CW_ELIMIT, "CLIXML of %zu bytes", n);
	begin(r, arena, encoding(xml, n), err);
	r->each = each;
	r->each_arg = arg;
	if (!parse_all(r, xml, n) && r->code == CW_OK)
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
