/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.query and command.forget: what the journal knows, read and written on its
 * own thread.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "commands/commands_internal.h"
#include "os/clock.h"
#include "wire/frame.h"

/* Bytes of an answer; the rest of a message is for what stands around it. */
#define ANSWER_MAX (CW_FRAME_MESSAGE_MAX - 64u * 1024u)
#define BEGUN_MAX 1000 /* writes that are told of a script that was lost: the last ones */
#define BEGUN_LEN 128u /* bytes that one takes, at most */
#define PRUNE_EVERY_MS (INT64_C(60) * 60 * 1000)

struct question {
	struct cw_commands *owner;
	struct cw_wire_call *call; /* NULL: nobody waits for the answer */
	struct cw_writer_job job;
	char (*ids)[CW_UUID_TEXT];
	bool *running; /* of the same index */
	size_t count;
	cJSON *result; /* made by the writer's thread */
	struct cw_err err;
	bool prune;
};

static void
question_free(struct question *q)
{
	struct cw_commands *c = q->owner;

	cJSON_Delete(q->result);
	free(q->ids);
	free(q->running);
	free(q);
	c->questions--;
	commands_look(c);
}

static void
on_cancelled(void *arg)
{
	((struct question *)arg)->call = NULL; /* the writer has its memory */
}

static void
on_done(void *arg)
{
	struct question *q = arg;

	if (q->call != NULL && q->err.code < 0) {
		commands_refuse(q->owner, q->call, &q->err, NULL);
	} else if (q->call != NULL) {
		cw_wire_call_finish(q->call, q->result);
		q->result = NULL;
	}
	question_free(q);
}

static bool
is_running(const struct cw_commands *c, const char *id)
{
	return commands_find(c, id) != NULL ||
	    (c->config.runs != NULL && c->config.runs(c->config.arg, id));
}

static int
read_ids(struct question *q, const cJSON *params, const char *method, struct cw_err *err)
{
	static const char *const members[] = { "ids", NULL };
	const cJSON *list = cw_json_get(params, "ids"), *id;
	uint8_t uuid[16];
	int n, r;

	if ((r = cw_json_only(params, members, method, err)) < 0)
		return r;
	n = cJSON_IsArray(list) ? cJSON_GetArraySize(list) : -1;
	if (n < 0 || (unsigned)n > CW_COMMANDS_IDS_MAX)
		return cw_fail(
		    err, CW_EINVAL, "\"ids\" is no list of at most %u", CW_COMMANDS_IDS_MAX);
	q->ids = calloc((size_t)n + 1, sizeof(*q->ids));
	q->running = calloc((size_t)n + 1, sizeof(*q->running));
	if (q->ids == NULL || q->running == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cJSON_ArrayForEach (id, list) {
		if (!cJSON_IsString(id) ||
		    cw_uuid_parse(uuid, id->valuestring, strlen(id->valuestring)) < 0)
			return cw_fail(err, CW_EINVAL, "\"ids\" holds what is no UUID");
		cw_uuid_text(q->ids[q->count], uuid);
		q->running[q->count] = is_running(q->owner, q->ids[q->count]);
		q->count++;
	}
	return CW_OK;
}

static void
ask(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params, const char *method,
    void (*work)(void *arg, struct cw_journal *j))
{
	static const struct cw_wire_call_events events = { NULL, on_cancelled };
	struct question *q = calloc(1, sizeof(*q));
	struct cw_err err;
	int64_t now = cw_clock_unix_ms();

	if (q == NULL) {
		(void)cw_fail(&err, CW_ENOMEM, "out of memory");
		commands_refuse(c, call, &err, NULL);
		return;
	}
	q->owner = c;
	q->call = call;
	q->job = (struct cw_writer_job){ .work = work, .done = on_done, .arg = q };
	c->questions++;
	if (read_ids(q, params, method, &q->err) < 0) {
		on_done(q);
		return;
	}
	q->prune = now - c->pruned_ms >= PRUNE_EVERY_MS;
	if (q->prune)
		c->pruned_ms = now;
	cw_wire_call_watch(call, &events, q);
	cw_writer_ask(c->config.writer, &q->job);
}

/* --- query; all on the writer's thread */

/* Bytes that a text takes as a JSON string. */
static size_t
json_len(const char *text)
{
	size_t n = 2;

	for (; *text != '\0'; text++)
		n += (unsigned char)*text < 0x20 ? 6 : *text == '"' || *text == '\\' ? 2 : 1;
	return n;
}

struct begun {
	cJSON *list;
	int count; /* in it */
	int64_t made;
};

/* One write of a script, or several that ran as one. */
static bool
put_begun(void *arg, const struct cw_journal_record *rec)
{
	struct begun *b = arg;
	cJSON *known = NULL, *one = cJSON_CreateObject();
	int64_t last = rec->step;

	if (rec->result != NULL)
		(void)cw_json_parse(&known, rec->result, strlen(rec->result), "result", NULL);
	(void)cw_json_int(known, "last", &last);
	cJSON_Delete(known);
	cJSON_AddNumberToObject(one, "entry", (double)rec->step);
	if (last > rec->step)
		cJSON_AddNumberToObject(one, "count", (double)(last - rec->step + 1));
	cJSON_AddStringToObject(one, "command", rec->command);
	cJSON_AddStringToObject(one, "state", commands_state_name(rec->state));
	if (rec->state == CW_JOURNAL_DONE || rec->state == CW_JOURNAL_FAILED)
		b->made += last - rec->step + 1;
	cJSON_AddItemToArray(b->list, one);
	if (b->count == BEGUN_MAX)
		cJSON_DeleteItemFromArray(b->list, 0);
	else
		b->count++;
	return true;
}

/* The end of a script or an application is not known; what it began is: of each write the journal
 * has a record of its own. */
static int
put_begun_all(cJSON *one, struct cw_journal *j, const struct cw_journal_record *rec, size_t *room,
    struct cw_err *err)
{
	struct begun b = { cJSON_CreateArray(), 0, 0 };
	cJSON *result;
	size_t n;
	int r;

	if ((r = cw_journal_entries(j, rec->operation, put_begun, &b, err)) < 0) {
		cJSON_Delete(b.list);
		return r;
	}
	n = ((size_t)b.count + 1) * BEGUN_LEN;
	if (n > *room) {
		cJSON_AddTrueToObject(one, "omitted");
		cJSON_Delete(b.list);
		return CW_OK;
	}
	*room -= n;
	result = cJSON_AddObjectToObject(one, "result");
	cJSON_AddStringToObject(result, "state", "unknown");
	cJSON_AddNumberToObject(result, "writes", (double)b.made);
	cJSON_AddItemToObject(result, "entries", b.list);
	return CW_OK;
}

static bool
is_lost_script(const struct cw_journal_record *rec)
{
	return cw_streq(rec->id, rec->operation) && rec->step == 0 &&
	    (rec->state == CW_JOURNAL_UNKNOWN || rec->state == CW_JOURNAL_BEGUN);
}

/* What does not fit is left out and said to be: asked for alone, it fits. */
static void
put_record(cJSON *one, const struct cw_journal_record *rec, size_t *room)
{
	size_t n = rec->result != NULL ? strlen(rec->result) : 0;
	cJSON *result = NULL;

	cJSON_AddStringToObject(one, "state", commands_state_name(rec->state));
	if (rec->server[0] != '\0')
		cJSON_AddStringToObject(one, "server", rec->server);
	if (rec->output != NULL)
		n += json_len(rec->output);
	if (n > *room) {
		cJSON_AddTrueToObject(one, "omitted");
		return;
	}
	*room -= n;
	if (rec->result != NULL &&
	    cw_json_parse(&result, rec->result, strlen(rec->result), "result", NULL) == CW_OK)
		cJSON_AddItemToObject(one, "result", result);
	if (rec->output != NULL)
		cJSON_AddStringToObject(one, "output", rec->output);
}

static void
work_query(void *arg, struct cw_journal *j)
{
	struct question *q = arg;
	struct cw_journal_record rec;
	size_t room = ANSWER_MAX;
	cJSON *list, *one;
	int r;

	q->result = cJSON_CreateObject();
	cJSON_AddStringToObject(q->result, "epoch", cw_journal_epoch(j));
	cJSON_AddNumberToObject(q->result, "counter", (double)cw_journal_counter(j));
	list = cJSON_AddArrayToObject(q->result, "commands");
	for (size_t i = 0; i < q->count; i++) {
		one = cJSON_CreateObject();
		cJSON_AddItemToArray(list, one);
		cJSON_AddStringToObject(one, "id", q->ids[i]);
		if (q->running[i]) {
			cJSON_AddStringToObject(one, "state", "running");
		} else if ((r = cw_journal_find(j, q->ids[i], &rec, &q->err)) == CW_OK) {
			put_record(one, &rec, &room);
			if (is_lost_script(&rec))
				r = put_begun_all(one, j, &rec, &room, &q->err);
			cw_journal_record_free(&rec);
			if (r < 0)
				return;
		} else if (r == CW_ENOTFOUND) {
			cJSON_AddStringToObject(one, "state", "never");
		} else {
			return; /* err says why */
		}
	}
	q->err = (struct cw_err){ 0 };
}

/* --- forget */

static void
work_forget(void *arg, struct cw_journal *j)
{
	struct question *q = arg;
	struct cw_journal_change *changes = calloc(q->count + 1, sizeof(*changes));
	struct cw_journal_change **list = calloc(q->count + 1, sizeof(struct cw_journal_change *));

	if (changes == NULL || list == NULL) {
		(void)cw_fail(&q->err, CW_ENOMEM, "out of memory");
		goto done;
	}
	for (size_t i = 0; i < q->count; i++) {
		changes[i] =
		    (struct cw_journal_change){ .kind = CW_JOURNAL_CHANGE_FORGET, .id = q->ids[i] };
		list[i] = &changes[i];
	}
	if (q->count > 0 && cw_journal_commit(j, list, q->count, cw_clock_unix_ms()) < 0)
		q->err = changes[0].err;
	else if (q->prune)
		(void)cw_journal_prune(j, cw_clock_unix_ms(), &q->err);
	q->result = cJSON_CreateObject();
done:
	free(changes);
	free(list);
}

void
query_new(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params)
{
	ask(c, call, params, "command.query", work_query);
}

void
forget_new(struct cw_commands *c, struct cw_wire_call *call, const cJSON *params)
{
	ask(c, call, params, "command.forget", work_forget);
}
