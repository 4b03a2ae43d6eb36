/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal on SQLite. WAL with synchronous=FULL: a commit is on the disk when
 * it returns.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sqlite3.h>
#include <uv.h>

#include "base/err.h"
#include "journal/journal.h"
#include "os/file.h"
#include "os/random.h"

#define APPLICATION_ID \
	0x4357414a /* "CWAJ" in the file's header: another program's file is refused */
#define VERSION 1
#define BUSY_MS 5000

static const char SCHEMA[] =
    "CREATE TABLE meta (epoch TEXT NOT NULL, counter INTEGER NOT NULL) STRICT;"
    "CREATE TABLE command ("
    " id TEXT PRIMARY KEY, operation TEXT NOT NULL, step INTEGER NOT NULL, command TEXT NOT NULL,"
    " server TEXT NOT NULL, not_after_ms INTEGER NOT NULL, state INTEGER NOT NULL,"
    " begun_ms INTEGER NOT NULL, finished_ms INTEGER NOT NULL DEFAULT 0,"
    " forgotten INTEGER NOT NULL DEFAULT 0, result TEXT, output TEXT) STRICT, WITHOUT ROWID;"
    "CREATE INDEX command_by_time ON command (begun_ms);";

enum statement {
	BEGIN_ONE,
	COUNT,
	FINISH,
	WITHDRAW,
	FIND,
	FORGET,
	PRUNE,
	WALK,
	ENTRIES,
	STATEMENTS
};

#define COLUMNS "id, operation, step, command, server, state, begun_ms, finished_ms, result, output"
static const char *const sql[STATEMENTS] = {
	[BEGIN_ONE] =
	    "INSERT OR IGNORE INTO command (id, operation, step, command, server, not_after_ms,"
	    " state, begun_ms, result) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7, ?8)",
	[COUNT] = "UPDATE meta SET counter = counter + 1 RETURNING counter",
	[FINISH] = "UPDATE command SET state = ?2, finished_ms = ?3, result = ifnull(?4, result),"
		   " output = ?5"
		   " WHERE id = ?1 AND state IN (1, 4)",
	[WITHDRAW] = "DELETE FROM command WHERE id = ?1 AND state = 1",
	[FIND] = "SELECT " COLUMNS " FROM command WHERE id = ?1",
	[FORGET] = "UPDATE command SET forgotten = 1, result = NULL, output = NULL WHERE id = ?1",
	[PRUNE] = "DELETE FROM command WHERE finished_ms > 0 AND finished_ms < ?1",
	[WALK] = "SELECT " COLUMNS " FROM command ORDER BY begun_ms DESC LIMIT ?1",
	[ENTRIES] = "SELECT " COLUMNS " FROM command WHERE operation = ?1 AND id <> ?1"
		    " ORDER BY step",
};

struct cw_journal {
	sqlite3 *db;
	sqlite3_stmt *statement[STATEMENTS];
	uv_mutex_t lock; /* statements are shared: one call at a time */
	char epoch[CW_UUID_TEXT];
	uint64_t counter;
	_Atomic uint64_t committed; /* the counter as it is on the disk */
};

static int
fail_db(struct cw_journal *j, const char *doing, struct cw_err *err)
{
	int code = sqlite3_errcode(j->db) == SQLITE_FULL ? CW_ELIMIT : CW_ESYS;

	return cw_fail(err, code, "journal: %s: %s", doing, sqlite3_errmsg(j->db));
}

static int
exec(struct cw_journal *j, const char *text, const char *doing, struct cw_err *err)
{
	return sqlite3_exec(j->db, text, NULL, NULL, NULL) == SQLITE_OK ? CW_OK
									: fail_db(j, doing, err);
}

static int64_t
pragma_number(struct cw_journal *j, const char *pragma)
{
	sqlite3_stmt *st = NULL;
	int64_t v = -1;

	if (sqlite3_prepare_v2(j->db, pragma, -1, &st, NULL) == SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW)
		v = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return v;
}

static int
create(struct cw_journal *j, struct cw_err *err)
{
	char text[sizeof(SCHEMA) + 256], epoch[CW_UUID_TEXT];

	cw_random_uuid(epoch);
	(void)snprintf(text, sizeof(text),
	    "BEGIN IMMEDIATE; %s INSERT INTO meta VALUES ('%s', 0);"
	    " PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;",
	    SCHEMA, epoch, APPLICATION_ID, VERSION);
	return exec(j, text, "cannot make its tables", err);
}

static int
check_version(struct cw_journal *j, const char *path, struct cw_err *err)
{
	int64_t application = pragma_number(j, "PRAGMA application_id");
	int64_t version = pragma_number(j, "PRAGMA user_version");

	if (application == 0 && version == 0 && pragma_number(j, "PRAGMA schema_version") == 0)
		return create(j, err);
	if (application != APPLICATION_ID)
		return cw_fail(err, CW_EINVAL,
		    "%s is not a journal of this agent; move it away to start a new one", path);
	if (version > VERSION)
		return cw_fail(err, CW_EINVAL,
		    "%s was written by a newer agent (version %lld, this one knows %d)", path,
		    (long long)version, VERSION);
	return CW_OK;
}

static int
load_meta(struct cw_journal *j, struct cw_err *err)
{
	sqlite3_stmt *st = NULL;
	int r = CW_OK;

	if (sqlite3_prepare_v2(j->db, "SELECT epoch, counter FROM meta", -1, &st, NULL) !=
		SQLITE_OK ||
	    sqlite3_step(st) != SQLITE_ROW) {
		r = fail_db(j, "cannot read its epoch", err);
	} else {
		(void)snprintf(
		    j->epoch, sizeof(j->epoch), "%s", (const char *)sqlite3_column_text(st, 0));
		j->counter = (uint64_t)sqlite3_column_int64(st, 1);
		atomic_store(&j->committed, j->counter);
	}
	sqlite3_finalize(st);
	return r;
}

static int
prepare(struct cw_journal *j, struct cw_err *err)
{
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(j->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
			&j->statement[i], NULL) != SQLITE_OK)
			return fail_db(j, "cannot prepare", err);
	return CW_OK;
}

/* A begun command of an earlier process: nobody here knows how it ended. */
static int
lose_begun(struct cw_journal *j, int64_t now_ms, struct cw_err *err)
{
	char text[160];

	(void)snprintf(text, sizeof(text),
	    "UPDATE command SET state = %d, finished_ms = %lld WHERE state = %d",
	    CW_JOURNAL_UNKNOWN, (long long)now_ms, CW_JOURNAL_BEGUN);
	return exec(j, text, "cannot settle what an earlier process began", err);
}

int
cw_journal_open(struct cw_journal **ret, const char *path, int64_t now_ms, struct cw_err *err)
{
	struct cw_journal *j;
	int r;

	/* SQLite makes files readable by the group; an empty one made privately first keeps its
	 * rights. */
	if (!cw_file_exists(path) && (r = cw_file_write(path, "", 0, true, err)) < 0)
		return r;
	if ((j = calloc(1, sizeof(*j))) == NULL)
		return cw_fail(err, CW_ENOMEM, "journal: out of memory");
	if (uv_mutex_init(&j->lock) != 0) {
		free(j);
		return cw_fail(err, CW_ENOMEM, "journal: no mutex");
	}
	if (sqlite3_open_v2(path, &j->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		r = fail_db(j, "cannot open", err);
		goto fail;
	}
	sqlite3_busy_timeout(j->db, BUSY_MS);
	if ((r = exec(j,
		 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
		 " PRAGMA temp_store = MEMORY; PRAGMA cache_size = -256;",
		 "cannot be used", err)) < 0 ||
	    (r = check_version(j, path, err)) < 0 || (r = load_meta(j, err)) < 0 ||
	    (r = lose_begun(j, now_ms, err)) < 0 || (r = prepare(j, err)) < 0)
		goto fail;
	*ret = j;
	return CW_OK;
fail:
	cw_journal_close(j);
	return r;
}

void
cw_journal_close(struct cw_journal *j)
{
	if (j == NULL)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(j->statement[i]);
	sqlite3_close(j->db);
	uv_mutex_destroy(&j->lock);
	free(j);
}

const char *
cw_journal_epoch(const struct cw_journal *j)
{
	return j->epoch;
}

uint64_t
cw_journal_counter(struct cw_journal *j)
{
	return atomic_load(&j->committed);
}

/* Runs a statement that gives no rows. */
static int
run(struct cw_journal *j, enum statement which, const char *doing, struct cw_err *err)
{
	sqlite3_stmt *st = j->statement[which];
	int rc = sqlite3_step(st);
	int r = rc == SQLITE_DONE ? CW_OK : fail_db(j, doing, err);

	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return r;
}

static int
count_up(struct cw_journal *j, struct cw_err *err)
{
	sqlite3_stmt *st = j->statement[COUNT];
	int r = CW_OK;

	if (sqlite3_step(st) == SQLITE_ROW)
		j->counter = (uint64_t)sqlite3_column_int64(st, 0);
	else
		r = fail_db(j, "cannot count", err);
	/* A RETURNING statement takes effect as a whole only when it is stepped to its end. */
	if (r == CW_OK && sqlite3_step(st) != SQLITE_DONE)
		r = fail_db(j, "cannot count", err);
	sqlite3_reset(st);
	return r;
}

static void
bind_text(sqlite3_stmt *st, int at, const char *text)
{
	if (text != NULL)
		(void)sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
	else
		(void)sqlite3_bind_null(st, at);
}

static enum cw_journal_state
state_of(struct cw_journal *j, const char *id)
{
	sqlite3_stmt *st = j->statement[FIND];
	enum cw_journal_state state = CW_JOURNAL_UNKNOWN;

	bind_text(st, 1, id);
	if (sqlite3_step(st) == SQLITE_ROW)
		state = (enum cw_journal_state)sqlite3_column_int(st, 5);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	return state;
}

static void
bind_begin(sqlite3_stmt *st, const struct cw_journal_change *c, int64_t now_ms)
{
	const struct cw_journal_entry *entry = &c->entry;

	bind_text(st, 1, entry->id);
	bind_text(st, 2, entry->operation);
	(void)sqlite3_bind_int64(st, 3, entry->step);
	bind_text(st, 4, entry->command);
	bind_text(st, 5, entry->server != NULL ? entry->server : "");
	(void)sqlite3_bind_int64(st, 6, entry->not_after_ms);
	(void)sqlite3_bind_int64(st, 7, now_ms);
	bind_text(st, 8, c->result);
}

static void
bind_end(sqlite3_stmt *st, const struct cw_journal_change *c, int64_t now_ms)
{
	bool lost = c->kind == CW_JOURNAL_CHANGE_LOSE, fits;

	fits = !lost && c->output != NULL && strlen(c->output) <= CW_JOURNAL_OUTPUT_MAX;
	(void)sqlite3_bind_int64(st, 2,
	    lost            ? CW_JOURNAL_UNKNOWN
		: c->failed ? CW_JOURNAL_FAILED
			    : CW_JOURNAL_DONE);
	(void)sqlite3_bind_int64(st, 3, now_ms);
	bind_text(st, 4, lost ? NULL : c->result);
	bind_text(st, 5, fits ? c->output : NULL);
}

/* Inside a transaction. A conflict is in c->err alone; what is returned ends them all. */
static int
make_change(struct cw_journal *j, struct cw_journal_change *c, int64_t now_ms, struct cw_err *err)
{
	static const struct {
		enum statement statement;
		const char *doing;
	} rows[] = {
		[CW_JOURNAL_CHANGE_BEGIN] = { BEGIN_ONE, "cannot begin" },
		[CW_JOURNAL_CHANGE_FINISH] = { FINISH, "cannot finish" },
		[CW_JOURNAL_CHANGE_LOSE] = { FINISH, "cannot give up" },
		[CW_JOURNAL_CHANGE_WITHDRAW] = { WITHDRAW, "cannot withdraw" },
		[CW_JOURNAL_CHANGE_FORGET] = { FORGET, "cannot forget" },
	};
	sqlite3_stmt *st = j->statement[rows[c->kind].statement];
	int r;

	c->err = (struct cw_err){ 0 };
	if (c->kind == CW_JOURNAL_CHANGE_BEGIN) {
		bind_begin(st, c, now_ms);
	} else {
		bind_text(st, 1, c->id);
		if (rows[c->kind].statement == FINISH)
			bind_end(st, c, now_ms);
	}
	if ((r = run(j, rows[c->kind].statement, rows[c->kind].doing, err)) < 0)
		return r;
	if (c->kind == CW_JOURNAL_CHANGE_FORGET)
		return CW_OK;
	if (sqlite3_changes(j->db) > 0)
		return count_up(j, err);
	if (c->kind == CW_JOURNAL_CHANGE_BEGIN) {
		c->state = state_of(j, c->entry.id);
		(void)cw_fail(&c->err, CW_ECONFLICT,
		    "command %s was begun before: it is not run again", c->entry.id);
	} else {
		(void)cw_fail(&c->err, CW_ECONFLICT, "journal: %s: no such command in that state",
		    rows[c->kind].doing);
	}
	return CW_OK;
}

int
cw_journal_commit(
    struct cw_journal *j, struct cw_journal_change *const *changes, size_t n, int64_t now_ms)
{
	struct cw_err err = { 0 };
	uint64_t before;
	int r;

	uv_mutex_lock(&j->lock);
	before = j->counter;
	if ((r = exec(j, "BEGIN IMMEDIATE", "cannot write", &err)) == CW_OK) {
		for (size_t i = 0; i < n && r == CW_OK; i++)
			r = make_change(j, changes[i], now_ms, &err);
		if (r == CW_OK)
			r = exec(j, "COMMIT", "cannot write", &err);
		if (r < 0)
			(void)sqlite3_exec(j->db, "ROLLBACK", NULL, NULL, NULL);
	}
	if (r == CW_OK) {
		atomic_store(&j->committed, j->counter);
	} else {
		j->counter = before;
		for (size_t i = 0; i < n; i++)
			changes[i]->err = err;
	}
	uv_mutex_unlock(&j->lock);
	return r;
}

static int
commit_one(
    struct cw_journal *j, struct cw_journal_change *change, int64_t now_ms, struct cw_err *err)
{
	(void)cw_journal_commit(j, &change, 1, now_ms);
	if (change->err.code < 0 && err != NULL)
		*err = change->err;
	return change->err.code;
}

int
cw_journal_begin(
    struct cw_journal *j, const struct cw_journal_entry *entry, int64_t now_ms, struct cw_err *err)
{
	struct cw_journal_change change = { .kind = CW_JOURNAL_CHANGE_BEGIN, .entry = *entry };

	return commit_one(j, &change, now_ms, err);
}

int
cw_journal_finish(struct cw_journal *j, const char *id, bool failed, const char *result,
    const char *output, int64_t now_ms, struct cw_err *err)
{
	struct cw_journal_change change = { .kind = CW_JOURNAL_CHANGE_FINISH,
		.id = id,
		.failed = failed,
		.result = result,
		.output = output };

	return commit_one(j, &change, now_ms, err);
}

int
cw_journal_lose(struct cw_journal *j, const char *id, int64_t now_ms, struct cw_err *err)
{
	struct cw_journal_change change = { .kind = CW_JOURNAL_CHANGE_LOSE, .id = id };

	return commit_one(j, &change, now_ms, err);
}

int
cw_journal_forget(struct cw_journal *j, const char *id, struct cw_err *err)
{
	struct cw_journal_change change = { .kind = CW_JOURNAL_CHANGE_FORGET, .id = id };

	return commit_one(j, &change, 0, err);
}

static void
copy_text(char *ret, size_t size, sqlite3_stmt *st, int column)
{
	const char *text = (const char *)sqlite3_column_text(st, column);

	(void)snprintf(ret, size, "%s", text != NULL ? text : "");
}

static void
read_record(struct cw_journal_record *ret, sqlite3_stmt *st)
{
	*ret = (struct cw_journal_record){ 0 };
	copy_text(ret->id, sizeof(ret->id), st, 0);
	copy_text(ret->operation, sizeof(ret->operation), st, 1);
	ret->step = sqlite3_column_int64(st, 2);
	copy_text(ret->command, sizeof(ret->command), st, 3);
	copy_text(ret->server, sizeof(ret->server), st, 4);
	ret->state = (enum cw_journal_state)sqlite3_column_int(st, 5);
	ret->begun_ms = sqlite3_column_int64(st, 6);
	ret->finished_ms = sqlite3_column_int64(st, 7);
	ret->result = cw_strdup((const char *)sqlite3_column_text(st, 8));
	ret->output = cw_strdup((const char *)sqlite3_column_text(st, 9));
}

int
cw_journal_find(
    struct cw_journal *j, const char *id, struct cw_journal_record *ret, struct cw_err *err)
{
	sqlite3_stmt *st = j->statement[FIND];
	int rc, r = CW_OK;

	uv_mutex_lock(&j->lock);
	bind_text(st, 1, id);
	rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		read_record(ret, st);
	else if (rc == SQLITE_DONE)
		r = cw_fail(err, CW_ENOTFOUND, "command %s was never begun here", id);
	else
		r = fail_db(j, "cannot look up", err);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	uv_mutex_unlock(&j->lock);
	return r;
}

void
cw_journal_record_free(struct cw_journal_record *rec)
{
	free(rec->result);
	free(rec->output);
	rec->result = rec->output = NULL;
}

int
cw_journal_prune(struct cw_journal *j, int64_t now_ms, struct cw_err *err)
{
	int r;

	uv_mutex_lock(&j->lock);
	(void)sqlite3_bind_int64(j->statement[PRUNE], 1, now_ms - CW_JOURNAL_KEEP_MS);
	r = run(j, PRUNE, "cannot prune", err);
	uv_mutex_unlock(&j->lock);
	return r;
}

typedef bool each_record(void *arg, const struct cw_journal_record *record);

/* The rows of a statement whose values are bound; with the lock, which is given back. */
static int
walk(struct cw_journal *j, sqlite3_stmt *st, each_record *each, void *arg, struct cw_err *err)
{
	bool more = true;
	int rc = SQLITE_DONE, r = CW_OK;

	while (more && (rc = sqlite3_step(st)) == SQLITE_ROW) {
		struct cw_journal_record rec;

		read_record(&rec, st);
		more = each(arg, &rec);
		cw_journal_record_free(&rec);
	}
	if (more && rc != SQLITE_DONE)
		r = fail_db(j, "cannot list", err);
	sqlite3_reset(st);
	sqlite3_clear_bindings(st);
	uv_mutex_unlock(&j->lock);
	return r;
}

int
cw_journal_walk(
    struct cw_journal *j, unsigned limit, each_record *each, void *arg, struct cw_err *err)
{
	uv_mutex_lock(&j->lock);
	(void)sqlite3_bind_int64(j->statement[WALK], 1, limit);
	return walk(j, j->statement[WALK], each, arg, err);
}

int
cw_journal_entries(
    struct cw_journal *j, const char *operation, each_record *each, void *arg, struct cw_err *err)
{
	uv_mutex_lock(&j->lock);
	bind_text(j->statement[ENTRIES], 1, operation);
	return walk(j, j->statement[ENTRIES], each, arg, err);
}

const char *
cw_journal_state_name(enum cw_journal_state state)
{
	switch (state) {
	case CW_JOURNAL_BEGUN: return "begun";
	case CW_JOURNAL_DONE: return "done";
	case CW_JOURNAL_FAILED: return "failed";
	case CW_JOURNAL_UNKNOWN: return "unknown";
	}
	return "?";
}
