/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_CLASS_H
#define CW_CATALOGUE_CLASS_H

#include <stddef.h>

/*
 * How grave a thing is, and which permission group it belongs to: the two words
 * in which policy speaks of commands, parameters and attributes.
 */
enum cw_class {
	CW_CLASS_READ,
	CW_CLASS_SECRET_READ, /* shows a secret: stripped from output, given out by other ways */
	CW_CLASS_WRITE,
	CW_CLASS_DESTRUCTIVE, /* deletes, or takes away what guards against it */
	CW_CLASS_APPROVAL, /* gives power, or holds for everybody: a person approves each */
	CW_CLASS_BLOCKED, /* never done through Causeway */
};
/* "read", "secret-read", ...; static storage. */
const char *cw_class_name(enum cw_class class);

struct cw_catalogue_group {
	const char *name, *about;
};
const struct cw_catalogue_group *cw_catalogue_groups(size_t *count);

#endif
