/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LEDGER_H
#define CW_LEDGER_H

#include <stdbool.h>

#include <uv.h>

struct cw_db;
struct cw_err;
struct cw_ledger;

/*
 * The bridge's memory: one SQLite file. A thread of its own writes, several
 * changes in one commit where they come together; the loop's thread reads.
 * A durable change is on the disk before its done is called; any other follows
 * within CW_LEDGER_BATCH_MS, so that reads of a directory wait for no disk.
 *
 * What is kept where: tenants.h, keys.h, agents.h, operations.h.
 */
#define CW_LEDGER_BATCH_MS 200u

/* Opens or creates the file and brings it up to date. On success *ret is the caller's. */
int cw_ledger_open(struct cw_ledger **ret, uv_loop_t *loop, const char *path, struct cw_err *err);
/* Writes what is waiting, then closes. closed is called from the loop when all is released; may be
 * NULL. */
void cw_ledger_close(struct cw_ledger *l, void (*closed)(void *arg), void *arg);

/* One change. work runs on the writer's thread inside a transaction; on failure only its own
 * changes are undone. */
struct cw_ledger_job {
	int (*work)(void *arg, struct cw_db *db, struct cw_err *err);
	/* On the loop's thread, after the commit (or its failure); may be NULL. */
	void (*done)(void *arg, int code, const struct cw_err *err);
	void (*free)(void *arg); /* of arg, after done; may be NULL */
	void *arg;
};

/* Hands the job over. CW_ENOMEM: it was not taken (and arg is not freed). */
int cw_ledger_submit(
    struct cw_ledger *l, const struct cw_ledger_job *job, bool durable, struct cw_err *err);
/* The same, durably and waiting for it: for what is rare. Returns what work or the commit returned.
 */
int cw_ledger_now(struct cw_ledger *l, int (*work)(void *arg, struct cw_db *db, struct cw_err *err),
    void *arg, struct cw_err *err);
/* The reading connection, which sees everything submitted so far. Loop's thread only. */
struct cw_db *cw_ledger_reader(struct cw_ledger *l);
/* The same without waiting for what is not written yet: for what cw_ledger_now() wrote. */
struct cw_db *cw_ledger_reader_now(struct cw_ledger *l);

#endif
