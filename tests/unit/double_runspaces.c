/* SPDX-License-Identifier: Apache-2.0 */
#include "double_runspaces.h"

#include <assert.h>
#include <stdlib.h>

#include "test.h"
#include "base/err.h"
#include "powershell/clixml.h"

extern const char *test_case;

struct cw_runspaces {
	struct cw_runspaces *next;
	struct cw_runspaces_config config;
	bool ready;
	char error[128];
	uv_timer_t closing; /* closed() comes from the loop */
	void (*closed)(void *arg);
	void *closed_arg;
};

static struct cw_runspaces *pools;
static struct double_job *jobs;
bool double_hold, double_no_pause;

/* --- the test's side */

struct double_job *
double_find(const char *command)
{
	struct double_job *found = NULL;

	for (struct double_job *job = jobs; job != NULL; job = job->next)
		if (strcmp(job->command, command) == 0)
			found = job; /* the list is newest first */
	return found;
}

unsigned
double_jobs(void)
{
	unsigned n = 0;

	for (const struct double_job *job = jobs; job != NULL; job = job->next)
		n++;
	return n;
}

void
double_begin(struct double_job *job)
{
	job->begun = true;
}

static void
with_value(struct double_job *job, const char *xml,
    void (*use)(struct double_job *job, const struct cw_ps_value *v, int what), int what)
{
	const struct cw_ps_value *v = NULL;
	struct cw_clixml *reader;
	struct cw_ps_arena *arena;
	struct cw_err err = { 0 };

	CHECK_EQ(cw_clixml_new(&reader), CW_OK);
	CHECK_EQ(cw_ps_arena_new(&arena, CW_PS_ARENA_MAX), CW_OK);
	if (xml != NULL)
		CHECK_EQ(cw_clixml_read(reader, &v, arena, xml, strlen(xml), &err), CW_OK);
	CHECK_STR(err.text, "");
	use(job, v, what);
	cw_ps_arena_free(arena);
	cw_clixml_free(reader);
}

static void
use_output(struct double_job *job, const struct cw_ps_value *v, int what)
{
	(void)what;
	job->events->output(job->arg, v);
}

static void
use_record(struct double_job *job, const struct cw_ps_value *v, int what)
{
	job->events->record(job->arg, (enum cw_psrp_stream)what, v);
}

void
double_output(struct double_job *job, const char *xml)
{
	with_value(job, xml, use_output, 0);
}

void
double_record(struct double_job *job, enum cw_psrp_stream stream, const char *xml)
{
	with_value(job, xml, use_record, (int)stream);
}

static struct cw_err end;

static void
use_done(struct double_job *job, const struct cw_ps_value *v, int what)
{
	struct double_job **at = &jobs;
	const struct cw_runspaces_events *events = job->events;
	void *arg = job->arg;

	(void)what;
	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	free(job);
	events->done(arg, &end, v);
}

void
double_done(struct double_job *job, int code, const char *why, const char *xml)
{
	end = (struct cw_err){ 0 };
	if (code < 0)
		(void)cw_fail(&end, code, "%s", why);
	with_value(job, xml, use_done, 0);
}

const struct cw_ps_value *
double_argument(const struct double_job *job, const char *name)
{
	for (size_t i = 0; i < job->full->argument_count; i++)
		if (strcmp(job->full->arguments[i].name, name) == 0)
			return job->full->arguments[i].value;
	return NULL;
}

static struct cw_runspaces *
pool_of(const char *module)
{
	struct cw_runspaces *rs = pools;

	while (rs != NULL && strcmp(rs->config.modules[0], module) != 0)
		rs = rs->next;
	assert(rs != NULL);
	return rs;
}

void
double_ready(const char *module)
{
	struct cw_runspaces *rs = pool_of(module);

	rs->ready = true;
	rs->error[0] = '\0';
	rs->config.changed(rs->config.arg);
}

void
double_lost(const char *module, const char *why)
{
	struct cw_runspaces *rs = pool_of(module);

	rs->ready = false;
	(void)snprintf(rs->error, sizeof(rs->error), "%s", why);
	rs->config.changed(rs->config.arg);
}

/* --- in place of agent/runspaces */

int
cw_runspaces_new(
    struct cw_runspaces **ret, const struct cw_runspaces_config *config, struct cw_err *err)
{
	struct cw_runspaces *rs = calloc(1, sizeof(*rs));

	(void)err;
	assert(rs != NULL);
	rs->config = *config;
	rs->next = pools;
	pools = rs;
	(void)uv_timer_init(config->loop, &rs->closing);
	rs->closing.data = rs;
	*ret = rs;
	return CW_OK;
}

static void
pool_closed(uv_handle_t *handle)
{
	struct cw_runspaces *rs = handle->data;
	void (*closed)(void *arg) = rs->closed;
	void *arg = rs->closed_arg;

	free(rs);
	closed(arg);
}

void
cw_runspaces_close(struct cw_runspaces *rs, void (*closed)(void *arg), void *arg)
{
	struct cw_runspaces **at = &pools;
	struct double_job **job = &jobs, *gone;

	while (*job != NULL) {
		gone = *job;
		if (gone->module != rs->config.modules[0]) {
			job = &gone->next;
			continue;
		}
		*job = gone->next;
		free(gone);
	}
	while (*at != rs)
		at = &(*at)->next;
	*at = rs->next;
	rs->closed = closed;
	rs->closed_arg = arg;
	uv_close((uv_handle_t *)&rs->closing, pool_closed);
}

int
cw_runspaces_run_fed(struct cw_runspaces *rs, struct cw_runspaces_job **ret,
    const struct cw_psrp_command *command, const struct cw_ps_value *const *input,
    size_t input_count, uint32_t timeout_ms, const struct cw_runspaces_events *events, void *arg,
    struct cw_err *err)
{
	struct double_job *job = calloc(1, sizeof(*job));

	(void)timeout_ms;
	(void)err;
	assert(job != NULL);
	*job = (struct double_job){ .next = jobs,
		.module = rs->config.modules[0],
		.full = command,
		.input = input,
		.input_count = input_count,
		.events = events,
		.arg = arg,
		.begun = !double_hold };
	(void)snprintf(job->command, sizeof(job->command), "%s", command->text);
	jobs = job;
	*ret = (struct cw_runspaces_job *)job;
	return CW_OK;
}

int
cw_runspaces_run(struct cw_runspaces *rs, struct cw_runspaces_job **ret,
    const struct cw_psrp_command *command, uint32_t timeout_ms,
    const struct cw_runspaces_events *events, void *arg, struct cw_err *err)
{
	return cw_runspaces_run_fed(rs, ret, command, NULL, 0, timeout_ms, events, arg, err);
}

void
cw_runspaces_begin_by(struct cw_runspaces_job *job, uint64_t at_ms)
{
	((struct double_job *)job)->begin_by_ms = at_ms;
}

bool
cw_runspaces_has_begun(const struct cw_runspaces_job *job)
{
	return ((const struct double_job *)job)->begun;
}

/* One that waits ends at once; one that runs when the test says so. */
void
cw_runspaces_stop(struct cw_runspaces_job *opaque)
{
	struct double_job *job = (struct double_job *)opaque;

	job->stopped = true;
	job->paused = false;
	if (!job->begun)
		double_done(job, CW_ECLOSED, "the command was stopped before it began", NULL);
}

void
cw_runspaces_pause(struct cw_runspaces_job *job)
{
	((struct double_job *)job)->paused = true;
}

bool
cw_runspaces_try_pause(struct cw_runspaces_job *job)
{
	((struct double_job *)job)->paused = !double_no_pause;
	return !double_no_pause;
}

void
cw_runspaces_resume(struct cw_runspaces_job *job)
{
	((struct double_job *)job)->paused = false;
}

unsigned
cw_runspaces_size(const struct cw_runspaces *rs)
{
	return rs->config.size;
}

void
cw_runspaces_status(const struct cw_runspaces *rs, unsigned i, struct cw_runspace_status *ret)
{
	(void)i;
	*ret = (struct cw_runspace_status){
		.state = rs->ready ? CW_RUNSPACE_IDLE : CW_RUNSPACE_STARTING, .error = rs->error
	};
}

const char *
cw_runspace_state_name(enum cw_runspace_state state)
{
	return state == CW_RUNSPACE_IDLE ? "idle" : "starting";
}

unsigned
cw_runspaces_ready(const struct cw_runspaces *rs)
{
	return rs->ready ? rs->config.size : 0;
}

size_t
cw_runspaces_waiting(const struct cw_runspaces *rs)
{
	(void)rs;
	return 0;
}
