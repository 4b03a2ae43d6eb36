/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal: at most once, results kept until forgotten, begun becomes unknown
 * after a crash, the counter only grows, foreign files are refused.
 */
#include <stdio.h>

#include <sqlite3.h>

#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "journal/journal.h"
#include "os/file.h"
#include "os/random.h"

int test_failed;

#define ID_A "00000000-0000-4000-8000-00000000000a"
#define ID_B "00000000-0000-4000-8000-00000000000b"
#define ID_C "00000000-0000-4000-8000-00000000000c"
#define OPERATION "11111111-1111-4111-8111-111111111111"
#define NOW INT64_C(1795512600000)

static char path[128];
static struct cw_err err;

static struct cw_journal_entry
entry(const char *id)
{
	return (
	    struct cw_journal_entry){ id, OPERATION, 2, "Set-ADUser", "dc1.lab.test", NOW + 60000 };
}

static struct cw_journal *
reopen(struct cw_journal *j, const char *test_case)
{
	cw_journal_close(j);
	j = NULL;
	CHECK_EQ(cw_journal_open(&j, path, NOW + 5, &err), CW_OK);
	return j;
}

static void
remove_files(void)
{
	char side[160];

	(void)cw_file_remove(path, &err);
	(void)snprintf(side, sizeof(side), "%s-wal", path);
	(void)cw_file_remove(side, &err);
	(void)snprintf(side, sizeof(side), "%s-shm", path);
	(void)cw_file_remove(side, &err);
}

static void
test_at_most_once(void)
{
	const char *test_case = "at most once, also after a restart";
	struct cw_journal *j = NULL;
	struct cw_journal_record rec;
	struct cw_journal_entry a = entry(ID_A);
	char epoch[CW_UUID_TEXT];

	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_OK);
	(void)snprintf(epoch, sizeof(epoch), "%s", cw_journal_epoch(j));
	CHECK_EQ(cw_journal_counter(j), 0);
	CHECK_EQ(cw_journal_find(j, ID_A, &rec, &err), CW_ENOTFOUND);
	CHECK_EQ(cw_journal_begin(j, &a, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_begin(j, &a, NOW, &err), CW_ECONFLICT);
	CHECK_EQ(cw_journal_counter(j), 1);
	CHECK_EQ(cw_journal_finish(j, ID_A, false, "{\"state\":\"done\"}", "{}\n", NOW + 1, &err),
	    CW_OK);
	CHECK_EQ(cw_journal_finish(j, ID_A, true, "{}", NULL, NOW + 2, &err), CW_ECONFLICT);
	j = reopen(j, test_case);
	CHECK_STR(cw_journal_epoch(j), epoch);
	CHECK_EQ(cw_journal_counter(j), 2);
	CHECK_EQ(cw_journal_begin(j, &a, NOW, &err), CW_ECONFLICT);
	CHECK(strstr(err.text, ID_A) != NULL);
	CHECK_EQ(cw_journal_find(j, ID_A, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_DONE);
	CHECK_STR(rec.command, "Set-ADUser");
	CHECK_STR(rec.server, "dc1.lab.test");
	CHECK_STR(rec.result, "{\"state\":\"done\"}");
	CHECK_STR(rec.output, "{}\n");
	CHECK_EQ(rec.finished_ms, NOW + 1);
	cw_journal_record_free(&rec);
	cw_journal_close(j);
}

static void
test_crash_makes_unknown(void)
{
	const char *test_case = "begun and never finished is unknown";
	struct cw_journal *j = NULL;
	struct cw_journal_record rec;
	struct cw_journal_entry b = entry(ID_B);

	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_begin(j, &b, NOW, &err), CW_OK);
	j = reopen(j, test_case);
	CHECK_EQ(cw_journal_find(j, ID_B, &rec, &err), CW_OK);
	CHECK_EQ(rec.state, CW_JOURNAL_UNKNOWN);
	cw_journal_record_free(&rec);
	CHECK_EQ(cw_journal_begin(j, &b, NOW, &err), CW_ECONFLICT);
	cw_journal_close(j);
}

/* What of these is told: "STEP STATE RESULT". */
static bool
tell(void *arg, const struct cw_journal_record *rec)
{
	struct cw_buf *b = arg;

	return cw_buf_printf(b, "%d %s %s\n", (int)rec->step, cw_journal_state_name(rec->state),
		   rec->result) == CW_OK;
}

static void
test_entries(void)
{
	static const char *const ids[] = { OPERATION, "22222222-2222-8222-8222-222222222222",
		"33333333-3333-8333-8333-333333333333", "44444444-4444-8444-8444-444444444444" };
	const char *test_case = "what a script began, after its agent died";
	struct cw_journal_change c;
	struct cw_journal_change *one = &c;
	struct cw_journal *j = NULL;
	struct cw_buf b;

	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_OK);
	for (int i = 3; i >= 0; i--) {
		c = (struct cw_journal_change){ .kind = CW_JOURNAL_CHANGE_BEGIN,
			.entry = entry(ids[i]),
			.result = i > 0 ? "{}" : NULL };
		c.entry.step = i;
		CHECK_EQ(cw_journal_commit(j, &one, 1, NOW), CW_OK);
	}
	CHECK_EQ(cw_journal_finish(j, ids[1], false, "{\"last\":1}", NULL, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_lose(j, ids[2], NOW, &err), CW_OK);
	j = reopen(j, test_case);
	cw_buf_init(&b, 1024);
	CHECK_EQ(cw_journal_entries(j, OPERATION, tell, &b, &err), CW_OK);
	CHECK_STR(cw_buf_str(&b), "1 done {\"last\":1}\n2 unknown {}\n3 unknown {}\n");
	cw_buf_free(&b);
	cw_journal_close(j);
	remove_files();
}

static bool
count_records(void *arg, const struct cw_journal_record *rec)
{
	(void)rec;
	++*(int *)arg;
	return true;
}

static void
test_forget_and_prune(void)
{
	const char *test_case = "forgotten, and pruned when old";
	struct cw_journal_entry c = entry(ID_C);
	struct cw_journal *j = NULL;
	struct cw_journal_record rec;
	int n = 0;

	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_forget(j, ID_A, &err), CW_OK);
	CHECK_EQ(cw_journal_find(j, ID_A, &rec, &err), CW_OK);
	CHECK(rec.result == NULL);
	CHECK_EQ(rec.state, CW_JOURNAL_DONE);
	cw_journal_record_free(&rec);
	CHECK_EQ(cw_journal_prune(j, NOW + CW_JOURNAL_KEEP_MS / 2, &err), CW_OK);
	CHECK_EQ(cw_journal_walk(j, 10, count_records, &n, &err), CW_OK);
	CHECK_EQ(n, 2);
	/* B was never forgotten by a bridge, and goes too; C is still under way. */
	CHECK_EQ(cw_journal_begin(j, &c, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_prune(j, NOW + 2 * CW_JOURNAL_KEEP_MS, &err), CW_OK);
	n = 0;
	CHECK_EQ(cw_journal_walk(j, 10, count_records, &n, &err), CW_OK);
	CHECK_EQ(n, 1);
	CHECK_EQ(cw_journal_find(j, ID_C, &rec, &err), CW_OK);
	cw_journal_record_free(&rec);
	CHECK_EQ(cw_journal_find(j, ID_A, &rec, &err), CW_ENOTFOUND);
	cw_journal_close(j);
}

static void
test_large_output_is_dropped(void)
{
	static char output[CW_JOURNAL_OUTPUT_MAX + 2];
	const char *test_case = "output past the limit is not kept, the result is";
	struct cw_journal *j = NULL;
	struct cw_journal_record rec;
	struct cw_journal_entry a = entry(ID_A);

	memset(output, 'x', sizeof(output) - 1);
	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_begin(j, &a, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_finish(j, ID_A, false, "{}", output, NOW, &err), CW_OK);
	CHECK_EQ(cw_journal_find(j, ID_A, &rec, &err), CW_OK);
	CHECK_STR(rec.result, "{}");
	CHECK(rec.output == NULL);
	cw_journal_record_free(&rec);
	cw_journal_close(j);
}

static void
test_foreign_files(void)
{
	const char *test_case = "foreign files";
	static const char text[] =
	    "this is no database at all, only a long enough line of text ........"
	    "................................................................";
	struct cw_journal *j = NULL;
	sqlite3 *db;

	remove_files();
	CHECK_EQ(cw_file_write(path, text, sizeof(text), true, &err), CW_OK);
	CHECK(cw_journal_open(&j, path, NOW, &err) < 0);
	CHECK(j == NULL);
	remove_files();
	CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_EQ(
	    sqlite3_exec(db, "CREATE TABLE other (x); PRAGMA user_version = 1", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_EINVAL);
	CHECK(strstr(err.text, "not a journal") != NULL);
	remove_files();
	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_OK);
	cw_journal_close(j);
	CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_EQ(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	j = NULL;
	CHECK_EQ(cw_journal_open(&j, path, NOW, &err), CW_EINVAL);
	CHECK(strstr(err.text, "newer agent") != NULL);
}

int
main(void)
{
	char id[CW_UUID_TEXT];

	cw_random_uuid(id);
	(void)snprintf(path, sizeof(path), "test-journal-%s.db", id);
	test_entries();
	test_at_most_once();
	test_crash_makes_unknown();
	test_forget_and_prune();
	test_large_output_is_dropped();
	test_foreign_files();
	remove_files();
	return test_failed;
}
