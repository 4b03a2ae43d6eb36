/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two wires joined back to back, and one wire against hostile bytes.
 */
#include <stdbool.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "test.h"
#include "wire/channel.h"
#include "wire/frame.h"

int test_failed;
static const char *test_case = "";

/* One end, with what happened to it. */
struct end {
	struct cw_wire *wire;
	struct cw_wire_call *call; /* held open by "hold" and "stream" */
	char log[512];
	unsigned outputs, cancelled, done;
	size_t stream_left, stream_got; /* bytes */
	uint64_t hash_sent, hash_got;
	int code;
	char answer[256];
};

static uint64_t now;

static uint64_t
hash(uint64_t h, const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint8_t)p[i]) * 1099511628211u;
	return h;
}

static void
output(void *arg)
{
	struct end *e = arg;

	e->outputs++;
}

static void
cancelled(void *arg)
{
	struct end *e = arg;

	e->cancelled++;
	e->call = NULL;
}

static void
pump_stream(void *arg, struct cw_wire_call *call)
{
	static char line[10000];
	struct end *e = arg;
	int r = CW_OK;

	for (size_t i = 0; i + 1 < sizeof(line); i++)
		line[i] = (char)('a' + (i * 7 + e->stream_left) % 23);
	line[sizeof(line) - 1] = '\n';
	while (e->stream_left > 0 && r == CW_OK) {
		size_t n = e->stream_left < sizeof(line) ? e->stream_left : sizeof(line);

		if ((r = cw_wire_call_chunk(call, line, n)) == CW_OK) {
			e->stream_left -= n;
			e->hash_sent = hash(e->hash_sent, line, n);
		}
	}
	if (r == CW_OK) {
		e->call = NULL;
		cw_wire_call_finish(call, cJSON_CreateTrue());
	} else {
		CHECK_EQ(r, CW_EAGAIN);
	}
}

static const struct cw_wire_call_events call_events = { pump_stream, cancelled };

static void
request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	struct end *e = arg;
	cJSON *data;

	if (cw_streq(method, "echo")) {
		cw_wire_call_finish(
		    call, params != NULL ? cJSON_Duplicate(params, 1) : cJSON_CreateNull());
	} else if (cw_streq(method, "deny")) {
		data = cJSON_CreateObject();
		cJSON_AddStringToObject(data, "rule", "7");
		cw_wire_call_fail(call, CW_EDENIED, "not with me", data);
	} else if (cw_streq(method, "hold")) {
		e->call = call;
		cw_wire_call_watch(call, &call_events, e);
	} else if (cw_streq(method, "stream")) {
		e->call = call;
		cw_wire_call_watch(call, &call_events, e);
		pump_stream(e, call);
	} else if (cw_streq(method, "close")) {
		cw_wire_close(e->wire, CW_ECLOSED, "as asked");
	} else if (cw_streq(method, "huge")) {
		char *text = calloc(1, CW_FRAME_MESSAGE_MAX + 1);

		memset(text, 'x', CW_FRAME_MESSAGE_MAX);
		cw_wire_call_finish(call, cJSON_CreateString(text));
		free(text);
	} else {
		cw_wire_call_fail(call, CW_ENOTFOUND, "no such method", NULL);
	}
}

static void
chunk(void *arg, const char *text, size_t n)
{
	struct end *e = arg;

	e->stream_got += n;
	e->hash_got = hash(e->hash_got, text, n);
}

static void
done(void *arg, const struct cw_wire_answer *a)
{
	struct end *e = arg;
	char *text = cJSON_PrintUnformatted(a->code == CW_OK ? a->result : a->data);

	e->done++;
	e->code = a->code;
	(void)snprintf(e->answer, sizeof(e->answer), "%s%s%s", a->message ? a->message : "",
	    a->message && text ? " " : "", text ? text : "");
	cJSON_free(text);
}

static const struct cw_wire_events events = { chunk, done };
static const struct cw_wire_events no_stream = { NULL, done };

static void
end_init(struct end *e)
{
	struct cw_wire_config config = { .request = request, .output = output };

	*e = (struct end){ .hash_sent = 14695981039346656037u, .hash_got = 14695981039346656037u };
	config.arg = e;
	CHECK_EQ(cw_wire_new(&e->wire, &config, now), CW_OK);
}

/* Moves what one end has to the other, in steps of `step` bytes; returns bytes moved. */
static size_t
move(struct end *from, struct end *to, size_t step)
{
	const struct cw_buf *out = cw_wire_out(from->wire);
	size_t n = cw_buf_left(out);

	n = n < step ? n : step;
	if (n > 0) {
		uint8_t *copy = malloc(n);

		memcpy(copy, cw_buf_peek(out), n);
		cw_wire_sent(from->wire, n);
		(void)cw_wire_feed(to->wire, copy, n, now);
		free(copy);
	}
	return n;
}

static void
settle(struct end *a, struct end *b, size_t step)
{
	while (move(a, b, step) + move(b, a, step) > 0)
		;
}

static void
ask(struct end *e, const char *method, const char *params)
{
	CHECK_EQ(cw_wire_request(NULL, e->wire, method, params ? cJSON_Parse(params) : NULL,
		     &events, e, 1000, now),
	    CW_OK);
}

static void
check_answers(size_t step)
{
	static const struct {
		const char *method, *params;
		int code;
		const char *answer;
	} rows[] = {
		{ "echo", "{\"a\":1}", CW_OK, "{\"a\":1}" },
		{ "echo", NULL, CW_OK, "null" },
		{ "echo", "{\"a\":\"\xc3\xa4\\n\"}", CW_OK, "{\"a\":\"\xc3\xa4\\n\"}" },
		{ "deny", NULL, CW_EDENIED, "not with me {\"code\":\"denied\",\"rule\":\"7\"}" },
		{ "nosuch", NULL, CW_ENOTFOUND, "no such method {\"code\":\"not_found\"}" },
		{ "huge", NULL, CW_ELIMIT,
		    "the result is too long for one message {\"code\":\"limit\"}" },
	};
	struct end a, b;

	end_init(&a);
	end_init(&b);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].method;
		ask(i % 2 ? &a : &b, rows[i].method, rows[i].params);
		settle(&a, &b, step);
		CHECK_EQ((i % 2 ? &a : &b)->code, rows[i].code);
		CHECK_STR((i % 2 ? &a : &b)->answer, rows[i].answer);
	}
	CHECK_EQ(a.done + b.done, CW_COUNT(rows));
	CHECK_EQ(cw_wire_error(a.wire)->code, 0);
	CHECK_EQ(cw_wire_error(b.wire)->code, 0);
	cw_wire_free(a.wire);
	cw_wire_free(b.wire);
}

/* Bytes held by an end, as far as the public buffers show. */
static void
check_stream(size_t size, size_t step)
{
	struct end a, b;
	size_t most = 0, n;

	test_case = "stream";
	end_init(&a);
	end_init(&b);
	b.stream_left = size;
	ask(&a, "stream", NULL);
	do {
		n = move(&a, &b, step);
		n += move(&b, &a, step);
		if (cw_buf_left(cw_wire_out(b.wire)) > most)
			most = cw_buf_left(cw_wire_out(b.wire));
	} while (n > 0);
	CHECK_EQ(a.stream_got, size);
	CHECK(a.hash_got == b.hash_sent);
	CHECK_EQ(a.code, CW_OK);
	CHECK_EQ(a.done, 1);
	CHECK(most < CW_WIRE_WINDOW + 64 * CW_FRAME_HEADER);
	CHECK(cw_wire_out(b.wire)->cap <= 4096); /* idle ends hold next to nothing */
	cw_wire_free(a.wire);
	cw_wire_free(b.wire);
}

static void
check_pause(void)
{
	struct cw_wire_request *req;
	struct end a, b;

	test_case = "pause and resume";
	end_init(&a);
	end_init(&b);
	b.stream_left = 3000000;
	CHECK_EQ(cw_wire_request(&req, a.wire, "stream", NULL, &events, &a, 0, now), CW_OK);
	cw_wire_request_pause(req);
	settle(&a, &b, 1000);
	CHECK_EQ(a.stream_got, CW_WIRE_WINDOW);
	CHECK_EQ(a.done, 0);
	cw_wire_request_resume(req);
	settle(&a, &b, 1000);
	CHECK_EQ(a.stream_got, 3000000);
	CHECK_EQ(a.done, 1);

	test_case = "cancelled in mid-stream";
	b.stream_left = 3000000;
	CHECK_EQ(cw_wire_request(&req, a.wire, "stream", NULL, &events, &a, 0, now), CW_OK);
	move(&a, &b, 1000000);
	move(&b, &a, 1000);
	cw_wire_request_cancel(req);
	settle(&a, &b, 1000);
	CHECK_EQ(b.cancelled, 1);
	CHECK_EQ(a.done, 1);

	test_case = "one line longer than the window";
	char *line = malloc(2000000);
	memset(line, 'x', 2000000);
	ask(&a, "hold", NULL);
	a.stream_got = 0;
	settle(&a, &b, 100000);
	CHECK_EQ(cw_wire_call_chunk(b.call, line, 2000000), CW_OK);
	CHECK_EQ(cw_wire_call_chunk(b.call, line, 1), CW_EAGAIN);
	cw_wire_call_finish(b.call, cJSON_CreateNull());
	settle(&a, &b, 100000);
	CHECK_EQ(a.stream_got, 2000000);
	CHECK_EQ(a.done, 2);
	CHECK_EQ(a.code, CW_OK);
	free(line);
	cw_wire_free(a.wire);
	cw_wire_free(b.wire);
}

static void
check_time(void)
{
	struct end a, b;

	end_init(&a);
	end_init(&b);
	test_case = "deadline";
	CHECK_EQ(cw_wire_next_ms(a.wire), CW_WIRE_NEVER);
	ask(&a, "hold", NULL);
	CHECK_EQ(cw_wire_next_ms(a.wire), now + 1000);
	settle(&a, &b, 1000);
	now += 999;
	CHECK_EQ(cw_wire_tick(a.wire, now), CW_OK);
	CHECK_EQ(a.done, 0);
	now++;
	CHECK_EQ(cw_wire_tick(a.wire, now), CW_OK);
	CHECK_EQ(a.done, 1);
	CHECK_EQ(a.code, CW_ETIMEOUT);
	settle(&a, &b, 1000);
	CHECK_EQ(b.cancelled, 1);

	test_case = "a late answer is ignored";
	ask(&a, "echo", NULL);
	now += 2000;
	CHECK_EQ(cw_wire_tick(a.wire, now), CW_OK);
	settle(&a, &b, 1000);
	CHECK_EQ(a.done, 2);
	CHECK_EQ(cw_wire_error(a.wire)->code, 0);
	CHECK_EQ(cw_wire_error(b.wire)->code, 0);

	test_case = "heartbeat";
	cw_wire_set_heartbeat(a.wire, 30000, 75000);
	for (int i = 0; i < 100; i++) {
		now = cw_wire_next_ms(a.wire);
		CHECK_EQ(cw_wire_tick(a.wire, now), CW_OK);
		settle(&a, &b, 1000);
	}
	CHECK_EQ(cw_wire_error(a.wire)->code, 0);
	test_case = "a silent peer";
	ask(&b, "hold", NULL);
	settle(&a, &b, 1000);
	uint64_t start = now;
	while (cw_wire_error(a.wire)->code == 0) {
		now = cw_wire_next_ms(a.wire);
		(void)cw_wire_tick(a.wire, now);
	}
	CHECK_EQ(now - start, 75000);
	CHECK_EQ(cw_wire_error(a.wire)->code, CW_ETIMEOUT);
	CHECK_EQ(a.cancelled, 1);
	CHECK_EQ(cw_wire_request(NULL, a.wire, "echo", NULL, &events, &a, 0, now), CW_ECLOSED);
	cw_wire_free(a.wire);
	cw_wire_free(b.wire);
}

static void
check_end(void)
{
	struct end a, b;

	end_init(&a);
	end_init(&b);
	test_case = "closed from inside a handler";
	ask(&a, "hold", NULL);
	settle(&a, &b, 1000);
	ask(&b, "hold", NULL);
	settle(&a, &b, 1000);
	ask(&a, "close", NULL);
	settle(&a, &b, 1000);
	CHECK_EQ(cw_wire_error(b.wire)->code, CW_ECLOSED);
	CHECK_EQ(b.cancelled, 1);
	CHECK_EQ(b.done, 1);
	CHECK_EQ(b.code, CW_ECLOSED);
	CHECK_STR(b.answer, "as asked");
	test_case = "freed with requests open";
	cw_wire_free(a.wire);
	CHECK_EQ(a.done, 2);
	CHECK_EQ(a.cancelled, 1);
	cw_wire_free(b.wire);

	test_case = "too many open requests";
	end_init(&a);
	end_init(&b);
	for (unsigned i = 0; i < CW_WIRE_OPEN_MAX; i++)
		ask(&a, "hold", NULL);
	CHECK_EQ(cw_wire_request(NULL, a.wire, "hold", NULL, &events, &a, 0, now), CW_ELIMIT);
	settle(&a, &b, 10000);
	CHECK_EQ(a.done, 0);
	cw_wire_free(a.wire);
	CHECK_EQ(a.done, CW_WIRE_OPEN_MAX);
	cw_wire_free(b.wire);

	test_case = "a peer that asks and never reads";
	end_init(&a);
	end_init(&b);
	for (unsigned i = 0; cw_wire_error(b.wire)->code == 0 && i < 3000000; i++) {
		uint8_t ping[20] = { 0, 0, 0, 8, 5 };

		(void)cw_wire_feed(b.wire, ping, sizeof(ping), now);
	}
	CHECK_EQ(cw_wire_error(b.wire)->code, CW_ELIMIT);
	cw_wire_free(a.wire);
	cw_wire_free(b.wire);
}

#define Q "{\"jsonrpc\":\"2.0\","

/* Messages that a peer may not send, to a wire that has asked one request, id 1, without stream. */
static void
check_hostile(void)
{
	static const struct {
		const char *name;
		enum cw_frame_type type;
		uint32_t stream;
		const char *text;
		size_t len; /* 0: strlen */
		int want;
	} rows[] = {
		{ "an answer", CW_FRAME_MESSAGE, 0, Q "\"id\":1,\"result\":{}}", 0, CW_OK },
		{ "a request", CW_FRAME_MESSAGE, 0, Q "\"id\":9,\"method\":\"echo\"}", 0, CW_OK },
		{ "no JSON", CW_FRAME_MESSAGE, 0, "{", 0, CW_EPROTO },
		{ "bad UTF-8", CW_FRAME_MESSAGE, 0, "\"\xff\"", 0, CW_EPROTO },
		{ "an array", CW_FRAME_MESSAGE, 0, "[]", 0, CW_EPROTO },
		{ "another version", CW_FRAME_MESSAGE, 0,
		    "{\"jsonrpc\":\"1.0\",\"id\":9,\"method\":\"echo\"}", 0, CW_EPROTO },
		{ "a notification", CW_FRAME_MESSAGE, 0, Q "\"method\":\"echo\"}", 0, CW_EPROTO },
		{ "id 0", CW_FRAME_MESSAGE, 0, Q "\"id\":0,\"method\":\"echo\"}", 0, CW_EPROTO },
		{ "id past 32 bits", CW_FRAME_MESSAGE, 0,
		    Q "\"id\":4294967296,\"method\":\"echo\"}", 0, CW_EPROTO },
		{ "id of text", CW_FRAME_MESSAGE, 0, Q "\"id\":\"1\",\"method\":\"echo\"}", 0,
		    CW_EPROTO },
		{ "id 1.5", CW_FRAME_MESSAGE, 0, Q "\"id\":1.5,\"method\":\"echo\"}", 0,
		    CW_EPROTO },
		{ "duplicate members", CW_FRAME_MESSAGE, 0,
		    Q "\"id\":9,\"id\":8,\"method\":\"echo\"}", 0, CW_EPROTO },
		{ "unknown member", CW_FRAME_MESSAGE, 0, Q "\"id\":9,\"method\":\"echo\",\"x\":1}",
		    0, CW_EPROTO },
		{ "params of a list", CW_FRAME_MESSAGE, 0,
		    Q "\"id\":9,\"method\":\"echo\",\"params\":[]}", 0, CW_EPROTO },
		{ "answer to nothing", CW_FRAME_MESSAGE, 0, Q "\"id\":2,\"result\":{}}", 0,
		    CW_EPROTO },
		{ "answer with both", CW_FRAME_MESSAGE, 0,
		    Q "\"id\":1,\"result\":{},\"error\":{\"code\":1,\"message\":\"\"}}", 0,
		    CW_EPROTO },
		{ "answer with neither", CW_FRAME_MESSAGE, 0, Q "\"id\":1}", 0, CW_EPROTO },
		{ "error without message", CW_FRAME_MESSAGE, 0,
		    Q "\"id\":1,\"error\":{\"code\":1}}", 0, CW_EPROTO },
		{ "error of text", CW_FRAME_MESSAGE, 0, Q "\"id\":1,\"error\":\"x\"}", 0,
		    CW_EPROTO },
		{ "stream not expected", CW_FRAME_CHUNK, 1, "{}\n", 0, CW_EPROTO },
		{ "stream of nothing", CW_FRAME_CHUNK, 2, "{}\n", 0, CW_EPROTO },
		{ "credit for nothing", CW_FRAME_CREDIT, 1, "\0\0\0\1", 4, CW_EPROTO },
		{ "cancel of nothing", CW_FRAME_CANCEL, 1, "", 0, CW_EPROTO },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_buf bytes;
		struct end e;

		test_case = rows[i].name;
		end_init(&e);
		cw_buf_init(&bytes, CW_FRAME_MESSAGE_MAX);
		CHECK_EQ(cw_wire_request(NULL, e.wire, "x", NULL, &no_stream, &e, 0, now), CW_OK);
		CHECK_EQ(cw_frame_put(&bytes, rows[i].type, rows[i].stream, rows[i].text,
			     rows[i].len ? rows[i].len : strlen(rows[i].text)),
		    CW_OK);
		CHECK_EQ(cw_wire_feed(e.wire, cw_buf_peek(&bytes), cw_buf_left(&bytes), now),
		    rows[i].want);
		CHECK_EQ(e.done, i != 1);
		if (rows[i].want < 0)
			CHECK_EQ(e.code, CW_ECLOSED);
		cw_wire_free(e.wire);
		cw_buf_free(&bytes);
	}
}

static void
check_hostile_series(void)
{
	static const char held[] = Q "\"id\":5,\"method\":\"hold\"}";
	struct cw_buf b;
	struct end e;

	test_case = "an id twice";
	cw_buf_init(&b, 4 * CW_FRAME_MESSAGE_MAX);
	end_init(&e);
	cw_frame_put(&b, CW_FRAME_MESSAGE, 0, held, sizeof(held) - 1);
	cw_frame_put(&b, CW_FRAME_MESSAGE, 0, held, sizeof(held) - 1);
	CHECK_EQ(cw_wire_feed(e.wire, cw_buf_peek(&b), cw_buf_left(&b), now), CW_EPROTO);
	CHECK_EQ(e.cancelled, 1);
	cw_wire_free(e.wire);

	test_case = "too much credit";
	cw_buf_clear(&b);
	end_init(&e);
	cw_frame_put(&b, CW_FRAME_MESSAGE, 0, held, sizeof(held) - 1);
	cw_frame_put(&b, CW_FRAME_CREDIT, 5, "\377\377\377\377", 4);
	CHECK_EQ(cw_wire_feed(e.wire, cw_buf_peek(&b), cw_buf_left(&b), now), CW_EPROTO);
	cw_wire_free(e.wire);

	test_case = "more stream than granted";
	cw_buf_clear(&b);
	end_init(&e);
	struct cw_wire_request *req;
	CHECK_EQ(cw_wire_request(&req, e.wire, "x", NULL, &events, &e, 0, now), CW_OK);
	cw_wire_request_pause(req);
	char *big = calloc(1, CW_FRAME_CHUNK_MAX);
	for (unsigned i = 0; i < CW_WIRE_WINDOW / CW_FRAME_CHUNK_MAX; i++)
		cw_frame_put(&b, CW_FRAME_CHUNK, 1, big, CW_FRAME_CHUNK_MAX);
	CHECK_EQ(cw_wire_feed(e.wire, cw_buf_peek(&b), cw_buf_left(&b), now), CW_OK);
	cw_buf_clear(&b);
	cw_frame_put(&b, CW_FRAME_CHUNK, 1, big, 1);
	CHECK_EQ(cw_wire_feed(e.wire, cw_buf_peek(&b), cw_buf_left(&b), now), CW_EPROTO);
	cw_wire_free(e.wire);
	free(big);
	cw_buf_free(&b);
}

int
main(void)
{
	check_answers(SIZE_MAX);
	check_answers(1);
	check_stream(0, 100);
	check_stream(1, 1);
	check_stream(700000, 1);
	check_stream(100u * 1000 * 1000, 50000);
	check_pause();
	check_time();
	check_end();
	check_hostile();
	check_hostile_series();
	return test_failed;
}
