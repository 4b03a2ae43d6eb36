/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which property lives where, what differs, and how far a write has come.
 */
#include <stdlib.h>

#include "base/json.h"
#include "route/change.h"

cJSON *
route_ad(const struct operation *op)
{
	return cJSON_GetObjectItemCaseSensitive(op->private, "ad");
}

cJSON *
route_entra(const struct operation *op)
{
	return cJSON_GetObjectItemCaseSensitive(op->private, "entra");
}

bool
route_in_ad(const struct operation *op, const struct route_property *p)
{
	return op->change->mode != CW_MODE_CLOUD && p->ldap != NULL && route_ad(op) != NULL;
}

bool
route_in_entra(const struct operation *op, const struct route_property *p)
{
	switch (op->change->mode) {
	case CW_MODE_ON_PREM: return false;
	case CW_MODE_CLOUD:
	case CW_MODE_HYBRID_DUAL: return true;
	case CW_MODE_HYBRID_SYNC: break;
	}
	/* What Active Directory masters Entra ID takes from there alone. */
	return route_ad(op) == NULL || p->ldap == NULL;
}

const cJSON *
route_before(const cJSON *place, const struct route_property *p)
{
	return cw_json_get(cw_json_get(place, "before"), p->graph);
}

const cJSON *
route_wanted(const struct operation *op, const struct route_property *p)
{
	return cw_json_get(cw_json_get(op->private, "wanted"), p->graph);
}

/* The n-th wanted property that lives there and has another value there. */
static const struct route_property *
nth_change(const struct operation *op, size_t n, const cJSON *place,
    bool (*lives)(const struct operation *op, const struct route_property *p))
{
	for (const struct route_property *p = route_properties; p->graph != NULL; p++) {
		const cJSON *wanted = route_wanted(op, p);

		if (wanted != NULL && lives(op, p) &&
		    !route_value_eq(route_before(place, p), wanted) && n-- == 0)
			return p;
	}
	return NULL;
}

const struct route_property *
route_ad_change(const struct operation *op, size_t n)
{
	return nth_change(op, n, route_ad(op), route_in_ad);
}

const struct route_property *
route_entra_change(const struct operation *op, size_t n)
{
	return nth_change(op, n, route_entra(op), route_in_entra);
}

/* Before anything was read: what may have to be changed there. */
static bool
may_live(const struct operation *op, const struct route_property *p, bool in_ad)
{
	return in_ad ? p->ldap != NULL : op->change->mode != CW_MODE_HYBRID_SYNC || p->ldap == NULL;
}

void
route_change_names(const struct operation *op, bool ldap, struct cw_buf *text)
{
	bool known = route_ad(op) != NULL || route_entra(op) != NULL;
	const cJSON *place = ldap ? route_ad(op) : route_entra(op);
	unsigned n = 0;

	for (const struct route_property *p = route_properties; p->graph != NULL; p++) {
		const cJSON *wanted = route_wanted(op, p);

		if (wanted == NULL ||
		    (known ? !(ldap ? route_in_ad : route_in_entra)(op, p) ||
				route_value_eq(route_before(place, p), wanted)
			   : !may_live(op, p, ldap)))
			continue;
		(void)cw_buf_printf(text, "%s%s", n++ > 0 ? ", " : ": ", ldap ? p->ldap : p->graph);
	}
}

void
route_remember(struct operation *op, cJSON *place, const char *name, const cJSON *user,
    cJSON *(*read)(const struct route_property *p, const cJSON *user))
{
	cJSON *values = cJSON_CreateObject();

	for (const struct route_property *p = route_properties; p->graph != NULL; p++)
		if (route_wanted(op, p) != NULL &&
		    (read != route_property_of_ad || p->ldap != NULL))
			route_set(values, p->graph, read(p, user));
	route_set(place, name, values);
}

/* --- private.write */

void
route_write_begin(struct operation *op)
{
	cJSON *write = cJSON_CreateObject();

	route_set(write, "props", cJSON_CreateArray());
	route_set(write, "left", cJSON_CreateArray());
	route_set(op->private, "write", write);
}

void
route_write_add(struct operation *op, const char *list, const struct route_property *p)
{
	cJSON *names = (cJSON *)cw_json_get(cw_json_get(op->private, "write"), list);

	if (!cJSON_AddItemToArray(names, cJSON_CreateString(p->graph)))
		abort(); /* see route_internal.h */
}

const struct route_property *
route_write_get(const struct operation *op, const char *list, size_t n)
{
	const cJSON *name =
	    cJSON_GetArrayItem(cw_json_get(cw_json_get(op->private, "write"), list), (int)n);

	return cJSON_IsString(name) ? route_property_find(name->valuestring) : NULL;
}

enum route_stand
route_write_stands(struct operation *op, const cJSON *place, const cJSON *user,
    cJSON *(*read)(const struct route_property *p, const cJSON *user),
    const struct route_property **ret_foreign)
{
	enum route_stand stand = ROUTE_AS_WANTED;
	const struct route_property *p;

	for (size_t n = 0; (p = route_write_get(op, "props", n)) != NULL; n++) {
		const cJSON *before = route_before(place, p), *wanted = route_wanted(op, p);
		cJSON *now = read(p, user);

		if (!route_value_eq(now, before) && !route_value_eq(now, wanted)) {
			*ret_foreign = p;
			stand = ROUTE_FOREIGN;
		} else if (!route_value_eq(now, op->change->undo ? before : wanted) &&
		    stand == ROUTE_AS_WANTED) {
			stand = ROUTE_NOT_YET;
		}
		cJSON_Delete(now);
	}
	return stand;
}

void
route_write_names(const struct operation *op, const char *list, bool ldap, struct cw_buf *text)
{
	const struct route_property *p;

	for (size_t n = 0; (p = route_write_get(op, list, n)) != NULL; n++)
		(void)cw_buf_printf(text, "%s%s", n > 0 ? ", " : "", ldap ? p->ldap : p->graph);
}
