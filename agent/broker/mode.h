/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_MODE_H
#define CW_BROKER_MODE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

struct broker_call;
struct broker_object;
struct cw_err;
struct cw_ps_arena;
struct cw_ps_value;
struct cw_script;
struct lookup_name;

/*
 * The seam for whatever is not done at once: planning. A script without ops makes its
 * writes and reads what is there. Each member may be NULL.
 */
struct broker_mode_ops {
	/* Before a name is looked up: an object that is not, or not so, in the directory. true:
	 * *ret is it, its strings of the heap. */
	bool (*find)(void *mode, const struct lookup_name *name, struct broker_object *ret);
	/*
	 * In place of making them: entries from call->at up to call->count are authorised and their
	 * objects looked up. Ends, now or later, with mode_done() or mode_fail().
	 */
	void (*write)(void *mode, struct broker_call *call);
	/* A read that is about to be made. true: it is answered already, by mode_done(), now or
	 * later. */
	bool (*read)(void *mode, struct broker_call *call);
	/* What a read puts out: what to give on in its place, made in arena; NULL: nothing. */
	const struct cw_ps_value *(*output)(void *mode, struct broker_call *call,
	    const struct cw_ps_value *value, struct cw_ps_arena *arena);
	/* Every row of the read's current entry was put out: more may follow, by mode_output(). */
	void (*read_done)(void *mode, struct broker_call *call);
	/* The script is over: members for its result ("plan"). */
	void (*finish)(void *mode, struct cw_script *s, cJSON *result);
	void (*free)(void *mode);
};

/* For those functions. */
void mode_output(struct broker_call *call, const struct cw_ps_value *value);
void mode_warning(struct broker_call *call, const char *text);
void mode_done(struct broker_call *call, size_t entries); /* so many are done */
void mode_fail(struct broker_call *call, const struct cw_err *err); /* and the rest is not */

#endif
