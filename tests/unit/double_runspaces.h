/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_DOUBLE_RUNSPACES_H
#define CW_DOUBLE_RUNSPACES_H

#include <stdbool.h>

#include "runspaces/runspaces.h"

/*
 * A double of agent/runspaces, linked in its place: jobs stay where they are until
 * the test says what became of them. One pool for each module.
 */
struct double_job {
	struct double_job *next;
	const char *module;
	char command[64];
	const struct cw_psrp_command *full; /* borrowed while it runs */
	const struct cw_ps_value *const *input; /* what it is fed with, or NULL */
	size_t input_count;
	const struct cw_runspaces_events *events;
	void *arg;
	bool begun, paused, stopped;
	uint64_t begin_by_ms;
};

/* The oldest job that runs this command ("ActiveDirectory\\Get-ADUser"), or NULL. */
struct double_job *double_find(const char *command);
unsigned double_jobs(void);
void double_begin(struct double_job *job); /* jobs begin at once unless double_hold */
extern bool double_hold;
extern bool double_no_pause; /* too many are paused already */
/* One object, as CLIXML. */
void double_output(struct double_job *job, const char *xml);
void double_record(struct double_job *job, enum cw_psrp_stream stream, const char *xml);
/* The end; xml of the error record, or NULL. */
void double_done(struct double_job *job, int code, const char *why, const char *xml);
/* The value of a named argument, or NULL. */
const struct cw_ps_value *double_argument(const struct double_job *job, const char *name);
/* Runspaces of this module are ready, or all lost for this reason. */
void double_ready(const char *module);
void double_lost(const char *module, const char *why);

#endif
