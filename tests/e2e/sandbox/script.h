/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_SANDBOX_SCRIPT_H
#define CW_TEST_SANDBOX_SCRIPT_H

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/session.h"

/* A script run in a session, its output as JSON lines, waited for on the loop. */
struct script {
	uv_loop_t *loop;
	struct cw_buf output;
	char error[512]; /* of the first error record, or what ended it */
	enum cw_psrp_outcome outcome;
	bool done;
	const bool *lost; /* set from outside: nothing more will come */
	struct cw_psrp_pipeline *pipeline;
};

void script_init(struct script *s, uv_loop_t *loop, const bool *lost);
void script_free(struct script *s);
/* Starts it; false when it cannot. */
bool script_begin(struct script *s, struct cw_psrp *session, const char *text, uint32_t timeout_ms);
/* Starts it and waits for its end, or the session's. */
void script_run(struct script *s, struct cw_psrp *session, const char *text, uint32_t timeout_ms);
const char *script_output(struct script *s);

#endif
