/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a refusal means for the caller, in the service's own words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "graph/policy.h"

#define TEXT_MAX 256u /* bytes of the service's words */
#define WORD_MAX 100u /* longer ones could be a token that comes back to us: not shown */

/* Copies the service's words as one line without anything that looks like a token. */
static void
words(char ret[TEXT_MAX], const char *s)
{
	size_t n = 0, word;

	while (s != NULL && *s != '\0' && n < TEXT_MAX - 8) {
		if ((word = strcspn(s, " \t\r\n\"'<>(),;:[]{}")) > WORD_MAX) {
			n += (size_t)snprintf(ret + n, TEXT_MAX - n, "[...]");
			s += word;
			continue;
		}
		if (word == 0)
			word = 1;
		for (; word > 0 && n < TEXT_MAX - 8; word--, s++)
			ret[n++] = (unsigned char)*s < ' ' || *s == 0x7f ? ' ' : *s;
	}
	while (n > 0 && ret[n - 1] == ' ')
		n--;
	ret[cw_utf8_cut(ret, n)] = '\0';
}

static int
code_of(long status, bool idempotent)
{
	switch (status) {
	case 401:
	case 403: return CW_EDENIED;
	case 404: return CW_ENOTFOUND;
	case 409:
	case 412: return CW_ECONFLICT;
	case 429: return CW_EUNAVAILABLE;
	default: break;
	}
	if (status >= 500)
		return idempotent ? CW_EUNAVAILABLE : CW_EUNKNOWN;
	return status >= 400 ? CW_EINVAL : CW_EPROTO;
}

int
cw_graph_error(struct cw_err *err, long status, const cJSON *body, bool idempotent)
{
	const cJSON *error = cw_json_get(body, "error");
	const char *code = cw_json_str(error, "code");
	char name[TEXT_MAX], text[TEXT_MAX];
	int r = code_of(status, idempotent);

	if (code == NULL)
		return cw_fail(err, r, "Graph answered %ld without saying why", status);
	words(name, code);
	words(text, cw_json_str(error, "message"));
	if (text[0] == '\0')
		(void)snprintf(text, sizeof(text), "answered %ld", status);
	return cw_fail(err, r, "Graph: %s: %s", name, text);
}

int
cw_graph_token_error(struct cw_err *err, long status, const cJSON *body)
{
	const char *description = cw_json_str(body, "error_description"), *end;
	int r = status == 429 || status >= 500 ? CW_EUNAVAILABLE : CW_EAUTH;
	char *one = NULL, text[TEXT_MAX];

	/* Behind the sentence come trace ids, after a line end or these words. */
	if (description != NULL) {
		if ((end = strstr(description, " Trace ID:")) == NULL)
			end = description + strlen(description);
		if ((size_t)(end - description) > strcspn(description, "\r\n"))
			end = description + strcspn(description, "\r\n");
		one = cw_strndup(description, (size_t)(end - description));
	}
	words(text, one != NULL ? one : cw_json_str(body, "error"));
	free(one);
	if (text[0] == '\0')
		r = cw_fail(
		    err, r, "Entra ID answered %ld to the sign-in without saying why", status);
	else
		r = cw_fail(err, r, "Entra ID refused the bridge's sign-in: %s", text);
	return r;
}
