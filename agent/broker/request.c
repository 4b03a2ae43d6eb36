/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From hostile text to a request that is one, or the reason why it is none.
 */
#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "broker/request.h"
#include "powershell/clixml.h"

#define DEPTH_MAX 8 /* lists and maps in each other */
#define VALUES_MAX 20000 /* in one request */
#define KEYS_MAX 512 /* of one map */
#define TEXT_MAX (1024u * 1024u) /* bytes of one text */
#define SAFE_MAX INT64_C(9007199254740991)

struct reading {
	struct broker_request *ret;
	struct cw_err *err;
	unsigned depth, values;
	size_t bytes; /* of all texts: one value may be referred to many times */
};

static int
wrong(struct reading *r, const char *what)
{
	return cw_fail(r->err, CW_EPROTO, "the request %s", what);
}

static int convert(struct reading *r, cJSON **ret, const struct cw_ps_value *v);

/* --- values */

/* The text of a string that JSON can hold. */
static int
text_of(struct reading *r, const char **ret, const struct cw_ps_value *v)
{
	if (v->kind != CW_PS_STRING)
		return wrong(r, "has something else where a text belongs");
	if (v->text.len > TEXT_MAX || (r->bytes += v->text.len) > BROKER_REQUEST_MAX)
		return cw_fail(r->err, CW_ELIMIT, "the request has more text than %u bytes",
		    BROKER_REQUEST_MAX);
	if (memchr(v->text.data, '\0', v->text.len) != NULL)
		return wrong(r, "has a text with a NUL in it");
	*ret = v->text.data;
	return CW_OK;
}

static int
have(struct reading *r, cJSON **ret, cJSON *json)
{
	*ret = json;
	return json != NULL ? CW_OK : cw_fail(r->err, CW_ENOMEM, "out of memory");
}

static cJSON *
whole(int64_t v)
{
	char digits[24];

	if (v <= SAFE_MAX && v >= -SAFE_MAX)
		return cJSON_CreateNumber((double)v);
	(void)snprintf(digits, sizeof(digits), "%" PRId64, v);
	return cJSON_CreateString(digits);
}

static int
bytes(struct reading *r, cJSON **ret, const struct cw_ps_value *v)
{
	struct cw_buf b;
	int e;

	if (v->bytes.len > TEXT_MAX || (r->bytes += v->bytes.len) > BROKER_REQUEST_MAX)
		return cw_fail(r->err, CW_ELIMIT, "the request has more bytes than fit");
	cw_buf_init(&b, 2 * TEXT_MAX);
	if ((e = cw_base64_put(&b, v->bytes.data, v->bytes.len)) == CW_OK)
		e = have(r, ret, cJSON_CreateString(cw_buf_str(&b)));
	else
		(void)cw_fail(r->err, e, "the request has too many bytes");
	cw_buf_free(&b);
	return e;
}

static int
list(struct reading *r, cJSON **ret, const struct cw_ps_value *v)
{
	cJSON *array = cJSON_CreateArray(), *one;
	int e = have(r, &array, array);

	for (size_t i = 0; e == CW_OK && i < v->list.count; i++)
		if ((e = convert(r, &one, v->list.items[i])) == CW_OK)
			cJSON_AddItemToArray(array, one);
	if (e < 0)
		cJSON_Delete(array);
	else
		*ret = array;
	return e;
}

/* Two names that PowerShell would take for one are never both there. */
static bool
has_twice(const struct cw_ps_value *v, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (cw_strcaseeq(v->map.pairs[k].key->text.data, v->map.pairs[i].key->text.data))
			return true;
	return false;
}

static int
map(struct reading *r, cJSON **ret, const struct cw_ps_value *v)
{
	cJSON *object = cJSON_CreateObject(), *one;
	const char *name;
	int e = have(r, &object, object);

	if (e == CW_OK && v->map.count > KEYS_MAX)
		e = cw_fail(
		    r->err, CW_ELIMIT, "the request has a map of more than %d keys", KEYS_MAX);
	for (size_t i = 0; e == CW_OK && i < v->map.count; i++) {
		if ((e = text_of(r, &name, v->map.pairs[i].key)) < 0)
			break;
		if (has_twice(v, i))
			e = wrong(r, "has a key twice");
		else if ((e = convert(r, &one, v->map.pairs[i].value)) == CW_OK &&
		    !cJSON_AddItemToObject(object, name, one)) {
			cJSON_Delete(one);
			e = cw_fail(r->err, CW_ENOMEM, "out of memory");
		}
	}
	if (e < 0)
		cJSON_Delete(object);
	else
		*ret = object;
	return e;
}

static int
primitive(struct reading *r, cJSON **ret, const struct cw_ps_value *v)
{
	const char *text;
	int e;

	switch (v->kind) {
	case CW_PS_NULL: return have(r, ret, cJSON_CreateNull());
	case CW_PS_BOOL: return have(r, ret, cJSON_CreateBool(v->boolean));
	case CW_PS_I32:
	case CW_PS_I64: return have(r, ret, whole(v->i64));
	case CW_PS_DOUBLE:
		if (!(v->real >= -DBL_MAX && v->real <= DBL_MAX))
			return wrong(r, "has a number that is none");
		return have(r, ret, cJSON_CreateNumber(v->real));
	case CW_PS_STRING:
		if ((e = text_of(r, &text, v)) < 0)
			return e;
		return have(r, ret, cJSON_CreateString(text));
	case CW_PS_BYTES: return bytes(r, ret, v);
	default: return wrong(r, "has a value of a kind that is not sent");
	}
}

static int
convert(struct reading *r, cJSON **ret, const struct cw_ps_value *v)
{
	int e;

	if (++r->values > VALUES_MAX)
		return cw_fail(
		    r->err, CW_ELIMIT, "the request has more than %d values", VALUES_MAX);
	if (v->kind != CW_PS_LIST && v->kind != CW_PS_MAP)
		return primitive(r, ret, v);
	if (r->depth == DEPTH_MAX)
		return cw_fail(
		    r->err, CW_ELIMIT, "the request is nested more than %d deep", DEPTH_MAX);
	r->depth++;
	e = v->kind == CW_PS_LIST ? list(r, ret, v) : map(r, ret, v);
	r->depth--;
	return e;
}

/* --- parameters */

/* The text of {$secret: text}; NULL: it is something else. */
static const struct cw_ps_value *
secret_in(const struct cw_ps_value *v)
{
	const struct cw_ps_pair *pair;

	if (v->kind != CW_PS_MAP || v->map.count != 1)
		return NULL;
	pair = &v->map.pairs[0];
	return pair->key->kind == CW_PS_STRING && cw_streq(pair->key->text.data, "$secret")
	    ? pair->value
	    : NULL;
}

static int
take_secret(struct reading *r, cJSON **ret, const struct cw_ps_value *v)
{
	struct broker_request *q = r->ret;
	struct broker_secret *grown, *s;
	const char *text;
	int e;

	if ((e = text_of(r, &text, v)) < 0)
		return e;
	if (q->secret_count == BROKER_SECRETS_MAX)
		return cw_fail(
		    r->err, CW_ELIMIT, "the request has more than %u secrets", BROKER_SECRETS_MAX);
	grown = realloc(q->secrets, (q->secret_count + 1) * sizeof(*grown)); /* pointers alone */
	if (grown == NULL)
		return cw_fail(r->err, CW_ENOMEM, "out of memory");
	q->secrets = grown;
	s = &grown[q->secret_count];
	if ((s->text = cw_strndup(text, v->text.len)) == NULL)
		return cw_fail(r->err, CW_ENOMEM, "out of memory");
	s->len = v->text.len;
	if ((*ret = cJSON_CreateObject()) != NULL)
		cJSON_AddNumberToObject(*ret, "$slot", (double)q->secret_count);
	q->secret_count++;
	return have(r, ret, *ret);
}

/* A name starting with '$' is never a caller's to use, but for a secret's own. */
static bool
has_own_names(const cJSON *json)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, json)
		if ((one->string != NULL && one->string[0] == '$') || has_own_names(one))
			return true;
	return false;
}

static int
parameters(struct reading *r, cJSON **ret, const struct cw_ps_value *v)
{
	cJSON *object = cJSON_CreateObject(), *one;
	const struct cw_ps_value *secret;
	const char *name;
	int e = have(r, &object, object);

	if (e == CW_OK && (v->kind != CW_PS_MAP || v->map.count > KEYS_MAX))
		e = wrong(r, "has parameters that are no map");
	for (size_t i = 0; e == CW_OK && i < v->map.count; i++) {
		if ((e = text_of(r, &name, v->map.pairs[i].key)) < 0)
			break;
		if (has_twice(v, i)) {
			e = wrong(r, "has a parameter twice");
			break;
		}
		secret = secret_in(v->map.pairs[i].value);
		e = secret != NULL ? take_secret(r, &one, secret)
				   : convert(r, &one, v->map.pairs[i].value);
		if (e == CW_OK && secret == NULL && has_own_names(one)) {
			cJSON_Delete(one);
			e = wrong(r, "has a name that begins with '$'");
		} else if (e == CW_OK && !cJSON_AddItemToObject(object, name, one)) {
			cJSON_Delete(one);
			e = cw_fail(r->err, CW_ENOMEM, "out of memory");
		}
	}
	if (e < 0)
		cJSON_Delete(object);
	else
		*ret = object;
	return e;
}

/* No parameter is bound both on the command line and from the pipeline. */
static bool
overlap(const cJSON *a, const cJSON *b)
{
	const cJSON *x, *y;

	cJSON_ArrayForEach (x, a)
		cJSON_ArrayForEach (y, b)
			if (cw_strcaseeq(x->string, y->string))
				return true;
	return false;
}

static int
input(struct reading *r, const struct cw_ps_value *v)
{
	struct broker_request *q = r->ret;
	cJSON *one;
	int e;

	if (v->kind != CW_PS_LIST || v->list.count == 0)
		return wrong(r, "has input that is no list of maps");
	if (v->list.count > BROKER_INPUT_MAX)
		return cw_fail(r->err, CW_ELIMIT, "the request has more than %d entries of input",
		    BROKER_INPUT_MAX);
	if ((e = have(r, &q->input, cJSON_CreateArray())) < 0)
		return e;
	for (size_t i = 0; i < v->list.count; i++) {
		if ((e = parameters(r, &one, v->list.items[i])) < 0)
			return e;
		cJSON_AddItemToArray(q->input, one);
		if (overlap(q->parameters, one))
			return wrong(r, "gives a parameter on the command line and by input");
	}
	return CW_OK;
}

/* --- the request */

static int
verb(struct reading *r, const struct cw_ps_value *v)
{
	static const char *const words[] = { "call", "next", "cancel" };
	const char *text;
	int e;

	if ((e = text_of(r, &text, v)) < 0)
		return e;
	for (size_t i = 0; i < CW_COUNT(words); i++)
		if (cw_streq(words[i], text)) {
			r->ret->verb = (enum broker_verb)i;
			return CW_OK;
		}
	return wrong(r, "has a verb that is unknown");
}

static int
error_action(struct reading *r, const struct cw_ps_value *v)
{
	static const char *const words[] = { "Continue", "Stop", "SilentlyContinue", "Ignore" };
	const char *text;
	int e;

	if ((e = text_of(r, &text, v)) < 0)
		return e;
	r->ret->stop = cw_streq(text, "Stop");
	for (size_t i = 0; i < CW_COUNT(words); i++)
		if (cw_streq(words[i], text))
			return CW_OK;
	return wrong(r, "has an error_action that is unknown");
}

static int
command(struct reading *r, const struct cw_ps_value *v)
{
	const char *text;
	int e;

	if ((e = text_of(r, &text, v)) < 0)
		return e;
	if (text[0] == '\0' || strlen(text) >= sizeof(r->ret->command))
		return wrong(r, "has a command whose name is too long, or empty");
	(void)snprintf(r->ret->command, sizeof(r->ret->command), "%s", text);
	return CW_OK;
}

static int
what_if(struct reading *r, const struct cw_ps_value *v)
{
	if (v->kind != CW_PS_BOOL)
		return wrong(r, "has a what_if that is no bool");
	r->ret->what_if = v->boolean;
	return CW_OK;
}

static int
after(struct reading *r, const struct cw_ps_value *v)
{
	if (v == NULL)
		return CW_OK;
	if (v->kind != CW_PS_I32 || v->i64 < 0)
		return wrong(r, "has an after that is no call's id");
	r->ret->behind = true;
	r->ret->after = v->i64;
	return CW_OK;
}

enum key {
	KEY_VERB,
	KEY_ID,
	KEY_COMMAND,
	KEY_PARAMETERS,
	KEY_INPUT,
	KEY_ERROR_ACTION,
	KEY_WHAT_IF,
	KEY_AFTER,
	KEYS
};

/* The values by key; each is there at most once. */
static int
sort_keys(struct reading *r, const struct cw_ps_value *found[KEYS], const struct cw_ps_value *v)
{
	static const char *const names[KEYS] = { "verb", "id", "command", "parameters", "input",
		"error_action", "what_if", "after" };
	const char *name;
	int e, k;

	if (v->kind != CW_PS_MAP)
		return wrong(r, "is no map");
	if (v->map.count > KEYS)
		return wrong(r, "has more keys than there are");
	for (size_t i = 0; i < v->map.count; i++) {
		if ((e = text_of(r, &name, v->map.pairs[i].key)) < 0)
			return e;
		for (k = 0; k < KEYS && !cw_streq(names[k], name); k++)
			;
		if (k == KEYS)
			return wrong(r, "has a key that is unknown");
		if (found[k] != NULL)
			return wrong(r, "has a key twice");
		found[k] = v->map.pairs[i].value;
	}
	return CW_OK;
}

static int
read_call(struct reading *r, const struct cw_ps_value *const found[KEYS])
{
	int e;

	for (int k = 0; k < KEYS; k++)
		if (found[k] == NULL && k != KEY_INPUT && k != KEY_AFTER)
			return wrong(r, "lacks a key that a call needs");
	if ((e = command(r, found[KEY_COMMAND])) < 0 ||
	    (e = error_action(r, found[KEY_ERROR_ACTION])) < 0 ||
	    (e = what_if(r, found[KEY_WHAT_IF])) < 0 || (e = after(r, found[KEY_AFTER])) < 0 ||
	    (e = parameters(r, &r->ret->parameters, found[KEY_PARAMETERS])) < 0)
		return e;
	return found[KEY_INPUT] == NULL ? CW_OK : input(r, found[KEY_INPUT]);
}

static int
read_request(struct reading *r, const struct cw_ps_value *v)
{
	const struct cw_ps_value *found[KEYS] = { NULL };
	int e;

	if ((e = sort_keys(r, found, v)) < 0)
		return e;
	if (found[KEY_ID] == NULL || found[KEY_ID]->kind != CW_PS_I32 || found[KEY_ID]->i64 < 1)
		return wrong(r, "has no id that is one");
	r->ret->id = found[KEY_ID]->i64;
	if (found[KEY_VERB] == NULL)
		return wrong(r, "has no verb");
	if ((e = verb(r, found[KEY_VERB])) < 0)
		return e;
	if (r->ret->verb == BROKER_CALL)
		return read_call(r, found);
	for (int k = KEY_COMMAND; k < KEYS; k++)
		if (found[k] != NULL)
			return wrong(r, "has a key that belongs to a call");
	return CW_OK;
}

void
broker_request_free(struct broker_request *q)
{
	for (size_t i = 0; i < q->secret_count; i++) {
		cw_wipe(q->secrets[i].text, q->secrets[i].len);
		free(q->secrets[i].text);
	}
	free(q->secrets);
	cJSON_Delete(q->parameters);
	cJSON_Delete(q->input);
	*q = (struct broker_request){ 0 };
}

int
broker_request_read(struct broker_request *ret, struct cw_clixml *reader, struct cw_ps_arena *arena,
    const char *text, size_t n, struct cw_err *err)
{
	struct broker_request q = { 0 };
	struct reading r = { .ret = &q, .err = err };
	const struct cw_ps_value *v;
	int64_t id;
	int e;

	*ret = (struct broker_request){ 0 };
	if (n > BROKER_REQUEST_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "the request is longer than %u bytes", BROKER_REQUEST_MAX);
	if ((e = cw_clixml_read(reader, &v, arena, text, n, err)) == CW_OK)
		e = read_request(&r, v);
	if (e < 0) {
		id = q.id;
		broker_request_free(&q);
		ret->id = id;
		return e;
	}
	*ret = q;
	return CW_OK;
}
