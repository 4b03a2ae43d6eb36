/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl run, plan and apply: scripts on this server, without a bridge.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "console/plan.h"
#include "console/secrets.h"
#include "control/control.h"
#include "ctl.h"

#define SCRIPT_MAX (1024u * 1024u) /* bytes, as the broker's */
#define PLAN_MAX (64u * 1024u * 1024u) /* bytes of a file: it has white space */

static void
on_line(void *arg, const char *text, size_t n)
{
	cw_script_view_line(arg, text, n);
}

static struct cw_script_view
make_view(const struct ctl *c)
{
	return (struct cw_script_view){ .out = { stdout, c->colour, c->columns },
		.err = { stderr, c->colour_err, 0 },
		.json = c->json };
}

/* Asks, shows what comes; request is taken. On CW_OK *ret is the caller's. */
static int
ask(const struct ctl *c, struct cw_script_view *view, cJSON **ret, cJSON *request,
    struct cw_err *err)
{
	int r;

	cJSON_AddTrueToObject(request, "stream");
	if (c->timeout_s > 0)
		cJSON_AddNumberToObject(request, "timeout_ms", 1000.0 * (double)c->timeout_s);
	r = cw_control_call_lines(ret, c->state, request, on_line, view, err);
	cJSON_Delete(request);
	return r;
}

static int
script(const struct ctl *c, const char *mode, struct cw_err *err)
{
	struct cw_script_view view = make_view(c);
	cJSON *request, *result = NULL;
	struct cw_buf text;
	int r;

	cw_buf_init(&text, SCRIPT_MAX);
	if ((r = cw_script_read(&text, c->argument, err)) < 0) {
		cw_buf_free(&text);
		return r == CW_ENOTFOUND ? (err->code = CW_EINVAL) : r;
	}
	request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "verb", "script");
	cJSON_AddStringToObject(request, "mode", mode);
	cJSON_AddStringToObject(
	    request, "text", cw_buf_str(&text) != NULL ? cw_buf_str(&text) : "");
	cw_buf_free(&text);
	if ((r = ask(c, &view, &result, request, err)) < 0)
		return r;
	if (c->out != NULL && cw_json_get(result, "plan") != NULL)
		r = cw_plan_keep(c->out, cw_json_get(result, "plan"), err);
	if (r == CW_OK)
		r = (int)cw_script_view_end(&view, result);
	cJSON_Delete(result);
	return r;
}

int
ctl_run(const struct ctl *c, struct cw_err *err)
{
	return script(c, "run", err);
}

int
ctl_plan(const struct ctl *c, struct cw_err *err)
{
	return script(c, "plan", err);
}

static int
read_plan(const struct ctl *c, cJSON **ret, struct cw_err *err)
{
	struct cw_buf text;
	int r;

	cw_buf_init(&text, PLAN_MAX);
	if ((r = cw_script_read(&text, c->argument, err)) == CW_OK)
		r = cw_json_parse(
		    ret, (const char *)cw_buf_peek(&text), cw_buf_left(&text), c->argument, err);
	cw_buf_free(&text);
	return r == CW_ENOTFOUND ? (err->code = CW_EINVAL) : r;
}

/* The request for it, with what fills its slots. */
static int
apply_request(const struct ctl *c, cJSON **ret, const cJSON *plan, const struct cw_reply *reply,
    struct cw_err *err)
{
	cJSON *secrets = NULL;
	int r =
	    reply != NULL ? cw_secrets_ask(&secrets, reply, plan, err) : cw_secrets_none(plan, err);

	if (r < 0)
		return r;
	*ret = cJSON_CreateObject();
	cJSON_AddStringToObject(*ret, "verb", "apply");
	cJSON_AddBoolToObject(*ret, "approve", c->approve);
	cJSON_AddItemReferenceToObject(*ret, "plan", (cJSON *)plan);
	if (secrets != NULL)
		cJSON_AddItemToObject(*ret, "secrets", secrets);
	return CW_OK;
}

int
ctl_apply(const struct ctl *c, struct cw_err *err)
{
	struct cw_script_view view = make_view(c);
	cJSON *request, *plan = NULL, *result = NULL;
	struct cw_reply *reply = NULL;
	int r;

	if ((r = read_plan(c, &plan, err)) < 0 ||
	    (c->new_passwords && (r = cw_reply_new(&reply, err)) < 0) ||
	    (r = apply_request(c, &request, plan, reply, err)) < 0)
		goto done;
	view.plan = plan;
	if ((r = ask(c, &view, &result, request, err)) < 0 ||
	    (reply != NULL && (r = cw_secrets_print(&view, reply, plan, result, err)) < 0))
		goto done;
	r = (int)cw_script_view_end(&view, result);
done:
	cw_reply_free(reply);
	cJSON_Delete(result);
	cJSON_Delete(plan);
	return r;
}
