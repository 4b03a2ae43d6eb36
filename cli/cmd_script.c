/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway run TENANT ad --script, plan, apply: scripts on a tenant's agent, shown as
 * they run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"
#include "console/plan.h"
#include "console/secrets.h"

#define SCRIPT_MAX (1024u * 1024u) /* bytes, as the bridge's */
#define PLAN_MAX (64u * 1024u * 1024u) /* bytes of a file: it has white space */

struct script_options {
	const char *script, *agent, *out;
	long timeout_s;
	bool new_passwords;
};

/* One that runs, and what the bridge has said of it. */
struct running {
	struct cli *c;
	struct cw_script_view view;
	char operation[64];
	cJSON *end;
};

static void
on_line(void *arg, const char *text, size_t n)
{
	struct running *r = arg;
	cJSON *line = NULL;
	const char *id;

	if (cw_json_parse(&line, text, n, "line", NULL) < 0)
		return;
	if ((id = cw_json_str(line, "operation")) != NULL) {
		(void)snprintf(r->operation, sizeof(r->operation), "%s", id);
		if (r->c->live)
			fprintf(stderr, "%soperation %.36s%s\n",
			    cw_style_on(CW_STYLE_DIM, r->c->colour_err), r->operation,
			    cw_style_off(CW_STYLE_DIM, r->c->colour_err));
	} else if (cw_json_get(line, "end") != NULL) {
		r->end = cJSON_DetachItemFromObjectCaseSensitive(line, "end");
	} else {
		cw_script_view_line(&r->view, text, n);
	}
	cJSON_Delete(line);
}

static int
complain(const struct cw_err *err)
{
	fprintf(
	    stderr, "causeway: %s\n", err->text[0] != '\0' ? err->text : cw_strerror(err->code));
	return (int)cw_script_exit_of(err);
}

/* One without a result did not run to an end that the agent could tell of. */
static int
without_result(struct running *r)
{
	const cJSON *error = cw_json_get(r->end, "error");
	const char *message = cw_json_str(error, "message"), *state = cw_json_str(r->end, "state");
	struct cw_err err = { 0 };
	char *text;

	if (r->view.json && (text = cJSON_PrintUnformatted(r->end)) != NULL) {
		printf("{\"end\":%s}\n", text);
		cJSON_free(text);
	}
	(void)cw_fail(&err, cw_errcode(cw_json_str(error, "code")), "%s",
	    message != NULL ? message : "it failed");
	if (cw_streq(state, "unknown") || cw_streq(state, "cancelled"))
		err.code = CW_EUNKNOWN;
	return complain(&err);
}

/* Sends it and shows what comes; body is taken. An exit status. */
static int
follow(struct cli *c, const char *tenant, const char *what, cJSON *body, const cJSON *plan,
    const struct cw_reply *reply, const char *out)
{
	struct running r = { .c = c,
		.view = { .out = { stdout, c->colour, c->columns },
		    .err = { stderr, c->colour_err, 0 },
		    .json = c->json,
		    .plan = plan } };
	char *escaped = cli_escape(tenant), path[1024];
	const cJSON *result;
	struct cw_err err = { 0 };
	int code;

	if (escaped == NULL ||
	    snprintf(path, sizeof(path), "/v1/tenants/%s/%s", escaped, what) >= (int)sizeof(path))
		code = cw_fail(&err, CW_EINVAL, "the tenant's name is too long");
	else if ((code = cli_connect(c, &err)) == CW_OK)
		code = cli_http_lines(c->http, "POST", path, body, on_line, &r, &err);
	free(escaped);
	cJSON_Delete(body);
	if (code == CW_OK && r.end == NULL)
		code = cw_fail(&err, CW_EUNKNOWN, "the bridge ended before the script did");
	if (code == CW_EUNKNOWN && r.operation[0] != '\0')
		fprintf(stderr, "causeway: it may go on: causeway operations watch %.36s\n",
		    r.operation);
	if (code < 0) {
		cJSON_Delete(r.end);
		return complain(&err);
	}
	result = cw_json_get(r.end, "result");
	if (out != NULL && cw_json_get(result, "plan") != NULL)
		code = cw_plan_keep(out, cw_json_get(result, "plan"), &err);
	if (code == CW_OK && reply != NULL)
		code = cw_secrets_print(&r.view, reply, plan, result, &err);
	if (code < 0)
		code = complain(&err);
	else if (cw_json_str(result, "state") == NULL)
		code = without_result(&r);
	else
		code = (int)cw_script_view_end(&r.view, result);
	cJSON_Delete(r.end);
	return code;
}

static int
check_place(const char *place, struct cw_err *err)
{
	return cw_streq(place, "ad")
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL, "scripts run in ad, not in \"%.32s\"", place);
}

static int
script(struct cli *c, const char *mode, const struct script_options *o, char **argv)
{
	struct cw_err err = { 0 };
	struct cw_buf text;
	cJSON *body;

	cw_buf_init(&text, SCRIPT_MAX);
	if (o->script == NULL)
		(void)cw_fail(&err, CW_EINVAL, "which script? Give --script FILE (- reads it)");
	else if (check_place(argv[1], &err) == CW_OK &&
	    cw_script_read(&text, o->script, &err) == CW_ENOTFOUND)
		err.code = CW_EINVAL;
	if (err.code < 0 || cw_buf_str(&text) == NULL) {
		cw_buf_free(&text);
		return complain(&err);
	}
	body = cJSON_CreateObject();
	cJSON_AddStringToObject(body, "mode", mode);
	cJSON_AddStringToObject(body, "script", cw_buf_str(&text));
	cw_buf_free(&text);
	if (o->agent != NULL)
		cJSON_AddStringToObject(body, "agent", o->agent);
	if (o->timeout_s > 0)
		cJSON_AddNumberToObject(body, "timeout_s", (double)o->timeout_s);
	return follow(c, argv[0], "scripts", body, NULL, NULL, o->out);
}

#define OPTION(member, letter, kind, name, value, help)                                        \
	{                                                                                      \
		name, letter, kind, offsetof(struct script_options, member), value, help, NULL \
	}
static const struct cw_option run_options[] = {
	OPTION(script, 0, CW_OPTION_TEXT, "script", "FILE", "the script, UTF-8; - reads it"),
	OPTION(agent, 0, CW_OPTION_TEXT, "agent", "ID", "this agent, not any of the tenant's"),
	OPTION(timeout_s, 0, CW_OPTION_NUMBER, "timeout", "SECONDS", "stop it after so long (600)"),
	{ 0 },
};
static const struct cw_option plan_options[] = {
	OPTION(script, 0, CW_OPTION_TEXT, "script", "FILE", "the script, UTF-8; - reads it"),
	OPTION(out, 'o', CW_OPTION_TEXT, "out", "FILE", "keep the plan here, for apply"),
	OPTION(agent, 0, CW_OPTION_TEXT, "agent", "ID", "this agent, not any of the tenant's"),
	OPTION(timeout_s, 0, CW_OPTION_NUMBER, "timeout", "SECONDS", "stop it after so long (600)"),
	{ 0 },
};
static const struct cw_option apply_options[] = {
	OPTION(new_passwords, 0, CW_OPTION_FLAG, "new-passwords", NULL,
	    "have the passwords that it needs made there, and show them here, once"),
	OPTION(timeout_s, 0, CW_OPTION_NUMBER, "timeout", "SECONDS",
	    "begin nothing more after so long (600)"),
	{ 0 },
};
#undef OPTION

int
cli_script_run(struct cli *c, int argc, char **argv, struct cw_err *err)
{
	struct script_options o = { 0 };

	if (cw_options_parse(run_options, &o, cli_global_options, c, &argc, argv, false, err) < 0)
		return complain(err);
	c->colour = c->colour && !c->no_color && !c->json;
	c->live = c->live && !c->json;
	if (argc != 2) {
		(void)cw_fail(err, CW_EINVAL, "usage: causeway run TENANT ad --script FILE");
		return complain(err);
	}
	return script(c, "run", &o, argv);
}

static int
plan(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	(void)argc, (void)err;
	return script(c, "plan", options, argv);
}

static int
read_plan(cJSON **ret, const char *path, struct cw_err *err)
{
	struct cw_buf text;
	int r;

	cw_buf_init(&text, PLAN_MAX);
	if ((r = cw_script_read(&text, path, err)) == CW_OK)
		r = cw_json_parse(
		    ret, (const char *)cw_buf_peek(&text), cw_buf_left(&text), path, err);
	cw_buf_free(&text);
	return r == CW_ENOTFOUND ? (err->code = CW_EINVAL) : r;
}

static int
apply(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct script_options *o = options;
	cJSON *document = NULL, *body, *secrets = NULL;
	struct cw_reply *reply = NULL;
	int r;

	(void)argc;
	if ((r = check_place(argv[1], err)) < 0 || (r = read_plan(&document, argv[2], err)) < 0 ||
	    (o->new_passwords && (r = cw_reply_new(&reply, err)) < 0) ||
	    (r = reply != NULL ? cw_secrets_ask(&secrets, reply, document, err)
			       : cw_secrets_none(document, err)) < 0) {
		r = complain(err);
		goto done;
	}
	body = cJSON_CreateObject();
	cJSON_AddItemReferenceToObject(body, "plan", document);
	if (secrets != NULL)
		cJSON_AddItemToObject(body, "secrets", secrets);
	if (o->timeout_s > 0)
		cJSON_AddNumberToObject(body, "timeout_s", (double)o->timeout_s);
	r = follow(c, argv[0], "plans/apply", body, document, reply, NULL);
done:
	cw_reply_free(reply);
	cJSON_Delete(document);
	return r;
}

#define EXITS                                                                                  \
	"\n"                                                                                   \
	"exit status: 0 done; 1 it failed; 2 not understood; 3 refused by a rule, which is "   \
	"named;\n"                                                                             \
	"4 it could not be run here and now; 5 it was stopped halfway, or how far it came is " \
	"not\n"                                                                                \
	"known. With --json each line is printed as it comes, then {\"result\": ...}.\n"

const struct cli_command cli_scripts[] = {
	{ "plan", "TENANT ad", "Show what a script would write, without writing it",
	    "  causeway plan contoso ad --script titles.ps1 --out titles.json\n"
	    "  causeway apply contoso ad titles.json\n"
	    "\n"
	    "The script runs on the tenant's server, in a sandbox without power. Reads are made;\n"
	    "writes are recorded, with their exact targets and the values before. What is applied\n"
	    "later is that list, in order; the script is not run again.\n" EXITS,
	    plan_options, sizeof(struct script_options), 2, 2, false, plan },
	{ "apply", "TENANT ad PLAN.json", "Make the writes of a plan, in order",
	    "Each is guarded: its target must still be the same object. It stops at the first "
	    "that\n"
	    "fails, and leaves the rest not begun. What needs a person's approval is refused "
	    "here,\n"
	    "and approved on the server itself: causewayctl apply --approve.\n" EXITS,
	    apply_options, sizeof(struct script_options), 3, 3, false, apply },
	{ 0 },
};
