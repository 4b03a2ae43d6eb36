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
#include "catalogue/call.h"
#include "catalogue/convert.h"
#include "catalogue/filter.h"

#define ARENA_MAX (4u * 1024u * 1024u) /* bytes of one call's values */
#define BOX_MAX 4096u /* bytes of a sealed value */

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

/* Never a caller's to set, whether this command has it or not. */
static int
refuse_ours(const char *name, struct cw_err *err)
{
	if (is_common(name))
		return cw_fail(err, CW_EDENIED,
		    "-%s is a common parameter, which is never a caller's to set", name);
	if (cw_strcaseeq(name, "Server") || cw_strcaseeq(name, "Credential") ||
	    cw_strcaseeq(name, "AuthType") || cw_strcaseeq(name, "Partition"))
		return cw_fail(
		    err, CW_EDENIED, "-%s is set by Causeway itself and cannot be given", name);
	return CW_OK;
}

/* A full name that begins as this one does, for the hint. */
static const char *
begins_with(const struct cw_catalogue_command *entry, const char *name)
{
	const struct cw_catalogue_parameter *p;
	size_t n = strlen(name);
	char head[33];

	for (size_t i = 0; n > 0 && (p = cw_catalogue_parameter(entry, i)) != NULL; i++) {
		(void)snprintf(head, sizeof(head), "%.*s", (int)(n < 32 ? n : 32), p->name);
		if (cw_strcaseeq(head, name) && p->class != CW_CLASS_BLOCKED)
			return p->name;
	}
	return NULL;
}

static int
unknown_parameter(const struct cw_catalogue_command *entry, const char *name, struct cw_err *err)
{
	const char *full = begins_with(entry, name);

	if (full != NULL)
		return cw_fail(err, CW_EDENIED,
		    "%s: -%.32s is not a whole parameter name; is it -%s?", entry->name, name,
		    full);
	return cw_fail(
	    err, CW_EDENIED, "%s: the parameter -%.64s is not in the catalogue", entry->name, name);
}

static int
find_command(const struct cw_catalogue_command **ret, const char *name, struct cw_err *err)
{
	size_t n = strlen(name);

	if (n == 0)
		return cw_fail(err, CW_EINVAL, "no command is named");
	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-") != n)
		return cw_fail(err, CW_EDENIED,
		    "script text is not run: name one command of the catalogue and give its "
		    "parameters as JSON");
	if ((*ret = cw_catalogue_find(name)) == NULL)
		return cw_fail(err, CW_EDENIED, "the command %.64s is not in the catalogue", name);
	if (cw_streq((*ret)->role, "sandbox"))
		return cw_fail(err, CW_EDENIED, "%s is a part of scripts; it is not run by itself",
		    (*ret)->name);
	return CW_OK;
}

static int
find_parameter(const struct cw_catalogue_parameter **ret, const struct cw_catalogue_call *call,
    const char *name, struct cw_err *err)
{
	int r;

	if ((r = refuse_ours(name, err)) < 0)
		return r;
	*ret = cw_catalogue_parameter_find(call->entry, name);
	if (*ret == NULL)
		return unknown_parameter(call->entry, name, err);
	if ((*ret)->class == CW_CLASS_BLOCKED || (*ret)->type == CW_TYPE_OBJECT)
		return cw_fail(err, CW_EDENIED, "%s: -%s cannot be given: %s", call->entry->name,
		    (*ret)->name, (*ret)->why);
	return CW_OK;
}

/* --- which parameters go together */

static const struct cw_catalogue_parameter *
given(const cJSON *parameters, const struct cw_catalogue_parameter *p)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, parameters)
		if (cw_strcaseeq(one->string, p->name) &&
		    !(p->type == CW_TYPE_SWITCH && cJSON_IsFalse(one)))
			return p;
	return NULL;
}

/* Another parameter that this one is never in a set with. */
static int
exclude(const struct cw_catalogue_call *call, const cJSON *parameters,
    const struct cw_catalogue_parameter *p, struct cw_err *err)
{
	const struct cw_catalogue_parameter *other;

	for (size_t i = 0; (other = cw_catalogue_parameter(call->entry, i)) != NULL; i++)
		if (other != p && !(other->sets & p->sets & call->entry->sets) &&
		    given(parameters, other))
			return cw_fail(err, CW_EINVAL, "%s: -%s and -%s exclude each other",
			    call->entry->name, other->name, p->name);
	return cw_fail(
	    err, CW_EINVAL, "%s: -%s does not go with the others", call->entry->name, p->name);
}

/* What is still missing for any of the sets that fit. */
static int
missing(const struct cw_catalogue_call *call, const cJSON *parameters, struct cw_err *err)
{
	const struct cw_catalogue_parameter *p, *found = NULL;
	char all[160] = "";
	size_t count = 0;

	for (size_t i = 0; (p = cw_catalogue_parameter(call->entry, i)) != NULL; i++) {
		if (!(p->needed & call->sets) || p->class == CW_CLASS_BLOCKED ||
		    given(parameters, p))
			continue;
		if ((p->needed & call->sets) == call->sets)
			return cw_fail(err, CW_EINVAL, "%s needs -%s", call->entry->name, p->name);
		(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s-%s",
		    count++ == 0 ? "" : ", ", p->name);
		found = p;
	}
	return count == 1 ? cw_fail(err, CW_EINVAL, "%s needs -%s", call->entry->name, found->name)
			  : cw_fail(err, CW_EINVAL, "%s needs one of %s", call->entry->name, all);
}

/* Is what is given, all of it, in one of the command's sets, and all there that this set needs? */
static int
check_sets(struct cw_catalogue_call *call, const cJSON *parameters, struct cw_err *err)
{
	const struct cw_catalogue_parameter *p;
	const cJSON *one;
	uint16_t sets = call->entry->sets;
	int r;

	cJSON_ArrayForEach (one, parameters) {
		if ((r = find_parameter(&p, call, one->string, err)) < 0)
			return r;
		for (const cJSON *o = parameters->child; o != one; o = o->next)
			if (cw_strcaseeq(o->string, one->string))
				return cw_fail(err, CW_EINVAL, "-%s is given twice", p->name);
		if (!given(parameters, p))
			continue;
		if (!(sets & p->sets))
			return exclude(call, parameters, p, err);
		sets &= p->sets;
	}
	call->sets = sets;
	for (size_t i = 0; (p = cw_catalogue_parameter(call->entry, i)) != NULL; i++)
		if (p->class != CW_CLASS_BLOCKED && p->needed & sets && !given(parameters, p))
			sets &= (uint16_t)~p->needed;
	if (sets == 0)
		return missing(call, parameters, err);
	call->sets = sets;
	return CW_OK;
}

/* --- values */

static void
put_argument(struct cw_catalogue_call *call, const char *name, const struct cw_ps_value *value)
{
	call->arguments[call->count++] = (struct cw_psrp_argument){ name, value };
}

/* {"$sealed":"BASE64"}, or {"$slot":N}: whoever asks has it, and opens it later. */
static int
bind_secret(struct cw_catalogue_call *call, const struct cw_catalogue_parameter *p,
    const cJSON *json, struct cw_err *err)
{
	static const char *const members[] = { "$sealed", "$slot", NULL };
	const char *text = cJSON_IsObject(json) ? cw_json_str(json, "$sealed") : NULL;
	struct cw_call_secret *s = &call->secrets[call->secret_count];
	int64_t slot;

	if (cJSON_IsObject(json) && cw_json_int(json, "$slot", &slot))
		text = "";
	if (text == NULL || json->child->next != NULL ||
	    cw_json_only(json, members, "a sealed value", NULL) < 0)
		return cw_fail(err, CW_EDENIED,
		    "-%s holds a secret and is only taken sealed, as {\"$sealed\":\"BASE64\"}",
		    p->name);
	if (call->secret_count == CW_CALL_SECRETS_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "more than %d secrets in one command", CW_CALL_SECRETS_MAX);
	cw_buf_init(&s->box, BOX_MAX);
	if (cw_base64_get(&s->box, text, strlen(text)) < 0)
		return cw_fail(err, CW_EINVAL, "-%s is not base64, or is longer than %u bytes",
		    p->name, BOX_MAX);
	s->parameter = p->name;
	s->argument = call->count;
	call->secret_count++;
	put_argument(call, p->name, NULL);
	return CW_OK;
}

struct seen {
	struct cw_catalogue_call *call;
	const struct cw_catalogue_parameter *parameter;
};

static int
see(void *arg, const struct cw_attribute *attribute, struct cw_err *err)
{
	const struct seen *s = arg;

	return cw_call_effect_read(s->call, s->parameter, attribute, err);
}

/* A filter is a text, or {"filter": text, "variables": {"name": value}}. */
static int
bind_filter(struct cw_catalogue_call *call, const struct cw_catalogue_parameter *p,
    const cJSON *json, struct cw_err *err)
{
	static const char *const members[] = { "filter", "variables", NULL };
	struct seen seen = { call, p };
	struct cw_filter_scope scope = { .kind = call->entry->kind, .seen = see, .arg = &seen };
	const char *text = cJSON_IsString(json) ? json->valuestring : NULL;
	const struct cw_ps_value *v;
	struct cw_buf out;
	int r;

	if (p->type == CW_TYPE_FILTER && cJSON_IsObject(json)) {
		if ((r = cw_json_only(json, members, "a filter", err)) < 0)
			return r;
		text = cw_json_str(json, "filter");
		scope.variables = cw_json_get(json, "variables");
	}
	if (text == NULL)
		return cw_fail(err, CW_EINVAL, "-%s wants a string", p->name);
	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	if (p->type == CW_TYPE_LDAP_FILTER)
		r = cw_filter_from_ldap(&out, text, strlen(text), &scope, err);
	else if (p->flags & CW_PARAMETER_MODULE_FILTER)
		r = cw_filter_for_module(&out, text, strlen(text), &scope, err);
	else
		r = cw_filter_from_powershell(&out, text, strlen(text), &scope, err);
	if (r == CW_OK) {
		v = cw_ps_text(
		    call->arena, CW_PS_STRING, (const char *)cw_buf_peek(&out), cw_buf_left(&out));
		put_argument(
		    call, p->flags & CW_PARAMETER_MODULE_FILTER ? p->name : "LDAPFilter", v);
		if (v == NULL)
			r = cw_fail(err, CW_ENOMEM, "out of memory");
	}
	cw_buf_free(&out);
	return r;
}

static int
bind_one(struct cw_catalogue_call *call, const cJSON *json, struct cw_err *err)
{
	const struct cw_catalogue_parameter *p =
	    cw_catalogue_parameter_find(call->entry, json->string);
	const struct cw_ps_value *v;
	int r;

	if (p->type == CW_TYPE_SWITCH && cJSON_IsFalse(json))
		return CW_OK;
	if (call->count == CW_CALL_ARGUMENTS_MAX)
		return cw_fail(err, CW_ELIMIT, "more than %d parameters", CW_CALL_ARGUMENTS_MAX);
	if ((r = cw_call_effect_parameter(call, p, json, err)) < 0)
		return r;
	if (p->type == CW_TYPE_SECRET)
		return bind_secret(call, p, json, err);
	if (p->type == CW_TYPE_FILTER || p->type == CW_TYPE_LDAP_FILTER)
		return bind_filter(call, p, json, err);
	if ((r = cw_catalogue_convert(&v, call, p, json, err)) < 0)
		return r;
	put_argument(call, p->name, v);
	return CW_OK;
}

static int
bind_all(struct cw_catalogue_call *call, const cJSON *parameters, struct cw_err *err)
{
	const cJSON *one;
	int r;

	if ((r = cw_call_effect_command(call, err)) < 0 ||
	    (r = check_sets(call, parameters, err)) < 0)
		return r;
	cJSON_ArrayForEach (one, parameters)
		if ((r = bind_one(call, one, err)) < 0)
			return r;
	return CW_OK;
}

static int
bind(struct cw_catalogue_call **ret, const char *command, const cJSON *parameters,
    bool for_approval, struct cw_catalogue_effect *refused, struct cw_err *err)
{
	const struct cw_catalogue_command *entry;
	struct cw_catalogue_call *call;
	int r;

	if ((r = find_command(&entry, command, err)) < 0)
		return r;
	if (parameters != NULL && !cJSON_IsObject(parameters))
		return cw_fail(err, CW_EINVAL, "parameters is not an object");
	if ((call = calloc(1, sizeof(*call))) == NULL ||
	    cw_ps_arena_new(&call->arena, ARENA_MAX) < 0) {
		free(call);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	call->entry = entry;
	call->for_approval = for_approval;
	call->refused = refused;
	if ((r = bind_all(call, parameters, err)) < 0) {
		cw_catalogue_call_free(call);
		return r;
	}
	call->refused = NULL; /* it may be gone before the call is */
	*ret = call;
	return CW_OK;
}

int
cw_catalogue_bind(struct cw_catalogue_call **ret, const char *command, const cJSON *parameters,
    struct cw_err *err)
{
	return bind(ret, command, parameters, false, NULL, err);
}

int
cw_catalogue_bind_for_approval(struct cw_catalogue_call **ret, const char *command,
    const cJSON *parameters, struct cw_err *err)
{
	return bind(ret, command, parameters, true, NULL, err);
}

int
cw_catalogue_bind_for_policy(struct cw_catalogue_call **ret, const char *command,
    const cJSON *parameters, struct cw_catalogue_effect *refused, struct cw_err *err)
{
	*refused = (struct cw_catalogue_effect){ 0 };
	return bind(ret, command, parameters, true, refused, err);
}
