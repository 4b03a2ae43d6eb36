/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_PROPERTIES_H
#define CW_ROUTE_PROPERTIES_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

struct cw_err;

/*
 * The properties of a user that a change can write: what each is called in Graph, in Active
 * Directory and to Set-ADUser, and where it lives.
 *
 * Inside the router a value is a string, a boolean or null, whatever form a directory gives it
 * (Graph's businessPhones is a list of one).
 */
#define ROUTE_KEEP 1u /* cannot be cleared */
#define ROUTE_LIST 2u /* Graph wants a list, of one */
#define ROUTE_FLAG 4u /* true or false, by a change of its own: not in "set" */
#define ROUTE_COUNTRY 8u /* two letters, ISO 3166-1 */

struct route_property {
	const char *graph; /* "jobTitle"; NULL ends the table */
	const char *ldap; /* "title"; NULL: it lives in Entra ID alone */
	const char *read; /* for Get-ADUser -Properties, and in what it answers */
	const char *parameter; /* of Set-ADUser; NULL: through -Replace and -Clear */
	unsigned max; /* characters, the smaller of both directories' limits */
	unsigned flags;
};

extern const struct route_property route_properties[];

/* By Graph's name, exactly. NULL: there is none. */
const struct route_property *route_property_find(const char *graph);
/* A value of "set": checked, and in our form. *ret is the caller's. CW_EINVAL. */
int route_property_wanted(
    cJSON **ret, const struct route_property *p, const cJSON *given, struct cw_err *err);
/* From what Get-ADUser or Graph answered; the caller's. Never NULL. */
cJSON *route_property_of_ad(const struct route_property *p, const cJSON *user);
cJSON *route_property_of_entra(const struct route_property *p, const cJSON *user);
/* A value as Graph has it; the caller's. Never NULL. */
cJSON *route_property_for_graph(const struct route_property *p, const cJSON *value);
/* Equal to the letter; NULL is null. */
bool route_value_eq(const cJSON *a, const cJSON *b);

#endif
