/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket end to end: an answer, an error, a broken request, a second
 * agent on the same folder, nobody there.
 */
#include <stdio.h>

#include <uv.h>

#include "test.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "control/control.h"
#include "os/file.h"
#include "os/random.h"

int test_failed;

static char folder[96];

static struct cw_control_reply *later;

static void
ask(void *arg, struct cw_control_reply *reply, const char *verb, const cJSON *request)
{
	struct cw_err err;
	cJSON *a;

	(void)request;
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

	uv_sem_init(&s.ready, 0);
	uv_thread_create(&thread, serve, &s);
	uv_sem_wait(&s.ready);
	CHECK_EQ(s.r, CW_OK);

	test_case = "an answer";
	CHECK_EQ(call("{\"verb\":\"status\"}", &a, &err), CW_OK);
	CHECK_STR(cw_json_str(a, "verb"), "status");
	cJSON_Delete(a);
	a = NULL;

	test_case = "an error travels";
	CHECK_EQ(call("{\"verb\":\"dance\"}", &a, &err), CW_EFAILED);
	CHECK_STR(err.text, "no verb \"dance\"");
	CHECK_EQ(call("{\"x\":1}", &a, &err), CW_EFAILED);
	CHECK_STR(err.text, "\"verb\" is missing");

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
