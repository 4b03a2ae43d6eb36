/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_ANSWER_H
#define CW_BROKER_ANSWER_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "powershell/clixml.h"

/*
 * What the broker says to the sandbox (common/proxies/PROTOCOL.md): records, each
 * written as CLIXML the moment it comes, and answers made of as many as fit. Pure.
 */
#define ANSWER_FULL 131072u /* bytes of records; no more are put into one answer */
#define ANSWER_KEPT_MAX (8u * 1024u * 1024u) /* bytes of records that wait */

struct answer {
	struct cw_buf records; /* each with its length before it */
	struct cw_clixml_relay relay;
	size_t count; /* that wait */
};

void answer_init(struct answer *a);
void answer_free(struct answer *a);

/* Each adds a record, whole or not at all. CW_ELIMIT: too many wait, or this one is too large. */
int answer_output(struct answer *a, const struct cw_ps_value *value, struct cw_err *err);
/* stream: "error", "fail", ...; json is a text, or an object of texts, numbers, objects. */
int answer_record(struct answer *a, const char *stream, const cJSON *json, struct cw_err *err);

/* Bytes that wait; ANSWER_FULL and more fill an answer. */
size_t answer_waiting(const struct answer *a);
/* Appends the next answer: as many records as go into one, and the state, which is "more" while
 * some are left. */
int answer_take(struct answer *a, struct cw_buf *out, bool done, struct cw_err *err);

#endif
