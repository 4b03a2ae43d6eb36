/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_API_FOLLOW_H
#define CW_API_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "api/api_private.h"
#include "base/str.h"

/*
 * A call that stays open while an operation goes on: it watches the operation, is told
 * when its time has come, when its client is gone and when it must end. One timer for
 * all of them.
 *
 * Embedded as the first member of what the kind needs besides; free() of kind frees it.
 */
struct api_follow_kind {
	/* As in struct cw_route_watch_events; output may be NULL. */
	void (*changed)(struct api_follow *f, const cJSON *operation, bool finished);
	void (*output)(struct api_follow *f, const char *ndjson, size_t n);
	/* What was put has gone out. */
	void (*drained)(struct api_follow *f);
	/* due_ms has come. */
	void (*due)(struct api_follow *f);
	/* The client hung up; the follow is freed when this returns. */
	void (*gone)(struct api_follow *f);
	/* Ends the call, with this error where one can still be told, by api_follow_end(). */
	void (*cut)(struct api_follow *f, const struct cw_err *why);
	void (*free)(struct api_follow *f);
};

struct api_follow {
	const struct api_follow_kind *kind;
	struct cw_api *api;
	struct api_follow *next, **at; /* in api->open */
	struct cw_web_call *call;
	struct cw_route_watch *watch; /* NULL once the operation has ended */
	char operation[CW_UUID_TEXT];
	char key[CW_UUID_TEXT]; /* whose request it is */
	uint64_t due_ms; /* on the loop's clock; UINT64_MAX: never. Set it by api_follow_due() */
	uint64_t deadline_ms; /* of the wait, on the same clock; UINT64_MAX: none */
	bool recorded; /* the operation is on the disk, or need not be: it may be told of */
	bool busy, ended; /* within api_follow_watch(); over */
};

void api_follow_init(struct cw_api *api);
/* Refuses early, before anything was begun, when too many are open (CW_EAGAIN). */
int api_follow_room(const struct cw_api *api, struct cw_err *err);
/* From here on the call is f's. wait_s: CW_API_FOREVER for no deadline. */
#define CW_API_FOREVER (-1L)
void api_follow_open(
    struct api_follow *f, const struct api_request *q, const char *operation, long wait_s);
/* Watches the operation; changed() may come from within, and may end f. On failure f is the
 * caller's again, and so is the call. */
int api_follow_watch(struct api_follow *f, struct cw_err *err);
/* The wait is over, and the caller may be told of the operation: answer 202. */
bool api_follow_over(const struct api_follow *f);
/* For due(): looks whether the key still holds, and comes again in time. False: it was revoked, and
 * f is gone. */
bool api_follow_beat(struct api_follow *f);
/* The call was answered or ended: stops watching, frees f (once api_follow_watch() has returned).
 */
void api_follow_end(struct api_follow *f);
/* due() so many milliseconds from now. */
void api_follow_due(struct api_follow *f, uint64_t in_ms);
/* For cut() of a call that has one answer: 202 where the bridge stops and the operation may be told
 * of, else the error. Ends f. */
void api_follow_cut_answer(struct api_follow *f, const struct cw_err *why);
/* Cuts off everybody, or who came with this key. */
void api_follow_cut(struct cw_api *api, const char *key, const struct cw_err *why);

#endif
