/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport of one session: three pipes, a process and a timer.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/process.h"

#define READ_SIZE 65536u /* bytes; small reads are slow on Windows pipes */
#define LOOK_MS 50u
#define DRAIN_MS 500u /* after the process ended, for what is still in its pipe */

struct cw_psrp_process {
	struct cw_psrp *session;
	struct cw_psrp_events events;
	void (*closed)(void *arg);
	uv_process_t process;
	uv_pipe_t in, out, err;
	uv_timer_t timer;
	int handles; /* not closed yet */
	bool killed; /* by us: nobody wants to hear why it ended */
	bool lost;
	bool exited;
	int open_pipes; /* of its two outputs, not read to their ends yet */
	bool paused;
	int64_t exit_status;
	int exit_signal;
	struct cw_buf tail; /* of stderr */
	char read[READ_SIZE];
	char read_err[512];
};

struct write {
	uv_write_t req;
	struct cw_buf bytes;
};

static void on_timer(uv_timer_t *timer);
static void arm(struct cw_psrp_process *p);

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

void
cw_psrp_process_kill(struct cw_psrp_process *p)
{
	p->killed = true;
	if (p->exited)
		close_all(p);
	else
		(void)uv_process_kill(&p->process, SIGKILL);
}

/* The process has ended and its last words are read. */
static void
gone(struct cw_psrp_process *p)
{
	struct cw_err why;
	const char *words = cw_buf_str(&p->tail);

	if (!p->killed && !p->lost) {
		if (p->exit_signal != 0)
			(void)cw_fail(
			    &why, CW_ECLOSED, "PowerShell was ended by signal %d", p->exit_signal);
		else
			(void)cw_fail(&why, CW_ECLOSED, "PowerShell ended with status %lld%s%s",
			    (long long)p->exit_status,
			    words != NULL && words[0] != '\0' ? ": " : "",
			    words != NULL ? words : "");
		cw_psrp_fail(p->session, why.code, why.text);
	}
	close_all(p);
}

static void
on_exit_of_process(uv_process_t *process, int64_t status, int signal)
{
	struct cw_psrp_process *p = process->data;

	p->exited = true;
	p->exit_status = status;
	p->exit_signal = signal;
	if (p->open_pipes == 0 || p->killed || p->lost)
		gone(p);
	else
		uv_timer_start(&p->timer, on_timer, DRAIN_MS, 0);
}

/* --- the session's side */

static void
on_timer(uv_timer_t *timer)
{
	struct cw_psrp_process *p = timer->data;

	if (p->paused && !p->exited) { /* what is waited for may lie unread: look before judging */
		cw_psrp_process_resume(p);
		uv_timer_start(&p->timer, on_timer, LOOK_MS, 0);
	} else if (!p->exited) {
		arm(p);
	} else if (p->paused) {
		uv_timer_start(&p->timer, on_timer, DRAIN_MS, 0);
	} else {
		gone(p);
	}
}

static void
arm(struct cw_psrp_process *p)
{
	uint64_t wait = cw_psrp_tick(p->session, uv_now(p->timer.loop));

	if (uv_is_closing((uv_handle_t *)&p->timer))
		return;
	if (wait == CW_PSRP_NEVER)
		uv_timer_stop(&p->timer);
	else
		uv_timer_start(&p->timer, on_timer, wait == 0 ? 1 : wait, 0);
}

static void
on_written(uv_write_t *req, int status)
{
	struct write *w = (struct write *)req;

	(void)status; /* a pipe that broke is followed by the process's end */
	cw_buf_free_secret(&w->bytes);
	free(w);
}

static void
on_pending(void *arg)
{
	struct cw_psrp_process *p = arg;
	struct cw_buf *out = cw_psrp_out(p->session);
	uv_buf_t bytes =
	    uv_buf_init((char *)(uintptr_t)cw_buf_peek(out), (unsigned)cw_buf_left(out));
	struct write *w;
	int n;

	if (uv_is_closing((uv_handle_t *)&p->in)) {
		cw_buf_clear(out);
		return;
	}
	n = uv_try_write((uv_stream_t *)&p->in, &bytes, 1);
	if (n > 0)
		cw_buf_skip(out, (size_t)n);
	if (cw_buf_left(out) == 0) {
		cw_buf_clear(out);
		return;
	}
	if ((w = calloc(1, sizeof(*w))) == NULL) {
		cw_psrp_fail(p->session, CW_ENOMEM, "out of memory");
		return;
	}
	w->bytes = cw_buf_take(out);
	bytes = uv_buf_init(
	    (char *)(uintptr_t)cw_buf_peek(&w->bytes), (unsigned)cw_buf_left(&w->bytes));
	if (uv_write(&w->req, (uv_stream_t *)&p->in, &bytes, 1, on_written) < 0)
		on_written(&w->req, 0);
}

static void
on_pending_armed(void *arg)
{
	on_pending(arg);
	arm(arg);
}

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

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct cw_psrp_process *p = arg;

	if (p->lost || p->killed)
		return;
	p->lost = true;
	p->events.lost(p->events.arg, err);
	if (!p->exited)
		(void)uv_process_kill(&p->process, SIGKILL);
}

/* --- the pipes */

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct cw_psrp_process *p = h->data;

	(void)suggested;
	*buf = uv_buf_init(p->read, sizeof(p->read));
}

static void
on_pipe_end(struct cw_psrp_process *p, uv_stream_t *stream)
{
	(void)uv_read_stop(stream);
	if (--p->open_pipes == 0 && p->exited)
		gone(p);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct cw_psrp_process *p = stream->data;

	if (n > 0 && !p->killed && !p->lost) {
		if (cw_psrp_feed(p->session, buf->base, (size_t)n, uv_now(stream->loop)) == CW_OK &&
		    !p->exited)
			arm(p);
	} else if (n < 0) {
		on_pipe_end(p, stream);
	}
}

static void
on_alloc_err(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
	struct cw_psrp_process *p = h->data;

	(void)suggested;
	*buf = uv_buf_init(p->read_err, sizeof(p->read_err));
}

static void
on_read_err(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct cw_psrp_process *p = stream->data;

	if (n < 0)
		on_pipe_end(p, stream);
	for (ssize_t i = 0; i < n; i++) {
		char c = buf->base[i];

		if (cw_buf_left(&p->tail) == CW_PSRP_STDERR_TAIL)
			cw_buf_skip(&p->tail, 1);
		(void)cw_buf_putc(
		    &p->tail, c >= ' ' || c < 0 ? c : ' '); /* one line, in whatever encoding */
	}
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
	struct cw_psrp_events events = { on_opened, on_keyed, on_pending_armed, on_lost, p };
	int r;

	if (p == NULL || cw_psrp_new(&p->session, &events) < 0) {
		free(p);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	p->events = config->events;
	cw_buf_init(&p->tail, 4 * CW_PSRP_STDERR_TAIL);
	init_handles(p, config->loop);
	if ((r = spawn(p, config)) < 0) {
		p->closed = NULL;
		p->exited = p->killed = true;
		close_all(p);
		return cw_fail(err, r == UV_ENOENT ? CW_ENOTFOUND : CW_ESYS, "cannot start %s: %s",
		    config->argv[0], uv_strerror(r));
	}
	p->closed = config->closed;
	p->open_pipes = 2;
	(void)uv_read_start((uv_stream_t *)&p->out, on_alloc, on_read);
	(void)uv_read_start((uv_stream_t *)&p->err, on_alloc_err, on_read_err);
	if ((r = cw_psrp_open(p->session, config->has_host, uv_now(config->loop), err)) < 0) {
		p->closed = NULL;
		cw_psrp_process_kill(p);
		return r;
	}
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
	p->paused = true;
	(void)uv_read_stop((uv_stream_t *)&p->out);
}

void
cw_psrp_process_resume(struct cw_psrp_process *p)
{
	p->paused = false;
	if (!uv_is_closing((uv_handle_t *)&p->out))
		(void)uv_read_start((uv_stream_t *)&p->out, on_alloc, on_read);
}
