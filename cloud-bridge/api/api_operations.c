/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: what was asked for, and what became of it.
 */
#include <string.h>

#include "api/api_private.h"
#include "base/json.h"
#include "base/str.h"
#include "ledger/operations.h"

#define LIMIT_DEFAULT 50

int
api_operation(struct cw_api *api, cJSON **ret, const char *id, struct cw_err *err)
{
	cJSON *o = NULL;
	int r;

	if ((r = cw_route_show(api->config.route, &o, id, err)) < 0)
		return r;
	cJSON_DeleteItemFromObjectCaseSensitive(o, "private");
	*ret = o;
	return CW_OK;
}

static int
check_before(struct api_request *q, const char *before, struct cw_err *err)
{
	cJSON *o;
	int r;

	if (before == NULL)
		return CW_OK;
	r = cw_operation_find(q->api->config.ledger, &o, before, err);
	if (r == CW_OK) {
		r = cw_api_key_sees(&q->key, cw_json_str(o, "tenant")) ? CW_OK : CW_ENOTFOUND;
		cJSON_Delete(o);
	}
	return r == CW_ENOTFOUND ? cw_fail(err, r, "there is no operation %s", before) : r;
}

int
api_operations_list(struct api_request *q, struct cw_err *err)
{
	struct cw_operation_filter filter = {
		.tenants = (const char(*)[CW_UUID_TEXT])q->key.tenants,
		.tenant_count = q->key.tenant_count,
		.state = cw_web_query(q->call, "state"),
		.before = cw_web_query(q->call, "before"),
		.limit = (int)api_query_number(q->call, "limit", LIMIT_DEFAULT),
	};
	cJSON *answer, *list, *last;
	bool one;
	int r;

	if ((r = api_tenant_of_query(q, &one, err)) < 0 ||
	    (r = check_before(q, filter.before, err)) < 0)
		return r;
	if (one) {
		filter.tenants = (const char(*)[CW_UUID_TEXT]) & q->tenant.id;
		filter.tenant_count = 1;
	}
	if ((r = cw_route_list(q->api->config.route, &list, &filter, err)) < 0)
		return r;
	cJSON_ArrayForEach (last, list)
		cJSON_DeleteItemFromObjectCaseSensitive(last, "private");
	answer = cJSON_CreateObject();
	last = cJSON_GetArrayItem(list, filter.limit - 1);
	if (!cJSON_AddItemToObject(answer, "operations", list)) {
		cJSON_Delete(list);
		cJSON_Delete(answer);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	/* A full page: where the next one begins. */
	if (last != NULL)
		(void)cJSON_AddStringToObject(answer, "next", cw_json_str(last, "id"));
	return api_answer(q->call, 200, answer, err);
}

static int
answer_operation(struct api_request *q, struct cw_err *err)
{
	cJSON *o = q->operation;

	q->operation = NULL;
	return api_answer(q->call, 200, o, err);
}

int
api_operations_show(struct api_request *q, struct cw_err *err)
{
	return answer_operation(q, err);
}

int
api_operations_cancel(struct api_request *q, struct cw_err *err)
{
	int r;

	if ((r = cw_route_cancel(q->api->config.route, q->part, err)) < 0)
		return r;
	cJSON_Delete(q->operation);
	q->operation = NULL;
	if ((r = api_operation(q->api, &q->operation, q->part, err)) < 0)
		return r;
	return answer_operation(q, err);
}
