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
#define CW_API_KEY_TEXT \
	52u /* bytes of "cwk_..." with the NUL: 32 random bytes in base64url and a NUL */
#define CW_API_KEY_TENANTS_MAX 64u
#define CW_API_KEY_NAME_MAX 128u /* bytes, with the NUL */

struct cw_api_key {
	char id[CW_UUID_TEXT];
	char name[CW_API_KEY_NAME_MAX];
	char prefix[13]; /* "cwk_" and its first 8 characters */
	bool admin; /* all tenants, tenants themselves, and keys */
	size_t tenant_count; /* of a key that is not admin */
	char tenants[CW_API_KEY_TENANTS_MAX][CW_UUID_TEXT];
	char created[CW_TIME_TEXT], used[CW_TIME_TEXT], revoked[CW_TIME_TEXT]; /* "" for never */
};

/* Makes a key; its text goes to text, once. Fills id, prefix, created. */
int cw_api_key_add(
    struct cw_ledger *l, struct cw_api_key *key, char text[CW_API_KEY_TEXT], struct cw_err *err);
/* CW_EAUTH when there is no such key or it is revoked; the words are the same for both. n bytes of
 * text. */
int cw_api_key_check(
    struct cw_ledger *l, struct cw_api_key *ret, const char *text, size_t n, struct cw_err *err);
int cw_api_key_revoke(struct cw_ledger *l, const char *id, struct cw_err *err); /* CW_ENOTFOUND */
int cw_api_key_walk(struct cw_ledger *l, void (*each)(void *arg, const struct cw_api_key *key),
    void *arg, struct cw_err *err);
bool cw_api_key_sees(const struct cw_api_key *key, const char *tenant);

#endif
