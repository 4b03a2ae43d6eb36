/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_POLICY_H
#define CW_POLICY_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "catalogue/catalogue.h"

/*
 * May this call be made here? The ceiling is the most that this server will do, as
 * its administrator has set it: a level for each permission group. What is judged is
 * what a call would do (cw_catalogue_call_effects()), never its name.
 *
 *   "ceiling": {"Users": "read-write", "Passwords": "read", "Domain": "disabled", "*": "read"}
 *
 * "*" stands for the groups that are not named; read-write where it is not there.
 */
enum cw_level { CW_LEVEL_DISABLED, CW_LEVEL_READ, CW_LEVEL_READ_WRITE };
/* "disabled", "read", "read-write"; static storage. */
const char *cw_level_name(enum cw_level level);

struct cw_policy;

/* ceiling is an object, or NULL for none. CW_EINVAL: a group or a level that there is not; path
 * names the file in errors. On success *ret is the caller's. */
int cw_policy_new(
    struct cw_policy **ret, const cJSON *ceiling, const char *path, struct cw_err *err);
void cw_policy_free(struct cw_policy *policy); /* ok on NULL */

/* NULL policy: no ceiling. NULL group: that of "*". */
enum cw_level cw_policy_level(
    const struct cw_policy *policy, const struct cw_catalogue_group *group);
/* For causewayctl: {ceiling: {GROUP: level, ...}} with every group, added to object. */
void cw_policy_put(const struct cw_policy *policy, cJSON *object);

/* The rules; the names are in interfaces and do not change. Others may add their own. */
#define CW_RULE_CEILING "ceiling" /* this server's level for the group is too low */
#define CW_RULE_APPROVAL "approval" /* a person has to approve it first */
#define CW_RULE_BLOCKED "blocked" /* never done through Causeway */
#define CW_RULE_SECRET "secret" /* it would show a secret */
#define CW_RULE_CATALOGUE "catalogue" /* not catalogued, or not to be given */

/* Why not. Lives on the stack: everything but the message has static storage. */
struct cw_refusal {
	const char *rule; /* NULL: it is not refused */
	char message[CW_ERR_TEXT_MAX];
	const char *group, *parameter, *attribute; /* NULL where it is about none */
	const char *who_can_change_it;
};

/* Who can change what the rule says. Static storage; for rules of others NULL. */
const char *cw_rule_who(const char *rule);

/*
 * Judges a call. read needs read; write and destructive need read-write; approval needs read-write
 * and approved; secret-read and blocked are always refused. CW_OK, or CW_EDENIED and *ret says
 * why. NULL policy: no ceiling.
 */
int cw_policy_decide(struct cw_refusal *ret, const struct cw_policy *policy,
    const struct cw_catalogue_call *call, bool approved);

/*
 * Binds and judges in one go. CW_EDENIED: refused, by the catalogue or by the ceiling, and
 * *refusal says why; anything else below 0: err says why, and nothing is refused by a rule. On
 * success *ret is the caller's.
 */
int cw_policy_bind(struct cw_catalogue_call **ret, const struct cw_policy *policy,
    const char *command, const cJSON *parameters, bool approved, struct cw_refusal *refusal,
    struct cw_err *err);

/*
 * {"rule","message","group"?,"call":{"command","parameters"},"who_can_change_it"}. The caller's.
 * parameters may be NULL. What is or may be a secret in them is null here, and what is long is cut:
 * this goes into logs and to people.
 */
cJSON *cw_refusal_json(
    const struct cw_refusal *refusal, const char *command, const cJSON *parameters);

#endif
