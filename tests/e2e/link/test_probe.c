/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocking ways in, as the programs use them: cw_enrol() and cw_probe(), on a
 * worker while the bridge runs on the loop.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "bridge.h"
#include "base/json.h"
#include "link/enrol.h"
#include "link/identity.h"
#include "link/link.h"
#include "link/probe.h"
#include "os/file.h"

int test_failed;
const char *test_case = "";

static struct bridge bridge;
static char folder[256], address[64], token[CW_TOKEN_TEXT];
static struct cw_identity id;
static struct cw_err result;
static const char *proxy;
static cJSON *report;
static int code;
static bool finished, up, closed;
static struct cw_link *link_;

static void
work_enrol(uv_work_t *work)
{
	const struct cw_enrol_config config = { .folder = folder,
		.bridge = address,
		.token = token,
		.proxy = proxy,
		.hostname = "server.test" };

	(void)work;
	code = cw_enrol(&config, &result);
}

static void
work_probe(uv_work_t *work)
{
	(void)work;
	code = cw_probe(&report, &id, proxy, &result);
}

static void
work_done(uv_work_t *work, int status)
{
	(void)work;
	(void)status;
	finished = true;
}

static void
run(const char *name, void (*what)(uv_work_t *))
{
	static uv_work_t work;

	test_case = name;
	cJSON_Delete(report);
	report = NULL;
	finished = false;
	CHECK_EQ(uv_queue_work(&bridge.loop, &work, what, work_done), 0);
	(void)until(&bridge, &finished);
	CHECK_EQ(code, CW_OK);
}

/* The hops that were gone, and where it ended. */
static void
check_hops(const char *want, bool ok)
{
	const cJSON *hop;
	char got[128] = "";
	size_t n = 0;

	cJSON_ArrayForEach (hop, cw_json_get(report, "hops"))
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s ", cw_json_str(hop, "hop"),
		    cw_json_true(hop, "ok") ? "" : "!");
	CHECK_STR(got, want);
	CHECK_EQ(cw_json_true(report, "ok"), ok);
	CHECK_EQ(cw_json_str(report, "error") == NULL, ok);
}

static void
on_changed(void *arg)
{
	struct cw_link_status s;

	(void)arg;
	cw_link_status(link_, &s);
	up = s.state == CW_LINK_UP;
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

/* The agent is connected meanwhile, and stays so. */
static void
test_beside_link(void)
{
	const struct cw_link_config config = { .loop = &bridge.loop,
		.identity = &id,
		.folder = folder,
		.proxy = proxy,
		.version = "1",
		.os = "test",
		.hostname = "server.test",
		.epoch = "test",
		.changed = on_changed };
	bool direct = proxy[0] == '\0';

	CHECK_EQ(cw_link_new(&link_, &config, &result), CW_OK);
	test_case = "link";
	(void)until(&bridge, &up);
	run("all the way", work_probe);
	check_hops(direct ? "name tcp tls bridge " : "name tcp proxy tls bridge ", true);
	CHECK(up);
	CHECK_EQ(bridge.connects, 1);
	cw_link_close(link_, on_closed, NULL);
	(void)until(&bridge, &closed);
}

static void
remove_all(void)
{
	static const char *const files[] = { "identity.json", "agent.key", "agent.crt", "ca.crt",
		"seal.key" };
	char path[300];

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)cw_file_remove(path, NULL);
	}
	(void)rmdir(folder);
}

int
main(void)
{
	bool direct;

	proxy = getenv("CAUSEWAY_TEST_PROXY") != NULL ? getenv("CAUSEWAY_TEST_PROXY") : "";
	direct = proxy[0] == '\0';
	bridge_init(&bridge);
	(void)snprintf(folder, sizeof(folder), "%s/agent", bridge.folder);
	(void)snprintf(address, sizeof(address), "127.0.0.1:%u", bridge.port);
	bridge_token(&bridge, token, "6f1de2b0-6a3c-4d2a-9b1e-000000000001", 60000);
	run("enrol", work_enrol);
	CHECK_EQ(cw_identity_load(&id, folder, &result), CW_OK);
	test_beside_link();
	bridge_stop(&bridge);
	run("nobody listens", work_probe);
	check_hops(direct ? "name tcp! " : "name tcp proxy! ", false);
	bridge_start(&bridge);
	if (direct) {
		proxy = "http://user:secret@127.0.0.1:1";
		run("no proxy there", work_probe);
		check_hops("name tcp! ", false);
		proxy = "nonsense://user:secret@127.0.0.1:1";
		run("a proxy URL that is none", work_probe);
		CHECK(cw_json_str(report, "error") != NULL);
		CHECK(strstr(cw_json_str(report, "error"), "secret") == NULL);
	}
	cJSON_Delete(report);
	cw_identity_free(&id);
	remove_all();
	bridge_free(&bridge);
	return test_failed;
}
