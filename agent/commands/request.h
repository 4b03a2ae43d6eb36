/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_REQUEST_H
#define CW_REQUEST_H

#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/str.h"
#include "catalogue/catalogue.h"

struct cw_err;
struct cw_policy;
struct cw_refusal;

/*
 * The params of command.run, read strictly and bound by our own catalogue: whatever
 * is not understood, not catalogued or not of the right type is refused here, before
 * anything else is done.
 */
#define CW_REQUEST_TIMEOUT_MAX_MS 600000u /* the longest that a command may take */
/* A not_after further away than this is no limit; and the journal remembers for longer. */
#define CW_REQUEST_AHEAD_MAX_MS (INT64_C(7) * 24 * 3600 * 1000)

struct cw_request {
	char id[CW_UUID_TEXT], operation[CW_UUID_TEXT]; /* lower case */
	int64_t step;
	struct cw_catalogue_call *call;
	const struct cw_catalogue_command *entry; /* of call; static storage */
	int64_t not_after_ms; /* Unix time */
	uint32_t timeout_ms; /* at most CW_REQUEST_TIMEOUT_MAX_MS */
	char controller[CW_HOST_MAX]; /* the one that was named, or "" */
};

/* CW_EDENIED: not in the catalogue, script text, or above the ceiling (policy NULL: there is none),
 * and refusal says so; CW_EINVAL. On success give *ret back to cw_request_free(). Whether it came
 * too late is for cw_request_is_late(). */
int cw_request_read(struct cw_request *ret, const cJSON *params, int64_t now_ms,
    const struct cw_policy *policy, struct cw_refusal *refusal, struct cw_err *err);
/* Wipes what call holds; all else stays readable. Ok on a zeroed one, and twice. */
void cw_request_free(struct cw_request *request);

bool cw_request_is_late(
    const struct cw_request *request, int64_t now_ms); /* not_after has passed */

/* Opens what is sealed to this agent (UUID in lower case). CW_EINVAL: it was not sealed for this
 * agent, this operation and this parameter. */
int cw_request_open(struct cw_request *request, const char *agent, const uint8_t seal_private[32],
    struct cw_err *err);

#endif
