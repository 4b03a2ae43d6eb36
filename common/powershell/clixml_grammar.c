/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The grammar as one table.
 */
#include <stdint.h>
#include <string.h>

#include "base/compat.h"
#include "powershell/clixml_grammar.h"
#include "powershell/value.h"

#define PRIMITIVE CW_CLIXML_PRIMITIVE
#define VALUES CW_CLIXML_IN_VALUES
#define OBJ CW_CLIXML_IN(CW_CLIXML_OBJ)
#define PROGRESS CW_CLIXML_IN(CW_CLIXML_PROGRESS)

/* In the order of how often a directory's objects use them: found by looking from the top. */
static const struct cw_clixml_element elements[] = {
	{ "S", PRIMITIVE, CW_PS_STRING, VALUES, NULL },
	{ "Nil", CW_CLIXML_NIL, 0, VALUES, NULL },
	{ "B", PRIMITIVE, CW_PS_BOOL, VALUES, NULL },
	{ "I32", PRIMITIVE, CW_PS_I32, VALUES, NULL },
	{ "T", CW_CLIXML_TYPE, 0, CW_CLIXML_IN(CW_CLIXML_TYPES), NULL },
	{ "Obj", CW_CLIXML_OBJ, 0, VALUES, NULL },
	{ "I64", PRIMITIVE, CW_PS_I64, VALUES, NULL },
	{ "DT", PRIMITIVE, CW_PS_DATETIME, VALUES, NULL },
	{ "LST", CW_CLIXML_LIST, CW_PS_ARRAY, OBJ, NULL },
	{ "TN", CW_CLIXML_TYPES, 0, OBJ, NULL },
	{ "TNRef", CW_CLIXML_TYPES_REF, 0, OBJ, NULL },
	{ "Props", CW_CLIXML_PROPS, 0, OBJ, NULL },
	{ "ToString", CW_CLIXML_TO_STRING, 0, OBJ, NULL },
	{ "MS", CW_CLIXML_MS, 0, OBJ, NULL },
	{ "G", PRIMITIVE, CW_PS_GUID, VALUES, NULL },
	{ "BA", PRIMITIVE, CW_PS_BYTES, VALUES, NULL },
	{ "Ref", CW_CLIXML_REF, 0, VALUES, NULL },
	{ "TS", PRIMITIVE, CW_PS_TIMESPAN, VALUES, NULL },
	{ "DCT", CW_CLIXML_MAP, 0, OBJ, NULL },
	{ "En", CW_CLIXML_ENTRY, 0, CW_CLIXML_IN(CW_CLIXML_MAP), NULL },
	{ "IE", CW_CLIXML_LIST, CW_PS_ENUMERABLE, OBJ, NULL },
	{ "STK", CW_CLIXML_LIST, CW_PS_STACK, OBJ, NULL },
	{ "QUE", CW_CLIXML_LIST, CW_PS_QUEUE, OBJ, NULL },
	{ "C", PRIMITIVE, CW_PS_CHAR, VALUES, NULL },
	{ "Db", PRIMITIVE, CW_PS_DOUBLE, VALUES, NULL },
	{ "Sg", PRIMITIVE, CW_PS_SINGLE, VALUES, NULL },
	{ "D", PRIMITIVE, CW_PS_DECIMAL, VALUES, NULL },
	{ "U32", PRIMITIVE, CW_PS_U32, VALUES, NULL },
	{ "U64", PRIMITIVE, CW_PS_U64, VALUES, NULL },
	{ "U16", PRIMITIVE, CW_PS_U16, VALUES, NULL },
	{ "I16", PRIMITIVE, CW_PS_I16, VALUES, NULL },
	{ "By", PRIMITIVE, CW_PS_U8, VALUES, NULL },
	{ "SB", PRIMITIVE, CW_PS_I8, VALUES, NULL },
	{ "Version", PRIMITIVE, CW_PS_VERSION, VALUES, NULL },
	{ "URI", PRIMITIVE, CW_PS_URI, VALUES, NULL },
	{ "XD", PRIMITIVE, CW_PS_XML, VALUES, NULL },
	{ "SBK", PRIMITIVE, CW_PS_SCRIPTBLOCK, VALUES, NULL },
	{ "SS", PRIMITIVE, CW_PS_SECURE_STRING, VALUES, NULL },
	{ "PR", CW_CLIXML_PROGRESS, 0, VALUES, NULL },
	{ "Objs", CW_CLIXML_DOCUMENT, 0, CW_CLIXML_IN(CW_CLIXML_NOTHING), NULL },
	/* [MS-PSRP] 2.2.5.1.25: some names mean another thing here. */
	{ "AV", PRIMITIVE, CW_PS_STRING, PROGRESS, "Activity" },
	{ "AI", PRIMITIVE, CW_PS_I32, PROGRESS, "ActivityId" },
	{ "S", PRIMITIVE, CW_PS_STRING, PROGRESS, "CurrentOperation" },
	{ "Nil", CW_CLIXML_NIL, 0, PROGRESS, "CurrentOperation" },
	{ "PI", PRIMITIVE, CW_PS_I32, PROGRESS, "ParentActivityId" },
	{ "PC", PRIMITIVE, CW_PS_I32, PROGRESS, "PercentComplete" },
	{ "T", PRIMITIVE, CW_PS_STRING, PROGRESS, "RecordType" },
	{ "SR", PRIMITIVE, CW_PS_I32, PROGRESS, "SecondsRemaining" },
	{ "SD", PRIMITIVE, CW_PS_STRING, PROGRESS, "StatusDescription" },
};

/* A name of up to eight letters as one number; 0 for a longer one. */
static uint64_t
packed(const char *name)
{
	char padded[sizeof(uint64_t) + 1] = "";
	uint64_t number;

	for (size_t i = 0; i < sizeof(padded) && name[i] != '\0'; i++)
		padded[i] = name[i];
	memcpy(&number, padded, sizeof(number));
	return padded[sizeof(number)] == '\0' ? number : 0;
}

const struct cw_clixml_element *
cw_clixml_element(const char *name, enum cw_clixml_open parent)
{
	uint64_t want = packed(name), have;

	for (size_t i = 0; i < CW_COUNT(elements); i++) {
		memcpy(&have, elements[i].name, sizeof(have));
		if (have == want && (elements[i].parents & CW_CLIXML_IN(parent)) != 0)
			return &elements[i];
	}
	return NULL;
}
