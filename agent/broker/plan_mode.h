/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_PLAN_MODE_H
#define CW_BROKER_PLAN_MODE_H

#include "broker/broker_internal.h"
#include "plan/document.h"
#include "plan/read.h"
#include "plan/show.h"
#include "plan/state.h"
#include "plan/write.h"

/* Between plan_mode.c (the plan, and reads) and plan_write.c. */
#define PLAN_VALID_MS (INT64_C(24) * 3600 * 1000) /* from planning to applying */

struct planning { /* of a script */
	struct cw_plan_state *state;
	struct cw_plan_domain domain;
	cJSON *document; /* NULL until there is a reason for one */
	size_t bytes; /* of its text */
	bool ended; /* it is approximate: nothing more is read or planned */
};

struct plan_call { /* of a call */
	struct cw_plan_read *read;
	struct cw_catalogue_call *bound; /* of what is read in place of what was asked for */
	bool touched; /* the first answer is through */
	/* of writes: */
	struct cw_plan_write *writes[BROKER_INPUT_MAX];
	size_t count, entered, shown; /* that are in the plan; that were shown, with -PassThru */
	struct cw_plan_lookup *lookup;
	bool asks_domain;
	struct cw_plan_domain domain;
};

struct planning *plan_of(const struct broker_call *call);
cJSON *plan_document(struct cw_script *s);
void plan_stop(struct broker_call *call, const struct cw_err *err);
cJSON *plan_not_found(struct broker_call *call, const char *message);

void plan_write(struct broker_call *call);
void plan_write_show(struct broker_call *call); /* what a write shows was read */
void plan_write_free(struct plan_call *c);

#endif
