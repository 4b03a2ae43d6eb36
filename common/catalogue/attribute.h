/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_ATTRIBUTE_H
#define CW_CATALOGUE_ATTRIBUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "catalogue/class.h"

/*
 * Attributes of the directory (tables/attributes.tsv): what they hold, and what
 * reading and writing them means. One that is not there is refused. Looked up for
 * every property of every object: one hash, one comparison, nothing allocated.
 */
enum cw_attribute_syntax { /* [MS-ADTS] 3.1.1.2.2.2 */
	CW_SYNTAX_TEXT,
	CW_SYNTAX_NUMBER, /* 32 bits, signed */
	CW_SYNTAX_LARGE, /* 64 bits, signed; often a date as .NET's file time */
	CW_SYNTAX_BOOL,
	CW_SYNTAX_TIME, /* generalized time */
	CW_SYNTAX_DN,
	CW_SYNTAX_DNBINARY, /* "B:count:hex:dn" */
	CW_SYNTAX_DNSTRING, /* "S:count:text:dn" */
	CW_SYNTAX_OID, /* an attribute or class by name or number */
	CW_SYNTAX_BYTES,
	CW_SYNTAX_SID,
	CW_SYNTAX_ACL, /* a security descriptor */
};

#define CW_ATTRIBUTE_MANY 1u /* holds more than one value */
#define CW_ATTRIBUTE_SYSTEM 2u /* the directory alone writes it */
#define CW_ATTRIBUTE_COMPUTED 4u /* not stored; no filter finds by it */
#define CW_ATTRIBUTE_CONFIDENTIAL 8u /* by the schema's own word */
#define CW_ATTRIBUTE_LINK 16u
#define CW_ATTRIBUTE_BACKLINK 32u
#define CW_ATTRIBUTE_PDC 64u /* our own word: best written on the domain's PDC emulator */

struct cw_attribute {
	uint16_t name; /* of its text; see cw_attribute_name() */
	uint8_t syntax; /* enum cw_attribute_syntax */
	uint8_t flags;
	uint8_t group; /* see cw_attribute_group() */
	uint8_t read, write; /* enum cw_class */
	uint8_t why; /* see cw_attribute_why() */
};

/* By LDAP display name, without case, n bytes. NULL when it is not in the table. */
const struct cw_attribute *cw_attribute_find(const char *name, size_t n);
const struct cw_attribute *cw_attribute_all(size_t *count);

const char *cw_attribute_name(const struct cw_attribute *attribute);
/* Whose level decides about writing it; NULL: that of the object it is on. */
const struct cw_catalogue_group *cw_attribute_group(const struct cw_attribute *attribute);
const char *cw_attribute_why(const struct cw_attribute *attribute); /* NULL for the ordinary */

/* True for an attribute that holds a secret (LAPS, gMSA, BitLocker, hashes): never read, filtered
 * or written. Also with an option behind it ("unicodePwd;range=0-1"). */
bool cw_catalogue_attribute_is_secret(const char *name);
/* True when writing it takes no approval. */
bool cw_catalogue_attribute_is_writable(const char *name);

#endif
