/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_CHANGE_H
#define CW_ROUTE_CHANGE_H

#include "crypto/password.h"
#include "route/properties.h"
#include "route/route_internal.h"

/*
 * A change is a list of steps, by the tenant's identity mode and the kind of change (plan.c). The
 * engine (change.c) takes them in order; each ends with one of the calls below. When a directory
 * refuses for good after another was written, it goes back and has the written ones undone.
 *
 * What is needed to go on after a restart is in op->private:
 *   mode, at, undo, begun_ms, undo_ms, failure {code,message}, wanted {property: value},
 *   ad    {guid, sam, upn, server, agent, anchors [], names [], never_expires, before {}, after {}}
 *   entra {id, upn, synced, names [], before {}, after {}}
 *   write {props [], left []}: of the step it is at
 *   once, ids: see once.c
 */
#define ROUTE_FRESH_MS 30000u /* a check older than this is made again before the first write */
#define ROUTE_SHOW_MS (2u * 60u * 1000u) /* a directory may take so long to show what it took */
#define ROUTE_CYCLES_MAX 3u /* of Entra Connect, until Graph must show the values */

struct route_kind {
	const char *name; /* "user.update" */
	bool set; /* it takes properties */
	bool password;
	int enabled; /* what accountEnabled becomes; -1: it is not about that */
};

struct route_step {
	const char *place; /* "ad" */
	bool write; /* changes the directory; a refusal here has earlier ones undone */
	const char *what; /* it does, for people */
	void (*names)(const struct operation *op, struct cw_buf *text); /* and to what; or NULL */
	bool (*needed)(const struct operation *op); /* NULL: always */
	void (*start)(struct operation *op);
	void (*resume)(struct operation *op); /* it was at it when the bridge ended; NULL: start */
	void (*undo)(struct operation *op); /* NULL: what it did stays */
	void (*resume_undo)(struct operation *op); /* NULL: undo */
	/* Its time is over, and it may have written: a last look. It does not write any more
	 * (route_change.last). NULL: there is nothing to look at. */
	void (*settle)(struct operation *op);
};

TAILQ_HEAD(route_changes, route_change);

struct route_change {
	struct operation *op;
	const struct route_kind *kind;
	enum cw_identity_mode mode;
	const struct route_step *const *plan; /* NULL-terminated */
	char *target; /* lower case, "u" or "s" and the name: one at a time of each */
	bool locked; /* it alone writes to the users of private.ad and private.entra */
	bool begun; /* to write */
	bool undo;
	uint64_t checked_ms; /* the user was found, last in Entra ID; 0: not since the start */
	uint64_t looked_ms; /* Active Directory was read; 0: not since the start */
	struct cw_err fault; /* of a write that is being settled */
	bool may_have_run; /* that write, as far as is known */
	bool last; /* its time is over: it is looked at, not written */
	unsigned restarts; /* of a password */
	unsigned rounds; /* of the step, for the waits between them */
	/* Graph */
	char *path; /* of a read that is repeated */
	void (*got)(struct operation *op, const cJSON *body, const struct cw_err *err);
	uint64_t show_until_ms; /* 0: not yet asked */
	/* Entra Connect */
	struct route_sync *sync; /* it waits in there */
	TAILQ_ENTRY(route_change) sync_link;
	uint64_t joined;
	unsigned cycles;
	char password[CW_PASSWORD_SIZE]; /* "": none yet */
};

/* --- plan.c */

const struct route_kind *route_kind_find(const char *name);
const struct route_step *const *route_plan(
    const struct route_kind *kind, enum cw_identity_mode mode);
size_t route_plan_at(const struct route_change *c, const struct route_step *step);

extern const struct route_step route_step_find_ad, route_step_find_entra, route_step_check_sync;
extern const struct route_step route_step_write_ad, route_step_write_entra, route_step_sync;
extern const struct route_step route_step_show_ad, route_step_show_entra;
extern const struct route_step route_step_password_ad, route_step_password_entra,
    route_step_must_change;

/* --- turns.c */

char *route_turn_key(const cJSON *target); /* of route_change.target; the caller's */
/* CW_EUNAVAILABLE: there is no room for one more. */
int route_turn_room(
    struct cw_route *r, const char *tenant, const cJSON *target, struct cw_err *err);
/* From the first step; or queued, while another of the same name is under way. */
void route_turn_begin(struct operation *op);
/* The user is its own until its end. False: it is another's, and this one is queued. */
bool route_turn_lock(struct operation *op);
void route_turn_over(const struct operation *op); /* those who are queued try again */

/* --- engine.c */

void route_change_run(struct operation *op); /* the step it is at */
void route_step_describe(struct operation *op); /* its "what", by what is known now */

/* How a step ends. */

void route_step_done(struct operation *op); /* or undone */
/* The same, with a word about what private.write leaves to others; by LDAP's names, or Graph's. */
void route_step_written(struct operation *op, bool ldap);
/* For good; nothing was changed by it. Undoing: it stays as it is. */
void route_step_failed(struct operation *op, int code, const char *fmt, ...) CW_PRINTF(3, 4);
void route_step_unknown(struct operation *op, const char *fmt, ...) CW_PRINTF(2, 3);
/* Words for people beside the step. */
void route_step_note(struct operation *op, const char *fmt, ...) CW_PRINTF(2, 3);
/* The step is made again from its start, and those behind it. */
void route_change_back_to(struct operation *op, const struct route_step *step);
/* The next turn on the disk is the intent of a write. */
void route_change_writes(struct operation *op);
bool route_step_is(const struct operation *op, const struct route_step *step, const char *state);

/* --- values.c: what is where, and what is to be there */

cJSON *route_ad(const struct operation *op); /* private.ad, or NULL: not in Active Directory */
cJSON *route_entra(const struct operation *op);
/* Is the property written there, for this user, in this mode? */
bool route_in_ad(const struct operation *op, const struct route_property *p);
bool route_in_entra(const struct operation *op, const struct route_property *p);
/* The n-th property that is to be changed there (before differs); NULL: no more. */
const struct route_property *route_ad_change(const struct operation *op, size_t n);
const struct route_property *route_entra_change(const struct operation *op, size_t n);
/* The value before, and the one that is wanted. place: private.ad or private.entra. */
const cJSON *route_before(const cJSON *place, const struct route_property *p);
const cJSON *route_wanted(const struct operation *op, const struct route_property *p);
/* Reads all wanted properties out of what a directory answered, into place[name]. */
void route_remember(struct operation *op, cJSON *place, const char *name, const cJSON *user,
    cJSON *(*read)(const struct route_property *p, const cJSON *user));
/* private.write: the properties that the step at hand writes, and those it leaves alone. */
void route_write_begin(struct operation *op);
void route_write_add(struct operation *op, const char *list, const struct route_property *p);
const struct route_property *route_write_get(
    const struct operation *op, const char *list, size_t n);
/* How the properties of private.write stand in user, as read. */
enum route_stand {
	ROUTE_AS_WANTED, /* all as the step wants them */
	ROUTE_NOT_YET, /* some have the value that they had */
	ROUTE_FOREIGN, /* one has a third value: somebody else's */
};
enum route_stand route_write_stands(struct operation *op, const cJSON *place, const cJSON *user,
    cJSON *(*read)(const struct route_property *p, const cJSON *user),
    const struct route_property **ret_foreign);
/* "a, b": of private.write[list]; or of what is to be changed in a place, as far as that is known.
 * By LDAP's names, or Graph's. */
void route_write_names(
    const struct operation *op, const char *list, bool ldap, struct cw_buf *text);
void route_change_names(const struct operation *op, bool ldap, struct cw_buf *text);

/* --- ad.c */

void route_add_name(cJSON *list, const char *name); /* nothing for NULL */
/* Reads the user of private.ad from its domain controller; done's output has one value or none. */
void route_ad_read(struct operation *op,
    void (*done)(struct operation *op, const cJSON *result, const struct cw_err *err));
cJSON *route_ad_properties(const struct operation *op); /* names for -Properties; the caller's */
/* The one object of op->ask.output; the caller's, NULL when there is none. count may be NULL. */
cJSON *route_ad_one(const struct operation *op, int *count);

/* --- entra.c */

/* Reads, until there is an answer. path is taken. */
void route_entra_get(struct operation *op, char *path,
    void (*got)(struct operation *op, const cJSON *body, const struct cw_err *err));
char *route_entra_path(const struct operation *op, const char *name); /* with $select */
void route_entra_select(const struct operation *op, struct cw_buf *b);
/* The user of private.entra. Negative: it was not sent. */
int route_entra_patch(
    struct operation *op, const cJSON *body, route_graph_done *done, struct cw_err *err);
bool route_entra_is_passing(const struct operation *op, int code); /* it may go away by itself */
void route_entra_again(
    struct operation *op, void (*then)(struct operation *op), const struct cw_err *why);

/* --- step_sync.c */

void route_sync_leave(struct operation *op); /* ok when it waits for none */
void route_syncs_free(struct cw_route *r);

/* --- step_password.c */

void route_password_again(struct operation *op); /* all places get a new one */

/* --- report.c */

void route_report_success(struct operation *op); /* result */
/* The failure's text, and where each directory stands. */
void route_report_end(struct operation *op, enum route_state state, int code, const char *text);

#endif
