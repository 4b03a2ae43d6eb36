/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The objects that a bound call names, and giving them other names: who looks an
 * object up before a write sends its GUID, so that what is written is what was seen.
 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "catalogue/call.h"

/* The parameter of an argument that names objects; NULL when it names none. */
static const struct cw_catalogue_parameter *
naming(const struct cw_catalogue_call *call, size_t argument)
{
	const struct cw_catalogue_parameter *p =
	    cw_catalogue_parameter_find(call->entry, call->arguments[argument].name);

	if (p == NULL)
		return NULL; /* one of ours */
	if (p->type == CW_TYPE_IDENTITY || p->type == CW_TYPE_IDENTITIES)
		return p;
	return p->type == CW_TYPE_DN && !cw_strcaseeq(p->name, "DistinguishedName") ? p : NULL;
}

static size_t
count_of(const struct cw_ps_value *v)
{
	return v->kind == CW_PS_LIST ? v->list.count : v->kind == CW_PS_NULL ? 0 : 1;
}

/* Where the i-th name stands; NULL: there are not so many. */
static const struct cw_ps_value **
place(const struct cw_catalogue_call *call, size_t i, const struct cw_catalogue_parameter **ret)
{
	for (size_t a = 0; a < call->count; a++) {
		const struct cw_psrp_argument *argument = &call->arguments[a];
		size_t n;

		if ((*ret = naming(call, a)) == NULL || argument->value == NULL)
			continue;
		n = count_of(argument->value);
		if (i >= n) {
			i -= n;
			continue;
		}
		/* Both are the call's own memory. */
		return argument->value->kind == CW_PS_LIST
		    ? (const struct cw_ps_value **)(uintptr_t)&argument->value->list.items[i]
		    : (const struct cw_ps_value **)(uintptr_t)&argument->value;
	}
	return NULL;
}

size_t
cw_catalogue_call_named(const struct cw_catalogue_call *call)
{
	size_t n = 0;

	for (size_t a = 0; a < call->count; a++)
		if (naming(call, a) != NULL && call->arguments[a].value != NULL)
			n += count_of(call->arguments[a].value);
	return n;
}

bool
cw_catalogue_call_name(
    const struct cw_catalogue_call *call, size_t i, struct cw_catalogue_named *ret)
{
	const struct cw_catalogue_parameter *p;
	const struct cw_ps_value **at = place(call, i, &p);

	if (at == NULL)
		return false;
	*ret = (struct cw_catalogue_named){ p, cw_ps_str(*at),
		call->entry->target != NULL && cw_strcaseeq(p->name, call->entry->target) };
	return true;
}

int
cw_catalogue_call_pin(
    struct cw_catalogue_call *call, size_t i, const char *text, struct cw_err *err)
{
	const struct cw_catalogue_parameter *p;
	const struct cw_ps_value **at = place(call, i, &p), *v;

	if (at == NULL)
		return cw_fail(err, CW_EINVAL, "the call names no such object");
	if ((v = cw_ps_string(call->arena, text)) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*at = v;
	return CW_OK;
}

int
cw_catalogue_call_command_fed(struct cw_catalogue_call *call, struct cw_psrp_command *ret,
    const char *server, struct cw_err *err)
{
	const struct cw_psrp_command *whole;
	struct cw_psrp_argument *arguments;
	size_t n = 0;
	int r;

	if ((r = cw_catalogue_call_command(call, &whole, server, err)) < 0)
		return r;
	arguments = cw_ps_arena_alloc(call->arena, whole->argument_count * sizeof(*arguments));
	if (arguments == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	for (size_t i = 0; i < whole->argument_count; i++)
		if (call->entry->target == NULL ||
		    !cw_streq(whole->arguments[i].name, call->entry->target))
			arguments[n++] = whole->arguments[i];
	if (n + 1 != whole->argument_count)
		return cw_fail(
		    err, CW_EINVAL, "%s names no object to be fed with", call->entry->name);
	*ret = (struct cw_psrp_command){ whole->text, false, arguments, n };
	return CW_OK;
}
