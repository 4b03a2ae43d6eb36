/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger, as far as the router uses it, in memory and in the world's time. A document is
 * committed some time after it was put; a crash loses what is not. One tenant, "tenant".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "ledger/agents.h"
#include "ledger/ledger.h"
#include "ledger/operations.h"
#include "model/world.h"

#define DURABLE_MS 2
#define BATCH_MS 200
#define ROWS_MAX 64

struct row {
	char id[CW_UUID_TEXT];
	char *text, *state;
};

struct put {
	struct put *next;
	struct cw_ledger *l;
	char *text, *state;
	char id[CW_UUID_TEXT];
	void (*done)(void *arg, int code, const struct cw_err *err);
	void *arg;
};

struct cw_ledger {
	struct world *w;
	struct row rows[ROWS_MAX];
	unsigned n;
	struct put *pending, **last; /* in order */
	struct put *lost; /* by a crash, to be released */
};

struct cw_ledger *
world_ledger_new(struct world *w)
{
	struct cw_ledger *l = calloc(1, sizeof(*l));

	l->w = w;
	l->last = &l->pending;
	return l;
}

static void
release(struct put *p, int code)
{
	struct cw_err err = { .code = code };

	if (p->done != NULL)
		p->done(p->arg, code, &err);
	free(p->text);
	free(p->state);
	free(p);
}

/* After the router is gone: nobody hears of it. */
void
world_ledger_crash(struct cw_ledger *l)
{
	struct put *p;

	while ((p = l->lost) != NULL || (p = l->pending) != NULL) {
		*(p == l->lost ? &l->lost : &l->pending) = p->next;
		release(p, CW_ECLOSED);
	}
	l->last = &l->pending;
}

void
world_ledger_free(struct cw_ledger *l)
{
	world_ledger_crash(l);
	for (unsigned i = 0; i < l->n; i++) {
		free(l->rows[i].text);
		free(l->rows[i].state);
	}
	free(l);
}

static struct row *
find_row(const struct cw_ledger *l, const char *id)
{
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->rows[i].id, id) == 0)
			return (struct row *)&l->rows[i];
	return NULL;
}

const char *
world_ledger_text(const struct cw_ledger *l, const char *id)
{
	const struct row *row = find_row(l, id);

	return row != NULL ? row->text : NULL;
}

static void
write_row(struct cw_ledger *l, struct put *p)
{
	struct row *row = find_row(l, p->id);

	if (row == NULL) {
		row = &l->rows[l->n++];
		(void)snprintf(row->id, sizeof(row->id), "%s", p->id);
	}
	free(row->text);
	free(row->state);
	row->text = p->text;
	row->state = p->state;
	p->text = p->state = NULL;
}

/* All that was put so far, in one commit. */
static void
commit(struct world *w, void *arg)
{
	struct cw_ledger *l = w->ledger;
	struct put *batch = l->pending, *p;

	(void)arg;
	if (w->route == NULL || w->crashed || batch == NULL || world_point(w))
		return; /* gone, or gone with an earlier one */
	l->pending = NULL;
	l->last = &l->pending;
	for (p = batch; p != NULL; p = p->next)
		write_row(l, p);
	if (world_point(w)) { /* on the disk, and nobody was told */
		l->lost = batch;
		return;
	}
	while ((p = batch) != NULL) {
		batch = p->next;
		if (w->crashed) {
			p->next = l->lost;
			l->lost = p;
		} else {
			release(p, CW_OK);
		}
	}
}

int
cw_operation_put(struct cw_ledger *l, const cJSON *document, int64_t created_ms, int64_t updated_ms,
    bool durable, void (*done)(void *arg, int code, const struct cw_err *err), void *arg,
    struct cw_err *err)
{
	struct put *p = calloc(1, sizeof(*p));

	(void)created_ms, (void)updated_ms, (void)err;
	p->text = cJSON_PrintUnformatted(document);
	p->state = cw_strdup(cw_json_str(document, "state"));
	(void)snprintf(p->id, sizeof(p->id), "%s", cw_json_str(document, "id"));
	p->done = done;
	p->arg = arg;
	if (l->w->crashed) {
		p->next = l->lost;
		l->lost = p;
		return CW_OK;
	}
	if (l->w->record)
		(void)cw_buf_puts(&l->w->written, p->text);
	*l->last = p;
	l->last = &p->next;
	world_at(l->w, durable ? DURABLE_MS : BATCH_MS, commit, NULL);
	return CW_OK;
}

int
cw_operation_find(struct cw_ledger *l, cJSON **ret, const char *id, struct cw_err *err)
{
	const struct row *row = find_row(l, id);

	if (row == NULL)
		return cw_fail(err, CW_ENOTFOUND, "there is no operation %s", id);
	*ret = cJSON_Parse(row->text);
	return CW_OK;
}

int
cw_operation_list(
    struct cw_ledger *l, cJSON **ret, const struct cw_operation_filter *filter, struct cw_err *err)
{
	(void)l, (void)filter, (void)err;
	*ret = cJSON_CreateArray();
	return CW_OK;
}

int
cw_operation_unfinished(struct cw_ledger *l, cJSON **ret, struct cw_err *err)
{
	(void)err;
	*ret = cJSON_CreateArray();
	for (unsigned i = 0; i < l->n; i++)
		if (strcmp(l->rows[i].state, "queued") == 0 ||
		    strcmp(l->rows[i].state, "running") == 0)
			cJSON_AddItemToArray(*ret, cJSON_Parse(l->rows[i].text));
	return CW_OK;
}

/* --- tenants */

static const char *const modes[] = { "cloud", "on-prem", "hybrid-sync", "hybrid-dual" };

const char *
cw_mode_name(enum cw_identity_mode mode)
{
	return modes[mode];
}

int
cw_mode_parse(enum cw_identity_mode *ret, const char *text, struct cw_err *err)
{
	for (size_t i = 0; i < CW_COUNT(modes); i++)
		if (strcmp(modes[i], text) == 0) {
			*ret = (enum cw_identity_mode)i;
			return CW_OK;
		}
	return cw_fail(err, CW_EINVAL, "no mode %s", text);
}

int
cw_tenant_find(struct cw_ledger *l, struct cw_tenant *ret, const char *id, struct cw_err *err)
{
	if (strcmp(id, "tenant") != 0)
		return cw_fail(err, CW_ENOTFOUND, "there is no tenant %s", id);
	*ret = (struct cw_tenant){ .id = "tenant", .name = "Lab", .mode = l->w->mode };
	ret->graph.set = true;
	return CW_OK;
}

void
cw_ledger_agents_store(struct cw_ledger *l, struct cw_agents_store *ret)
{
	(void)l;
	memset(ret, 0, sizeof(*ret));
}
