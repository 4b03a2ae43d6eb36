/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The preparation as a command, and what the canary's texts say.
 */
#include <string.h>

#include "base/err.h"
#include "prepare_ps1.h"
#include "runspaces/prepare.h"

static const struct cw_ps_value *
strings(struct cw_ps_arena *arena, const char *const *names)
{
	const struct cw_ps_value **items;
	size_t n = 0;

	while (names != NULL && names[n] != NULL)
		n++;
	if ((items = cw_ps_arena_alloc(arena, n * sizeof(struct cw_ps_value *))) == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if ((items[i] = cw_ps_string(arena, names[i])) == NULL)
			return NULL;
	return cw_ps_list(arena, items, n);
}

int
cw_runspace_prepare(struct cw_psrp_command *ret, struct cw_ps_arena *arena,
    const char *const *modules, const char *const *commands)
{
	struct cw_psrp_argument *arguments = cw_ps_arena_alloc(arena, 2 * sizeof(*arguments));

	if (arguments == NULL)
		return CW_ENOMEM;
	arguments[0] = (struct cw_psrp_argument){ "Modules", strings(arena, modules) };
	arguments[1] = (struct cw_psrp_argument){ "Commands", strings(arena, commands) };
	if (arguments[0].value == NULL || arguments[1].value == NULL)
		return CW_ENOMEM;
	*ret = (struct cw_psrp_command){ prepare_ps1, true, arguments, 2 };
	return CW_OK;
}

/* The line of text that is exactly line[0..n). */
static bool
has_line(const char *text, const char *line, size_t n)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		if (len == n && memcmp(text, line, n) == 0)
			return true;
		text += len + (text[len] == '\n');
	}
	return false;
}

/* The name of the first line of `of` that `other` has not; false when it has them all. */
static bool
first_missing(char ret[CW_RUNSPACE_DIFFERENCE], const char *of, const char *other)
{
	while (*of != '\0') {
		size_t len = strcspn(of, "\n"), name = strcspn(of, ":\n");

		if (!has_line(other, of, len)) {
			if (name >= CW_RUNSPACE_DIFFERENCE)
				name = CW_RUNSPACE_DIFFERENCE - 1;
			memcpy(ret, of, name);
			ret[name] = '\0';
			return true;
		}
		of += len + (of[len] == '\n');
	}
	return false;
}

void
cw_runspace_difference(char ret[CW_RUNSPACE_DIFFERENCE], const char *before, const char *now)
{
	ret[0] = '\0';
	if (strcmp(before, now) != 0 && !first_missing(ret, now, before) &&
	    !first_missing(ret, before, now))
		memcpy(ret, "order", 6);
}
