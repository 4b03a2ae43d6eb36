/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_JOURNAL_H
#define CW_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/*
 * What this agent did, durably: the promise that no write runs twice.
 *
 * A write is begun here, on the disk, before PowerShell sees it, and finished
 * here, with its result, before the bridge hears of it. After a crash a command
 * that was begun and not finished is "unknown", and stays so: the bridge settles
 * it by looking at the directory. Reads are never recorded.
 *
 * The epoch is made with the file and the counter grows with every record. The
 * bridge keeps the last pair that it saw: an older one means that this server was
 * reverted to a snapshot, and "never started" is then worth nothing.
 *
 * One file, SQLite. Calls may block on the disk; any thread may call, one call
 * runs at a time.
 */
#define CW_JOURNAL_OUTPUT_MAX (256u * 1024u) /* bytes of NDJSON kept with a finished command */
#define CW_JOURNAL_KEEP_MS                                                     \
	(INT64_C(30) * 24 * 3600 * 1000) /* a finished command stays this long \
					  */

enum cw_journal_state {
	/* Next: DONE or FAILED when its result is in; UNKNOWN when the agent ends before. */
	CW_JOURNAL_BEGUN = 1,
	CW_JOURNAL_DONE = 2,
	CW_JOURNAL_FAILED = 3,
	CW_JOURNAL_UNKNOWN = 4,
};

struct cw_journal;

struct cw_journal_entry {
	const char *id; /* the at-most-once key, a UUID made by the bridge */
	const char *operation; /* UUID */
	int64_t step;
	const char *command; /* catalogued name; parameters are not kept: they may be personal */
	const char *server; /* the domain controller it runs against, "" where none */
	int64_t not_after_ms; /* Unix time */
};

struct cw_journal_record {
	char id[CW_UUID_TEXT];
	char operation[CW_UUID_TEXT];
	int64_t step;
	char command[64];
	char server[256];
	enum cw_journal_state state;
	int64_t begun_ms, finished_ms; /* Unix time; finished_ms is 0 while not finished */
	char *result; /* JSON text, or NULL; of the record, see cw_journal_record_free() */
	char *output; /* NDJSON text, or NULL; of the record */
};

/* Opens or makes the file (private to this account). What was begun by an earlier process and not
 * finished becomes UNKNOWN. On CW_EINVAL the file is not a journal or is of a newer version. */
int cw_journal_open(struct cw_journal **ret, const char *path, int64_t now_ms, struct cw_err *err);
void cw_journal_close(struct cw_journal *j); /* ok on NULL */

const char *cw_journal_epoch(const struct cw_journal *j); /* a UUID */
uint64_t cw_journal_counter(struct cw_journal *j); /* never waits for the disk */

/* What is to be written. Nothing in it may hold a secret. */
struct cw_journal_change {
	enum {
		/* entry; result: what is to be known of it when it is lost, JSON text or NULL.
		 * CW_ECONFLICT: its id was begun before, state says how far; nothing may be run. */
		CW_JOURNAL_CHANGE_BEGIN,
		/* id, failed, result (JSON text), output (NDJSON or NULL; kept when at most
		 * CW_JOURNAL_OUTPUT_MAX). */
		CW_JOURNAL_CHANGE_FINISH,
		/* id: the process that ran it is gone without an answer. The result of its
		 * beginning stays. */
		CW_JOURNAL_CHANGE_LOSE,
		/* id: it was begun and PowerShell has not seen it. As if it had not been begun. */
		CW_JOURNAL_CHANGE_WITHDRAW,
		/* id: the bridge has the result. Result and output are dropped; id and state stay
		 * until pruned. */
		CW_JOURNAL_CHANGE_FORGET,
	} kind;
	struct cw_journal_entry entry;
	const char *id, *result, *output;
	bool failed;
	/* how it went */
	struct cw_err err; /* code 0: it is on the disk */
	enum cw_journal_state state;
};

/*
 * Writes all of them in one transaction: they are on the disk when it returns CW_OK. A conflict is
 * one change's own and does not touch the others; anything else that goes wrong is returned, is in
 * the err of every change, and then none of them was made.
 */
int cw_journal_commit(
    struct cw_journal *j, struct cw_journal_change *const *changes, size_t n, int64_t now_ms);

/* One change, for who has just one. */
int cw_journal_begin(
    struct cw_journal *j, const struct cw_journal_entry *entry, int64_t now_ms, struct cw_err *err);
int cw_journal_finish(struct cw_journal *j, const char *id, bool failed, const char *result,
    const char *output, int64_t now_ms, struct cw_err *err);
int cw_journal_lose(struct cw_journal *j, const char *id, int64_t now_ms, struct cw_err *err);
int cw_journal_forget(struct cw_journal *j, const char *id, struct cw_err *err);

/* CW_ENOTFOUND: never begun here. On success free the record. */
int cw_journal_find(
    struct cw_journal *j, const char *id, struct cw_journal_record *ret, struct cw_err *err);
void cw_journal_record_free(struct cw_journal_record *record);

/* Drops what finished before now_ms - CW_JOURNAL_KEEP_MS, also what no bridge has forgotten: a
 * script's writes, what causewayctl asked for, what a bridge asked for that died. It is long past
 * its last moment, and a bridge asks for a day. */
int cw_journal_prune(struct cw_journal *j, int64_t now_ms, struct cw_err *err);

/* Newest first, at most limit; stops when each returns false. The record is freed by the walk. */
int cw_journal_walk(struct cw_journal *j, unsigned limit,
    bool (*each)(void *arg, const struct cw_journal_record *record), void *arg, struct cw_err *err);

/* The writes of a script or an application, which is their operation, by number. Stops when each
 * returns false. The record is freed by the walk. */
int cw_journal_entries(struct cw_journal *j, const char *operation,
    bool (*each)(void *arg, const struct cw_journal_record *record), void *arg, struct cw_err *err);

const char *cw_journal_state_name(enum cw_journal_state state); /* "begun", "done", ... */

#endif
