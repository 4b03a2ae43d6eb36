/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_PROPERTY_H
#define CW_CATALOGUE_PROPERTY_H

#include <stddef.h>
#include <stdint.h>

#include "catalogue/attribute.h"

struct cw_catalogue_kind;

/*
 * Names by which the module calls attributes (tables/properties.tsv): -Properties
 * and -Filter take them beside the attributes' own. EmailAddress is mail, Enabled
 * a bit of userAccountControl.
 */
enum cw_property_how { /* to find by it */
	CW_HOW_VALUE, /* its first attribute, as that one's syntax says */
	CW_HOW_BIT, /* true where the bit is set in its first attribute */
	CW_HOW_NOTBIT, /* true where it is not */
	CW_HOW_LOCKED, /* true where there is a time of lockout; it may have run out since */
	CW_HOW_CATEGORY, /* of a group: Security or Distribution */
	CW_HOW_SCOPE, /* of a group: DomainLocal, Global or Universal */
	CW_HOW_NONE, /* not at all */
	CW_HOW_MODULE, /* the module compares it itself */
};

struct cw_property {
	const char *name;
	uint32_t kinds; /* bits of cw_catalogue_kind */
	uint16_t attributes[2]; /* see cw_property_attribute() */
	enum cw_property_how how;
	uint32_t bit;
};

/* The property of n bytes of name that objects of kind have; NULL when they have none such. */
const struct cw_property *cw_property_find(
    const struct cw_catalogue_kind *kind, const char *name, size_t n);
/* What it is made of, i from 0; NULL past the last. */
const struct cw_attribute *cw_property_attribute(const struct cw_property *property, size_t i);

#endif
