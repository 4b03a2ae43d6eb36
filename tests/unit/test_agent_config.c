/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.json: defaults, what it takes, and errors that name the member.
 */
#include <stdio.h>

#include "test.h"
#include "base/err.h"
#include "base/str.h"
#include "os/file.h"
#include "os/random.h"
#include "service/config.h"

int test_failed;

static const struct {
	const char *name, *text;
	int want;
	const char *says;
} rows[] = {
	{ "nothing set", "{}", CW_OK, "" },
	{ "all set",
	    "{\"powershell\":[\"/opt/ps/pwsh\",\"-s\"],\"pool\":4,"
	    "\"proxy\":\"http://proxy:3128\",\"server\":\"dc1.lab.test\"}",
	    CW_OK, "" },
	{ "null proxy", "{\"proxy\":null}", CW_OK, "" },
	{ "not an object", "[]", CW_EINVAL, "must be a JSON object" },
	{ "misspelt member", "{\"modul\":[]}", CW_EINVAL, "no member \"modul\"" },
	{ "one word as a string", "{\"powershell\":\"pwsh -s\"}", CW_EINVAL,
	    "\"powershell\" must be a list" },
	{ "empty list", "{\"powershell\":[]}", CW_EINVAL, "\"powershell\" must be a list of 1 to" },
	{ "number in a list", "{\"powershell\":[1]}", CW_EINVAL,
	    "\"powershell\" must hold strings" },
	{ "pool too small", "{\"pool\":2}", CW_EINVAL, "\"pool\" must be a whole number from 3" },
	{ "pool no whole number", "{\"pool\":3.5}", CW_EINVAL, "\"pool\"" },
	{ "too many sandboxes", "{\"sandboxes\":9}", CW_EINVAL, "\"sandboxes\" must be" },
	{ "no sandboxes", "{\"sandboxes\":0}", CW_OK, "" },
	{ "an engine that is no list", "{\"sandbox_powershell\":\"pwsh\"}", CW_EINVAL,
	    "\"sandbox_powershell\" must be a list" },
	{ "empty server", "{\"server\":\"\"}", CW_EINVAL, "\"server\" must be a string" },
	{ "a server with options", "{\"server\":\"dc1 -x\"}", CW_EINVAL, "not the name of a host" },
	{ "a ceiling", "{\"ceiling\":{\"Users\":\"read\",\"*\":\"disabled\"}}", CW_OK, "" },
	{ "a ceiling of a group that there is not", "{\"ceiling\":{\"User\":\"read\"}}", CW_EINVAL,
	    "agent.json: \"ceiling\": there is no permission group \"User\"" },
	{ "cut short", "{\"pool\":", CW_EINVAL, "not JSON" },
};

static void
test_proxy(void)
{
	static const char before[] = "{\"pool\":5,\"proxy\":\"http://old:1\"}";
	const char *test_case = "the proxy is written into what is there";
	char folder[128], path[160], id[CW_UUID_TEXT];
	struct cw_agent_config c = { 0 };
	struct cw_err err = { 0 };

	cw_random_uuid(id);
	(void)snprintf(folder, sizeof(folder), "test-config-%s", id);
	(void)snprintf(path, sizeof(path), "%s/agent.json", folder);
	CHECK_EQ(cw_file_mkdir_private(folder, &err), CW_OK);
	CHECK_EQ(cw_agent_config_set_proxy(folder, "http://p:1", &err), CW_OK);
	CHECK_EQ(cw_file_write(path, before, strlen(before), true, &err), CW_OK);
	CHECK_EQ(cw_agent_config_set_proxy(folder, "http://new:1", &err), CW_OK);
	CHECK_EQ(cw_agent_config_load(&c, folder, &err), CW_OK);
	CHECK_EQ(c.pool, 5);
	CHECK_STR(c.proxy, "http://new:1");
	cw_agent_config_free(&c);
	test_case = "and not into what is broken";
	CHECK_EQ(cw_file_write(path, "{\"pool\":1}", 10, true, &err), CW_OK);
	CHECK_EQ(cw_agent_config_set_proxy(folder, "http://new:1", &err), CW_EINVAL);
	CHECK_EQ(cw_file_remove(path, &err), CW_OK);
	(void)remove(folder);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		const char *test_case = rows[i].name;
		struct cw_agent_config c = { 0 };
		struct cw_err err = { 0 };

		CHECK_EQ(cw_agent_config_parse(
			     &c, rows[i].text, strlen(rows[i].text), "agent.json", &err),
		    rows[i].want);
		CHECK(strstr(err.text, rows[i].says) != NULL);
		CHECK_EQ(c.powershell[0] != NULL, rows[i].want == CW_OK);
		if (i == 0) {
			CHECK_EQ(c.pool, 3);
			CHECK_EQ(c.sandboxes, 1);
			CHECK(c.proxy == NULL);
		}
		if (i == 1) {
			CHECK_STR(c.powershell[0], "/opt/ps/pwsh");
			CHECK(c.powershell[2] == NULL);
			CHECK_STR(c.sandbox_powershell[0], "/opt/ps/pwsh");
			CHECK_EQ(c.pool, 4);
			CHECK_STR(c.server, "dc1.lab.test");
		}
		cw_agent_config_free(&c);
	}
	test_proxy();
	return test_failed;
}
