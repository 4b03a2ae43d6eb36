/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values to CLIXML. Written from our own value model and nothing else: types are
 * named only where the engine's binder needs them.
 */
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "powershell/clixml.h"

struct writer {
	struct cw_buf *out;
	const struct cw_clixml_secret *secret;
	struct cw_clixml_relay *relay; /* NULL: for an engine that is asked to do something */
	struct cw_err *err;
	unsigned next_ref; /* RefIds of objects and of type lists, one count for both */
	unsigned depth;
};

static int write_value(struct writer *w, const char *name, const struct cw_ps_value *v);

/* The code point at s (n bytes left, valid UTF-8) and its length. */
static uint32_t
code_point(const char *s, size_t *ret_len)
{
	const uint8_t *p = (const uint8_t *)s;

	if (p[0] < 0x80) {
		*ret_len = 1;
		return p[0];
	}
	if (p[0] < 0xe0) {
		*ret_len = 2;
		return (uint32_t)(p[0] & 0x1f) << 6 | (p[1] & 0x3f);
	}
	if (p[0] < 0xf0) {
		*ret_len = 3;
		return (uint32_t)(p[0] & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
	}
	*ret_len = 4;
	return (uint32_t)(p[0] & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
	    (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

static const char *
xml_escape(uint32_t cp)
{
	switch (cp) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	default: return NULL;
	}
}

int
cw_clixml_put_text(struct cw_buf *out, const char *s, size_t n)
{
	size_t from = 0, len;
	int r = CW_OK;

	if (!cw_utf8_valid(s, n))
		return CW_EINVAL;
	for (size_t i = 0; i < n && r == CW_OK; i += len) {
		uint32_t cp = code_point(s + i, &len);
		const char *escape = xml_escape(cp);
		/* "_x" would read as the start of an escape; control characters and what XML has no
		 * place for. */
		bool coded = cp < 0x20 || (cp >= 0x7f && cp <= 0x9f) || cp == 0xfffe ||
		    cp == 0xffff ||
		    (cp == '_' && i + 1 < n && (s[i + 1] == 'x' || s[i + 1] == 'X'));

		if (escape == NULL && !coded)
			continue;
		if ((r = cw_buf_put(out, s + from, i - from)) < 0)
			break;
		r = escape != NULL ? cw_buf_puts(out, escape) : cw_buf_printf(out, "_x%04X_", cp);
		from = i + len;
	}
	return r < 0 ? r : cw_buf_put(out, s + from, n - from);
}

/* The N attribute, where there is a name. */
static int
put_name(struct writer *w, const char *name)
{
	int r;

	if (name == NULL)
		return CW_OK;
	if ((r = cw_buf_puts(w->out, " N=\"")) < 0 ||
	    (r = cw_clixml_put_text(w->out, name, strlen(name))) < 0)
		return r;
	return cw_buf_putc(w->out, '"');
}

static int
open_tag(struct writer *w, const char *element, const char *name)
{
	int r;

	if ((r = cw_buf_putc(w->out, '<')) < 0 || (r = cw_buf_puts(w->out, element)) < 0 ||
	    (r = put_name(w, name)) < 0)
		return r;
	return cw_buf_putc(w->out, '>');
}

static int
close_tag(struct writer *w, const char *element)
{
	int r;

	if ((r = cw_buf_puts(w->out, "</")) < 0 || (r = cw_buf_puts(w->out, element)) < 0)
		return r;
	return cw_buf_putc(w->out, '>');
}

static int
text_element(struct writer *w, const char *element, const char *name, const char *s, size_t n)
{
	int r;

	if ((r = open_tag(w, element, name)) < 0 || (r = cw_clixml_put_text(w->out, s, n)) < 0)
		return r;
	return close_tag(w, element);
}

static int
real_element(struct writer *w, const char *element, const char *name, double v, int digits)
{
	char text[40];

	if (v != v)
		(void)snprintf(text, sizeof(text), "NaN");
	else if (v > DBL_MAX || v < -DBL_MAX)
		(void)snprintf(text, sizeof(text), v > 0 ? "INF" : "-INF");
	else
		(void)snprintf(text, sizeof(text), "%.*G", digits, v);
	return text_element(w, element, name, text, strlen(text));
}

/* xs:dateTime of the wall clock's time, with Z, an offset, or neither. */
static int
date_element(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	int64_t seconds = v->date.ticks / CW_PS_TICKS_PER_SECOND -
	    CW_PS_UNIX_EPOCH_TICKS / CW_PS_TICKS_PER_SECOND;
	int64_t fraction = v->date.ticks % CW_PS_TICKS_PER_SECOND;
	unsigned offset = (unsigned)abs(v->date.offset_min);
	char whole[CW_TIME_TEXT], zone[16] = "", text[64];

	cw_time_text(whole, seconds * 1000);
	if (v->date.kind == CW_PS_DATE_UTC)
		(void)snprintf(zone, sizeof(zone), "Z");
	else if (v->date.kind == CW_PS_DATE_OFFSET)
		(void)snprintf(zone, sizeof(zone), "%c%02u:%02u",
		    v->date.offset_min < 0 ? '-' : '+', offset / 60 % 24, offset % 60);
	if (fraction != 0)
		(void)snprintf(text, sizeof(text), "%.19s.%07" PRId64 "%s", whole, fraction, zone);
	else
		(void)snprintf(text, sizeof(text), "%.19s%s", whole, zone);
	return text_element(w, "DT", name, text, strlen(text));
}

static int
base64_element(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	int r;

	if ((r = open_tag(w, "BA", name)) < 0 ||
	    (r = cw_base64_put(w->out, v->bytes.data, v->bytes.len)) < 0)
		return r;
	return close_tag(w, "BA");
}

static int write_nil(struct writer *w, const char *name);

static int
secure_element(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	int r;

	if (w->relay != NULL)
		return write_nil(w, name);
	if (v->bytes.data == NULL)
		return cw_fail(w->err, CW_EINVAL,
		    "a secure string that was read cannot be sent: its text is not kept");
	if (w->secret == NULL)
		return cw_fail(w->err, CW_EINVAL,
		    "a secure string cannot be sent before the session key is there");
	if ((r = open_tag(w, "SS", name)) < 0 ||
	    (r = w->secret->encrypt(w->secret->arg, w->out, v->bytes.data, v->bytes.len, w->err)) <
		0)
		return r;
	return close_tag(w, "SS");
}

static int
open_obj(struct writer *w, const char *name, const char *const *types)
{
	struct cw_buf *out = w->out;
	int r;

	if ((r = cw_buf_puts(out, "<Obj")) < 0 || (r = put_name(w, name)) < 0 ||
	    (r = cw_buf_printf(out, " RefId=\"%u\">", w->next_ref++)) < 0 || types == NULL)
		return r;
	if ((r = cw_buf_printf(out, "<TN RefId=\"%u\">", w->next_ref++)) < 0)
		return r;
	for (; *types != NULL; types++)
		if ((r = cw_buf_puts(out, "<T>")) < 0 ||
		    (r = cw_clixml_put_text(out, *types, strlen(*types))) < 0 ||
		    (r = cw_buf_puts(out, "</T>")) < 0)
			return r;
	return cw_buf_puts(out, "</TN>");
}

static int
write_list(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	static const char *const types[] = { "System.Object[]", "System.Array", "System.Object",
		NULL };
	int r;

	if ((r = open_obj(w, name, types)) < 0 || (r = cw_buf_puts(w->out, "<LST>")) < 0)
		return r;
	for (size_t i = 0; i < v->list.count; i++)
		if ((r = write_value(w, NULL, v->list.items[i])) < 0)
			return r;
	return cw_buf_puts(w->out, "</LST></Obj>");
}

static int
write_map(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	static const char *const types[] = { "System.Collections.Hashtable", "System.Object",
		NULL };
	int r;

	if ((r = open_obj(w, name, types)) < 0 || (r = cw_buf_puts(w->out, "<DCT>")) < 0)
		return r;
	for (size_t i = 0; i < v->map.count; i++)
		if ((r = cw_buf_puts(w->out, "<En>")) < 0 ||
		    (r = write_value(w, "Key", v->map.pairs[i].key)) < 0 ||
		    (r = write_value(w, "Value", v->map.pairs[i].value)) < 0 ||
		    (r = cw_buf_puts(w->out, "</En>")) < 0)
			return r;
	return cw_buf_puts(w->out, "</DCT></Obj>");
}

/* A property bag. Its type names are not sent: some make the engine build a live object of that
 * type. */
static int
write_object(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	int r;

	if ((r = open_obj(w, name, NULL)) < 0 || (r = cw_buf_puts(w->out, "<MS>")) < 0)
		return r;
	for (size_t i = 0; v->object != NULL && i < v->object->property_count; i++)
		if ((r = write_value(
			 w, v->object->properties[i].name, v->object->properties[i].value)) < 0)
			return r;
	return cw_buf_puts(w->out, "</MS></Obj>");
}

static int
write_integer(struct writer *w, const char *element, const char *name, const struct cw_ps_value *v)
{
	char text[24];

	if (v->kind >= CW_PS_U8 || v->kind == CW_PS_CHAR)
		(void)snprintf(text, sizeof(text), "%" PRIu64, v->u64);
	else
		(void)snprintf(text, sizeof(text), "%" PRId64, v->i64);
	return text_element(w, element, name, text, strlen(text));
}

static int
write_nil(struct writer *w, const char *name)
{
	int r;

	if ((r = cw_buf_puts(w->out, "<Nil")) < 0 || (r = put_name(w, name)) < 0)
		return r;
	return cw_buf_puts(w->out, "/>");
}

static int
write_kind(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	switch (v->kind) {
	case CW_PS_NULL: return write_nil(w, name);
	case CW_PS_BOOL:
		return text_element(
		    w, "B", name, v->boolean ? "true" : "false", v->boolean ? 4 : 5);
	case CW_PS_CHAR: return write_integer(w, "C", name, v);
	case CW_PS_I8: return write_integer(w, "SB", name, v);
	case CW_PS_I16: return write_integer(w, "I16", name, v);
	case CW_PS_I32: return write_integer(w, "I32", name, v);
	case CW_PS_I64: return write_integer(w, "I64", name, v);
	case CW_PS_U8: return write_integer(w, "By", name, v);
	case CW_PS_U16: return write_integer(w, "U16", name, v);
	case CW_PS_U32: return write_integer(w, "U32", name, v);
	case CW_PS_U64: return write_integer(w, "U64", name, v);
	case CW_PS_SINGLE: return real_element(w, "Sg", name, v->real, 9);
	case CW_PS_DOUBLE: return real_element(w, "Db", name, v->real, 17);
	case CW_PS_STRING: return text_element(w, "S", name, v->text.data, v->text.len);
	case CW_PS_DECIMAL: return text_element(w, "D", name, v->text.data, v->text.len);
	case CW_PS_TIMESPAN: return text_element(w, "TS", name, v->text.data, v->text.len);
	case CW_PS_GUID: return text_element(w, "G", name, v->text.data, v->text.len);
	case CW_PS_VERSION: return text_element(w, "Version", name, v->text.data, v->text.len);
	case CW_PS_URI: return text_element(w, "URI", name, v->text.data, v->text.len);
	case CW_PS_XML: return text_element(w, "XD", name, v->text.data, v->text.len);
	case CW_PS_SCRIPTBLOCK:
		if (w->relay != NULL)
			return text_element(w, "S", name, v->text.data, v->text.len);
		return cw_fail(w->err, CW_EINVAL, "a script block is never sent");
	case CW_PS_DATETIME: return date_element(w, name, v);
	case CW_PS_BYTES: return base64_element(w, name, v);
	case CW_PS_SECURE_STRING: return secure_element(w, name, v);
	case CW_PS_LIST: return write_list(w, name, v);
	case CW_PS_MAP: return write_map(w, name, v);
	case CW_PS_OBJECT: return write_object(w, name, v);
	}
	return cw_fail(w->err, CW_EINVAL, "a value of no known kind");
}

/* --- handing on */

static bool
is_hidden(const struct writer *w, const char *name)
{
	return name != NULL && w->relay->hidden != NULL && w->relay->hidden(name);
}

static int
relay_types(struct writer *w, const struct cw_ps_object *o)
{
	int r;

	if (o->type_count == 0)
		return CW_OK;
	if ((r = cw_buf_printf(w->out, "<TN RefId=\"%u\">", w->next_ref++)) < 0)
		return r;
	for (size_t i = 0; i < o->type_count; i++)
		if ((r = text_element(w, "T", NULL, o->types[i], strlen(o->types[i]))) < 0)
			return r;
	return cw_buf_puts(w->out, "</TN>");
}

static int
relay_list(struct writer *w, const struct cw_ps_value *v)
{
	static const char *const elements[] = { [CW_PS_ARRAY] = "LST",
		[CW_PS_ENUMERABLE] = "IE",
		[CW_PS_STACK] = "STK",
		[CW_PS_QUEUE] = "QUE" };
	const char *element = elements[v->list.kind];
	int r;

	if ((r = open_tag(w, element, NULL)) < 0)
		return r;
	for (size_t i = 0; i < v->list.count; i++)
		if ((r = write_value(w, NULL, v->list.items[i])) < 0)
			return r;
	return close_tag(w, element);
}

static int
relay_map(struct writer *w, const struct cw_ps_value *v)
{
	int r;

	if ((r = cw_buf_puts(w->out, "<DCT>")) < 0)
		return r;
	for (size_t i = 0; i < v->map.count; i++) {
		if (is_hidden(w, cw_ps_str(v->map.pairs[i].key)))
			continue;
		if ((r = cw_buf_puts(w->out, "<En>")) < 0 ||
		    (r = write_value(w, "Key", v->map.pairs[i].key)) < 0 ||
		    (r = write_value(w, "Value", v->map.pairs[i].value)) < 0 ||
		    (r = cw_buf_puts(w->out, "</En>")) < 0)
			return r;
	}
	return cw_buf_puts(w->out, "</DCT>");
}

/* An engine cuts what is deeper than its serialisation goes to a text. Of a SID scripts ask for its
 * Value, and compare it with texts: as a text with a Value it can do both. */
static bool
is_cut_sid(const struct cw_ps_property *p)
{
	size_t n = strlen(p->name);

	return n >= 3 && cw_strcaseeq(p->name + n - 3, "SID") && p->value->kind == CW_PS_STRING &&
	    p->value->object == NULL && cw_starts_with(p->value->text.data, "S-1-");
}

static int
relay_sid(struct writer *w, const struct cw_ps_property *p)
{
	static const char *const type[] = { "System.Security.Principal.SecurityIdentifier", NULL };
	const char *text = p->value->text.data;
	size_t n = p->value->text.len;
	int r;

	if ((r = open_obj(w, p->name, type)) < 0 || (r = text_element(w, "S", NULL, text, n)) < 0 ||
	    (r = open_tag(w, "MS", NULL)) < 0 || (r = text_element(w, "S", "Value", text, n)) < 0 ||
	    (r = close_tag(w, "MS")) < 0)
		return r;
	return cw_buf_puts(w->out, "</Obj>");
}

static int
relay_properties(struct writer *w, const struct cw_ps_object *o, bool extended)
{
	const char *element = extended ? "MS" : "Props";
	bool any = false;
	int r;

	for (size_t i = 0; i < o->property_count; i++) {
		const struct cw_ps_property *p = &o->properties[i];

		if (p->extended != extended || is_hidden(w, p->name))
			continue;
		if (!any && (r = open_tag(w, element, NULL)) < 0)
			return r;
		any = true;
		r = is_cut_sid(p) ? relay_sid(w, p) : write_value(w, p->name, p->value);
		if (r < 0)
			return r;
	}
	return any ? close_tag(w, element) : CW_OK;
}

static int
relay_object(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	static const struct cw_ps_object nothing;
	const struct cw_ps_object *o = v->object != NULL ? v->object : &nothing;
	struct cw_ps_value bare = *v;
	int r;

	bare.object = NULL;
	if ((r = open_obj(w, name, NULL)) < 0 || (r = relay_types(w, o)) < 0)
		return r;
	if (o->to_string != NULL &&
	    (r = text_element(w, "ToString", NULL, o->to_string, strlen(o->to_string))) < 0)
		return r;
	switch (v->kind) {
	case CW_PS_OBJECT: break;
	case CW_PS_LIST: r = relay_list(w, v); break;
	case CW_PS_MAP: r = relay_map(w, v); break;
	default: r = write_kind(w, NULL, &bare); break;
	}
	if (r < 0 || (r = relay_properties(w, o, false)) < 0 ||
	    (r = relay_properties(w, o, true)) < 0)
		return r;
	return cw_buf_puts(w->out, "</Obj>");
}

/* What is too deep is said, not shown: the end of objects that hold themselves, too. */
static int
relay_value(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	const char *text;

	if (v->object == NULL && v->kind != CW_PS_LIST && v->kind != CW_PS_MAP)
		return write_kind(w, name, v);
	if (w->depth <= CW_CLIXML_RELAY_DEPTH_MAX)
		return relay_object(w, name, v);
	text = cw_ps_str(v);
	return text == NULL ? write_nil(w, name) : text_element(w, "S", name, text, strlen(text));
}

static int
write_value(struct writer *w, const char *name, const struct cw_ps_value *v)
{
	int r;

	if (w->relay != NULL) {
		w->depth++;
		r = relay_value(w, name, v);
		w->depth--;
		return r;
	}
	if (w->depth == CW_CLIXML_DEPTH_MAX / 4) /* each level opens up to three elements */
		return cw_fail(w->err, CW_ELIMIT, "a value is nested too deep");
	w->depth++;
	r = write_kind(w, name, v);
	w->depth--;
	return r;
}

static int
write_whole(struct writer *w, const char *name, const struct cw_ps_value *value)
{
	int r;

	w->err->code = CW_OK;
	r = write_value(w, name, value);
	if (r < 0 && w->err->code == CW_OK)
		return cw_fail(w->err, r, "cannot write CLIXML: %s",
		    r == CW_EINVAL ? "a text is not valid UTF-8" : cw_strerror(r));
	return r;
}

int
cw_clixml_write(struct cw_buf *out, const char *name, const struct cw_ps_value *value,
    const struct cw_clixml_secret *secret, struct cw_err *err)
{
	struct writer w = { .out = out, .secret = secret, .err = err };

	return write_whole(&w, name, value);
}

int
cw_clixml_relay(struct cw_buf *out, const char *name, const struct cw_ps_value *value,
    struct cw_clixml_relay *relay, struct cw_err *err)
{
	struct writer w = { .out = out, .relay = relay, .err = err, .next_ref = relay->next_ref };
	int r = write_whole(&w, name, value);

	relay->next_ref = w.next_ref;
	return r;
}
