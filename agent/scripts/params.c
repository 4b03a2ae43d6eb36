/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to a request to the broker.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/time.h"
#include "os/random.h"
#include "scripts/params.h"

#define LOCAL_CALLER "an administrator of this server"

int
cw_script_params_id(char ret[CW_UUID_TEXT], const cJSON *params, struct cw_err *err)
{
	const char *text;
	uint8_t uuid[16];
	int r;

	if ((r = cw_json_need_str(&text, params, "id", err)) < 0)
		return r;
	if (cw_uuid_parse(uuid, text, strlen(text)) < 0)
		return cw_fail(err, CW_EINVAL, "\"id\" is not a UUID");
	cw_uuid_text(ret, uuid);
	return CW_OK;
}

static int
read_not_after(
    struct cw_script_request *req, const cJSON *params, int64_t now_ms, struct cw_err *err)
{
	const char *text;
	int r;

	if ((r = cw_json_need_str(&text, params, "not_after", err)) < 0)
		return r;
	if (cw_time_parse(&req->not_after_ms, text, strlen(text)) < 0)
		return cw_fail(err, CW_EINVAL, "\"not_after\" is not a time");
	if (req->not_after_ms > now_ms + CW_SCRIPT_AHEAD_MAX_MS)
		return cw_fail(
		    err, CW_EINVAL, "\"not_after\" is more than 7 days ahead of this server");
	return CW_OK;
}

static int
read_timeout(struct cw_script_request *req, const cJSON *params, struct cw_err *err)
{
	int64_t ms = CW_SCRIPT_TIMEOUT_DEFAULT_MS;

	if (cw_json_get(params, "timeout_ms") != NULL &&
	    (!cw_json_int(params, "timeout_ms", &ms) || ms < 1))
		return cw_fail(err, CW_EINVAL, "\"timeout_ms\" is not a whole number above 0");
	req->timeout_ms = (uint32_t)(ms < CW_SCRIPT_TIMEOUT_MAX_MS ? ms : CW_SCRIPT_TIMEOUT_MAX_MS);
	return CW_OK;
}

static int
read_caller(struct cw_script_params *p, const cJSON *params, struct cw_err *err)
{
	const cJSON *member = cw_json_get(params, "caller");

	p->request.caller = p->caller;
	if (member == NULL)
		return CW_OK;
	if (!cJSON_IsString(member) || strlen(member->valuestring) >= sizeof(p->caller))
		return cw_fail(err, CW_EINVAL, "\"caller\" is not a string below %zu bytes",
		    sizeof(p->caller));
	(void)snprintf(p->caller, sizeof(p->caller), "%s", member->valuestring);
	return CW_OK;
}

static int
read_controller(struct cw_script_params *p, const cJSON *params, struct cw_err *err)
{
	const cJSON *member = cw_json_get(params, "domain_controller");

	p->request.controller = p->controller;
	if (member == NULL)
		return CW_OK;
	if (!cJSON_IsString(member) || !cw_is_host(member->valuestring))
		return cw_fail(err, CW_EINVAL, "\"domain_controller\" is not the name of a host");
	(void)snprintf(p->controller, sizeof(p->controller), "%s", member->valuestring);
	return CW_OK;
}

static int
read_script(struct cw_script_request *req, const cJSON *params, struct cw_err *err)
{
	const char *mode;
	int r;

	if ((r = cw_json_need_str(&mode, params, "mode", err)) < 0 ||
	    (r = cw_json_need_str(&req->text, params, "text", err)) < 0)
		return r;
	if (!cw_streq(mode, "run") && !cw_streq(mode, "plan"))
		return cw_fail(err, CW_EINVAL, "\"mode\" is neither run nor plan");
	req->mode = cw_streq(mode, "plan") ? CW_SCRIPT_PLAN : CW_SCRIPT_RUN;
	req->text_len = strlen(req->text);
	if (req->text_len > CW_SCRIPT_TEXT_MAX)
		return cw_fail(
		    err, CW_EINVAL, "the script is longer than %u bytes", CW_SCRIPT_TEXT_MAX);
	return CW_OK;
}

static int
read_plan(struct cw_script_request *req, const cJSON *params, struct cw_err *err)
{
	req->mode = CW_SCRIPT_APPLY;
	req->secrets = cw_json_get(params, "secrets");
	if (!cJSON_IsObject(cw_json_get(params, "plan")))
		return cw_fail(err, CW_EINVAL, "\"plan\" is missing or not an object");
	if (req->secrets != NULL && !cJSON_IsObject(req->secrets))
		return cw_fail(err, CW_EINVAL, "\"secrets\" is not an object");
	return CW_OK;
}

/* The last thing, when all else is well. */
static int
take_plan(struct cw_script_request *req, cJSON *params)
{
	req->plan = cJSON_DetachItemFromObjectCaseSensitive(params, "plan");
	return CW_OK;
}

/* What comes over the wire passes through the bridge: a secret is sealed, or made here. */
static int
refuse_clear(const cJSON *secrets, struct cw_err *err)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, secrets)
		if (!cJSON_IsObject(one) && !cw_streq(one->string, "reply_key"))
			return cw_fail(err, CW_EDENIED,
			    "the secret %.32s is in clear: it is only taken sealed, or made here",
			    one->string);
	return CW_OK;
}

int
cw_script_params_run(
    struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err)
{
	static const char *const members[] = { "id", "mode", "text", "not_after", "timeout_ms",
		"caller", "domain_controller", NULL };
	struct cw_script_request *req = &ret->request;
	int r;

	*ret = (struct cw_script_params){ .request.id = ret->id };
	if ((r = cw_json_only(params, members, "script.run", err)) < 0 ||
	    (r = cw_script_params_id(ret->id, params, err)) < 0 ||
	    (r = read_not_after(req, params, now_ms, err)) < 0 ||
	    (r = read_timeout(req, params, err)) < 0 || (r = read_caller(ret, params, err)) < 0 ||
	    (r = read_controller(ret, params, err)) < 0)
		return r;
	return read_script(req, params, err);
}

int
cw_script_params_apply(
    struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err)
{
	static const char *const members[] = { "id", "plan", "secrets", "not_after", "timeout_ms",
		"caller", NULL };
	struct cw_script_request *req = &ret->request;
	int r;

	*ret = (struct cw_script_params){ .request.id = ret->id };
	req->controller = ret->controller; /* the plan names its own */
	if ((r = cw_json_only(params, members, "plan.apply", err)) < 0 ||
	    (r = cw_script_params_id(ret->id, params, err)) < 0 ||
	    (r = read_not_after(req, params, now_ms, err)) < 0 ||
	    (r = read_timeout(req, params, err)) < 0 || (r = read_caller(ret, params, err)) < 0 ||
	    (r = read_plan(req, params, err)) < 0)
		return r;
	if ((r = refuse_clear(req->secrets, err)) < 0)
		return r;
	return take_plan(req, params);
}

int
cw_script_params_local(
    struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err)
{
	static const char *const script[] = { "verb", "stream", "mode", "text", "timeout_ms",
		NULL };
	static const char *const plan[] = { "verb", "stream", "plan", "secrets", "approve",
		"timeout_ms", NULL };
	bool is_plan = cw_json_get(params, "plan") != NULL;
	struct cw_script_request *req = &ret->request;
	int r;

	*ret = (struct cw_script_params){ 0 };
	cw_random_uuid(ret->id);
	(void)snprintf(ret->caller, sizeof(ret->caller), "%s", LOCAL_CALLER);
	req->id = ret->id;
	req->caller = ret->caller;
	req->controller = ret->controller;
	if ((r = cw_json_only(params, is_plan ? plan : script, "the request", err)) < 0 ||
	    (r = read_timeout(req, params, err)) < 0 ||
	    (r = is_plan ? read_plan(req, params, err) : read_script(req, params, err)) < 0)
		return r;
	req->approved = is_plan && cw_json_true(params, "approve");
	req->not_after_ms = now_ms + req->timeout_ms;
	return is_plan ? take_plan(req, params) : CW_OK;
}
