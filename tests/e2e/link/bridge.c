/* SPDX-License-Identifier: Apache-2.0 */
#include "bridge.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "base/err.h"
#include "os/clock.h"
#include "os/file.h"

extern const char *test_case;

#define GUARD_MS 30000

/* The store. */

static int
find_token(struct bridge *b, const uint8_t *hash, int64_t now_ms, struct cw_err *err)
{
	for (unsigned i = 0; i < b->token_count; i++) {
		if (memcmp(b->tokens[i].hash, hash, CW_TOKEN_HASH) != 0)
			continue;
		if (b->tokens[i].used)
			return cw_fail(err, CW_ECONFLICT, "this token was used before");
		if (now_ms > b->tokens[i].expires_ms)
			return cw_fail(err, CW_EEXPIRED, "this token has expired");
		return (int)i;
	}
	return cw_fail(err, CW_EAUTH, "no such token");
}

static int
token_find(void *arg, struct cw_token_grant *ret, const uint8_t hash[CW_TOKEN_HASH], int64_t now_ms,
    struct cw_err *err)
{
	struct bridge *b = arg;
	int i = find_token(b, hash, now_ms, err);

	b->lookups++;
	if (i < 0)
		return i;
	*ret = b->tokens[i].grant;
	return CW_OK;
}

static struct cw_agent_record *
find_agent(struct bridge *b, const char *agent)
{
	for (unsigned i = 0; i < b->agent_count; i++) {
		if (cw_streq(b->rows[i].id, agent))
			return &b->rows[i];
	}
	return NULL;
}

static int
agent_enrol(void *arg, const uint8_t hash[CW_TOKEN_HASH], int64_t now_ms,
    const struct cw_agent_record *agent, struct cw_err *err)
{
	struct bridge *b = arg;
	int i = find_token(b, hash, now_ms, err);

	if (i < 0)
		return i;
	if (b->agent_count == BRIDGE_ROWS)
		return cw_fail(err, CW_ELIMIT, "too many agents");
	b->tokens[i].used = true;
	b->rows[b->agent_count++] = *agent;
	return CW_OK;
}

static int
agent_find(void *arg, struct cw_agent_record *ret, const char *agent, struct cw_err *err)
{
	const struct cw_agent_record *row = find_agent(arg, agent);

	if (row == NULL)
		return cw_fail(err, CW_ENOTFOUND, "no such agent");
	*ret = *row;
	return CW_OK;
}

static int
agent_serials(
    void *arg, const char *agent, const char *serial, const char *next, struct cw_err *err)
{
	struct cw_agent_record *row = find_agent(arg, agent);

	if (row == NULL)
		return cw_fail(err, CW_ENOTFOUND, "no such agent");
	(void)snprintf(row->serial, sizeof(row->serial), "%s", serial);
	(void)snprintf(row->next_serial, sizeof(row->next_serial), "%s", next);
	return CW_OK;
}

static int
agent_touch(void *arg, const char *agent, const struct cw_agent_seen *seen, struct cw_err *err)
{
	struct bridge *b = arg;

	(void)agent;
	(void)seen;
	(void)err;
	b->connects++;
	return CW_OK;
}

static int
agent_revoke(void *arg, const char *agent, int64_t now_ms, struct cw_err *err)
{
	struct cw_agent_record *row = find_agent(arg, agent);

	(void)now_ms;
	if (row == NULL)
		return cw_fail(err, CW_ENOTFOUND, "no such agent");
	row->revoked = true;
	return CW_OK;
}

static void
on_refused(void *arg, const char *address, const struct cw_err *why)
{
	struct bridge *b = arg;

	(void)address;
	b->refused = *why;
}

/* The bridge. */

static void
must(int r, const struct cw_err *err)
{
	if (r < 0) {
		fprintf(stderr, "the test's bridge: %s\n", err->text);
		exit(1);
	}
}

void
bridge_start(struct bridge *b)
{
	const struct cw_agents_config config = {
		.loop = &b->loop,
		.host = "127.0.0.1",
		.port = b->port,
		.ca = &b->ca,
		.store = &b->store,
		.version = "test",
		.heartbeat_s = 1,
		.arg = b,
		.refused = on_refused,
	};
	struct cw_err err = { 0 };

	b->closed = false;
	must(cw_agents_new(&b->agents, &config, &err), &err);
	b->port = cw_agents_port(b->agents);
}

static void
on_closed(void *arg)
{
	*(bool *)arg = true;
}

void
bridge_stop(struct bridge *b)
{
	cw_agents_close(b->agents, on_closed, &b->closed);
	(void)until(b, &b->closed);
}

void
bridge_init(struct bridge *b)
{
	struct cw_err err = { 0 };
	const char *tmp = getenv("TMPDIR");

	*b = (struct bridge){ .store = { NULL, token_find, agent_enrol, agent_find, agent_serials,
				  agent_touch, agent_revoke } };
	b->store.arg = b;
	(void)snprintf(
	    b->folder, sizeof(b->folder), "%.90s/causeway-link-XXXXXX", tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(b->folder) == NULL || uv_loop_init(&b->loop) != 0)
		exit(1);
	uv_timer_init(&b->loop, &b->guard);
	must(cw_ca_open(&b->ca, b->folder, "localhost,127.0.0.1", cw_clock_unix_ms(), &err), &err);
	bridge_start(b);
}

void
bridge_free(struct bridge *b)
{
	static const char *const files[] = { "ca.key", "ca.crt", "agents.key", "agents.crt" };
	char path[256];

	bridge_stop(b);
	uv_close((uv_handle_t *)&b->guard, NULL);
	(void)uv_run(&b->loop, UV_RUN_DEFAULT);
	test_case = "the loop is empty at the end";
	CHECK_EQ(uv_loop_close(&b->loop), 0);
	cw_ca_free(&b->ca);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", b->folder, files[i]);
		(void)cw_file_remove(path, NULL);
	}
	CHECK_EQ(rmdir(b->folder), 0);
}

void
bridge_token(struct bridge *b, char ret[CW_TOKEN_TEXT], const char *tenant, int64_t valid_ms)
{
	unsigned i = b->token_count++;
	struct cw_err err = { 0 };

	must(cw_token_new(ret, b->tokens[i].hash, b->ca.cert, &err), &err);
	(void)snprintf(b->tokens[i].grant.tenant, sizeof(b->tokens[i].grant.tenant), "%s", tenant);
	memcpy(b->tokens[i].grant.roles, "directory", 10);
	b->tokens[i].expires_ms = cw_clock_unix_ms() + valid_ms;
}

static void
guard_due(uv_timer_t *timer)
{
	*(bool *)timer->data = true;
}

bool
until(struct bridge *b, const bool *flag)
{
	b->late = false;
	b->guard.data = &b->late;
	uv_timer_start(&b->guard, guard_due, GUARD_MS, 0);
	while (!*flag && !b->late)
		(void)uv_run(&b->loop, UV_RUN_ONCE);
	uv_timer_stop(&b->guard);
	bool in_time = *flag;
	CHECK(in_time);
	return in_time;
}
