/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway-bridge: finds the command, reads its options, runs it.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "console/options.h"
#include "os/harden.h"
#include "service/commands.h"
#include "service/state.h"

#define EXIT_USAGE 2
#define HELP_MAX 8192u /* bytes */

struct options {
	const char *state, *web, *agents, *ready_file, *role;
	struct cw_words names, tenants;
	bool help;
};

#define OPTION(member, letter, kind, name, value, help)                                 \
	{                                                                               \
		name, letter, kind, offsetof(struct options, member), value, help, NULL \
	}
#define END                                                  \
	{                                                    \
		NULL, 0, CW_OPTION_FLAG, 0, NULL, NULL, NULL \
	}

static const struct cw_option common_options[] = {
	OPTION(state, 's', CW_OPTION_TEXT, "state", "DIR",
	    "the bridge's folder, private to its account (" CW_BRIDGE_STATE ")"),
	OPTION(help, 'h', CW_OPTION_FLAG, "help", NULL, "this text"),
	END,
};
static const struct cw_option init_options[] = {
	OPTION(names, 'n', CW_OPTION_LIST, "name", "NAME",
	    "a name or address by which agents and clients reach it; repeat for more"),
	OPTION(
	    web, 0, CW_OPTION_TEXT, "web", "[ADDRESS:]PORT", "where the web front listens (8443)"),
	OPTION(
	    agents, 0, CW_OPTION_TEXT, "agents", "[ADDRESS:]PORT", "where agents connect (8442)"),
	END,
};
static const struct cw_option run_options[] = {
	OPTION(ready_file, 0, CW_OPTION_TEXT, "ready-file", "FILE",
	    "written when both ports listen: {\"url\",\"agents_port\",\"web_port\",\"pid\"}"),
	END,
};
static const struct cw_option create_options[] = {
	OPTION(role, 'r', CW_OPTION_TEXT, "role", "ROLE", "reader, operator or admin"),
	OPTION(tenants, 't', CW_OPTION_LIST, "tenants", "NAME,...",
	    "of a reader or operator: for these tenants"),
	END,
};
static const struct cw_option no_options[] = { END };

static int
init(const struct options *o, char **argv, struct cw_err *err)
{
	const struct cw_bridge_init i = { o->state, o->names, o->web, o->agents };

	(void)argv;
	return cw_bridge_init(&i, err);
}

static int
run(const struct options *o, char **argv, struct cw_err *err)
{
	(void)argv;
	return cw_bridge_run(o->state, o->ready_file, err);
}

static int
key_create(const struct options *o, char **argv, struct cw_err *err)
{
	if (o->role == NULL)
		return cw_fail(err, CW_EINVAL, "--role is missing: reader, operator or admin");
	return cw_bridge_key_create(o->state, argv[0], o->role, &o->tenants, err);
}

static int
key_list(const struct options *o, char **argv, struct cw_err *err)
{
	(void)argv;
	return cw_bridge_key_list(o->state, err);
}

static int
key_revoke(const struct options *o, char **argv, struct cw_err *err)
{
	return cw_bridge_key_revoke(o->state, argv[0], err);
}

static int
version(const struct options *o, char **argv, struct cw_err *err)
{
	(void)o, (void)argv, (void)err;
	printf("causeway-bridge %s\n", cw_bridge_version());
	return CW_OK;
}

static int help(const struct options *o, char **argv, struct cw_err *err);

static const struct command {
	const char *name; /* one or two words */
	const char *arguments, *summary;
	int argument_count;
	const struct cw_option *options;
	int (*run)(const struct options *o, char **argv, struct cw_err *err);
} commands[] = {
	{ "init", "", "make a bridge: folder, CA, certificates, and the first API key", 0,
	    init_options, init },
	{ "run", "", "run it, until SIGTERM", 0, run_options, run },
	{ "key create", "NAME", "make an API key; it is printed once", 1, create_options,
	    key_create },
	{ "key list", "", "list API keys", 0, no_options, key_list },
	{ "key revoke", "ID", "revoke an API key; it stops working at once", 1, no_options,
	    key_revoke },
	{ "version", "", "say which version this is", 0, no_options, version },
	{ "help", "", "this text", 0, no_options, help },
};

static void
print_options(const struct cw_option *table)
{
	struct cw_buf b;

	cw_buf_init(&b, HELP_MAX);
	if (cw_options_help(&b, table) == CW_OK)
		fwrite(cw_buf_peek(&b), 1, cw_buf_left(&b), stdout);
	cw_buf_free(&b);
}

static int
help(const struct options *o, char **argv, struct cw_err *err)
{
	(void)o, (void)argv, (void)err;
	puts("causeway-bridge: joins customers' directories to Microsoft 365, for those who have a "
	     "key\n"
	     "\nusage: causeway-bridge COMMAND [options]\n");
	for (size_t i = 0; i < CW_COUNT(commands); i++) {
		const struct command *c = &commands[i];

		printf("%s%s%s: %s\n", c->name, c->arguments[0] != '\0' ? " " : "", c->arguments,
		    c->summary);
		print_options(c->options);
	}
	puts("\noptions of all:");
	print_options(common_options);
	puts("\nSettings are in bridge.json in the folder.\n"
	     "exit status: 0 done; 1 failed or refused; 2 not understood");
	return CW_OK;
}

/* The command that the first words name, and how many words that takes. */
static const struct command *
find(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < CW_COUNT(commands); i++) {
		const char *space = strchr(commands[i].name, ' ');
		size_t n =
		    space != NULL ? (size_t)(space - commands[i].name) : strlen(commands[i].name);

		*words = space != NULL ? 2 : 1;
		if (argc >= *words && strlen(argv[0]) == n &&
		    memcmp(argv[0], commands[i].name, n) == 0 &&
		    (space == NULL || cw_streq(argv[1], space + 1)))
			return &commands[i];
	}
	return NULL;
}

static int
complain(const struct cw_err *err, int status)
{
	fprintf(stderr, "causeway-bridge: %s\n", err->text);
	return status;
}

int
main(int argc, char **argv)
{
	struct options o = { .state = CW_BRIDGE_STATE };
	const struct command *command;
	struct cw_err err = { 0 };
	int words;

	cw_harden_process();
	(void)umask(077);
	cw_log_init("causeway-bridge", CW_LOG_INFO);
	argc--;
	argv++;
	if (argc == 0 || cw_streq(argv[0], "--help") || cw_streq(argv[0], "-h")) {
		(void)help(&o, argv, &err);
		return argc == 0 ? EXIT_USAGE : 0;
	}
	if (cw_streq(argv[0], "--version"))
		return version(&o, argv, &err);
	if ((command = find(argc, argv, &words)) == NULL) {
		(void)cw_fail(&err, CW_EINVAL,
		    "there is no command \"%.64s\"; causeway-bridge help lists them", argv[0]);
		return complain(&err, EXIT_USAGE);
	}
	argc -= words;
	argv += words;
	if (cw_options_parse(command->options, &o, common_options, &o, &argc, argv, false, &err) <
	    0)
		return complain(&err, EXIT_USAGE);
	if (o.help)
		return help(&o, argv, &err);
	if (argc != command->argument_count) {
		(void)cw_fail(&err, CW_EINVAL, "usage: causeway-bridge %s %s", command->name,
		    command->arguments);
		return complain(&err, EXIT_USAGE);
	}
	return command->run(&o, argv, &err) < 0 ? complain(&err, 1) : 0;
}
