/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link against the real listener: commands and their streams, revocation,
 * renewal, a bridge that restarts, and certificates that must not come in.
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "test.h"
#include "bridge.h"
#include "crypto/pki.h"
#include "crypto/seal.h"
#include "link/connection.h"
#include "link/identity.h"
#include "link/link.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/random.h"
#include "wire/channel.h"

int test_failed;
const char *test_case = "";

#define TENANT "6f1de2b0-6a3c-4d2a-9b1e-000000000001"
#define LINES 40000u
#define LINE "{\"sam\":\"ada.lovelace\",\"n\":1234567890}\n"

static struct bridge bridge;

/* The agent's side. */

struct agent {
	struct cw_identity id;
	struct cw_link *link;
	bool up, down, closed; /* set by changed(), cleared by the test */
	struct cw_wire_call *call; /* that is not answered yet */
	unsigned lines; /* sent of LINES */
	bool stalled, held, cancelled;
	const char *role; /* that it serves; NULL: none */
};

static void
send_lines(struct agent *a)
{
	cJSON *result;

	while (a->lines < LINES) {
		if (cw_wire_call_chunk(a->call, LINE, sizeof(LINE) - 1) < 0) {
			a->stalled = true;
			return;
		}
		a->lines++;
	}
	result = cJSON_CreateObject();
	cJSON_AddStringToObject(result, "state", "done");
	cJSON_AddNumberToObject(result, "objects", a->lines);
	cw_wire_call_finish(a->call, result);
	a->call = NULL;
}

static void
on_writable(void *arg, struct cw_wire_call *call)
{
	(void)call;
	send_lines(arg);
}

static void
on_cancelled(void *arg)
{
	struct agent *a = arg;

	a->call = NULL;
	a->cancelled = true;
}

static void
on_request(void *arg, struct cw_wire_call *call, const char *method, const cJSON *params)
{
	static const struct cw_wire_call_events events = { on_writable, on_cancelled };
	struct agent *a = arg;
	const cJSON *command = cJSON_GetObjectItemCaseSensitive(params, "command");

	if (strcmp(method, "command.run") != 0) {
		cw_wire_call_finish(call, cJSON_CreateObject());
		return;
	}
	CHECK(cJSON_IsString(command));
	if (strcmp(command->valuestring, "Get-Denied") == 0) {
		cw_wire_call_fail(call, CW_EDENIED, "not in the catalogue", NULL);
		return;
	}
	a->call = call;
	a->lines = 0;
	a->stalled = a->cancelled = false;
	cw_wire_call_watch(call, &events, a);
	a->held = strcmp(command->valuestring, "Get-Nothing") == 0;
	if (!a->held)
		send_lines(a);
}

static void
on_changed(void *arg)
{
	struct agent *a = arg;
	struct cw_link_status s;

	cw_link_status(a->link, &s);
	if (s.state == CW_LINK_UP)
		a->up = true;
	else if (s.state == CW_LINK_WAITING)
		a->down = true;
}

static uint64_t
counter(void *arg)
{
	(void)arg;
	return 7;
}

static void
roles(void *arg, cJSON *list)
{
	const struct agent *a = arg;

	if (a->role != NULL)
		cJSON_AddItemToArray(list, cJSON_CreateString(a->role));
	cJSON_AddItemToArray(list, cJSON_CreateString("never-granted"));
}

static void
agent_start(struct agent *a)
{
	const struct cw_link_config config = {
		.loop = &bridge.loop,
		.identity = &a->id,
		.folder = bridge.folder,
		.proxy = getenv("CAUSEWAY_TEST_PROXY") != NULL ? getenv("CAUSEWAY_TEST_PROXY") : "",
		.version = "1.2.3",
		.os = "test",
		.hostname = "server.test",
		.epoch = TENANT,
		.arg = a,
		.counter = counter,
		.roles = roles,
		.request = on_request,
		.changed = on_changed,
	};
	struct cw_err err = { 0 };

	a->up = a->down = a->closed = false;
	CHECK_EQ(cw_link_new(&a->link, &config, &err), CW_OK);
}

static void
on_closed(void *arg)
{
	((struct agent *)arg)->closed = true;
}

static void
agent_stop(struct agent *a)
{
	cw_link_close(a->link, on_closed, a);
	(void)until(&bridge, &a->closed);
}

/* Known to the bridge as enrolled; days < 0: the certificate ended that long ago. */
static void
agent_make(struct agent *a, int days)
{
	int64_t now = cw_clock_unix_ms(), from = days < 0 ? now + days * 2 * 86400000LL : now;
	const struct cw_pki_issuer issuer = { bridge.ca.cert, bridge.ca.key };
	struct cw_agent_record *row = &bridge.rows[bridge.agent_count++];
	struct cw_err err = { 0 };

	*a = (struct agent){ 0 };
	memcpy(a->id.tenant, TENANT, sizeof(TENANT));
	cw_random_uuid(a->id.agent);
	memcpy(a->id.host, "127.0.0.1", 10);
	a->id.port = bridge.port;
	X509_up_ref(bridge.ca.cert);
	a->id.ca = bridge.ca.cert;
	CHECK_EQ(cw_pki_key_new(&a->id.key, &err), CW_OK);
	CHECK_EQ(cw_pki_issue_agent(&a->id.cert, &issuer, a->id.key, a->id.agent, TENANT,
		     (unsigned)(days < 0 ? -days : days), from, &err),
	    CW_OK);
	CHECK_EQ(cw_seal_keypair(a->id.seal_public, a->id.seal_private), CW_OK);
	*row = (struct cw_agent_record){ .roles = "directory" };
	memcpy(row->id, a->id.agent, sizeof(row->id));
	memcpy(row->tenant, TENANT, sizeof(row->tenant));
	memcpy(row->seal_key, a->id.seal_public, sizeof(row->seal_key));
	CHECK_EQ(cw_pki_cert_serial(row->serial, a->id.cert), CW_OK);
}

static struct cw_link_status
status(const struct agent *a)
{
	struct cw_link_status s;

	cw_link_status(a->link, &s);
	return s;
}

/* The caller's side. */

struct run {
	struct cw_agents_run *run;
	size_t bytes, pause_at;
	int code;
	int64_t objects;
	struct cw_err err;
	bool paused, done;
};

static void
run_output(void *arg, const char *ndjson, size_t n)
{
	struct run *r = arg;

	(void)ndjson;
	r->bytes += n;
	if (!r->paused && r->pause_at != 0 && r->bytes >= r->pause_at) {
		r->paused = true;
		cw_agents_run_pause(r->run);
	}
}

static void
run_done(void *arg, int code, const cJSON *result, const struct cw_err *err, const cJSON *detail)
{
	struct run *r = arg;

	(void)detail;
	r->code = code;
	r->err = *err;
	if (result != NULL)
		r->objects =
		    (int64_t)cJSON_GetObjectItemCaseSensitive(result, "objects")->valuedouble;
	r->done = true;
}

static void
run(struct run *r, const struct agent *a, const char *command)
{
	static const struct cw_agents_events events = { run_output, run_done };
	char id[CW_UUID_TEXT];
	const struct cw_agents_command c = {
		.tenant = TENANT,
		.agent = a->id.agent,
		.id = id,
		.operation = TENANT,
		.step = "1",
		.command = command,
		.not_after_ms = cw_clock_unix_ms() + 60000,
	};
	struct cw_err err = { 0 };

	cw_random_uuid(id);
	CHECK_EQ(cw_agents_run(&r->run, bridge.agents, &c, &events, r, &err), CW_OK);
}

/* The rows. */

static void
test_commands(struct agent *a)
{
	struct run r = { 0 }, second = { 0 };

	test_case = "hello";
	(void)until(&bridge, &a->up);
	CHECK_EQ(status(a).heartbeat_s, 1);
	CHECK_STR(status(a).bridge_version, "test");
	CHECK_EQ(status(a).error.code, 0);
	CHECK_EQ(cw_agents_connected(bridge.agents), 1);

	test_case = "a command with a large result";
	run(&r, a, "Get-Many");
	(void)until(&bridge, &r.done);
	CHECK_EQ(r.code, CW_OK);
	CHECK_EQ(r.objects, LINES);
	CHECK_EQ(r.bytes, LINES * (sizeof(LINE) - 1));

	test_case = "a caller that does not read holds the agent";
	r = (struct run){ .pause_at = 1 };
	run(&r, a, "Get-Many");
	(void)until(&bridge, &r.paused);
	run(&second, a, "Get-Denied"); /* behind all that is under way */
	(void)until(&bridge, &second.done);
	CHECK_EQ(second.code, CW_EDENIED);
	CHECK_STR(second.err.text, "not in the catalogue");
	CHECK(a->stalled);
	CHECK(!r.done);
	CHECK(r.bytes <= 1 + CW_WIRE_WINDOW + 65536);
	CHECK(a->lines * (sizeof(LINE) - 1) < 4 * CW_WIRE_WINDOW);
	cw_agents_run_resume(r.run);
	(void)until(&bridge, &r.done);
	CHECK_EQ(r.bytes, LINES * (sizeof(LINE) - 1));
}

static void
test_roles(struct agent *a)
{
	struct cw_agents_status s;

	test_case = "an agent that serves nothing yet";
	cw_agents_status(bridge.agents, a->id.agent, &s);
	CHECK(s.connected);
	CHECK_STR(s.roles, "");
	CHECK(cw_agents_find(bridge.agents, TENANT, "directory") == NULL);
	test_case = "a role that it serves from now on";
	a->role = "directory";
	cw_link_roles_changed(a->link);
	CHECK(!status(a).roles_told);
	while (!status(a).roles_told)
		(void)uv_run(&bridge.loop, UV_RUN_ONCE);
	CHECK_STR(cw_agents_find(bridge.agents, TENANT, "directory"), a->id.agent);
	cw_agents_status(bridge.agents, a->id.agent, &s);
	CHECK_STR(s.roles, "directory");
	CHECK(cw_agents_find(bridge.agents, TENANT, "never-granted") == NULL);
}

static void
test_renewal(struct agent *a)
{
	struct cw_agent_record *row = &bridge.rows[0];
	char before[CW_AGENT_SERIAL_MAX], serial[CW_PKI_SERIAL_TEXT];
	int64_t until_ms = status(a).certificate_until_ms;
	struct cw_err err = { 0 };
	char path[256];
	int times;

	test_case = "renewed over the live connection";
	memcpy(before, row->serial, sizeof(before));
	a->up = false;
	cw_link_renew(a->link);
	(void)until(&bridge, &a->up);
	CHECK_EQ(status(a).error.code, 0);
	CHECK(status(a).certificate_until_ms > until_ms);
	CHECK_EQ(cw_pki_cert_serial(serial, a->id.cert), CW_OK);
	CHECK_STR(row->next_serial, serial);
	CHECK_STR(row->serial, before);

	test_case = "renewed again and again";
	for (times = 0; times < 100 && status(a).error.code == 0; times++) {
		a->up = false;
		cw_link_renew(a->link);
		(void)until(&bridge, &a->up);
	}
	CHECK_EQ(status(a).error.code, CW_ELIMIT);
	CHECK(times > 10 && times < 100);
	CHECK_EQ(cw_pki_cert_serial(serial, a->id.cert), CW_OK);

	test_case = "the bridge restarts";
	a->up = a->down = false;
	bridge_stop(&bridge);
	(void)until(&bridge, &a->down);
	CHECK(status(a).error.code != 0);
	CHECK(status(a).next_try_ms > 0);
	bridge_start(&bridge);
	cw_link_hurry(a->link);
	(void)until(&bridge, &a->up);
	CHECK_STR(row->serial, serial);
	CHECK_STR(row->next_serial, "");
	(void)snprintf(path, sizeof(path), "%s/agent.crt", bridge.folder);
	CHECK_EQ(cw_file_remove(path, &err), CW_OK);
}

static void
test_revoked(struct agent *a)
{
	struct cw_err err = { 0 };
	struct run r = { 0 };
	uint64_t start;

	test_case = "revoked while a command runs";
	run(&r, a, "Get-Nothing");
	while (!a->held)
		(void)uv_run(&bridge.loop, UV_RUN_ONCE);
	a->down = false;
	start = cw_clock_ms();
	CHECK_EQ(cw_agents_revoke(bridge.agents, a->id.agent, &err), CW_OK);
	(void)until(&bridge, &a->down);
	CHECK(cw_clock_ms() - start < 1000);
	CHECK(r.done);
	CHECK_EQ(r.code, CW_EUNKNOWN);
	CHECK(a->cancelled);
	CHECK_EQ(cw_agents_connected(bridge.agents), 0);

	test_case = "and it hears why it may not come back";
	a->down = false;
	cw_link_hurry(a->link);
	(void)until(&bridge, &a->down);
	CHECK(strstr(status(a).error.text, "revoked") != NULL);
}

/* Refused: the link is never up, and its error holds these words. */
static void
refused(const char *name, struct agent *a, const char *words)
{
	unsigned connects = bridge.connects;

	test_case = name;
	agent_start(a);
	(void)until(&bridge, &a->down);
	CHECK(!a->up);
	CHECK_EQ(bridge.connects, connects);
	if (strstr(status(a).error.text, words) == NULL)
		CHECK_STR(status(a).error.text, words);
	agent_stop(a);
	cw_identity_free(&a->id);
}

/* A bare connection, for what a link would never do. */

static struct cw_err bare_why;

static void
bare_opened(void *arg, struct cw_connection *c)
{
	(void)arg;
	(void)c; /* with TLS 1.3 the refusal comes after the client's part of the handshake */
}

static void
bare_closed(void *arg, const struct cw_err *why, enum cw_connection_hop hop)
{
	(void)hop;
	bare_why = *why;
	*(bool *)arg = true;
}

static void
test_bare(const char *name, const char *alpn)
{
	bool closed = false;
	const struct cw_connection_config config = {
		.loop = &bridge.loop,
		.host = "127.0.0.1",
		.port = bridge.port,
		.proxy = "",
		.alpn = alpn,
		.ca = bridge.ca.cert,
		.arg = &closed,
		.opened = bare_opened,
		.closed = bare_closed,
	};
	struct cw_connection *c;
	struct cw_err err = { 0 };

	test_case = name;
	CHECK_EQ(cw_connection_new(&c, &config, &err), CW_OK);
	(void)until(&bridge, &closed);
	CHECK(strstr(bare_why.text, "alert") != NULL);
}

static void
test_certificates(void)
{
	struct cw_err err = { 0 };
	struct agent a, b;
	EVP_PKEY *key = NULL;

	agent_make(&a, -1);
	refused("an expired certificate", &a, "expired");

	agent_make(&a, 1);
	agent_make(&b, 1);
	memcpy(a.id.seal_public, b.id.seal_public, 32); /* b's identity with a's certificate */
	refused("the certificate of another agent", &a, "sealing key");
	cw_identity_free(&b.id);

	agent_make(&a, 1);
	bridge.agent_count--;
	refused("an agent that the bridge does not know", &a, "enrol this server again");

	agent_make(&a, 1);
	CHECK_EQ(cw_pki_key_new(&key, &err), CW_OK);
	X509_free(a.id.ca);
	CHECK_EQ(cw_pki_ca_new(&a.id.ca, key, "other", 1, cw_clock_unix_ms(), &err), CW_OK);
	refused("a bridge of another CA", &a, "cannot connect");

	agent_make(&a, 1);
	X509_free(a.id.cert);
	{
		X509 *other = NULL;
		struct cw_pki_issuer issuer = { NULL, key };

		CHECK_EQ(cw_pki_ca_new(&other, key, "other", 1, cw_clock_unix_ms(), &err), CW_OK);
		issuer.ca = other;
		CHECK_EQ(cw_pki_issue_agent(&a.id.cert, &issuer, a.id.key, a.id.agent, TENANT, 1,
			     cw_clock_unix_ms(), &err),
		    CW_OK);
		X509_free(other);
	}
	refused("a client certificate of another CA", &a, "unknown ca");
	EVP_PKEY_free(key);
}

int
main(void)
{
	struct agent a;

	bridge_init(&bridge);
	agent_make(&a, 1);
	agent_start(&a);
	test_commands(&a);
	test_roles(&a);
	test_renewal(&a);
	test_revoked(&a);
	agent_stop(&a);
	cw_identity_free(&a.id);
	test_certificates();
	test_bare("no client certificate", CW_ALPN_WIRE);
	test_bare("a protocol that the bridge does not speak", "h2");
	bridge_free(&bridge);
	return test_failed;
}
