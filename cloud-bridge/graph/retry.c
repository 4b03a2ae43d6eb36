/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When to send again, and how long to wait before it.
 */
#include <string.h>

#include <curl/curl.h>

#include "graph/policy.h"

#define SPREAD_MS 1000u /* behind Retry-After, so that not all callers come back at once */

static bool
harmless(const struct cw_graph_attempt *a)
{
	switch (a->end) {
	case CW_GRAPH_NOT_SENT: return true;
	case CW_GRAPH_BROKEN: return a->idempotent;
	case CW_GRAPH_ANSWERED: break;
	}
	switch (a->status) {
	case 429: return true; /* refused before any work */
	case 502:
	case 503:
	case 504: return a->idempotent;
	default: return false;
	}
}

bool
cw_graph_retry(uint64_t *ret_delay_ms, const struct cw_graph_attempt *a)
{
	uint64_t most = CW_GRAPH_BACKOFF_MS, delay;

	if (!harmless(a) || a->number >= CW_GRAPH_ATTEMPTS_MAX)
		return false;
	for (unsigned i = 1; i < a->number && most < CW_GRAPH_BACKOFF_MAX_MS; i++)
		most *= 2;
	if (most > CW_GRAPH_BACKOFF_MAX_MS)
		most = CW_GRAPH_BACKOFF_MAX_MS;
	if (a->retry_after_ms >= 0)
		delay = (uint64_t)a->retry_after_ms + (((uint64_t)a->random * SPREAD_MS) >> 32);
	else
		delay = ((uint64_t)a->random * (most + 1)) >> 32;
	if (delay >= a->left_ms)
		return false;
	*ret_delay_ms = delay;
	return true;
}

int64_t
cw_graph_retry_after(const char *value, int64_t now_unix_ms)
{
	int64_t ms = 0;
	time_t date;

	if (value[0] >= '0' && value[0] <= '9' && strspn(value, "0123456789") == strlen(value)) {
		for (; *value != '\0' && ms < CW_GRAPH_RETRY_AFTER_MAX_MS; value++)
			ms = ms * 10 + (*value - '0') * 1000;
	} else if ((date = curl_getdate(value, NULL)) != -1) {
		ms = (int64_t)date * 1000 - now_unix_ms;
	} else {
		return -1;
	}
	if (ms < 0)
		return 0;
	return ms < CW_GRAPH_RETRY_AFTER_MAX_MS ? ms : CW_GRAPH_RETRY_AFTER_MAX_MS;
}
