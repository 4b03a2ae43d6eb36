/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own reads of the directory, before a write: constant commands, filters that we
 * wrote.
 */
#include <string.h>

#include "broker/broker_internal.h"

#define ARENA_MAX (4u * 1024u * 1024u)

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct broker_query *q = arg;

	if (q->err.code == CW_OK)
		(void)q->row(q->arg, value, &q->err);
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct broker_query *q = arg;

	if (stream == CW_PSRP_ERROR && q->err.code == CW_OK)
		(void)cw_fail(&q->err, CW_EFAILED, "the directory could not be asked: %s",
		    cw_ps_str(record) != NULL ? cw_ps_str(record) : "it gave no reason");
}

static void
on_done(void *arg, const struct cw_err *err, const struct cw_ps_value *error)
{
	struct broker_query *q = arg;
	struct cw_err e = q->err;

	(void)error;
	q->job = NULL;
	if (err->code < 0 && e.code == CW_OK)
		(void)cw_fail(&e, err->code, "the directory could not be asked: %s", err->text);
	q->done(q->arg, &e);
}

static void
put(struct broker_query *q, const char *name, const struct cw_ps_value *value)
{
	q->arguments[q->command.argument_count++] = (struct cw_psrp_argument){ name, value };
}

static const struct cw_ps_value *
properties(struct cw_ps_arena *arena, const cJSON *names)
{
	const struct cw_ps_value **items;
	const cJSON *one = names == NULL ? NULL : names->child;
	size_t n = 0;

	while (names == NULL && broker_object_properties[n] != NULL)
		n++;
	if (names != NULL)
		n = (size_t)cJSON_GetArraySize(names);
	items = cw_ps_arena_alloc(arena, (n + 1) * sizeof(struct cw_ps_value *));
	for (size_t i = 0; items != NULL && i < n; i++) {
		items[i] = cw_ps_string(
		    arena, names == NULL ? broker_object_properties[i] : one->valuestring);
		if (items[i] == NULL)
			return NULL;
		one = one == NULL ? NULL : one->next;
	}
	return items == NULL ? NULL : cw_ps_list(arena, items, n);
}

int
broker_query_start(struct broker_query *q, struct cw_runspaces *rs, const char *server,
    const char *filter, const char *base, const cJSON *names, uint32_t timeout_ms,
    struct cw_err *err)
{
	static const struct cw_runspaces_events events = { on_output, on_record, on_done };

	if (q->arena == NULL && cw_ps_arena_new(&q->arena, ARENA_MAX) < 0)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cw_ps_arena_reset(q->arena);
	q->err = (struct cw_err){ 0 };
	q->command = (struct cw_psrp_command){ filter != NULL ? "ActiveDirectory\\Get-ADObject"
							      : "ActiveDirectory\\Get-ADDomain",
		false, q->arguments, 0 };
	put(q, "Server", cw_ps_string(q->arena, server));
	if (filter != NULL) {
		put(q, "LDAPFilter", cw_ps_string(q->arena, filter));
		if (names == NULL || names->child != NULL)
			put(q, "Properties", properties(q->arena, names));
	}
	if (filter != NULL && q->deleted)
		put(q, "IncludeDeletedObjects", cw_ps_bool(q->arena, true));
	if (base != NULL)
		put(q, "SearchBase", cw_ps_string(q->arena, base));
	for (size_t i = 0; i < q->command.argument_count; i++)
		if (q->arguments[i].value == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
	return cw_runspaces_run(rs, &q->job, &q->command, timeout_ms, &events, q, err);
}

void
broker_query_deleted(struct broker_query *q)
{
	q->deleted = true;
}

static int
unheard(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	(void)arg, (void)value, (void)err;
	return CW_OK;
}

void
broker_query_stop(struct broker_query *q)
{
	q->row = unheard;
	if (q->job != NULL)
		cw_runspaces_stop(q->job);
}

void
broker_query_free(struct broker_query *q)
{
	cw_ps_arena_free(q->arena);
	q->arena = NULL;
}
