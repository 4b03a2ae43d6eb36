/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_H
#define CW_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "powershell/session.h"

struct cw_err;

/*
 * What may be run on a customer's server: commands, their parameters, and the
 * values these take. Everything that is not in the tables is refused. A call is
 * bound from JSON into our own value model; nothing of the caller's text is ever
 * sent as code.
 */
enum cw_catalogue_type {
	CW_TYPE_STRING, /* JSON string, or null to clear where the row says so */
	CW_TYPE_STRINGS, /* a string or a list of them */
	CW_TYPE_BOOL,
	CW_TYPE_SWITCH, /* true; false is as if it were not there */
	CW_TYPE_INT, /* 0 .. 2^31-1 */
	CW_TYPE_DATE, /* RFC 3339, or "YYYY-MM-DD"; null to clear */
	CW_TYPE_DURATION, /* "[d.]hh:mm:ss" as .NET writes a TimeSpan */
	CW_TYPE_SECRET, /* {"$sealed":"BASE64"}, opened by the agent alone */
	CW_TYPE_IDENTITY, /* distinguished name, GUID, SID or sAMAccountName */
	CW_TYPE_IDENTITIES,
	CW_TYPE_CHOICE, /* one of the row's values */
	CW_TYPE_PROPERTIES, /* names of properties to read; never secret ones */
	CW_TYPE_ATTRIBUTES, /* {"attribute": value or list}; attributes of the table alone */
	CW_TYPE_ATTRIBUTE_NAMES, /* of the same table */
	CW_TYPE_FILTER, /* AD's PowerShell filter syntax; sent as -LDAPFilter */
	CW_TYPE_LDAP_FILTER, /* RFC 4515 */
};

#define CW_PARAMETER_REQUIRED 1u
#define CW_PARAMETER_ONE_OF 2u /* exactly one of the command's parameters so marked */
#define CW_PARAMETER_NULL 4u /* null clears */

struct cw_catalogue_parameter {
	const char *name; /* full, without the dash; NULL ends a table */
	enum cw_catalogue_type type;
	unsigned flags;
	const char *const *choices; /* NULL-terminated, of CW_TYPE_CHOICE */
};

struct cw_catalogue_command {
	const char *name; /* "Get-ADUser" */
	const char *qualified; /* "ActiveDirectory\\Get-ADUser" */
	const char *role; /* of the server it runs on: "directory", "sync" */
	bool write;
	bool should_process; /* takes -WhatIf and -Confirm */
	bool server; /* takes -Server */
	const struct cw_catalogue_parameter *parameters[3]; /* tables; NULL for none */
};

/* Names compare without case. NULL when it is not in the catalogue. */
const struct cw_catalogue_command *cw_catalogue_find(const char *name);
/* All of them, for lists and help. */
const struct cw_catalogue_command *cw_catalogue_all(size_t *count);
/* Names of a role's commands, NULL-terminated: what stays visible in its runspaces. Static storage.
 */
const char *const *cw_catalogue_names(const char *role);

struct cw_catalogue_call;

/*
 * Checks command and parameters (an object or NULL) and makes the call. CW_EDENIED: not in the
 * catalogue, with what to do instead; CW_EINVAL: a value that does not fit. On success *ret is the
 * caller's.
 */
int cw_catalogue_bind(struct cw_catalogue_call **ret, const char *command, const cJSON *parameters,
    struct cw_err *err);
void cw_catalogue_call_free(struct cw_catalogue_call *call); /* wipes; ok on NULL */

const struct cw_catalogue_command *cw_catalogue_call_entry(const struct cw_catalogue_call *call);
/* Sealed values, in no particular order; i below the count. */
size_t cw_catalogue_call_secrets(const struct cw_catalogue_call *call);
void cw_catalogue_call_secret(const struct cw_catalogue_call *call, size_t i,
    const char **parameter, const uint8_t **box, size_t *box_len);
/* Puts the opened text in its place. CW_EINVAL: not UTF-8, or empty. */
int cw_catalogue_call_open(
    struct cw_catalogue_call *call, size_t i, const void *utf8, size_t n, struct cw_err *err);

/*
 * The command to run: every secret opened, -Server, -WhatIf:$false and -Confirm:$false added by us.
 * server may be NULL for a command that takes none. *ret is borrowed from the call. CW_EINVAL while
 * a secret is sealed.
 */
int cw_catalogue_call_command(struct cw_catalogue_call *call, const struct cw_psrp_command **ret,
    const char *server, struct cw_err *err);

/* True for an attribute that holds a secret (LAPS, gMSA, BitLocker, hashes): never read, filtered
 * or written. */
bool cw_catalogue_attribute_is_secret(const char *name);
bool cw_catalogue_attribute_is_writable(const char *name);

#endif
