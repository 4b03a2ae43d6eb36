/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be asked of a script or a plan, over the wire and on the server itself.
 */
#include "test.h"
#include "base/err.h"
#include "base/json.h"
#include "scripts/params.h"

int test_failed;

#define NOW INT64_C(1795512600000) /* 2026-11-24T09:30:00Z */
#define ID "\"id\":\"6F1DE2B0-6a3c-4d2a-9b1e-000000000001\","
#define SOON "\"not_after\":\"2026-11-24T09:31:00Z\""
#define SCRIPT "\"mode\":\"run\",\"text\":\"Get-ADUser ada\","

typedef int reads(struct cw_script_params *ret, cJSON *params, int64_t now_ms, struct cw_err *err);

static const struct {
	const char *name;
	reads *reads;
	const char *json;
	int want;
	const char *words; /* in the error */
} rows[] = {
	{ "a script", cw_script_params_run, "{" ID SCRIPT SOON "}", CW_OK, "" },
	{ "with everything", cw_script_params_run,
	    "{" ID SCRIPT SOON ",\"timeout_ms\":5,\"caller\":\"key desk\","
	    "\"domain_controller\":\"dc1.lab.test\"}",
	    CW_OK, "" },
	{ "no id", cw_script_params_run, "{" SCRIPT SOON "}", CW_EINVAL, "\"id\" is missing" },
	{ "no mode", cw_script_params_run, "{" ID "\"text\":\"x\"," SOON "}", CW_EINVAL,
	    "\"mode\" is missing" },
	{ "another mode", cw_script_params_run,
	    "{" ID "\"mode\":\"apply\",\"text\":\"x\"," SOON "}", CW_EINVAL,
	    "neither run nor plan" },
	{ "no text", cw_script_params_run, "{" ID "\"mode\":\"plan\"," SOON "}", CW_EINVAL,
	    "\"text\" is missing" },
	{ "no end", cw_script_params_run, "{" ID SCRIPT "\"timeout_ms\":1}", CW_EINVAL,
	    "\"not_after\" is missing" },
	{ "an end that is none", cw_script_params_run,
	    "{" ID SCRIPT "\"not_after\":\"2027-01-01T00:00:00Z\"}", CW_EINVAL, "7 days" },
	{ "no time", cw_script_params_run, "{" ID SCRIPT SOON ",\"timeout_ms\":0}", CW_EINVAL,
	    "\"timeout_ms\"" },
	{ "an approval of its own", cw_script_params_run, "{" ID SCRIPT SOON ",\"approved\":true}",
	    CW_EINVAL, "\"approved\"" },
	{ "a controller that is a command line", cw_script_params_run,
	    "{" ID SCRIPT SOON ",\"domain_controller\":\"dc1 -x\"}", CW_EINVAL,
	    "\"domain_controller\"" },
	{ "a plan", cw_script_params_apply, "{" ID "\"plan\":{}," SOON "}", CW_OK, "" },
	{ "a plan that is none", cw_script_params_apply, "{" ID "\"plan\":[]," SOON "}", CW_EINVAL,
	    "\"plan\"" },
	{ "a plan that says it is approved", cw_script_params_apply,
	    "{" ID "\"plan\":{},\"approve\":true," SOON "}", CW_EINVAL, "\"approve\"" },
	{ "a secret in clear", cw_script_params_apply,
	    "{" ID "\"plan\":{},\"secrets\":{\"1\":\"x\"}," SOON "}", CW_EDENIED, "in clear" },
	{ "secrets that are none", cw_script_params_apply,
	    "{" ID "\"plan\":{},\"secrets\":\"x\"," SOON "}", CW_EINVAL, "\"secrets\"" },
	{ "a local script", cw_script_params_local,
	    "{\"verb\":\"script\",\"stream\":true,\"mode\":\"plan\",\"text\":\"x\"}", CW_OK, "" },
	{ "a local plan, approved", cw_script_params_local,
	    "{\"verb\":\"apply\",\"stream\":true,\"plan\":{},\"approve\":true}", CW_OK, "" },
	{ "a local script, approved", cw_script_params_local,
	    "{\"verb\":\"script\",\"stream\":true,\"mode\":\"run\",\"text\":\"x\","
	    "\"approve\":true}",
	    CW_EINVAL, "\"approve\"" },
	{ "neither", cw_script_params_local, "{\"verb\":\"apply\",\"stream\":true}", CW_EINVAL,
	    "\"mode\" is missing" },
};

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		const char *test_case = rows[i].name;
		struct cw_script_params p;
		struct cw_err err = { 0 };
		cJSON *json = NULL;

		CHECK_EQ(
		    cw_json_parse(&json, rows[i].json, strlen(rows[i].json), "row", &err), CW_OK);
		CHECK_EQ(rows[i].reads(&p, json, NOW, &err), rows[i].want);
		if (strstr(err.text, rows[i].words) == NULL)
			CHECK_STR(err.text, rows[i].words);
		if (rows[i].want == CW_OK) {
			bool local = rows[i].reads == cw_script_params_local;

			CHECK_EQ(p.request.approved, strstr(rows[i].json, "approve") != NULL);
			CHECK_EQ(p.request.text != NULL, p.request.mode != CW_SCRIPT_APPLY);
			CHECK_EQ(p.request.plan != NULL, p.request.mode == CW_SCRIPT_APPLY);
			CHECK(p.request.timeout_ms > 0 && p.request.not_after_ms > NOW);
			CHECK(p.request.caller != NULL && p.request.controller != NULL);
			CHECK_EQ(strcmp(p.request.id, "6f1de2b0-6a3c-4d2a-9b1e-000000000001") != 0,
			    local);
			CHECK(cw_json_get(json, "plan") == NULL);
			cJSON_Delete(p.request.plan);
		}
		cJSON_Delete(json);
	}
	return test_failed;
}
