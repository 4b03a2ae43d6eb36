/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bound call: opening its secrets, and the command that is sent for it.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "catalogue/call.h"

void
cw_catalogue_call_free(struct cw_catalogue_call *call)
{
	if (call == NULL)
		return;
	for (size_t i = 0; i < CW_CALL_SECRETS_MAX; i++)
		cw_buf_free(&call->secrets[i].box);
	free(call->effects);
	cw_ps_arena_free(call->arena);
	free(call);
}

const struct cw_catalogue_command *
cw_catalogue_call_entry(const struct cw_catalogue_call *call)
{
	return call->entry;
}

const struct cw_ps_value *
cw_catalogue_call_argument(const struct cw_catalogue_call *call, const char *parameter)
{
	for (size_t i = 0; i < call->count; i++)
		if (cw_streq(call->arguments[i].name, parameter))
			return call->arguments[i].value;
	return NULL;
}

/* --- secrets */

size_t
cw_catalogue_call_secrets(const struct cw_catalogue_call *call)
{
	return call->secret_count;
}

void
cw_catalogue_call_secret(const struct cw_catalogue_call *call, size_t i, const char **parameter,
    const uint8_t **box, size_t *box_len)
{
	const struct cw_call_secret *s = &call->secrets[i];

	*parameter = s->parameter;
	*box = cw_buf_peek(&s->box);
	*box_len = cw_buf_left(&s->box);
}

int
cw_catalogue_call_open(
    struct cw_catalogue_call *call, size_t i, const void *utf8, size_t n, struct cw_err *err)
{
	struct cw_call_secret *s = &call->secrets[i];
	const struct cw_ps_value *v;

	if (n == 0 || !cw_utf8_valid(utf8, n))
		return cw_fail(err, CW_EINVAL, "-%s does not hold a text", s->parameter);
	if ((v = cw_ps_secure(call->arena, utf8, n)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	call->arguments[s->argument].value = v;
	s->open = true;
	return CW_OK;
}

/* --- the command */

static void
put_ours(struct cw_catalogue_call *call, const char *server)
{
	const struct cw_catalogue_command *entry = call->entry;
	const struct cw_ps_value *no;

	if (entry->should_process) {
		no = cw_ps_bool(call->arena, false);
		call->arguments[call->count++] = (struct cw_psrp_argument){ "WhatIf", no };
		call->arguments[call->count++] = (struct cw_psrp_argument){ "Confirm", no };
	}
	/* A set of parameters that asks no controller has no place for its name. */
	if (entry->server != NULL && server != NULL && entry->server_sets & call->sets)
		call->arguments[call->count++] =
		    (struct cw_psrp_argument){ entry->server, cw_ps_string(call->arena, server) };
}

int
cw_catalogue_call_command(struct cw_catalogue_call *call, const struct cw_psrp_command **ret,
    const char *server, struct cw_err *err)
{
	for (size_t i = 0; i < call->secret_count; i++)
		if (!call->secrets[i].open)
			return cw_fail(
			    err, CW_EINVAL, "-%s is still sealed", call->secrets[i].parameter);
	if (!call->finished)
		put_ours(call, server);
	call->finished = true;
	for (size_t i = 0; i < call->count; i++)
		if (call->arguments[i].value == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
	call->command =
	    (struct cw_psrp_command){ call->entry->qualified, false, call->arguments, call->count };
	*ret = &call->command;
	return CW_OK;
}
