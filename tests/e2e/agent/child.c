/* SPDX-License-Identifier: Apache-2.0 */
#include "child.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX (16u << 20)

static char bytes[65536];

static void
closed(uv_handle_t *handle)
{
	((struct child *)handle->data)->open--;
}

static void
lend(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	(void)handle, (void)suggested;
	*ret = uv_buf_init(bytes, sizeof(bytes));
}

static void
look(struct child *c)
{
	if (c->awaited != NULL && strstr(cw_buf_str(&c->errors), c->awaited) != NULL)
		c->seen = true;
}

static void
have_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct child *c = stream->data;

	if (n < 0) {
		uv_close((uv_handle_t *)stream, closed);
		return;
	}
	if (stream == (uv_stream_t *)&c->out) {
		(void)cw_buf_put(&c->output, buf->base, (size_t)n);
	} else {
		(void)cw_buf_put(&c->errors, buf->base, (size_t)n);
		look(c);
	}
}

static void
on_exit_of(uv_process_t *process, int64_t status, int signal)
{
	struct child *c = process->data;

	c->exited = true;
	c->status = status;
	c->signal = signal;
	uv_close((uv_handle_t *)process, closed);
}

void
child_start(struct child *c, uv_loop_t *loop, char *const *argv, const char *input, unsigned uid)
{
	uv_stdio_container_t stdio[3] = {
		{ .flags = UV_CREATE_PIPE | UV_READABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->in },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->out },
		{ .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
		    .data.stream = (uv_stream_t *)&c->err },
	};
	uv_process_options_t options = {
		.exit_cb = on_exit_of,
		.file = argv[0],
		.args = (char **)(uintptr_t)argv,
		.stdio_count = 3,
		.stdio = stdio,
		.uid = uid,
		.gid = uid,
		.flags = uid != 0 ? UV_PROCESS_SETUID | UV_PROCESS_SETGID : 0,
	};
	uv_buf_t line;

	*c = (struct child){ .open = 4 };
	cw_buf_init(&c->output, OUTPUT_MAX);
	cw_buf_init(&c->errors, OUTPUT_MAX);
	(void)uv_pipe_init(loop, &c->in, 0);
	(void)uv_pipe_init(loop, &c->out, 0);
	(void)uv_pipe_init(loop, &c->err, 0);
	c->process.data = c->in.data = c->out.data = c->err.data = c;
	if (uv_spawn(loop, &c->process, &options) != 0) {
		fprintf(stderr, "cannot start %s\n", argv[0]);
		exit(1);
	}
	if (input != NULL) {
		line = uv_buf_init((char *)(uintptr_t)input, (unsigned)strlen(input));
		(void)uv_try_write((uv_stream_t *)&c->in, &line, 1);
	}
	uv_close((uv_handle_t *)&c->in, closed);
	(void)uv_read_start((uv_stream_t *)&c->out, lend, have_read);
	(void)uv_read_start((uv_stream_t *)&c->err, lend, have_read);
}

void
child_wait(struct child *c)
{
	while (c->open > 0)
		(void)uv_run(c->process.loop, UV_RUN_ONCE);
}

bool
child_says(struct child *c, const char *text)
{
	c->awaited = text;
	c->seen = false;
	look(c);
	while (!c->seen && !c->exited)
		(void)uv_run(c->process.loop, UV_RUN_ONCE);
	c->awaited = NULL;
	if (!c->seen)
		fprintf(stderr, "it never said \"%s\" but:\n%s\n", text, cw_buf_str(&c->errors));
	return c->seen;
}

void
child_free(struct child *c)
{
	cw_buf_free(&c->output);
	cw_buf_free(&c->errors);
}
