/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread with two lists: what is asked for, and what is done. It takes the whole
 * first list at a time, so the disk's own pace decides how much goes together.
 */
#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#include "journal/writer.h"
#include "os/clock.h"

#define TOGETHER 64u /* changes in one transaction */
#define STACK_SIZE (256u * 1024u) /* bytes */

struct list {
	struct cw_writer_job *first, **last;
};

struct cw_writer {
	struct cw_journal *journal;
	uv_thread_t thread;
	uv_mutex_t lock; /* of what follows */
	uv_cond_t asked_more;
	struct list asked, done;
	bool ending;
	/* The loop's own. */
	uv_async_t wake;
	size_t open; /* jobs whose done() has not been called */
	void (*closed)(void *arg);
	void *closed_arg;
};

static void
list_init(struct list *l)
{
	l->first = NULL;
	l->last = &l->first;
}

static void
list_put(struct list *l, struct cw_writer_job *job)
{
	job->next = NULL;
	*l->last = job;
	l->last = &job->next;
}

/* The thread's side. */

static struct cw_writer_job *
take_asked(struct cw_writer *w)
{
	struct cw_writer_job *jobs;

	uv_mutex_lock(&w->lock);
	while (w->asked.first == NULL && !w->ending)
		uv_cond_wait(&w->asked_more, &w->lock);
	jobs = w->asked.first;
	list_init(&w->asked);
	uv_mutex_unlock(&w->lock);
	return jobs;
}

/* Done jobs go back at once, one by one or as they were committed. */
static void
give_back(struct cw_writer *w, struct cw_writer_job *first, const struct cw_writer_job *end)
{
	struct cw_writer_job *next;

	uv_mutex_lock(&w->lock);
	for (; first != end; first = next) {
		next = first->next;
		list_put(&w->done, first);
	}
	uv_mutex_unlock(&w->lock);
	(void)uv_async_send(&w->wake);
}

/* The changes at the head of the list in one transaction. Returns the job behind them. */
static struct cw_writer_job *
commit_together(struct cw_writer *w, struct cw_writer_job *first)
{
	struct cw_journal_change *changes[TOGETHER];
	struct cw_writer_job *job;
	size_t n = 0;

	for (job = first; job != NULL && job->change != NULL && n < TOGETHER; job = job->next)
		changes[n++] = job->change;
	/* Each change holds how it went. */
	(void)cw_journal_commit(w->journal, changes, n, cw_clock_unix_ms());
	give_back(w, first, job);
	return job;
}

static void
run(void *arg)
{
	struct cw_writer *w = arg;
	struct cw_writer_job *job, *next;

	while ((job = take_asked(w)) != NULL) {
		while (job != NULL) {
			if (job->change != NULL) {
				job = commit_together(w, job);
				continue;
			}
			next = job->next;
			job->work(job->arg, w->journal);
			give_back(w, job, next);
			job = next;
		}
	}
}

/* The loop's side. */

static void
wake_closed(uv_handle_t *handle)
{
	struct cw_writer *w = handle->data;
	void (*closed)(void *arg) = w->closed;
	void *arg = w->closed_arg;

	uv_cond_destroy(&w->asked_more);
	uv_mutex_destroy(&w->lock);
	free(w);
	if (closed != NULL)
		closed(arg);
}

static void
close_when_done(struct cw_writer *w)
{
	if (w->closed == NULL)
		return;
	if (w->open > 0 || uv_is_closing((uv_handle_t *)&w->wake))
		return;
	uv_mutex_lock(&w->lock);
	w->ending = true;
	uv_cond_signal(&w->asked_more);
	uv_mutex_unlock(&w->lock);
	(void)uv_thread_join(&w->thread);
	uv_close((uv_handle_t *)&w->wake, wake_closed);
}

static void
on_wake(uv_async_t *wake)
{
	struct cw_writer *w = wake->data;
	struct cw_writer_job *job, *next;

	uv_mutex_lock(&w->lock);
	job = w->done.first;
	list_init(&w->done);
	uv_mutex_unlock(&w->lock);
	for (; job != NULL; job = next) {
		next = job->next; /* done() may free the job, or ask for it again */
		w->open--;
		job->done(job->arg);
	}
	close_when_done(w);
}

int
cw_writer_new(
    struct cw_writer **ret, uv_loop_t *loop, struct cw_journal *journal, struct cw_err *err)
{
	const uv_thread_options_t options = { UV_THREAD_HAS_STACK_SIZE, STACK_SIZE };
	struct cw_writer *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return cw_fail(err, CW_ENOMEM, "journal: out of memory");
	w->journal = journal;
	list_init(&w->asked);
	list_init(&w->done);
	if (uv_mutex_init(&w->lock) != 0)
		goto no_lock;
	if (uv_cond_init(&w->asked_more) != 0)
		goto no_cond;
	if (uv_async_init(loop, &w->wake, on_wake) != 0)
		goto no_async;
	w->wake.data = w;
	if (uv_thread_create_ex(&w->thread, &options, run, w) != 0) {
		uv_close((uv_handle_t *)&w->wake, wake_closed);
		return cw_fail(err, CW_ESYS, "journal: cannot start its thread");
	}
	*ret = w;
	return CW_OK;
no_async:
	uv_cond_destroy(&w->asked_more);
no_cond:
	uv_mutex_destroy(&w->lock);
no_lock:
	free(w);
	return cw_fail(err, CW_ENOMEM, "journal: no memory for its thread");
}

void
cw_writer_close(struct cw_writer *w, void (*closed)(void *arg), void *arg)
{
	assert(closed != NULL);
	w->closed = closed;
	w->closed_arg = arg;
	close_when_done(w);
}

void
cw_writer_ask(struct cw_writer *w, struct cw_writer_job *job)
{
	w->open++;
	uv_mutex_lock(&w->lock);
	list_put(&w->asked, job);
	uv_cond_signal(&w->asked_more);
	uv_mutex_unlock(&w->lock);
}
