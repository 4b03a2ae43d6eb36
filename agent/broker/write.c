/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making a write: into the journal, on the disk, before PowerShell sees it, and its
 * end there before the script hears of it. Entries that differ in their target alone
 * run as one pipeline, and share a record.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/json.h"
#include "base/str.h"
#include "broker/broker_internal.h"

/* The at-most-once key of an entry: the same for the same operation and number, whoever asks. */
static int
entry_id(char ret[CW_UUID_TEXT], const char *operation, uint32_t number)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	char text[96];
	int n = snprintf(text, sizeof(text), "causeway/entry/%s/%u", operation, (unsigned)number);

	if (EVP_Digest(text, (size_t)n, hash, NULL, EVP_sha256(), NULL) != 1)
		return CW_ENOMEM;
	hash[6] = (uint8_t)((hash[6] & 0x0f) | 0x80); /* RFC 9562 version 8 */
	hash[8] = (uint8_t)((hash[8] & 0x3f) | 0x80);
	cw_uuid_text(ret, hash);
	return CW_OK;
}

static void
ask_journal(struct broker_call *call, void (*done)(void *arg))
{
	call->at_disk = true;
	call->disk = (struct cw_writer_job){ .change = &call->change, .done = done, .arg = call };
	cw_writer_ask(call->script->broker->config.writer, &call->disk);
}

/* The writer is through with it; true when nothing more is to come of it. */
static bool
is_abandoned(struct broker_call *call)
{
	struct cw_script *s = call->script;

	call->at_disk = false;
	if (!s->broker->closing)
		return false;
	broker_abandon(s);
	return true;
}

/* --- its end */

/* What the journal has of it, from its beginning on: {"first","last","errors","error"?}, the
 * numbers of its entries. No values. */
static void
make_result(struct broker_call *call)
{
	const struct broker_entry *first = &call->entries[call->at];

	cw_buf_clear(&call->result);
	(void)cw_buf_printf(&call->result, "{\"first\":%u,\"last\":%u,\"errors\":%u",
	    (unsigned)first->number, (unsigned)(first->number + call->running - 1),
	    (unsigned)call->errors);
	if (cw_buf_left(&call->error) > 0)
		(void)cw_buf_printf(&call->result, ",\"error\":%s", cw_buf_str(&call->error));
	(void)cw_buf_putc(&call->result, '}');
}

/* For the script's result: those whose end is not as it should be. */
static void
note(struct broker_call *call, const char *state)
{
	struct cw_script *s = call->script;
	cJSON *o;

	if (s->mode == CW_SCRIPT_APPLY ||
	    cJSON_GetArraySize(s->entries) >= (int)CW_SCRIPT_REFUSALS_MAX)
		return;
	o = cJSON_CreateObject();
	cJSON_AddNumberToObject(o, "entry", call->entries[call->at].number);
	if (call->running > 1)
		cJSON_AddNumberToObject(o, "count", (double)call->running);
	cJSON_AddStringToObject(o, "state", state);
	cJSON_AddStringToObject(o, "command", call->command->name);
	if (call->entries[call->at].on_pdc)
		cJSON_AddStringToObject(o, "server", s->pdc);
	if (cw_buf_left(&call->error) > 0)
		cJSON_AddItemToObject(o, "error", cJSON_CreateRaw(cw_buf_str(&call->error)));
	cJSON_AddItemToArray(s->entries, o);
}

static void
on_ended(void *arg)
{
	struct broker_call *call = arg;

	if (is_abandoned(call))
		return;
	if (call->change.err.code < 0)
		lines_text(call->script, "warning", call->change.err.text);
	call->at += call->running;
	call->running = 0;
	call_next(call);
}

static void
end(struct broker_call *call, int kind)
{
	call->state = CALL_ENDING;
	call->change = (struct cw_journal_change){ .kind = kind, .id = call->journal_id };
	if (kind == CW_JOURNAL_CHANGE_FINISH) {
		make_result(call);
		call->change.failed = call->errors > 0;
		call->change.result = cw_buf_str(&call->result);
	}
	ask_journal(call, on_ended);
}

void
write_error(struct broker_call *call, const cJSON *record)
{
	if (call->errors++ == 0 && cw_json_put(&call->error, record) < 0)
		cw_buf_clear(&call->error);
}

/* Not seen by PowerShell: as if it had not been begun. */
static void
withdraw(struct broker_call *call, const char *why)
{
	if (call->failure == NULL)
		call_fail(
		    call, call_error(why, "CausewayUnavailable", "ResourceUnavailable", NULL));
	call->count = call->at + call->running;
	note(call, "not-begun");
	end(call, CW_JOURNAL_CHANGE_WITHDRAW);
}

void
write_ended(struct broker_call *call, const struct cw_err *err)
{
	if (call->unseen || err->code == CW_EUNAVAILABLE) {
		withdraw(call, err->text);
	} else if (err->code == CW_OK || err->code == CW_EFAILED) {
		if (call->errors > 0) {
			call->failed = true;
			note(call, "failed");
		}
		call->script->written += (uint32_t)call->running;
		if (call->entries[call->at].on_pdc)
			call->script->pdc_written += (uint32_t)call->running;
		end(call, CW_JOURNAL_CHANGE_FINISH);
	} else {
		call->script->unknown = call->unknown = true;
		note(call, "unknown");
		end(call, CW_JOURNAL_CHANGE_LOSE);
	}
}

/* --- PowerShell */

/* The target of an entry, by its GUID. */
static const char *
target(const struct broker_call *call, const struct broker_entry *entry)
{
	struct cw_catalogue_named named;

	for (size_t i = 0; cw_catalogue_call_name(entry->bound, i, &named); i++)
		if (named.target)
			return named.text;
	(void)call;
	return NULL;
}

static int
make_input(struct broker_call *call, struct cw_err *err)
{
	struct cw_ps_value *values = calloc(call->running, sizeof(*values));
	const struct cw_ps_value **list = calloc(call->running, sizeof(const struct cw_ps_value *));

	free(call->fed_values);
	free(call->input);
	call->fed_values = values;
	call->input = list;
	if (values == NULL || list == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	for (size_t i = 0; i < call->running; i++) {
		const char *text = target(call, &call->entries[call->at + i]);

		values[i] =
		    (struct cw_ps_value){ .kind = CW_PS_STRING, .text = { text, strlen(text) } };
		list[i] = &values[i];
	}
	return CW_OK;
}

static int
launch(struct broker_call *call, struct cw_err *err)
{
	struct cw_script *s = call->script;
	struct cw_catalogue_call *bound = call->entries[call->at].bound;
	const char *server =
	    call->command->server == NULL ? NULL : entry_server(call, &call->entries[call->at]);
	uint32_t timeout_ms = script_left_ms(s) + BROKER_WRITE_MS;
	struct cw_runspaces *rs = call_runspaces(call, err);
	const struct cw_psrp_command *command;
	int r;

	if (rs == NULL)
		return err->code;
	if (call->running == 1) {
		if ((r = cw_catalogue_call_command(bound, &command, server, err)) < 0)
			return r;
		return cw_runspaces_run(
		    rs, &call->job, command, timeout_ms, &call_events, call, err);
	}
	if ((r = make_input(call, err)) < 0 ||
	    (r = cw_catalogue_call_command_fed(bound, &call->fed, server, err)) < 0)
		return r;
	return cw_runspaces_run_fed(rs, &call->job, &call->fed, call->input, call->running,
	    timeout_ms, &call_events, call, err);
}

/* --- its beginning */

static void
on_begun(void *arg)
{
	struct broker_call *call = arg;
	struct cw_err err = { 0 };

	if (is_abandoned(call))
		return;
	if (call->change.err.code < 0) {
		/* Nothing of it is in the journal, or it was begun before: either way it is not
		 * made. */
		call_fail(call,
		    call_error(
			call->change.err.text, "CausewayJournal", "ResourceUnavailable", NULL));
		call->running = 0;
		call->count = call->at;
		call_next(call);
	} else if (call->cancelled || call->script->stopped[0] != '\0') {
		withdraw(call, "the script was stopped before the write began");
	} else {
		call->state = CALL_RUNNING;
		if (launch(call, &err) < 0)
			withdraw(call, err.text);
	}
}

/* How many entries from `at` on differ in nothing but the object they are about, and go to the same
 * controller. */
static size_t
alike(const struct broker_call *call)
{
	size_t n = 1;

	if (!call->entries[call->at].fed)
		return 1;
	while (call->at + n < call->count && call->entries[call->at + n].fed &&
	    call->entries[call->at + n].on_pdc == call->entries[call->at].on_pdc)
		n++;
	return n;
}

void
write_start(struct broker_call *call)
{
	struct cw_script *s = call->script;
	const struct broker_entry *entry = &call->entries[call->at];

	call->state = CALL_BEGINNING;
	call->running = alike(call);
	call->errors = 0;
	call->unseen = false;
	cw_buf_clear(&call->error);
	make_result(call);
	call->change = (struct cw_journal_change){ .kind = CW_JOURNAL_CHANGE_BEGIN,
		.entry = { .id = call->journal_id,
		    .operation = s->id,
		    .step = entry->number,
		    .command = call->command->name,
		    .server = entry_server(call, entry),
		    .not_after_ms = s->not_after_ms },
		.result = cw_buf_str(&call->result) };
	if (entry_id(call->journal_id, s->key, entry->number) < 0) {
		call->change.err = (struct cw_err){ 0 };
		(void)cw_fail(&call->change.err, CW_ENOMEM, "out of memory");
		on_begun(call);
		return;
	}
	ask_journal(call, on_begun);
}
