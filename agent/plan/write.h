/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_WRITE_H
#define CW_PLAN_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "catalogue/catalogue.h"
#include "plan/state.h"
#include "powershell/value.h"

struct cw_buf;
struct cw_err;

/*
 * One write on its way into a plan: its parameters in one form, the objects that
 * they name, what the target holds before, and what all that changes in the state.
 * Pure: what must be looked up in the directory is said, and given back as objects.
 *
 *   cw_plan_write_new()        from the bound call; its refs are then given their objects
 *   cw_plan_write_prepare()    what it makes, and where
 *   cw_plan_lookup_...         what must be known of the directory, for any number of writes
 *   cw_plan_lookup_check()     nothing is in the way
 *   cw_plan_write_entry()      for the document
 *   cw_plan_write_change()     the state as it is after it
 */

/* An object that a parameter names. */
struct cw_plan_ref {
	const struct cw_catalogue_parameter *parameter;
	bool place; /* the name of a place: it stays a name; otherwise it becomes a GUID */
	cJSON *node; /* where it stands in the parameters */
	char *text; /* as cw_identity_put() or cw_dn_put() writes it */
	struct cw_plan_object *object; /* for the caller to fill */
};

struct cw_plan_write {
	const struct cw_catalogue_command *entry;
	cJSON *parameters; /* names as in the catalogue, without switches that are off */
	struct cw_plan_ref *refs;
	size_t ref_count, ref_room;
	struct cw_plan_object *target; /* NULL: it makes one */
	bool pass_thru;
	/* of what is made: */
	char *class, *dn, *account;
	char placeholder[CW_UUID_TEXT];
	char *primary_sid; /* of the group that it is in from the beginning; NULL: none */
	struct cw_plan_object *made; /* when the change is made */
};

/* Where things are made when no place is named. */
struct cw_plan_domain {
	char *dn, *users, *computers, *sid; /* NULL: not known yet */
};
void cw_plan_domain_free(struct cw_plan_domain *domain);
/* From what Get-ADDomain gave. False when it is not that, or memory ends. */
bool cw_plan_domain_read(struct cw_plan_domain *domain, const struct cw_ps_value *value);

/* Of a bound call; parameters as it was bound from, a secret as any object. CW_EDENIED: such a
 * write cannot be planned. */
int cw_plan_write_new(struct cw_plan_write **ret, const struct cw_catalogue_call *call,
    const cJSON *parameters, struct cw_err *err);
void cw_plan_write_free(struct cw_plan_write *write); /* ok on NULL */
/* It makes an object in a place of the domain's choice, or an account: the domain must be known. */
bool cw_plan_write_needs_domain(const struct cw_plan_write *write);
/* When every ref has its object. domain may be empty where it is not needed. CW_EDENIED: what it
 * does cannot be planned. */
int cw_plan_write_prepare(
    struct cw_plan_write *write, const struct cw_plan_domain *domain, struct cw_err *err);

/* --- lookup.c: one question to the directory for any number of prepared writes */

/* (objectGUID=...) and (attribute=text), escaped. */
int cw_plan_put_guid_clause(struct cw_buf *out, const char *guid);
int cw_plan_put_text_clause(struct cw_buf *out, const char *attribute, const char *text);

struct cw_plan_lookup;
struct cw_plan_lookup *cw_plan_lookup_new(void); /* NULL when memory ends */
void cw_plan_lookup_free(struct cw_plan_lookup *lookup); /* ok on NULL */
/* Adds what the write still has to know: values before, and whether its names are free. */
int cw_plan_lookup_add(struct cw_plan_lookup *lookup, const struct cw_plan_write *write,
    const struct cw_plan_state *state, struct cw_err *err);
/* The LDAP filter of Get-ADObject that finds it all, and the properties to ask for; NULL: there is
 * nothing to ask. Borrowed. */
const char *cw_plan_lookup_filter(struct cw_plan_lookup *lookup);
const cJSON *cw_plan_lookup_properties(const struct cw_plan_lookup *lookup);
/* One object of the answer. */
int cw_plan_lookup_found(struct cw_plan_lookup *lookup, struct cw_plan_state *state,
    const struct cw_ps_value *value, struct cw_err *err);
/* An error as the module has it. */
struct cw_plan_fault {
	const char *message, *id, *category, *type;
};
/* NULL: the names of what the write makes are free, and what it deletes is not protected from that.
 * Static storage. */
const struct cw_plan_fault *cw_plan_lookup_check(const struct cw_plan_lookup *lookup,
    const struct cw_plan_write *write, const struct cw_plan_state *state);

/* RDN of a name, escaped: "CN=Lovelace\\, Ada". */
int cw_plan_put_rdn(struct cw_buf *out, const char *attribute, const char *name);

/* --- change.c */

/* It deletes or moves: not what is protected from deletion. */
bool cw_plan_write_is_guarded(const struct cw_plan_write *write);
/* It puts principals into groups, or takes them out. */
bool cw_plan_write_is_membership(const struct cw_plan_write *write);
/* Attributes and properties of the target that the write changes and that are to be known before;
 * a list of names. The caller's; NULL when memory ends. */
cJSON *cw_plan_write_attributes(const struct cw_plan_write *write);
/* Of the target: {ATTRIBUTE:[TEXT]} as it would be just before the write. The caller's. */
cJSON *cw_plan_write_before(const struct cw_plan_write *write, const struct cw_plan_state *state);
/* The state as it would be after it. CW_EDENIED: what it does cannot be planned; CW_ENOMEM. */
int cw_plan_write_change(
    struct cw_plan_write *write, struct cw_plan_state *state, int64_t now_ms, struct cw_err *err);

/* The effects of a call as a plan shows them; the caller's, NULL when memory ends. */
cJSON *cw_plan_effects(const struct cw_catalogue_call *call);
/* The entry for the document; effects are those of the call, secrets are {"$slot":0}. The caller's;
 * NULL when memory ends. Before the change is made. */
cJSON *cw_plan_write_entry(struct cw_plan_write *write, const struct cw_plan_state *state,
    const struct cw_catalogue_call *call);

#endif
