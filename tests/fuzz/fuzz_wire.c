/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of a hostile peer into one end of the wire. The first byte says in what
 * steps they arrive; the end has one request with a stream open, and answers,
 * streams to, or holds what it is asked.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "wire/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static unsigned open_calls, open_requests;

static void
output(void *arg)
{
	(void)arg;
}

static void
cancelled(void *arg)
{
	(void)arg;
	open_calls--;
}

static void
writable(void *arg, struct cw_wire_call *call)
{
	(void)arg;
	if (cw_wire_call_chunk(call, "{}\n", 3) == CW_EAGAIN)
		return;
	open_calls--;
	cw_wire_call_finish(call, cJSON_CreateNull());
}

static void
request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	static const struct cw_wire_call_events events = { writable, cancelled };
	static char line[CW_WIRE_WINDOW + 1];

	(void)arg;
	if (method[0] == 'e') {
		cw_wire_call_finish(
		    call, params != NULL ? cJSON_Duplicate(params, 1) : cJSON_CreateNull());
	} else if (method[0] == 's') {
		open_calls++;
		memset(line, ' ', sizeof(line));
		cw_wire_call_watch(call, &events, NULL);
		(void)cw_wire_call_chunk(call, line, sizeof(line));
		(void)cw_wire_call_chunk(call, line, 1);
	} else if (method[0] == 'h') {
		open_calls++;
		cw_wire_call_watch(call, &events, NULL);
	} else {
		cw_wire_call_fail(call, CW_ENOTFOUND, method, NULL);
	}
}

static void
chunk(void *arg, const char *text, size_t n)
{
	(void)arg;
	assert(text != NULL && n > 0);
}

static void
done(void *arg, const struct cw_wire_answer *answer)
{
	(void)arg;
	assert(answer->code == CW_OK ? answer->result != NULL : answer->message != NULL);
	open_requests--;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct cw_wire_events events = { chunk, done };
	const struct cw_wire_config config = { NULL, request, output, 10, 30 };
	struct cw_wire *wire;
	uint64_t now = 0;
	size_t step;

	if (len == 0 || cw_wire_new(&wire, &config, now) < 0)
		return 0;
	open_calls = 0;
	open_requests = 1;
	step = data[0] == 0 ? len : data[0];
	if (cw_wire_request(NULL, wire, "ask", NULL, &events, NULL, 1000, now) < 0)
		open_requests = 0;
	for (size_t at = 1; at < len; at += step) {
		size_t n = len - at < step ? len - at : step;

		if (cw_wire_feed(wire, data + at, n, ++now) < 0)
			break;
		cw_wire_sent(wire, cw_buf_left(cw_wire_out(wire)));
		if (cw_wire_tick(wire, now) < 0)
			break;
	}
	cw_wire_free(wire);
	assert(open_calls == 0 && open_requests == 0);
	return 0;
}
