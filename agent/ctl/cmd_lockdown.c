/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl lockdown: nothing is done for the bridge any more, from this moment
 * until it is taken back. Works without a running agent too: the next one finds it.
 */
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "console/when.h"
#include "ctl.h"
#include "os/clock.h"
#include "os/file.h"
#include "service/lockdown.h"

static int
without_agent(const struct ctl *c, int on, struct cw_err *err)
{
	int r;

	if ((r = cw_file_check_private(c->state, err)) < 0)
		return r;
	return on < 0 ? CW_OK
	    : on > 0  ? cw_lockdown_set(c->state, c->reason, cw_clock_unix_ms(), err)
		      : cw_lockdown_clear(c->state, err);
}

static void
show(const struct ctl *c, const cJSON *answer, bool running)
{
	bool on = cw_json_true(answer, "on");
	enum cw_style style = on ? CW_STYLE_YELLOW : CW_STYLE_GREEN;

	ctl_line(c, "lockdown", "%s%s%s%s%s", cw_style_on(style, c->colour), on ? "on" : "off",
	    cw_style_off(style, c->colour), cw_json_str(answer, "since") != NULL ? ", since " : "",
	    cw_json_str(answer, "since") != NULL ? cw_when_date(ctl_text(answer, "since")) : "");
	if (cw_json_str(answer, "reason") != NULL)
		ctl_line(c, "reason", "%s", ctl_text(answer, "reason"));
	if (on)
		ctl_line(c, "",
		    "Nothing is done for the bridge, and there is no connection to it. "
		    "causewayctl run still works here.");
	if (!running)
		ctl_line(c, "", "No agent is running: the next one will find it so.");
}

int
ctl_lockdown(const struct ctl *c, struct cw_err *err)
{
	int on = c->argument == NULL       ? -1
	    : cw_streq(c->argument, "on")  ? 1
	    : cw_streq(c->argument, "off") ? 0
					   : 2;
	char since[CW_TIME_TEXT];
	struct cw_lockdown lock;
	cJSON *request, *answer = NULL;
	bool running = true;
	int r;

	if (on == 2 || (on != 1 && c->reason != NULL))
		return cw_fail(err, CW_EINVAL, "lockdown takes on or off; a --reason goes with on");
	request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "verb", "lockdown");
	if (on >= 0)
		cJSON_AddBoolToObject(request, "on", on > 0);
	if (c->reason != NULL)
		cJSON_AddStringToObject(request, "reason", c->reason);
	if ((r = ctl_ask(c, &answer, request, err)) == CW_EUNAVAILABLE) {
		running = false;
		if ((r = without_agent(c, on, err)) < 0)
			return r;
		cw_lockdown_read(&lock, c->state);
		answer = cJSON_CreateObject();
		cJSON_AddBoolToObject(answer, "on", lock.on);
		if (lock.since_ms > 0) {
			cw_time_text(since, lock.since_ms);
			cJSON_AddStringToObject(answer, "since", since);
		}
		if (lock.reason[0] != '\0')
			cJSON_AddStringToObject(answer, "reason", lock.reason);
	} else if (r < 0) {
		return r;
	}
	if (c->json)
		r = ctl_print_json(answer);
	else
		show(c, answer, running);
	cJSON_Delete(answer);
	return r;
}
