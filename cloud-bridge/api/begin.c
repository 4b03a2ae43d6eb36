/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations begin here, and their end is a line in the log.
 */
#include <stdlib.h>
#include <string.h>

#include "api/api_private.h"
#include "base/json.h"
#include "base/log.h"
#include "base/str.h"
#include "ledger/operations.h"

/* Watches one operation for the log. */
struct api_ending {
	struct api_ending *next, **at; /* in api->endings */
	struct cw_route_watch *watch;
};

static void
ending_free(struct api_ending *e)
{
	*e->at = e->next;
	if (e->next != NULL)
		e->next->at = e->at;
	free(e);
}

/* Its id, kind and state; never what was asked or what came back. */
static void
log_end(const cJSON *operation)
{
	const cJSON *error = cw_json_get(operation, "error");

	cw_log(CW_LOG_INFO, "operation %s: %s %s of tenant %s %s%s%s", cw_json_str(operation, "id"),
	    cw_json_str(operation, "kind"), cw_json_str(operation, "what"),
	    cw_json_str(operation, "tenant"), cw_json_str(operation, "state"),
	    error != NULL ? ": " : "",
	    cw_json_str(error, "code") != NULL ? cw_json_str(error, "code") : "");
}

static void
on_changed(void *arg, const cJSON *operation, bool finished)
{
	if (!finished)
		return;
	log_end(operation);
	ending_free(arg);
}

static void
log_its_end(struct cw_api *api, const char *id)
{
	static const struct cw_route_watch_events events = { on_changed, NULL };
	struct api_ending *e = calloc(1, sizeof(*e));
	struct cw_route_watch *watch = NULL;
	struct cw_err err = { 0 };

	if (e == NULL)
		return;
	e->next = api->endings;
	e->at = &api->endings;
	if (e->next != NULL)
		e->next->at = &e->next;
	api->endings = e;
	if (cw_route_watch(api->config.route, &watch, id, &events, e, &err) < 0)
		ending_free(e);
	else if (watch != NULL) /* else it ended from within, and e is gone */
		e->watch = watch;
}

void
api_endings_free(struct cw_api *api)
{
	while (api->endings != NULL) {
		cw_route_unwatch(api->endings->watch);
		ending_free(api->endings);
	}
}

int
cw_api_start(struct cw_api *api, struct cw_err *err)
{
	const cJSON *one;
	cJSON *list;
	int r;

	if ((r = cw_operation_unfinished(api->config.ledger, &list, err)) < 0)
		return r;
	if (cJSON_GetArraySize(list) > 0)
		cw_log(CW_LOG_INFO, "%d operations go on from before", cJSON_GetArraySize(list));
	cJSON_ArrayForEach (one, list) {
		log_its_end(api, cw_json_str(one, "id"));
	}
	cJSON_Delete(list);
	return CW_OK;
}

/* An id that the caller chose, as the router wants it: in lower case. */
static void
lower_id(const cJSON *body)
{
	char *id = cJSON_GetStringValue(cw_json_get(body, "id"));
	uint8_t uuid[16];

	if (id != NULL && cw_uuid_parse(uuid, id, strlen(id)) == CW_OK)
		cw_uuid_text(id, uuid);
}

int
api_begin(struct api_request *q, char id[CW_UUID_TEXT], api_begin_how *how, struct cw_err *err)
{
	int r;

	lower_id(q->body);
	if ((r = how(q->api->config.route, id, q->tenant.id, q->key.id, q->body, err)) < 0)
		return r;
	log_its_end(q->api, id);
	return CW_OK;
}
