/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CA's files, and the certificates of the bridge's servers: made, kept, made anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/x509.h>

#include "agents/ca.h"
#include "base/buf.h"
#include "base/err.h"
#include "os/clock.h"
#include "os/file.h"
#include "test.h"

int test_failed;

#define DAY_MS INT64_C(86400000)

static const char *test_case = "";
static char folder[] = "/tmp/causeway-ca-XXXXXX";

/* The file's text; the caller's. */
static char *
text_of(const char *name)
{
	struct cw_err err = { 0 };
	struct cw_buf b;
	char path[64], *text;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	cw_buf_init(&b, 65536);
	CHECK_EQ(cw_file_read(&b, path, &err), CW_OK);
	text = strdup(cw_buf_str(&b));
	cw_buf_free_secret(&b);
	return text;
}

static const struct {
	const char *name, *names;
	int days_on; /* from now */
	bool anew;
} rows[] = {
	{ "the same again", "localhost,127.0.0.1", 0, false },
	{ "fewer names", "127.0.0.1", 0, false },
	{ "another name", "localhost,bridge.example", 0, true },
	{ "a year before its end", "localhost", 400, false },
	{ "less than that", "localhost", 460, true },
};

static void
test_server(const struct cw_ca *ca, int64_t now_ms)
{
	struct cw_err err = { 0 };
	char *certificate, *key, *after, *key_after;

	CHECK_EQ(cw_ca_server(ca, folder, "web", "localhost,127.0.0.1", 820, now_ms, &err), CW_OK);
	certificate = text_of("web.crt");
	key = text_of("web.key");
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		CHECK_EQ(cw_ca_server(ca, folder, "web", rows[i].names, 820,
			     now_ms + rows[i].days_on * DAY_MS, &err),
		    CW_OK);
		after = text_of("web.crt");
		key_after = text_of("web.key");
		CHECK_EQ(strcmp(after, certificate) != 0, rows[i].anew);
		CHECK_STR(key_after, key); /* whoever has pinned it need not know */
		free(certificate);
		free(key_after);
		certificate = after;
	}
	free(certificate);
	free(key);
	test_case = "what is no name";
	CHECK_EQ(cw_ca_server(ca, folder, "web", "not a name", 820, now_ms, &err), CW_EINVAL);
}

static void
test_damage(int64_t now_ms)
{
	struct cw_err err = { 0 };
	struct cw_ca ca;
	char path[64];

	test_case = "a file that is not what it should be";
	(void)snprintf(path, sizeof(path), "%s/ca.crt", folder);
	CHECK_EQ(cw_file_write(path, "oops", 4, false, &err), CW_OK);
	CHECK_EQ(cw_ca_open(&ca, folder, "localhost", now_ms, &err), CW_EINVAL);
	CHECK(strstr(err.text, path) != NULL);
}

int
main(void)
{
	static const char *const files[] = { "ca.key", "ca.crt", "agents.key", "agents.crt",
		"web.key", "web.crt" };
	int64_t now_ms = cw_clock_unix_ms();
	struct cw_err err = { 0 };
	struct cw_ca ca, again;
	char path[64];

	if (mkdtemp(folder) == NULL)
		return 2;
	test_case = "opened twice";
	CHECK_EQ(cw_ca_open(&ca, folder, "localhost", now_ms, &err), CW_OK);
	CHECK_EQ(cw_ca_open(&again, folder, "localhost", now_ms, &err), CW_OK);
	CHECK_EQ(X509_cmp(ca.cert, again.cert), 0);
	CHECK_EQ(X509_cmp(ca.server_cert, again.server_cert), 0);
	test_server(&ca, now_ms);
	cw_ca_free(&ca);
	cw_ca_free(&again);
	test_damage(now_ms);
	for (size_t i = 0; i < CW_COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	CHECK_EQ(rmdir(folder), 0);
	return test_failed;
}
