/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway-agent: finds the command, reads its options, runs it.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "console/options.h"
#include "os/arguments.h"
#include "os/harden.h"
#include "os/memory.h"
#include "os/paths.h"
#include "service/enrolment.h"
#include "service/service.h"
#include "service/version.h"

#define EXIT_USAGE 2
#define HELP_MAX 8192u /* bytes */

struct options {
	const char *state, *bridge, *token, *proxy;
	bool replace, help;
};

#define STATE_AND_HELP                                                                          \
	{ "state", 's', CW_OPTION_TEXT, offsetof(struct options, state), "DIR",                 \
		"the agent's folder, private to its account", NULL },                           \
	{                                                                                       \
		"help", 'h', CW_OPTION_FLAG, offsetof(struct options, help), NULL, "this text", \
		    NULL                                                                        \
	}
#define END                                                  \
	{                                                    \
		NULL, 0, CW_OPTION_FLAG, 0, NULL, NULL, NULL \
	}

static const struct cw_option enrol_options[] = {
	{ "bridge", 'b', CW_OPTION_TEXT, offsetof(struct options, bridge), "HOST:PORT",
	    "where the bridge listens for agents", NULL },
	{ "token", 't', CW_OPTION_TEXT, offsetof(struct options, token), "TOKEN",
	    "the one-time token; - reads it from standard input, so that no process list shows it",
	    NULL },
	{ "proxy", 'p', CW_OPTION_TEXT, offsetof(struct options, proxy), "URL",
	    "http://[USER:PASSWORD@]HOST:PORT, kept for later connections too", NULL },
	{ "replace", 0, CW_OPTION_FLAG, offsetof(struct options, replace), NULL,
	    "enrol anew a server that is enrolled", NULL },
	STATE_AND_HELP,
	END,
};
static const struct cw_option run_options[] = { STATE_AND_HELP, END };
static const struct cw_option help_options[] = {
	{ "help", 'h', CW_OPTION_FLAG, offsetof(struct options, help), NULL, "this text", NULL },
	END,
};

static int
complain(const struct cw_err *err, int status)
{
	fprintf(stderr, "causeway-agent: %s\n", err->text);
	return status;
}

static int
enrol(struct options *o)
{
	const struct cw_enrolment e = { o->state, o->bridge, (char *)(uintptr_t)o->token, o->proxy,
		o->replace };
	struct cw_err err = { 0 };

	if (o->bridge == NULL || o->token == NULL) {
		(void)cw_fail(&err, CW_EINVAL, "enrol needs --bridge HOST:PORT and --token TOKEN");
		return complain(&err, EXIT_USAGE);
	}
	return cw_enrolment_run(&e, &err) < 0 ? complain(&err, 1) : 0;
}

static int
run(struct options *o)
{
	return cw_service_run(o->state);
}

static int
version(struct options *o)
{
	(void)o;
	printf("causeway-agent %s\n", cw_agent_version());
	return 0;
}

static int help(struct options *o);

static const struct command {
	const char *name, *summary;
	const struct cw_option *options;
	int (*run)(struct options *o);
} commands[] = {
	{ "enrol", "make this server an agent of a bridge", enrol_options, enrol },
	{ "run", "connect to the bridge and do its work, until SIGTERM or the service is stopped",
	    run_options, run },
	{ "version", "say which version this is", help_options, version },
	{ "help", "this text", help_options, help },
};

static void
print_options(const struct command *command)
{
	struct cw_buf b;

	cw_buf_init(&b, HELP_MAX);
	if (cw_options_help(&b, command->options) == CW_OK)
		fwrite(cw_buf_peek(&b), 1, cw_buf_left(&b), stdout);
	cw_buf_free(&b);
}

static int
help(struct options *o)
{
	(void)o;
	printf(
	    "causeway-agent: does on this server what the Causeway bridge asks, as far as it may\n"
	    "\nusage: causeway-agent COMMAND [options]\n\ncommands:\n");
	for (size_t i = 0; i < CW_COUNT(commands); i++)
		printf("  %-8s  %s\n", commands[i].name, commands[i].summary);
	printf("\noptions of enrol:\n");
	print_options(&commands[0]);
	printf("\nThe folder is %s unless --state names another.\n"
	       "exit status: 0 done; 1 failed or refused; 2 not understood\n",
	    cw_paths_default_state());
	return 0;
}

static const struct command *
find(const char *name)
{
	for (size_t i = 0; i < CW_COUNT(commands); i++)
		if (cw_streq(commands[i].name, name))
			return &commands[i];
	return NULL;
}

static int
start(int argc, char **argv)
{
	struct options o = { .state = cw_paths_default_state() };
	const struct command *command;
	struct cw_err err = { 0 };

	if (argc < 2 || cw_streq(argv[1], "--help") || cw_streq(argv[1], "-h")) {
		(void)help(&o);
		return argc < 2 ? EXIT_USAGE : 0;
	}
	if ((command = find(cw_streq(argv[1], "--version") ? "version" : argv[1])) == NULL) {
		(void)cw_fail(&err, CW_EINVAL,
		    "there is no command \"%.64s\"; causeway-agent help lists them", argv[1]);
		return complain(&err, EXIT_USAGE);
	}
	argc -= 2;
	argv += 2;
	if (cw_options_parse(command->options, &o, NULL, NULL, &argc, argv, false, &err) < 0)
		return complain(&err, EXIT_USAGE);
	if (argc > 0) {
		(void)cw_fail(
		    &err, CW_EINVAL, "%s takes no argument \"%.64s\"", command->name, argv[0]);
		return complain(&err, EXIT_USAGE);
	}
	return o.help ? help(&o) : command->run(&o);
}

int
main(int argc, char **argv)
{
	cw_harden_process();
	cw_ignore_broken_pipes();
	cw_memory_frugal();
	argv = cw_arguments(&argc, argv);
	cw_log_init("causeway-agent", CW_LOG_INFO);
	return start(argc, argv);
}
