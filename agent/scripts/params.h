/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SCRIPTS_PARAMS_H
#define CW_SCRIPTS_PARAMS_H

#include "base/str.h"
#include "broker/broker.h"

struct cw_err;

/*
 * The params of script.run and plan.apply, and of causewayctl's run, plan and apply,
 * read strictly: what is not understood is refused here. Pure.
 */
#define CW_SCRIPT_TIMEOUT_DEFAULT_MS (10u * 60u * 1000u)
#define CW_SCRIPT_AHEAD_MAX_MS (INT64_C(7) * 24 * 3600 * 1000) /* from now to not_after */
#define CW_SCRIPT_CALLER_MAX 256u /* bytes, with the NUL */

struct cw_script_params {
	char id[CW_UUID_TEXT]; /* lower case */
	char caller[CW_SCRIPT_CALLER_MAX], controller[CW_HOST_MAX];
	/* Borrows from here and from the JSON, but for the plan, which is taken out of it. */
	struct cw_script_request request;
};

/* The member "id", in lower case. CW_EINVAL. */
int cw_script_params_id(char ret[CW_UUID_TEXT], const cJSON *params, struct cw_err *err);

/* {id, mode: "run"|"plan", text, not_after, timeout_ms?, caller?, domain_controller?}. CW_EINVAL.
 */
int cw_script_params_run(
    struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err);
/* {id, plan, secrets?, not_after, timeout_ms?, caller?}. Nothing that comes over the wire makes a
 * plan an approved one. */
int cw_script_params_apply(
    struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err);
/* Of the control socket, which root alone can open: {verb, stream, mode, text, timeout_ms?} or
 * {verb, stream, plan, secrets?, approve?, timeout_ms?}. The id is a new one. */
int cw_script_params_local(
    struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err);

#endif
