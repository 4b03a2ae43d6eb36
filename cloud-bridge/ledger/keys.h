/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LEDGER_KEYS_H
#define CW_LEDGER_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/time.h"

struct cw_err;
struct cw_ledger;

/* API keys of the web front. Only their hashes are kept. */
#define CW_API_KEY_TEXT 48u /* bytes, with the NUL: "cwk_" and base64url of 32 random bytes */
#define CW_API_KEY_TENANTS_MAX 64u
#define CW_API_KEY_NAME_MAX 128u /* bytes, with the NUL */

/* Each may do what the one before may. */
enum cw_api_role {
	CW_ROLE_READER, /* of its tenants: look, and run commands that only read */
	CW_ROLE_OPERATOR, /* of its tenants: run commands, make changes */
	CW_ROLE_ADMIN, /* all tenants, tenants themselves, and keys */
};

const char *cw_api_role_name(enum cw_api_role role); /* "operator" */
int cw_api_role_parse(enum cw_api_role *ret, const char *text, struct cw_err *err);

struct cw_api_key {
	char id[CW_UUID_TEXT];
	char name[CW_API_KEY_NAME_MAX];
	char prefix[13]; /* "cwk_" and its first 8 characters */
	enum cw_api_role role;
	size_t tenant_count; /* 0 for an administrator's, more for any other */
	char tenants[CW_API_KEY_TENANTS_MAX][CW_UUID_TEXT];
	char created[CW_TIME_TEXT], used[CW_TIME_TEXT], revoked[CW_TIME_TEXT]; /* "" for never */
};

/* Makes a key; its text goes to text, once: wipe it. Fills id, prefix, created. CW_EINVAL: no name,
 * or tenants that do not go with the role. */
int cw_api_key_add(
    struct cw_ledger *l, struct cw_api_key *key, char text[CW_API_KEY_TEXT], struct cw_err *err);
/* CW_EAUTH when there is no such key or it is revoked; the words are the same for both. n bytes of
 * text. Costs one look into an index; `used` is written at most once a minute, and waited for by
 * nobody. */
int cw_api_key_check(
    struct cw_ledger *l, struct cw_api_key *ret, const char *text, size_t n, struct cw_err *err);
/* Whether it is there and not revoked: for what began with it and goes on. */
bool cw_api_key_alive(struct cw_ledger *l, const char *id);
/* Durable when it returns; ok when it was revoked before. */
int cw_api_key_revoke(struct cw_ledger *l, const char *id, struct cw_err *err); /* CW_ENOTFOUND */
/* The oldest first, the revoked too. */
int cw_api_key_walk(struct cw_ledger *l, void (*each)(void *arg, const struct cw_api_key *key),
    void *arg, struct cw_err *err);
bool cw_api_key_sees(const struct cw_api_key *key, const char *tenant);

#endif
