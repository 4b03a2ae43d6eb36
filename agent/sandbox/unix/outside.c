/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "sandbox/unix/outside.h"

#define TEXT_MAX 8192

static bool
read_text(char *ret, size_t size, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	if (fd >= 0)
		close(fd);
	ret[n > 0 ? n : 0] = '\0';
	return n >= 0;
}

/* The numbers behind "NAME:\t" in /proc/PID/status are all one value; base 16 for sets of
 * capabilities. */
static bool
all_are(const char *status, const char *name, unsigned long long value, int base)
{
	char label[32];
	const char *at;

	(void)snprintf(label, sizeof(label), "\n%s:", name);
	if ((at = strstr(status, label)) == NULL)
		return false;
	at += strlen(label);
	for (at += strspn(at, " \t"); *at != '\n' && *at != '\0'; at += strspn(at, " \t")) {
		char *end;

		if (strtoull(at, &end, base) != value || end == at)
			return false;
		at = end;
	}
	return true;
}

static int
check_process(int pid, uint32_t id, bool inside, bool filtered, struct cw_err *err)
{
	static const char *const sets[] = { "CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd" };
	size_t count =
	    inside ? CW_COUNT(sets) : CW_COUNT(sets) - 1; /* nobody executes files there */
	char path[64], status[TEXT_MAX];

	(void)snprintf(path, sizeof(path), "/proc/%d/status", pid);
	if (!read_text(status, sizeof(status), path))
		return cw_fail(err, CW_EDENIED, "cannot look at process %d", pid);
	if (!all_are(status, "Uid", id, 10) || !all_are(status, "Gid", id, 10))
		return cw_fail(
		    err, CW_EDENIED, "process %d does not run as uid and gid %u alone", pid, id);
	if (!all_are(status, "Groups", ULLONG_MAX, 10)) /* no number at all */
		return cw_fail(err, CW_EDENIED, "process %d is in groups", pid);
	if (!all_are(status, "NoNewPrivs", 1, 10))
		return cw_fail(err, CW_EDENIED, "process %d may gain privileges", pid);
	for (size_t i = 0; i < count; i++)
		if (!all_are(status, sets[i], 0, 16))
			return cw_fail(
			    err, CW_EDENIED, "process %d has capabilities (%s)", pid, sets[i]);
	if (inside && filtered && !all_are(status, "Seccomp", 2, 10))
		return cw_fail(err, CW_EDENIED, "process %d has no filter", pid);
	return CW_OK;
}

static int
only_child(int pid)
{
	char path[64], text[256], *end;
	long child;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	if (!read_text(text, sizeof(text), path))
		return -1;
	child = strtol(text, &end, 10);
	return child > 0 && end[strspn(end, " ")] == '\0' ? (int)child : -1;
}

int
cw_outside_identity(
    char *seen, size_t size, int pid, uint32_t id, bool filtered, struct cw_err *err)
{
	int child = only_child(pid), r;

	if (child < 0)
		return cw_fail(err, CW_EDENIED, "process %d has not exactly one child", pid);
	if ((r = check_process(pid, id, false, false, err)) < 0 ||
	    (r = check_process(child, id, true, filtered, err)) < 0)
		return r;
	(void)snprintf(seen, size, "uid and gid %u, no groups, seen from outside", id);
	return CW_OK;
}

bool
cw_outside_in_cgroup(int pid, uint32_t id)
{
	char path[64], text[TEXT_MAX], name[64];
	int child = only_child(pid);

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", child);
	(void)snprintf(name, sizeof(name), "/causeway-sandbox-%u\n", id);
	return child > 0 && read_text(text, sizeof(text), path) && strstr(text, name) != NULL;
}

/* A user namespace knows the ids that are mapped into it, and no others. */
static bool
are_mapped(const char *map, uint32_t first, unsigned count)
{
	unsigned long long from, n;
	char line[128];
	FILE *f = fopen(map, "re");
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = sscanf(line, "%llu %*u %llu", &from, &n) == 2 && from <= first &&
		    (unsigned long long)first + count <= from + n;
	if (f != NULL)
		(void)fclose(f);
	return found;
}

int
cw_outside_power(uint32_t first, unsigned count, struct cw_err *err)
{
	static const struct {
		unsigned cap;
		const char *name;
	} needed[] = { { CAP_SYS_ADMIN, "CAP_SYS_ADMIN" }, { CAP_SETUID, "CAP_SETUID" },
		{ CAP_SETGID, "CAP_SETGID" }, { CAP_KILL, "CAP_KILL" } };
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, sets) < 0)
		return cw_fail(err, CW_EDENIED, "cannot read this process's capabilities");
	for (size_t i = 0; i < CW_COUNT(needed); i++)
		if ((sets[CAP_TO_INDEX(needed[i].cap)].effective & CAP_TO_MASK(needed[i].cap)) == 0)
			return cw_fail(err, CW_EDENIED, "this process (uid %u) lacks %s",
			    (unsigned)geteuid(), needed[i].name);
	if (!are_mapped("/proc/self/uid_map", first, count) ||
	    !are_mapped("/proc/self/gid_map", first, count))
		return cw_fail(err, CW_EDENIED,
		    "there are no ids %u to %u in this user namespace (a container?)", first,
		    first + count - 1);
	return CW_OK;
}

size_t
cw_outside_spaces(char ret[][64], size_t max)
{
	static const char *const kinds[] = { "pid", "net", "ipc", "uts", "mnt", "user", "cgroup" };
	size_t count = 0;

	for (size_t i = 0; i < CW_COUNT(kinds) && count < max; i++) {
		char path[64];
		ssize_t n;

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", kinds[i]);
		if ((n = readlink(path, ret[count], 63)) <= 0)
			continue;
		ret[count++][n] = '\0';
	}
	return count;
}
