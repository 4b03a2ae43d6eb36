/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a call names to the object that it would be.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"
#include "plan/state_internal.h"

static bool
is_sid(const char *text)
{
	uint8_t bytes[CW_SID_MAX];
	size_t n;

	return cw_sid_parse(bytes, &n, text, strlen(text)) == CW_OK;
}

static bool
is_guid(const char *text)
{
	uint8_t bytes[16];

	return cw_uuid_parse(bytes, text, strlen(text)) == CW_OK;
}

static int
elsewhere(char **real, const char *text)
{
	return (*real = cw_strdup(text)) == NULL ? CW_ENOMEM : CW_EAGAIN;
}

static int
by_place(
    const struct cw_plan_state *state, const char *dn, struct cw_plan_object **ret, char **real)
{
	struct cw_plan_object *o = cw_plan_state_by_dn(state, dn);
	struct cw_buf name;
	int r;

	/* Of an object whose name alone is known the directory knows the rest. */
	if (o != NULL && o->guid[0] != '\0') {
		*ret = o;
		return CW_OK;
	}
	cw_buf_init(&name, 4 * CW_DN_MAX);
	if ((r = cw_plan_state_real_dn(state, dn, &name)) == CW_OK)
		r = elsewhere(real, cw_buf_str(&name));
	cw_buf_free(&name);
	return r;
}

static int
by_sid(const struct cw_plan_state *state, const char *sid, struct cw_plan_object **ret, char **real)
{
	for (struct cw_plan_object *o = state->first; o != NULL; o = o->next) {
		if (o->sid == NULL || !cw_strcaseeq(o->sid, sid))
			continue;
		*ret = o;
		return o->removed ? CW_ENOTFOUND : CW_OK;
	}
	return elsewhere(real, sid);
}

/* An account, by its name or by its name with the dollar that computers have. */
static struct cw_plan_object *
account(const struct cw_plan_state *state, const char *kind, const char *name)
{
	struct cw_plan_object *o = cw_plan_state_by_account(state, name);
	struct cw_buf dollar;

	if (o != NULL || cw_strcaseeq(kind, "ADUser") || cw_strcaseeq(kind, "ADGroup"))
		return o;
	cw_buf_init(&dollar, 4096);
	if (cw_buf_puts(&dollar, name) == CW_OK && cw_buf_putc(&dollar, '$') == CW_OK &&
	    cw_buf_str(&dollar) != NULL)
		o = cw_plan_state_by_account(state, cw_buf_str(&dollar));
	cw_buf_free(&dollar);
	return o;
}

/* Was it called so, before the plan: by its name, or its name without the dollar. */
static bool
was_called(const struct cw_plan_object *o, const char *name)
{
	const char *real = o->real_account != NULL ? o->real_account
	    : o->removed && !o->created            ? o->account
						   : NULL;
	size_t n = strlen(name);
	char *bare;
	bool was;

	if (real == NULL || cw_strcaseeq(real, name))
		return real != NULL;
	if (strlen(real) != n + 1 || real[n] != '$' || (bare = cw_strndup(real, n)) == NULL)
		return false;
	was = cw_strcaseeq(bare, name);
	free(bare);
	return was;
}

static int
by_account(const struct cw_plan_state *state, const char *kind, const char *name,
    struct cw_plan_object **ret, char **real)
{
	if ((*ret = account(state, kind, name)) != NULL)
		return CW_OK;
	for (const struct cw_plan_object *o = state->first; o != NULL; o = o->next)
		if (was_called(o, name))
			return CW_ENOTFOUND;
	return elsewhere(real, name);
}

static int
by_guid(
    const struct cw_plan_state *state, const char *guid, struct cw_plan_object **ret, char **real)
{
	if ((*ret = cw_plan_state_by_guid(state, guid)) == NULL)
		return elsewhere(real, guid);
	return (*ret)->removed ? CW_ENOTFOUND : CW_OK;
}

int
cw_plan_state_find(const struct cw_plan_state *state, const char *kind, const char *text,
    struct cw_plan_object **ret, char **real)
{
	struct cw_plan_object *o = NULL;
	struct cw_buf dn;
	int r;

	*real = NULL;
	cw_buf_init(&dn, 4 * CW_DN_MAX);
	if (cw_dn_put(&dn, text, strlen(text), NULL) == CW_OK)
		r = by_place(state, cw_buf_str(&dn), &o, real);
	else if (is_guid(text))
		r = by_guid(state, text, &o, real);
	else if (is_sid(text))
		r = by_sid(state, text, &o, real);
	else
		r = by_account(state, kind == NULL ? "ADObject" : kind, text, &o, real);
	cw_buf_free(&dn);
	if (r != CW_OK)
		return r;
	if (kind != NULL && !cw_plan_is_kind(o->class, kind))
		return CW_ENOTFOUND;
	*ret = o;
	return CW_OK;
}
