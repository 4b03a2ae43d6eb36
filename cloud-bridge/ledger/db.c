/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SQLite with our error words, and the numbered migrations.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "ledger/db.h"
#include "ledger_migrations.h"

#define APPLICATION_ID \
	0x43574c31 /* "CWL1" in the file's header: another program's file is refused */
#define BUSY_MS 10000

static int
fail_db(struct cw_db *db, const char *doing, struct cw_err *err)
{
	int code = sqlite3_extended_errcode(db->sqlite);

	if ((code & 0xff) == SQLITE_CONSTRAINT)
		return cw_fail(err, CW_ECONFLICT, "ledger: %s", sqlite3_errmsg(db->sqlite));
	if ((code & 0xff) == SQLITE_FULL)
		return cw_fail(err, CW_EUNAVAILABLE, "ledger: the disk of %s is full", db->path);
	if ((code & 0xff) == SQLITE_NOTADB || (code & 0xff) == SQLITE_CORRUPT)
		return cw_fail(err, CW_EINVAL,
		    "%s is damaged or not a ledger: %s; restore it from a backup", db->path,
		    sqlite3_errmsg(db->sqlite));
	return cw_fail(err, CW_ESYS, "ledger: %s: %s", doing, sqlite3_errmsg(db->sqlite));
}

int
cw_db_exec(struct cw_db *db, const char *sql, struct cw_err *err)
{
	return sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL) == SQLITE_OK ? CW_OK
									    : fail_db(db, sql, err);
}

int
cw_db_open(struct cw_db *db, const char *path, struct cw_err *err)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int r;

	memset(db, 0, sizeof(*db));
	db->path = path;
	if (sqlite3_open_v2(path, &db->sqlite, flags, NULL) != SQLITE_OK) {
		r = cw_fail(err, CW_ESYS, "cannot open the ledger %s: %s", path,
		    sqlite3_errmsg(db->sqlite));
		cw_db_close(db);
		return r;
	}
	(void)sqlite3_busy_timeout(db->sqlite, BUSY_MS);
	if ((r = cw_db_exec(db,
		 "PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;",
		 err)) < 0)
		cw_db_close(db);
	return r;
}

void
cw_db_close(struct cw_db *db)
{
	for (size_t i = 0; i < CW_DB_STATEMENTS; i++)
		sqlite3_finalize(db->cache[i].statement);
	(void)sqlite3_close(db->sqlite);
	memset(db, 0, sizeof(*db));
}

static int64_t
number(struct cw_db *db, const char *pragma)
{
	sqlite3_stmt *st = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(db->sqlite, pragma, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

int
cw_db_migrate(struct cw_db *db, struct cw_err *err)
{
	const int64_t newest = (int64_t)CW_COUNT(ledger_migrations);
	int64_t application = number(db, "PRAGMA application_id"),
		version = number(db, "PRAGMA user_version");
	char stamp[128];
	int r = CW_OK;

	if (application < 0 || version < 0)
		return fail_db(db, "cannot read its version", err);
	if (application != APPLICATION_ID &&
	    (application != 0 || number(db, "PRAGMA schema_version") != 0))
		return cw_fail(err, CW_EINVAL,
		    "%s is not a ledger of this program; name another file", db->path);
	if (version > newest)
		return cw_fail(err, CW_EINVAL,
		    "%s was written by a newer bridge (version %lld, this one knows %lld)",
		    db->path, (long long)version, (long long)newest);
	for (; version < newest && r == CW_OK; version++) {
		(void)snprintf(stamp, sizeof(stamp),
		    "PRAGMA application_id = %d; PRAGMA user_version = %lld; COMMIT;",
		    APPLICATION_ID, (long long)version + 1);
		if ((r = cw_db_exec(db, "BEGIN IMMEDIATE", err)) < 0)
			return r;
		if ((r = cw_db_exec(db, ledger_migrations[version], err)) < 0 ||
		    (r = cw_db_exec(db, stamp, err)) < 0)
			(void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
	}
	return r;
}

static sqlite3_stmt *
prepared(struct cw_db *db, const char *sql)
{
	size_t i;

	for (i = 0; i < CW_DB_STATEMENTS && db->cache[i].sql != NULL; i++)
		if (db->cache[i].sql == sql) {
			(void)sqlite3_reset(db->cache[i].statement);
			return db->cache[i].statement;
		}
	if (i == CW_DB_STATEMENTS) { /* more texts than expected: the last place changes hands */
		sqlite3_finalize(db->cache[--i].statement);
		db->cache[i].statement = NULL;
	}
	if (sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&db->cache[i].statement, NULL) != SQLITE_OK)
		return NULL;
	db->cache[i].sql = sql;
	return db->cache[i].statement;
}

static int
query(struct cw_db *db, sqlite3_stmt **ret, struct cw_err *err, const char *sql, const char *types,
    va_list ap)
{
	sqlite3_stmt *st = prepared(db, sql);

	if (st == NULL)
		return fail_db(db, sql, err);
	for (int i = 0; types[i] != '\0'; i++) {
		const void *p;

		switch (types[i]) {
		case 't':
			sqlite3_bind_text(
			    st, i + 1, va_arg(ap, const char *), -1, SQLITE_TRANSIENT);
			break;
		case 'i': sqlite3_bind_int64(st, i + 1, va_arg(ap, int64_t)); break;
		case 'b':
			p = va_arg(ap, const void *);
			sqlite3_bind_blob(st, i + 1, p, va_arg(ap, int), SQLITE_TRANSIENT);
			break;
		default:
			return cw_fail(
			    err, CW_EINVAL, "ledger: unknown parameter type '%c'", types[i]);
		}
	}
	*ret = st;
	return CW_OK;
}

int
cw_db_query(struct cw_db *db, sqlite3_stmt **ret, struct cw_err *err, const char *sql,
    const char *types, ...)
{
	va_list ap;
	int r;

	va_start(ap, types);
	r = query(db, ret, err, sql, types, ap);
	va_end(ap);
	return r;
}

int
cw_db_step(struct cw_db *db, sqlite3_stmt *statement, struct cw_err *err)
{
	int r = sqlite3_step(statement);

	if (r == SQLITE_ROW)
		return 1;
	if (r != SQLITE_DONE)
		r = fail_db(db, sqlite3_sql(statement), err);
	else
		r = 0;
	(void)sqlite3_reset(statement);
	(void)sqlite3_clear_bindings(statement);
	return r;
}

int
cw_db_do(struct cw_db *db, struct cw_err *err, const char *sql, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list ap;
	int r;

	va_start(ap, types);
	r = query(db, &st, err, sql, types, ap);
	va_end(ap);
	while (r == CW_OK && (r = cw_db_step(db, st, err)) == 1)
		r = CW_OK;
	return r < 0 ? r : sqlite3_changes(db->sqlite);
}

const char *
cw_db_text(sqlite3_stmt *statement, int column)
{
	const unsigned char *s = sqlite3_column_text(statement, column);

	return s == NULL ? "" : (const char *)s;
}
