/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The writer's thread and its queue.
 *
 * Each batch is one transaction, each job a savepoint in it. The commit is
 * durable (synchronous = FULL) when one of the jobs asks for it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "ledger/db.h"
#include "ledger/ledger.h"

struct item {
	struct item *next;
	struct cw_ledger_job job;
	bool durable;
	int code;
	struct cw_err err;
};

struct queue {
	struct item *first, **last;
};

struct cw_ledger {
	char *path;
	struct cw_db reader;
	struct cw_db writer; /* of the thread */
	uv_thread_t thread;
	uv_mutex_t lock; /* of all below */
	uv_cond_t wake; /* something to write, or to end */
	uv_cond_t written; /* a batch is done */
	struct queue waiting, done;
	uint64_t submitted, settled; /* jobs */
	bool durable; /* one of the waiting is */
	bool hurry; /* somebody waits for the batch */
	bool ending;
	uv_async_t async; /* done has something */
	void (*closed)(void *arg);
	void *closed_arg;
};

static void
queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void
queue_put(struct queue *q, struct item *item)
{
	item->next = NULL;
	*q->last = item;
	q->last = &item->next;
}

/* Takes everything. */
static struct item *
queue_take(struct queue *q)
{
	struct item *all = q->first;

	queue_init(q);
	return all;
}

/* --- the writer's thread */

static void
run_item(struct cw_ledger *l, struct item *item)
{
	struct cw_err ignored;

	item->err.code = CW_OK;
	if ((item->code = cw_db_exec(&l->writer, "SAVEPOINT job", &item->err)) < 0)
		return;
	item->code = item->job.work(item->job.arg, &l->writer, &item->err);
	if (item->code < 0)
		(void)cw_db_exec(&l->writer, "ROLLBACK TO job", &ignored);
	(void)cw_db_exec(&l->writer, "RELEASE job", &ignored);
}

static void
write_batch(struct cw_ledger *l, struct item *batch, bool durable)
{
	struct cw_err err = { 0 }, ignored;
	int r;

	if ((r = cw_db_exec(&l->writer,
		 durable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL", &err)) ==
	    CW_OK)
		r = cw_db_exec(&l->writer, "BEGIN IMMEDIATE", &err);
	if (r == CW_OK) {
		for (struct item *i = batch; i != NULL; i = i->next)
			run_item(l, i);
		if ((r = cw_db_exec(&l->writer, "COMMIT", &err)) < 0)
			(void)cw_db_exec(&l->writer, "ROLLBACK", &ignored);
	}
	for (struct item *i = batch; i != NULL && r < 0; i = i->next) {
		i->code = r;
		i->err = err;
	}
}

/* Waits until there is a batch worth writing. Returns it, or NULL at the end. Called with the lock
 * held. */
static struct item *
next_batch(struct cw_ledger *l, bool *durable)
{
	struct item *batch;
	uint64_t due, now;

	while (l->waiting.first == NULL && !l->ending)
		uv_cond_wait(&l->wake, &l->lock);
	due = uv_hrtime() + CW_LEDGER_BATCH_MS * UINT64_C(1000000);
	while (!l->durable && !l->hurry && !l->ending && (now = uv_hrtime()) < due)
		(void)uv_cond_timedwait(&l->wake, &l->lock, due - now);
	batch = queue_take(&l->waiting);
	*durable = l->durable || l->ending;
	l->durable = l->hurry = false;
	return batch;
}

static void
writer(void *arg)
{
	struct cw_ledger *l = arg;
	struct item *batch;
	bool durable;

	uv_mutex_lock(&l->lock);
	while ((batch = next_batch(l, &durable)) != NULL) {
		uint64_t n = 0;

		uv_mutex_unlock(&l->lock);
		write_batch(l, batch, durable);
		uv_mutex_lock(&l->lock);
		while (batch != NULL) {
			struct item *next = batch->next;

			queue_put(&l->done, batch);
			batch = next;
			n++;
		}
		l->settled += n;
		uv_cond_broadcast(&l->written);
		uv_async_send(&l->async);
	}
	uv_mutex_unlock(&l->lock);
}

/* --- the loop's thread */

static void
deliver(struct cw_ledger *l)
{
	struct item *all, *next;

	uv_mutex_lock(&l->lock);
	all = queue_take(&l->done);
	if (l->settled == l->submitted)
		uv_unref((uv_handle_t *)&l->async);
	uv_mutex_unlock(&l->lock);
	for (; all != NULL; all = next) {
		next = all->next;
		if (all->job.done != NULL)
			all->job.done(all->job.arg, all->code, &all->err);
		if (all->job.free != NULL)
			all->job.free(all->job.arg);
		free(all);
	}
}

static void
on_async(uv_async_t *async)
{
	deliver(async->data);
}

static uint64_t
enqueue(struct cw_ledger *l, struct item *item)
{
	uint64_t number;

	uv_mutex_lock(&l->lock);
	if (l->waiting.first == NULL || (item->durable && !l->durable))
		uv_cond_signal(&l->wake);
	queue_put(&l->waiting, item);
	l->durable |= item->durable;
	number = ++l->submitted;
	uv_mutex_unlock(&l->lock);
	return number;
}

/* Returns when everything up to that number has been written. */
static void
wait_for(struct cw_ledger *l, uint64_t number)
{
	uv_mutex_lock(&l->lock);
	while (l->settled < number) {
		l->hurry = true;
		uv_cond_signal(&l->wake);
		uv_cond_wait(&l->written, &l->lock);
	}
	uv_mutex_unlock(&l->lock);
}

int
cw_ledger_submit(
    struct cw_ledger *l, const struct cw_ledger_job *job, bool durable, struct cw_err *err)
{
	struct item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	item->job = *job;
	item->durable = durable;
	uv_ref((uv_handle_t *)&l->async);
	(void)enqueue(l, item);
	return CW_OK;
}

struct now {
	int (*work)(void *arg, struct cw_db *db, struct cw_err *err);
	void *arg;
	struct cw_err *err;
	int code;
};

static int
now_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	struct now *n = arg;

	return n->work(n->arg, db, err);
}

static void
now_done(void *arg, int code, const struct cw_err *err)
{
	struct now *n = arg;

	n->code = code;
	if (code < 0 && n->err != NULL)
		*n->err = *err;
}

int
cw_ledger_now(struct cw_ledger *l, int (*work)(void *arg, struct cw_db *db, struct cw_err *err),
    void *arg, struct cw_err *err)
{
	struct now now = { work, arg, err, CW_EUNKNOWN };
	struct cw_ledger_job job = { now_work, now_done, NULL, &now };
	struct item *item = calloc(1, sizeof(*item));

	if (item == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	item->job = job;
	item->durable = true;
	wait_for(l, enqueue(l, item));
	deliver(l); /* also what others wait for: their turn has come, in order */
	return now.code;
}

struct cw_db *
cw_ledger_reader(struct cw_ledger *l)
{
	uint64_t number;
	bool behind;

	uv_mutex_lock(&l->lock);
	number = l->submitted;
	behind = l->settled < number;
	uv_mutex_unlock(&l->lock);
	if (behind)
		wait_for(l, number);
	return &l->reader;
}

struct cw_db *
cw_ledger_reader_now(struct cw_ledger *l)
{
	return &l->reader;
}

/* --- life */

static void
free_ledger(struct cw_ledger *l)
{
	cw_db_close(&l->reader);
	cw_db_close(&l->writer);
	free(l->path);
	free(l);
}

int
cw_ledger_open(struct cw_ledger **ret, uv_loop_t *loop, const char *path, struct cw_err *err)
{
	struct cw_ledger *l = calloc(1, sizeof(*l));
	int r;

	if (l == NULL || (l->path = cw_strdup(path)) == NULL) {
		free(l);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	queue_init(&l->waiting);
	queue_init(&l->done);
	if ((r = cw_db_open(&l->writer, l->path, err)) < 0 ||
	    (r = cw_db_migrate(&l->writer, err)) < 0 ||
	    (r = cw_db_open(&l->reader, l->path, err)) < 0) {
		free_ledger(l);
		return r;
	}
	if (uv_mutex_init(&l->lock) != 0 || uv_cond_init(&l->wake) != 0 ||
	    uv_cond_init(&l->written) != 0 || uv_async_init(loop, &l->async, on_async) != 0 ||
	    uv_thread_create(&l->thread, writer, l) != 0)
		abort(); /* at start, before anything was promised */
	l->async.data = l;
	uv_unref((uv_handle_t *)&l->async);
	*ret = l;
	return CW_OK;
}

static void
on_async_closed(uv_handle_t *h)
{
	struct cw_ledger *l = h->data;
	void (*closed)(void *arg) = l->closed;
	void *arg = l->closed_arg;

	uv_mutex_destroy(&l->lock);
	uv_cond_destroy(&l->wake);
	uv_cond_destroy(&l->written);
	free_ledger(l);
	if (closed != NULL)
		closed(arg);
}

void
cw_ledger_close(struct cw_ledger *l, void (*closed)(void *arg), void *arg)
{
	if (l == NULL)
		return;
	l->closed = closed;
	l->closed_arg = arg;
	uv_mutex_lock(&l->lock);
	l->ending = true;
	uv_cond_signal(&l->wake);
	uv_mutex_unlock(&l->lock);
	(void)uv_thread_join(&l->thread);
	deliver(l);
	uv_close((uv_handle_t *)&l->async, on_async_closed);
}
