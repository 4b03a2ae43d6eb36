/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LEDGER_OPERATIONS_H
#define CW_LEDGER_OPERATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/str.h"

struct cw_err;
struct cw_ledger;

/*
 * Operations as documents: what was asked, each step, what came of it. The router
 * writes the whole document at every turn, so that operation and steps never
 * disagree. A member "private" is for the router's own resumption and is not shown. A plan
 * (result.plan) may have megabytes and has a row of its own: it is not in lists.
 * No document holds a secret.
 */

/*
 * Writes the document (id, tenant, kind, what, state are its members). durable: done is called when
 * it is on the disk; otherwise done may be NULL. CW_ENOMEM: nothing was taken.
 */
int cw_operation_put(struct cw_ledger *l, const cJSON *document, int64_t created_ms,
    int64_t updated_ms, bool durable, void (*done)(void *arg, int code, const struct cw_err *err),
    void *arg, struct cw_err *err);
/* The caller's, for cJSON_Delete(); a plan as raw text. CW_ENOTFOUND. */
int cw_operation_find(struct cw_ledger *l, cJSON **ret, const char *id, struct cw_err *err);

struct cw_operation_filter {
	const char (*tenants)[CW_UUID_TEXT]; /* of these */
	size_t tenant_count; /* 0: of any */
	const char *state; /* NULL: any */
	const char *before; /* id of an operation: only older ones; NULL: from the newest */
	int limit;
};

/* A list, newest first. */
int cw_operation_list(
    struct cw_ledger *l, cJSON **ret, const struct cw_operation_filter *filter, struct cw_err *err);
/* A list of what was queued or running when the bridge ended, oldest first. */
int cw_operation_unfinished(struct cw_ledger *l, cJSON **ret, struct cw_err *err);

#endif
