/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "ledger/agents.h"
#include "ledger/keys.h"
#include "ledger/ledger.h"
#include "ledger/operations.h"
#include "ledger/tenants.h"
#include "os/file.h"
#include "test.h"

int test_failed;
const char *test_case = "";

static uv_loop_t loop;
static struct cw_ledger *ledger;
static char folder[] = "/tmp/causeway-ledger-XXXXXX", path[64];

static void
on_closed(void *arg)
{
	*(bool *)arg = true;
}

static void
reopen(void)
{
	bool closed = false;
	struct cw_err err = { 0 };

	if (ledger != NULL) {
		cw_ledger_close(ledger, on_closed, &closed);
		while (!closed)
			uv_run(&loop, UV_RUN_ONCE);
		ledger = NULL;
	}
	CHECK_EQ(cw_ledger_open(&ledger, &loop, path, &err), CW_OK);
	CHECK_STR(err.text, "");
}

/* Beside the ledger, as an older version would have. */
static void
by_sql(const char *sql)
{
	sqlite3 *db;

	CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
	CHECK_EQ(sqlite3_busy_timeout(db, 5000), SQLITE_OK);
	CHECK_EQ(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
}

static void
count_tenant(void *arg, const struct cw_tenant *t)
{
	(void)t;
	++*(int *)arg;
}

static void
test_tenants(struct cw_tenant *t)
{
	struct cw_tenant other = { .name = "Contoso", .mode = CW_MODE_CLOUD }, back;
	static const char *const bad_names[] = { "", "a/b", ".", "..", "a\nb", "\xff",
		"11111111-1111-4111-8111-111111111111" };
	char upper[CW_UUID_TEXT];
	enum cw_identity_mode mode;
	struct cw_err err = { 0 };
	int n = 0;

	test_case = "tenants";
	*t = (struct cw_tenant){ .name = "Contoso", .mode = CW_MODE_HYBRID_SYNC };
	CHECK_EQ(cw_tenant_add(ledger, t, &err), CW_OK);
	CHECK_EQ(cw_tenant_add(ledger, &other, &err), CW_ECONFLICT);
	CHECK_STR(err.text, "there is a tenant named \"Contoso\" already");
	(void)snprintf(other.name, sizeof(other.name), "CONTOSO");
	CHECK_EQ(cw_tenant_add(ledger, &other, &err), CW_ECONFLICT);
	CHECK_STR(err.text,
	    "there is a tenant named \"Contoso\" already, and case does not tell names apart");
	for (size_t i = 0; i < CW_COUNT(bad_names); i++) {
		(void)snprintf(other.name, sizeof(other.name), "%s", bad_names[i]);
		CHECK_EQ(cw_tenant_add(ledger, &other, &err), CW_EINVAL);
	}
	t->mode = CW_MODE_HYBRID_DUAL;
	t->graph = (struct cw_tenant_graph){
		.set = true, .graph_url = "https://graph/v1.0", .token_url = "https://login/\"t\""
	};
	CHECK_EQ(cw_tenant_update(ledger, t, &err), CW_OK);
	test_case = "a tenant gets another case";
	(void)snprintf(t->name, sizeof(t->name), "contoso");
	CHECK_EQ(cw_tenant_update(ledger, t, &err), CW_OK);
	(void)snprintf(t->name, sizeof(t->name), "Contoso");
	CHECK_EQ(cw_tenant_update(ledger, t, &err), CW_OK);
	test_case = "two from before that differ in case";
	by_sql("INSERT INTO tenant VALUES ('22222222-2222-4222-8222-222222222222', 'CONTOSO', "
	       "'cloud', '2026-11-01T00:00:00Z', NULL)");
	CHECK_EQ(cw_tenant_lookup(ledger, &back, "CONTOSO", &err), CW_OK);
	CHECK_STR(back.id, "22222222-2222-4222-8222-222222222222");
	CHECK_EQ(cw_tenant_update(ledger, &back, &err), CW_OK);
	CHECK_EQ(cw_tenant_update(ledger, t, &err), CW_OK);
	(void)snprintf(back.name, sizeof(back.name), "ConToso");
	CHECK_EQ(cw_tenant_update(ledger, &back, &err), CW_ECONFLICT);
	CHECK_EQ(cw_tenant_remove(ledger, back.id, &err), CW_OK);
	test_case = "tenants";
	reopen();
	CHECK_EQ(cw_tenant_find(ledger, &back, t->id, &err), CW_OK);
	CHECK_EQ(back.mode, CW_MODE_HYBRID_DUAL);
	CHECK_STR(back.graph.token_url, "https://login/\"t\"");
	CHECK_EQ(cw_tenant_find(ledger, &back, "x", &err), CW_ENOTFOUND);
	CHECK_EQ(cw_tenant_find(ledger, &back, "Contoso", &err), CW_ENOTFOUND);
	CHECK_EQ(cw_tenant_lookup(ledger, &back, "Contoso", &err), CW_OK);
	CHECK_STR(back.id, t->id);
	for (size_t i = 0; i < sizeof(upper); i++)
		upper[i] = (char)toupper((unsigned char)t->id[i]);
	CHECK_EQ(cw_tenant_lookup(ledger, &back, upper, &err), CW_OK);
	CHECK_EQ(cw_tenant_lookup(ledger, &back, "Fabrikam", &err), CW_ENOTFOUND);
	CHECK_STR(err.text, "there is no tenant Fabrikam");
	CHECK_EQ(cw_mode_parse(&mode, "Cloud", &err), CW_EINVAL);
	CHECK_EQ(cw_tenant_walk(ledger, count_tenant, &n, &err), CW_OK);
	CHECK_EQ(n, 1);
}

static void
test_keys(const struct cw_tenant *t)
{
	struct cw_api_key key = { .name = "technician",
		.role = CW_ROLE_OPERATOR,
		.tenant_count = 1 },
			  back;
	enum cw_api_role role;
	char text[CW_API_KEY_TEXT];
	struct cw_err err = { 0 };

	test_case = "API keys";
	memcpy(key.tenants[0], t->id, sizeof(t->id));
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_OK);
	CHECK_EQ(strncmp(text, "cwk_", 4), 0);
	reopen();
	CHECK_EQ(cw_api_key_check(ledger, &back, text, strlen(text), &err), CW_OK);
	CHECK_STR(back.id, key.id);
	CHECK_EQ(back.role, CW_ROLE_OPERATOR);
	CHECK(cw_api_key_alive(ledger, key.id));
	CHECK(cw_api_key_sees(&back, t->id));
	CHECK(!cw_api_key_sees(&back, "another"));
	text[20] ^= 1;
	CHECK_EQ(cw_api_key_check(ledger, &back, text, strlen(text), &err), CW_EAUTH);
	text[20] ^= 1;
	CHECK_STR(err.text, "the API key is not valid");
	CHECK_EQ(cw_api_key_check(ledger, &back, text, strlen(text) - 1, &err), CW_EAUTH);
	CHECK_EQ(cw_api_key_check(ledger, &back, "", 0, &err), CW_EAUTH);
	CHECK_EQ(cw_api_key_revoke(ledger, key.id, &err), CW_OK);
	CHECK_EQ(cw_api_key_check(ledger, &back, text, strlen(text), &err), CW_EAUTH);
	CHECK_STR(err.text, "the API key is not valid");
	CHECK(!cw_api_key_alive(ledger, key.id));
	CHECK_EQ(cw_api_key_revoke(ledger, "nobody", &err), CW_ENOTFOUND);
	test_case = "roles and their tenants";
	key.role = CW_ROLE_ADMIN;
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_EINVAL);
	key.tenant_count = 0;
	key.role = CW_ROLE_READER;
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_EINVAL);
	key.role = CW_ROLE_ADMIN;
	CHECK_EQ(cw_api_key_add(ledger, &key, text, &err), CW_OK);
	CHECK_EQ(cw_api_key_check(ledger, &back, text, strlen(text), &err), CW_OK);
	CHECK(cw_api_key_sees(&back, "anyone"));
	CHECK_EQ(cw_api_role_parse(&role, "reader", &err), CW_OK);
	CHECK_EQ(role, CW_ROLE_READER);
	CHECK_EQ(cw_api_role_parse(&role, "Admin", &err), CW_EINVAL);
}

static void
test_agents(const struct cw_tenant *t)
{
	struct cw_token_grant grant = { .roles = "directory,sync" }, seen_grant;
	uint8_t hash[CW_TOKEN_HASH] = { 1 }, old[CW_TOKEN_HASH] = { 2 },
		unknown[CW_TOKEN_HASH] = { 3 };
	struct cw_agent_record agent = { .id = "a1",
		.hostname = "dc1",
		.roles = "directory,sync",
		.serial = "01" },
			       back;
	struct cw_agent_seen seen = { .at_ms = 1764000000000,
		.hostname = "DC1",
		.version = "0.1",
		.os = "x",
		.epoch = "e",
		.counter = 7 };
	struct cw_agents_store store;
	struct cw_agent_row row;
	struct cw_err err = { 0 };

	test_case = "enrolment tokens";
	cw_ledger_agents_store(ledger, &store);
	memcpy(grant.tenant, t->id, sizeof(t->id));
	memcpy(agent.tenant, t->id, sizeof(t->id));
	CHECK_EQ(cw_enrolment_token_add(ledger, hash, &grant, 2000, &err), CW_OK);
	CHECK_EQ(cw_enrolment_token_add(ledger, old, &grant, 500, &err), CW_OK);
	CHECK_EQ(store.token_find(store.arg, &seen_grant, hash, 1000, &err), CW_OK);
	CHECK_STR(seen_grant.roles, "directory,sync");
	CHECK_EQ(store.token_find(store.arg, &seen_grant, old, 1000, &err), CW_EEXPIRED);
	CHECK_EQ(store.token_find(store.arg, &seen_grant, unknown, 1000, &err), CW_EAUTH);
	CHECK_EQ(store.agent_enrol(store.arg, hash, 1000, &agent, &err), CW_OK);
	agent.id[1] = '2';
	CHECK_EQ(store.agent_enrol(store.arg, hash, 1000, &agent, &err), CW_ECONFLICT);
	CHECK_EQ(store.agent_find(store.arg, &back, "a2", &err), CW_ENOTFOUND);
	memcpy(grant.tenant, "nobody", 7);
	CHECK_EQ(cw_enrolment_token_add(ledger, unknown, &grant, 2000, &err), CW_ENOTFOUND);
	test_case = "agents";
	CHECK_EQ(store.agent_serials(store.arg, "a1", "01", "02", &err), CW_OK);
	CHECK_EQ(store.agent_touch(store.arg, "a1", &seen, &err), CW_OK);
	CHECK_EQ(cw_agent_row_find(ledger, &row, "a1", &err), CW_OK);
	CHECK_STR(row.agent.next_serial, "02");
	CHECK_STR(row.agent.hostname, "DC1");
	CHECK_EQ(row.counter, 7);
	CHECK_EQ(cw_tenant_remove(ledger, t->id, &err), CW_ECONFLICT);
	CHECK_EQ(store.agent_revoke(store.arg, "a1", 3000, &err), CW_OK);
	CHECK_EQ(store.agent_find(store.arg, &back, "a1", &err), CW_OK);
	CHECK(back.revoked);
	CHECK_EQ(store.agent_revoke(store.arg, "zz", 3000, &err), CW_ENOTFOUND);
}

static int puts_done, puts_code;

static void
on_put(void *arg, int code, const struct cw_err *err)
{
	(void)arg;
	(void)err;
	puts_done++;
	puts_code |= code;
}

static void
put(const char *id, const char *state, int64_t created_ms, bool durable)
{
	cJSON *o = cJSON_CreateObject();
	struct cw_err err = { 0 };

	(void)cJSON_AddStringToObject(o, "id", id);
	(void)cJSON_AddStringToObject(o, "tenant", "t1");
	(void)cJSON_AddStringToObject(o, "kind", "command");
	(void)cJSON_AddStringToObject(o, "what", "Get-ADUser");
	(void)cJSON_AddStringToObject(o, "state", state);
	CHECK_EQ(cw_operation_put(ledger, o, created_ms, created_ms, durable,
		     durable ? on_put : NULL, NULL, &err),
	    CW_OK);
	cJSON_Delete(o);
}

static void
test_operations(void)
{
	const char tenants[][CW_UUID_TEXT] = { "t1", "t2" };
	struct cw_operation_filter filter = { .tenants = tenants, .tenant_count = 2, .limit = 2 };
	struct cw_err err = { 0 };
	cJSON *o, *list;

	test_case = "a durable one is told when it is on the disk";
	put("o1", "running", 1, true);
	while (puts_done == 0)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(puts_code, CW_OK);
	test_case = "one that is not yet written is read all the same";
	put("o2", "queued", 2, false);
	CHECK_EQ(cw_operation_find(ledger, &o, "o2", &err), CW_OK);
	CHECK_STR(cw_json_str(o, "state"), "queued");
	cJSON_Delete(o);
	test_case = "what was unfinished, after a crash";
	put("o3", "succeeded", 3, false);
	put("o1", "succeeded", 1, true);
	reopen();
	CHECK_EQ(cw_operation_unfinished(ledger, &list, &err), CW_OK);
	CHECK_EQ(cJSON_GetArraySize(list), 1);
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(list, 0), "id"), "o2");
	cJSON_Delete(list);
	test_case = "lists, newest first, by pages";
	CHECK_EQ(cw_operation_list(ledger, &list, &filter, &err), CW_OK);
	CHECK_EQ(cJSON_GetArraySize(list), 2);
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(list, 0), "id"), "o3");
	cJSON_Delete(list);
	filter.before = "o2";
	CHECK_EQ(cw_operation_list(ledger, &list, &filter, &err), CW_OK);
	CHECK_EQ(cJSON_GetArraySize(list), 1);
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(list, 0), "id"), "o1");
	cJSON_Delete(list);
	filter.tenants = &tenants[1];
	filter.tenant_count = 1;
	CHECK_EQ(cw_operation_list(ledger, &list, &filter, &err), CW_OK);
	CHECK_EQ(cJSON_GetArraySize(list), 0);
	cJSON_Delete(list);
	filter = (struct cw_operation_filter){ .state = "queued", .limit = 5 };
	CHECK_EQ(cw_operation_list(ledger, &list, &filter, &err), CW_OK);
	CHECK_EQ(cJSON_GetArraySize(list), 1);
	cJSON_Delete(list);
	test_case = "a tenant with something under way stays";
	CHECK_EQ(cw_tenant_remove(ledger, "t1", &err), CW_ECONFLICT);
	CHECK(strstr(err.text, "under way") != NULL);
	CHECK_EQ(cw_operation_find(ledger, &o, "nothing", &err), CW_ENOTFOUND);
}

static char *
plan_text(const char *id)
{
	struct cw_err err = { 0 };
	cJSON *o = NULL;
	char *text = NULL;

	CHECK_EQ(cw_operation_find(ledger, &o, id, &err), CW_OK);
	CHECK(cJSON_IsRaw(cw_json_get(cw_json_get(o, "result"), "plan")));
	if (cJSON_IsRaw(cw_json_get(cw_json_get(o, "result"), "plan")))
		text = cw_strdup(cw_json_get(cw_json_get(o, "result"), "plan")->valuestring);
	CHECK_EQ(cw_json_get(cw_json_get(o, "result"), "calls")->valueint, 7);
	cJSON_Delete(o);
	return text;
}

static void
test_plans(void)
{
	struct cw_operation_filter filter = { .limit = 1 };
	struct cw_err err = { 0 };
	char *large = malloc((9u << 20) + 16), *text;
	cJSON *o = cJSON_Parse(
		  "{\"id\":\"p1\",\"tenant\":\"t1\",\"kind\":\"plan\",\"what\":\"plan\","
		  "\"state\":\"succeeded\",\"result\":{\"calls\":7}}"),
	      *list;

	test_case = "a plan is kept beside its operation, however long it is";
	(void)strcpy(large, "{\"x\":\"");
	memset(large + 6, 'x', 9u << 20);
	(void)strcpy(large + 6 + (9u << 20), "\"}");
	cJSON_AddRawToObject(cJSON_GetObjectItem(o, "result"), "plan", large);
	CHECK_EQ(cw_operation_put(ledger, o, 9, 9, true, on_put, NULL, &err), CW_OK);
	cJSON_Delete(o);
	reopen();
	text = plan_text("p1");
	CHECK(cw_streq(text, large));
	free(text);
	free(large);
	test_case = "and not in lists";
	CHECK_EQ(cw_operation_list(ledger, &list, &filter, &err), CW_OK);
	CHECK_STR(cw_json_str(cJSON_GetArrayItem(list, 0), "id"), "p1");
	o = cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "result");
	CHECK(cw_json_get(o, "calls") != NULL && cw_json_get(o, "plan") == NULL);
	cJSON_Delete(list);
	test_case = "a ledger from before plans had a place of their own";
	by_sql("DROP TABLE plan; PRAGMA user_version = 1; UPDATE operation SET document = "
	       "json_set(document, '$.result.plan', json('{\"hash\":\"abc\",\"n\":1.5}')) WHERE id "
	       "= 'p1'");
	reopen();
	text = plan_text("p1");
	CHECK_STR(text, "{\"hash\":\"abc\",\"n\":1.5}");
	free(text);
	CHECK_EQ(cw_operation_list(ledger, &list, &filter, &err), CW_OK);
	o = cJSON_GetObjectItem(cJSON_GetArrayItem(list, 0), "result");
	CHECK(cw_json_get(o, "calls") != NULL && cw_json_get(o, "plan") == NULL);
	cJSON_Delete(list);
}

/* Another file where the ledger should be. */
static void
test_bad_files(void)
{
	struct cw_ledger *other;
	struct cw_err err = { 0 };
	char bad[80];
	sqlite3 *db;

	test_case = "not a database";
	(void)snprintf(bad, sizeof(bad), "%s/bad.db", folder);
	CHECK_EQ(cw_file_write(bad,
		     "this is no database, this is only text, and long enough for a header of one "
		     "hundred bytes. yes.....",
		     100, true, &err),
	    CW_OK);
	CHECK_EQ(cw_ledger_open(&other, &loop, bad, &err), CW_EINVAL);
	CHECK(strstr(err.text, "damaged or not a ledger") != NULL);
	test_case = "another program's database";
	(void)unlink(bad);
	CHECK_EQ(sqlite3_open(bad, &db), SQLITE_OK);
	CHECK_EQ(sqlite3_exec(db, "CREATE TABLE t (a)", NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(db);
	CHECK_EQ(cw_ledger_open(&other, &loop, bad, &err), CW_EINVAL);
	CHECK(strstr(err.text, "is not a ledger of this program") != NULL);
	test_case = "a newer one";
	CHECK_EQ(sqlite3_open(bad, &db), SQLITE_OK);
	CHECK_EQ(sqlite3_exec(db, "PRAGMA application_id = 0x43574c31; PRAGMA user_version = 999",
		     NULL, NULL, NULL),
	    SQLITE_OK);
	(void)sqlite3_close(db);
	CHECK_EQ(cw_ledger_open(&other, &loop, bad, &err), CW_EINVAL);
	CHECK(strstr(err.text, "newer bridge") != NULL);
	(void)unlink(bad);
}

static int
no_work(void *arg, struct cw_db *db, struct cw_err *err)
{
	(void)arg, (void)db, (void)err;
	return CW_OK;
}

static void
first_done(void *arg, int code, const struct cw_err *err)
{
	(void)err;
	CHECK_EQ(code, CW_OK);
	*(bool *)arg = true;
}

static void
submit_one(uv_timer_t *timer)
{
	struct cw_ledger_job job = { no_work, first_done, NULL, timer->data };

	CHECK_EQ(cw_ledger_submit(ledger, &job, false, NULL), CW_OK);
}

/* What need not be durable is written in time even where more of it keeps coming. */
static void
test_steady_stream(void)
{
	uv_timer_t timer;
	bool done = false;
	uint64_t began = uv_hrtime();

	test_case = "a stream of reads without a pause";
	uv_timer_init(&loop, &timer);
	timer.data = &done;
	uv_timer_start(&timer, submit_one, 0, CW_LEDGER_BATCH_MS / 20);
	while (!done && uv_hrtime() - began < 20 * CW_LEDGER_BATCH_MS * UINT64_C(1000000))
		uv_run(&loop, UV_RUN_ONCE);
	CHECK(done);
	uv_close((uv_handle_t *)&timer, NULL);
	reopen(); /* what is left of the jobs points to done */
}

int
main(void)
{
	bool closed = false;
	struct cw_tenant t;

	if (mkdtemp(folder) == NULL || uv_loop_init(&loop) < 0)
		return 2;
	(void)snprintf(path, sizeof(path), "%s/ledger.db", folder);
	reopen();
	test_tenants(&t);
	test_keys(&t);
	test_agents(&t);
	test_operations();
	test_plans();
	test_steady_stream();
	test_bad_files();
	cw_ledger_close(ledger, on_closed, &closed);
	while (!closed)
		uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(uv_loop_close(&loop), 0);
	(void)unlink(path);
	CHECK_EQ(rmdir(folder), 0); /* neither -wal nor -shm stay */
	return test_failed;
}
