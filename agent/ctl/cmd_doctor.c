/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl doctor: what is well on this server and what is not, with what to do.
 * The way to the bridge it goes itself, so that it works when the agent does not.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "control/control.h"
#include "crypto/pki.h"
#include "ctl.h"
#include "doctor/findings.h"
#include "link/identity.h"
#include "link/probe.h"
#include "os/clock.h"
#include "os/file.h"
#include "service/config.h"

#define DOCTOR_MS 90000u /* a PowerShell is started, and imports its modules */

/* --- what can be seen from here */

/* What to do where the way to the bridge ends. */
static const struct {
	const char *hop, *check, *remedy;
} hops[] = {
	{ "name", "dns", "The bridge's name is not found: look at this server's DNS." },
	{ "tcp", "tcp", "Let this server connect to the bridge's port (443 by default) outwards." },
	{ "proxy", "proxy",
	    "The proxy refuses or cannot be reached: look at \"proxy\" in agent.json, and let it "
	    "open CONNECT to the bridge." },
	{ "tls", "tls",
	    "Something between here and the bridge changes the connection, or the bridge is "
	    "another: take TLS inspection off for it." },
	{ "bridge", "bridge", "The bridge's log says why it does not take this agent." },
};

static void
put_hop(cJSON *checks, const cJSON *hop, const cJSON *report)
{
	const char *name = cw_json_str(hop, "hop"), *error = cw_json_str(hop, "error");
	bool ok = cw_json_true(hop, "ok");

	if (error == NULL)
		error = cw_json_str(report, "error");
	for (size_t i = 0; i < CW_COUNT(hops); i++)
		if (!cw_streq(hops[i].hop, name))
			continue;
		else if (ok)
			cw_finding_put(checks, hops[i].check, CW_FINDING_OK, NULL, "%.1f ms",
			    ctl_number(hop, "ms"));
		else
			cw_finding_put(checks, hops[i].check, CW_FINDING_FAIL, hops[i].remedy, "%s",
			    error != NULL ? error : "failed");
}

static void
check_way(cJSON *checks, const struct cw_identity *identity, const struct cw_agent_config *config)
{
	const cJSON *hop;
	cJSON *report = NULL;
	struct cw_err err = { 0 };

	if (cw_probe(&report, identity, config->proxy, &err) < 0) {
		cw_finding_put(checks, "bridge", CW_FINDING_FAIL, NULL, "%s", err.text);
		return;
	}
	if (!cw_json_true(report, "proxied"))
		cw_finding_put(checks, "proxy", CW_FINDING_OK, NULL, "none");
	cJSON_ArrayForEach (hop, cw_json_get(report, "hops"))
		put_hop(checks, hop, report);
	cJSON_Delete(report);
}

static void
check_here(const struct ctl *c, cJSON *checks)
{
	struct cw_agent_config config = { 0 };
	struct cw_identity identity = { 0 };
	struct cw_err err = { 0 };
	int64_t from, until;
	bool settings;

	if (cw_file_check_private(c->state, &err) < 0) {
		cw_finding_put(checks, "state folder", CW_FINDING_FAIL,
		    "Its owner alone may read and write it: chmod 700 (on Windows: inherit "
		    "nothing, "
		    "SYSTEM and Administrators). Where there is none: causeway-agent enrol.",
		    "%s", err.text);
		return;
	}
	cw_finding_put(checks, "state folder", CW_FINDING_OK, NULL, "%s", c->state);
	cw_finding_disk(checks, c->state);
	settings = cw_agent_config_load(&config, c->state, &err) == CW_OK;
	cw_finding_put(checks, "settings", settings ? CW_FINDING_OK : CW_FINDING_FAIL,
	    "Correct agent.json and start the agent again.", "%s",
	    settings ? "agent.json is understood" : err.text);
	if (cw_identity_load(&identity, c->state, &err) < 0) {
		cw_finding_put(checks, "identity", CW_FINDING_FAIL,
		    "Enrol this server: causeway-agent enrol --bridge HOST:PORT --token TOKEN.",
		    "%s", err.text);
	} else {
		if (cw_pki_cert_validity(&from, &until, identity.cert) == CW_OK)
			cw_finding_certificate(checks, from, until, cw_clock_unix_ms());
		if (settings)
			check_way(checks, &identity, &config);
	}
	cw_identity_free(&identity);
	cw_agent_config_free(&config);
}

/* What the agent sees. */
static int
check_agent(const struct ctl *c, cJSON *checks, struct cw_err *err)
{
	cJSON *request = cJSON_CreateObject(), *answer = NULL, *theirs, *one;
	int r;

	cJSON_AddStringToObject(request, "verb", "doctor");
	r = cw_control_call(&answer, c->state, request, DOCTOR_MS, err);
	cJSON_Delete(request);
	if (r == CW_EDENIED)
		return r; /* this account may not ask: nothing else is true */
	cw_finding_put(checks, "agent", r == CW_OK ? CW_FINDING_OK : CW_FINDING_FAIL,
	    "Start the service causeway-agent; its log says why it ended.", "%s",
	    r == CW_OK ? "running" : err->text);
	theirs = cJSON_GetObjectItemCaseSensitive(answer, "checks");
	while ((one = cJSON_DetachItemFromArray(theirs, 0)) != NULL)
		cJSON_AddItemToArray(checks, one);
	cJSON_Delete(answer);
	return CW_OK;
}

/* --- to be read */

static void
show_one(const struct ctl *c, const cJSON *one)
{
	static const struct {
		const char *state, *mark;
		enum cw_style style;
	} rows[] = { { "ok", "ok", CW_STYLE_GREEN }, { "warn", "look", CW_STYLE_YELLOW },
		{ "fail", "FAIL", CW_STYLE_RED } };

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(rows[i].state, cw_json_str(one, "state")))
			printf("%s%-4s%s  %-20s  %s\n", cw_style_on(rows[i].style, c->colour),
			    rows[i].mark, cw_style_off(rows[i].style, c->colour),
			    ctl_text(one, "check"), ctl_text(one, "seen"));
	if (cw_json_str(one, "remedy") != NULL)
		printf("%28s%s%s%s\n", "", cw_style_on(CW_STYLE_BOLD, c->colour),
		    ctl_text(one, "remedy"), cw_style_off(CW_STYLE_BOLD, c->colour));
}

static unsigned
count(const cJSON *checks, const char *state)
{
	const cJSON *one;
	unsigned n = 0;

	cJSON_ArrayForEach (one, checks)
		n += cw_streq(cw_json_str(one, "state"), state);
	return n;
}

int
ctl_doctor(const struct ctl *c, struct cw_err *err)
{
	cJSON *answer = cJSON_CreateObject(), *checks = cJSON_AddArrayToObject(answer, "checks");
	const cJSON *one;
	unsigned fail, warn;
	int r;

	check_here(c, checks);
	if ((r = check_agent(c, checks, err)) < 0) {
		cJSON_Delete(answer);
		return r;
	}
	fail = count(checks, "fail");
	warn = count(checks, "warn");
	cJSON_AddNumberToObject(answer, "ok", count(checks, "ok"));
	cJSON_AddNumberToObject(answer, "warn", warn);
	cJSON_AddNumberToObject(answer, "fail", fail);
	if (c->json) {
		r = ctl_print_json(answer);
	} else {
		cJSON_ArrayForEach (one, checks)
			show_one(c, one);
		if (fail == 0 && warn == 0)
			printf("\nAll is well.\n");
		else
			printf("\n%u not well, %u to look at.\n", fail, warn);
	}
	cJSON_Delete(answer);
	return r < 0 ? r : fail > 0 ? CTL_NOT_WELL : CTL_WELL;
}
