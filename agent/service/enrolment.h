/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ENROLMENT_H
#define CW_ENROLMENT_H

#include <stdbool.h>

struct cw_err;

/* `causeway-agent enrol`: this server becomes an agent. */
struct cw_enrolment {
	const char *folder;
	const char *bridge; /* "host:port" */
	/* "cwt_...", or "-": a line of standard input. Wiped, so that no list of processes shows it
	 * any longer than it must. */
	char *token;
	const char
	    *proxy; /* URL, kept for `run` too; NULL: as configured, or as the environment says */
	bool replace;
};

/* Says on standard output who the server is now. */
int cw_enrolment_run(const struct cw_enrolment *enrolment, struct cw_err *err);

#endif
