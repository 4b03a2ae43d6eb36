/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_CLIXML_GRAMMAR_H
#define CW_PS_CLIXML_GRAMMAR_H

/*
 * CLIXML's elements ([MS-PSRP] 2.2.5), and which may stand in which.
 */
enum cw_clixml_open {
	CW_CLIXML_NOTHING, /* outside of the root element */
	CW_CLIXML_DOCUMENT, /* Objs */
	CW_CLIXML_PRIMITIVE,
	CW_CLIXML_NIL,
	CW_CLIXML_REF,
	CW_CLIXML_OBJ,
	CW_CLIXML_TYPES, /* TN */
	CW_CLIXML_TYPES_REF, /* TNRef */
	CW_CLIXML_TYPE, /* T */
	CW_CLIXML_TO_STRING,
	CW_CLIXML_PROPS, /* the adapted properties */
	CW_CLIXML_MS, /* the extended ones: notes */
	CW_CLIXML_LIST, /* LST, IE, STK, QUE */
	CW_CLIXML_MAP, /* DCT */
	CW_CLIXML_ENTRY, /* En */
	CW_CLIXML_PROGRESS, /* PR */
};

struct cw_clixml_element {
	char name[9];
	enum cw_clixml_open open;
	int detail; /* of a primitive its enum cw_ps_kind, of a list its enum cw_ps_list_kind */
	unsigned parents; /* CW_CLIXML_IN() of all that it may stand in */
	const char *property; /* of a progress record's parts: what it is called in .NET */
};

#define CW_CLIXML_IN(open) (1u << (open))
/* Where any value may stand; its name is then its N attribute. */
#define CW_CLIXML_IN_VALUES                                                   \
	(CW_CLIXML_IN(CW_CLIXML_NOTHING) | CW_CLIXML_IN(CW_CLIXML_DOCUMENT) | \
	    CW_CLIXML_IN(CW_CLIXML_OBJ) | CW_CLIXML_IN(CW_CLIXML_PROPS) |     \
	    CW_CLIXML_IN(CW_CLIXML_MS) | CW_CLIXML_IN(CW_CLIXML_LIST) |       \
	    CW_CLIXML_IN(CW_CLIXML_ENTRY))

/* The element of that name that may stand in parent. NULL: none. Static. */
const struct cw_clixml_element *cw_clixml_element(const char *name, enum cw_clixml_open parent);

#endif
