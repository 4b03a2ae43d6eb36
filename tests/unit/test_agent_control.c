/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket end to end: an answer, an error, a broken request, many lines
 * before an answer, a client that reads slowly or goes away, a second agent on the
 * same folder, nobody there.
 */
#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

#include "test.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "control/control.h"
#include "os/file.h"
#include "os/harden.h"
#include "os/random.h"

int test_failed;

static char folder[96];

static struct cw_control_reply *later;

/* --- a verb of many lines */

#define LINES 4000
#define LINE_LEN 1000

static struct {
	struct cw_control_reply *reply;
	int next, waited; /* the line to send; how often it had to wait */
	bool forever;
	uv_sem_t gone;
} talk;

static void
go_on(void *arg)
{
	char line[LINE_LEN + 1];

	for (; talk.forever || talk.next < LINES; talk.next++) {
		(void)snprintf(
		    line, sizeof(line), "{\"output\":\"%0*d\"}\n", LINE_LEN - 14, talk.next);
		if (cw_control_lines(talk.reply, line, strlen(line)) == CW_EAGAIN) {
			talk.waited++;
			return;
		}
	}
	(void)arg;
	cw_control_answer(talk.reply, cJSON_Parse("{\"state\":\"done\"}"));
}

static void
on_gone(void *arg)
{
	(void)arg;
	uv_sem_post(&talk.gone);
}

static void
start_talking(struct cw_control_reply *reply, bool forever)
{
	static const struct cw_control_events events = { go_on, on_gone };

	talk.reply = reply;
	talk.next = talk.waited = 0;
	talk.forever = forever;
	cw_control_watch(reply, &events, NULL);
	go_on(NULL);
}

static void
ask(void *arg, struct cw_control_reply *reply, const char *verb, cJSON *request)
{
	struct cw_err err;
	cJSON *a;

	(void)request;
	if (strcmp(verb, "talk") == 0) {
		start_talking(reply, cw_json_true(request, "forever"));
		return;
	}
	if (strcmp(verb, "stop-loop") == 0) {
		uv_async_send(arg);
		later = reply; /* answered when the socket has been closed */
		return;
	}
	if (strcmp(verb, "status") != 0 && strcmp(verb, "version") != 0) {
		(void)cw_fail(&err, CW_EINVAL, "no verb \"%s\"", verb);
		cw_control_refuse(reply, &err);
		return;
	}
	if ((a = cJSON_CreateObject()) != NULL)
		cJSON_AddStringToObject(a, "verb", verb);
	cw_control_answer(reply, a);
}

struct server {
	uv_loop_t loop;
	uv_async_t stop;
	struct cw_control *control;
	uv_sem_t ready;
	int r;
};

static void
stop(uv_async_t *async)
{
	struct server *s = async->data;

	cw_control_close(s->control);
	cw_control_answer(later, cJSON_CreateObject());
	uv_close((uv_handle_t *)async, NULL);
}

static void
serve(void *arg)
{
	struct server *s = arg;
	struct cw_err err = { 0 };

	uv_loop_init(&s->loop);
	uv_async_init(&s->loop, &s->stop, stop);
	s->stop.data = s;
	s->r = cw_control_new(&s->control, &s->loop, folder, ask, &s->stop, &err);
	if (s->r < 0)
		fprintf(stderr, "%s\n", err.text);
	uv_sem_post(&s->ready);
	if (s->r < 0)
		uv_close((uv_handle_t *)&s->stop, NULL);
	uv_run(&s->loop, UV_RUN_DEFAULT);
	uv_loop_close(&s->loop);
}

static int
call(const char *request_text, cJSON **ret, struct cw_err *err)
{
	cJSON *request = cJSON_Parse(request_text);
	int r = cw_control_call(ret, folder, request, 5000, err);

	cJSON_Delete(request);
	return r;
}

/* --- its reader */

static struct {
	int count, last;
	bool slow;
} heard;

static void
on_line(void *arg, const char *text, size_t n)
{
	static const char *const test_case = "a line";

	(void)arg;
	CHECK_EQ(n, LINE_LEN - 1);
	heard.last = atoi(text + 11);
	if (heard.slow && heard.count == 0)
		uv_sleep(20); /* long enough for the sender to have to wait */
	heard.count++;
}

static int
listen_to(const char *request_text, cJSON **ret, struct cw_err *err)
{
	cJSON *request = cJSON_Parse(request_text);
	int r = cw_control_call_lines(ret, folder, request, on_line, NULL, err);

	cJSON_Delete(request);
	return r;
}

static void
test_lines(void)
{
	const char *test_case = "many lines, then the answer";
	struct cw_err err = { 0 };
	cJSON *a = NULL;

	heard.slow = true;
	CHECK_EQ(listen_to("{\"verb\":\"talk\",\"stream\":true}", &a, &err), CW_OK);
	CHECK_STR(cw_json_str(a, "state"), "done");
	CHECK_EQ(heard.count, LINES);
	CHECK_EQ(heard.last, LINES - 1);
	CHECK(talk.waited > 0);
	cJSON_Delete(a);
	test_case = "refused, as a stream";
	CHECK_EQ(listen_to("{\"verb\":\"dance\",\"stream\":true}", &a, &err), CW_EINVAL);
	CHECK_STR(err.text, "no verb \"dance\"");
}

/* --- a reader that goes away */

static void
leave(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	(void)bytes;
	if (n != 0)
		uv_close((uv_handle_t *)stream, NULL);
}

static void
lend(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
	static char room[4096];

	(void)handle, (void)suggested;
	*ret = uv_buf_init(room, sizeof(room));
}

static void
say(uv_connect_t *req, int status)
{
	static char request[] = "{\"verb\":\"talk\",\"stream\":true,\"forever\":true}\n";
	static uv_write_t write;
	uv_buf_t bytes = uv_buf_init(request, sizeof(request) - 1);
	const char *test_case = "connected";

	CHECK_EQ(status, 0);
	(void)uv_write(&write, req->handle, &bytes, 1, NULL);
	(void)uv_read_start(req->handle, lend, leave);
}

static void
test_gone(void)
{
	const char *test_case = "a reader that goes away";
	uv_connect_t connect;
	uv_pipe_t pipe;
	uv_loop_t loop;
	char name[256];

	uv_loop_init(&loop);
	uv_pipe_init(&loop, &pipe, 0);
	cw_control_name(name, sizeof(name), folder);
	uv_pipe_connect(&connect, &pipe, name, say);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	uv_sem_wait(&talk.gone);
}

int
main(void)
{
	const char *test_case = "nobody there";
	char id[CW_UUID_TEXT], name[256];
	struct server s = { 0 };
	struct cw_err err = { 0 };
	cJSON *a = NULL;
	uv_thread_t thread;

	cw_random_uuid(id);
	(void)snprintf(folder, sizeof(folder), "ctl-%.8s", id);
	CHECK_EQ(cw_file_mkdir_private(folder, &err), CW_OK);
	CHECK_EQ(call("{\"verb\":\"status\"}", &a, &err), CW_EUNAVAILABLE);

	cw_ignore_broken_pipes(); /* readers go away */
	uv_sem_init(&s.ready, 0);
	uv_sem_init(&talk.gone, 0);
	uv_thread_create(&thread, serve, &s);
	uv_sem_wait(&s.ready);
	CHECK_EQ(s.r, CW_OK);

	test_case = "an answer";
	CHECK_EQ(call("{\"verb\":\"status\"}", &a, &err), CW_OK);
	CHECK_STR(cw_json_str(a, "verb"), "status");
	cJSON_Delete(a);
	a = NULL;

	test_case = "an error travels";
	CHECK_EQ(call("{\"verb\":\"dance\"}", &a, &err), CW_EINVAL);
	CHECK_STR(err.text, "no verb \"dance\"");
	CHECK_EQ(call("{\"x\":1}", &a, &err), CW_EINVAL);
	CHECK_STR(err.text, "\"verb\" is missing");

	test_lines();
	test_gone();
	test_case = "a second agent on the same folder";
	struct cw_control *second = NULL;
	uv_loop_t loop;

	uv_loop_init(&loop);
	CHECK_EQ(cw_control_new(&second, &loop, folder, ask, NULL, &err), CW_ECONFLICT);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);

	test_case = "the agent ends before it answers";
	CHECK(call("{\"verb\":\"stop-loop\"}", &a, &err) < 0);
	uv_thread_join(&thread);
	uv_sem_destroy(&s.ready);
	cw_control_name(name, sizeof(name), folder);
	(void)cw_file_remove(name, &err);
	(void)remove(folder);
	return test_failed;
}
