/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CLIXML from a peer: what is read becomes JSON that our own strict reader takes,
 * and, written again, CLIXML that reads as the same from then on.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "powershell/clixml.h"
#include "powershell/json.h"

#define TEXT_MAX (256u * 1024u) /* bytes, of each text that is made */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct cw_clixml *reader;
static struct cw_ps_arena *arena;

/* NULL when it is refused. */
static const struct cw_ps_value *
read_text(const void *xml, size_t len)
{
	const struct cw_ps_value *v = NULL;
	struct cw_err err = { 0 };
	int r;

	cw_ps_arena_reset(arena);
	r = cw_clixml_read(reader, &v, arena, xml, len, &err);
	assert((r == CW_OK) == (err.text[0] == '\0'));
	assert(cw_utf8_valid(err.text, strlen(err.text)) && strchr(err.text, '\n') == NULL);
	return r == CW_OK ? v : NULL;
}

static bool
put_json(struct cw_buf *json, const struct cw_ps_value *v)
{
	struct cw_err err;
	cJSON *parsed;

	cw_buf_init(json, TEXT_MAX);
	if (cw_ps_json_put(json, v, &err) < 0)
		return false;
	assert(memchr(cw_buf_peek(json), '\n', cw_buf_left(json)) == NULL);
	assert(cw_json_parse(&parsed, (const char *)cw_buf_peek(json), cw_buf_left(json), "it",
		   &err) == CW_OK);
	cJSON_Delete(parsed);
	return true;
}

/* Writes v and reads that: its JSON. False when it cannot be written (a script, a secret). */
static bool
again(struct cw_buf *xml, struct cw_buf *json, const struct cw_ps_value *v)
{
	struct cw_err err;

	cw_buf_init(xml, TEXT_MAX);
	cw_buf_init(json, TEXT_MAX);
	if (cw_clixml_write(xml, NULL, v, NULL, &err) < 0)
		return false;
	v = read_text(cw_buf_peek(xml), cw_buf_left(xml));
	assert(v != NULL);
	return put_json(json, v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct cw_ps_value *v;
	struct cw_buf json[3] = { { 0 } }, xml[2] = { { 0 } };

	if (reader == NULL && (cw_clixml_new(&reader) < 0 || cw_ps_arena_new(&arena, 8u << 20) < 0))
		return 0;
	if ((v = read_text(data, len)) == NULL)
		return 0;
	if (put_json(&json[0], v) && again(&xml[0], &json[1], v)) {
		v = read_text(cw_buf_peek(&xml[0]), cw_buf_left(&xml[0]));
		if (again(&xml[1], &json[2], v)) {
			assert(cw_buf_left(&xml[0]) == cw_buf_left(&xml[1]));
			assert(memcmp(cw_buf_peek(&xml[0]), cw_buf_peek(&xml[1]),
				   cw_buf_left(&xml[0])) == 0);
		}
	}
	for (int i = 0; i < 3; i++)
		cw_buf_free(&json[i]);
	for (int i = 0; i < 2; i++)
		cw_buf_free(&xml[i]);
	return 0;
}
