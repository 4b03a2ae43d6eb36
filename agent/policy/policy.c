/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ceiling, and the judgement.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "policy/policy.h"

#define GROUPS_MAX 32

struct cw_policy {
	enum cw_level others; /* "*" */
	enum cw_level levels[GROUPS_MAX]; /* in the catalogue's order of groups */
};

static const char *const level_names[] = { "disabled", "read", "read-write" };

const char *
cw_level_name(enum cw_level level)
{
	return level_names[level];
}

/* --- the ceiling */

/* What a script works with inside its walls is not this server's. */
static bool
has_level(const struct cw_catalogue_group *group)
{
	return !cw_streq(group->name, "Language");
}

static int
read_level(enum cw_level *ret, const cJSON *member, const char *path, struct cw_err *err)
{
	for (size_t i = 0; cJSON_IsString(member) && i < CW_COUNT(level_names); i++)
		if (cw_streq(level_names[i], member->valuestring)) {
			*ret = (enum cw_level)i;
			return CW_OK;
		}
	if (cJSON_IsString(member))
		return cw_fail(err, CW_EINVAL,
		    "%s: \"ceiling\": \"%.64s\" of \"%.64s\" is no level: it is disabled, read or "
		    "read-write",
		    path, member->valuestring, member->string);
	return cw_fail(err, CW_EINVAL,
	    "%s: \"ceiling\": \"%.64s\" must be \"disabled\", \"read\" or \"read-write\"", path,
	    member->string);
}

static int
find_group(enum cw_level **ret, struct cw_policy *p, const char *name)
{
	const struct cw_catalogue_group *groups;
	size_t n;

	if (cw_streq(name, "*")) {
		*ret = &p->others;
		return CW_OK;
	}
	groups = cw_catalogue_groups(&n);
	for (size_t i = 0; i < n; i++)
		if (cw_streq(groups[i].name, name) && has_level(&groups[i])) {
			*ret = &p->levels[i];
			return CW_OK;
		}
	return CW_ENOTFOUND;
}

static int
read_ceiling(struct cw_policy *p, const cJSON *ceiling, const char *path, struct cw_err *err)
{
	const cJSON *member;
	enum cw_level *level;
	size_t n;
	int r;

	if (ceiling != NULL && !cJSON_IsObject(ceiling))
		return cw_fail(err, CW_EINVAL,
		    "%s: \"ceiling\" must be an object: {\"GROUP\": \"LEVEL\", ...}", path);
	member = cJSON_GetObjectItemCaseSensitive(ceiling, "*");
	if (member != NULL && (r = read_level(&p->others, member, path, err)) < 0)
		return r;
	(void)cw_catalogue_groups(&n);
	for (size_t i = 0; i < n; i++)
		p->levels[i] = p->others;
	cJSON_ArrayForEach (member, ceiling) {
		if (find_group(&level, p, member->string) < 0)
			return cw_fail(err, CW_EINVAL,
			    "%s: \"ceiling\": there is no permission group \"%.64s\"", path,
			    member->string);
		if ((r = read_level(level, member, path, err)) < 0)
			return r;
	}
	return CW_OK;
}

int
cw_policy_new(struct cw_policy **ret, const cJSON *ceiling, const char *path, struct cw_err *err)
{
	struct cw_policy *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return cw_fail(err, CW_ENOMEM, "%s: out of memory", path);
	p->others = CW_LEVEL_READ_WRITE;
	if ((r = read_ceiling(p, ceiling, path, err)) < 0) {
		cw_policy_free(p);
		return r;
	}
	*ret = p;
	return CW_OK;
}

void
cw_policy_free(struct cw_policy *p)
{
	free(p);
}

enum cw_level
cw_policy_level(const struct cw_policy *p, const struct cw_catalogue_group *group)
{
	size_t n;

	if (p == NULL)
		return CW_LEVEL_READ_WRITE;
	return group == NULL ? p->others : p->levels[group - cw_catalogue_groups(&n)];
}

void
cw_policy_put(const struct cw_policy *p, cJSON *object)
{
	cJSON *o = cJSON_AddObjectToObject(object, "ceiling");
	const struct cw_catalogue_group *groups;
	size_t n;

	groups = cw_catalogue_groups(&n);
	for (size_t i = 0; i < n; i++)
		if (has_level(&groups[i]))
			cJSON_AddStringToObject(
			    o, groups[i].name, cw_level_name(cw_policy_level(p, &groups[i])));
}

/* --- the judgement */

const char *
cw_rule_who(const char *rule)
{
	static const struct {
		const char *rule, *who;
	} rows[] = {
		{ CW_RULE_CEILING,
		    "an administrator of this server, in \"ceiling\" of its agent.json" },
		{ CW_RULE_APPROVAL, "a person who approves the plan that holds this call" },
		{ CW_RULE_BLOCKED, "nobody: Causeway does not do this" },
		{ CW_RULE_SECRET, "nobody: secrets are not shown in output" },
		{ CW_RULE_CATALOGUE, "nobody: what is not in Causeway's catalogue is not run" },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(rows[i].rule, rule))
			return rows[i].who;
	return NULL;
}

static int
refuse(struct cw_refusal *ret, const char *rule, const struct cw_catalogue_effect *e)
{
	*ret = (struct cw_refusal){ .rule = rule, .who_can_change_it = cw_rule_who(rule) };
	if (e != NULL) {
		ret->group = e->group == NULL ? NULL : e->group->name;
		ret->parameter = e->parameter;
		ret->attribute = e->attribute;
	}
	return CW_EDENIED;
}

/* The rule that an effect breaks, or NULL. */
static const char *
judge(const struct cw_policy *p, const struct cw_catalogue_effect *e, bool approved)
{
	switch (e->class) {
	case CW_CLASS_SECRET_READ: return CW_RULE_SECRET;
	case CW_CLASS_BLOCKED: return CW_RULE_BLOCKED;
	case CW_CLASS_READ:
		return cw_policy_level(p, e->group) < CW_LEVEL_READ ? CW_RULE_CEILING : NULL;
	case CW_CLASS_APPROVAL:
	case CW_CLASS_WRITE:
	case CW_CLASS_DESTRUCTIVE: break;
	}
	if (cw_policy_level(p, e->group) < CW_LEVEL_READ_WRITE)
		return CW_RULE_CEILING;
	return e->class == CW_CLASS_APPROVAL && !approved ? CW_RULE_APPROVAL : NULL;
}

/* "Set-ADUser -Title title", as far as there is something to say. */
static void
name_effect(char *ret, size_t size, const struct cw_catalogue_command *entry,
    const struct cw_catalogue_effect *e)
{
	(void)snprintf(ret, size, "%s%s%s%s%s", entry->name, e->parameter == NULL ? "" : " -",
	    e->parameter == NULL ? "" : e->parameter,
	    e->attribute == NULL || cw_streq(e->attribute, "*") ? "" : " ",
	    e->attribute == NULL || cw_streq(e->attribute, "*") ? "" : e->attribute);
}

static void
say(struct cw_refusal *ret, const struct cw_policy *p, const struct cw_catalogue_command *entry,
    const struct cw_catalogue_effect *e)
{
	const char *why = e->why == NULL ? "" : e->why, *colon = e->why == NULL ? "" : ": ";
	char what[160];

	name_effect(what, sizeof(what), entry, e);
	if (cw_streq(ret->rule, CW_RULE_CEILING))
		(void)snprintf(ret->message, sizeof(ret->message),
		    "%s needs the level %s for %s; this server allows %s", what,
		    e->class == CW_CLASS_READ ? "read" : "read-write",
		    ret->group == NULL ? "this" : ret->group,
		    cw_level_name(cw_policy_level(p, e->group)));
	else
		(void)snprintf(ret->message, sizeof(ret->message), "%s %s%s%s", what,
		    cw_streq(ret->rule, CW_RULE_APPROVAL) ? "needs a person's approval each time"
			: cw_streq(ret->rule, CW_RULE_SECRET)
			? "holds a secret, which is not given out"
			: "is not done through Causeway",
		    colon, why);
}

int
cw_policy_decide(struct cw_refusal *ret, const struct cw_policy *p,
    const struct cw_catalogue_call *call, bool approved)
{
	const struct cw_catalogue_effect *effects;
	const char *rule;
	size_t n;

	effects = cw_catalogue_call_effects(call, &n);
	for (size_t i = 0; i < n; i++)
		if ((rule = judge(p, &effects[i], approved)) != NULL) {
			(void)refuse(ret, rule, &effects[i]);
			say(ret, p, cw_catalogue_call_entry(call), &effects[i]);
			return CW_EDENIED;
		}
	*ret = (struct cw_refusal){ 0 };
	return CW_OK;
}

int
cw_policy_bind(struct cw_catalogue_call **ret, const struct cw_policy *p, const char *command,
    const cJSON *parameters, bool approved, struct cw_refusal *refusal, struct cw_err *err)
{
	struct cw_catalogue_effect refused;
	struct cw_catalogue_call *call;
	const char *rule = CW_RULE_CATALOGUE;
	struct cw_err why = { 0 };
	int r;

	*refusal = (struct cw_refusal){ 0 };
	r = cw_catalogue_bind_for_policy(&call, command, parameters, &refused, &why);
	if (r == CW_OK && (r = cw_policy_decide(refusal, p, call, approved)) == CW_OK) {
		*ret = call;
		return CW_OK;
	} else if (r == CW_EDENIED && refusal->rule != NULL) {
		cw_catalogue_call_free(call);
		return cw_fail(err, r, "%s", refusal->message);
	} else if (r == CW_EDENIED) {
		if (refused.class == CW_CLASS_SECRET_READ)
			rule = CW_RULE_SECRET;
		else if (refused.class == CW_CLASS_BLOCKED)
			rule = CW_RULE_BLOCKED;
		(void)refuse(refusal, rule, refused.group != NULL ? &refused : NULL);
		(void)snprintf(refusal->message, sizeof(refusal->message), "%s", why.text);
	}
	return cw_fail(err, r, "%s", why.text);
}
