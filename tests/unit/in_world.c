/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <unistd.h>

#include "base/json.h"
#include "in_world.h"
#include "ledger/ledger.h"
#include "os/file.h"
#include "test.h"

static uv_loop_t loop;
struct cw_ledger *ledger;
struct cw_tenant tenants[5];
static char folder[] = "/tmp/causeway-change-XXXXXX", path[64];
struct world *w;

static const struct cw_tenant *
tenant_of(enum cw_identity_mode mode)
{
	return &tenants[mode];
}

/* What was given to the ledger is done before the next event. */
static void
settle(void *arg)
{
	(void)arg;
	(void)cw_ledger_reader(ledger);
	uv_run(&loop, UV_RUN_NOWAIT);
}

void
world_open(enum cw_identity_mode mode)
{
	w = calloc(1, sizeof(*w));
	w->mode = mode;
	w->tenant = tenant_of(mode)->id;
	w->in_ad = mode != CW_MODE_CLOUD;
	w->in_entra = mode != CW_MODE_ON_PREM;
	w->synced = mode == CW_MODE_HYBRID_SYNC;
	w->users = WORLD_USERS;
	w->loop = &loop;
	w->ledger = ledger;
	w->settle = settle;
	world_init(w);
}

void
world_close(void)
{
	if (w->broken != NULL)
		CHECK_STR(w->broken, "");
	world_stop(w);
	settle(NULL);
	world_free(w);
	free(w);
}

int
change(char id[37], const char *body, struct cw_err *err)
{
	cJSON *json = cJSON_Parse(body);
	int r;

	CHECK(json != NULL);
	r = cw_route_change(w->route, id, w->tenant, "key", json, err);
	cJSON_Delete(json);
	return r;
}

cJSON *
show(const char *id)
{
	cJSON *o = NULL;

	CHECK_EQ(cw_route_show(w->route, &o, id, NULL), CW_OK);
	return o;
}

bool
is_in(const char *id, const char *state)
{
	cJSON *o = show(id);
	bool is = cw_streq(cw_json_str(o, "state"), state);

	cJSON_Delete(o);
	return is;
}

static bool
has_ended(void *arg)
{
	return !is_in(arg, "queued") && !is_in(arg, "running");
}

void
run_to_end(char *id, uint64_t limit_ms)
{
	CHECK(world_run(w, has_ended, id, limit_ms));
}

void
check_json(const cJSON *value, const char *want)
{
	char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;

	CHECK_STR(text, want);
	cJSON_free(text);
}

void
check_error(const cJSON *o, const char *part)
{
	const char *text = cw_json_str(cw_json_get(o, "error"), "message");

	if (part == NULL ? text != NULL : text == NULL || strstr(text, part) == NULL)
		CHECK_STR(text, part);
}

bool
ledger_holds(const char *text)
{
	static const char *const ends[] = { "", "-wal" };
	bool holds = false;

	(void)cw_ledger_reader(ledger);
	for (size_t i = 0; i < CW_COUNT(ends); i++) {
		struct cw_buf b;
		char file[96];

		cw_buf_init(&b, 256u << 20);
		(void)snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		if (cw_file_read(&b, file, NULL) == CW_OK)
			holds |=
			    memmem(cw_buf_peek(&b), cw_buf_left(&b), text, strlen(text)) != NULL;
		cw_buf_free(&b);
	}
	return holds;
}

static void
on_closed(void *arg)
{
	*(bool *)arg = true;
}

void
worlds_open(void)
{
	struct cw_err err = { 0 };

	if (mkdtemp(folder) == NULL || uv_loop_init(&loop) < 0)
		exit(2);
	(void)snprintf(path, sizeof(path), "%s/ledger.db", folder);
	CHECK_EQ(cw_ledger_open(&ledger, &loop, path, &err), CW_OK);
	for (int i = 0; i < 5; i++) {
		tenants[i].mode = i < 4 ? (enum cw_identity_mode)i : CW_MODE_HYBRID_DUAL;
		(void)snprintf(tenants[i].name, sizeof(tenants[i].name), "%s",
		    i < 4 ? cw_mode_name(tenants[i].mode) : "bare");
		tenants[i].graph.set = i < 4;
		CHECK_EQ(cw_tenant_add(ledger, &tenants[i], &err), CW_OK);
	}
}

void
worlds_close(void)
{
	bool closed = false;

	cw_ledger_close(ledger, on_closed, &closed);
	while (!closed)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(uv_loop_close(&loop), 0);
	(void)unlink(path);
	CHECK_EQ(rmdir(folder), 0);
}
