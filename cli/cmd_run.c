/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway run: one catalogued cmdlet on a tenant's agent.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"
#include "params.h"

#define WAIT_S 300L

struct run_options {
	const char *tenant, *agent;
	long timeout_s;
};

static void
print_notes(const struct cli *c, const cJSON *list, const char *label, enum cw_style style)
{
	const cJSON *item;

	cJSON_ArrayForEach (item, list) {
		const char *text =
		    cJSON_IsString(item) ? item->valuestring : cw_json_str(item, "message");
		const char *id = cw_json_str(item, "error_id");
		struct cw_buf b;

		cw_buf_init(&b, 1u << 20);
		if (cw_console_put(&b, text != NULL ? text : "(no text)") == CW_OK &&
		    cw_buf_str(&b) != NULL)
			fprintf(stderr, "%s%s:%s %s", cw_style_on(style, c->colour), label,
			    cw_style_off(style, c->colour), cw_buf_str(&b));
		cw_buf_clear(&b);
		if (id != NULL && cw_console_put(&b, id) == CW_OK && cw_buf_str(&b) != NULL)
			fprintf(stderr, " (%s)", cw_buf_str(&b));
		fputc('\n', stderr);
		cw_buf_free(&b);
	}
}

static int
show(struct cli *c, const cJSON *answer, struct cw_err *err)
{
	const cJSON *output = cw_json_get(answer, "output");
	const char *state = cw_json_str(answer, "state");
	const cJSON *ms = cw_json_get(answer, "duration_ms");
	int r;

	if ((r = cli_print_value(c, output)) < 0)
		return cw_fail(err, r, "out of memory");
	fflush(stdout);
	print_notes(c, cw_json_get(answer, "warnings"), "warning", CW_STYLE_YELLOW);
	print_notes(c, cw_json_get(answer, "errors"), "error", CW_STYLE_RED);
	if (c->live && cJSON_IsNumber(ms))
		fprintf(stderr, "%s%d object%s in %s%s\n", cw_style_on(CW_STYLE_DIM, c->colour),
		    cJSON_GetArraySize(output), cJSON_GetArraySize(output) == 1 ? "" : "s",
		    cw_when_duration(ms->valuedouble), cw_style_off(CW_STYLE_DIM, c->colour));
	return cw_streq(state, "succeeded") ? CW_OK : cli_operation_result(answer, err);
}

static int
run(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct run_options *o = options;
	cJSON *body = cJSON_CreateObject(), *parameters = NULL, *answer = NULL;
	char *tenant = NULL, path[1024];
	const char *operation;
	int r;

	if (argc > 1 && cw_streq(argv[1], "ad")) {
		cJSON_Delete(body);
		return cli_script_run(c, argc, argv, err);
	}
	if ((r = cli_params_parse(&parameters, argc - 1, argv + 1, err)) < 0)
		goto done;
	if (cJSON_AddStringToObject(body, "command", argv[0]) == NULL ||
	    !cJSON_AddItemToObject(body, "parameters", parameters) ||
	    (o->agent != NULL && cJSON_AddStringToObject(body, "agent", o->agent) == NULL) ||
	    (o->timeout_s > 0 &&
		cJSON_AddNumberToObject(body, "timeout_s", (double)o->timeout_s) == NULL)) {
		r = cw_fail(err, CW_ENOMEM, "out of memory");
		goto done;
	}
	if ((r = cli_tenant(c, &tenant, o->tenant, err)) < 0)
		goto done;
	if (snprintf(path, sizeof(path), "/v1/tenants/%s/commands?wait=%ld", tenant, WAIT_S) >=
	    (int)sizeof(path)) {
		r = cw_fail(err, CW_EINVAL, "the tenant's name is too long");
		goto done;
	}
	if ((r = cli_send(c, &answer, err, "POST", path, body)) < 0)
		goto done;
	operation = cw_json_str(answer, "operation");
	if (cw_json_str(answer, "state") == NULL && operation != NULL)
		r = cw_fail(
		    err, CW_ETIMEOUT, "still running: causeway operations watch %s", operation);
	else if (c->json) {
		r = cli_print_json(answer);
		if (r == CW_OK && !cw_streq(cw_json_str(answer, "state"), "succeeded"))
			r = cli_operation_result(answer, err);
	} else
		r = show(c, answer, err);
done:
	cJSON_Delete(body);
	cJSON_Delete(answer);
	free(tenant);
	return r;
}

static const struct cw_option run_options[] = {
	{ "tenant", 't', CW_OPTION_TEXT, offsetof(struct run_options, tenant), "NAME",
	    "whose directory", NULL },
	{ "agent", 0, CW_OPTION_TEXT, offsetof(struct run_options, agent), "ID",
	    "this agent, not any of the tenant's", NULL },
	{ "timeout", 0, CW_OPTION_NUMBER, offsetof(struct run_options, timeout_s), "SECONDS",
	    "give up when it has not started and ended by then", NULL },
	{ 0 },
};

const struct cli_command cli_run[] = {
	{ "run", "CMDLET [-Name value ...] | TENANT ad --script FILE",
	    "Run a cmdlet of the catalogue, or a script, on a tenant's agent",
	    "Options of causeway stand in front of the cmdlet; what follows is the cmdlet's:\n"
	    "  causeway run Get-ADUser -Identity ada -Properties title,mail\n"
	    "  causeway run Set-ADUser -Identity ada -Title 'Head of Bridges'\n"
	    "  causeway run Set-ADUser -Identity ada -Replace '@{\"info\":\"two words\"}'\n"
	    "  causeway run Search-ADAccount -AccountDisabled -UsersOnly\n"
	    "\n"
	    "  -Name value        one value; repeated, or plain words with commas, a list\n"
	    "  -Name              a switch\n"
	    "  $true $false $null  as in PowerShell (quote them from the shell); also "
	    "-Name:$false\n"
	    "  @JSON              any JSON value as it is; @- reads it from standard input\n"
	    "\n"
	    "Full parameter names only. Text is never run as a cmdlet; a script has its own way:\n"
	    "  causeway run contoso ad --script titles.ps1 [--agent ID] [--timeout SECONDS]\n"
	    "  causeway plan contoso ad --script titles.ps1 (says more: causeway plan --help)\n",
	    run_options, sizeof(struct run_options), 1, 1000, true, run },
	{ 0 },
};
