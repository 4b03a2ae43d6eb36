/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl test-connection: how far the way to the bridge comes. It goes there
 * itself, with the agent's identity and settings: so it works when the agent does
 * not, which is when it is wanted.
 */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "console/when.h"
#include "ctl.h"
#include "link/identity.h"
#include "link/probe.h"
#include "service/config.h"

/* What a hop is, for who has not read our protocol. */
static const struct {
	const char *hop, *words;
} hops[] = {
	{ "name", "the name is looked up" },
	{ "tcp", "a connection is made" },
	{ "proxy", "the proxy opens the way" },
	{ "tls", "both sides show their certificates" },
	{ "bridge", "the bridge answers" },
};

static const char *
words_of(const char *hop)
{
	for (size_t i = 0; i < CW_COUNT(hops); i++)
		if (cw_streq(hops[i].hop, hop))
			return hops[i].words;
	return "";
}

static void
show(const struct ctl *c, const cJSON *report)
{
	const cJSON *hop;
	bool ok;

	ctl_line(c, "bridge", "%s%s%s", ctl_text(report, "bridge"),
	    cw_json_str(report, "peer") != NULL ? ", at " : "", ctl_text(report, "peer"));
	cJSON_ArrayForEach (hop, cw_json_get(report, "hops")) {
		ok = cw_json_true(hop, "ok");
		ctl_line(c, ctl_text(hop, "hop"), "%s%-6s%s %10s  %s",
		    cw_style_on(ok ? CW_STYLE_GREEN : CW_STYLE_RED, c->colour),
		    ok ? "ok" : "failed",
		    cw_style_off(ok ? CW_STYLE_GREEN : CW_STYLE_RED, c->colour),
		    cw_json_get(hop, "ms") != NULL ? cw_when_duration(ctl_number(hop, "ms")) : "",
		    words_of(cw_json_str(hop, "hop")));
	}
	if (cw_json_true(report, "ok"))
		printf("\nThe bridge can be reached.\n");
	else
		printf("\nThe bridge cannot be reached: %s\n", ctl_text(report, "error"));
}

int
ctl_test_connection(const struct ctl *c, struct cw_err *err)
{
	struct cw_agent_config config = { 0 };
	struct cw_identity identity = { 0 };
	cJSON *report = NULL;
	int r;

	if ((r = cw_identity_load(&identity, c->state, err)) < 0 ||
	    (r = cw_agent_config_load(&config, c->state, err)) < 0 ||
	    (r = cw_probe(&report, &identity, config.proxy, err)) < 0)
		goto done;
	if (c->json)
		r = ctl_print_json(report);
	else
		show(c, report);
	if (r == CW_OK)
		r = cw_json_true(report, "ok") ? CTL_WELL : CTL_NOT_WELL;
done:
	cJSON_Delete(report);
	cw_agent_config_free(&config);
	cw_identity_free(&identity);
	return r;
}
