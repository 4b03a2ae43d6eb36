/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher's command line: all of it is needed, and what is wrong is named.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "bwrap.h"
#include "plan.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

#define ALL                                                                               \
	"--id 70000 --parent 7 --run-folder /run/x --bwrap /usr/bin/bwrap --tmp-bytes 1 " \
	"--tmp-files 2 --memory-bytes 3 --address-bytes 4 --file-bytes 5 --threads 6 "    \
	"--descriptors 7 --cpu-seconds 8 "

static const struct {
	const char *name, *line;
	int code;
	const char *error;
} rows[] = {
	{ "all of it", ALL "-- /p", CW_OK, "" },
	{ "with lists", ALL "--file /a /b --file /c /d --env A=1 --env B= --cgroup /g -- /p x",
	    CW_OK, "" },
	{ "nothing", "", CW_EINVAL, "-- and the program are missing" },
	{ "no program", ALL "--", CW_EINVAL, "-- must be followed by a program's full path" },
	{ "a program to look up", ALL "-- p", CW_EINVAL,
	    "-- must be followed by a program's full path" },
	{ "no id", "--parent 7 -- /p", CW_EINVAL, "--id is missing" },
	{ "a limit left out", "--id 70000 --parent 7 --run-folder /r --bwrap /b -- /p", CW_EINVAL,
	    "--tmp-bytes is missing" },
	{ "root", ALL "--id 0 -- /p", CW_EINVAL, "--id 0: not valid, or too many of them" },
	{ "a person's id", ALL "--id 1000 -- /p", CW_EINVAL,
	    "--id 1000: ids below 65536 belong to accounts" },
	{ "an id past the kernel's", ALL "--id 4294967296 -- /p", CW_EINVAL,
	    "--id 4294967296: not valid, or too many of them" },
	{ "no limit at all", ALL "--memory-bytes 0 -- /p", CW_EINVAL,
	    "--memory-bytes 0: not valid, or too many of them" },
	{ "a negative limit", ALL "--threads -1 -- /p", CW_EINVAL,
	    "--threads -1: not valid, or too many of them" },
	{ "a number with more", ALL "--threads 1k -- /p", CW_EINVAL,
	    "--threads 1k: not valid, or too many of them" },
	{ "a folder from here", ALL "--run-folder run -- /p", CW_EINVAL,
	    "--run-folder run: not valid, or too many of them" },
	{ "a file from here", ALL "--file a /b -- /p", CW_EINVAL,
	    "--file a: not valid, or too many of them" },
	{ "half a file", ALL "--file /a", CW_EINVAL, "--file needs a value" },
	{ "a word without a value", ALL "--env A -- /p", CW_EINVAL,
	    "--env A: not valid, or too many of them" },
	{ "a word without a name", ALL "--env =1 -- /p", CW_EINVAL,
	    "--env =1: not valid, or too many of them" },
	{ "an option that is none", ALL "--no-limits -- /p", CW_EINVAL,
	    "--no-limits: no such option" },
	{ "an option at the end", ALL "--id", CW_EINVAL, "--id needs a value" },
};

/* Splits the line; the words live in text. */
static void
split(char *text, char **argv, const char *line)
{
	size_t n = 0;
	char *save;

	(void)strcpy(text, line);
	argv[n++] = (char *)(uintptr_t) "causeway-sandbox";
	for (char *w = strtok_r(text, " ", &save); w != NULL; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
}

static void
test_rows(void)
{
	char text[1024], *argv[128];

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_plan plan;
		struct cw_err err = { 0 };

		test_case = rows[i].name;
		split(text, argv, rows[i].line);
		CHECK_EQ(cw_plan_read(&plan, argv, &err), rows[i].code);
		CHECK_STR(err.text, rows[i].error);
	}
}

static void
test_lists(void)
{
	char text[1024], *argv[128];
	struct cw_plan plan;
	struct cw_err err = { 0 };

	test_case = "what lists hold";
	split(text, argv, rows[1].line);
	CHECK_EQ(cw_plan_read(&plan, argv, &err), CW_OK);
	CHECK_EQ(plan.id, 70000);
	CHECK_EQ(plan.cpu_s, 8);
	CHECK_EQ(plan.file_count, 2);
	CHECK_STR(plan.files[1].source, "/c");
	CHECK_STR(plan.files[1].inside, "/d");
	CHECK_EQ(plan.environment_count, 4);
	CHECK_STR(plan.environment[2], "B");
	CHECK_STR(plan.environment[3], "");
	CHECK_STR(plan.cgroups[0], "/g");
	CHECK(!plan.no_filter);
	CHECK_STR(plan.program[1], "x");
}

static void
test_too_many(void)
{
	static char *argv[3 * CW_PLAN_FILES_MAX + 64];
	char text[1024];
	struct cw_plan plan;
	struct cw_err err = { 0 };
	size_t n = 0;

	test_case = "more files than there is room for";
	split(text, argv, ALL);
	while (argv[n] != NULL)
		n++;
	for (int i = 0; i <= CW_PLAN_FILES_MAX; i++) {
		argv[n++] = (char *)(uintptr_t) "--file";
		argv[n++] = (char *)(uintptr_t) "/a";
		argv[n++] = (char *)(uintptr_t) "/b";
	}
	CHECK_EQ(cw_plan_read(&plan, argv, &err), CW_EINVAL);
	CHECK_STR(err.text, "--file /a: not valid, or too many of them");
}

static bool
has(const struct cw_bwrap *b, const char *word)
{
	for (size_t i = 0; i < b->count; i++)
		if (cw_streq(b->words[i], word))
			return true;
	return false;
}

/* No namespace may be left to chance, and the filter comes where it is asked for. */
static void
test_bwrap(void)
{
	static const char *const needed[] = { "--unshare-user", "--unshare-ipc", "--unshare-pid",
		"--unshare-net", "--unshare-uts", "--unshare-cgroup", "--disable-userns",
		"--new-session", "--die-with-parent", "--as-pid-1", "--clearenv", "--remount-ro",
		"--seccomp", "/proc/sys", "/proc/kallsyms" };
	static struct cw_bwrap bwrap;
	char text[1024], *argv[128];
	struct cw_plan plan;
	struct cw_err err = { 0 };

	test_case = "bubblewrap's words";
	split(text, argv, rows[1].line);
	CHECK_EQ(cw_plan_read(&plan, argv, &err), CW_OK);
	CHECK_EQ(cw_bwrap_words(&bwrap, &plan, 3, &err), CW_OK);
	for (size_t i = 0; i < CW_COUNT(needed); i++)
		if (!has(&bwrap, needed[i]))
			CHECK_STR(NULL, needed[i]);
	CHECK(!has(&bwrap, "/proc/meminfo") && !has(&bwrap, "/proc/self"));
	CHECK(bwrap.words[bwrap.count] == NULL);
	CHECK_STR(bwrap.words[bwrap.count - 1], "x");
	CHECK_STR(bwrap.words[bwrap.count - 2], "/p");
	CHECK_STR(bwrap.words[bwrap.count - 3], "--");
	CHECK_EQ(cw_bwrap_words(&bwrap, &plan, -1, &err), CW_OK);
	CHECK(!has(&bwrap, "--seccomp"));
}

int
main(void)
{
	test_rows();
	test_lists();
	test_too_many();
	test_bwrap();
	return test_failed;
}
