/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl status: is this agent well, and if not, why.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "console/when.h"
#include "ctl.h"
#include "os/clock.h"

#define MEGABYTE 1048576.0
#define CEILING_MAX 1024u /* bytes */
#define DAYS_SOON 14

static const char *
on(const struct ctl *c, enum cw_style style)
{
	return cw_style_on(style, c->colour);
}

static const char *
off(const struct ctl *c)
{
	return cw_style_off(CW_STYLE_BOLD, c->colour);
}

static double
ms_since(const char *text)
{
	int64_t from = 0;

	return cw_time_parse(&from, text, strlen(text)) == CW_OK
	    ? (double)(cw_clock_unix_ms() - from)
	    : -1;
}

/* True: connected. */
static bool
show_bridge(const struct ctl *c, const cJSON *answer)
{
	const cJSON *bridge = cw_json_get(answer, "bridge");
	const cJSON *certificate = cw_json_get(answer, "certificate");
	bool up = cw_streq(cw_json_str(bridge, "state"), "up");
	double days = ctl_number(certificate, "days_left");

	ctl_line(c, "bridge", "%s  %s%s%s for %s%s%s", ctl_text(bridge, "address"),
	    on(c, up ? CW_STYLE_GREEN : CW_STYLE_RED), up ? "connected" : "not connected", off(c),
	    cw_when_duration(ms_since(ctl_text(bridge, "since"))),
	    cw_json_str(bridge, "proxy") != NULL ? ", by the proxy " : "",
	    ctl_text(bridge, "proxy"));
	if (up)
		ctl_line(c, "", "bridge %s, heartbeat every %.0f s", ctl_text(bridge, "version"),
		    ctl_number(bridge, "heartbeat_s"));
	if (!up && cw_json_str(bridge, "last_error") != NULL)
		ctl_line(
		    c, "", "%s%s%s", on(c, CW_STYLE_RED), ctl_text(bridge, "last_error"), off(c));
	if (!up && ctl_number(bridge, "next_try_ms") > 0)
		ctl_line(c, "", "%.0f attempts failed; the next one in %s",
		    ctl_number(bridge, "failures"),
		    cw_when_duration(ctl_number(bridge, "next_try_ms")));
	ctl_line(c, "certificate", "%suntil %s, %.0f days%s",
	    on(c, days < DAYS_SOON ? CW_STYLE_YELLOW : CW_STYLE_PLAIN),
	    cw_when_date(ctl_text(certificate, "expires")), days, days < DAYS_SOON ? off(c) : "");
	return up;
}

/* "3 idle, 1 busy" */
static void
count_states(char *ret, size_t size, const cJSON *runspaces)
{
	static const char *const states[] = { "idle", "busy", "checking", "starting", "lost" };
	const cJSON *one;
	size_t at = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < CW_COUNT(states); i++) {
		unsigned n = 0;

		cJSON_ArrayForEach (one, runspaces)
			n += cw_streq(cw_json_str(one, "state"), states[i]);
		if (n > 0 && at < size)
			at += (size_t)snprintf(
			    ret + at, size - at, "%s%u %s", at > 0 ? ", " : "", n, states[i]);
	}
}

/* True: all that were granted are served. */
static bool
show_roles(const struct ctl *c, const cJSON *answer)
{
	const cJSON *roles = cw_json_get(answer, "roles"), *role;
	const char *label = "roles";
	char states[96];
	bool all = true;

	cJSON_ArrayForEach (role, roles) {
		bool served = cw_json_true(role, "served");
		bool failed = cw_json_str(role, "error") != NULL;

		count_states(states, sizeof(states), cw_json_get(role, "runspaces"));
		ctl_line(c, label, "%-10s %s%s%s%s%s", ctl_text(role, "role"),
		    on(c,
			served       ? CW_STYLE_GREEN
			    : failed ? CW_STYLE_RED
				     : CW_STYLE_YELLOW),
		    served       ? "served"
			: failed ? "not served"
				 : "starting",
		    off(c), states[0] != '\0' ? "  PowerShell: " : "", states);
		if (failed)
			ctl_line(c, "", "           %s%s%s", on(c, CW_STYLE_RED),
			    ctl_text(role, "error"), off(c));
		label = "";
		all = all && served;
	}
	if (cJSON_GetArraySize(roles) == 0)
		ctl_line(c, label, "none was granted: enrol this server with a token that has one");
	return all;
}

static bool
other_pdc(const cJSON *controller)
{
	const char *pdc = cw_json_str(controller, "pdc_emulator");

	return pdc != NULL && !cw_strcaseeq(pdc, cw_json_str(controller, "server"));
}

static void
show_controller(const struct ctl *c, const cJSON *answer)
{
	const cJSON *controller = cw_json_get(answer, "controller");

	if (cw_json_str(controller, "error") != NULL)
		ctl_line(c, "controller", "%s%s%s", on(c, CW_STYLE_RED),
		    ctl_text(controller, "error"), off(c));
	else if (cw_json_str(controller, "server") == NULL)
		return; /* not asked for yet; a server without the directory role never is */
	else if (cw_json_true(controller, "configured"))
		ctl_line(c, "controller", "%s, as configured%s%s", ctl_text(controller, "server"),
		    other_pdc(controller) ? "; passwords and unlocks: " : "",
		    other_pdc(controller) ? ctl_text(controller, "pdc_emulator") : "");
	else
		ctl_line(c, "controller", "%s, the PDC emulator of %s",
		    ctl_text(controller, "server"), ctl_text(controller, "domain"));
}

/* Only what is held back: "Passwords read, Domain disabled". */
static void
show_ceiling(const struct ctl *c, const cJSON *answer)
{
	const cJSON *group;
	struct cw_buf b;

	cw_buf_init(&b, CEILING_MAX);
	cJSON_ArrayForEach (group, cw_json_get(answer, "ceiling"))
		if (cJSON_IsString(group) && !cw_streq(group->valuestring, "read-write"))
			(void)cw_buf_printf(&b, "%s%s %s", cw_buf_left(&b) > 0 ? ", " : "",
			    group->string, group->valuestring);
	if (cw_buf_left(&b) == 0)
		ctl_line(c, "ceiling", "read-write for every permission group");
	else
		ctl_line(c, "ceiling", "read-write, but: %s", cw_buf_str(&b));
	cw_buf_free(&b);
}

static void
show_lockdown(const struct ctl *c, const cJSON *answer)
{
	const cJSON *lockdown = cw_json_get(answer, "lockdown");

	if (cw_json_true(lockdown, "on"))
		ctl_line(c, "lockdown", "%son%s%s%s", on(c, CW_STYLE_YELLOW), off(c),
		    cw_json_str(lockdown, "reason") != NULL ? ": " : "",
		    ctl_text(lockdown, "reason"));
}

static void
show_scripts(const struct ctl *c, const cJSON *answer)
{
	const cJSON *scripts = cw_json_get(answer, "scripts");
	const cJSON *sandboxes = cw_json_get(answer, "sandboxes");
	const char *error = cw_json_str(sandboxes, "error");

	if (error != NULL)
		ctl_line(c, "scripts", "%snot run here: %s%s", on(c, CW_STYLE_YELLOW),
		    ctl_text(sandboxes, "error"), off(c));
	else if (cw_streq(cw_json_str(sandboxes, "state"), "none"))
		ctl_line(c, "scripts", "not run here: \"sandboxes\" is 0 in agent.json");
	else
		ctl_line(c, "scripts",
		    "%.0f running; since the start %.0f done, %.0f failed, %.0f refused; %.0f warm",
		    ctl_number(scripts, "running"), ctl_number(scripts, "done"),
		    ctl_number(scripts, "failed"), ctl_number(scripts, "refused"),
		    ctl_number(sandboxes, "warm"));
}

static void
show_work(const struct ctl *c, const cJSON *answer)
{
	const cJSON *commands = cw_json_get(answer, "commands");
	const cJSON *journal = cw_json_get(answer, "journal");
	const cJSON *memory = cw_json_get(answer, "memory");
	double unknown = ctl_number(commands, "unknown");

	ctl_line(c, "commands",
	    "%.0f running; since the start %.0f done, %.0f failed, %.0f refused%s",
	    ctl_number(commands, "running"), ctl_number(commands, "done"),
	    ctl_number(commands, "failed"), ctl_number(commands, "refused"),
	    unknown > 0 ? "" : ", none unknown");
	if (unknown > 0)
		ctl_line(c, "", "%s%.0f with an unknown outcome; causewayctl journal shows them%s",
		    on(c, CW_STYLE_YELLOW), unknown, off(c));
	ctl_line(c, "journal", "%.0f records, epoch %s", ctl_number(journal, "counter"),
	    ctl_text(journal, "epoch"));
	ctl_line(c, "memory", "%.1f MB, %.1f MB of it private",
	    ctl_number(memory, "resident") / MEGABYTE, ctl_number(memory, "private") / MEGABYTE);
}

int
ctl_status(const struct ctl *c, struct cw_err *err)
{
	cJSON *answer = NULL;
	const cJSON *role;
	bool well;
	int r;

	if ((r = ctl_ask_verb(c, &answer, "status", err)) < 0)
		return r;
	well = cw_streq(cw_json_str(cw_json_get(answer, "bridge"), "state"), "up");
	if (c->json) {
		cJSON_ArrayForEach (role, cw_json_get(answer, "roles"))
			well = well && cw_json_true(role, "served");
		r = ctl_print_json(answer);
	} else {
		ctl_line(c, "agent", "%s%s%s on %s, version %s%s", on(c, CW_STYLE_BOLD),
		    ctl_text(answer, "agent"), off(c), ctl_text(answer, "hostname"),
		    ctl_text(answer, "version"),
		    cw_json_true(answer, "stopping") ? ", stopping" : "");
		ctl_line(c, "", "process %.0f, running for %s, in %s", ctl_number(answer, "pid"),
		    cw_when_duration(ms_since(ctl_text(answer, "started"))),
		    ctl_text(answer, "folder"));
		show_lockdown(c, answer);
		well = show_bridge(c, answer);
		well = show_roles(c, answer) && well;
		show_controller(c, answer);
		show_ceiling(c, answer);
		show_scripts(c, answer);
		show_work(c, answer);
	}
	cJSON_Delete(answer);
	return r < 0 ? r : well ? CTL_WELL : CTL_NOT_WELL;
}
