/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every namespace is asked for by its own option: --unshare-all only tries some of them.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/str.h"
#include "bwrap.h"
#include "root.h"

/* Of /proc beside the processes: what the engine reads (its memory load, the processors, its
 * mounts) and what tells nothing. The rest is covered. */
static const char *const proc_kept[] = { "cpuinfo", "filesystems", "loadavg", "meminfo", "stat",
	"uptime", "version" };

static void
word(struct cw_bwrap *b, const char *text)
{
	if (b->count <= CW_BWRAP_WORDS_MAX)
		b->words[b->count++] = text;
}

static void
words(struct cw_bwrap *b, const char *const *list)
{
	for (; *list != NULL; list++)
		word(b, *list);
}

/* A word of our own making. One that does not fit is left out, and refused with the rest. */
static void CW_PRINTF(2, 3) made(struct cw_bwrap *b, const char *fmt, ...)
{
	size_t room = sizeof(b->text) - b->text_len;
	char *at = b->text + b->text_len;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(at, room, fmt, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room) {
		b->count = CW_BWRAP_WORDS_MAX + 1;
		return;
	}
	b->text_len += (size_t)n + 1;
	word(b, at);
}

static bool
is_kept(const char *name)
{
	for (size_t i = 0; i < CW_COUNT(proc_kept); i++)
		if (cw_streq(name, proc_kept[i]))
			return true;
	return false;
}

/* What others than root may read there is covered by nothing. */
static void
cover(struct cw_bwrap *b, const struct cw_plan *plan, int proc, const char *name)
{
	struct stat st;

	if ((name[0] >= '0' && name[0] <= '9') || name[0] == '.' || is_kept(name) ||
	    fstatat(proc, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISLNK(st.st_mode) ||
	    (st.st_mode & (S_IROTH | S_IXOTH)) == 0)
		return;
	word(b, "--ro-bind");
	if (S_ISDIR(st.st_mode))
		made(b, "%s" CW_ROOT_EMPTY, plan->run_folder);
	else
		word(b, "/dev/null");
	made(b, "/proc/%s", name);
}

static int
cover_proc(struct cw_bwrap *b, const struct cw_plan *plan, struct cw_err *err)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;

	if (folder == NULL)
		return cw_fail(err, CW_ESYS, "cannot read /proc: %s", strerror(errno));
	while ((entry = readdir(folder)) != NULL)
		cover(b, plan, dirfd(folder), entry->d_name);
	closedir(folder);
	return CW_OK;
}

static const char *const namespaces[] = { "--unshare-user", "--unshare-ipc", "--unshare-pid",
	"--unshare-net", "--unshare-uts", "--unshare-cgroup", "--disable-userns", "--new-session",
	"--die-with-parent", "--as-pid-1", "--hostname", "sandbox", "--clearenv", NULL };

int
cw_bwrap_words(struct cw_bwrap *ret, const struct cw_plan *plan, int filter_fd, struct cw_err *err)
{
	static const char *const proc[] = { "--proc", "/proc", NULL };
	static const char *const rest[] = { "--remount-ro", "/proc", "--chdir", "/tmp", NULL };
	int r;

	ret->count = ret->text_len = 0;
	word(ret, plan->bwrap);
	words(ret, namespaces);
	word(ret, "--uid");
	made(ret, "%u", CW_PLAN_INSIDE_ID);
	word(ret, "--gid");
	made(ret, "%u", CW_PLAN_INSIDE_ID);
	word(ret, "--dev-bind");
	word(ret, plan->run_folder);
	word(ret, "/");
	words(ret, proc);
	if ((r = cover_proc(ret, plan, err)) < 0)
		return r;
	words(ret, rest);
	for (size_t i = 0; i < plan->environment_count; i += 2) {
		word(ret, "--setenv");
		word(ret, plan->environment[i]);
		word(ret, plan->environment[i + 1]);
	}
	if (filter_fd >= 0) {
		word(ret, "--seccomp");
		made(ret, "%d", filter_fd);
	}
	word(ret, "--");
	for (char *const *p = plan->program; *p != NULL; p++)
		word(ret, *p);
	if (ret->count > CW_BWRAP_WORDS_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "more than %d words for bubblewrap", CW_BWRAP_WORDS_MAX);
	ret->words[ret->count] = NULL;
	return CW_OK;
}
