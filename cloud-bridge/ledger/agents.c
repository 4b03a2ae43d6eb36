/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "ledger/agents.h"
#include "ledger/db.h"
#include "ledger/ledger.h"
#include "os/clock.h"

#define COLUMNS                                                                                 \
	"id, tenant, hostname, roles, seal_key, serial, next_serial, revoked, enrolled, seen, " \
	"version, os, epoch, counter"

static void
copy(char *ret, size_t n, const char *s)
{
	(void)snprintf(ret, n, "%s", s);
}

/* --- tokens */

static int
find_token(struct cw_db *db, struct cw_token_grant *ret, const uint8_t hash[CW_TOKEN_HASH],
    int64_t now_ms, struct cw_err *err)
{
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(db, &row, err,
		 "SELECT tenant, roles, expires_ms, agent FROM enrolment_token WHERE hash = ?1",
		 "b", hash, (int)CW_TOKEN_HASH)) < 0 ||
	    (r = cw_db_step(db, row, err)) < 0)
		return r;
	if (r == 0)
		return cw_fail(err, CW_EAUTH, "the enrolment token is not known here");
	r = CW_OK;
	if (cw_db_text(row, 3)[0] != '\0')
		r = cw_fail(
		    err, CW_ECONFLICT, "the enrolment token has been used; ask for a new one");
	else if (sqlite3_column_int64(row, 2) <= now_ms)
		r = cw_fail(err, CW_EEXPIRED, "the enrolment token has expired; ask for a new one");
	copy(ret->tenant, sizeof(ret->tenant), cw_db_text(row, 0));
	copy(ret->roles, sizeof(ret->roles), cw_db_text(row, 1));
	(void)sqlite3_reset(row);
	return r;
}

static int
token_find(void *arg, struct cw_token_grant *ret, const uint8_t hash[CW_TOKEN_HASH], int64_t now_ms,
    struct cw_err *err)
{
	return find_token(cw_ledger_reader(arg), ret, hash, now_ms, err);
}

struct add_token {
	const uint8_t *hash;
	const struct cw_token_grant *grant;
	int64_t expires_ms;
};

static int
add_token_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct add_token *a = arg;
	char now[CW_TIME_TEXT];
	int r;

	cw_time_text(now, cw_clock_unix_ms());
	r = cw_db_do(db, err,
	    "INSERT INTO enrolment_token (hash, tenant, roles, created, expires_ms) VALUES (?1, "
	    "?2, ?3, ?4, ?5)",
	    "bttti", a->hash, (int)CW_TOKEN_HASH, a->grant->tenant, a->grant->roles, now,
	    a->expires_ms);
	if (r == CW_ECONFLICT)
		return cw_fail(err, CW_ENOTFOUND, "there is no tenant %s", a->grant->tenant);
	return r < 0 ? r : CW_OK;
}

int
cw_enrolment_token_add(struct cw_ledger *l, const uint8_t hash[CW_TOKEN_HASH],
    const struct cw_token_grant *grant, int64_t expires_ms, struct cw_err *err)
{
	struct add_token a = { hash, grant, expires_ms };

	return cw_ledger_now(l, add_token_work, &a, err);
}

/* --- agents */

struct enrol {
	const uint8_t *hash;
	int64_t now_ms;
	const struct cw_agent_record *agent;
};

static int
enrol_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct enrol *e = arg;
	const struct cw_agent_record *a = e->agent;
	struct cw_token_grant grant;
	char now[CW_TIME_TEXT];
	int r;

	cw_time_text(now, e->now_ms);
	if ((r = find_token(db, &grant, e->hash, e->now_ms, err)) < 0 ||
	    (r = cw_db_do(db, err,
		 "INSERT INTO agent (id, tenant, hostname, roles, seal_key, serial, next_serial, "
		 "enrolled)"
		 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
		 "ttttbttt", a->id, a->tenant, a->hostname, a->roles, a->seal_key,
		 (int)CW_AGENT_SEAL_KEY, a->serial, a->next_serial, now)) < 0 ||
	    (r = cw_db_do(db, err, "UPDATE enrolment_token SET agent = ?2 WHERE hash = ?1", "bt",
		 e->hash, (int)CW_TOKEN_HASH, a->id)) < 0)
		return r;
	return CW_OK;
}

static int
agent_enrol(void *arg, const uint8_t token_hash[CW_TOKEN_HASH], int64_t now_ms,
    const struct cw_agent_record *agent, struct cw_err *err)
{
	struct enrol e = { token_hash, now_ms, agent };

	return cw_ledger_now(arg, enrol_work, &e, err);
}

static void
read_row(struct cw_agent_row *ret, sqlite3_stmt *row)
{
	struct cw_agent_record *a = &ret->agent;

	memset(ret, 0, sizeof(*ret));
	copy(a->id, sizeof(a->id), cw_db_text(row, 0));
	copy(a->tenant, sizeof(a->tenant), cw_db_text(row, 1));
	copy(a->hostname, sizeof(a->hostname), cw_db_text(row, 2));
	copy(a->roles, sizeof(a->roles), cw_db_text(row, 3));
	if (sqlite3_column_bytes(row, 4) == (int)CW_AGENT_SEAL_KEY)
		memcpy(a->seal_key, sqlite3_column_blob(row, 4), CW_AGENT_SEAL_KEY);
	copy(a->serial, sizeof(a->serial), cw_db_text(row, 5));
	copy(a->next_serial, sizeof(a->next_serial), cw_db_text(row, 6));
	copy(ret->revoked, sizeof(ret->revoked), cw_db_text(row, 7));
	a->revoked = ret->revoked[0] != '\0';
	copy(ret->enrolled, sizeof(ret->enrolled), cw_db_text(row, 8));
	copy(ret->seen, sizeof(ret->seen), cw_db_text(row, 9));
	copy(ret->version, sizeof(ret->version), cw_db_text(row, 10));
	copy(ret->os, sizeof(ret->os), cw_db_text(row, 11));
	copy(ret->epoch, sizeof(ret->epoch), cw_db_text(row, 12));
	ret->counter = sqlite3_column_int64(row, 13);
}

int
cw_agent_row_find(struct cw_ledger *l, struct cw_agent_row *ret, const char *id, struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader(l);
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(
		 db, &row, err, "SELECT " COLUMNS " FROM agent WHERE id = ?1", "t", id)) < 0 ||
	    (r = cw_db_step(db, row, err)) < 0)
		return r;
	if (r == 0)
		return cw_fail(err, CW_ENOTFOUND, "there is no agent %s", id);
	read_row(ret, row);
	(void)sqlite3_reset(row);
	return CW_OK;
}

static int
agent_find(void *arg, struct cw_agent_record *ret, const char *agent, struct cw_err *err)
{
	struct cw_agent_row row;
	int r = cw_agent_row_find(arg, &row, agent, err);

	if (r == CW_OK)
		*ret = row.agent;
	return r;
}

struct change {
	const char *agent, *serial, *next_serial;
	char when[CW_TIME_TEXT];
};

static int
one_row(int changed, const char *agent, struct cw_err *err)
{
	return changed == 0 ? cw_fail(err, CW_ENOTFOUND, "there is no agent %s", agent)
	    : changed < 0   ? changed
			    : CW_OK;
}

static int
serials_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct change *c = arg;

	return one_row(
	    cw_db_do(db, err, "UPDATE agent SET serial = ?2, next_serial = ?3 WHERE id = ?1", "ttt",
		c->agent, c->serial, c->next_serial),
	    c->agent, err);
}

static int
agent_serials(
    void *arg, const char *agent, const char *serial, const char *next_serial, struct cw_err *err)
{
	struct change c = { .agent = agent, .serial = serial, .next_serial = next_serial };

	return cw_ledger_now(arg, serials_work, &c, err);
}

static int
revoke_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct change *c = arg;

	return one_row(
	    cw_db_do(db, err, "UPDATE agent SET revoked = coalesce(revoked, ?2) WHERE id = ?1",
		"tt", c->agent, c->when),
	    c->agent, err);
}

static int
agent_revoke(void *arg, const char *agent, int64_t now_ms, struct cw_err *err)
{
	struct change c = { .agent = agent };

	cw_time_text(c.when, now_ms);
	return cw_ledger_now(arg, revoke_work, &c, err);
}

struct touch {
	char agent[CW_UUID_TEXT];
	struct cw_agent_seen seen;
};

static int
touch_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct touch *t = arg;
	char when[CW_TIME_TEXT];

	cw_time_text(when, t->seen.at_ms);
	return one_row(cw_db_do(db, err,
			   "UPDATE agent SET seen = ?2, hostname = ?3, version = ?4, os = ?5, "
			   "epoch = ?6, counter = ?7 WHERE id = ?1",
			   "tttttti", t->agent, when, t->seen.hostname, t->seen.version, t->seen.os,
			   t->seen.epoch, t->seen.counter),
	    t->agent, err);
}

static int
agent_touch(void *arg, const char *agent, const struct cw_agent_seen *seen, struct cw_err *err)
{
	struct cw_ledger_job job = { touch_work, NULL, free, NULL };
	struct touch *t = calloc(1, sizeof(*t));
	int r;

	if (t == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	copy(t->agent, sizeof(t->agent), agent);
	t->seen = *seen;
	job.arg = t;
	if ((r = cw_ledger_submit(arg, &job, false, err)) < 0)
		free(t);
	return r;
}

void
cw_ledger_agents_store(struct cw_ledger *l, struct cw_agents_store *ret)
{
	*ret = (struct cw_agents_store){ l, token_find, agent_enrol, agent_find, agent_serials,
		agent_touch, agent_revoke };
}

int
cw_agent_row_walk(struct cw_ledger *l, const char *tenant,
    void (*each)(void *arg, const struct cw_agent_row *row), void *arg, struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader(l);
	struct cw_agent_row a;
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(db, &row, err,
		 "SELECT " COLUMNS
		 " FROM agent WHERE ?1 IS NULL OR tenant = ?1 ORDER BY hostname, id",
		 "t", tenant)) < 0)
		return r;
	while ((r = cw_db_step(db, row, err)) == 1) {
		read_row(&a, row);
		each(arg, &a);
	}
	return r;
}
