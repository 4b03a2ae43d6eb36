/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl: finds the verb, reads its options, runs it, says what went wrong.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "console/script.h"
#include "ctl.h"
#include "os/arguments.h"
#include "os/harden.h"
#include "os/paths.h"
#include "os/terminal.h"
#include "service/version.h"

#define HELP_MAX 4096u /* bytes */

#define END                                                  \
	{                                                    \
		NULL, 0, CW_OPTION_FLAG, 0, NULL, NULL, NULL \
	}

static const struct cw_option global_options[] = {
	{ "state", 's', CW_OPTION_TEXT, offsetof(struct ctl, state), "DIR", "the agent's folder",
	    NULL },
	{ "json", 0, CW_OPTION_FLAG, offsetof(struct ctl, json), NULL,
	    "print the answer as JSON, for scripts", NULL },
	{ "no-color", 0, CW_OPTION_FLAG, offsetof(struct ctl, no_color), NULL,
	    "no colours; NO_COLOR in the environment does the same", NULL },
	{ "help", 'h', CW_OPTION_FLAG, offsetof(struct ctl, help), NULL, "this text", NULL },
	{ "version", 0, CW_OPTION_FLAG, offsetof(struct ctl, version), NULL,
	    "the version of this program", NULL },
	END,
};
static const struct cw_option journal_options[] = {
	{ "number", 'n', CW_OPTION_NUMBER, offsetof(struct ctl, number), "N",
	    "how many, from the newest; 20 unless given, 1000 at most", NULL },
	END,
};
static const struct cw_option run_options[] = {
	{ "timeout", 0, CW_OPTION_NUMBER, offsetof(struct ctl, timeout_s), "SECONDS",
	    "stop it after so long; ten minutes unless given", NULL },
	END,
};
static const struct cw_option plan_options[] = {
	{ "out", 'o', CW_OPTION_TEXT, offsetof(struct ctl, out), "FILE",
	    "keep the plan here, for apply", NULL },
	{ "timeout", 0, CW_OPTION_NUMBER, offsetof(struct ctl, timeout_s), "SECONDS",
	    "stop it after so long; ten minutes unless given", NULL },
	END,
};
static const struct cw_option apply_options[] = {
	{ "approve", 0, CW_OPTION_FLAG, offsetof(struct ctl, approve), NULL,
	    "you have read the plan and approve what in it needs a person's approval", NULL },
	{ "new-passwords", 0, CW_OPTION_FLAG, offsetof(struct ctl, new_passwords), NULL,
	    "make the passwords that it needs, and show them here, once", NULL },
	{ "timeout", 0, CW_OPTION_NUMBER, offsetof(struct ctl, timeout_s), "SECONDS",
	    "begin nothing more after so long; ten minutes unless given", NULL },
	END,
};
static const struct cw_option lockdown_options[] = {
	{ "reason", 0, CW_OPTION_TEXT, offsetof(struct ctl, reason), "TEXT",
	    "why, for the next one who looks", NULL },
	END,
};

static const struct verb {
	const char *name, *argument, *summary;
	const struct cw_option *options;
	bool needs_argument, scripts; /* scripts: exit status as of a script */
	int (*run)(const struct ctl *c, struct cw_err *err);
} verbs[] = {
	{ "status", NULL, "is the agent well: connection, roles, work, memory", NULL, false, false,
	    ctl_status },
	{ "test-connection", NULL, "how far the way to the bridge comes, step by step with times",
	    NULL, false, false, ctl_test_connection },
	{ "doctor", NULL, "what is well here and what is not, with what to do", NULL, false, false,
	    ctl_doctor },
	{ "run", "SCRIPT.ps1", "run a script here, within this server's ceiling; - reads it",
	    run_options, true, true, ctl_run },
	{ "plan", "SCRIPT.ps1", "what the script would write, without writing it", plan_options,
	    true, true, ctl_plan },
	{ "apply", "PLAN.json", "make the writes of a plan, in order", apply_options, true, true,
	    ctl_apply },
	{ "lockdown", "on|off", "end all work for the bridge at once, until it is taken back",
	    lockdown_options, false, false, ctl_lockdown },
	{ "journal", NULL, "what the agent has written, newest first", journal_options, false,
	    false, ctl_journal },
	{ "version", NULL, "of this program, the agent and its libraries", NULL, false, false,
	    ctl_version },
};

static void
print_options(FILE *out, const struct cw_option *options)
{
	struct cw_buf b;

	cw_buf_init(&b, HELP_MAX);
	if (cw_options_help(&b, options) == CW_OK)
		fwrite(cw_buf_peek(&b), 1, cw_buf_left(&b), out);
	cw_buf_free(&b);
}

static void
print_help(FILE *out)
{
	fprintf(out,
	    "causewayctl: asks the Causeway agent on this server how it is\n"
	    "\n"
	    "usage: causewayctl [options] VERB\n"
	    "\n"
	    "verbs:\n");
	for (size_t i = 0; i < CW_COUNT(verbs); i++)
		fprintf(out, "  %s %-*s %s\n", verbs[i].name, 17 - (int)strlen(verbs[i].name),
		    verbs[i].argument != NULL ? verbs[i].argument : "", verbs[i].summary);
	fprintf(out, "\noptions:\n");
	print_options(out, global_options);
	for (size_t i = 0; i < CW_COUNT(verbs); i++)
		if (verbs[i].options != NULL) {
			fprintf(out, "\noptions of %s:\n", verbs[i].name);
			print_options(out, verbs[i].options);
		}
	fprintf(out,
	    "\n"
	    "The folder is %s unless --state names another. Only root\n"
	    "(Administrators on Windows) and the agent's own account may ask.\n"
	    "\n"
	    "exit status: 0 well; 1 not well, or failed; 2 not understood; 3 no agent is running, "
	    "or "
	    "not allowed\n"
	    "of run, plan and apply, ",
	    cw_paths_default_state());
	fputs(cw_script_exit_help, out);
}

static int
complain(const char *text, int status)
{
	fprintf(stderr, "causewayctl: %s\n", text);
	return status;
}

static int
run_verb(struct ctl *c, const struct verb *verb)
{
	struct cw_err err = { 0 };
	int r;

	c->colour = c->colour && !c->no_color && !c->json;
	c->colour_err = c->colour_err && !c->no_color;
	r = verb->run(c, &err);
	if (r >= 0)
		return fflush(stdout) == 0
		    ? r
		    : complain("standard output cannot be written", CTL_NOT_WELL);
	if (verb->scripts)
		return complain(
		    err.text[0] != '\0' ? err.text : cw_strerror(r), (int)cw_script_exit_of(&err));
	return complain(err.text[0] != '\0' ? err.text : cw_strerror(r),
	    r == CW_EINVAL && verb->argument != NULL                         ? CTL_USAGE
		: r == CW_EUNAVAILABLE || r == CW_EDENIED || r == CW_ECLOSED ? CTL_NO_AGENT
									     : CTL_NOT_WELL);
}

static int
start(struct ctl *c, int argc, char **argv)
{
	const struct verb *verb = NULL;
	struct cw_err err = { 0 };

	argc--;
	argv++;
	/* Options for every verb may stand in front of it. */
	if (cw_options_parse(NULL, NULL, global_options, c, &argc, argv, true, &err) < 0)
		return complain(err.text, CTL_USAGE);
	if (c->version) {
		printf("causewayctl %s\n", cw_agent_version());
		return CTL_WELL;
	}
	if (argc == 0 || cw_streq(argv[0], "help")) {
		print_help(argc == 0 && !c->help ? stderr : stdout);
		return argc == 0 && !c->help ? CTL_USAGE : CTL_WELL;
	}
	for (size_t i = 0; i < CW_COUNT(verbs); i++)
		if (cw_streq(verbs[i].name, argv[0]))
			verb = &verbs[i];
	if (verb == NULL) {
		(void)cw_fail(&err, CW_EINVAL,
		    "there is no verb \"%.64s\"; causewayctl --help lists them", argv[0]);
		return complain(err.text, CTL_USAGE);
	}
	argc--;
	argv++;
	if (cw_options_parse(verb->options, c, global_options, c, &argc, argv, false, &err) < 0)
		return complain(err.text, CTL_USAGE);
	if (c->help) {
		print_help(stdout);
		return CTL_WELL;
	}
	if (argc > 0 && verb->argument != NULL) {
		c->argument = argv[0];
		argc--;
		argv++;
	}
	if (argc > 0 || (verb->needs_argument && c->argument == NULL)) {
		(void)cw_fail(&err, CW_EINVAL,
		    argc > 0 ? "%s takes no argument \"%.64s\"" : "usage: causewayctl %s %s",
		    verb->name, argc > 0 ? argv[0] : verb->argument);
		return complain(err.text, CTL_USAGE);
	}
	return run_verb(c, verb);
}

int
main(int argc, char **argv)
{
	struct ctl c = { .state = cw_paths_default_state() };

	cw_harden_process();
	cw_ignore_broken_pipes();
	argv = cw_arguments(&argc, argv);
	c.colour_err = cw_terminal_is(CW_TERMINAL_ERR) && getenv("NO_COLOR") == NULL;
	if (cw_terminal_is(CW_TERMINAL_OUT)) {
		c.colour = getenv("NO_COLOR") == NULL;
		c.columns = cw_terminal_columns();
	}
	return start(&c, argc, argv);
}
