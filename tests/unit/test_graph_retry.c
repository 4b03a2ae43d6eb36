/* SPDX-License-Identifier: Apache-2.0 */
#include "base/compat.h"
#include "graph/policy.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define MIDDLE 0x80000000u
#define MOST 0xffffffffu
#define LONG 3600000u /* ms left */

static const struct {
	const char *name;
	struct cw_graph_attempt a;
	bool again;
	uint64_t delay_ms;
} rows[] = {
	{ "429, any method", { CW_GRAPH_ANSWERED, 429, false, 1, -1, LONG, MOST }, true, 500 },
	{ "429 with Retry-After", { CW_GRAPH_ANSWERED, 429, false, 1, 7000, LONG, 0 }, true, 7000 },
	{ "not all at once after it", { CW_GRAPH_ANSWERED, 429, false, 1, 7000, LONG, MIDDLE },
	    true, 7500 },
	{ "Retry-After 0", { CW_GRAPH_ANSWERED, 429, false, 1, 0, LONG, 0 }, true, 0 },
	{ "Retry-After past the deadline", { CW_GRAPH_ANSWERED, 429, true, 1, 7000, 7000, 0 },
	    false, 0 },
	{ "503, idempotent", { CW_GRAPH_ANSWERED, 503, true, 1, -1, LONG, 0 }, true, 0 },
	{ "503, not idempotent", { CW_GRAPH_ANSWERED, 503, false, 1, -1, LONG, 0 }, false, 0 },
	{ "503 with Retry-After, not idempotent",
	    { CW_GRAPH_ANSWERED, 503, false, 1, 1000, LONG, 0 }, false, 0 },
	{ "504, idempotent", { CW_GRAPH_ANSWERED, 504, true, 1, -1, LONG, 0 }, true, 0 },
	{ "504, not idempotent", { CW_GRAPH_ANSWERED, 504, false, 1, -1, LONG, 0 }, false, 0 },
	{ "502, idempotent", { CW_GRAPH_ANSWERED, 502, true, 1, -1, LONG, 0 }, true, 0 },
	{ "500 is an answer", { CW_GRAPH_ANSWERED, 500, true, 1, -1, LONG, 0 }, false, 0 },
	{ "400", { CW_GRAPH_ANSWERED, 400, true, 1, -1, LONG, 0 }, false, 0 },
	{ "401 is not ours", { CW_GRAPH_ANSWERED, 401, true, 1, -1, LONG, 0 }, false, 0 },
	{ "200", { CW_GRAPH_ANSWERED, 200, true, 1, -1, LONG, 0 }, false, 0 },
	{ "broken, idempotent", { CW_GRAPH_BROKEN, 0, true, 1, -1, LONG, 0 }, true, 0 },
	{ "broken, not idempotent", { CW_GRAPH_BROKEN, 0, false, 1, -1, LONG, 0 }, false, 0 },
	{ "not sent, any method", { CW_GRAPH_NOT_SENT, 0, false, 1, -1, LONG, 0 }, true, 0 },
	{ "the wait doubles", { CW_GRAPH_NOT_SENT, 0, false, 3, -1, LONG, MOST }, true, 2000 },
	{ "up to a limit", { CW_GRAPH_NOT_SENT, 0, false, 7, -1, LONG, MOST }, true, 30000 },
	{ "full jitter", { CW_GRAPH_NOT_SENT, 0, false, 7, -1, LONG, MIDDLE }, true, 15000 },
	{ "the last attempt", { CW_GRAPH_NOT_SENT, 0, false, CW_GRAPH_ATTEMPTS_MAX, -1, LONG, 0 },
	    false, 0 },
	{ "no time left", { CW_GRAPH_NOT_SENT, 0, true, 1, -1, 0, 0 }, false, 0 },
};

#define NOW 1448366400000ll /* Tue, 24 Nov 2015 12:00:00 GMT */

static const struct {
	const char *name, *value;
	int64_t ms;
} values[] = {
	{ "seconds", "120", 120000 },
	{ "none", "0", 0 },
	{ "a date", "Tue, 24 Nov 2015 12:00:30 GMT", 30000 },
	{ "a date that is over", "Tue, 24 Nov 2015 11:00:00 GMT", 0 },
	{ "a day at most", "99999999999999999999999999", CW_GRAPH_RETRY_AFTER_MAX_MS },
	{ "a year", "Thu, 24 Nov 2016 12:00:30 GMT", CW_GRAPH_RETRY_AFTER_MAX_MS },
	{ "negative", "-1", -1 },
	{ "words", "soon", -1 },
	{ "empty", "", -1 },
};

int
main(void)
{
	uint64_t delay;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		delay = 0;
		CHECK_EQ(cw_graph_retry(&delay, &rows[i].a), rows[i].again);
		CHECK_EQ(delay, rows[i].delay_ms);
	}
	for (size_t i = 0; i < CW_COUNT(values); i++) {
		test_case = values[i].name;
		CHECK_EQ(cw_graph_retry_after(values[i].value, NOW), values[i].ms);
	}
	return test_failed;
}
