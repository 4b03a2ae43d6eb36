/* SPDX-License-Identifier: Apache-2.0 */
#include "double_broker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"

int double_script_refuses;
bool double_broker_has_large;

static struct double_script *first;

struct double_script *
double_script(void)
{
	return first;
}

unsigned
double_scripts(void)
{
	unsigned n = 0;

	for (struct double_script *s = first; s != NULL; s = s->next)
		n++;
	return n;
}

void
double_script_lines(struct double_script *s, const char *text, size_t n)
{
	s->events->lines(s->arg, text, n);
}

void
double_script_done(struct double_script *s, int code, const char *why, const char *result)
{
	const struct cw_script_events *events = s->events;
	struct double_script **at = &first;
	struct cw_err err = { 0 };
	void *arg = s->arg;

	if (code < 0)
		(void)cw_fail(&err, code, "%s", why);
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	cJSON_Delete(s->plan);
	free(s);
	events->done(arg, &err, result == NULL ? NULL : cJSON_Parse(result));
}

int
cw_broker_check_large(const struct cw_broker *b, struct cw_err *err)
{
	(void)b;
	return double_broker_has_large ? cw_fail(err, CW_EUNAVAILABLE, "another large plan")
				       : CW_OK;
}

int
cw_script_start(struct cw_script **ret, struct cw_broker *b,
    const struct cw_script_request *request, const struct cw_script_events *events, void *arg,
    struct cw_err *err)
{
	struct double_script **at = &first, *s;

	(void)b;
	if (double_script_refuses < 0) {
		cJSON_Delete(request->plan);
		return cw_fail(err, double_script_refuses, "the double refuses");
	}
	if ((s = calloc(1, sizeof(*s))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	(void)snprintf(s->id, sizeof(s->id), "%s", request->id);
	(void)snprintf(s->caller, sizeof(s->caller), "%s", request->caller);
	if (request->text != NULL)
		(void)snprintf(
		    s->text, sizeof(s->text), "%.*s", (int)request->text_len, request->text);
	s->mode = request->mode;
	s->approved = request->approved;
	s->timeout_ms = request->timeout_ms;
	s->plan = request->plan;
	s->events = events;
	s->arg = arg;
	while (*at != NULL)
		at = &(*at)->next;
	*at = s;
	*ret = (struct cw_script *)s;
	return CW_OK;
}

void
cw_script_stop(struct cw_script *script, const char *why)
{
	struct double_script *s = (struct double_script *)script;

	(void)snprintf(s->stopped, sizeof(s->stopped), "%s", why);
}

void
cw_script_pause(struct cw_script *script)
{
	((struct double_script *)script)->paused = true;
}

void
cw_script_resume(struct cw_script *script)
{
	((struct double_script *)script)->paused = false;
}
