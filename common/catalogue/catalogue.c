/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binding: a command's name and JSON parameters to a call that may be sent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "catalogue/convert.h"
#include "catalogue/filter.h"

#define ARENA_MAX (4u * 1024u * 1024u) /* bytes of one call's values */
#define ARGUMENTS_MAX 64
#define SECRETS_MAX 2
#define BOX_MAX 4096u /* bytes of a sealed value */

struct secret {
	const char *parameter;
	size_t argument; /* its place among the arguments */
	struct cw_buf box;
	bool open;
};

struct cw_catalogue_call {
	const struct cw_catalogue_command *entry;
	struct cw_ps_arena *arena;
	struct cw_psrp_argument arguments[ARGUMENTS_MAX + 3];
	size_t count;
	struct secret secrets[SECRETS_MAX];
	size_t secret_count;
	bool finished; /* our own arguments are in */
	struct cw_psrp_command command;
};

/* --- names */

/* about_CommonParameters: none of them is a caller's to set. */
static bool
is_common(const char *name)
{
	static const char *const common[] = { "Confirm", "Debug", "ErrorAction", "ErrorVariable",
		"InformationAction", "InformationVariable", "OutBuffer", "OutVariable",
		"PipelineVariable", "ProgressAction", "Verbose", "WarningAction", "WarningVariable",
		"WhatIf" };

	for (size_t i = 0; i < CW_COUNT(common); i++)
		if (cw_strcaseeq(common[i], name))
			return true;
	return false;
}

static bool
is_target(const char *name)
{
	return cw_strcaseeq(name, "Server") || cw_strcaseeq(name, "Credential") ||
	    cw_strcaseeq(name, "AuthType") || cw_strcaseeq(name, "Partition") ||
	    cw_strcaseeq(name, "Instance");
}

static const struct cw_catalogue_parameter *
find_parameter(const struct cw_catalogue_command *entry, const char *name)
{
	for (size_t t = 0; t < CW_COUNT(entry->parameters) && entry->parameters[t] != NULL; t++)
		for (const struct cw_catalogue_parameter *p = entry->parameters[t]; p->name != NULL;
		     p++)
			if (cw_strcaseeq(p->name, name))
				return p;
	return NULL;
}

/* A full name that begins as this one does, for the hint. */
static const char *
begins_with(const struct cw_catalogue_command *entry, const char *name)
{
	char head[33];

	for (size_t t = 0; t < CW_COUNT(entry->parameters) && entry->parameters[t] != NULL; t++)
		for (const struct cw_catalogue_parameter *p = entry->parameters[t]; p->name != NULL;
		     p++) {
			(void)snprintf(head, sizeof(head), "%.*s",
			    (int)(strlen(name) < 32 ? strlen(name) : 32), p->name);
			if (name[0] != '\0' && cw_strcaseeq(head, name))
				return p->name;
		}
	return NULL;
}

static int
unknown_parameter(const struct cw_catalogue_command *entry, const char *name, struct cw_err *err)
{
	const char *full = begins_with(entry, name);

	if (is_common(name))
		return cw_fail(err, CW_EDENIED,
		    "-%s is a common parameter, which is never a caller's to set", name);
	if (is_target(name))
		return cw_fail(
		    err, CW_EDENIED, "-%s is set by Causeway itself and cannot be given", name);
	if (full != NULL)
		return cw_fail(err, CW_EDENIED,
		    "%s: -%.32s is not a whole parameter name; is it -%s?", entry->name, name,
		    full);
	return cw_fail(
	    err, CW_EDENIED, "%s: the parameter -%.64s is not in the catalogue", entry->name, name);
}

static int
unknown_command(const char *name, struct cw_err *err)
{
	size_t n = strlen(name);

	if (n == 0)
		return cw_fail(err, CW_EINVAL, "no command is named");
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != n)
		return cw_fail(err, CW_EDENIED,
		    "script text is not run: name one command of the catalogue and give its "
		    "parameters as JSON");
	return cw_fail(err, CW_EDENIED, "the command %.64s is not in the catalogue", name);
}

/* --- values */

static int
bind_secret(struct cw_catalogue_call *call, const struct cw_catalogue_parameter *p,
    const cJSON *json, struct cw_err *err)
{
	static const char *const members[] = { "$sealed", NULL };
	const char *text = cJSON_IsObject(json) ? cw_json_str(json, "$sealed") : NULL;
	struct secret *s = &call->secrets[call->secret_count];

	if (text == NULL || cw_json_only(json, members, "a sealed value", NULL) < 0)
		return cw_fail(err, CW_EDENIED,
		    "-%s holds a secret and is only taken sealed, as {\"$sealed\":\"BASE64\"}",
		    p->name);
	if (call->secret_count == SECRETS_MAX)
		return cw_fail(err, CW_ELIMIT, "more than %d secrets in one command", SECRETS_MAX);
	cw_buf_init(&s->box, BOX_MAX);
	if (cw_base64_get(&s->box, text, strlen(text)) < 0)
		return cw_fail(err, CW_EINVAL, "-%s is not base64, or is longer than %u bytes",
		    p->name, BOX_MAX);
	s->parameter = p->name;
	s->argument = call->count;
	call->secret_count++;
	call->arguments[call->count++] = (struct cw_psrp_argument){ p->name, NULL };
	return CW_OK;
}

static int
bind_filter(struct cw_catalogue_call *call, const struct cw_catalogue_parameter *p,
    const cJSON *json, struct cw_err *err)
{
	const struct cw_ps_value *v;
	struct cw_buf out;
	int r;

	if (!cJSON_IsString(json))
		return cw_fail(err, CW_EINVAL, "-%s wants a string", p->name);
	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	if (p->type == CW_TYPE_FILTER)
		r = cw_filter_from_powershell(
		    &out, json->valuestring, strlen(json->valuestring), err);
	else
		r = cw_filter_from_ldap(&out, json->valuestring, strlen(json->valuestring), err);
	if (r == CW_OK) {
		v = cw_ps_text(
		    call->arena, CW_PS_STRING, (const char *)cw_buf_peek(&out), cw_buf_left(&out));
		call->arguments[call->count++] = (struct cw_psrp_argument){ "LDAPFilter", v };
		if (v == NULL)
			r = cw_fail(err, CW_ENOMEM, "out of memory");
	}
	cw_buf_free(&out);
	return r;
}

static int
bind_one(struct cw_catalogue_call *call, const cJSON *json, struct cw_err *err)
{
	const struct cw_catalogue_parameter *p = find_parameter(call->entry, json->string);
	const struct cw_ps_value *v;
	int r;

	if (p == NULL)
		return unknown_parameter(call->entry, json->string, err);
	for (size_t i = 0; i < call->count; i++)
		if (cw_streq(call->arguments[i].name, p->name))
			return cw_fail(err, CW_EINVAL, "-%s is given twice", p->name);
	if (call->count == ARGUMENTS_MAX)
		return cw_fail(err, CW_ELIMIT, "more than %d parameters", ARGUMENTS_MAX);
	if (p->type == CW_TYPE_SECRET)
		return bind_secret(call, p, json, err);
	if (p->type == CW_TYPE_FILTER || p->type == CW_TYPE_LDAP_FILTER)
		return bind_filter(call, p, json, err);
	if ((r = cw_catalogue_convert(&v, call->arena, p, json, err)) < 0)
		return r;
	if (p->type == CW_TYPE_SWITCH && !v->boolean)
		return CW_OK;
	call->arguments[call->count++] = (struct cw_psrp_argument){ p->name, v };
	return CW_OK;
}

static bool
given(const cJSON *parameters, const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, parameters)
		if (cw_strcaseeq(one->string, name))
			return true;
	return false;
}

/* What must be there is there; of what excludes each other there is one. */
static int
check_presence(
    const struct cw_catalogue_command *entry, const cJSON *parameters, struct cw_err *err)
{
	const char *first = NULL, *names[8];
	size_t wanted = 0, found = 0;
	char all[160] = "";

	for (size_t t = 0; t < CW_COUNT(entry->parameters) && entry->parameters[t] != NULL; t++)
		for (const struct cw_catalogue_parameter *p = entry->parameters[t]; p->name != NULL;
		     p++) {
			if (p->flags & CW_PARAMETER_REQUIRED && !given(parameters, p->name))
				return cw_fail(
				    err, CW_EINVAL, "%s needs -%s", entry->name, p->name);
			if (!(p->flags & CW_PARAMETER_ONE_OF))
				continue;
			if (wanted < CW_COUNT(names))
				names[wanted++] = p->name;
			if (given(parameters, p->name)) {
				if (found++ > 0)
					return cw_fail(err, CW_EINVAL,
					    "%s: -%s and -%s exclude each other", entry->name,
					    first, p->name);
				first = p->name;
			}
		}
	if (wanted == 0 || found == 1)
		return CW_OK;
	for (size_t i = 0, at = 0; i < wanted && at < sizeof(all); i++)
		at += (size_t)snprintf(
		    all + at, sizeof(all) - at, "%s-%s", i == 0 ? "" : ", ", names[i]);
	return cw_fail(err, CW_EINVAL, "%s needs one of %s", entry->name, all);
}

int
cw_catalogue_bind(struct cw_catalogue_call **ret, const char *command, const cJSON *parameters,
    struct cw_err *err)
{
	const struct cw_catalogue_command *entry = cw_catalogue_find(command);
	struct cw_catalogue_call *call;
	const cJSON *one;
	int r;

	if (entry == NULL)
		return unknown_command(command, err);
	if (parameters != NULL && !cJSON_IsObject(parameters))
		return cw_fail(err, CW_EINVAL, "parameters is not an object");
	if ((r = check_presence(entry, parameters, err)) < 0) {
		/* What may not be given at all is the better thing to say first. */
		cJSON_ArrayForEach (one, parameters)
			if (find_parameter(entry, one->string) == NULL)
				return unknown_parameter(entry, one->string, err);
		return r;
	}
	if ((call = calloc(1, sizeof(*call))) == NULL ||
	    cw_ps_arena_new(&call->arena, ARENA_MAX) < 0) {
		free(call);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	call->entry = entry;
	cJSON_ArrayForEach (one, parameters) {
		if ((r = bind_one(call, one, err)) < 0) {
			cw_catalogue_call_free(call);
			return r;
		}
	}
	*ret = call;
	return CW_OK;
}

void
cw_catalogue_call_free(struct cw_catalogue_call *call)
{
	if (call == NULL)
		return;
	for (size_t i = 0; i < SECRETS_MAX; i++)
		cw_buf_free(&call->secrets[i].box);
	cw_ps_arena_free(call->arena);
	free(call);
}

const struct cw_catalogue_command *
cw_catalogue_call_entry(const struct cw_catalogue_call *call)
{
	return call->entry;
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
	const struct secret *s = &call->secrets[i];

	*parameter = s->parameter;
	*box = cw_buf_peek(&s->box);
	*box_len = cw_buf_left(&s->box);
}

int
cw_catalogue_call_open(
    struct cw_catalogue_call *call, size_t i, const void *utf8, size_t n, struct cw_err *err)
{
	struct secret *s = &call->secrets[i];
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

int
cw_catalogue_call_command(struct cw_catalogue_call *call, const struct cw_psrp_command **ret,
    const char *server, struct cw_err *err)
{
	const struct cw_ps_value *no = cw_ps_bool(call->arena, false), *name;

	for (size_t i = 0; i < call->secret_count; i++)
		if (!call->secrets[i].open)
			return cw_fail(
			    err, CW_EINVAL, "-%s is still sealed", call->secrets[i].parameter);
	if (!call->finished && call->entry->should_process) {
		call->arguments[call->count++] = (struct cw_psrp_argument){ "WhatIf", no };
		call->arguments[call->count++] = (struct cw_psrp_argument){ "Confirm", no };
	}
	if (!call->finished && call->entry->server && server != NULL) {
		name = cw_ps_string(call->arena, server);
		call->arguments[call->count++] = (struct cw_psrp_argument){ "Server", name };
	}
	call->finished = true;
	for (size_t i = 0; i < call->count; i++)
		if (call->arguments[i].value == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
	call->command =
	    (struct cw_psrp_command){ call->entry->qualified, false, call->arguments, call->count };
	*ret = &call->command;
	return CW_OK;
}
