/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.json: defaults, what it takes, and errors that name the member.
 */
#include "test.h"
#include "base/err.h"
#include "service/config.h"

int test_failed;

static const struct {
	const char *name, *text;
	int want;
	const char *says;
} rows[] = {
	{ "nothing set", "{}", CW_OK, "" },
	{ "all set",
	    "{\"powershell\":[\"/opt/ps/"
	    "pwsh\",\"-s\"],\"modules\":[\"ActiveDirectory\",\"ADSync\"],\"pool\":4,"
	    "\"proxy\":\"http://proxy:3128\",\"server\":\"dc1.lab.test\"}",
	    CW_OK, "" },
	{ "null proxy", "{\"proxy\":null}", CW_OK, "" },
	{ "not an object", "[]", CW_EINVAL, "must be a JSON object" },
	{ "misspelt member", "{\"modul\":[]}", CW_EINVAL, "no member \"modul\"" },
	{ "one word as a string", "{\"powershell\":\"pwsh -s\"}", CW_EINVAL,
	    "\"powershell\" must be a list" },
	{ "empty list", "{\"modules\":[]}", CW_EINVAL, "\"modules\" must be a list of 1 to" },
	{ "number in a list", "{\"modules\":[1]}", CW_EINVAL, "\"modules\" must hold strings" },
	{ "pool too small", "{\"pool\":2}", CW_EINVAL, "\"pool\" must be a whole number from 3" },
	{ "pool no whole number", "{\"pool\":3.5}", CW_EINVAL, "\"pool\"" },
	{ "empty server", "{\"server\":\"\"}", CW_EINVAL, "\"server\" must be a string" },
	{ "cut short", "{\"pool\":", CW_EINVAL, "not JSON" },
};

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
			CHECK_STR(c.modules[0], "ActiveDirectory");
			CHECK(c.proxy == NULL);
		}
		if (i == 1) {
			CHECK_STR(c.powershell[0], "/opt/ps/pwsh");
			CHECK(c.powershell[2] == NULL);
			CHECK_STR(c.modules[1], "ADSync");
			CHECK_EQ(c.pool, 4);
			CHECK_STR(c.server, "dc1.lab.test");
		}
		cw_agent_config_free(&c);
	}
	return test_failed;
}
