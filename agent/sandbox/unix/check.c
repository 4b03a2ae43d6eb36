/* SPDX-License-Identifier: Apache-2.0 */
/*
 * First what needs no sandbox, on a worker (accounts may be asked of a directory); then the probe
 * twice.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "sandbox/place.h"
#include "sandbox/unix/listeners.h"
#include "sandbox/unix/outside.h"

#define PROBE "causeway-sandbox-probe"
#define RUN_MS 20000u /* for one run of the probe */
#define OUTPUT_MAX 16384u /* bytes of what it says */
#define ARGUMENTS_MAX 80 /* for all that tell_all() has to say */
#define ARGUMENT_BYTES 600
#define MARK "CAUSEWAY_PROBE_MARK" /* as in the probe */
#define DEAD_BY_FILTER (128 + SIGSYS) /* as bubblewrap says it */

struct cw_sandbox_check {
	const struct cw_sandbox_config *config;
	uv_loop_t *loop;
	void (*done)(void *arg, const struct cw_sandbox_report *report);
	void *arg;
	struct cw_sandbox_report report;
	uv_work_t work;
	struct cw_places *places;
	struct cw_listeners listeners;
	char probe[512];
	uint32_t id;
	/* One run. */
	bool filtered; /* the second */
	bool ready; /* the probe has said so, and was looked at */
	uv_process_t process;
	uv_pipe_t in, out, err;
	uv_timer_t timer;
	int handles; /* not closed yet */
	bool exited, stopped, started;
	int64_t status;
	struct cw_buf output, errors;
	char go;
	uv_write_t write;
};

static void run_probe(struct cw_sandbox_check *c);

/* --- findings */

static size_t
wall_index(const char *name)
{
	size_t n;
	const struct cw_sandbox_wall *walls = cw_sandbox_walls(&n);
	size_t i = 0;

	while (i < n && !cw_streq(walls[i].name, name))
		i++;
	return i;
}

/* A wall that failed once stays down. */
static void CW_PRINTF(4, 5)
    found(struct cw_sandbox_check *c, const char *wall, bool holds, const char *fmt, ...)
{
	size_t i = wall_index(wall);
	struct cw_sandbox_finding *f = &c->report.findings[i];
	va_list args;

	if (i >= c->report.count || (f->tried && !f->holds))
		return;
	va_start(args, fmt);
	(void)vsnprintf(f->detail, sizeof(f->detail), fmt, args);
	va_end(args);
	for (char *p = f->detail; *p != '\0'; p++)
		*p = (unsigned char)*p < ' ' ? ' ' : *p;
	f->holds = holds;
	f->tried = true;
}

/* Something that was tried already does not hold. */
static bool
has_failed(const struct cw_sandbox_check *c)
{
	for (size_t i = 0; i < c->report.count; i++)
		if (c->report.findings[i].tried && !c->report.findings[i].holds &&
		    !c->report.findings[i].wall->optional)
			return true;
	return false;
}

static void
finish(struct cw_sandbox_check *c)
{
	cw_places_free(c->places);
	cw_listeners_close(&c->listeners);
	for (size_t i = 0; i < c->report.count; i++)
		if (!c->report.findings[i].tried)
			(void)snprintf(c->report.findings[i].detail,
			    sizeof(c->report.findings[i].detail), "not tried");
	c->report.ok = cw_sandbox_report_worst(&c->report) == NULL;
	c->done(c->arg, &c->report);
	cw_buf_free(&c->output);
	cw_buf_free(&c->errors);
	free(c);
}

/* --- what the probe says */

static bool
said(struct cw_sandbox_check *c, const char *line)
{
	const char *text = cw_buf_str(&c->output);
	size_t n = strlen(line);

	return text != NULL && strncmp(text, line, n) == 0 && text[n] == '\n';
}

static void
take_line(struct cw_sandbox_check *c, char *line)
{
	char *verdict = strchr(line, '\t'), *detail;

	if (verdict == NULL || (detail = strchr(verdict + 1, '\t')) == NULL)
		return;
	*verdict++ = '\0';
	*detail++ = '\0';
	found(c, line, cw_streq(verdict, "ok"), "%s", detail);
}

static void
take_lines(struct cw_sandbox_check *c)
{
	char *text = cw_strdup(cw_buf_str(&c->output)), *save = NULL;

	for (char *line = text != NULL ? strtok_r(text, "\n", &save) : NULL; line != NULL;
	     line = strtok_r(NULL, "\n", &save))
		take_line(c, line);
	free(text);
}

static void
judge_run(struct cw_sandbox_check *c)
{
	const char *words = cw_buf_str(&c->errors);

	take_lines(c);
	if (!c->ready)
		found(c, "start", false, "%s",
		    c->stopped                              ? "given up"
			: words != NULL && words[0] != '\0' ? words
							    : "the probe did not run");
	else if (c->filtered && c->status != DEAD_BY_FILTER)
		found(c, "filter", false, "ptrace did not end the process (status %" PRId64 ")",
		    c->status);
	else if (!c->filtered && c->status != 0)
		found(c, "start", false, "the probe ended with status %" PRId64, c->status);
	else
		found(c, "start", true, "bubblewrap raised them");
}

/* --- one run */

static void
on_handle_closed(uv_handle_t *h)
{
	struct cw_sandbox_check *c = h->data;

	if (--c->handles > 0)
		return;
	if (c->started)
		judge_run(c);
	if (c->started && c->ready && !c->filtered && !c->stopped) {
		c->filtered = true;
		run_probe(c);
	} else {
		finish(c);
	}
}

static void
close_handle(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, on_handle_closed);
}

static void
close_all(struct cw_sandbox_check *c)
{
	close_handle((uv_handle_t *)&c->timer);
	close_handle((uv_handle_t *)&c->in);
	close_handle((uv_handle_t *)&c->out);
	close_handle((uv_handle_t *)&c->err);
	close_handle((uv_handle_t *)&c->process);
}

static void
close_when_over(struct cw_sandbox_check *c)
{
	if (c->exited && !uv_is_active((uv_handle_t *)&c->out) &&
	    !uv_is_active((uv_handle_t *)&c->err))
		close_all(c);
}

static void
on_exit_of_probe(uv_process_t *process, int64_t status, int sig)
{
	struct cw_sandbox_check *c = process->data;

	c->exited = true;
	c->status = sig != 0 ? 128 + sig : status;
	close_when_over(c);
}

static void
on_time_over(uv_timer_t *timer)
{
	struct cw_sandbox_check *c = timer->data;

	c->stopped = true;
	(void)uv_process_kill(&c->process, SIGKILL);
}

/* The probe stands inside and waits: now is the time to look at it. */
static void
look(struct cw_sandbox_check *c)
{
	struct cw_err err;
	char seen[128];
	bool in_cgroup;
	uv_buf_t go = uv_buf_init(&c->go, 1);

	c->ready = true;
	if (cw_outside_identity(seen, sizeof(seen), c->process.pid, c->id, c->filtered, &err) == 0)
		found(c, "identity", true, "%s", seen);
	else
		found(c, "identity", false, "%s", err.text);
	in_cgroup = cw_places_cgroup(c->places, seen, sizeof(seen)) &&
	    cw_outside_in_cgroup(c->process.pid, c->id);
	found(c, "cgroup", in_cgroup, "%s", seen);
	(void)uv_write(&c->write, (uv_stream_t *)&c->in, &go, 1, NULL);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *ret)
{
	struct cw_sandbox_check *c = h->data;
	struct cw_buf *b = h == (uv_handle_t *)&c->out ? &c->output : &c->errors;
	size_t room = b->max - cw_buf_left(b);
	uint8_t *p = room == 0 ? NULL : cw_buf_reserve(b, room);

	(void)suggested;
	*ret = uv_buf_init((char *)p, p == NULL ? 0 : (unsigned)room);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct cw_sandbox_check *c = stream->data;
	struct cw_buf *b = stream == (uv_stream_t *)&c->out ? &c->output : &c->errors;

	(void)buf;
	if (n > 0)
		cw_buf_added(b, (size_t)n);
	else if (n < 0)
		(void)uv_read_stop(stream);
	if (!c->ready && stream == (uv_stream_t *)&c->out && said(c, "ready"))
		look(c);
	if (n < 0)
		close_when_over(c);
}

/* --- what the probe is told */

struct arguments {
	char text[ARGUMENTS_MAX][ARGUMENT_BYTES];
	char *words[ARGUMENTS_MAX + 1];
	size_t count;
};

static void CW_PRINTF(2, 3) tell(struct arguments *a, const char *fmt, ...)
{
	va_list args;

	if (a->count == ARGUMENTS_MAX)
		return;
	va_start(args, fmt);
	(void)vsnprintf(a->text[a->count], sizeof(a->text[0]), fmt, args);
	va_end(args);
	a->words[a->count] = a->text[a->count];
	a->words[++a->count] = NULL;
}

static void
tell_all(struct arguments *a, const struct cw_sandbox_check *c)
{
	const struct cw_sandbox_limits *l = &c->config->limits;
	char spaces[8][64];
	size_t n = cw_outside_spaces(spaces, CW_COUNT(spaces));

	tell(a, "port=%u", c->listeners.port);
	tell(a, "socket=%s", c->listeners.path);
	tell(a, "abstract=%s", c->listeners.name);
	tell(a, "hidden=%s", c->config->run_folder);
	for (const char *const *h = c->config->hidden; h != NULL && *h != NULL; h++)
		tell(a, "hidden=%s", *h);
	for (size_t i = 0; i < n; i++)
		tell(a, "space=%s", spaces[i]);
	tell(a, "memory=%" PRIu64, l->memory);
	tell(a, "address_space=%" PRIu64, l->address_space);
	tell(a, "tmp=%" PRIu64, l->tmp);
	tell(a, "tmp_files=%" PRIu64, l->tmp_files);
	tell(a, "threads=%" PRIu64, l->threads);
	tell(a, "descriptors=%" PRIu64, l->descriptors);
	tell(a, "cpu_s=%" PRIu64, l->cpu_s);
	if (c->filtered)
		tell(a, "filter");
}

static int
build_command(struct cw_place_command *ret, struct cw_sandbox_check *c, struct cw_err *err)
{
	struct arguments *a = calloc(1, sizeof(*a)); /* large */
	int r;

	if (a == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	tell_all(a, c);
	r = cw_places_command_for(ret, c->places, c->id, c->probe, a->words, c->filtered, err);
	free(a);
	return r;
}

/* With a word in the environment and descriptors that must not arrive inside. */
static int
spawn(struct cw_sandbox_check *c, const struct cw_place_command *command)
{
	char mark[] = MARK "=1", *environment[] = { mark, NULL };
	uv_stdio_container_t stdio[5] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->in },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->out },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->err },
		{ .flags = UV_INHERIT_FD, .data.fd = c->listeners.tcp },
		{ .flags = UV_INHERIT_FD, .data.fd = c->listeners.unix_path },
	};
	uv_process_options_t options = { .exit_cb = on_exit_of_probe,
		.file = command->argv[0],
		.args = command->argv,
		.env = environment,
		.stdio_count = 5,
		.stdio = stdio };

	return uv_spawn(c->loop, &c->process, &options);
}

static void
run_probe(struct cw_sandbox_check *c)
{
	struct cw_place_command command = { NULL };
	struct cw_err err;
	int r;

	c->ready = c->exited = c->started = false;
	cw_buf_clear(&c->output);
	cw_buf_clear(&c->errors);
	if (build_command(&command, c, &err) < 0) {
		found(c, "start", false, "%s", err.text);
		finish(c);
		return;
	}
	(void)uv_timer_init(c->loop, &c->timer);
	(void)uv_pipe_init(c->loop, &c->in, 0);
	(void)uv_pipe_init(c->loop, &c->out, 0);
	(void)uv_pipe_init(c->loop, &c->err, 0);
	c->timer.data = c->in.data = c->out.data = c->err.data = c->process.data = c;
	c->handles = 5; /* uv_spawn() makes the process's handle even when it fails */
	r = spawn(c, &command);
	cw_place_command_free(&command);
	if (r < 0) {
		found(c, "start", false, "cannot start the launcher: %s", uv_strerror(r));
		close_all(c);
		return;
	}
	c->started = true;
	(void)uv_timer_start(&c->timer, on_time_over, RUN_MS, 0);
	(void)uv_read_start((uv_stream_t *)&c->out, on_alloc, on_read);
	(void)uv_read_start((uv_stream_t *)&c->err, on_alloc, on_read);
}

/* --- before that, on a worker */

static void
look_for_programs(struct cw_sandbox_check *c)
{
	char launcher[512];
	struct cw_err err;

	if (cw_places_beside(
		launcher, sizeof(launcher), c->config->launcher, CW_SANDBOX_LAUNCHER, &err) < 0 ||
	    cw_places_beside(c->probe, sizeof(c->probe), c->config->probe, PROBE, &err) < 0)
		found(c, "programs", false, "%s", err.text);
	else if (access(c->config->bwrap, X_OK) < 0)
		found(c, "programs", false, "%s: %s", c->config->bwrap, strerror(errno));
	else
		found(c, "programs", true, "%s and ours", c->config->bwrap);
}

static void
on_work(uv_work_t *work)
{
	struct cw_sandbox_check *c = work->data;
	struct cw_err err;

	if (cw_outside_power(c->config->first_id, c->config->ids, &err) == CW_OK)
		found(c, "power", true, "enough");
	else
		found(c, "power", false, "%s", err.text);
	look_for_programs(c);
	if (cw_places_check_accounts(c->config, &err) == CW_OK)
		found(c, "accounts", true, "%u ids from %u on belong to nobody", c->config->ids,
		    c->config->first_id);
	else
		found(c, "accounts", false, "%s", err.text);
	if (has_failed(c))
		return;
	if (cw_places_new(&c->places, c->config, &err) < 0)
		found(c, "power", false, "%s", err.text);
	else if (cw_places_take(c->places, &c->id, &err) < 0 ||
	    cw_listeners_open(&c->listeners, c->config->run_folder, &err) < 0)
		found(c, "start", false, "%s", err.text);
}

static void
on_worked(uv_work_t *work, int status)
{
	struct cw_sandbox_check *c = work->data;

	(void)status;
	if (c->stopped || has_failed(c))
		finish(c);
	else
		run_probe(c);
}

/* Every path to be hidden can be told to the probe. */
static bool
can_tell(const char *const *hidden)
{
	size_t n = 0;

	for (; hidden != NULL && hidden[n] != NULL; n++)
		if (strlen(hidden[n]) + sizeof("hidden=") > ARGUMENT_BYTES)
			return false;
	return n <= CW_SANDBOX_HIDDEN_MAX;
}

int
cw_sandbox_check_start(struct cw_sandbox_check **ret, uv_loop_t *loop,
    const struct cw_sandbox_config *config,
    void (*done)(void *arg, const struct cw_sandbox_report *report), void *arg, struct cw_err *err)
{
	struct cw_sandbox_check *c;
	const struct cw_sandbox_wall *walls;

	if (!can_tell(config->hidden))
		return cw_fail(err, CW_EINVAL, "more, or longer, paths to hide than can be probed");
	if ((c = calloc(1, sizeof(*c))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	c->config = config;
	c->loop = loop;
	c->done = done;
	c->arg = arg;
	c->listeners = (struct cw_listeners){ -1, -1, -1, 0, "", "" };
	cw_buf_init(&c->output, OUTPUT_MAX);
	cw_buf_init(&c->errors, CW_ERR_TEXT_MAX - 1);
	walls = cw_sandbox_walls(&c->report.count);
	for (size_t i = 0; i < c->report.count; i++)
		c->report.findings[i].wall = &walls[i];
	c->work.data = c;
	if (uv_queue_work(loop, &c->work, on_work, on_worked) < 0) {
		free(c);
		return cw_fail(err, CW_ESYS, "cannot queue the check of the walls");
	}
	*ret = c;
	return CW_OK;
}

void
cw_sandbox_check_stop(struct cw_sandbox_check *c)
{
	c->stopped = true;
	if (c->started && !c->exited)
		(void)uv_process_kill(&c->process, SIGKILL);
}
