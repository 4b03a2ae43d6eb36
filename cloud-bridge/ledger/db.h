/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_DB_H
#define CW_DB_H

#include <sqlite3.h>

struct cw_err;

/*
 * One SQLite connection with its statements kept prepared. Used by one thread
 * at a time.
 */
#define CW_DB_STATEMENTS 64

struct cw_db {
	sqlite3 *sqlite;
	const char *path; /* borrowed */
	struct {
		const char *sql; /* static text; its address is the key */
		sqlite3_stmt *statement;
	} cache[CW_DB_STATEMENTS];
};

/* CW_ESYS, or CW_EINVAL when it is not a ledger or is newer than this program. */
int cw_db_open(struct cw_db *db, const char *path, struct cw_err *err);
void cw_db_close(struct cw_db *db); /* ok on a zeroed one */
/* Brings an empty or older ledger up to date, one migration at a time. */
int cw_db_migrate(struct cw_db *db, struct cw_err *err);

/*
 * Prepares sql (a string constant) once and binds: t text (NULL is NULL), i int64_t, b blob and its
 * int size. *ret is borrowed and ready to step. cw_db_step() answers 1 for a row, 0 for the end, or
 * an error.
 */
int cw_db_query(struct cw_db *db, sqlite3_stmt **ret, struct cw_err *err, const char *sql,
    const char *types, ...);
int cw_db_step(struct cw_db *db, sqlite3_stmt *statement, struct cw_err *err);
/* Query and step to the end. Returns the number of rows changed, or an error. */
int cw_db_do(struct cw_db *db, struct cw_err *err, const char *sql, const char *types, ...);
/* Runs several statements without parameters. */
int cw_db_exec(struct cw_db *db, const char *sql, struct cw_err *err);
/* A text column; "" for NULL. Borrowed until the next step. */
const char *cw_db_text(sqlite3_stmt *statement, int column);

#endif
