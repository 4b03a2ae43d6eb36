/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher with one wall left out: the check must see it. Called leaky-NAME, by a link; the
 * table says what NAME leaves out.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "bwrap.h"
#include "drop.h"
#include "filter.h"
#include "plan.h"
#include "root.h"

static const struct leak {
	const char *name;
	const char *without[6]; /* options of bubblewrap that are left out, or a place in /proc */
	const char *with[6]; /* and put in, before the rest */
	bool as_root; /* bubblewrap is started by root, which maps the sandbox's uid to it */
	bool no_limits, descriptor, groups;
	const char *file; /* bound at its own path */
	bool large_tmp;
} leaks[] = {
	{ "root", .as_root = true },
	{ "groups", .groups = true },
	{ "network", .without = { "--unshare-net" } },
	{ "ipc", .without = { "--unshare-ipc" } },
	{ "uts", .without = { "--unshare-uts", "--hostname" } },
	{ "cgroup", .without = { "--unshare-cgroup" } },
	{ "pid", .without = { "--unshare-pid", "--as-pid-1" } },
	{ "init", .without = { "--as-pid-1" } },
	{ "userns", .without = { "--disable-userns" } },
	{ "session", .without = { "--new-session" } },
	{ "death", .without = { "--die-with-parent" } },
	{ "filter", .without = { "--seccomp" } },
	{ "proc", .without = { "/proc/sys" } },
	{ "proc-rw", .without = { "--remount-ro" } },
	{ "dev", .with = { "--dev", "/dev" } },
	{ "host", .with = { "--ro-bind", "/", "/var/empty" } },
	{ "file", .file = "/etc/shadow" },
	{ "tmp", .large_tmp = true },
	{ "tmp-exec", .with = { "--tmpfs", "/tmp" } },
	{ "limits", .no_limits = true },
	{ "descriptor", .descriptor = true },
	{ "environment", .with = { "--setenv", "CAUSEWAY_PROBE_MARK", "1" } },
};
static const struct leak none;

static bool
is_in(const char *word, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n && list[i] != NULL; i++)
		if (cw_streq(word, list[i]))
			return true;
	return false;
}

/* Puts words in before "--chdir", where all that comes before is in place; leaves others out, with
 * their values. */
static void
leak_words(struct cw_bwrap *b, const struct leak *leak)
{
	static const char *const with_value[] = { "--hostname", "--seccomp", "--remount-ro" };
	const char *words[CW_BWRAP_WORDS_MAX + 1];
	size_t n = 0;

	for (size_t i = 0; i < b->count; i++) {
		const char *word = b->words[i];

		if (cw_streq(word, "--"))
			leak = &none; /* the program's own words */
		if (cw_streq(word, "--chdir"))
			for (size_t k = 0; k < CW_COUNT(leak->with) && leak->with[k] != NULL; k++)
				words[n++] = leak->with[k];
		if (!is_in(word, leak->without, CW_COUNT(leak->without)))
			words[n++] = word;
		else if (word[0] == '/')
			n -= 2; /* the option and what would have covered it */
		else if (is_in(word, with_value, CW_COUNT(with_value)))
			i++;
	}
	words[n] = NULL;
	memcpy(b->words, words, (n + 1) * sizeof(words[0]));
}

/* As nobody should. */
static int
drop_badly(const struct cw_plan *plan, const struct leak *leak)
{
	gid_t group = 4;

	if (leak->as_root)
		return 0;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || setgroups(1, &group) < 0 ||
		setresgid(plan->id, plan->id, plan->id) < 0 ||
		setresuid(plan->id, plan->id, plan->id) < 0
	    ? -1
	    : 0;
}

static int
raise_most_walls(
    struct cw_bwrap *bwrap, struct cw_plan *plan, const struct leak *leak, struct cw_err *err)
{
	int filter = -1, fd;

	(void)umask(022);
	if (leak->file != NULL)
		plan->files[plan->file_count++] = (struct cw_plan_file){ leak->file, leak->file };
	if (leak->as_root)
		plan->id = 0; /* the owner of /tmp, or it ends there */
	if (leak->large_tmp)
		plan->tmp_bytes *= 2;
	if (cw_root_build(plan, err) < 0)
		return -1;
	if (leak->as_root || leak->groups ? drop_badly(plan, leak) < 0
					  : cw_drop_identity(plan, err) < 0)
		return -1;
	if (!plan->no_filter && cw_filter_build(&filter, err) < 0)
		return -1;
	if (filter >= 0) {
		(void)dup2(filter, 3);
		filter = 3;
	}
	closefrom(filter >= 0 ? 4 : 3);
	if (leak->descriptor && ((fd = open("/dev/null", O_RDONLY)) < 0 || dup2(fd, 9) < 0))
		return -1;
	if (cw_bwrap_words(bwrap, plan, filter, err) < 0)
		return -1;
	leak_words(bwrap, leak);
	return leak->no_limits ? 0 : cw_drop_limits(plan, err);
}

int
main(int argc, char **argv)
{
	static struct cw_bwrap bwrap;
	const char *name = strstr(argv[0], "leaky-");
	char *const no_environment[] = { NULL };
	struct cw_plan plan;
	struct cw_err err = { 0 };

	(void)argc;
	for (size_t i = 0; name != NULL && i < CW_COUNT(leaks); i++)
		if (cw_streq(leaks[i].name, name + strlen("leaky-")) &&
		    cw_plan_read(&plan, argv, &err) == CW_OK &&
		    raise_most_walls(&bwrap, &plan, &leaks[i], &err) == 0)
			(void)execve(
			    plan.bwrap, (char *const *)(uintptr_t)bwrap.words, no_environment);
	(void)fprintf(stderr, "leaky: %s: %s\n", argv[0], err.text);
	return 1;
}
