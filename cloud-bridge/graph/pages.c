/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists that come in pages (OData 4.01 JSON, 4.6.5): their values in one array.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "graph/graph_internal.h"

#define BYTES_MAX ((size_t)64u * 1024u * 1024u) /* of all pages' text */
#define URL_MAX 65536u

/* The link leads on only to where the token belongs. */
static int
follow(struct cw_graph_call *call, const char *link, struct cw_err *err)
{
	struct cw_buf here, there;
	char *url;
	int r;

	cw_buf_init(&here, 1024);
	cw_buf_init(&there, 1024);
	if ((r = cw_http_origin(&here, call->settings.graph_url, "graph_url", err)) == CW_OK &&
	    (r = cw_http_origin(&there, link, "@odata.nextLink", err)) == CW_OK &&
	    !cw_streq(cw_buf_str(&here), cw_buf_str(&there)))
		r = CW_EPROTO;
	if (r < 0 || strlen(link) > URL_MAX)
		r = cw_fail(
		    err, CW_EPROTO, "Graph's next page is not on Graph's own host: refused");
	else if ((url = cw_strdup(link)) == NULL)
		r = cw_fail(err, CW_ENOMEM, "out of memory");
	else {
		free(call->url);
		call->url = url;
		r = 1;
	}
	cw_buf_free(&here);
	cw_buf_free(&there);
	return r;
}

int
cw_graph_page(struct cw_graph_call *call, cJSON *body, size_t n, struct cw_err *err)
{
	const char *link = cw_json_str(body, "@odata.nextLink");
	cJSON *values = cJSON_GetObjectItemCaseSensitive(body, "value"), *v;

	if (!cJSON_IsArray(values))
		return cw_fail(err, CW_EPROTO, "Graph's answer is not a list: it has no \"value\"");
	call->all_bytes += n;
	while ((v = cJSON_DetachItemFromArray(values, 0)) != NULL) {
		cJSON_AddItemToArray(call->all, v);
		call->all_n++;
	}
	if (call->all_n > CW_GRAPH_ALL_MAX || call->all_bytes > BYTES_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "the list is longer than %u entries or %zu bytes: ask for less, with $filter "
		    "or "
		    "$select",
		    CW_GRAPH_ALL_MAX, BYTES_MAX);
	return link != NULL ? follow(call, link, err) : 0;
}
