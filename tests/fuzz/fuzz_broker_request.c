/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a hostile sandbox writes behind "causeway/1 ". A request that is one binds, or
 * is refused with a reason.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "broker/request.h"
#include "policy/policy.h"
#include "powershell/clixml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
bind(const struct broker_request *q)
{
	struct cw_catalogue_call *call = NULL;
	struct cw_refusal refusal;
	struct cw_err err = { 0 };
	int r = cw_policy_bind(&call, NULL, q->command, q->parameters, false, &refusal, &err);

	assert(r == CW_OK || err.text[0] != '\0');
	assert(r != CW_EDENIED || refusal.rule != NULL);
	if (r == CW_OK)
		cw_catalogue_call_free(call);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cw_clixml *reader;
	static struct cw_ps_arena *arena;
	struct broker_request q;
	struct cw_err err = { 0 };

	if (reader == NULL) {
		assert(cw_clixml_new(&reader) == CW_OK);
		assert(cw_ps_arena_new(&arena, 4 * BROKER_REQUEST_MAX) == CW_OK);
	}
	cw_ps_arena_reset(arena);
	if (broker_request_read(&q, reader, arena, (const char *)data, size, &err) < 0) {
		assert(err.text[0] != '\0');
		return 0;
	}
	assert(q.id > 0);
	if (q.verb == BROKER_CALL)
		bind(&q);
	broker_request_free(&q);
	return 0;
}
