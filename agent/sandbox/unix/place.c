/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An id is held by a lock on the byte of that number in a file of the run folder: agents and tests
 * side by side never share one, and a lock ends with its process.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "sandbox/place.h"
#include "sandbox/unix/cgroup.h"
#include "sandbox/unix/command.h"

#define REMOVE_TRIES 20u /* the last processes of a sandbox vanish a moment after it */
#define REMOVE_STEP_MS 5

struct cw_places {
	const struct cw_sandbox_config *config;
	struct cw_cgroups cgroups;
	char launcher[PATH_MAX];
	int locks; /* the file */
	unsigned next; /* where to look for a free one first */
	bool taken[CW_SANDBOX_IDS_MAX];
	bool grouped[CW_SANDBOX_IDS_MAX]; /* a cgroup was made */
};

void
cw_sandbox_config_init(struct cw_sandbox_config *ret)
{
	*ret = (struct cw_sandbox_config){
		.bwrap = CW_SANDBOX_BWRAP,
		.run_folder = CW_SANDBOX_RUN_FOLDER,
		.first_id = CW_SANDBOX_FIRST_ID,
		.ids = CW_SANDBOX_IDS,
		.limits = {
			.memory = 768ull << 20,
			.heap = 384ull << 20,
			.address_space = 1792ull << 20,
			.tmp = 16ull << 20,
			.tmp_files = 4096,
			.threads = 64,
			.descriptors = 512,
			.cpu_s = 600,
		},
	};
}

/* --- what is there */

/* Others must not be able to put anything there. */
static int
make_run_folder(const char *path, struct cw_err *err)
{
	struct stat st;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return cw_fail(err, errno == EACCES || errno == EPERM ? CW_EDENIED : CW_ESYS,
		    "cannot make %s: %s", path, strerror(errno));
	if (lstat(path, &st) < 0 || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return cw_fail(
		    err, CW_EDENIED, "%s is not a folder that only this account may write", path);
	return CW_OK;
}

int
cw_places_beside(char *ret, size_t size, const char *given, const char *name, struct cw_err *err)
{
	char self[PATH_MAX];
	ssize_t n;
	char *slash;

	if (given != NULL) {
		(void)snprintf(ret, size, "%s", given);
	} else {
		if ((n = readlink("/proc/self/exe", self, sizeof(self) - 1)) < 0)
			return cw_fail(
			    err, CW_ESYS, "cannot tell where this program is: %s", strerror(errno));
		self[n] = '\0';
		if ((slash = strrchr(self, '/')) != NULL)
			*slash = '\0';
		(void)snprintf(ret, size, "%s/%s", self, name);
	}
	if (access(ret, X_OK) < 0)
		return cw_fail(err, CW_ENOTFOUND, "%s: %s", ret, strerror(errno));
	return CW_OK;
}

static bool
lock(const struct cw_places *p, unsigned i, short type)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = p->config->first_id + i, .l_len = 1
	};

	return fcntl(p->locks, F_OFD_SETLK, &range) == 0;
}

/* What an agent that crashed could not remove. */
static void
remove_old_cgroups(const struct cw_places *p)
{
	for (unsigned i = 0; i < p->config->ids; i++) {
		if (!lock(p, i, F_WRLCK))
			continue;
		(void)cw_cgroups_remove(&p->cgroups, p->config->first_id + i);
		(void)lock(p, i, F_UNLCK);
	}
}

int
cw_places_new(struct cw_places **ret, const struct cw_sandbox_config *config, struct cw_err *err)
{
	struct cw_places *p;
	char path[PATH_MAX];
	int r;

	if (config->ids == 0 || config->ids > CW_SANDBOX_IDS_MAX ||
	    config->first_id > (uint32_t)INT32_MAX - CW_SANDBOX_IDS_MAX)
		return cw_fail(err, CW_EINVAL, "%u sandboxes from uid %u on: not possible",
		    config->ids, config->first_id);
	if ((p = calloc(1, sizeof(*p))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	p->config = config;
	p->locks = -1;
	if ((r = cw_places_beside(p->launcher, sizeof(p->launcher), config->launcher,
		 CW_SANDBOX_LAUNCHER, err)) < 0 ||
	    (r = make_run_folder(config->run_folder, err)) < 0)
		goto failed;
	(void)snprintf(path, sizeof(path), "%s/ids", config->run_folder);
	if ((p->locks = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) < 0) {
		r = cw_fail(err, CW_ESYS, "cannot open %s: %s", path, strerror(errno));
		goto failed;
	}
	cw_cgroups_find(&p->cgroups, "/sys/fs/cgroup", "/proc/self/cgroup");
	remove_old_cgroups(p);
	*ret = p;
	return CW_OK;
failed:
	cw_places_free(p);
	return r;
}

static void
remove_cgroup(struct cw_places *p, unsigned i)
{
	const struct timespec step = { 0, REMOVE_STEP_MS * 1000000l };

	for (unsigned n = 0; n < REMOVE_TRIES; n++) {
		if (cw_cgroups_remove(&p->cgroups, p->config->first_id + i))
			return;
		(void)nanosleep(&step, NULL);
	}
}

void
cw_places_free(struct cw_places *p)
{
	if (p == NULL)
		return;
	for (unsigned i = 0; i < CW_SANDBOX_IDS_MAX; i++)
		if (p->grouped[i])
			remove_cgroup(p, i);
	if (p->locks >= 0)
		close(p->locks);
	free(p);
}

bool
cw_places_cgroup(const struct cw_places *p, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%s", p->cgroups.why);
	return p->cgroups.count > 0;
}

/* --- accounts */

static int
in_use(uint32_t id, const char *what, const char *by, struct cw_err *err)
{
	return cw_fail(err, CW_ECONFLICT, "%s %u belongs to %s", what, id, by);
}

/* Ranges of ids that are given to containers: NAME:FIRST:COUNT. */
static int
check_ranges(const char *path, uint32_t first, unsigned count, struct cw_err *err)
{
	char line[256];
	FILE *f = fopen(path, "re");
	int r = CW_OK;

	while (f != NULL && r == CW_OK && fgets(line, sizeof(line), f) != NULL) {
		unsigned long long from, n;
		char name[128];

		if (sscanf(line, "%127[^:]:%llu:%llu", name, &from, &n) == 3 &&
		    from < (unsigned long long)first + count && first < from + n)
			r = cw_fail(err, CW_ECONFLICT,
			    "%s gives ids that sandboxes would have to %s", path, name);
	}
	if (f != NULL)
		(void)fclose(f);
	return r;
}

int
cw_places_check_accounts(const struct cw_sandbox_config *config, struct cw_err *err)
{
	int r;

	for (unsigned i = 0; i < config->ids; i++) {
		uint32_t id = config->first_id + i;
		char text[4096];
		struct passwd account, *found_account = NULL;
		struct group group, *found_group = NULL;

		(void)getpwuid_r(id, &account, text, sizeof(text), &found_account);
		if (found_account != NULL)
			return in_use(id, "uid", account.pw_name, err);
		(void)getgrgid_r(id, &group, text, sizeof(text), &found_group);
		if (found_group != NULL)
			return in_use(id, "gid", group.gr_name, err);
	}
	if ((r = check_ranges("/etc/subuid", config->first_id, config->ids, err)) < 0)
		return r;
	return check_ranges("/etc/subgid", config->first_id, config->ids, err);
}

/* --- taking and giving */

int
cw_places_take(struct cw_places *p, uint32_t *ret, struct cw_err *err)
{
	for (unsigned n = 0; n < p->config->ids; n++) {
		unsigned i = (p->next + n) % p->config->ids;

		if (p->taken[i] || !lock(p, i, F_WRLCK))
			continue;
		p->taken[i] = true;
		p->next = i + 1;
		*ret = p->config->first_id + i;
		return CW_OK;
	}
	return cw_fail(err, CW_EUNAVAILABLE, "all %u sandboxes are in use", p->config->ids);
}

void
cw_places_give(struct cw_places *p, uint32_t id)
{
	unsigned i = id - p->config->first_id;

	p->taken[i] = false;
	(void)lock(p, i, F_UNLCK);
}

/* --- what is run there */

int
cw_places_command_for(struct cw_place_command *ret, struct cw_places *p, uint32_t id,
    const char *program, char *const *arguments, bool filter, struct cw_err *err)
{
	char cgroups[CW_CGROUP_FOLDERS_MAX][CW_CGROUP_PATH];
	const struct cw_command_of of = { p->config, p->launcher, id, cgroups, p->cgroups.count,
		program, arguments, filter };
	int r;

	if ((r = cw_cgroups_make(&p->cgroups, id, &p->config->limits, cgroups, err)) < 0)
		return r;
	p->grouped[id - p->config->first_id] = p->cgroups.count > 0;
	return cw_command_build(ret, &of, err);
}

int
cw_places_command(
    struct cw_place_command *ret, struct cw_places *p, uint32_t id, struct cw_err *err)
{
	char *const *engine = p->config->engine;

	return cw_places_command_for(ret, p, id, engine[0], engine + 1, true, err);
}
