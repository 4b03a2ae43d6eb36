/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENTS_RESULT_H
#define CW_AGENTS_RESULT_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/buf.h"

struct cw_err;

/*
 * A result that one message cannot hold: the agent sends it as the last line of the
 * stream, {"result":{...}}, and names its length in the answer (PROTOCOL.md). It is
 * taken out of the stream here; all other lines pass by uncopied.
 */
struct agents_result {
	enum { RESULT_LINE_START, RESULT_PASSES, RESULT_COMES, RESULT_CAME } is;
	size_t matched; /* bytes of the line's beginning that are held back */
	bool broken; /* it is too long, or something came behind it */
	struct cw_buf line;
};

void agents_result_init(struct agents_result *r);
void agents_result_free(struct agents_result *r);
/* Part of the stream; pass() gets what is not the result. */
void agents_result_feed(struct agents_result *r, const char *text, size_t n,
    void (*pass)(void *arg, const char *text, size_t n), void *arg);
/* The stream is over: what was held back passes too. */
void agents_result_end(
    struct agents_result *r, void (*pass)(void *arg, const char *text, size_t n), void *arg);
/* What the answer stands for: *ret is the caller's, NULL where the answer is the result itself. The
 * line is freed. CW_EPROTO: the two do not fit together. */
int agents_result_take(
    struct agents_result *r, cJSON **ret, const cJSON *answer, struct cw_err *err);

#endif
