/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The params of command.run: what is taken, and how the rest is refused.
 */
#include <stdio.h>

#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "commands/request.h"
#include "crypto/seal.h"
#include "policy/policy.h"

int test_failed;
const char *test_case = "";

#define NOW INT64_C(1795512600000) /* 2026-11-24T09:30:00Z */
#define IDS                                                       \
	"\"id\":\"6F1DE2B0-6a3c-4d2a-9b1e-000000000001\","        \
	"\"operation\":\"6f1de2b0-6a3c-4d2a-9b1e-00000000000B\"," \
	"\"step\":\"1\","
#define READ "\"command\":\"get-aduser\",\"parameters\":{\"Identity\":\"ada\"},\"write\":false,"
#define SOON "\"not_after\":\"2026-11-24T09:31:00Z\""

static const struct {
	const char *name, *json;
	int want;
	const char *words; /* in the error */
} rows[] = {
	{ "a read", "{" IDS READ SOON "}", CW_OK, "" },
	{ "with everything",
	    "{" IDS READ SOON ",\"timeout_ms\":5000,\"domain_controller\":\"dc1.lab.test\"}", CW_OK,
	    "" },
	{ "longer than may be", "{" IDS READ SOON ",\"timeout_ms\":86400000}", CW_OK, "" },
	{ "a member that nobody knows", "{" IDS READ SOON ",\"script\":\"x\"}", CW_EINVAL,
	    "\"script\"" },
	{ "no id", "{" READ SOON "}", CW_EINVAL, "\"id\" is missing" },
	{ "an id that is none", "{\"id\":\"1\"," READ SOON "}", CW_EINVAL, "\"id\" is not a UUID" },
	{ "a step that is no number",
	    "{\"id\":\"6f1de2b0-6a3c-4d2a-9b1e-000000000001\","
	    "\"operation\":\"6f1de2b0-6a3c-4d2a-9b1e-000000000001\",\"step\":\"one\"," READ SOON
	    "}",
	    CW_EINVAL, "\"step\"" },
	{ "no time", "{" IDS READ "\"not_after\":\"soon\"}", CW_EINVAL, "\"not_after\"" },
	{ "a time that is past", "{" IDS READ "\"not_after\":\"2026-11-24T09:29:59Z\"}",
	    CW_EEXPIRED, "" },
	{ "a time that is now", "{" IDS READ "\"not_after\":\"2026-11-24T09:30:00Z\"}", CW_EEXPIRED,
	    "" },
	{ "a time that is no limit", "{" IDS READ "\"not_after\":\"2027-01-01T00:00:00Z\"}",
	    CW_EINVAL, "7 days" },
	{ "no time at all to run", "{" IDS READ SOON ",\"timeout_ms\":0}", CW_EINVAL,
	    "\"timeout_ms\"" },
	{ "a controller that is a command line",
	    "{" IDS READ SOON ",\"domain_controller\":\"dc1 -Credential x\"}", CW_EINVAL,
	    "\"domain_controller\"" },
	{ "script text",
	    "{" IDS "\"command\":\"Get-ADUser ada | Remove-ADUser\",\"write\":false," SOON "}",
	    CW_EDENIED, "script text is not run" },
	{ "a command that is not catalogued",
	    "{" IDS "\"command\":\"Remove-Item\",\"write\":true," SOON "}", CW_EDENIED,
	    "not in the catalogue" },
	{ "a qualified name",
	    "{" IDS "\"command\":\"ActiveDirectory\\\\Get-ADUser\",\"write\":false," SOON "}",
	    CW_EDENIED, "" },
	{ "a server of the caller's own",
	    "{" IDS "\"command\":\"Get-ADUser\",\"parameters\":{\"Identity\":\"ada\","
	    "\"Server\":\"evil\"},\"write\":false," SOON "}",
	    CW_EDENIED, "-Server" },
	{ "a value of the wrong type",
	    "{" IDS
	    "\"command\":\"Get-ADUser\",\"parameters\":{\"Identity\":1},\"write\":false," SOON "}",
	    CW_EINVAL, "-Identity" },
	{ "a write that says it reads",
	    "{" IDS "\"command\":\"Unlock-ADAccount\",\"parameters\":{\"Identity\":\"ada\"},"
	    "\"write\":false," SOON "}",
	    CW_EINVAL, "Unlock-ADAccount is a write" },
	{ "a read that says it writes",
	    "{" IDS
	    "\"command\":\"Get-ADUser\",\"parameters\":{\"Identity\":\"ada\"},\"write\":true," SOON
	    "}",
	    CW_EINVAL, "is a read" },
	{ "neither", "{" IDS "\"command\":\"Get-ADDomain\"," SOON "}", CW_EINVAL, "\"write\"" },
	{ "a list", "[]", CW_EINVAL, "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_refusal refusal;
		struct cw_request req = { 0 };
		struct cw_err err = { 0 };
		cJSON *json = NULL;
		int r;

		test_case = rows[i].name;
		CHECK_EQ(
		    cw_json_parse(&json, rows[i].json, strlen(rows[i].json), "row", &err), CW_OK);
		r = cw_request_read(&req, json, NOW, NULL, &refusal, &err);
		if (r == CW_OK && cw_request_is_late(&req, NOW))
			r = CW_EEXPIRED;
		CHECK_EQ(r, rows[i].want);
		CHECK_EQ(refusal.rule != NULL, r == CW_EDENIED);
		if (strstr(err.text, rows[i].words) == NULL)
			CHECK_STR(err.text, rows[i].words);
		if (rows[i].want == CW_OK) {
			CHECK_STR(req.id, "6f1de2b0-6a3c-4d2a-9b1e-000000000001");
			CHECK_STR(req.operation, "6f1de2b0-6a3c-4d2a-9b1e-00000000000b");
			CHECK_EQ(req.step, 1);
			CHECK_STR(req.entry->name, "Get-ADUser");
			CHECK(
			    req.timeout_ms == 5000 || req.timeout_ms == CW_REQUEST_TIMEOUT_MAX_MS);
		} else if (rows[i].want != CW_EEXPIRED) {
			CHECK(req.call == NULL);
		}
		cw_request_free(&req);
		cJSON_Delete(json);
	}
}

/* Set-ADAccountPassword with a password sealed with this context. */
static int
open_sealed(const char *context, const char *agent, struct cw_err *err)
{
	static uint8_t public[CW_SEAL_KEY], private[CW_SEAL_KEY];
	struct cw_refusal refusal;
	struct cw_request req = { 0 };
	char json[2048];
	cJSON *parsed = NULL;
	struct cw_buf box, text;
	int r;

	cw_buf_init(&box, 1024);
	cw_buf_init(&text, 2048);
	CHECK_EQ(cw_seal_keypair(public, private), CW_OK);
	CHECK_EQ(cw_seal(&box, public, context, "Pa55-word", 9, err), CW_OK);
	CHECK_EQ(cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)), CW_OK);
	(void)snprintf(json, sizeof(json),
	    "{" IDS "\"command\":\"Set-ADAccountPassword\",\"parameters\":{\"Identity\":\"ada\","
	    "\"Reset\":true,\"NewPassword\":{\"$sealed\":\"%s\"}},\"write\":true," SOON "}",
	    cw_buf_str(&text));
	CHECK_EQ(cw_json_parse(&parsed, json, strlen(json), "row", err), CW_OK);
	r = cw_request_read(&req, parsed, NOW, NULL, &refusal, err);
	CHECK_EQ(r, CW_OK);
	if (r == CW_OK)
		r = cw_request_open(&req, agent, private, err);
	cw_request_free(&req);
	cJSON_Delete(parsed);
	cw_buf_free(&box);
	cw_buf_free(&text);
	return r;
}

static void
test_sealed(void)
{
#define AGENT "6f1de2b0-6a3c-4d2a-9b1e-0000000000aa"
#define OPERATION "6f1de2b0-6a3c-4d2a-9b1e-00000000000b"
	struct cw_err err = { 0 };

	test_case = "sealed for this agent, operation and parameter";
	CHECK_EQ(
	    open_sealed("causeway/secret/" AGENT "/" OPERATION "/NewPassword", AGENT, &err), CW_OK);
	test_case = "for another agent";
	CHECK_EQ(
	    open_sealed("causeway/secret/" OPERATION "/" OPERATION "/NewPassword", AGENT, &err),
	    CW_EINVAL);
	CHECK(strstr(err.text, "-NewPassword does not open") != NULL);
	test_case = "for another operation";
	CHECK_EQ(
	    open_sealed("causeway/secret/" AGENT "/" AGENT "/NewPassword", AGENT, &err), CW_EINVAL);
	test_case = "for another parameter";
	CHECK_EQ(open_sealed("causeway/secret/" AGENT "/" OPERATION "/OldPassword", AGENT, &err),
	    CW_EINVAL);
}

int
main(void)
{
	test_rows();
	test_sealed();
	return test_failed;
}
