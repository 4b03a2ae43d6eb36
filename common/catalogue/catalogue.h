/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_H
#define CW_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "catalogue/attribute.h"
#include "catalogue/class.h"
#include "powershell/session.h"

struct cw_err;

/*
 * What may be run on a customer's server: commands, their parameters, and the
 * values these take. Everything that is not in the tables is refused. A call is
 * bound from JSON into our own value model; nothing of the caller's text is ever
 * sent as code. What a call would do is said in effects: those are authorised,
 * not the command's name.
 */
enum cw_catalogue_type {
	CW_TYPE_STRING, /* JSON string, or null to clear where the row says so */
	CW_TYPE_STRINGS, /* a string or a list of them */
	CW_TYPE_BOOL,
	CW_TYPE_SWITCH, /* true; false is as if it were not there */
	CW_TYPE_INT, /* 0 .. 2^31-1, also as a string of digits: how command lines have it */
	CW_TYPE_DATE, /* RFC 3339, or "YYYY-MM-DD"; null to clear */
	CW_TYPE_DURATION, /* "[d.]hh:mm:ss" as .NET writes a TimeSpan */
	CW_TYPE_SECRET, /* {"$sealed":"BASE64"}, opened by the agent alone */
	CW_TYPE_IDENTITY, /* by the forms of the row's kind, or an object with ObjectGUID */
	CW_TYPE_IDENTITIES,
	CW_TYPE_CHOICE, /* one of the row's values */
	CW_TYPE_PROPERTIES, /* names of properties to read; never secret ones */
	CW_TYPE_ATTRIBUTES, /* {"attribute": value or list}; attributes of the table alone */
	CW_TYPE_ATTRIBUTE_NAMES, /* of the same table */
	CW_TYPE_FILTER, /* AD's PowerShell filter syntax; sent as -LDAPFilter */
	CW_TYPE_LDAP_FILTER, /* RFC 4515 */
	CW_TYPE_CHOICES, /* some of the row's values */
	CW_TYPE_FLAGS, /* some of the row's values, sent as one text */
	CW_TYPE_CHANGES, /* {"Add":[...],"Remove":[...]} or {"Replace":[...]}; or a list: Replace */
	CW_TYPE_DN, /* a distinguished name */
	CW_TYPE_GUID,
	CW_TYPE_OBJECT, /* an object of the module; always refused */
};

#define CW_PARAMETER_REQUIRED 1u
#define CW_PARAMETER_ONE_OF 2u /* in some sets of parameters it must be there, in others not */
#define CW_PARAMETER_NULL 4u /* null clears */
#define CW_PARAMETER_CLASS 8u /* .class is its own; otherwise that of what it writes */
#define CW_PARAMETER_CLASS_IF_TRUE 16u /* .class is its own unless it is false */
#define CW_PARAMETER_CLASS_IF_FALSE 32u /* .class is its own unless it is true */
#define CW_PARAMETER_MODULE_FILTER 64u /* the command has no -LDAPFilter: sent as -Filter */

/* A kind of object of the module ("ADUser"), and how one is named. */
#define CW_IDENTITY_DN 1u
#define CW_IDENTITY_GUID 2u
#define CW_IDENTITY_SID 4u
#define CW_IDENTITY_SAM 8u /* sAMAccountName */
#define CW_IDENTITY_NAME 16u
struct cw_catalogue_kind {
	const char *name;
	unsigned forms;
	uint32_t bit; /* of its own, for cw_property.kinds */
};

struct cw_catalogue_parameter {
	const char *name; /* full, without the dash */
	enum cw_catalogue_type type;
	unsigned flags;
	enum cw_class class; /* see the flags; CW_CLASS_BLOCKED: never taken */
	const struct cw_catalogue_group *group; /* of its own class; NULL: the command's */
	const char *why; /* of the class; or what to know; NULL */
	const char *const *choices; /* NULL-terminated; of CHOICE, CHOICES and FLAGS */
	const struct cw_catalogue_kind *kind; /* of an identity */
	const uint16_t *writes; /* see cw_catalogue_parameter_writes() */
	uint16_t sets, needed; /* the command's sets that it is in, and that need it: bits */
};

struct cw_catalogue_command {
	const char *name; /* "Get-ADUser" */
	const char *qualified; /* "ActiveDirectory\\Get-ADUser" */
	const char *module;
	const char *role; /* of the server it runs on: "directory", "sync"; or "sandbox" */
	const struct cw_catalogue_group *group;
	enum cw_class class;
	const char *why; /* of an approval or a block; NULL */
	bool write;
	bool should_process; /* takes -WhatIf and -Confirm */
	const char *server; /* the parameter that names the domain controller; NULL for none */
	const struct cw_catalogue_kind *kind; /* of what it is about; NULL for none */
	const char *target; /* the parameter that names it; NULL for none */
	const char *output; /* type without its namespace; NULL for none or unknown */
	const uint16_t *parameters; /* see cw_catalogue_parameter() */
	const uint16_t *writes; /* by itself; see cw_catalogue_command_writes() */
	uint16_t sets, server_sets; /* usable sets of parameters; those with .server */
};

/* Names compare without case. NULL when it is not in the catalogue. */
const struct cw_catalogue_command *cw_catalogue_find(const char *name);
/* All of them, sorted by name, those that are blocked too: for lists and help. */
const struct cw_catalogue_command *cw_catalogue_all(size_t *count);
/* Names of a role's commands, NULL-terminated: what stays visible in its runspaces. Static storage.
 */
const char *const *cw_catalogue_names(const char *role);
/* A hash of all the tables, 64 hexadecimal digits: two builds with the same one bind and judge
 * alike. Static storage. */
const char *cw_catalogue_version(void);
/* True when some call of it could be bound: not blocked, and not the sandbox's own. */
bool cw_catalogue_runs(const struct cw_catalogue_command *command);

/* A kind by its name; NULL when there is none such. */
const struct cw_catalogue_kind *cw_catalogue_kind_find(const char *name);

/* The command's parameters by number from 0, refused ones too; NULL past the last. */
const struct cw_catalogue_parameter *cw_catalogue_parameter(
    const struct cw_catalogue_command *command, size_t i);
/* By whole name, without case; NULL when it has none such. */
const struct cw_catalogue_parameter *cw_catalogue_parameter_find(
    const struct cw_catalogue_command *command, const char *name);
/* The attributes that it writes, by number from 0; NULL past the last. */
const struct cw_attribute *cw_catalogue_parameter_writes(
    const struct cw_catalogue_parameter *parameter, size_t i);
/* Those that the command writes whatever its parameters are, likewise. */
const struct cw_attribute *cw_catalogue_command_writes(
    const struct cw_catalogue_command *command, size_t i);
/* "text", "identity", ...: a word for interfaces. Static storage. */
const char *cw_catalogue_type_name(enum cw_catalogue_type type);

struct cw_catalogue_call;

/*
 * Checks command and parameters (an object or NULL) and makes the call. CW_EDENIED: not in the
 * catalogue, blocked, or in need of an approval, with what to do instead; CW_EINVAL: a value that
 * does not fit. On success *ret is the caller's.
 */
int cw_catalogue_bind(struct cw_catalogue_call **ret, const char *command, const cJSON *parameters,
    struct cw_err *err);
/* The same, for who asks a person before it runs: effects of CW_CLASS_APPROVAL are not refused. */
int cw_catalogue_bind_for_approval(struct cw_catalogue_call **ret, const char *command,
    const cJSON *parameters, struct cw_err *err);
void cw_catalogue_call_free(struct cw_catalogue_call *call); /* wipes; ok on NULL */

const struct cw_catalogue_command *cw_catalogue_call_entry(const struct cw_catalogue_call *call);

/*
 * What a call would do, each thing once: the command itself, parameters with a class of their own,
 * every attribute it reads by name or writes. A call is allowed when each of them is.
 */
struct cw_catalogue_effect {
	const struct cw_catalogue_group *group;
	enum cw_class class;
	const char *parameter; /* that asks for it; NULL: the command itself */
	const char *attribute; /* NULL: none in particular; "*": all that may be read */
	const char *why; /* NULL for the ordinary */
};
/* Borrowed from the call; the command itself comes first. */
const struct cw_catalogue_effect *cw_catalogue_call_effects(
    const struct cw_catalogue_call *call, size_t *count);
/* Does it write a password, a lockout or the time of the last change (CW_ATTRIBUTE_PDC) of an
 * object that is there already? Those are best written on the PDC emulator, which every other
 * controller asks before it refuses a logon. */
bool cw_catalogue_call_is_for_pdc(const struct cw_catalogue_call *call);
/* As cw_catalogue_bind_for_approval(). On CW_EDENIED *refused is the effect that may not be, or
 * zeroed (group NULL) where it is about none. */
int cw_catalogue_bind_for_policy(struct cw_catalogue_call **ret, const char *command,
    const cJSON *parameters, struct cw_catalogue_effect *refused, struct cw_err *err);

/* The value that is bound to this parameter, as it is sent; NULL: none. Borrowed from the call. */
const struct cw_ps_value *cw_catalogue_call_argument(
    const struct cw_catalogue_call *call, const char *parameter);

/* Sealed values, in no particular order; i below the count. */
size_t cw_catalogue_call_secrets(const struct cw_catalogue_call *call);
void cw_catalogue_call_secret(const struct cw_catalogue_call *call, size_t i,
    const char **parameter, const uint8_t **box, size_t *box_len);
/* Puts the opened text in its place. CW_EINVAL: not UTF-8, or empty. */
int cw_catalogue_call_open(
    struct cw_catalogue_call *call, size_t i, const void *utf8, size_t n, struct cw_err *err);

/*
 * The objects that a call names: by its target, by every other parameter that identifies objects,
 * and by places (-Path, -TargetPath). In the order of its parameters; a list is so many objects.
 */
struct cw_catalogue_named {
	const struct cw_catalogue_parameter *parameter;
	const char *text; /* in the form of identity.h or dn.h; borrowed from the call */
	bool target; /* what the command is about */
};
size_t cw_catalogue_call_named(const struct cw_catalogue_call *call);
/* false: there is no i-th. */
bool cw_catalogue_call_name(
    const struct cw_catalogue_call *call, size_t i, struct cw_catalogue_named *ret);
/* Says it by another text: what was looked up stays what it was, whatever is renamed meanwhile. */
int cw_catalogue_call_pin(
    struct cw_catalogue_call *call, size_t i, const char *text, struct cw_err *err);

/*
 * The command to run: every secret opened, the controller's name, -WhatIf:$false and
 * -Confirm:$false added by us. server may be NULL for a command that takes none. *ret is borrowed
 * from the call. CW_EINVAL while a secret is sealed.
 */
int cw_catalogue_call_command(struct cw_catalogue_call *call, const struct cw_psrp_command **ret,
    const char *server, struct cw_err *err);
/* The same without its target, which is then fed to the pipeline, one object after the other. *ret
 * is filled, and borrows from the call. CW_EINVAL: it names none, or takes none as input. */
int cw_catalogue_call_command_fed(struct cw_catalogue_call *call, struct cw_psrp_command *ret,
    const char *server, struct cw_err *err);

#endif
