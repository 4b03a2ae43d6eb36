/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LAUNCHER_PLAN_H
#define CW_LAUNCHER_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_err;

/*
 * What the agent asks of the launcher: its command line, read into numbers and
 * borrowed strings. Everything is said, nothing is found out here, so that the
 * part that still holds root's power stays small.
 */
#define CW_PLAN_FILES_MAX 128
#define CW_PLAN_ENVIRONMENT_MAX 64
#define CW_PLAN_CGROUPS_MAX 4
#define CW_PLAN_ID_MIN 65536u /* below are people and services: processes of the id are ended */
#define CW_PLAN_INSIDE_ID 65534u /* the uid and gid that the program sees as its own */
#define CW_PLAN_EXIT 125 /* the launcher could not raise a wall */

struct cw_plan {
	uint32_t id; /* the uid and gid outside */
	uint32_t parent; /* the agent's process id */
	const char *run_folder; /* the new root is put together on it, in a mount namespace */
	const char *bwrap;
	struct cw_plan_file {
		const char *source, *inside; /* absolute paths of a file or folder */
	} files[CW_PLAN_FILES_MAX]; /* seen inside, read-only */
	size_t file_count;
	const char *environment[CW_PLAN_ENVIRONMENT_MAX]; /* NAME, VALUE, NAME, VALUE ... */
	size_t environment_count; /* strings */
	const char *cgroups[CW_PLAN_CGROUPS_MAX]; /* folders to join */
	size_t cgroup_count;
	uint64_t tmp_bytes, tmp_files;
	uint64_t memory_bytes, address_bytes, file_bytes;
	uint64_t threads, descriptors, cpu_s;
	bool no_filter; /* for the probe alone: shows what the namespaces keep out by themselves */
	char *const *program; /* NULL-terminated; [0] is an absolute path inside */
};

/* CW_EINVAL names the option that is missing or wrong. *ret borrows from argv. */
int cw_plan_read(struct cw_plan *ret, char *const *argv, struct cw_err *err);

#endif
