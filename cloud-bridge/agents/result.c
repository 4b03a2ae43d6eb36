/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agents/result.h"
#include "base/err.h"
#include "base/json.h"
#include "wire/channel.h"

static const char begins[] = "{\"result\":";
#define BEGINS_LEN (sizeof(begins) - 1)

void
agents_result_init(struct agents_result *r)
{
	*r = (struct agents_result){ .is = RESULT_LINE_START };
	cw_buf_init(&r->line, CW_WIRE_RESULT_MAX + 64);
}

void
agents_result_free(struct agents_result *r)
{
	cw_buf_free_secret(&r->line); /* passwords, if sealed ones */
}

/* Of the result's line. Returns how much was used. */
static size_t
take(struct agents_result *r, const char *text, size_t n)
{
	const char *end = memchr(text, '\n', n);

	if (end != NULL) {
		n = (size_t)(end - text) + 1;
		r->is = RESULT_CAME;
	}
	if (!r->broken && cw_buf_put(&r->line, text, n) < 0) {
		r->broken = true;
		cw_buf_free(&r->line);
	}
	return n;
}

/* At the beginning of a line. Returns how much was used: it is held back while it may be one. */
static size_t
look(struct agents_result *r, const char *text, size_t n)
{
	size_t have = r->matched, part = BEGINS_LEN - have;

	part = part < n ? part : n;
	if (memcmp(text, begins + have, part) != 0) {
		r->is = RESULT_PASSES;
		return 0;
	}
	r->matched += part;
	if (r->matched == BEGINS_LEN) {
		r->matched = 0;
		r->is = RESULT_COMES;
		r->broken = r->broken || cw_buf_put(&r->line, begins, BEGINS_LEN) < 0;
	}
	return part;
}

/* Up to the end of the last line that is begun here and is not the result. */
static size_t
pass_lines(struct agents_result *r, const char *text, size_t n)
{
	size_t used = 0;
	const char *end;

	while (used < n && (end = memchr(text + used, '\n', n - used)) != NULL) {
		used = (size_t)(end - text) + 1;
		if (n - used < BEGINS_LEN || memcmp(text + used, begins, BEGINS_LEN) == 0) {
			r->is = RESULT_LINE_START;
			return used;
		}
	}
	return n;
}

void
agents_result_feed(struct agents_result *r, const char *text, size_t n,
    void (*pass)(void *arg, const char *text, size_t n), void *arg)
{
	size_t used;

	for (; n > 0; text += used, n -= used) {
		switch (r->is) {
		case RESULT_LINE_START: used = look(r, text, n); break;
		case RESULT_PASSES:
			if (r->matched > 0)
				pass(arg, begins, r->matched);
			r->matched = 0;
			used = pass_lines(r, text, n);
			pass(arg, text, used);
			break;
		case RESULT_COMES: used = take(r, text, n); break;
		case RESULT_CAME: r->broken = true; return;
		}
	}
}

void
agents_result_end(
    struct agents_result *r, void (*pass)(void *arg, const char *text, size_t n), void *arg)
{
	if (r->matched > 0)
		pass(arg, begins, r->matched);
	r->matched = 0;
}

static int
parse(cJSON **ret, const struct cw_buf *line, struct cw_err *err)
{
	cJSON *object, *result;
	int r = cw_json_parse(
	    &object, (const char *)cw_buf_peek(line), cw_buf_left(line), "the agent's result", err);

	if (r < 0)
		return r;
	result = cJSON_GetArraySize(object) == 1
	    ? cJSON_DetachItemFromObjectCaseSensitive(object, "result")
	    : NULL;
	cJSON_Delete(object);
	if (cJSON_IsObject(result)) {
		*ret = result;
		return CW_OK;
	}
	cJSON_Delete(result);
	return cw_fail(err, CW_EPROTO, "the agent's result is not an object");
}

int
agents_result_take(struct agents_result *r, cJSON **ret, const cJSON *answer, struct cw_err *err)
{
	const cJSON *streamed = cw_json_get(answer, "streamed");
	int64_t n = -1;
	int code = CW_OK;

	*ret = NULL;
	if (streamed != NULL)
		(void)cw_json_int(answer, "streamed", &n);
	if (streamed == NULL && r->is != RESULT_COMES && r->is != RESULT_CAME)
		return CW_OK;
	if (r->is != RESULT_CAME || r->broken || n != (int64_t)cw_buf_left(&r->line))
		code =
		    cw_fail(err, CW_EPROTO, "the agent's result did not come as its answer says");
	else if (parse(ret, &r->line, err) < 0)
		code = err->code = CW_EPROTO;
	agents_result_free(r);
	return code;
}
