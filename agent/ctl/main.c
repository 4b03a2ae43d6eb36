/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causewayctl: finds the verb, reads its options, runs it, says what went wrong.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/str.h"
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

static const struct verb {
	const char *name, *summary;
	const struct cw_option *options;
	int (*run)(const struct ctl *c, struct cw_err *err);
} verbs[] = {
	{ "status", "is the agent well: connection, roles, work, memory", NULL, ctl_status },
	{ "test-connection", "how far the way to the bridge comes, step by step with times", NULL,
	    ctl_test_connection },
	{ "journal", "what the agent has written, newest first", journal_options, ctl_journal },
	{ "version", "of this program, the agent and its libraries", NULL, ctl_version },
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
		fprintf(out, "  %-16s %s\n", verbs[i].name, verbs[i].summary);
	fprintf(out, "\noptions:\n");
	print_options(out, global_options);
	fprintf(out, "\noptions of journal:\n");
	print_options(out, journal_options);
	fprintf(out,
	    "\n"
	    "The folder is %s unless --state names another. Only root\n"
	    "(Administrators on Windows) and the agent's own account may ask.\n"
	    "\n"
	    "exit status: 0 well; 1 not well, or failed; 2 not understood; 3 no agent is running, "
	    "or "
	    "not allowed\n",
	    cw_paths_default_state());
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
	r = verb->run(c, &err);
	if (r >= 0)
		return fflush(stdout) == 0
		    ? r
		    : complain("standard output cannot be written", CTL_NOT_WELL);
	return complain(err.text[0] != '\0' ? err.text : cw_strerror(r),
	    r == CW_EUNAVAILABLE || r == CW_EDENIED || r == CW_ECLOSED ? CTL_NO_AGENT
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
	if (argc > 0) {
		(void)cw_fail(
		    &err, CW_EINVAL, "%s takes no argument \"%.64s\"", verb->name, argv[0]);
		return complain(err.text, CTL_USAGE);
	}
	if (c->help) {
		print_help(stdout);
		return CTL_WELL;
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
	if (cw_terminal_is(CW_TERMINAL_OUT)) {
		c.colour = getenv("NO_COLOR") == NULL;
		c.columns = cw_terminal_columns();
	}
	return start(&c, argc, argv);
}
