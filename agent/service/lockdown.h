/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LOCKDOWN_H
#define CW_LOCKDOWN_H

#include <stdbool.h>
#include <stdint.h>

struct cw_err;

/*
 * Lockdown: a file in the state folder, so that it lasts over restarts until an
 * administrator of this server takes it away. While it is there, readable or not,
 * nothing is done for the bridge, and no connection to it is made.
 */
#define CW_LOCKDOWN_REASON_MAX 256u /* bytes, with the NUL; one line */

struct cw_lockdown {
	bool on;
	int64_t since_ms; /* Unix time; 0 where the file does not tell */
	char reason[CW_LOCKDOWN_REASON_MAX]; /* "" for none */
};

/* Cannot fail: what cannot be read is on. */
void cw_lockdown_read(struct cw_lockdown *ret, const char *state_folder);
/* On the disk when it returns. reason may be NULL. CW_EINVAL: it is too long. */
int cw_lockdown_set(
    const char *state_folder, const char *reason, int64_t now_ms, struct cw_err *err);
int cw_lockdown_clear(const char *state_folder, struct cw_err *err);

#endif
