/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers, and errors as answers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/log.h"

#define JSON "application/json"
#define ANSWER_MAX (64u << 20) /* bytes of one that is made whole in memory */

static const struct {
	int code;
	int status;
	bool ours; /* the bridge's own trouble: its words are for the log */
	const char *retry_after; /* seconds */
} map[] = {
	{ CW_EINVAL, 400, false, NULL },
	{ CW_EAUTH, 401, false, NULL },
	{ CW_EDENIED, 403, false, NULL },
	{ CW_ENOTFOUND, 404, false, NULL },
	{ CW_ECONFLICT, 409, false, NULL },
	{ CW_EEXPIRED, 410, false, NULL },
	{ CW_ELIMIT, 413, false, NULL },
	{ CW_EAGAIN, 429, false, "5" },
	{ CW_EFAILED, 502, false, NULL },
	{ CW_EPROTO, 502, false, NULL },
	{ CW_ECLOSED, 503, false, "5" },
	{ CW_EUNAVAILABLE, 503, false, "5" },
	{ CW_ETIMEOUT, 504, false, NULL },
	{ CW_EUNKNOWN, 500, false, NULL },
	{ CW_ENOMEM, 500, true, NULL },
	{ CW_ESYS, 500, true, NULL },
};

/* The row of a code; any that is not in the table is our trouble. */
static size_t
row_of(int code)
{
	size_t i = 0;

	while (i < CW_COUNT(map) - 1 && map[i].code != code)
		i++;
	return i;
}

int
api_status(int code)
{
	return map[row_of(code)].status;
}

void
api_fail(struct cw_web_call *call, int code, const struct cw_err *err)
{
	size_t row = row_of(code);
	const char *text =
	    err->code == code && err->text[0] != '\0' ? err->text : cw_strerror(code);

	if (map[row].ours) {
		cw_log(CW_LOG_ERROR, "%s %s: %s", cw_web_method(call), cw_web_path(call), text);
		text = "the bridge failed; its log says why";
	}
	(void)cw_web_restart(call);
	if (map[row].retry_after != NULL)
		cw_web_header(call, "retry-after", map[row].retry_after);
	cw_web_fail(call, map[row].status, code == CW_EAGAIN ? "limit" : cw_errname(code), text);
}

int
api_answer(struct cw_web_call *call, int status, cJSON *value, struct cw_err *err)
{
	struct cw_buf b;
	int r = CW_ENOMEM;

	cw_buf_init(&b, ANSWER_MAX);
	if (value != NULL && (r = cw_json_put(&b, value)) == CW_OK)
		cw_web_answer(call, status, JSON, cw_buf_peek(&b), cw_buf_left(&b));
	cw_buf_free_secret(&b);
	api_body_free(value);
	return r < 0 ? cw_fail(err, r, "the answer: %s", cw_strerror(r)) : CW_OK;
}

int
api_answer_created(
    struct cw_web_call *call, const char *folder, const char *id, cJSON *value, struct cw_err *err)
{
	char place[128];

	(void)snprintf(place, sizeof(place), "%s/%s", folder, id);
	cw_web_header(call, "location", place);
	return api_answer(call, 201, value, err);
}

void
api_answer_accepted(struct cw_web_call *call, const char *operation)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "/v1/operations/%s", operation);
	cw_web_header(call, "location", text);
	(void)snprintf(text, sizeof(text), "{\"operation\":\"%s\"}", operation);
	cw_web_answer(call, 202, JSON, text, strlen(text));
}

/* RFC 7240 section 4.3, as far as it is of use here. */
long
api_wait(const struct cw_web_call *call)
{
	const char *prefer = cw_web_prefer(call);
	long wait;
	char *end;

	if (cw_web_query(call, "wait") != NULL || prefer == NULL)
		return api_query_number(call, "wait", 0);
	while (strncmp(prefer, "wait=", 5) != 0) {
		prefer += strcspn(prefer, ",;");
		if (*prefer == '\0')
			return 0;
		prefer++;
		prefer += strspn(prefer, " \t");
	}
	wait = strtol(prefer + 5, &end, 10);
	return end == prefer + 5 || wait < 0 ? 0
	    : wait > CW_API_WAIT_MAX_S       ? CW_API_WAIT_MAX_S
					     : wait;
}

int
api_answer_nothing(struct cw_web_call *call)
{
	cw_web_answer(call, 204, NULL, "", 0);
	return CW_OK;
}
