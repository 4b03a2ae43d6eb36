/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the canary's texts say when they differ, and the preparation as a command.
 */
#include <string.h>

#include "base/err.h"
#include "runspaces/prepare.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static const struct {
	const char *name, *before, *now, *difference;
} rows[] = {
	{ "the same", "a:1\n$b:2", "a:1\n$b:2", "" },
	{ "nothing both times", "", "", "" },
	{ "another value", "a:1\n$b:2", "a:1\n$b:3", "$b" },
	{ "a new line", "a:1\n$b:2", "a:1\n$b:2\n$c:3", "$c" },
	{ "a new line in the middle", "a:1\n$c:2", "a:1\n$b:2\n$c:2", "$b" },
	{ "a line that is gone", "a:1\n$b:2\n$c:3", "a:1\n$c:3", "$b" },
	{ "all gone", "a:1", "", "a" },
	{ "lines in another order", "a:1\nb:2", "b:2\na:1", "order" },
	{ "a beginning is not the same", "ab:1", "a:1", "a" },
	{ "a line without a state", "a:1", "a:1\nwords", "words" },
	{ "a long name", "",
	    "0123456789012345678901234567890123456789012345678901234567890123456789:1",
	    "012345678901234567890123456789012345678901234567890123456789012" },
};

static void
test_prepare(void)
{
	static const char *const modules[] = { "One", "Two", NULL };
	struct cw_psrp_command command;
	struct cw_ps_arena *arena;

	test_case = "the preparation";
	if (cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return;
	CHECK_EQ(cw_runspace_prepare(&command, arena, modules, NULL), CW_OK);
	CHECK(command.is_script);
	CHECK(strstr(command.text, "function global:" CW_RUNSPACE_CANARY " {") != NULL);
	CHECK(strstr(command.text, "LanguageMode = 'NoLanguage'\n") != NULL);
	CHECK_EQ(command.argument_count, 2);
	CHECK_STR(command.arguments[0].name, "Modules");
	CHECK_EQ(command.arguments[0].value->list.count, 2);
	CHECK_STR(cw_ps_str(command.arguments[0].value->list.items[1]), "Two");
	CHECK_STR(command.arguments[1].name, "Commands");
	CHECK_EQ(command.arguments[1].value->list.count, 0);
	cw_ps_arena_free(arena);
	test_case = "no memory for it";
	if (cw_ps_arena_new(&arena, 0) < 0)
		return;
	CHECK_EQ(cw_runspace_prepare(&command, arena, modules, NULL), CW_ENOMEM);
	cw_ps_arena_free(arena);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		char difference[CW_RUNSPACE_DIFFERENCE];

		test_case = rows[i].name;
		cw_runspace_difference(difference, rows[i].before, rows[i].now);
		CHECK_STR(difference, rows[i].difference);
	}
	test_prepare();
	return test_failed;
}
