/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "api/lines.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

void
api_lines_init(struct api_lines *l)
{
	cw_buf_init(&l->rest, API_LINE_MAX);
}

void
api_lines_free(struct api_lines *l)
{
	cw_buf_free(&l->rest);
}

static enum api_line
kind_of(const char *name)
{
	return cw_streq(name, "output") ? API_OUTPUT
	    : cw_streq(name, "error")   ? API_ERROR
	    : cw_streq(name, "warning") ? API_WARNING
					: API_OTHER;
}

static int
read_line(const char *line, size_t n, api_lines_each *each, void *arg, struct cw_err *err)
{
	const char *value, *end;
	enum api_line kind;
	cJSON *object;

	if (n == 0)
		return CW_OK;
	if (cw_json_parse(&object, line, n, "the agent's output", err) < 0)
		return err->code = CW_EPROTO;
	if (!cJSON_IsObject(object) || cJSON_GetArraySize(object) != 1) {
		cJSON_Delete(object);
		return cw_fail(
		    err, CW_EPROTO, "the agent's output: a line is not an object of one member");
	}
	kind = kind_of(object->child->string);
	cJSON_Delete(object);
	/* One member whose name has no colon: the value is what stands between the two. */
	value = (const char *)memchr(line, ':', n) + 1;
	for (end = line + n; end[-1] != '}'; end--)
		;
	end--;
	return each(arg, kind, value, (size_t)(end - value), line, n, err);
}

int
api_lines_feed(struct api_lines *l, const char *text, size_t n, api_lines_each *each, void *arg,
    struct cw_err *err)
{
	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t part = end != NULL ? (size_t)(end - text) : n;
		int r;

		if (end != NULL && cw_buf_left(&l->rest) == 0) {
			r = read_line(text, part, each, arg, err);
		} else if ((r = cw_buf_put(&l->rest, text, part)) < 0) {
			r = cw_fail(err, r, "the agent's output: a line of more than %u bytes",
			    API_LINE_MAX);
		} else if (end != NULL) {
			r = read_line((const char *)cw_buf_peek(&l->rest), cw_buf_left(&l->rest),
			    each, arg, err);
			cw_buf_clear(&l->rest);
		}
		if (r < 0)
			return r;
		part += end != NULL;
		text += part;
		n -= part;
	}
	return CW_OK;
}
