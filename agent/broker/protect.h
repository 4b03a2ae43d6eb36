/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_PROTECT_H
#define CW_BROKER_PROTECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct cw_buf;
struct cw_err;
struct cw_ps_value;

/*
 * Objects of the directory as they were looked up, and which of them hold power over
 * all others: those are written by nobody's script, only by a plan that a person
 * approved. Pure.
 */
#define BROKER_SID_TEXT 192u /* bytes of a SID's text, with its NUL */
#define BROKER_RULE_PROTECTED "protected-object"

struct broker_object {
	char guid[CW_UUID_TEXT];
	char sid[BROKER_SID_TEXT]; /* "" where it has none */
	char *dn; /* as cw_dn_put() writes it */
	char *name, *account; /* account "" where it has none */
	char *class; /* its most derived one */
	const char *protected; /* why it is, static; NULL: it is not */
	bool disabled; /* an account that nobody can log on with */
	bool on_pdc; /* the PDC emulator has it too; asked for where that matters */
	const char *pdc_protected; /* as protected, there */
	bool looked_below, holds; /* whether something below it is; asked for where that matters */
};

/* What is known of the domain; zeroed is empty. */
struct broker_domain {
	char *dn; /* of its root */
	char sid[BROKER_SID_TEXT];
	char *controllers; /* DN of the OU of its controllers */
	char **groups; /* DNs of groups that give power, and of those in them */
	size_t group_count;
	char **own; /* DNs of this agent's account and computer */
	size_t own_count;
};

/* A row of Get-ADDomain. CW_EPROTO: it does not name what is needed. */
int broker_domain_read(
    struct broker_domain *ret, const struct cw_ps_value *row, struct cw_err *err);
void broker_domain_free(struct broker_domain *domain);
/* The filter for groups and accounts that give power, by their well-known SIDs and names; account
 * and computer are this agent's own, or "". */
int broker_domain_filter(struct cw_buf *out, const struct broker_domain *domain,
    const char *account, const char *computer, struct cw_err *err);
/* The filter for groups that are in one of those, through however many others. */
int broker_domain_filter_nested(
    struct cw_buf *out, const struct broker_domain *domain, struct cw_err *err);
/* The filter for whatever is protected, below some container. */
int broker_domain_filter_all(struct cw_buf *out, const struct broker_domain *domain,
    const char *account, const char *computer, struct cw_err *err);
/* What was found by the first two. */
int broker_domain_add(struct broker_domain *domain, const struct cw_ps_value *row,
    const char *account, const char *computer, struct cw_err *err);

/* Names of properties that broker_object_read() wants; NULL-terminated. */
extern const char *const broker_object_properties[];
/* A row of Get-ADObject. CW_EPROTO: it is none. On success give it back. */
int broker_object_read(struct broker_object *ret, const struct broker_domain *domain,
    const struct cw_ps_value *row, struct cw_err *err);
void broker_object_free(struct broker_object *object);

/* Why nothing is made in, or moved to, this place; static, or NULL. */
const char *broker_place_protected(
    const struct broker_domain *domain, const struct broker_object *place);

#endif
