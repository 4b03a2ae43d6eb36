/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a run ends: as it ended, refused, given up, or as if it had never been. A
 * write's end goes to the disk before it is told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/time.h"
#include "commands/commands_internal.h"
#include "commands/output.h"

void
run_free(struct run *run)
{
	struct cw_commands *c = run->owner;
	struct run **at = &c->runs;

	while (*at != run)
		at = &(*at)->next;
	*at = run->next;
	c->count--;
	for (at = &c->dirty; *at != NULL; at = &(*at)->next_dirty)
		if (*at == run) {
			*at = run->next_dirty;
			break;
		}
	cw_request_free(&run->request);
	cw_buf_free(&run->lines);
	cw_buf_free(&run->kept);
	cw_buf_free(&run->error);
	cw_buf_free(&run->result_text);
	cJSON_Delete(run->result);
	cJSON_Delete(run->detail);
	cJSON_Delete(run->parameters);
	cJSON_Delete(run->failure);
	free(run);
	commands_look(c);
}

/* What it said goes first; the last of it may have to wait for the reader. */
void
run_answer(struct run *run)
{
	struct cw_commands *c = run->owner;
	struct cw_wire_call *call = run->call;

	run->state = RUN_ANSWERING;
	stream_flush(run);
	if (call != NULL && cw_buf_left(&run->lines) > 0)
		return;
	if (call != NULL && run->refused.code < 0) {
		commands_refuse(c, call, &run->refused, run->detail);
		run->detail = NULL;
	} else if (call != NULL) {
		cw_wire_call_finish(call, run->result);
		run->result = NULL;
	}
	run_free(run);
}

void
run_refuse(struct run *run, int code, const char *why)
{
	(void)cw_fail(&run->refused, code, "%s", why);
	run_answer(run);
}

static void
on_ended(void *arg)
{
	struct run *run = arg;
	struct cw_commands *c = run->owner;

	/* What cannot be written is told all the same: the bridge keeps it, and that is the truth.
	 */
	if (run->change.err.code < 0 && c->config.trouble != NULL)
		c->config.trouble(c->config.arg, &run->change.err);
	if (run->call == NULL)
		run_free(run);
	else
		run_answer(run);
}

/* A write's end goes to the disk before it is told. */
static void
end_in_journal(struct run *run, int kind)
{
	run->state = RUN_ENDING;
	run->change = (struct cw_journal_change){ .kind = kind, .id = run->request.id };
	if (kind == CW_JOURNAL_CHANGE_FINISH) {
		run->change.failed = run->errors > 0;
		run->change.result = cw_buf_str(&run->result_text);
		run->change.output = run->kept_all ? cw_buf_str(&run->kept) : NULL;
	}
	run->disk = (struct cw_writer_job){ .change = &run->change, .done = on_ended, .arg = run };
	cw_writer_ask(run->owner->config.writer, &run->disk);
}

void
run_withdraw(struct run *run, int code, const char *why)
{
	(void)cw_fail(&run->refused, code, "%s", why);
	if (run->request.entry->write && run->state > RUN_PLACING)
		end_in_journal(run, CW_JOURNAL_CHANGE_WITHDRAW);
	else
		run_answer(run);
}

/* {"state","server","started","finished","duration_ms","outputs","error"?} */
static void
make_result(struct run *run)
{
	double us = (double)((run->finished_ns - run->started_ns) / 1000u);
	cJSON *o = cJSON_CreateObject();
	char text[CW_TIME_TEXT];

	cJSON_AddStringToObject(o, "state", run->errors > 0 ? "failed" : "done");
	cJSON_AddStringToObject(o, "server", run->server);
	cw_time_text(text, run->started_ms);
	cJSON_AddStringToObject(o, "started", text);
	cw_time_text(text, run->finished_ms);
	cJSON_AddStringToObject(o, "finished", text);
	cJSON_AddNumberToObject(o, "duration_ms", us / 1000);
	cJSON_AddNumberToObject(o, "outputs", (double)run->outputs);
	if (cw_buf_left(&run->error) > 0)
		cJSON_AddRawToObject(o, "error", cw_buf_str(&run->error));
	run->result = o;
}

void
run_ended(struct run *run)
{
	struct cw_commands *c = run->owner;

	make_result(run);
	if (run->errors > 0)
		c->failed++;
	else
		c->done++;
	if (!run->request.entry->write) {
		run_answer(run);
		return;
	}
	(void)cw_json_put(&run->result_text, run->result);
	end_in_journal(run, CW_JOURNAL_CHANGE_FINISH);
}

/* A read has changed nothing, whatever it was. */
void
run_lost(struct run *run, int code, const char *why)
{
	(void)cw_fail(&run->refused, code, "%s", why);
	if (run->request.entry->write) {
		run->owner->unknown++;
		end_in_journal(run, CW_JOURNAL_CHANGE_LOSE);
	} else {
		run->owner->failed++;
		run_answer(run);
	}
}

void
run_stopped(struct run *run, const char *why)
{
	if (run->stop == RUN_STOP_GONE) {
		run_free(run);
	} else if (run->stop == RUN_STOP_LATE) {
		run_lost(run, CW_ETIMEOUT, "the command was stopped: its time was over");
	} else if (run->stop == RUN_STOP_DRAINED && !run->request.entry->write) {
		run_lost(run, CW_EUNAVAILABLE, "the agent is being stopped");
	} else if (run->request.entry->write) {
		run_lost(run, CW_EUNKNOWN, why);
	} else {
		run->errors++;
		if (cw_buf_left(&run->error) == 0)
			(void)cw_output_error(&run->error, NULL, why, true);
		run_ended(run);
	}
}
