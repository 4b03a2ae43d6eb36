/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_WRITER_H
#define CW_WRITER_H

#include <uv.h>

#include "journal/journal.h"

/*
 * The journal's own thread: the loop never waits for the disk. Changes that are
 * asked for while others are on their way go to the disk together, in one
 * transaction, so that ten writes at a time cost little more than one.
 *
 * Jobs are done in the order in which they were asked for. Their memory is the
 * caller's, and is borrowed until done() is called, on the loop; nothing is
 * allocated here, so asking cannot fail.
 */
struct cw_writer;

struct cw_writer_job {
	/* One of the two: a change, whose err tells how it went; */
	struct cw_journal_change *change;
	/* or any other work with the journal, on the writer's thread. */
	void (*work)(void *arg, struct cw_journal *j);
	void (*done)(void *arg); /* the last touch of the job; may ask for more */
	void *arg;
	struct cw_writer_job *next; /* the writer's own */
};

/* The journal is borrowed until closed. On success *ret is to be given to cw_writer_close(). */
int cw_writer_new(
    struct cw_writer **ret, uv_loop_t *loop, struct cw_journal *journal, struct cw_err *err);
/* Whatever was asked for is done first, and its done() is called; then closed(arg). */
void cw_writer_close(struct cw_writer *w, void (*closed)(void *arg), void *arg);

void cw_writer_ask(struct cw_writer *w, struct cw_writer_job *job);

#endif
