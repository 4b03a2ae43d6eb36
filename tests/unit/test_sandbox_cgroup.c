/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where cgroups can be made, on trees of plain files: what is written to them is
 * what a kernel would be told.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "os/file.h"
#include "sandbox/unix/cgroup.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

static char root[] = "/tmp/causeway-cgroup-XXXXXX";

static const char *
at(const char *path)
{
	static char full[512];

	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	return full;
}

static void
folder(const char *path)
{
	(void)mkdir(at(path), 0755);
}

static void
file(const char *path, const char *text)
{
	struct cw_err err = { 0 };

	CHECK_EQ(cw_file_write(at(path), text, strlen(text), false, &err), CW_OK);
}

static void
holds(const char *path, const char *text)
{
	struct cw_buf b;
	struct cw_err err = { 0 };

	cw_buf_init(&b, 4096);
	CHECK_EQ(cw_file_read(&b, at(path), &err), CW_OK);
	CHECK_STR(cw_buf_str(&b), text);
	cw_buf_free(&b);
}

static void
find(struct cw_cgroups *groups, const char *membership)
{
	char path[512];

	file("membership", membership);
	(void)snprintf(path, sizeof(path), "%s", at("membership"));
	cw_cgroups_find(groups, root, path);
}

static const struct cw_sandbox_limits limits = { .memory = 1000, .tmp = 24, .threads = 7 };

static void
test_none(void)
{
	struct cw_cgroups g;

	test_case = "no cgroups";
	find(&g, "");
	CHECK_EQ(g.version, 0);
	CHECK_EQ(g.count, 0);
	CHECK_STR(g.why, "this machine has no cgroups");
	test_case = "version 2 without controllers";
	file("cgroup.controllers", "cpuset io\n");
	find(&g, "0::/\n");
	CHECK_EQ(g.count, 0);
	CHECK_STR(g.why, "the agent's cgroup has no memory and pids controllers");
	test_case = "version 2, not delegated";
	folder("agent.service");
	file("agent.service/cgroup.controllers", "cpu memory pids\n");
	file("agent.service/cgroup.subtree_control", "");
	find(&g, "0::/agent.service\n");
	CHECK_EQ(g.count, 0);
	CHECK_STR(g.why, "the agent's cgroup is not delegated to it");
	test_case = "version 1, memory alone";
	find(&g, "3:memory:/\n0::/\n");
	CHECK_EQ(g.count, 0);
	CHECK_STR(g.why, "the agent may not make cgroups");
}

static void
test_v2(void)
{
	char paths[CW_CGROUP_FOLDERS_MAX][CW_CGROUP_PATH];
	struct cw_cgroups g;
	struct cw_err err = { 0 };

	test_case = "version 2";
	file("cgroup.controllers", "cpu memory pids\n");
	file("cgroup.subtree_control", "");
	find(&g, "0::/\n");
	CHECK_EQ(g.version, 2);
	CHECK_EQ(g.count, 1);
	/* The kernel makes the files of a group with it; here they have to be there. */
	folder("causeway-sandbox-5");
	for (const char *const *f = (const char *const[]){ "memory.max", "memory.swap.max",
		 "memory.oom.group", "cpu.weight", "pids.max", NULL };
	     *f != NULL; f++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "causeway-sandbox-5/%s", *f);
		file(path, "");
	}
	CHECK_EQ(cw_cgroups_make(&g, 5, &limits, paths, &err), CW_OK);
	CHECK_STR(paths[0], at("causeway-sandbox-5"));
	holds("causeway-sandbox-5/memory.max", "67109888"); /* memory, /tmp, 64 MB for the kernel */
	holds("causeway-sandbox-5/pids.max", "7");
	holds("causeway-sandbox-5/cpu.weight", "50");
	holds("causeway-sandbox-5/memory.swap.max", "0");
	test_case = "a limit that cannot be set";
	CHECK_EQ(unlink(at("causeway-sandbox-5/pids.max")), 0);
	CHECK_EQ(cw_cgroups_make(&g, 5, &limits, paths, &err), CW_ESYS);
	test_case = "removed when nothing is in it";
	CHECK(!cw_cgroups_remove(&g, 5)); /* plain files keep it; a cgroup's do not */
	CHECK(cw_cgroups_remove(&g, 6));
}

static void
test_v2_delegated(void)
{
	struct cw_cgroups g;

	test_case = "version 2, delegated by systemd";
	if (setxattr(at("agent.service"), "trusted.delegate", "1", 1, 0) < 0 &&
	    setxattr(at("agent.service"), "user.delegate", "1", 1, 0) < 0)
		return; /* this file system has no such attributes */
	find(&g, "0::/agent.service\n");
	CHECK_EQ(g.version, 2);
	CHECK_STR(g.folders[0], at("agent.service"));
	/* Two writes over each other in a plain file; a kernel takes one after the other. */
	holds("agent.service/cgroup.subtree_control", "+cpuory +pids");
}

static void
test_v1(void)
{
	struct cw_cgroups g;

	test_case = "version 1, controllers together and apart";
	folder("memory");
	folder("memory/own");
	folder("pids");
	find(&g, "9:cpu,pids:/\n5:memory:/own\n0::/\n");
	CHECK_EQ(g.version, 1);
	CHECK_EQ(g.count, 2);
	CHECK_STR(g.folders[0], at("memory/own"));
	CHECK_STR(g.folders[1], at("pids"));
}

int
main(void)
{
	char command[64];

	if (mkdtemp(root) == NULL)
		return 2;
	test_none();
	test_v2();
	test_v2_delegated();
	test_v1();
	(void)snprintf(command, sizeof(command), "rm -r %s", root);
	CHECK_EQ(system(command), 0);
	return test_failed;
}
