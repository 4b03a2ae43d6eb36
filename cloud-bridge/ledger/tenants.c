/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/tenants.h"
#include "os/clock.h"
#include "os/random.h"

#define COLUMNS "id, name, mode, created, graph"

static const char *const mode_names[] = { "cloud", "on-prem", "hybrid-sync", "hybrid-dual" };

const char *
cw_mode_name(enum cw_identity_mode mode)
{
	return mode_names[mode];
}

int
cw_mode_parse(enum cw_identity_mode *ret, const char *text, struct cw_err *err)
{
	for (size_t i = 0; i < CW_COUNT(mode_names); i++)
		if (cw_streq(text, mode_names[i])) {
			*ret = (enum cw_identity_mode)i;
			return CW_OK;
		}
	return cw_fail(err, CW_EINVAL,
	    "the mode is one of cloud, on-prem, hybrid-sync, hybrid-dual, not \"%s\"", text);
}

static void
copy(char *ret, size_t n, const char *s)
{
	(void)snprintf(ret, n, "%s", s == NULL ? "" : s);
}

static int
graph_text(struct cw_buf *b, const struct cw_tenant_graph *g)
{
	const char *const members[][2] = { { "tenant_id", g->tenant_id },
		{ "client_id", g->client_id }, { "graph_url", g->graph_url },
		{ "token_url", g->token_url }, { "thumbprint", g->thumbprint },
		{ "expires", g->expires } };
	cJSON *o = cJSON_CreateObject();
	int r = CW_OK;

	if (o == NULL)
		return CW_ENOMEM;
	for (size_t i = 0; i < CW_COUNT(members); i++)
		if (cJSON_AddStringToObject(o, members[i][0], members[i][1]) == NULL)
			r = CW_ENOMEM;
	if (r == CW_OK)
		r = cw_json_put(b, o);
	cJSON_Delete(o);
	return r;
}

static int
read_row(struct cw_tenant *t, sqlite3_stmt *row, struct cw_err *err)
{
	const char *graph = cw_db_text(row, 4);
	cJSON *o;
	int r;

	memset(t, 0, sizeof(*t));
	copy(t->id, sizeof(t->id), cw_db_text(row, 0));
	copy(t->name, sizeof(t->name), cw_db_text(row, 1));
	copy(t->created, sizeof(t->created), cw_db_text(row, 3));
	if ((r = cw_mode_parse(&t->mode, cw_db_text(row, 2), err)) < 0 || graph[0] == '\0')
		return r;
	if ((r = cw_json_parse(&o, graph, strlen(graph), "the ledger's Graph settings", err)) < 0)
		return r;
	t->graph.set = true;
	copy(t->graph.tenant_id, sizeof(t->graph.tenant_id), cw_json_str(o, "tenant_id"));
	copy(t->graph.client_id, sizeof(t->graph.client_id), cw_json_str(o, "client_id"));
	copy(t->graph.graph_url, sizeof(t->graph.graph_url), cw_json_str(o, "graph_url"));
	copy(t->graph.token_url, sizeof(t->graph.token_url), cw_json_str(o, "token_url"));
	copy(t->graph.thumbprint, sizeof(t->graph.thumbprint), cw_json_str(o, "thumbprint"));
	copy(t->graph.expires, sizeof(t->graph.expires), cw_json_str(o, "expires"));
	cJSON_Delete(o);
	return CW_OK;
}

/* Case does not tell two names apart. One that it has already stays, whatever there is beside it.
 */
static int
check_unique(const struct cw_tenant *t, struct cw_db *db, struct cw_err *err)
{
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(db, &row, err,
		 "SELECT name FROM tenant WHERE name = ?2 COLLATE NOCASE AND id <> ?1"
		 " AND NOT EXISTS (SELECT 1 FROM tenant WHERE id = ?1 AND name = ?2) LIMIT 1",
		 "tt", t->id, t->name)) < 0 ||
	    (r = cw_db_step(db, row, err)) <= 0)
		return r;
	r = cw_fail(err, CW_ECONFLICT, "there is a tenant named \"%s\" already%s",
	    cw_db_text(row, 0),
	    cw_streq(cw_db_text(row, 0), t->name) ? "" : ", and case does not tell names apart");
	(void)sqlite3_reset(row);
	return r;
}

static int
put(void *arg, struct cw_db *db, struct cw_err *err)
{
	const struct cw_tenant *t = arg;
	struct cw_buf graph;
	int r = check_unique(t, db, err);

	if (r < 0)
		return r;
	cw_buf_init(&graph, 4096);
	if (t->graph.set && (r = graph_text(&graph, &t->graph)) < 0)
		(void)cw_fail(err, r, "out of memory");
	if (r == CW_OK)
		r = cw_db_do(db, err,
		    "INSERT INTO tenant (" COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5)"
		    " ON CONFLICT (id) DO UPDATE SET name = ?2, mode = ?3, graph = ?5",
		    "ttttt", t->id, t->name, cw_mode_name(t->mode), t->created,
		    t->graph.set ? cw_buf_str(&graph) : NULL);
	cw_buf_free(&graph);
	return r < 0 ? r : CW_OK;
}

/* A name stands for the id in paths and on command lines. */
static int
check(const struct cw_tenant *t, struct cw_err *err)
{
	uint8_t uuid[16];

	if (t->name[0] == '\0')
		return cw_fail(err, CW_EINVAL, "a tenant needs a name");
	if (cw_uuid_parse(uuid, t->name, strlen(t->name)) == CW_OK)
		return cw_fail(err, CW_EINVAL, "a tenant's name must not look like an id");
	if (strchr(t->name, '/') != NULL || cw_streq(t->name, ".") || cw_streq(t->name, ".."))
		return cw_fail(
		    err, CW_EINVAL, "a tenant's name is text without \"/\", and no dots alone");
	if (t->name[0] == ' ' || t->name[strlen(t->name) - 1] == ' ')
		return cw_fail(err, CW_EINVAL, "a tenant's name has no space at its ends");
	if (!cw_utf8_is_line(t->name, strlen(t->name)))
		return cw_fail(err, CW_EINVAL,
		    "a tenant's name is one line of UTF-8, without control characters");
	return CW_OK;
}

int
cw_tenant_add(struct cw_ledger *l, struct cw_tenant *tenant, struct cw_err *err)
{
	int r;

	if ((r = check(tenant, err)) < 0)
		return r;
	cw_random_uuid(tenant->id);
	cw_time_text(tenant->created, cw_clock_unix_ms());
	return cw_ledger_now(l, put, tenant, err);
}

int
cw_tenant_update(struct cw_ledger *l, const struct cw_tenant *tenant, struct cw_err *err)
{
	struct cw_tenant copy_of = *tenant;
	int r;

	if ((r = check(tenant, err)) < 0)
		return r;
	return cw_ledger_now(l, put, &copy_of, err);
}

static int
find(struct cw_ledger *l, struct cw_tenant *ret, const char *sql, const char *what,
    struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader_now(l);
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(db, &row, err, sql, "t", what)) < 0 ||
	    (r = cw_db_step(db, row, err)) < 0)
		return r;
	if (r == 0)
		return cw_fail(err, CW_ENOTFOUND, "there is no tenant %.64s", what);
	r = read_row(ret, row, err);
	(void)sqlite3_reset(row);
	return r;
}

int
cw_tenant_find(struct cw_ledger *l, struct cw_tenant *ret, const char *id, struct cw_err *err)
{
	return find(l, ret, "SELECT " COLUMNS " FROM tenant WHERE id = ?1", id, err);
}

int
cw_tenant_lookup(
    struct cw_ledger *l, struct cw_tenant *ret, const char *id_or_name, struct cw_err *err)
{
	char id[CW_UUID_TEXT];
	uint8_t uuid[16];

	if (cw_uuid_parse(uuid, id_or_name, strlen(id_or_name)) < 0)
		return find(
		    l, ret, "SELECT " COLUMNS " FROM tenant WHERE name = ?1", id_or_name, err);
	cw_uuid_text(id, uuid);
	return cw_tenant_find(l, ret, id, err);
}

static int
remove_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	const char *id = arg;
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(db, &row, err,
		 "SELECT 1 FROM operation WHERE tenant = ?1 AND state IN ('queued', 'running') "
		 "LIMIT 1",
		 "t", id)) < 0 ||
	    (r = cw_db_step(db, row, err)) < 0)
		return r;
	(void)sqlite3_reset(row);
	if (r == 1)
		return cw_fail(err, CW_ECONFLICT,
		    "the tenant has operations under way; wait for them, or cancel them");
	if ((r = cw_db_do(db, err, "DELETE FROM agent WHERE tenant = ?1 AND revoked IS NOT NULL",
		 "t", id)) < 0)
		return r;
	if ((r = cw_db_do(db, err, "DELETE FROM tenant WHERE id = ?1", "t", id)) == CW_ECONFLICT)
		return cw_fail(err, r, "the tenant still has agents; revoke them first");
	return r == 0 ? cw_fail(err, CW_ENOTFOUND, "there is no tenant %s", id) : r < 0 ? r : CW_OK;
}

int
cw_tenant_remove(struct cw_ledger *l, const char *id, struct cw_err *err)
{
	return cw_ledger_now(l, remove_work, (void *)(uintptr_t)id, err);
}

int
cw_tenant_walk(struct cw_ledger *l, void (*each)(void *arg, const struct cw_tenant *tenant),
    void *arg, struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader_now(l);
	struct cw_tenant t;
	sqlite3_stmt *row;
	int r;

	if ((r = cw_db_query(db, &row, err, "SELECT " COLUMNS " FROM tenant ORDER BY name", "")) <
	    0)
		return r;
	while ((r = cw_db_step(db, row, err)) == 1) {
		if ((r = read_row(&t, row, err)) < 0)
			break;
		each(arg, &t);
	}
	(void)sqlite3_reset(row);
	return r;
}
