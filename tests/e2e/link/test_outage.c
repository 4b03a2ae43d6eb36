/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No bridge: hundreds of attempts leave no memory behind, and one that hangs does
 * not hold up the end.
 */
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "test.h"
#include "bridge.h"
#include "crypto/pki.h"
#include "link/identity.h"
#include "link/link.h"
#include "os/clock.h"

int test_failed;
const char *test_case = "";

#define ATTEMPTS 400u
#define SLACK 16384u /* bytes: lists of libraries that grow by steps */

/* There with ASan; without it only the behaviour is looked at. */
size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

static struct bridge bridge;
static struct cw_link *link_;
static unsigned failed;
static bool closed, enough;
static size_t before, after;

static size_t
allocated(void)
{
	return __sanitizer_get_current_allocated_bytes != NULL
	    ? __sanitizer_get_current_allocated_bytes()
	    : 0;
}

static void
on_changed(void *arg)
{
	struct cw_link_status s;

	(void)arg;
	cw_link_status(link_, &s);
	if (s.state != CW_LINK_WAITING)
		return;
	if (++failed == ATTEMPTS / 4)
		before = allocated();
	if (failed == ATTEMPTS) {
		after = allocated();
		enough = true;
	}
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

static void
start(struct cw_identity *id, uint16_t port)
{
	const struct cw_link_config config = {
		.loop = &bridge.loop,
		.identity = id,
		.folder = bridge.folder,
		.proxy = "",
		.version = "1",
		.os = "test",
		.hostname = "test",
		.epoch = "test",
		.changed = on_changed,
	};
	struct cw_err err = { 0 };

	id->port = port;
	closed = false;
	failed = 0;
	CHECK_EQ(cw_link_new(&link_, &config, &err), CW_OK);
}

static void
stop(void)
{
	cw_link_close(link_, on_closed, NULL);
	(void)until(&bridge, &closed);
}

static void
test_refused(struct cw_identity *id)
{
	uint64_t start_ms = cw_clock_ms();
	struct cw_link_status s;

	test_case = "refused again and again";
	start(id, bridge.port);
	while (!enough && cw_clock_ms() - start_ms < 30000) {
		cw_link_hurry(link_);
		(void)uv_run(&bridge.loop, UV_RUN_ONCE);
	}
	CHECK(enough);
	CHECK(after <= before + SLACK);
	cw_link_status(link_, &s);
	CHECK_EQ(s.error.code, CW_EUNAVAILABLE);
	CHECK(s.failures >= ATTEMPTS - 1);
	stop();
}

static void
on_accept(uv_stream_t *server, int status)
{
	(void)status;
	*(bool *)server->data = true; /* left in the queue: nobody ever answers */
}

static void
test_hangs(struct cw_identity *id)
{
	struct sockaddr_in address;
	int n = sizeof(address);
	static bool accepted;
	uint64_t start_ms;
	static uv_tcp_t server; /* closed by the loop, later */

	test_case = "a server that says nothing does not hold up the end";
	uv_tcp_init(&bridge.loop, &server);
	server.data = &accepted;
	(void)uv_ip4_addr("127.0.0.1", 0, &address);
	CHECK_EQ(uv_tcp_bind(&server, (const struct sockaddr *)&address, 0), 0);
	CHECK_EQ(uv_listen((uv_stream_t *)&server, 4, on_accept), 0);
	CHECK_EQ(uv_tcp_getsockname(&server, (struct sockaddr *)&address, &n), 0);
	start(id, ntohs(address.sin_port));
	(void)until(&bridge, &accepted);
	start_ms = cw_clock_ms();
	stop();
	CHECK(cw_clock_ms() - start_ms < 1000);
	CHECK_EQ(failed, 0);
	uv_close((uv_handle_t *)&server, NULL);
}

int
main(void)
{
	struct cw_identity id = { .host = "127.0.0.1" };
	struct cw_pki_issuer issuer = { 0 };
	struct cw_err err = { 0 };

	bridge_init(&bridge);
	X509_up_ref(bridge.ca.cert);
	id.ca = bridge.ca.cert;
	issuer = (struct cw_pki_issuer){ bridge.ca.cert, bridge.ca.key };
	CHECK_EQ(cw_pki_key_new(&id.key, &err), CW_OK);
	CHECK_EQ(
	    cw_pki_issue_agent(&id.cert, &issuer, id.key, "6f1de2b0-6a3c-4d2a-9b1e-000000000002",
		"6f1de2b0-6a3c-4d2a-9b1e-000000000001", 1, cw_clock_unix_ms(), &err),
	    CW_OK);
	bridge_stop(&bridge);
	test_refused(&id);
	test_hangs(&id);
	cw_identity_free(&id);
	bridge_start(&bridge);
	bridge_free(&bridge);
	return test_failed;
}
