/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway: finds the command, reads its options, runs it, says what went wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "base/str.h"
#include "cli.h"
#include "os/harden.h"
#include "os/terminal.h"

#define EXIT_USAGE 2

static const char intro[] = "causeway: one change, to Active Directory and Microsoft 365\n"
			    "\n"
			    "usage: causeway [options] COMMAND [arguments]\n"
			    "\n"
			    "commands:\n";

static const char environment[] =
    "\n"
    "environment:\n"
    "  CAUSEWAY_URL      the bridge, https://HOST:PORT\n"
    "  CAUSEWAY_API_KEY  the key it gave you (cwk_...)\n"
    "  CAUSEWAY_CA       PEM file of the CA behind its certificate, unless the system trusts it\n"
    "  CAUSEWAY_TENANT   the tenant to work on where none is given\n"
    "\n"
    "exit status: 0 done; 1 it failed or was refused; 2 not understood; 3 the bridge cannot be "
    "reached;\nscripts and plans have their own: causeway plan --help\n"
    "\n"
    "causeway COMMAND --help says more about one.\n";

static void
print_intro(FILE *out)
{
	struct cw_buf b;
	int widest = 0, n;

	cw_buf_init(&b, 65536);
	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (const struct cli_command *cmd = cli_commands[g]; cmd->name != NULL; cmd++) {
			n = (int)(strlen(cmd->name) + strlen(cmd->arguments));
			widest = n > widest ? n : widest;
		}
	fputs(intro, out);
	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (const struct cli_command *cmd = cli_commands[g]; cmd->name != NULL; cmd++) {
			n = (int)(strlen(cmd->name) + strlen(cmd->arguments));
			fprintf(out, "  %s %s%*s  %s\n", cmd->name, cmd->arguments, widest - n, "",
			    cmd->summary);
		}
	if (cw_buf_puts(&b, "\noptions for every command:\n") == CW_OK &&
	    cw_options_help(&b, cli_global_options) == CW_OK)
		fwrite(cw_buf_peek(&b), 1, cw_buf_left(&b), out);
	fputs(environment, out);
	cw_buf_free(&b);
}

static void
print_help(const struct cli_command *cmd)
{
	struct cw_buf b;

	printf("usage: causeway %s%s%s%s\n\n%s.\n", cmd->name,
	    cmd->options != NULL ? " [options]" : "", cmd->arguments[0] != '\0' ? " " : "",
	    cmd->arguments, cmd->summary);
	if (cmd->more != NULL)
		printf("\n%s", cmd->more);
	cw_buf_init(&b, 65536);
	if ((cmd->options == NULL ||
		(cw_buf_puts(&b, "\noptions:\n") == CW_OK &&
		    cw_options_help(&b, cmd->options) == CW_OK)) &&
	    cw_buf_puts(&b, "\noptions for every command:\n") == CW_OK &&
	    cw_options_help(&b, cli_global_options) == CW_OK)
		fwrite(cw_buf_peek(&b), 1, cw_buf_left(&b), stdout);
	cw_buf_free(&b);
}

/* The row for argv, and how many words name it. "tenants" alone is the group's first row. */
static const struct cli_command *
find_command(int argc, char **argv, int *words)
{
	const struct cli_command *first = NULL;
	const char *space;

	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (const struct cli_command *cmd = cli_commands[g]; cmd->name != NULL; cmd++) {
			space = strchr(cmd->name, ' ');
			if (space == NULL) {
				if (strcmp(cmd->name, argv[0]) == 0) {
					*words = 1;
					return cmd;
				}
				continue;
			}
			if (strncmp(cmd->name, argv[0], (size_t)(space - cmd->name)) != 0 ||
			    argv[0][space - cmd->name] != '\0')
				continue;
			if (first == NULL)
				first = cmd;
			if (argc > 1 && strcmp(argv[1], space + 1) == 0) {
				*words = 2;
				return cmd;
			}
		}
	*words = 1;
	return first != NULL && (argc == 1 || argv[1][0] == '-') ? first : NULL;
}

static int
complain(const char *text, int status)
{
	fprintf(stderr, "causeway: %s\n", text);
	return status;
}

static int
exit_status(const struct cw_err *err)
{
	return err->code == CW_EUNAVAILABLE || err->code == CW_ECLOSED ? 3 : 1;
}

static int
run(struct cli *c, int argc, char **argv)
{
	const struct cli_command *cmd;
	struct cw_err err = { 0 };
	void *options;
	int words, status = 0;

	/* Options for every command may stand in front of it. */
	if (cw_options_parse(NULL, NULL, cli_global_options, c, &argc, argv, true, &err) < 0)
		return complain(err.text, EXIT_USAGE);
	if (c->version) {
		printf("causeway %s\n", CAUSEWAY_VERSION);
		return 0;
	}
	if (argc == 0) {
		print_intro(c->help ? stdout : stderr);
		return c->help ? 0 : EXIT_USAGE;
	}
	if (strcmp(argv[0], "help") == 0 && argc == 1) {
		print_intro(stdout);
		return 0;
	}
	if ((cmd = find_command(argc, argv, &words)) == NULL) {
		fprintf(stderr,
		    "causeway: there is no command \"%s%s%s\"; causeway --help lists them\n",
		    argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
		return EXIT_USAGE;
	}
	argc -= words;
	argv += words;
	if ((options = calloc(1, cmd->options_size + 1)) == NULL)
		return complain("out of memory", 1);
	if (cw_options_parse(cmd->options, options, cli_global_options, c, &argc, argv,
		cmd->stop_at_word, &err) < 0) {
		status = complain(err.text, EXIT_USAGE);
	} else if (c->help) {
		print_help(cmd);
	} else if (argc < cmd->arguments_min || argc > cmd->arguments_max) {
		fprintf(stderr, "usage: causeway %s%s%s%s\n", cmd->name,
		    cmd->options != NULL ? " [options]" : "", cmd->arguments[0] != '\0' ? " " : "",
		    cmd->arguments);
		status = EXIT_USAGE;
	} else {
		c->colour = c->colour && !c->no_color && !c->json;
		c->colour_err = c->colour_err && !c->no_color;
		c->live = c->live && !c->json;
		if ((status = cmd->run(c, options, argc, argv, &err)) < 0)
			status = complain(err.text[0] != '\0' ? err.text : cw_strerror(err.code),
			    exit_status(&err));
		else if (fflush(stdout) != 0)
			status = complain("standard output cannot be written", 1);
	}
	free(options);
	return status;
}

int
main(int argc, char **argv)
{
	struct cli c = { 0 };
	int status;

	cw_harden_process();
	curl_global_init(CURL_GLOBAL_DEFAULT);
	c.live = cw_terminal_is(CW_TERMINAL_OUT);
	c.colour = c.live && getenv("NO_COLOR") == NULL;
	c.colour_err = cw_terminal_is(CW_TERMINAL_ERR) && getenv("NO_COLOR") == NULL;
	c.columns = c.live ? cw_terminal_columns() : 0;
	c.url = getenv("CAUSEWAY_URL");
	c.ca = getenv("CAUSEWAY_CA");
	status = run(&c, argc > 0 ? argc - 1 : 0, argv + 1);
	cli_http_free(c.http);
	curl_global_cleanup();
	return status;
}
