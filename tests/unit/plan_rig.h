/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PLAN_RIG_H
#define PLAN_RIG_H

#include <cjson/cJSON.h>

#include "base/err.h"
#include "plan/document.h"
#include "plan/read.h"
#include "plan/state.h"
#include "plan/write.h"

/*
 * A small directory in memory and a plan over it: calls go the way that they go in
 * the agent, without processes.
 */
#define RIG_NOW_MS INT64_C(1795600800000) /* 2026-11-25T10:00:00Z */
#define RIG_TENANT "11111111-1111-4111-8111-111111111111"
#define RIG_AGENT "22222222-2222-4222-8222-222222222222"
#define RIG_OPERATION "33333333-3333-4333-8333-333333333333"
/* GUIDs of what is there: rig_guid(1) is Ada's, see plan_rig.c. */
#define RIG_ADA "00000000-0000-4000-8000-000000000001"
#define RIG_BOB "00000000-0000-4000-8000-000000000002"
#define RIG_ENG "00000000-0000-4000-8000-000000000003"
#define RIG_OPS "00000000-0000-4000-8000-000000000004"
#define RIG_STAFF "00000000-0000-4000-8000-000000000005"
#define RIG_LEAVERS "00000000-0000-4000-8000-000000000006"
#define RIG_PC1 "00000000-0000-4000-8000-000000000007"

struct rig {
	struct cw_plan_state *directory; /* as if all of it had been made */
	struct cw_plan_state *state;
	struct cw_plan_domain domain;
	cJSON *plan;
	size_t plan_bytes;
};

void rig_init(struct rig *rig);
void rig_free(struct rig *rig);

/* "Set-ADUser {...}": into the plan. The code of what went wrong, and its words. */
int rig_plan(struct rig *rig, const char *call, struct cw_err *err);
/* "Get-ADUser {...}": what a script would see, as a JSON list, NULL on failure. */
cJSON *rig_read(struct rig *rig, const char *call, struct cw_err *err);
/* The same of the directory alone. */
cJSON *rig_really(struct rig *rig, const char *call);
typedef int rig_give(void *arg, const struct cw_ps_value *value, struct cw_err *err);
/* What PowerShell would do in the directory, and put out. */
int rig_run(struct rig *rig, const char *command, const cJSON *parameters, rig_give *to, void *arg,
    struct cw_err *err);
/* A write that somebody makes in the directory. */
int rig_write(struct rig *rig, const char *call, struct cw_err *err);
/* The plan, made in the directory. 0: all of it; or the entry at which it stopped, and why. */
unsigned rig_apply(struct rig *rig, struct cw_err *err);

#endif
