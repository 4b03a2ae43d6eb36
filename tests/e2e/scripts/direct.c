/* SPDX-License-Identifier: Apache-2.0 */
/*
 * direct POWERSHELL: scripts run as they are, one after the other in one engine: the truth that the
 * broker's ways are held against. Standard input: lines of {"text"}; standard output, for each:
 * lines of NDJSON as `causewayctl run --json` writes them, then {"done":STATE}.
 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "commands/output.h"
#include "powershell/process.h"

#define SCRIPT_MS 60000u

struct direct {
	uv_loop_t loop;
	struct cw_psrp_process *process;
	struct cw_buf out;
	bool opened, finished, gone, failed;
};

static void
on_opened(void *arg)
{
	((struct direct *)arg)->opened = true;
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	((struct direct *)arg)->gone = true;
	fprintf(stderr, "direct: the engine is lost: %s\n", err->text);
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct cw_err err = { 0 };

	if (cw_output_value(&((struct direct *)arg)->out, value, &err) < 0)
		fprintf(stderr, "direct: an object is left out: %s\n", err.text);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct cw_err err = { 0 };

	if (stream == CW_PSRP_ERROR)
		((struct direct *)arg)->failed = true;
	if (cw_output_record(&((struct direct *)arg)->out, stream, record, &err) < 0)
		fprintf(stderr, "direct: a record is left out: %s\n", err.text);
}

/* What ends a script is the last of its errors. */
static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct direct *d = arg;

	if (error != NULL)
		on_record(d, CW_PSRP_ERROR, error);
	d->failed = d->failed || outcome != CW_PSRP_COMPLETED;
	d->finished = true;
}

static const struct cw_psrp_pipeline_events events = { on_output, on_record, NULL, on_finished };

static void
until(struct direct *d, const bool *what)
{
	while (!*what && !d->gone)
		uv_run(&d->loop, UV_RUN_ONCE);
}

/* In a scope of its own: one script's variables are not the next one's. */
static int
run(struct direct *d, const char *text)
{
	struct cw_buf script;
	struct cw_psrp_command command = { .is_script = true };
	struct cw_psrp_run run = { .commands = &command,
		.count = 1,
		.timeout_ms = SCRIPT_MS,
		.events = &events,
		.arg = d };
	struct cw_psrp_pipeline *pipeline;
	struct cw_err err = { 0 };
	int r;

	cw_buf_init(&script, 1u << 20);
	cw_buf_clear(&d->out);
	d->finished = d->failed = false;
	if ((r = cw_buf_puts(&script, "& {\n")) == CW_OK &&
	    (r = cw_buf_puts(&script, text)) == CW_OK)
		r = cw_buf_put(&script, "\n}", sizeof("\n}"));
	if (r == CW_OK) {
		command.text = (const char *)cw_buf_peek(&script);
		uv_update_time(&d->loop);
		r = cw_psrp_run(
		    cw_psrp_process_session(d->process), &pipeline, &run, uv_now(&d->loop), &err);
	}
	if (r < 0)
		fprintf(stderr, "direct: %s\n", err.text);
	else
		until(d, &d->finished);
	cw_buf_free(&script);
	return r < 0 || d->gone ? -1 : 0;
}

static int
each_line(struct direct *d)
{
	char *line = NULL;
	size_t room = 0;
	int r = 0;

	while (r == 0 && getline(&line, &room, stdin) > 0) {
		cJSON *json = cJSON_Parse(line);
		const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(json, "text"));

		if (text == NULL) {
			fprintf(stderr, "direct: not a line of {\"text\"}\n");
			r = -1;
		} else if ((r = run(d, text)) == 0) {
			fwrite(cw_buf_peek(&d->out), 1, cw_buf_left(&d->out), stdout);
			printf("{\"done\":\"%s\"}\n", d->failed ? "failed" : "done");
			fflush(stdout);
		}
		cJSON_Delete(json);
	}
	free(line);
	return r;
}

int
main(int argc, char **argv)
{
	char *engine[] = { argc == 2 ? argv[1] : NULL, "-NoLogo", "-NoProfile", "-s", NULL };
	struct direct d = { 0 };
	struct cw_psrp_process_config config = {
		.loop = &d.loop, .argv = engine, .events = { on_opened, NULL, NULL, on_lost, &d }
	};
	struct cw_err err = { 0 };
	int r;

	if (engine[0] == NULL) {
		fprintf(stderr, "usage: direct POWERSHELL\n");
		return 2;
	}
	uv_loop_init(&d.loop);
	cw_buf_init(&d.out, 1u << 26);
	if (cw_psrp_process_start(&d.process, &config, &err) < 0) {
		fprintf(stderr, "direct: %s\n", err.text);
		return 1;
	}
	until(&d, &d.opened);
	r = d.gone ? -1 : each_line(&d);
	if (!d.gone)
		cw_psrp_process_kill(d.process);
	uv_run(&d.loop, UV_RUN_DEFAULT);
	uv_loop_close(&d.loop);
	cw_buf_free(&d.out);
	return r == 0 ? 0 : 1;
}
