/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_COMMAND_H
#define CW_ROUTE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "route/output.h"
#include "route/route_internal.h"

/* What an operation has that puts something out: a command, or a script. */
struct route_command {
	const struct cw_catalogue_command *entry; /* NULL: a script */
	/* With sealed values, which no document has; NULL: those of the request. */
	cJSON *parameters;
	bool sealed;
	bool stopping;
	bool pause, paused; /* wanted, and done */
	struct route_output output;
};

/* What others need of it. All are ok on an operation that has none. */
void route_command_pause(struct operation *op, bool pause);
size_t route_command_bytes(const struct operation *op); /* of output in memory */
void route_command_show(const struct operation *op, cJSON *shown); /* adds what is in memory */

/* For script.c. */
void route_command_output(struct operation *op, const char *ndjson, size_t n);
void route_command_free(struct operation *op);
/* The end, of a script too: put() sets the document's result from the agent's (or NULL), with all
 * of the output counted; then its errors, its step and its state. */
void route_command_finish(struct operation *op, enum route_state state, const cJSON *result,
    const struct cw_err *err, void (*put)(struct operation *op, const cJSON *result));
/* The agent to send to: the one that is named, or any of the tenant's with the role. *ret is
 * borrowed until the loop goes on. */
int route_command_agent(struct cw_route *r, const char **ret, const char *tenant, const char *agent,
    const char *role, const char *what, struct cw_err *err);

#endif
