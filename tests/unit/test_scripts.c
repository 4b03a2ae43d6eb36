/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts over a wire in memory, before a double of the broker: lines and their
 * reader, every end, lockdown, the agent's own end. (The control socket's side is
 * tests/unit/test_agent_control.c and tests/e2e/agent.)
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "double_broker.h"
#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "os/clock.h"
#include "os/random.h"
#include "scripts/scripts.h"
#include "wire/channel.h"

int test_failed;
const char *test_case = "";

static uv_loop_t loop;
static struct cw_scripts *scripts;
static struct cw_wire *bridge, *agent;

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	(void)arg;
	if (!cw_scripts_request(scripts, call, method, params))
		cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
}

static void
no_output(void *arg)
{
	(void)arg; /* pump() looks */
}

static bool
carry(struct cw_wire *from, struct cw_wire *to)
{
	const struct cw_buf *out = cw_wire_out(from);
	size_t n = cw_buf_left(out);

	if (n == 0)
		return false;
	(void)cw_wire_feed(to, cw_buf_peek(out), n, 0);
	cw_wire_sent(from, n);
	return true;
}

static void
pump(void)
{
	do {
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	} while (agent != NULL && (carry(bridge, agent) || carry(agent, bridge)));
}

static void
connect_both(void)
{
	const struct cw_wire_config config = { NULL, on_request, no_output, 0, 0 };

	CHECK_EQ(cw_wire_new(&bridge, &config, 0), CW_OK);
	CHECK_EQ(cw_wire_new(&agent, &config, 0), CW_OK);
}

static void
disconnect(void)
{
	cw_wire_free(agent);
	cw_wire_free(bridge);
	agent = bridge = NULL;
}

/* --- a question of the bridge */

struct answer {
	struct cw_wire_request *request;
	struct cw_buf stream;
	int code; /* 1: none yet */
	char message[256], state[32];
	int streamed; /* bytes of a result that is a line */
};

static void
on_chunk(void *arg, const char *text, size_t n)
{
	struct answer *a = arg;

	CHECK_EQ(cw_buf_put(&a->stream, text, n), CW_OK);
}

static void
on_answer(void *arg, const struct cw_wire_answer *answer)
{
	struct answer *a = arg;
	const char *state = cw_json_str(answer->result, "state");
	const cJSON *streamed = cw_json_get(answer->result, "streamed");

	a->streamed = streamed != NULL ? streamed->valueint : 0;
	a->code = answer->code;
	(void)snprintf(
	    a->message, sizeof(a->message), "%s", answer->message != NULL ? answer->message : "");
	(void)snprintf(a->state, sizeof(a->state), "%s", state != NULL ? state : "");
}

static void
ask(struct answer *a, const char *method, cJSON *params)
{
	static const struct cw_wire_events events = { on_chunk, on_answer };

	cw_buf_free(&a->stream);
	*a = (struct answer){ .code = 1 };
	cw_buf_init(&a->stream, 64u << 20);
	CHECK_EQ(cw_wire_request(&a->request, bridge, method, params, &events, a, 0, 0), CW_OK);
	pump();
}

/* script.run, or plan.apply for a mode of "apply". */
static void
run(struct answer *a, const char *mode)
{
	char id[CW_UUID_TEXT], until[CW_TIME_TEXT];
	cJSON *p = cJSON_CreateObject();

	cw_random_uuid(id);
	cw_time_text(until, cw_clock_unix_ms() + 60000);
	cJSON_AddStringToObject(p, "id", id);
	cJSON_AddStringToObject(p, "not_after", until);
	cJSON_AddStringToObject(p, "caller", "key desk");
	if (strcmp(mode, "apply") == 0) {
		cJSON_AddObjectToObject(p, "plan");
		ask(a, "plan.apply", p);
		return;
	}
	cJSON_AddStringToObject(p, "mode", mode);
	cJSON_AddStringToObject(p, "text", "Get-ADUser ada");
	ask(a, "script.run", p);
}

static void
stop(const char *id)
{
	static struct answer a;
	cJSON *p = cJSON_CreateObject();

	cJSON_AddStringToObject(p, "id", id);
	ask(&a, "script.stop", p);
	CHECK_EQ(a.code, CW_OK);
	cw_buf_free(&a.stream);
}

/* --- */

static void
test_ends(void)
{
	struct answer a = { 0 };

	test_case = "a script, its lines and its end";
	run(&a, "run");
	CHECK_EQ(a.code, 1);
	CHECK_STR(double_script()->text, "Get-ADUser ada");
	CHECK_STR(double_script()->caller, "key desk");
	CHECK_EQ(double_script()->mode, CW_SCRIPT_RUN);
	double_script_lines(double_script(), "{\"output\":1}\n", 13);
	double_script_lines(double_script(), "{\"output\":2}\n", 13);
	pump();
	CHECK_EQ(a.code, 1);
	CHECK_STR(cw_buf_str(&a.stream), "{\"output\":1}\n{\"output\":2}\n");
	double_script_done(double_script(), 0, NULL, "{\"state\":\"done\"}");
	pump();
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(a.state, "done");
	test_case = "lines that come with the end";
	run(&a, "plan");
	CHECK_EQ(double_script()->mode, CW_SCRIPT_PLAN);
	double_script_lines(double_script(), "{\"output\":3}\n", 13);
	double_script_done(double_script(), 0, NULL, "{\"state\":\"failed\"}");
	pump();
	CHECK_STR(cw_buf_str(&a.stream), "{\"output\":3}\n");
	CHECK_STR(a.state, "failed");
	test_case = "nothing ran";
	run(&a, "run");
	double_script_done(double_script(), CW_ECONFLICT, "it is known", NULL);
	pump();
	CHECK_EQ(a.code, CW_ECONFLICT);
	CHECK_STR(a.message, "it is known");
	test_case = "refused at once";
	double_script_refuses = CW_ENOMEM;
	run(&a, "run");
	double_script_refuses = 0;
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	test_case = "not understood";
	ask(&a, "script.run", cJSON_CreateObject());
	CHECK_EQ(a.code, CW_EINVAL);
	ask(&a, "plan.apply", NULL);
	CHECK_EQ(a.code, CW_EINVAL);
	ask(&a, "script.stop", NULL);
	CHECK_EQ(a.code, CW_EINVAL);
	ask(&a, "script.dance", NULL);
	CHECK_EQ(a.code, CW_ENOTFOUND);
	test_case = "a plan that is approved by nobody here";
	run(&a, "apply");
	CHECK_EQ(double_script()->mode, CW_SCRIPT_APPLY);
	CHECK(!double_script()->approved);
	CHECK(double_script()->plan != NULL);
	double_script_done(double_script(), 0, NULL, "{\"state\":\"done\"}");
	pump();
	CHECK_EQ(a.code, CW_OK);
	cw_buf_free(&a.stream);
}

/* {"state":"done", MEMBER: a list of one text of n bytes}; the caller frees. */
static char *
long_result(const char *member, size_t n)
{
	char *text = malloc(n + 128);
	size_t at = (size_t)snprintf(text, 128, "{\"state\":\"done\",\"%s\":[\"", member);

	memset(text + at, 'x', n);
	(void)strcpy(text + at + n, "\"]}");
	return text;
}

static void
end_long(const char *member, size_t n)
{
	char *text = long_result(member, n);

	double_script_done(double_script(), 0, NULL, text);
	free(text);
	pump();
}

static void
test_long_results(void)
{
	size_t n = 2u << 20;
	char *text = long_result("plan", n);
	struct answer a = { 0 }, b = { 0 };
	const char *line;

	test_case = "a result longer than a message is the stream's last line";
	run(&a, "plan");
	double_script_lines(double_script(), "{\"output\":1}\n", 13);
	end_long("plan", n);
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(a.state, "");
	CHECK_EQ(a.streamed, (int)cw_buf_left(&a.stream) - 13);
	line = cw_buf_str(&a.stream) + 13;
	CHECK(cw_starts_with(line, "{\"result\":{"));
	CHECK_EQ(strncmp(line + 10, text, strlen(text)), 0);
	CHECK_STR(line + 10 + strlen(text), "}\n");
	test_case = "a reader that does not read it";
	run(&a, "plan");
	cw_wire_request_pause(a.request);
	end_long("plan", n);
	CHECK_EQ(a.code, 1);
	test_case = "two of them at once";
	run(&b, "plan");
	end_long("plan", n);
	CHECK_EQ(b.code, CW_EUNAVAILABLE);
	CHECK(strstr(b.message, "another large plan") != NULL);
	cw_buf_free(&b.stream);
	test_case = "what was done is told, however many there are";
	run(&b, "apply");
	end_long("entries", n);
	CHECK_EQ(b.code, CW_OK);
	CHECK(b.streamed > (int)n);
	cw_buf_free(&b.stream);
	test_case = "and it reads on";
	cw_wire_request_resume(a.request);
	pump();
	CHECK_EQ(a.code, CW_OK);
	CHECK_EQ(a.streamed, (int)cw_buf_left(&a.stream));
	test_case = "and then there is room again";
	run(&a, "plan");
	end_long("plan", n);
	CHECK_EQ(a.code, CW_OK);
	test_case = "its reader goes away half way";
	run(&a, "plan");
	cw_wire_request_pause(a.request);
	end_long("plan", n);
	disconnect();
	connect_both();
	run(&a, "plan");
	end_long("plan", n);
	CHECK_EQ(a.code, CW_OK);
	test_case = "a plan that is too long";
	run(&a, "plan");
	end_long("plan", CW_WIRE_RESULT_MAX + 64);
	CHECK_EQ(a.code, CW_ELIMIT);
	CHECK(strstr(a.message, "split the script") != NULL);
	test_case = "what ran and says too much has run all the same";
	run(&a, "run");
	end_long("refusals", CW_WIRE_RESULT_MAX + 64);
	CHECK_EQ(a.code, CW_OK);
	CHECK_STR(a.state, "done");
	cw_buf_free(&a.stream);
	free(text);
}

#define UPLOAD_ID "6f1de2b0-6a3c-4d2a-9b1e-00000000000b"

/* {"bytes","sha256"} of text, into an object. */
static cJSON *
name(cJSON *object, const char *text)
{
	uint8_t sum[32];
	struct cw_buf hash;
	size_t n;

	cw_buf_init(&hash, 128);
	CHECK_EQ(EVP_Q_digest(NULL, "SHA256", NULL, text, strlen(text), sum, &n), 1);
	CHECK_EQ(cw_hex_put(&hash, sum, sizeof(sum)), CW_OK);
	cJSON_AddNumberToObject(object, "bytes", (double)strlen(text));
	cJSON_AddStringToObject(object, "sha256", cw_buf_str(&hash));
	cw_buf_free(&hash);
	return object;
}

static void
take(struct answer *a, const char *text, const char *method)
{
	cJSON *p = cJSON_CreateObject();

	cJSON_AddStringToObject(p, "id", UPLOAD_ID);
	cJSON_AddItemToObject(p, "upload", name(cJSON_CreateObject(), text));
	ask(a, method, p);
}

/* text in two parts, then the request that takes it, or NULL. */
static void
upload(struct answer *a, const char *text, const char *method)
{
	size_t n = strlen(text), half = n / 2;
	char *part;
	cJSON *p;

	for (size_t at = 0; at < n; at = at == 0 ? half : n) {
		part = cw_strndup(text + at, at == 0 ? half : n - half);
		p = name(cJSON_CreateObject(), text);
		cJSON_AddStringToObject(p, "id", UPLOAD_ID);
		cJSON_AddNumberToObject(p, "at", (double)at);
		cJSON_AddStringToObject(p, "data", part);
		ask(a, "upload.part", p);
		CHECK_EQ(a->code, CW_OK);
		free(part);
	}
	if (method != NULL)
		take(a, text, method);
}

static void
test_uploads(void)
{
	struct answer a = { 0 };
	char until[CW_TIME_TEXT], script[512], plan[512];

	cw_time_text(until, cw_clock_unix_ms() + 60000);
	(void)snprintf(script, sizeof(script),
	    "{\"id\":\"" UPLOAD_ID "\",\"not_after\":\"%s\",\"mode\":\"run\",\"text\":\"Get-ADUser "
	    "eve\"}",
	    until);
	(void)snprintf(plan, sizeof(plan),
	    "{\"id\":\"" UPLOAD_ID "\",\"not_after\":\"%s\",\"plan\":{\"entries\":[]}}", until);
	test_case = "a script in parts";
	upload(&a, script, "script.run");
	CHECK_STR(double_script()->text, "Get-ADUser eve");
	double_script_done(double_script(), 0, NULL, "{\"state\":\"done\"}");
	pump();
	CHECK_STR(a.state, "done");
	test_case = "a plan in parts";
	upload(&a, plan, "plan.apply");
	CHECK(cw_json_get(double_script()->plan, "entries") != NULL);
	CHECK(!double_script()->approved);
	double_script_done(double_script(), 0, NULL, "{\"state\":\"done\"}");
	pump();
	test_case = "while another large one is there";
	double_broker_has_large = true;
	upload(&a, plan, "plan.apply");
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	double_broker_has_large = false;
	test_case = "what is in the parts is read as strictly";
	upload(&a, "{\"id\":\"" UPLOAD_ID "\",\"plan\":1}", "plan.apply");
	CHECK_EQ(a.code, CW_EINVAL);
	upload(&a, "{\"id\":\"" UPLOAD_ID "\",", "plan.apply");
	CHECK_EQ(a.code, CW_EINVAL);
	test_case = "one that is stopped half way is gone";
	upload(&a, script, NULL);
	stop(UPLOAD_ID);
	take(&a, script, "script.run");
	CHECK_EQ(a.code, CW_ECONFLICT);
	test_case = "and so is one whose connection ends";
	upload(&a, script, NULL);
	disconnect();
	cw_scripts_disconnected(scripts);
	connect_both();
	take(&a, script, "script.run");
	CHECK_EQ(a.code, CW_ECONFLICT);
	CHECK(strstr(a.message, "not all here") != NULL);
	CHECK_EQ(double_scripts(), 0);
	cw_buf_free(&a.stream);
}

static void
test_slow_reader(void)
{
	static char line[32u * 1024u];
	struct answer a = { 0 };
	size_t n = 0;

	test_case = "a reader that does not read";
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	run(&a, "run");
	cw_wire_request_pause(a.request);
	for (; !double_script()->paused && n < 64; n++) {
		double_script_lines(double_script(), line, sizeof(line));
		pump();
	}
	CHECK(n < 64);
	/* What comes after a pause is not lost either. */
	double_script_lines(double_script(), line, sizeof(line));
	double_script_lines(double_script(), line, sizeof(line));
	pump();
	test_case = "and one that reads again";
	cw_wire_request_resume(a.request);
	pump();
	CHECK(!double_script()->paused);
	CHECK_EQ(cw_buf_left(&a.stream), (n + 2) * sizeof(line));
	test_case = "the end waits for the reader";
	cw_wire_request_pause(a.request);
	for (n = 0; !double_script()->paused; n++) {
		double_script_lines(double_script(), line, sizeof(line));
		pump();
	}
	double_script_done(double_script(), 0, NULL, "{\"state\":\"done\"}");
	pump();
	CHECK_EQ(a.code, 1);
	cw_wire_request_resume(a.request);
	pump();
	CHECK_EQ(a.code, CW_OK);
	cw_buf_free(&a.stream);
}

static void
test_stops(void)
{
	static const struct {
		const char *mode;
		bool stops; /* when its reader goes away */
	} modes[] = { { "run", true }, { "plan", true }, { "apply", false } };
	struct answer a = { 0 };

	test_case = "stopped by who asked for it";
	run(&a, "run");
	CHECK(cw_scripts_runs(scripts, double_script()->id));
	stop("6f1de2b0-6a3c-4d2a-9b1e-000000000001");
	CHECK_STR(double_script()->stopped, "");
	stop(double_script()->id);
	CHECK(strstr(double_script()->stopped, "stopped") != NULL);
	double_script_done(double_script(), 0, NULL, "{\"state\":\"stopped\"}");
	pump();
	CHECK_STR(a.state, "stopped");

	test_case = "its reader goes away";
	for (size_t i = 0; i < CW_COUNT(modes); i++) {
		run(&a, modes[i].mode);
		disconnect();
		CHECK_EQ(double_script()->stopped[0] != '\0', modes[i].stops);
		double_script_lines(double_script(), "{\"output\":1}\n", 13);
		double_script_done(double_script(), 0, NULL, "{\"state\":\"stopped\"}");
		pump();
		CHECK_EQ(double_scripts(), 0);
		connect_both();
	}
	test_case = "its reader goes away before it has read the end";
	run(&a, "run");
	cw_wire_request_pause(a.request);
	while (!double_script()->paused) {
		static char line[32u * 1024u];

		memset(line, 'x', sizeof(line));
		double_script_lines(double_script(), line, sizeof(line));
		pump();
	}
	double_script_done(double_script(), 0, NULL, "{\"state\":\"done\"}");
	disconnect();
	connect_both();
	cw_buf_free(&a.stream);

	test_case = "lockdown";
	run(&a, "apply");
	cw_scripts_stop_remote(scripts, "locked down");
	CHECK_STR(double_script()->stopped, "locked down");
	double_script_done(double_script(), 0, NULL, "{\"state\":\"stopped\"}");
	pump();
	CHECK_STR(a.state, "stopped");
	cw_buf_free(&a.stream);
}

static void
set(void *arg)
{
	*(bool *)arg = true;
}

static void
test_end(void)
{
	struct answer a = { 0 };
	bool drained = false, closed = false;

	test_case = "the agent ends";
	run(&a, "run");
	cw_scripts_drain(scripts, 60000, set, &drained);
	pump();
	CHECK(!drained);
	CHECK(double_script()->stopped[0] != '\0');
	double_script_done(double_script(), 0, NULL, "{\"state\":\"stopped\"}");
	pump();
	CHECK(drained);
	CHECK_STR(a.state, "stopped");
	run(&a, "run");
	CHECK_EQ(a.code, CW_EUNAVAILABLE);
	disconnect();
	cw_scripts_close(scripts, set, &closed);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	CHECK(closed);
	CHECK_EQ(uv_loop_close(&loop), 0);
	cw_buf_free(&a.stream);
}

int
main(void)
{
	const struct cw_scripts_config config = { .loop = &loop };
	struct cw_err err = { 0 };

	CHECK_EQ(uv_loop_init(&loop), 0);
	CHECK_EQ(cw_scripts_new(&scripts, &config, &err), CW_OK);
	connect_both();
	test_ends();
	test_long_results();
	test_uploads();
	test_slow_reader();
	test_stops();
	test_end();
	return test_failed;
}
