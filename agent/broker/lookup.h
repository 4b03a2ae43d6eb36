/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_LOOKUP_H
#define CW_BROKER_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/protect.h"
#include "catalogue/catalogue.h"

/*
 * From what a call names objects by to one filter that finds them all, and from what
 * was found back to the names: each is one object, none, or several. Pure.
 */
#define LOOKUP_AT_ONCE 100u /* names in one filter */
#define LOOKUP_NONE ((size_t)-1)

enum lookup_state { LOOKUP_OPEN, LOOKUP_FOUND, LOOKUP_MISSING, LOOKUP_SEVERAL };

struct lookup_name {
	const struct cw_catalogue_parameter *parameter; /* that it was given by */
	const char *text; /* in the one form of identity.h or dn.h; borrowed */
	size_t entry, index; /* the entry of the call that names it, and which of its names */
	bool target;
	unsigned form; /* CW_IDENTITY_...; 0: of a kind that is not looked up */
	bool known; /* FOUND without the directory */
	const char *given; /* the text at first; borrowed */
	char *renamed; /* what text is since then, or NULL */
	enum lookup_state state;
	size_t object; /* FOUND: which one */
};

/* Appends the clause that finds an object by its GUID, in network order. */
int lookup_put_guid(struct cw_buf *out, const uint8_t guid[16]);

/* Fills the form of a name by its parameter. */
void lookup_classify(struct lookup_name *name);

/* Appends the filter for names from `from` on, and returns how many of them it is for, those that
 * need none left out: they are no longer OPEN. 0: there are none left, and no filter. */
int lookup_filter(struct cw_buf *out, struct lookup_name *names, size_t count, size_t from,
    size_t *ret_to, struct cw_err *err);
/* One object that was found for the names in [from, to). */
void lookup_match(struct lookup_name *names, size_t from, size_t to,
    const struct broker_object *object, size_t number);
/* The names of [from, to) that nothing was found for. */
void lookup_settle(struct lookup_name *names, size_t from, size_t to);

#endif
