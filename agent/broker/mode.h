/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_MODE_H
#define CW_BROKER_MODE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

struct broker_call;
struct broker_object;
struct cw_err;
struct cw_ps_value;
struct cw_script;
struct lookup_name;

/*
 * What is otherwise when a script's writes are planned (plan_mode.c), or when there is
 * no script but a plan (apply.c). A script that just runs has none of these; each
 * member may be NULL.
 */
struct broker_mode_ops {
	/*
	 * Before a name is looked up in the directory. CW_OK: it is *ret, whose strings are of the
	 * heap; CW_ENOTFOUND: it would not be there; CW_EAGAIN: to be looked up, by name->text,
	 * which may be another now (name->renamed owns it).
	 */
	int (*find)(struct broker_call *call, struct lookup_name *name, struct broker_object *ret);
	/* In place of making them: entries from call->at up to call->count are judged, and their
	 * objects looked up. Ends, now or later, with mode_done() or mode_fail(). */
	void (*write)(struct broker_call *call);
	/* In place of making it: the read of the entry at call->at. Ends likewise. */
	void (*read)(struct broker_call *call);
	/* What a command puts out. */
	void (*output)(struct broker_call *call, const struct cw_ps_value *value);
	/* A read that the mode itself began has ended well. */
	void (*read_done)(struct broker_call *call);
	/* A call that the mode made itself, and whose script is none, is over and about to go. */
	void (*call_over)(struct broker_call *call);
	void (*call_free)(struct broker_call *call); /* what it keeps in call->mode_data */
	/* It is over: members for its result. */
	void (*finish)(struct cw_script *s, cJSON *result);
	void (*free)(struct cw_script *s);
};

/* For those functions. */
void mode_output(struct broker_call *call, const struct cw_ps_value *value);
void mode_warning(struct broker_call *call, const char *text);
void mode_done(struct broker_call *call, size_t entries); /* so many are done */
void mode_fail(struct broker_call *call, cJSON *record); /* and the rest is not; taken */
/* The job of call->job is begun: a read of the command that is bound. */
int mode_run(struct broker_call *call, struct cw_catalogue_call *bound, struct cw_err *err);

int plan_mode_start(struct cw_script *s); /* CW_ENOMEM */
/* plan is taken in any case, secrets are borrowed until it returns. CW_EINVAL, CW_EUNAVAILABLE: why
 * it is not applied here and now. */
int apply_start(struct cw_script *s, cJSON *plan, const cJSON *secrets, struct cw_err *err);
void apply_run(struct cw_script *s); /* its id is in the journal */

#endif
