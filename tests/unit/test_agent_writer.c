/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal's thread: in order, together, conflicts told, nothing lost at the end.
 */
#include <stdio.h>

#include "test.h"
#include "base/err.h"
#include "journal/writer.h"
#include "os/file.h"
#include "os/random.h"

int test_failed;
const char *test_case = "";

#define OPERATION "11111111-1111-4111-8111-111111111111"
#define MANY 500

static uv_loop_t loop;
static struct cw_journal *journal;
static struct cw_writer *writer;
static unsigned done_count, closed_count;

struct item {
	struct cw_writer_job job;
	struct cw_journal_change change;
	char id[CW_UUID_TEXT];
	unsigned place; /* among those that are done, from 1 */
};

static void
on_done(void *arg)
{
	((struct item *)arg)->place = ++done_count;
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed_count++;
}

static void
ask_begin(struct item *item, const char *id)
{
	*item = (struct item){ .job = { .change = &item->change, .done = on_done, .arg = item } };
	(void)snprintf(item->id, sizeof(item->id), "%s", id);
	item->change.kind = CW_JOURNAL_CHANGE_BEGIN;
	item->change.entry = (struct cw_journal_entry){ .id = item->id,
		.operation = OPERATION,
		.step = 1,
		.command = "Set-ADUser",
		.server = "dc1",
		.not_after_ms = 1 };
	cw_writer_ask(writer, &item->job);
}

static void
ask_change(struct item *item, int kind, const char *id)
{
	*item = (struct item){ .job = { .change = &item->change, .done = on_done, .arg = item } };
	item->change.kind = kind;
	item->change.id = id;
	item->change.result = "{}";
	cw_writer_ask(writer, &item->job);
}

static void
until_done(unsigned count)
{
	while (done_count < count)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static void
test_order(void)
{
	static struct item begin, again, finish, begin_b, withdraw, again_b;
	char a[CW_UUID_TEXT], b[CW_UUID_TEXT];
	struct cw_journal_record rec;
	struct cw_err err;

	test_case = "in order, each with its own outcome";
	cw_random_uuid(a);
	cw_random_uuid(b);
	done_count = 0;
	ask_begin(&begin, a);
	ask_begin(&again, a);
	ask_change(&finish, CW_JOURNAL_CHANGE_FINISH, a);
	ask_begin(&begin_b, b);
	ask_change(&withdraw, CW_JOURNAL_CHANGE_WITHDRAW, b);
	ask_begin(&again_b, b);
	until_done(6);
	CHECK_EQ(begin.place, 1);
	CHECK_EQ(again.place, 2);
	CHECK_EQ(again_b.place, 6);
	CHECK_EQ(begin.change.err.code, CW_OK);
	CHECK_EQ(again.change.err.code, CW_ECONFLICT);
	CHECK_EQ(again.change.state, CW_JOURNAL_BEGUN);
	CHECK_EQ(finish.change.err.code, CW_OK);
	CHECK_EQ(withdraw.change.err.code, CW_OK);
	CHECK_EQ(again_b.change.err.code, CW_OK);
	CHECK_EQ(cw_journal_counter(journal), 5);

	test_case = "what is finished cannot be withdrawn";
	done_count = 0;
	ask_change(&withdraw, CW_JOURNAL_CHANGE_WITHDRAW, a);
	until_done(1);
	CHECK_EQ(withdraw.change.err.code, CW_ECONFLICT);
	CHECK_EQ(cw_journal_find(journal, a, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_DONE);
	cw_journal_record_free(&rec);
}

/* Holds the thread until it is let go, so that what is asked for meanwhile goes together. */
static uv_sem_t gate;

static void
wait_at_gate(void *arg, struct cw_journal *j)
{
	(void)arg;
	(void)j;
	uv_sem_wait(&gate);
}

static void
test_many(void)
{
	static struct item items[MANY], hold;
	uint64_t counter = cw_journal_counter(journal);
	char id[CW_UUID_TEXT];
	bool in_order = true;

	test_case = "many at once";
	done_count = 0;
	hold = (struct item){ .job = { .work = wait_at_gate, .done = on_done, .arg = &hold } };
	cw_writer_ask(writer, &hold.job);
	for (unsigned i = 0; i < MANY; i++) {
		cw_random_uuid(id);
		ask_begin(&items[i], id);
	}
	uv_sem_post(&gate);
	until_done(MANY + 1);
	for (unsigned i = 0; i < MANY; i++)
		in_order = in_order && items[i].place == i + 2 && items[i].change.err.code == 0;
	CHECK(in_order);
	CHECK_EQ(cw_journal_counter(journal), counter + MANY);
}

static void
test_close(void)
{
	static struct item last, hold;
	char id[CW_UUID_TEXT];

	test_case = "what was asked for is done before the end";
	cw_random_uuid(id);
	done_count = 0;
	hold = (struct item){ .job = { .work = wait_at_gate, .done = on_done, .arg = &hold } };
	cw_writer_ask(writer, &hold.job);
	ask_begin(&last, id);
	cw_writer_close(writer, on_closed, NULL);
	uv_sem_post(&gate);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(done_count, 2);
	CHECK_EQ(last.change.err.code, CW_OK);
	CHECK_EQ(closed_count, 1);
	CHECK_EQ(uv_loop_close(&loop), 0);
}

int
main(void)
{
	char path[128], side[160], id[CW_UUID_TEXT];
	struct cw_err err = { 0 };

	cw_random_uuid(id);
	(void)snprintf(path, sizeof(path), "test-writer-%s.db", id);
	CHECK_EQ(cw_journal_open(&journal, path, 1, &err), CW_OK);
	CHECK_EQ(uv_loop_init(&loop), 0);
	CHECK_EQ(uv_sem_init(&gate, 0), 0);
	CHECK_EQ(cw_writer_new(&writer, &loop, journal, &err), CW_OK);
	test_order();
	test_many();
	test_close();
	cw_journal_close(journal);
	uv_sem_destroy(&gate);
	(void)cw_file_remove(path, &err);
	(void)snprintf(side, sizeof(side), "%s-wal", path);
	(void)cw_file_remove(side, &err);
	(void)snprintf(side, sizeof(side), "%s-shm", path);
	(void)cw_file_remove(side, &err);
	return test_failed;
}
