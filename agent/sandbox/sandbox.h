/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_H
#define CW_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <uv.h>

#include "base/err.h"

/*
 * The walls around a program that is not trusted: the PowerShell that runs
 * callers' scripts. The process inside is the enemy; nothing here asks it to
 * behave. The walls are probed from inside before anything runs in them, and one
 * that does not hold means that no script runs (README.md has them one by one).
 *
 * Linux so far. Elsewhere everything here answers CW_EUNAVAILABLE.
 */
#define CW_SANDBOX_RUN_FOLDER "/run/causeway-sandbox"
#define CW_SANDBOX_BWRAP "/usr/bin/bwrap"
/* Above what SSSD and FreeIPA give to directory accounts (up to 2000200000) and systemd to
 * containers (up to 1879048191), below systemd's foreign ids (from 2147352576). */
#define CW_SANDBOX_FIRST_ID 2100000000u
#define CW_SANDBOX_IDS 16u
#define CW_SANDBOX_IDS_MAX 64u
#define CW_SANDBOX_HIDDEN_MAX 32u

/* What one sandbox may use up. Each is a hard wall of the kernel's, none is a request. */
struct cw_sandbox_limits {
	uint64_t memory; /* bytes of its own, whatever they are for */
	uint64_t heap; /* bytes of objects; a script that passes it gets an OutOfMemoryException */
	uint64_t address_space; /* bytes; .NET reserves twice the heap and some 350 MB. Bounds what
				 * is made read-only, which memory does not count */
	uint64_t tmp; /* bytes in /tmp, which is memory */
	uint64_t tmp_files;
	uint64_t threads; /* there is one process, and no other can be made */
	uint64_t descriptors;
	uint64_t cpu_s; /* over its whole life, all threads together */
};

struct cw_sandbox_file {
	const char *source; /* a file or folder, absolute */
	const char *inside; /* where it is seen, read-only: in a folder of its own, /modules say */
};

/* All of it is borrowed and outlives what is made from it. */
struct cw_sandbox_config {
	const char *launcher; /* causeway-sandbox, and the program put in the engine's place when */
	const char *probe; /* the walls are probed. NULL: in the running program's folder */
	const char *bwrap;
	const char *run_folder; /* made when it is not there; its parent is root's alone */
	char *const *engine; /* command line of PowerShell's server mode; [0] is looked up on the
			      * PATH */
	const struct cw_sandbox_file *files; /* that it sees beside what it needs to run */
	size_t file_count;
	const char *const *environment; /* more "NAME=VALUE"; NULL-terminated, or NULL */
	const char *const *hidden; /* paths that no sandbox may see: state, keys, sockets. Probed;
				    * at most CW_SANDBOX_HIDDEN_MAX, NULL-terminated, or NULL */
	uint32_t first_id; /* uid and gid of the first sandbox; no account may have them */
	unsigned ids; /* so many sandboxes at a time, 1 .. CW_SANDBOX_IDS_MAX */
	struct cw_sandbox_limits limits;
};

/* Everything but the engine at its default. */
void cw_sandbox_config_init(struct cw_sandbox_config *ret);

/* --- the walls */

#define CW_SANDBOX_WALLS_MAX 24

struct cw_sandbox_wall {
	const char *name; /* one word, stable */
	const char *keeps_out; /* what the program inside cannot do because of it */
	const char *remedy; /* what an administrator does when it cannot be raised */
	bool optional; /* scripts run without it too: another wall stands behind */
};

/* Static storage. */
const struct cw_sandbox_wall *cw_sandbox_walls(size_t *count);

struct cw_sandbox_finding {
	const struct cw_sandbox_wall *wall;
	bool holds;
	bool tried; /* false: an earlier one failed, and this one cannot be told */
	char detail[CW_ERR_TEXT_MAX]; /* what was tried and seen; one line */
};

struct cw_sandbox_report {
	bool ok; /* every wall holds that is not optional */
	struct cw_sandbox_finding findings[CW_SANDBOX_WALLS_MAX]; /* in the order of the walls */
	size_t count;
};

/* The first finding that forbids scripts, one that was tried if there is such; NULL: none. */
const struct cw_sandbox_finding *cw_sandbox_report_worst(const struct cw_sandbox_report *report);

struct cw_sandbox_check;

/*
 * Raises the walls around our probe and lets it try each from inside: once without
 * the filter of system calls, so that the namespaces stand for themselves, and once
 * with it. It opens and connects, only to listeners made for it, and writes nothing.
 * done comes once, on the loop, with everything cleaned up; the report is borrowed
 * until it returns. CW_EINVAL: more is to be hidden than can be probed.
 */
int cw_sandbox_check_start(struct cw_sandbox_check **ret, uv_loop_t *loop,
    const struct cw_sandbox_config *config,
    void (*done)(void *arg, const struct cw_sandbox_report *report), void *arg, struct cw_err *err);
/* Makes done come soon, with a report that is not ok. */
void cw_sandbox_check_stop(struct cw_sandbox_check *check);

#endif
