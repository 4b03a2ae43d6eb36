/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_STATE_H
#define CW_PLAN_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/str.h"
#include "catalogue/attribute.h"

struct cw_buf;

/*
 * The directory as it would be after the writes that are planned so far: only what
 * they touch. An object is here because a write names it; of its attributes only
 * those are here that would be others. Nothing of it is in the directory.
 */
struct cw_plan_object {
	struct cw_plan_object *next; /* in the order in which they came */
	char guid[CW_UUID_TEXT]; /* lower case; of a created one its placeholder; "" while only its
				    name is known */
	char *sid, *account; /* NULL: none, or not known; account is its sAMAccountName */
	char *real_account; /* where account is another by plan; NULL */
	char *class; /* of its classes the most derived; NULL: not known */
	char *dn; /* as it would be */
	char *real_dn; /* as it is; NULL: it is not there yet */
	const char *protected; /* why a person has to approve writing it; static, or NULL */
	bool created, removed;
	struct cw_plan_object
	    *primary; /* of a created account its primary group; NULL: not known */
	int64_t changed_ms; /* Unix time of the last write to it; 0: none */
	bool whole; /* what was written is not known: everything of it may be another */
	/* attribute -> {"set":[TEXT],"about"?:true} | {"add":[TEXT],"remove":[TEXT]} |
	 * {"unknown":true}; about: it will be another moment */
	cJSON *changes;
	cJSON
	    *current; /* as read from the directory: attribute -> [TEXT]; names as they are there */
	cJSON *properties; /* of the module, where no attribute tells them: name -> JSON value */
	struct cw_plan_object *next_guid, *next_dn, *next_account; /* in one slot of the tables */
	struct cw_plan_object *next_placed;
	bool placed; /* created, moved, renamed or removed */
};

struct cw_plan_state;

struct cw_plan_state *cw_plan_state_new(void); /* NULL when memory ends */
void cw_plan_state_free(struct cw_plan_state *state); /* ok on NULL */
const struct cw_plan_object *cw_plan_state_all(const struct cw_plan_state *state);

/* What is known of one. NULL members: not known. */
struct cw_plan_pin {
	const char *guid, *sid, *class, *dn, *account;
	const char *protected; /* why a person has to approve writing it; static storage */
};
/* The object with this GUID; new here when it is not known yet. The real one: its dn is that of the
 * directory. NULL when memory ends. */
struct cw_plan_object *cw_plan_state_pin(
    struct cw_plan_state *state, const struct cw_plan_pin *pin);
/* One that a write makes, under a placeholder. */
struct cw_plan_object *cw_plan_state_create(
    struct cw_plan_state *state, const struct cw_plan_pin *pin);

/* The touched object that the directory gives out with this GUID and name; the GUID may be NULL. */
struct cw_plan_object *cw_plan_state_match(
    const struct cw_plan_state *state, const char *guid, const char *real_dn);
/* As it would be named: NULL when no touched object is called so. Removed ones are not found, but
 * for cw_plan_state_by_guid(). */
struct cw_plan_object *cw_plan_state_by_guid(const struct cw_plan_state *state, const char *guid);
struct cw_plan_object *cw_plan_state_by_dn(const struct cw_plan_state *state, const char *dn);
struct cw_plan_object *cw_plan_state_by_account(
    const struct cw_plan_state *state, const char *account);
struct cw_plan_object *cw_plan_state_by_sid(const struct cw_plan_state *state, const char *sid);

/*
 * What a call names, text being as cw_identity_put() writes it for this kind (NULL: the name of a
 * place). CW_OK: *ret; CW_ENOTFOUND: it would not be there; CW_EAGAIN: the plan does not touch it,
 * and the directory calls it *real, the caller's.
 */
int cw_plan_state_find(const struct cw_plan_state *state, const char *kind, const char *text,
    struct cw_plan_object **ret, char **real);

/* Another account name, found by it from now on. False when memory ends. */
bool cw_plan_state_call(
    struct cw_plan_state *state, struct cw_plan_object *object, const char *account);

/* --- changes; each false when memory ends. Lists are the state's then, also on failure. */
bool cw_plan_state_set(
    struct cw_plan_object *object, const struct cw_attribute *attribute, cJSON *values);
/* What is set is a time that will be another when it is done. */
bool cw_plan_state_about(struct cw_plan_object *object, const struct cw_attribute *attribute);
/* Values more and values less; on top of what is planned already. */
bool cw_plan_state_edit(struct cw_plan_object *object, const struct cw_attribute *attribute,
    const char *add, const char *remove);
bool cw_plan_state_unknown(struct cw_plan_object *object, const struct cw_attribute *attribute);
bool cw_plan_state_property(struct cw_plan_object *object, const char *name, cJSON *value);
/* The object and all that is below it; links to it follow. */
bool cw_plan_state_move(struct cw_plan_state *state, struct cw_plan_object *object, const char *dn);
/* The object and all that is below it is gone. */
void cw_plan_state_remove(struct cw_plan_state *state, struct cw_plan_object *object);

/* The change of an attribute; NULL: it is as it is in the directory. */
const cJSON *cw_plan_state_change(
    const struct cw_plan_object *object, const struct cw_attribute *attribute);
/* What the object holds then: the values, where a change tells them or current does (may be NULL:
 * not known). The caller's; NULL: cannot be told. */
cJSON *cw_plan_state_values(const struct cw_plan_object *object,
    const struct cw_attribute *attribute, const cJSON *current);

/* Keeps what was read of it. False when memory ends; values are the state's, also then. */
bool cw_plan_state_learn(struct cw_plan_object *object, const char *name, cJSON *values);
/* What it would hold, from what was read of it and is planned. The caller's; NULL: cannot be told.
 */
cJSON *cw_plan_state_now(const struct cw_plan_state *state, const struct cw_plan_object *object,
    const struct cw_attribute *attribute);
/* Names of the directory as they would be; those of what is removed are left out. The caller's. */
cJSON *cw_plan_state_planned_names(const struct cw_plan_state *state, const cJSON *names);

/* --- names of places */

/* The name in the directory that is now this one, as it would be. CW_OK: appended; or CW_ENOTFOUND:
 * nothing will be called so that is called something in the directory. */
int cw_plan_state_real_dn(const struct cw_plan_state *state, const char *dn, struct cw_buf *ret);
/* The other way: CW_ENOTFOUND: it is gone then. */
int cw_plan_state_planned_dn(
    const struct cw_plan_state *state, const char *real_dn, struct cw_buf *ret);
/* Something of the directory was moved, renamed or removed: names in it may be others. */
bool cw_plan_state_has_moved(const struct cw_plan_state *state);

/* --- links */

/* A link was changed whose other end is not known here: no back link can be told any more. */
bool cw_plan_state_links_unknown(const struct cw_plan_state *state);
/* Group membership is another for somebody, directly or through a group that is gone. */
bool cw_plan_state_members_changed(const struct cw_plan_state *state);
/* Of some objects that links were changed to only the name is known. */
bool cw_plan_state_has_nameless(const struct cw_plan_state *state);
/* Some object's attribute is another. */
bool cw_plan_state_any_change(
    const struct cw_plan_state *state, const struct cw_attribute *attribute);
/* object (forward) points to, or no longer to, the object that would be called dn. */
bool cw_plan_state_link(struct cw_plan_state *state, struct cw_plan_object *object,
    const struct cw_attribute *attribute, const char *dn, bool add);

/* --- classes */

/* Is an object of this class one of the kind? */
bool cw_plan_is_kind(const char *class, const char *kind);
/* The name of the kind that shows most of it: "ADUser" of user. */
const char *cw_plan_kind_of(const char *class);
/* Is class the same as, or derived from, other? */
bool cw_plan_is_class(const char *class, const char *other);
/* Can it hold others below it? */
bool cw_plan_is_container(const char *class);

#endif
