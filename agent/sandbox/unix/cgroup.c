/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "sandbox/unix/cgroup.h"

#define GROUP "causeway-sandbox-%u"
#define AGENT "agent" /* with version 2 only leaves hold processes: the agent becomes one */
#define LINE_MAX_BYTES 4096

/* What the process limits do not count: page tables, buffers of pipes, file pages. */
#define KERNEL_BYTES (64ull * 1024 * 1024)
#define SHARE "50" /* of 100, which the agent has */

static bool
write_text(const char *folder, const char *file, const char *text)
{
	char path[CW_CGROUP_PATH + 64];
	size_t n = strlen(text);
	bool done;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) < 0)
		return false;
	done = write(fd, text, n) == (ssize_t)n;
	close(fd);
	return done;
}

static bool
write_number(const char *folder, const char *file, uint64_t number)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, number);
	return write_text(folder, file, text);
}

/* "cpu,cpuacct" lists cpu; "" lists "" alone. */
static bool
lists(const char *list, const char *controller)
{
	size_t n = strlen(controller);

	for (const char *p = list;; p += strcspn(p, ",") + 1) {
		if (strcspn(p, ",") == n && strncmp(p, controller, n) == 0)
			return true;
		if (p[strcspn(p, ",")] == '\0')
			return false;
	}
}

/* The process's own group in one hierarchy: the line of membership that lists the controller; "" is
 * version 2. */
static bool
own_group(char *ret, size_t size, const char *membership, const char *controller)
{
	char line[LINE_MAX_BYTES];
	FILE *f = fopen(membership, "re");
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL) {
		char *list = strchr(line, ':'), *path;

		if (list == NULL || (path = strchr(list + 1, ':')) == NULL)
			continue;
		*path++ = '\0';
		path[strcspn(path, "\n")] = '\0';
		found = lists(list + 1, controller) &&
		    snprintf(ret, size, "%s", cw_streq(path, "/") ? "" : path) < (int)size;
	}
	if (f != NULL)
		(void)fclose(f);
	return found;
}

static void
none(struct cw_cgroups *ret, const char *why)
{
	ret->version = 0;
	ret->count = 0;
	(void)snprintf(ret->why, sizeof(ret->why), "%s", why);
}

/* --- version 2 */

static bool
is_delegated(const char *folder)
{
	char value[4];

	return getxattr(folder, "trusted.delegate", value, sizeof(value)) == 1 ||
	    getxattr(folder, "user.delegate", value, sizeof(value)) == 1;
}

static bool
has_word(const char *folder, const char *file, const char *word)
{
	char path[CW_CGROUP_PATH + 64], text[512] = "", *save, *w;
	FILE *f;
	bool found = false;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	if (fgets(text, sizeof(text), f) == NULL)
		text[0] = '\0';
	(void)fclose(f);
	for (w = strtok_r(text, " \n", &save); w != NULL; w = strtok_r(NULL, " \n", &save))
		found = found || cw_streq(w, word);
	return found;
}

static bool
hand_down(const char *folder)
{
	char agent[CW_CGROUP_PATH + 64];

	if (write_text(folder, "cgroup.subtree_control", "+memory +pids"))
		return true;
	(void)snprintf(agent, sizeof(agent), "%s/" AGENT, folder);
	return (mkdir(agent, 0755) == 0 || errno == EEXIST) &&
	    write_text(agent, "cgroup.procs", "0") &&
	    write_text(folder, "cgroup.subtree_control", "+memory +pids");
}

static void
find_v2(struct cw_cgroups *ret, const char *root, const char *own)
{
	char *folder = ret->folders[0];

	if (snprintf(folder, CW_CGROUP_PATH, "%s%s", root, own) >= (int)CW_CGROUP_PATH) {
		none(ret, "the agent's own cgroup has too long a name");
	} else if (!has_word(folder, "cgroup.controllers", "memory") ||
	    !has_word(folder, "cgroup.controllers", "pids")) {
		none(ret, "the agent's cgroup has no memory and pids controllers");
	} else if (own[0] != '\0' && !is_delegated(folder)) {
		none(ret, "the agent's cgroup is not delegated to it");
	} else if (!hand_down(folder)) {
		none(ret, "the agent's cgroup cannot be divided: others are in it");
	} else {
		/* In the root group every process is weighed by itself: a group beside them
		 * starves. */
		if (own[0] != '\0')
			(void)write_text(folder, "cgroup.subtree_control", "+cpu");
		ret->version = 2;
		ret->count = 1;
		(void)snprintf(ret->why, sizeof(ret->why), "cgroup v2");
	}
}

/* --- version 1 */

static void
find_v1(struct cw_cgroups *ret, const char *root, const char *membership)
{
	static const char *const controllers[] = { "memory", "pids" }; /* not cpu: see find_v2() */
	char own[CW_CGROUP_PATH];

	for (size_t i = 0; i < CW_COUNT(controllers); i++) {
		if (!own_group(own, sizeof(own), membership, controllers[i]) ||
		    snprintf(ret->folders[i], CW_CGROUP_PATH, "%s/%s%s", root, controllers[i],
			own) >= (int)CW_CGROUP_PATH ||
		    access(ret->folders[i], W_OK) != 0) {
			none(ret, "the agent may not make cgroups");
			return;
		}
	}
	ret->version = 1;
	ret->count = CW_COUNT(controllers);
	(void)snprintf(ret->why, sizeof(ret->why), "cgroup v1");
}

void
cw_cgroups_find(struct cw_cgroups *ret, const char *root, const char *membership)
{
	char own[CW_CGROUP_PATH];

	memset(ret, 0, sizeof(*ret));
	if (own_group(own, sizeof(own), membership, "memory"))
		find_v1(ret, root, membership);
	else if (own_group(own, sizeof(own), membership, ""))
		find_v2(ret, root, own);
	else
		none(ret, "this machine has no cgroups");
}

/* --- one sandbox */

static int
group_path(char *ret, const struct cw_cgroups *groups, size_t i, uint32_t id)
{
	return snprintf(ret, CW_CGROUP_PATH, "%s/" GROUP, groups->folders[i], id) <
		(int)CW_CGROUP_PATH
	    ? CW_OK
	    : CW_ELIMIT;
}

static bool
limit(const struct cw_cgroups *groups, char paths[CW_CGROUP_FOLDERS_MAX][CW_CGROUP_PATH],
    const struct cw_sandbox_limits *limits)
{
	uint64_t memory = limits->memory + limits->tmp + KERNEL_BYTES;

	if (groups->version == 1) {
		/* The other order is refused where the limit goes up. Not every kernel counts swap.
		 */
		(void)write_number(paths[0], "memory.memsw.limit_in_bytes", memory);
		return write_number(paths[0], "memory.limit_in_bytes", memory) &&
		    write_number(paths[1], "pids.max", limits->threads);
	}
	(void)write_text(paths[0], "memory.swap.max", "0");
	(void)write_text(paths[0], "memory.oom.group", "1");
	(void)write_text(paths[0], "cpu.weight", SHARE);
	return write_number(paths[0], "memory.max", memory) &&
	    write_number(paths[0], "pids.max", limits->threads);
}

int
cw_cgroups_make(const struct cw_cgroups *groups, uint32_t id,
    const struct cw_sandbox_limits *limits, char paths[CW_CGROUP_FOLDERS_MAX][CW_CGROUP_PATH],
    struct cw_err *err)
{
	for (size_t i = 0; i < groups->count; i++)
		if (group_path(paths[i], groups, i, id) < 0 ||
		    (mkdir(paths[i], 0755) < 0 && errno != EEXIST))
			return cw_fail(err, CW_ESYS, "cannot make a cgroup in %s: %s",
			    groups->folders[i], strerror(errno));
	if (groups->count > 0 && !limit(groups, paths, limits))
		return cw_fail(
		    err, CW_ESYS, "cannot limit the cgroup %s: %s", paths[0], strerror(errno));
	return CW_OK;
}

bool
cw_cgroups_remove(const struct cw_cgroups *groups, uint32_t id)
{
	char path[CW_CGROUP_PATH];
	bool gone = true;

	for (size_t i = 0; i < groups->count; i++)
		if (group_path(path, groups, i, id) == CW_OK && rmdir(path) < 0 && errno != ENOENT)
			gone = false;
	return gone;
}
