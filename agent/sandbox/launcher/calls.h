/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LAUNCHER_CALLS_H
#define CW_LAUNCHER_CALLS_H

#include <stddef.h>
#include <stdint.h>

/*
 * The system calls that the filter knows, as data. What is in none of the tables
 * fails with ENOSYS, as on a kernel that does not have it.
 */
struct cw_call {
	const char *name;
	int number; /* negative: this architecture has none */
};

/* For some values of an argument or two; for others as if it were in no table. */
struct cw_call_narrow {
	struct cw_call call;
	struct {
		unsigned argument;
		uint64_t mask; /* bits looked at; 0: no condition */
		uint64_t value; /* that they must have */
	} is[2];
};

struct cw_call_refused {
	struct cw_call call;
	int error;
};

/* Each ends where the name is NULL. */
extern const struct cw_call cw_calls_allowed[], cw_calls_fatal[];
extern const struct cw_call_narrow cw_calls_narrow[];
extern const struct cw_call_refused cw_calls_refused[];

#endif
