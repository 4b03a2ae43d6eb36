/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proxies' rows against the catalogue: each cmdlet of a server has one, with each of its
 * parameters and the right kind of value.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "proxies/proxies.h"
#include "test.h"

int test_failed;
const char *test_case = "";

/* PROTOCOL.md has what is sent of each. */
static const char letters[] = {
	[CW_TYPE_STRING] = 's',
	[CW_TYPE_STRINGS] = 'S',
	[CW_TYPE_BOOL] = 'b',
	[CW_TYPE_SWITCH] = 'w',
	[CW_TYPE_INT] = 'i',
	[CW_TYPE_DATE] = 'd',
	[CW_TYPE_DURATION] = 't',
	[CW_TYPE_SECRET] = 'p',
	[CW_TYPE_IDENTITY] = 'n',
	[CW_TYPE_IDENTITIES] = 'N',
	[CW_TYPE_CHOICE] = 'c',
	[CW_TYPE_PROPERTIES] = 'P',
	[CW_TYPE_ATTRIBUTES] = 'a',
	[CW_TYPE_ATTRIBUTE_NAMES] = 'A',
	[CW_TYPE_FILTER] = 'F',
	[CW_TYPE_LDAP_FILTER] = 'L',
	[CW_TYPE_CHOICES] = 'C',
	[CW_TYPE_FLAGS] = 'f',
	[CW_TYPE_CHANGES] = 'x',
	[CW_TYPE_DN] = 'D',
	[CW_TYPE_GUID] = 'g',
	[CW_TYPE_OBJECT] = 'o',
};

struct row {
	char name[64], flags[4], values[2048], param[8192];
};

/* The line of a command; false when there is none. */
static bool
find(struct row *ret, const char *rows, const char *name)
{
	size_t n = strlen(name);

	for (const char *line = rows; *line != '\0'; line += strcspn(line, "\n") + 1)
		if (strncmp(line, name, n) == 0 && line[n] == '\t') {
			memset(ret, 0, sizeof(*ret));
			memcpy(ret->name, line, n);
			line += n + 1;
			n = strcspn(line, "\t");
			memcpy(ret->flags, line, n);
			line += n + 1;
			n = strcspn(line, "\t");
			memcpy(ret->values, line, n);
			line += n + 1;
			memcpy(ret->param, line, strcspn(line, "\n"));
			return true;
		}
	return false;
}

/* The letter that a parameter stands behind in "s City,Title n Identity"; 0 for none. */
static char
letter_of(const char *values, const char *name)
{
	size_t n = strlen(name), len;

	for (const char *group = values; *group != '\0'; group += group[0] == ' ') {
		char letter = group[0];

		for (group += 1; *group == ' ' || *group == ','; group += len) {
			len = strcspn(++group, ", ");
			if (len == n && strncmp(group, name, n) == 0)
				return letter;
			if (group[len] == ' ') {
				group += len;
				break;
			}
		}
	}
	return 0;
}

static size_t
count(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
check_parameters(const struct row *row, const struct cw_catalogue_command *command)
{
	const struct cw_catalogue_parameter *p;
	char variable[80], where[160];
	size_t n;

	for (n = 0; (p = cw_catalogue_parameter(command, n)) != NULL; n++) {
		(void)snprintf(where, sizeof(where), "%s -%s", command->name, p->name);
		test_case = where;
		CHECK_EQ(letter_of(row->values, p->name), letters[p->type]);
		(void)snprintf(variable, sizeof(variable), "$%s", p->name);
		CHECK(strstr(row->param, variable) != NULL);
		for (size_t i = 0; p->type == CW_TYPE_CHOICE && p->choices[i] != NULL; i++) {
			(void)snprintf(variable, sizeof(variable), "'%s'", p->choices[i]);
			CHECK(strstr(row->param, variable) != NULL);
		}
	}
	test_case = command->name;
	/* No more parameters than these: each has one sign, beside that of PositionalBinding. */
	CHECK_EQ(count(row->param, "$"), n + 1);
}

static void
check_command(const struct cw_catalogue_command *command)
{
	static struct row row;
	size_t len = 0;
	const char *rows = cw_proxies_rows(command->role, &len);

	test_case = command->name;
	CHECK(rows != NULL && strlen(rows) == len);
	if (rows == NULL || !find(&row, rows, command->name)) {
		CHECK_STR("no row", "a row");
		return;
	}
	CHECK_EQ(strchr(row.flags, 'b') != NULL, command->class == CW_CLASS_BLOCKED);
	if (command->class == CW_CLASS_BLOCKED)
		return;
	CHECK_EQ(strchr(row.flags, 'w') != NULL, command->write);
	CHECK_EQ(strpbrk(row.flags, "hml") != NULL, command->should_process);
	CHECK_EQ(strstr(row.param, "SupportsShouldProcess") != NULL, command->should_process);
	check_parameters(&row, command);
}

static void
test_prepare(void)
{
	static const char *const roles[] = { "directory", NULL }, *const wrong[] = { "mail", NULL };
	struct cw_psrp_command command;
	struct cw_ps_arena *arena;

	test_case = "the preparation";
	CHECK_EQ(cw_ps_arena_new(&arena, CW_PS_ARENA_MAX), CW_OK);
	CHECK_EQ(cw_proxies_prepare(&command, arena, roles, NULL), CW_OK);
	CHECK(command.is_script);
	CHECK_EQ(command.argument_count, 2);
	CHECK_EQ(command.arguments[1].value->list.count, 1);
	CHECK_EQ(cw_proxies_prepare(&command, arena, wrong, NULL), CW_EINVAL);
	CHECK_EQ(cw_proxies_prepare(&command, arena, NULL, roles), CW_OK);
	cw_ps_arena_free(arena);
	CHECK_EQ(cw_ps_arena_new(&arena, 1024), CW_OK);
	CHECK_EQ(cw_proxies_prepare(&command, arena, roles, NULL), CW_ENOMEM);
	cw_ps_arena_free(arena);
}

int
main(void)
{
	size_t n;
	const struct cw_catalogue_command *all = cw_catalogue_all(&n);

	for (size_t i = 0; i < n; i++)
		if (!cw_streq(all[i].role, "sandbox"))
			check_command(&all[i]);
	CHECK(cw_proxies_rows("sandbox", &n) == NULL);
	test_prepare();
	return test_failed;
}
