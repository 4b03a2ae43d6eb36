/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bridge.json: what is taken, and that a mistake is named.
 */
#include "base/err.h"
#include "service/config.h"
#include "test.h"

int test_failed;

static const struct {
	const char *name, *text;
	const char *says; /* NULL: it is taken */
	const char *names; /* what becomes of "names" */
} rows[] = {
	{ "names", "{\"names\":[\"bridge.example\",\"10.0.0.1\",\"::1\"]}", NULL,
	    "bridge.example,10.0.0.1,::1" },
	{ "everything",
	    "{\"names\":[\"a\"],\"web_listen\":\"127.0.0.1\",\"web_port\":0,\"agents_listen\":\"::"
	    "\","
	    "\"agents_port\":65535,\"web_certificate\":\"c\",\"web_private_key\":\"k\","
	    "\"graph_ca\":\"g\",\"log_requests\":true}",
	    NULL, "a" },
	{ "null is as if it were not there",
	    "{\"names\":[\"a\"],\"graph_ca\":null,\"web_listen\":null}", NULL, "a" },
	{ "unknown", "{\"port\":1}", "bridge.json has no member \"port\"", NULL },
	{ "no names", "{\"names\":[]}", "bridge.json: \"names\" must be a list", NULL },
	{ "names that are a text", "{\"names\":\"a\"}", "\"names\" must be a list", NULL },
	{ "a name that is a number", "{\"names\":[1]}", "\"names\" holds something", NULL },
	{ "two names in one", "{\"names\":[\"a,b\"]}", "\"names\" holds something", NULL },
	{ "a URL for a name", "{\"names\":[\"https://a\"]}", "\"names\" holds something", NULL },
	{ "a name for an address", "{\"web_listen\":\"localhost\"}",
	    "\"web_listen\" must be an IPv4 or IPv6 address", NULL },
	{ "an empty text", "{\"graph_ca\":\"\"}", "\"graph_ca\" must be a string", NULL },
	{ "a port beyond", "{\"web_port\":65536}", "\"web_port\" must be a whole number", NULL },
	{ "half a port", "{\"agents_port\":1.5}", "\"agents_port\" must be a whole number", NULL },
	{ "half a pair", "{\"web_private_key\":\"k\"}", "go together", NULL },
	{ "no boolean", "{\"log_requests\":1}", "\"log_requests\" must be true or false", NULL },
	{ "no object", "[]", "bridge.json must be a JSON object", NULL },
	{ "no JSON", "{", "bridge.json: not JSON", NULL },
};

int
main(void)
{
	const char *test_case = "";
	struct cw_bridge_config config;
	struct cw_err err;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		err = (struct cw_err){ 0 };
		config = (struct cw_bridge_config){ 0 };
		CHECK_EQ(cw_bridge_config_parse(
			     &config, rows[i].text, strlen(rows[i].text), "bridge.json", &err),
		    rows[i].says == NULL ? CW_OK : CW_EINVAL);
		if (rows[i].says != NULL && strstr(err.text, rows[i].says) == NULL)
			CHECK_STR(err.text, rows[i].says);
		CHECK_STR(config.names, rows[i].names);
		cw_bridge_config_free(&config);
	}
	test_case = "nothing said";
	CHECK_EQ(cw_bridge_config_parse(&config, "{}", 2, "bridge.json", &err), CW_OK);
	CHECK(strstr(config.names, "localhost,127.0.0.1") != NULL);
	CHECK_EQ(config.web_port, CW_BRIDGE_WEB_PORT);
	CHECK_EQ(config.agents_port, CW_BRIDGE_AGENTS_PORT);
	CHECK(config.web_listen == NULL && config.graph_ca == NULL && !config.log_requests);
	CHECK_EQ(strncmp(config.names, config.name, strlen(config.name)), 0);
	cw_bridge_config_free(&config);
	return test_failed;
}
