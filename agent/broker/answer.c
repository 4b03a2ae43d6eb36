/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "broker/answer.h"
#include "catalogue/catalogue.h"

#define LENGTH 4u /* bytes before a record */
#define OBJECT \
	0x80000000u /* in its length: what the command put out, of which many are one record */
#define JSON_ARENA_MAX (1024u * 1024u)

#define HEAD                                                                                   \
	"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">" \
	"<Obj RefId=\"0\"><TN "                                                                \
	"RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN><DCT><En>"    \
	"<S N=\"Key\">records</S><Obj N=\"Value\" RefId=\"1\"><LST>"
#define MIDDLE "</LST></Obj></En><En><S N=\"Key\">state</S><S N=\"Value\">"
#define TAIL "</S></En></DCT></Obj></Objs>"

void
answer_init(struct answer *a)
{
	*a = (struct answer){ .relay = {
				  .hidden = cw_catalogue_attribute_is_secret, .next_ref = 2 } };
	cw_buf_init(&a->records, ANSWER_KEPT_MAX);
}

void
answer_free(struct answer *a)
{
	cw_buf_free(&a->records);
	a->count = 0;
}

size_t
answer_waiting(const struct answer *a)
{
	return cw_buf_left(&a->records);
}

/* --- adding */

/* stream NULL: an object. */
static int
put_record(
    struct answer *a, const char *stream, const struct cw_ps_value *value, struct cw_err *err)
{
	struct cw_buf *b = &a->records;
	size_t before = cw_buf_left(b), n;
	int r = cw_buf_put_le(b, 0, LENGTH);

	if (r == CW_OK && stream != NULL)
		r = cw_buf_printf(
		    b, "<Obj RefId=\"%u\"><LST><S>%s</S>", a->relay.next_ref++, stream);
	if (r == CW_OK && (r = cw_clixml_relay(b, NULL, value, &a->relay, err)) == CW_OK &&
	    stream != NULL)
		r = cw_buf_puts(b, "</LST></Obj>");
	if (r < 0) {
		b->len = b->off + before;
		return cw_fail(
		    err, r, "an object that is too large to be given to the script was left out");
	}
	n = (cw_buf_left(b) - before - LENGTH) | (stream == NULL ? OBJECT : 0);
	for (unsigned i = 0; i < LENGTH; i++)
		b->data[b->off + before + i] = (uint8_t)(n >> (8 * i));
	a->count++;
	return CW_OK;
}

int
answer_output(struct answer *a, const struct cw_ps_value *value, struct cw_err *err)
{
	return put_record(a, NULL, value, err);
}

static const struct cw_ps_value *of_json(struct cw_ps_arena *arena, const cJSON *json);

static const struct cw_ps_value *
map_of_json(struct cw_ps_arena *arena, const cJSON *json)
{
	size_t n = (size_t)cJSON_GetArraySize(json), i = 0;
	struct cw_ps_pair *pairs = cw_ps_arena_alloc(arena, (n + 1) * sizeof(*pairs));
	const cJSON *one;

	if (pairs == NULL)
		return NULL;
	cJSON_ArrayForEach (one, json) {
		pairs[i].key = cw_ps_string(arena, one->string);
		pairs[i].value = of_json(arena, one);
		if (pairs[i].key == NULL || pairs[i].value == NULL)
			return NULL;
		i++;
	}
	return cw_ps_map(arena, pairs, n);
}

static const struct cw_ps_value *
list_of_json(struct cw_ps_arena *arena, const cJSON *json)
{
	size_t n = (size_t)cJSON_GetArraySize(json), i = 0;
	const struct cw_ps_value **items =
	    cw_ps_arena_alloc(arena, (n + 1) * sizeof(struct cw_ps_value *));
	const cJSON *one;

	if (items == NULL)
		return NULL;
	cJSON_ArrayForEach (one, json)
		if ((items[i++] = of_json(arena, one)) == NULL)
			return NULL;
	return cw_ps_list(arena, items, n);
}

/* Our own JSON, which is shallow. */
static const struct cw_ps_value *
of_json(struct cw_ps_arena *arena, const cJSON *json)
{
	struct cw_ps_value *v;

	if (cJSON_IsObject(json))
		return map_of_json(arena, json);
	if (cJSON_IsArray(json))
		return list_of_json(arena, json);
	if (cJSON_IsString(json))
		return cw_ps_string(arena, json->valuestring);
	if (cJSON_IsBool(json))
		return cw_ps_bool(arena, cJSON_IsTrue(json));
	if (!cJSON_IsNumber(json))
		return cw_ps_null();
	if ((v = cw_ps_arena_alloc(arena, sizeof(*v))) != NULL) {
		v->kind = CW_PS_DOUBLE;
		v->real = json->valuedouble;
	}
	return v;
}

int
answer_record(struct answer *a, const char *stream, const cJSON *json, struct cw_err *err)
{
	const struct cw_ps_value *v;
	struct cw_ps_arena *arena;
	int r;

	if (cw_ps_arena_new(&arena, JSON_ARENA_MAX) < 0)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((v = of_json(arena, json)) == NULL)
		r = cw_fail(err, CW_ELIMIT, "a record that is too large was left out");
	else
		r = put_record(a, stream, v, err);
	cw_ps_arena_free(arena);
	return r;
}

/* --- taking */

/* Objects that follow each other are in one record: begins it, or ends it. */
static int
turn(struct answer *a, struct cw_buf *out, bool *among_objects, bool objects)
{
	if (*among_objects == objects)
		return CW_OK;
	*among_objects = objects;
	if (!objects)
		return cw_buf_puts(out, "</LST></Obj></LST></Obj>");
	a->relay.next_ref += 2;
	return cw_buf_printf(out, "<Obj RefId=\"%u\"><LST><S>output</S><Obj RefId=\"%u\"><LST>",
	    a->relay.next_ref - 2, a->relay.next_ref - 1);
}

int
answer_take(struct answer *a, struct cw_buf *out, bool done, struct cw_err *err)
{
	size_t before = cw_buf_left(out), taken = 0, n;
	bool among_objects = false;
	uint64_t length;
	int r = cw_buf_puts(out, HEAD);

	while (r == CW_OK && a->count > 0) {
		length = cw_get_le(cw_buf_peek(&a->records), LENGTH);
		n = (size_t)(length & ~(uint64_t)OBJECT);
		if (taken > 0 && taken + n > ANSWER_FULL)
			break;
		if ((r = turn(a, out, &among_objects, (length & OBJECT) != 0)) < 0 ||
		    (r = cw_buf_put(out, cw_buf_peek(&a->records) + LENGTH, n)) < 0)
			break;
		cw_buf_skip(&a->records, LENGTH + n);
		a->count--;
		taken += n;
	}
	if (a->count == 0)
		cw_buf_free(&a->records); /* idle calls hold nothing */
	if (r == CW_OK && (r = turn(a, out, &among_objects, false)) == CW_OK &&
	    (r = cw_buf_puts(out, MIDDLE)) == CW_OK &&
	    (r = cw_buf_puts(out, done && a->count == 0 ? "done" : "more")) == CW_OK)
		r = cw_buf_puts(out, TAIL);
	if (r < 0) {
		out->len = out->off + before;
		return cw_fail(err, r, "an answer could not be written: %s", cw_strerror(r));
	}
	return CW_OK;
}
