/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_CLIXML_BUILD_H
#define CW_PS_CLIXML_BUILD_H

#include <stdbool.h>

#include "powershell/value.h"

/*
 * Values under construction: the children of open elements on one shared stack,
 * which move into the arena when their parent ends, and what RefIds stand for.
 * The reader's other half; it knows nothing of XML.
 *
 * Every int is CW_OK, or CW_EPROTO, CW_ELIMIT or CW_ENOMEM with why and detail set.
 */
#define CW_CLIXML_ENTRIES_MAX 4000000u /* children on the stack at one time */
#define CW_CLIXML_PROPERTIES_MAX 8192u /* of one object */
#define CW_CLIXML_TYPES_MAX 64u /* type names of one object */

/* What part of an object a property comes from, Props or MS; NONE for items, pairs, type names. */
enum cw_clixml_section { CW_CLIXML_NONE, CW_CLIXML_ADAPTED, CW_CLIXML_EXTENDED };

struct cw_clixml_entry; /* a child: a property, an item, half of a pair, a type's name */
struct cw_clixml_types; /* a list of type names */

struct cw_clixml_build {
	struct cw_ps_arena *arena; /* borrowed */
	const char *why; /* of the last failure, static */
	const char *detail; /* a name it is about, or "" */

	struct cw_clixml_entry *entries;
	size_t count, room; /* entries */
	const struct cw_ps_value **refs; /* by RefId */
	size_t ref_room, ref_used;
	struct cw_clixml_types *types; /* by RefId */
	size_t type_room, type_used;
	uint32_t *slots; /* a hash table for one pass over names */
	size_t slot_room;
};

/* Empties a zeroed or used one for a new text; tables keep their memory unless they grew large. */
void cw_clixml_build_begin(struct cw_clixml_build *b, struct cw_ps_arena *arena);
void cw_clixml_build_free(struct cw_clixml_build *b);

/* Puts a child on the stack; its name and value live in the arena. */
int cw_clixml_build_push(struct cw_clixml_build *b, enum cw_clixml_section section,
    const char *name, const struct cw_ps_value *value);

/* Each takes the children from `first` up off the stack. */
int cw_clixml_build_object(struct cw_clixml_build *b, size_t first, struct cw_ps_object *object);
int cw_clixml_build_list(
    struct cw_clixml_build *b, size_t first, enum cw_ps_list_kind kind, struct cw_ps_value *ret);
int cw_clixml_build_map(struct cw_clixml_build *b, size_t first, struct cw_ps_value *ret);
int cw_clixml_build_types(
    struct cw_clixml_build *b, size_t first, size_t ref_id, struct cw_ps_object *object);
/* Sees that the children from `first` up are one Key and one Value; they stay. */
int cw_clixml_build_pair(struct cw_clixml_build *b, size_t first);

/* RefIds of objects and of type lists: two counts. ref_id < CW_CLIXML_REFS_MAX. */
int cw_clixml_build_define(
    struct cw_clixml_build *b, size_t ref_id, const struct cw_ps_value *value);
int cw_clixml_build_refer(struct cw_clixml_build *b, size_t ref_id, const struct cw_ps_value **ret);
int cw_clixml_build_refer_types(
    struct cw_clixml_build *b, size_t ref_id, struct cw_ps_object *object);

#endif
