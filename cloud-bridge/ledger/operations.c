/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "ledger/db.h"
#include "ledger/ledger.h"
#include "ledger/operations.h"

#define DOCUMENT_MAX (8u * 1024u * 1024u) /* bytes, without its plan */
#define PLAN_MAX (24u * 1024u * 1024u) /* bytes */

struct put {
	struct cw_buf document, plan; /* plan: empty where there is none */
	char id[CW_UUID_TEXT], tenant[CW_UUID_TEXT], kind[16], what[64], state[16];
	int64_t created_ms, updated_ms;
	void (*done)(void *arg, int code, const struct cw_err *err);
	void *arg;
};

static int
put_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	struct put *p = arg;
	int r = cw_db_do(db, err,
	    "INSERT INTO operation (id, tenant, kind, what, state, created_ms, updated_ms, "
	    "document)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
	    " ON CONFLICT (id) DO UPDATE SET state = ?5, updated_ms = ?7, document = ?8",
	    "tttttiit", p->id, p->tenant, p->kind, p->what, p->state, p->created_ms, p->updated_ms,
	    cw_buf_str(&p->document));

	if (r >= 0 && cw_buf_left(&p->plan) > 0)
		r = cw_db_do(db, err,
		    "INSERT INTO plan (operation, document) VALUES (?1, ?2)"
		    " ON CONFLICT (operation) DO UPDATE SET document = ?2",
		    "tt", p->id, cw_buf_str(&p->plan));
	return r < 0 ? r : CW_OK;
}

static void
put_done(void *arg, int code, const struct cw_err *err)
{
	struct put *p = arg;

	if (p->done != NULL)
		p->done(p->arg, code, err);
}

static void
put_free(void *arg)
{
	struct put *p = arg;

	cw_buf_free(&p->document);
	cw_buf_free(&p->plan);
	free(p);
}

static void
member(char *ret, size_t n, const cJSON *document, const char *name)
{
	const char *s = cw_json_str(document, name);

	(void)snprintf(ret, n, "%s", s == NULL ? "" : s);
}

int
cw_operation_put(struct cw_ledger *l, const cJSON *document, int64_t created_ms, int64_t updated_ms,
    bool durable, void (*done)(void *arg, int code, const struct cw_err *err), void *arg,
    struct cw_err *err)
{
	struct cw_ledger_job job = { put_work, put_done, put_free, NULL };
	const cJSON *plan = cw_json_get(cw_json_get(document, "result"), "plan");
	struct put *p = calloc(1, sizeof(*p));
	int r;

	if (p == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cw_buf_init(&p->document, DOCUMENT_MAX);
	cw_buf_init(&p->plan, PLAN_MAX);
	member(p->id, sizeof(p->id), document, "id");
	member(p->tenant, sizeof(p->tenant), document, "tenant");
	member(p->kind, sizeof(p->kind), document, "kind");
	member(p->what, sizeof(p->what), document, "what");
	member(p->state, sizeof(p->state), document, "state");
	p->created_ms = created_ms;
	p->updated_ms = updated_ms;
	p->done = done;
	p->arg = arg;
	job.arg = p;
	if ((r = cw_json_put_but(&p->document, document, plan)) < 0)
		(void)cw_fail(err, r, "an operation of more than %u bytes", DOCUMENT_MAX);
	else if (plan != NULL && (r = cw_json_put(&p->plan, plan)) < 0)
		(void)cw_fail(err, r, "a plan of more than %u bytes", PLAN_MAX);
	else
		r = cw_ledger_submit(l, &job, durable, err);
	if (r < 0)
		put_free(p);
	return r;
}

static int
parse_row(cJSON **ret, sqlite3_stmt *row, struct cw_err *err)
{
	return cw_json_parse(ret, cw_db_text(row, 0), (size_t)sqlite3_column_bytes(row, 0),
	    "the ledger's operation", err);
}

/* As text: nobody here looks into it. */
static int
add_plan(cJSON *operation, sqlite3_stmt *row, struct cw_err *err)
{
	cJSON *result = cJSON_GetObjectItemCaseSensitive(operation, "result");

	if (sqlite3_column_type(row, 1) == SQLITE_NULL || result == NULL)
		return CW_OK;
	return cJSON_AddRawToObject(result, "plan", cw_db_text(row, 1)) != NULL
	    ? CW_OK
	    : cw_fail(err, CW_ENOMEM, "out of memory");
}

int
cw_operation_find(struct cw_ledger *l, cJSON **ret, const char *id, struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader(l);
	sqlite3_stmt *row;
	cJSON *o = NULL;
	int r;

	if ((r = cw_db_query(db, &row, err,
		 "SELECT operation.document, plan.document FROM operation LEFT JOIN plan"
		 " ON plan.operation = operation.id WHERE operation.id = ?1",
		 "t", id)) < 0 ||
	    (r = cw_db_step(db, row, err)) < 0)
		return r;
	if (r == 0)
		return cw_fail(err, CW_ENOTFOUND, "there is no operation %s", id);
	if ((r = parse_row(&o, row, err)) == CW_OK && (r = add_plan(o, row, err)) == CW_OK)
		*ret = o;
	else
		cJSON_Delete(o);
	(void)sqlite3_reset(row);
	return r;
}

static int
collect(struct cw_db *db, sqlite3_stmt *row, cJSON **ret, struct cw_err *err)
{
	cJSON *list = cJSON_CreateArray(), *one;
	int r = list == NULL ? cw_fail(err, CW_ENOMEM, "out of memory") : CW_OK;

	while (r == CW_OK && (r = cw_db_step(db, row, err)) == 1)
		if ((r = parse_row(&one, row, err)) == CW_OK)
			(void)cJSON_AddItemToArray(list, one);
	(void)sqlite3_reset(row);
	if (r < 0)
		cJSON_Delete(list);
	else
		*ret = list;
	return r;
}

/* The ids as a JSON list, NULL for all. They are UUIDs: nothing in them needs an escape. */
static int
tenants_text(struct cw_buf *b, const char **ret, const struct cw_operation_filter *filter)
{
	int r = CW_OK;

	*ret = NULL;
	for (size_t i = 0; i < filter->tenant_count && r == CW_OK; i++)
		r = cw_buf_printf(b, "%c\"%s\"", i == 0 ? '[' : ',', filter->tenants[i]);
	if (filter->tenant_count > 0 && r == CW_OK)
		r = cw_buf_putc(b, ']');
	if (filter->tenant_count > 0 && r == CW_OK && (*ret = cw_buf_str(b)) == NULL)
		r = CW_ENOMEM;
	return r;
}

int
cw_operation_list(
    struct cw_ledger *l, cJSON **ret, const struct cw_operation_filter *filter, struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader(l);
	const char *tenants;
	struct cw_buf text;
	sqlite3_stmt *row;
	int r;

	cw_buf_init(&text, filter->tenant_count * (CW_UUID_TEXT + 2) + 2);
	if ((r = tenants_text(&text, &tenants, filter)) < 0) {
		cw_buf_free(&text);
		return cw_fail(err, r, "out of memory");
	}
	r = cw_db_query(db, &row, err,
	    "SELECT document FROM operation WHERE (?1 IS NULL OR tenant IN (SELECT value FROM "
	    "json_each(?1)))"
	    " AND (?2 IS NULL OR state = ?2) AND (?3 IS NULL OR (created_ms, id) < (SELECT "
	    "created_ms, id FROM operation WHERE id "
	    "= ?3))"
	    " ORDER BY created_ms DESC, id DESC LIMIT ?4",
	    "ttti", tenants, filter->state, filter->before, (int64_t)filter->limit);
	cw_buf_free(&text);
	return r < 0 ? r : collect(db, row, ret, err);
}

int
cw_operation_unfinished(struct cw_ledger *l, cJSON **ret, struct cw_err *err)
{
	struct cw_db *db = cw_ledger_reader(l);
	sqlite3_stmt *row;
	int r;

	r = cw_db_query(db, &row, err,
	    "SELECT document FROM operation WHERE state IN ('queued', 'running') ORDER BY "
	    "created_ms, id",
	    "");
	return r < 0 ? r : collect(db, row, ret, err);
}
