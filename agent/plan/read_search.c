/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Search-ADAccount: accounts by a state that has a switch of its own. An account that
 * planned writes touch is judged by what they write; where that does not tell, the
 * plan ends.
 */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/number.h"
#include "plan/match.h"
#include "plan/property.h"
#include "plan/read_internal.h"
#include "plan/text.h"

#define UAC_DISABLED 0x2
#define UAC_NEVER_EXPIRES 0x10000
#define FILETIME_EPOCH_MS INT64_C(-11644473600000) /* 1601-01-01 */

/* What each switch looks at. */
static const struct {
	const char *name, *attribute;
	int64_t bit; /* of it; 0: not a bit */
} rows[] = {
	{ "AccountDisabled", "userAccountControl", UAC_DISABLED },
	{ "PasswordNeverExpires", "userAccountControl", UAC_NEVER_EXPIRES },
	{ "LockedOut", "lockoutTime", 0 },
	{ "AccountExpired", "accountExpires", 0 },
	{ "AccountExpiring", "accountExpires", 0 },
	{ "AccountInactive", "lastLogonTimestamp", 0 },
	{ "PasswordExpired", "pwdLastSet", 0 },
	{ "PasswordExpired", "msDS-User-Account-Control-Computed", 0 },
};

static bool
has(const struct cw_plan_read *r, const char *name)
{
	return cJSON_IsTrue(read_parameter(r->given, name));
}

static const struct cw_attribute *
attribute(const char *name)
{
	return cw_attribute_find(name, strlen(name));
}

/* What the attribute is set to; false: it is not told. */
static bool
value_of(int64_t *ret, const struct cw_plan_object *o, const char *name)
{
	cJSON *values = cw_plan_state_values(o, attribute(name), NULL);
	const char *text =
	    values == NULL || values->child == NULL ? NULL : values->child->valuestring;
	bool told = text != NULL && cw_whole_parse(ret, text, strlen(text)) == CW_OK;

	cJSON_Delete(values);
	return told;
}

/* One row for one account. */
static enum cw_plan_truth
judge_row(size_t row, const struct cw_plan_object *o)
{
	int64_t v;

	if (!value_of(&v, o, rows[row].attribute))
		return CW_PLAN_MAYBE;
	if (rows[row].bit != 0)
		return (v & rows[row].bit) != 0;
	/* 0 and "never" say no to all of these; when a time is over depends on more. */
	if (cw_strcaseeq(rows[row].attribute, "lockoutTime"))
		return v == 0 ? CW_PLAN_NO : CW_PLAN_MAYBE;
	if (!cw_strcaseeq(rows[row].attribute, "accountExpires"))
		return CW_PLAN_MAYBE;
	if (v == 0 || v == INT64_MAX)
		return CW_PLAN_NO;
	if (!cw_strcaseeq(rows[row].name, "AccountExpired"))
		return CW_PLAN_MAYBE;
	return v / 10000 + FILETIME_EPOCH_MS <= o->changed_ms;
}

/* Only its place is another: it is found as before, if it is looked for where it is. */
static bool
only_moved(const struct cw_plan_read *r, const struct cw_plan_object *o)
{
	for (size_t i = 0; i < r->attribute_count; i++)
		if (cw_plan_attribute_changes(r->state, o, r->attributes[i]))
			return false;
	return !o->created && !o->whole;
}

static enum cw_plan_truth
judge(const struct cw_plan_read *r, const struct cw_plan_object *o)
{
	enum cw_plan_truth t = CW_PLAN_MAYBE;
	bool computer = cw_plan_is_class(o->class, "computer");

	if (!read_in_scope(r, o->dn) || (has(r, "UsersOnly") && computer) ||
	    (has(r, "ComputersOnly") && !computer))
		return CW_PLAN_NO;
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (has(r, rows[i].name) && (t = judge_row(i, o)) != CW_PLAN_NO)
			return t;
	return t;
}

int
read_search(struct cw_plan_read *r, struct cw_err *err)
{
	static const char why[] = "what is planned of an account decides whether it is found";
	const struct cw_plan_object *o;
	int code;

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (has(r, rows[i].name))
			read_look_at(r, attribute(rows[i].attribute));
	if ((code = read_take_base(r, err)) < 0)
		return code;
	r->what = CW_PLAN_READ_SEARCH;
	for (o = cw_plan_state_all(r->state); o != NULL; o = o->next) {
		enum cw_plan_truth t;

		if (!cw_plan_is_kind(o->class, "ADAccount") || o->removed ||
		    (!o->created && !read_matters(r, o)))
			continue;
		t = judge(r, o);
		if (t != CW_PLAN_NO && only_moved(r, o) && r->base == NULL)
			continue;
		if (t == CW_PLAN_MAYBE || (t == CW_PLAN_YES && o->created))
			return read_untold(r, why, err);
		if (!(t == CW_PLAN_NO ? read_keep(&r->touched, &r->touched_count, o)
				      : read_keep(&r->made, &r->made_count, o)))
			return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	read_sort(r->touched, r->touched_count);
	return CW_OK;
}

/* Of the answer: what is not found any more is left out, what has to be found is noted. */
bool
read_search_finds(struct cw_plan_read *r, const struct cw_ps_value *value)
{
	const char *guid = cw_ps_str(cw_ps_get(value, "ObjectGUID"));
	const struct cw_plan_object *o =
	    guid == NULL ? NULL : cw_plan_state_by_guid(r->state, guid);

	for (size_t i = 0; i < r->made_count && o != NULL; i++)
		if (r->made[i] == o)
			r->made[i] = r->made[--r->made_count];
	return !read_is_touched(r, value);
}

int
read_search_end(struct cw_plan_read *r, struct cw_err *err)
{
	return r->made_count == 0
	    ? CW_OK
	    : read_untold(r, "it finds an account that it did not find before", err);
}
