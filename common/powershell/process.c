/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport of one session: three pipes, a process and a timer.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "os/inherit.h"
#include "powershell/process.h"

#define KEPT_SIZE 4096u /* bytes of what goes out that a quiet session keeps */
#define READ_SIZE 65536u /* bytes; small reads are slow on Windows pipes */
#define LOOK_MS 50u /* of reading again, before a deadline that passed in a pause counts */
#define DRAIN_MS 500u /* after the process ended, for what is still in its pipes */

struct cw_psrp_process {
	struct cw_psrp *session;
	struct cw_psrp_events events;
	void (*closed)(void *arg);
	uv_process_t process;
	uv_pipe_t in, out, err;
	uv_timer_t timer; /* the session's next deadline; after the process's end the drain's */
	int handles; /* not closed yet */
	bool finished; /* killed by us, or lost: nobody wants to hear more */
	bool exited;
	bool paused;
	bool looked; /* read on, since a deadline passed in a pause: next time it counts */
	int open_pipes; /* of its two outputs, not read to their ends yet */
	int64_t exit_status;
	int exit_signal;
	uv_write_t write;
	struct cw_buf writing; /* what write sends; empty when nothing is on its way */
	struct cw_buf tail; /* of stderr */
	char read_err[512];
};

static void on_timer(uv_timer_t *timer);

/* --- the end */

static void
on_handle_closed(uv_handle_t *h)
{
	struct cw_psrp_process *p = h->data;
	void (*closed)(void *arg) = p->closed;
	void *arg = p->events.arg;

	if (--p->handles > 0)
		return;
	cw_psrp_free(p->session);
	cw_buf_free_secret(&p->writing);
	cw_buf_free(&p->tail);
	free(p);
	if (closed != NULL)
		closed(arg);
}

static void
close_handle(uv_handle_t *h)
{
	if (!uv_is_closing(h))
		uv_close(h, on_handle_closed);
}

static void
close_all(struct cw_psrp_process *p)
{
	close_handle((uv_handle_t *)&p->timer);
	close_handle((uv_handle_t *)&p->in);
	close_handle((uv_handle_t *)&p->out);
	close_handle((uv_handle_t *)&p->err);
	close_handle((uv_handle_t *)&p->process);
}

/* Nothing that it still says counts; its end is waited for. */
static void
finish(struct cw_psrp_process *p)
{
	p->finished = true;
	cw_psrp_close(p->session);
	if (p->exited)
		close_all(p);
	else
		(void)uv_process_kill(&p->process, SIGKILL);
}

void
cw_psrp_process_kill(struct cw_psrp_process *p)
{
	finish(p);
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct cw_psrp_process *p = arg;

	if (p->finished)
		return;
	p->events.lost(p->events.arg, err);
	finish(p);
}

/* The process has ended and its last words are read. */
static void
tell_end(struct cw_psrp_process *p)
{
	const char *words = cw_buf_str(&p->tail);
	struct cw_err why;

	if (p->exit_signal != 0)
		(void)cw_fail(
		    &why, CW_ECLOSED, "PowerShell was ended by signal %d", p->exit_signal);
	else if (words == NULL || words[0] == '\0')
		(void)cw_fail(&why, CW_ECLOSED, "PowerShell ended with status %lld",
		    (long long)p->exit_status);
	else
		(void)cw_fail(&why, CW_ECLOSED, "PowerShell ended with status %lld: %s",
		    (long long)p->exit_status, words);
	cw_psrp_fail(p->session, why.code, why.text);
	close_all(p);
}

static void
on_exit_of_process(uv_process_t *process, int64_t status, int signal)
{
	struct cw_psrp_process *p = process->data;

	p->exited = true;
	p->exit_status = status;
	p->exit_signal = signal;
	if (p->finished) {
		close_all(p);
		return;
	}
	/* What is left is at most what the pipes hold, unless a child of its own has them too. */
	cw_psrp_process_resume(p);
	if (p->open_pipes == 0)
		tell_end(p);
	else
		(void)uv_timer_start(&p->timer, on_timer, DRAIN_MS, 0);
}

/* --- time */

/* Wakes up when the session's next deadline is. */
static void
arm(struct cw_psrp_process *p)
{
	uint64_t now = uv_now(p->timer.loop), due = cw_psrp_due(p->session);

	if (p->exited || uv_is_closing((uv_handle_t *)&p->timer))
		return;
	if (due == CW_PSRP_NEVER)
		(void)uv_timer_stop(&p->timer);
	else
		(void)uv_timer_start(&p->timer, on_timer, due > now ? due - now : 0, 0);
}

static void
on_timer(uv_timer_t *timer)
{
	struct cw_psrp_process *p = timer->data;

	if (p->exited) {
		tell_end(p);
	} else if (p->paused && !p->looked) {
		p->looked = true;
		cw_psrp_process_resume(p);
		(void)uv_timer_start(&p->timer, on_timer, LOOK_MS, 0);
	} else {
		p->looked = false;
		cw_psrp_tick(p->session, uv_now(timer->loop));
		arm(p);
	}
}

/* --- what goes out */

static void write_pending(struct cw_psrp_process *p);

static void
on_written(uv_write_t *req, int status)
{
	struct cw_psrp_process *p = req->handle->data;

	cw_buf_free_secret(&p->writing);
	if (status == 0) /* a pipe that broke is followed by the process's end */
		write_pending(p);
}

static void
write_pending(struct cw_psrp_process *p)
{
	struct cw_buf *out = cw_psrp_out(p->session);
	uv_buf_t bytes;
	int n;

	if (cw_buf_left(&p->writing) > 0 || cw_buf_left(out) == 0 ||
	    uv_is_closing((uv_handle_t *)&p->in))
		return;
	bytes = uv_buf_init((char *)(uintptr_t)cw_buf_peek(out), (unsigned)cw_buf_left(out));
	if ((n = uv_try_write((uv_stream_t *)&p->in, &bytes, 1)) > 0)
		cw_buf_skip(out, (size_t)n);
	if (cw_buf_left(out) == 0) {
		if (out->cap > KEPT_SIZE)
			cw_buf_free_secret(out);
		return;
	}
	p->writing = cw_buf_take(out);
	bytes = uv_buf_init(
	    (char *)(uintptr_t)cw_buf_peek(&p->writing), (unsigned)cw_buf_left(&p->writing));
	if (uv_write(&p->write, (uv_stream_t *)&p->in, &bytes, 1, on_written) < 0)
		cw_buf_free_secret(&p->writing);
}

static void
on_pending(void *arg)
{
	write_pending(arg);
	arm(arg);
}

/* --- the session's other events */

static void
on_opened(void *arg)
{
	struct cw_psrp_process *p = arg;

	p->events.opened(p->events.arg);
}

static void
on_keyed(void *arg)
{
	struct cw_psrp_process *p = arg;

	if (p->events.keyed != NULL)
		p->events.keyed(p->events.arg);
}

/* --- what comes in */

/* What is read is fed before anything else is read: a session that is quiet keeps no buffer. */
static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	char *p = malloc(READ_SIZE);

	(void)h, (void)suggested;
	*buf = uv_buf_init(p, p == NULL ? 0 : READ_SIZE); /* without memory on_read() hears so */
}

static void
on_pipe_end(struct cw_psrp_process *p, uv_stream_t *stream)
{
	(void)uv_read_stop(stream);
	if (--p->open_pipes == 0 && p->exited && !p->finished)
		tell_end(p);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct cw_psrp_process *p = stream->data;

	if (n < 0) {
		on_pipe_end(p, stream);
	} else if (!p->finished) {
		(void)cw_psrp_feed(p->session, buf->base, (size_t)n, uv_now(stream->loop));
		arm(p);
	}
	free(buf->base);
}

static void
on_alloc_err(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct cw_psrp_process *p = h->data;

	(void)suggested;
	*buf = uv_buf_init(p->read_err, sizeof(p->read_err));
}

/* Keeps the last words, whatever their encoding: cw_fail() makes a line of them. */
static void
on_read_err(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct cw_psrp_process *p = stream->data;

	if (n < 0) {
		on_pipe_end(p, stream);
		return;
	}
	if (cw_buf_left(&p->tail) + (size_t)n > CW_PSRP_STDERR_TAIL)
		cw_buf_skip(&p->tail, cw_buf_left(&p->tail) + (size_t)n - CW_PSRP_STDERR_TAIL);
	(void)cw_buf_put(&p->tail, buf->base, (size_t)n);
}

/* --- the beginning */

static int
spawn(struct cw_psrp_process *p, const struct cw_psrp_process_config *config)
{
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		    .data.stream = (uv_stream_t *)&p->in },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&p->out },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&p->err },
	};
	uv_process_options_t options = {
		.exit_cb = on_exit_of_process,
		.file = config->argv[0],
		.args = (char **)(uintptr_t)config->argv,
		.env = (char **)(uintptr_t)config->env,
		.flags = UV_PROCESS_WINDOWS_HIDE,
		.stdio_count = 3,
		.stdio = stdio,
	};

	cw_inherit_nothing();
	return uv_spawn(config->loop, &p->process, &options);
}

static void
init_handles(struct cw_psrp_process *p, uv_loop_t *loop)
{
	(void)uv_timer_init(loop, &p->timer);
	(void)uv_pipe_init(loop, &p->in, 0);
	(void)uv_pipe_init(loop, &p->out, 0);
	(void)uv_pipe_init(loop, &p->err, 0);
	p->timer.data = p->in.data = p->out.data = p->err.data = p->process.data = p;
	p->handles = 5; /* uv_spawn() makes the process's handle even when it fails */
}

int
cw_psrp_process_start(
    struct cw_psrp_process **ret, const struct cw_psrp_process_config *config, struct cw_err *err)
{
	struct cw_psrp_process *p = calloc(1, sizeof(*p));
	struct cw_psrp_events events = { on_opened, on_keyed, on_pending, on_lost, p };
	int r;

	if (p == NULL || cw_psrp_new(&p->session, &events) < 0) {
		free(p);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	p->events = config->events;
	cw_buf_init(&p->tail, 2 * CW_PSRP_STDERR_TAIL);
	init_handles(p, config->loop);
	if ((r = spawn(p, config)) < 0) {
		p->exited = true;
		finish(p);
		return cw_fail(err, r == UV_ENOENT ? CW_ENOTFOUND : CW_ESYS, "cannot start %s: %s",
		    config->argv[0], uv_strerror(r));
	}
	p->open_pipes = 2;
	(void)uv_read_start((uv_stream_t *)&p->out, on_alloc, on_read);
	(void)uv_read_start((uv_stream_t *)&p->err, on_alloc_err, on_read_err);
	if ((r = cw_psrp_open(p->session, config->has_host, uv_now(config->loop), err)) < 0) {
		finish(p);
		return r;
	}
	p->closed = config->closed;
	*ret = p;
	return CW_OK;
}

struct cw_psrp *
cw_psrp_process_session(struct cw_psrp_process *p)
{
	return p->session;
}

int
cw_psrp_process_pid(const struct cw_psrp_process *p)
{
	return uv_process_get_pid(&p->process);
}

void
cw_psrp_process_pause(struct cw_psrp_process *p)
{
	if (p->exited || p->finished)
		return;
	p->paused = true;
	(void)uv_read_stop((uv_stream_t *)&p->out);
}

void
cw_psrp_process_resume(struct cw_psrp_process *p)
{
	if (!p->paused)
		return;
	p->paused = false;
	if (!uv_is_closing((uv_handle_t *)&p->out))
		(void)uv_read_start((uv_stream_t *)&p->out, on_alloc, on_read);
}
