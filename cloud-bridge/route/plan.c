/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of changes, and their steps in each identity mode. First all that can be checked is
 * checked, then it is written, first where a refusal is likelier or cheaper to take back, then it
 * is read back. A step that is not needed for this user and these values is skipped.
 */
#include "route/change.h"

static const struct route_kind kinds[] = {
	{ "user.update", true, false, -1 },
	{ "user.disable", false, false, 0 },
	{ "user.enable", false, false, 1 },
	{ "password.reset", false, true, -1 },
};

#define PLAN(name, ...) static const struct route_step *const name[] = { __VA_ARGS__, NULL }

PLAN(values_cloud, &route_step_find_entra, &route_step_write_entra, &route_step_show_entra);
PLAN(values_on_prem, &route_step_find_ad, &route_step_write_ad, &route_step_show_ad);
PLAN(values_sync, &route_step_find_ad, &route_step_find_entra, &route_step_check_sync,
    &route_step_write_entra, &route_step_write_ad, &route_step_sync, &route_step_show_ad,
    &route_step_show_entra);
PLAN(values_dual, &route_step_find_ad, &route_step_find_entra, &route_step_write_ad,
    &route_step_write_entra, &route_step_show_ad, &route_step_show_entra);

PLAN(password_cloud, &route_step_find_entra, &route_step_password_entra);
PLAN(password_on_prem, &route_step_find_ad, &route_step_password_ad, &route_step_must_change);
/* In hybrid-sync the hash flows by itself; a user of the cloud alone is found second. */
PLAN(password_sync, &route_step_find_ad, &route_step_find_entra, &route_step_password_entra,
    &route_step_password_ad, &route_step_must_change);
PLAN(password_dual, &route_step_find_ad, &route_step_find_entra, &route_step_password_entra,
    &route_step_password_ad, &route_step_must_change);

static const struct route_step *const *const plans[][2] = {
	[CW_MODE_CLOUD] = { values_cloud, password_cloud },
	[CW_MODE_ON_PREM] = { values_on_prem, password_on_prem },
	[CW_MODE_HYBRID_SYNC] = { values_sync, password_sync },
	[CW_MODE_HYBRID_DUAL] = { values_dual, password_dual },
};

const struct route_kind *
route_kind_find(const char *name)
{
	for (size_t i = 0; i < CW_COUNT(kinds); i++)
		if (cw_streq(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

const char *const *
cw_route_changes(void)
{
	static const char *names[CW_COUNT(kinds) + 1];

	for (size_t i = 0; i < CW_COUNT(kinds); i++)
		names[i] = kinds[i].name;
	return names;
}

const struct route_step *const *
route_plan(const struct route_kind *kind, enum cw_identity_mode mode)
{
	return plans[mode][kind->password];
}

size_t
route_plan_at(const struct route_change *c, const struct route_step *step)
{
	size_t at = 0;

	while (c->plan[at] != NULL && c->plan[at] != step)
		at++;
	return at;
}
