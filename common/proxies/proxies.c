/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "proxies/proxies.h"
#include "proxies_rows.h"
#include "proxies_script.h"

const char *
cw_proxies_rows(const char *role, size_t *len)
{
	for (size_t i = 0; i < CW_COUNT(roles_rows); i++)
		if (cw_streq(roles_rows[i].role, role)) {
			*len = roles_rows[i].len;
			return roles_rows[i].rows;
		}
	return NULL;
}

static size_t
count(const char *const *names)
{
	size_t n = 0;

	while (names != NULL && names[n] != NULL)
		n++;
	return n;
}

static const struct cw_ps_value *
names_as_list(struct cw_ps_arena *arena, const char *const *names)
{
	size_t n = count(names);
	const struct cw_ps_value **items = cw_ps_arena_alloc(arena, (n + 1) * sizeof(*items));

	for (size_t i = 0; items != NULL && i < n; i++)
		if ((items[i] = cw_ps_string(arena, names[i])) == NULL)
			return NULL;
	return items == NULL ? NULL : cw_ps_list(arena, items, n);
}

static int
rows_as_list(const struct cw_ps_value **ret, struct cw_ps_arena *arena, const char *const *roles)
{
	size_t n = count(roles), len;
	const struct cw_ps_value **items = cw_ps_arena_alloc(arena, (n + 1) * sizeof(*items));
	const char *rows;

	if (items == NULL)
		return CW_ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if ((rows = cw_proxies_rows(roles[i], &len)) == NULL)
			return CW_EINVAL;
		if ((items[i] = cw_ps_text(arena, CW_PS_STRING, rows, len)) == NULL)
			return CW_ENOMEM;
	}
	return (*ret = cw_ps_list(arena, items, n)) == NULL ? CW_ENOMEM : CW_OK;
}

int
cw_proxies_prepare(struct cw_psrp_command *ret, struct cw_ps_arena *arena, const char *const *roles,
    const char *const *modules)
{
	struct cw_psrp_argument *arguments = cw_ps_arena_alloc(arena, 2 * sizeof(*arguments));
	const struct cw_ps_value *rows;
	int r;

	if (arguments == NULL)
		return CW_ENOMEM;
	if ((r = rows_as_list(&rows, arena, roles)) < 0)
		return r;
	arguments[0] = (struct cw_psrp_argument){ "Modules", names_as_list(arena, modules) };
	arguments[1] = (struct cw_psrp_argument){ "Rows", rows };
	if (arguments[0].value == NULL)
		return CW_ENOMEM;
	*ret = (struct cw_psrp_command){ proxies_ps1, true, arguments, 2 };
	return CW_OK;
}
