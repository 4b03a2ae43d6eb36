/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "powershell/json.h"
#include "script.h"

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct script *s = arg;
	struct cw_err err;

	(void)cw_ps_json_put(&s->output, value, &err);
	(void)cw_buf_putc(&s->output, '\n');
}

static void
keep_error(struct script *s, const struct cw_ps_value *record)
{
	if (s->error[0] == '\0' && record != NULL)
		(void)snprintf(s->error, sizeof(s->error), "%s",
		    cw_ps_str(record) != NULL ? cw_ps_str(record) : "?");
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	if (stream == CW_PSRP_ERROR)
		keep_error(arg, record);
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct script *s = arg;

	keep_error(s, error);
	s->outcome = outcome;
	s->done = true;
	s->pipeline = NULL;
}

void
script_init(struct script *s, uv_loop_t *loop, const bool *lost)
{
	memset(s, 0, sizeof(*s));
	s->loop = loop;
	s->lost = lost;
	cw_buf_init(&s->output, 1u << 22);
}

void
script_free(struct script *s)
{
	cw_buf_free(&s->output);
}

bool
script_begin(struct script *s, struct cw_psrp *session, const char *text, uint32_t timeout_ms)
{
	static const struct cw_psrp_pipeline_events events = { on_output, on_record, NULL,
		on_finished };
	const struct cw_psrp_command command = { text, true, NULL, 0 };
	const struct cw_psrp_run run = { &command, 1, false, timeout_ms, &events, s };
	struct cw_err err = { 0 };

	cw_buf_clear(&s->output);
	s->error[0] = '\0';
	s->done = false;
	uv_update_time(s->loop);
	if (cw_psrp_run(session, &s->pipeline, &run, uv_now(s->loop), &err) == CW_OK)
		return true;
	(void)snprintf(s->error, sizeof(s->error), "%s", err.text);
	s->outcome = CW_PSRP_FAILED;
	s->done = true;
	return false;
}

void
script_run(struct script *s, struct cw_psrp *session, const char *text, uint32_t timeout_ms)
{
	if (!script_begin(s, session, text, timeout_ms))
		return;
	while (!s->done && !*s->lost)
		(void)uv_run(s->loop, UV_RUN_ONCE);
}

const char *
script_output(struct script *s)
{
	const char *text = cw_buf_str(&s->output);

	return text != NULL ? text : "";
}
