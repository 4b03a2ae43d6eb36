/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/sha.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "ledger/db.h"
#include "ledger/keys.h"
#include "ledger/ledger.h"
#include "os/clock.h"
#include "os/random.h"

#define COLUMNS "id, name, prefix, tenants, created, used, revoked, role"
#define SECRET 32u /* bytes */
#define NOT_VALID "the API key is not valid"

static const char *const role_names[] = { "reader", "operator", "admin" };

const char *
cw_api_role_name(enum cw_api_role role)
{
	return role_names[role];
}

int
cw_api_role_parse(enum cw_api_role *ret, const char *text, struct cw_err *err)
{
	for (size_t i = 0; i < CW_COUNT(role_names); i++)
		if (cw_streq(text, role_names[i])) {
			*ret = (enum cw_api_role)i;
			return CW_OK;
		}
	return cw_fail(
	    err, CW_EINVAL, "the role is one of reader, operator, admin, not \"%.64s\"", text);
}

struct add {
	struct cw_api_key *key;
	uint8_t hash[SHA256_DIGEST_LENGTH];
};

static int
tenants_text(struct cw_buf *b, const struct cw_api_key *key)
{
	cJSON *list = cJSON_CreateArray();
	int r = list == NULL ? CW_ENOMEM : CW_OK;

	for (size_t i = 0; i < key->tenant_count && r == CW_OK; i++)
		if (!cJSON_AddItemToArray(list, cJSON_CreateString(key->tenants[i])))
			r = CW_ENOMEM;
	if (r == CW_OK)
		r = cw_json_put(b, list);
	cJSON_Delete(list);
	return r;
}

static int
add_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	struct add *a = arg;
	struct cw_buf tenants;
	int r;

	cw_buf_init(&tenants, CW_API_KEY_TENANTS_MAX * (CW_UUID_TEXT + 3));
	if ((r = tenants_text(&tenants, a->key)) < 0)
		(void)cw_fail(err, r, "out of memory");
	else
		r = cw_db_do(db, err,
		    "INSERT INTO api_key (id, name, hash, prefix, role, tenants, created) VALUES "
		    "(?1, ?2, ?3, ?4, ?5, ?6, ?7)",
		    "ttbtttt", a->key->id, a->key->name, a->hash, (int)sizeof(a->hash),
		    a->key->prefix, role_names[a->key->role],
		    a->key->tenant_count == 0 ? NULL : cw_buf_str(&tenants), a->key->created);
	cw_buf_free(&tenants);
	return r < 0 ? r : CW_OK;
}

int
cw_api_key_add(
    struct cw_ledger *l, struct cw_api_key *key, char text[CW_API_KEY_TEXT], struct cw_err *err)
{
	struct add a = { .key = key };
	uint8_t secret[SECRET];
	struct cw_buf b;
	int r;

	if (key->name[0] == '\0')
		return cw_fail(err, CW_EINVAL, "an API key needs a name");
	if ((key->role == CW_ROLE_ADMIN) != (key->tenant_count == 0))
		return cw_fail(err, CW_EINVAL,
		    "an administrator's API key is for all tenants, any other names its own");
	cw_random(secret, sizeof(secret));
	cw_buf_init(&b, CW_API_KEY_TEXT);
	r = cw_base64url_put(&b, secret, sizeof(secret));
	if (r == CW_OK)
		(void)snprintf(text, CW_API_KEY_TEXT, "cwk_%s", cw_buf_str(&b));
	cw_wipe(secret, sizeof(secret));
	cw_buf_free_secret(&b);
	if (r < 0)
		return cw_fail(err, r, "out of memory");
	(void)snprintf(key->prefix, sizeof(key->prefix), "%.12s", text);
	(void)SHA256((const unsigned char *)text, strlen(text), a.hash);
	cw_random_uuid(key->id);
	cw_time_text(key->created, cw_clock_unix_ms());
	return cw_ledger_now(l, add_work, &a, err);
}

static int
read_row(struct cw_api_key *key, sqlite3_stmt *row, struct cw_err *err)
{
	const char *tenants = cw_db_text(row, 3);
	const cJSON *one;
	cJSON *list;
	int r;

	memset(key, 0, sizeof(*key));
	(void)snprintf(key->id, sizeof(key->id), "%s", cw_db_text(row, 0));
	(void)snprintf(key->name, sizeof(key->name), "%s", cw_db_text(row, 1));
	(void)snprintf(key->prefix, sizeof(key->prefix), "%s", cw_db_text(row, 2));
	(void)snprintf(key->created, sizeof(key->created), "%s", cw_db_text(row, 4));
	(void)snprintf(key->used, sizeof(key->used), "%s", cw_db_text(row, 5));
	(void)snprintf(key->revoked, sizeof(key->revoked), "%s", cw_db_text(row, 6));
	if ((r = cw_api_role_parse(&key->role, cw_db_text(row, 7), err)) < 0 || tenants[0] == '\0')
		return r;
	if ((r = cw_json_parse(
		 &list, tenants, strlen(tenants), "the ledger's list of tenants", err)) < 0)
		return r;
	cJSON_ArrayForEach (one, list)
		if (cJSON_IsString(one) && key->tenant_count < CW_API_KEY_TENANTS_MAX)
			(void)snprintf(key->tenants[key->tenant_count++], CW_UUID_TEXT, "%s",
			    one->valuestring);
	cJSON_Delete(list);
	return CW_OK;
}

struct touch {
	char id[CW_UUID_TEXT], used[CW_TIME_TEXT];
};

static int
touch_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct touch *t = arg;
	int r =
	    cw_db_do(db, err, "UPDATE api_key SET used = ?2 WHERE id = ?1", "tt", t->id, t->used);

	return r < 0 ? r : CW_OK;
}

/* Remembers its use, once a minute at most: a busy key must not write the disk all day. */
static void
touch(struct cw_ledger *l, const struct cw_api_key *key)
{
	struct cw_ledger_job job = { touch_work, NULL, free, NULL };
	int64_t now = cw_clock_unix_ms(), last;
	struct touch *t;

	if (cw_time_parse(&last, key->used, strlen(key->used)) == CW_OK && now - last < 60000)
		return;
	if ((t = calloc(1, sizeof(*t))) == NULL)
		return;
	memcpy(t->id, key->id, sizeof(t->id));
	cw_time_text(t->used, now);
	job.arg = t;
	if (cw_ledger_submit(l, &job, false, NULL) < 0)
		free(t);
}

int
cw_api_key_check(
    struct cw_ledger *l, struct cw_api_key *ret, const char *text, size_t n, struct cw_err *err)
{
	uint8_t hash[SHA256_DIGEST_LENGTH];
	struct cw_db *db = cw_ledger_reader_now(l);
	sqlite3_stmt *row;
	int r;

	if (n != CW_API_KEY_TEXT - 1)
		return cw_fail(err, CW_EAUTH, NOT_VALID);
	/* Looked up by its hash: the time this takes tells nothing of the key's text. */
	(void)SHA256((const unsigned char *)text, n, hash);
	if ((r = cw_db_query(db, &row, err,
		 "SELECT " COLUMNS " FROM api_key WHERE hash = ?1 AND revoked IS NULL", "b", hash,
		 (int)sizeof(hash))) < 0 ||
	    (r = cw_db_step(db, row, err)) < 0)
		return r;
	if (r == 0)
		return cw_fail(err, CW_EAUTH, NOT_VALID);
	r = read_row(ret, row, err);
	(void)sqlite3_reset(row);
	if (r == CW_OK)
		touch(l, ret);
	return r;
}

bool
cw_api_key_alive(struct cw_ledger *l, const char *id)
{
	struct cw_db *db = cw_ledger_reader_now(l);
	sqlite3_stmt *row;
	int r;

	if (cw_db_query(db, &row, NULL, "SELECT 1 FROM api_key WHERE id = ?1 AND revoked IS NULL",
		"t", id) < 0)
		return false;
	r = cw_db_step(db, row, NULL);
	(void)sqlite3_reset(row);
	return r == 1;
}

struct revoke {
	const char *id;
	char when[CW_TIME_TEXT];
};

static int
revoke_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct revoke *v = arg;
	int r =
	    cw_db_do(db, err, "UPDATE api_key SET revoked = coalesce(revoked, ?2) WHERE id = ?1",
		"tt", v->id, v->when);

	return r == 0 ? cw_fail(err, CW_ENOTFOUND, "there is no API key %s", v->id)
	    : r < 0   ? r
		      : CW_OK;
}

int
cw_api_key_revoke(struct cw_ledger *l, const char *id, struct cw_err *err)
{
	struct revoke v = { .id = id };

	cw_time_text(v.when, cw_clock_unix_ms());
	return cw_ledger_now(l, revoke_work, &v, err);
}

int
cw_api_key_walk(struct cw_ledger *l, void (*each)(void *arg, const struct cw_api_key *key),
    void *arg, struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader(l);
	struct cw_api_key key;
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(
		 db, &row, err, "SELECT " COLUMNS " FROM api_key ORDER BY created", "")) < 0)
		return r;
	while ((r = cw_db_step(db, row, err)) == 1) {
		if ((r = read_row(&key, row, err)) < 0)
			break;
		each(arg, &key);
	}
	(void)sqlite3_reset(row);
	return r;
}

bool
cw_api_key_sees(const struct cw_api_key *key, const char *tenant)
{
	if (key->role == CW_ROLE_ADMIN)
		return true;
	for (size_t i = 0; i < key->tenant_count; i++)
		if (cw_streq(key->tenants[i], tenant))
			return true;
	return false;
}
