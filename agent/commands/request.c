/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to a bound call.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "commands/request.h"
#include "crypto/seal.h"
#include "policy/policy.h"

#define STEP_DIGITS_MAX 9

static int
read_uuid(char ret[CW_UUID_TEXT], const cJSON *params, const char *name, struct cw_err *err)
{
	const char *text;
	uint8_t uuid[16];
	int r;

	if ((r = cw_json_need_str(&text, params, name, err)) < 0)
		return r;
	if (cw_uuid_parse(uuid, text, strlen(text)) < 0)
		return cw_fail(err, CW_EINVAL, "\"%s\" is not a UUID", name);
	cw_uuid_text(ret, uuid);
	return CW_OK;
}

static int
read_step(int64_t *ret, const cJSON *params, struct cw_err *err)
{
	const char *text;
	int64_t step = 0;
	size_t n;
	int r;

	if ((r = cw_json_need_str(&text, params, "step", err)) < 0)
		return r;
	n = strlen(text);
	if (n == 0 || n > STEP_DIGITS_MAX || strspn(text, "0123456789") != n)
		return cw_fail(err, CW_EINVAL, "\"step\" is not a number");
	for (; *text != '\0'; text++)
		step = step * 10 + (*text - '0');
	*ret = step;
	return CW_OK;
}

static int
read_not_after(int64_t *ret, const cJSON *params, int64_t now_ms, struct cw_err *err)
{
	const char *text;
	int r;

	if ((r = cw_json_need_str(&text, params, "not_after", err)) < 0)
		return r;
	if (cw_time_parse(ret, text, strlen(text)) < 0)
		return cw_fail(err, CW_EINVAL, "\"not_after\" is not a time");
	if (*ret > now_ms + CW_REQUEST_AHEAD_MAX_MS)
		return cw_fail(
		    err, CW_EINVAL, "\"not_after\" is more than 7 days ahead of this server");
	return CW_OK;
}

static int
read_timeout(uint32_t *ret, const cJSON *params, struct cw_err *err)
{
	int64_t ms = CW_REQUEST_TIMEOUT_MAX_MS;

	if (cw_json_get(params, "timeout_ms") != NULL &&
	    (!cw_json_int(params, "timeout_ms", &ms) || ms < 1))
		return cw_fail(err, CW_EINVAL, "\"timeout_ms\" is not a whole number above 0");
	*ret = (uint32_t)(ms < CW_REQUEST_TIMEOUT_MAX_MS ? ms : CW_REQUEST_TIMEOUT_MAX_MS);
	return CW_OK;
}

static int
read_controller(struct cw_request *req, const cJSON *params, struct cw_err *err)
{
	const cJSON *member = cw_json_get(params, "domain_controller");

	if (member == NULL)
		return CW_OK;
	if (!cJSON_IsString(member) || !cw_is_host(member->valuestring))
		return cw_fail(err, CW_EINVAL, "\"domain_controller\" is not the name of a host");
	(void)snprintf(req->controller, sizeof(req->controller), "%s", member->valuestring);
	return CW_OK;
}

static int
bind(struct cw_request *req, const cJSON *params, const struct cw_policy *policy,
    struct cw_refusal *refusal, struct cw_err *err)
{
	const cJSON *write = cw_json_get(params, "write");
	const char *command;
	int r;

	if ((r = cw_json_need_str(&command, params, "command", err)) < 0)
		return r;
	r = cw_policy_bind(
	    &req->call, policy, command, cw_json_get(params, "parameters"), false, refusal, err);
	if (r < 0)
		/* Too many or too long values are values that do not fit. */
		return r == CW_ELIMIT ? (err->code = CW_EINVAL) : r;
	req->entry = cw_catalogue_call_entry(req->call);
	if (!cJSON_IsBool(write))
		return cw_fail(err, CW_EINVAL, "\"write\" is missing or not true or false");
	if (cJSON_IsTrue(write) != req->entry->write)
		return cw_fail(err, CW_EINVAL, "%s is a %s, and was sent as a %s", req->entry->name,
		    req->entry->write ? "write" : "read", req->entry->write ? "read" : "write");
	return CW_OK;
}

int
cw_request_read(struct cw_request *ret, const cJSON *params, int64_t now_ms,
    const struct cw_policy *policy, struct cw_refusal *refusal, struct cw_err *err)
{
	static const char *const members[] = { "id", "operation", "step", "command", "parameters",
		"write", "not_after", "timeout_ms", "domain_controller", NULL };
	struct cw_request req = { 0 };
	int r;

	*refusal = (struct cw_refusal){ 0 };
	if ((r = cw_json_only(params, members, "command.run", err)) < 0 ||
	    (r = read_uuid(req.id, params, "id", err)) < 0 ||
	    (r = read_uuid(req.operation, params, "operation", err)) < 0 ||
	    (r = read_step(&req.step, params, err)) < 0 ||
	    (r = read_not_after(&req.not_after_ms, params, now_ms, err)) < 0 ||
	    (r = read_timeout(&req.timeout_ms, params, err)) < 0 ||
	    (r = read_controller(&req, params, err)) < 0 ||
	    (r = bind(&req, params, policy, refusal, err)) < 0) {
		cw_request_free(&req);
		return r;
	}
	*ret = req;
	return CW_OK;
}

bool
cw_request_is_late(const struct cw_request *req, int64_t now_ms)
{
	return now_ms >= req->not_after_ms;
}

void
cw_request_free(struct cw_request *req)
{
	cw_catalogue_call_free(req->call);
	req->call = NULL;
}

int
cw_request_open(
    struct cw_request *req, const char *agent, const uint8_t seal_private[32], struct cw_err *err)
{
	char context[CW_SEAL_CONTEXT_MAX];
	const char *parameter;
	const uint8_t *box;
	struct cw_buf plain;
	size_t n;
	int r = CW_OK;

	cw_buf_init(&plain, CW_SEAL_MESSAGE_MAX);
	for (size_t i = 0; i < cw_catalogue_call_secrets(req->call) && r == CW_OK; i++) {
		cw_catalogue_call_secret(req->call, i, &parameter, &box, &n);
		cw_seal_secret_context(context, agent, req->operation, parameter);
		if (cw_unseal(&plain, seal_private, context, box, n, NULL) < 0)
			r = cw_fail(err, CW_EINVAL,
			    "-%s does not open: it was not sealed for this agent, this operation "
			    "and this parameter",
			    parameter);
		else
			r = cw_catalogue_call_open(
			    req->call, i, cw_buf_peek(&plain), cw_buf_left(&plain), err);
		cw_buf_free_secret(&plain);
	}
	return r;
}
