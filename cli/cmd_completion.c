/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway completion: shell completion, written out of the same tables as help.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cli.h"

#define RUN_CMDLETS                                                                          \
	"Get-ADUser Get-ADGroup Get-ADGroupMember Get-ADDomain Search-ADAccount "            \
	"Get-ADOrganizationalUnit Set-ADUser New-ADUser Enable-ADAccount Disable-ADAccount " \
	"Unlock-ADAccount Add-ADGroupMember Remove-ADGroupMember Move-ADObject"

static const char *
first_argument_of(const struct cli_command *cmd)
{
	if (strcmp(cmd->name, "run") == 0)
		return RUN_CMDLETS;
	if (strcmp(cmd->name, "change") == 0)
		return "user.update user.disable user.enable password.reset";
	if (strcmp(cmd->name, "completion") == 0)
		return "bash zsh";
	return "";
}

static void
print_options(const struct cw_option *o)
{
	for (; o != NULL && o->name != NULL; o++)
		printf(" --%s", o->name);
}

/* The second words of a group, at its first row; nothing for the others. */
static void
print_group(const struct cli_command *const table, const struct cli_command *at)
{
	const char *space = strchr(at->name, ' ');
	size_t n = (size_t)(space - at->name);

	for (const struct cli_command *cmd = table; cmd != at; cmd++)
		if (strncmp(cmd->name, at->name, n + 1) == 0)
			return;
	printf("    '%.*s') words='", (int)n, at->name);
	for (const struct cli_command *cmd = at; cmd->name != NULL; cmd++)
		if (strncmp(cmd->name, at->name, n + 1) == 0)
			printf("%s%s", cmd == at ? "" : " ", cmd->name + n + 1);
	puts("';;");
}

/* Every spelling of an option that the next word belongs to, as a pattern of case. */
static void
print_value_options(void)
{
	const struct cli_command *cmd;

	fputs("-url|--key-file|--ca", stdout);
	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (cmd = cli_commands[g]; cmd->name != NULL; cmd++)
			for (const struct cw_option *o = cmd->options; o != NULL && o->name != NULL;
			     o++) {
				if (o->kind != CW_OPTION_FLAG)
					printf("|--%s", o->name);
				if (o->kind != CW_OPTION_FLAG && o->letter != 0)
					printf("|-%c", o->letter);
			}
}

static void
print_bash(void)
{
	const struct cli_command *cmd;
	const char *last = "";

	puts("# causeway: completion for bash. Use: source <(causeway completion bash)\n"
	     "_causeway() {\n"
	     "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words='' "
	     "line='' i\n"
	     "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
	     "    case ${COMP_WORDS[i]} in");
	fputs("      -", stdout);
	print_value_options();
	puts(") ((i++));;\n"
	     "      -*) ;;\n"
	     "      *) line+=\"${line:+ }${COMP_WORDS[i]}\";;\n"
	     "    esac\n"
	     "  done\n"
	     "  case $prev in");
	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (cmd = cli_commands[g]; cmd->name != NULL; cmd++)
			for (const struct cw_option *o = cmd->options; o != NULL && o->name != NULL;
			     o++)
				if (o->choices != NULL && !cw_streq(last, o->choices)) {
					printf("    --%s) words='%s';;\n", o->name, o->choices);
					last = o->choices;
				}
	puts("    --ca|--key-file|--certificate|--private-key|--script|--out|-o)\n"
	     "      mapfile -t COMPREPLY < <(compgen -f -- \"$cur\"); return;;\n"
	     "  esac\n"
	     "  [ -n \"$words\" ] || case $line in");
	printf("    '') words='");
	last = "";
	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (cmd = cli_commands[g]; cmd->name != NULL; cmd++) {
			size_t n = strcspn(cmd->name, " ");

			if (strncmp(last, cmd->name, n) == 0 && strcspn(last, " ") == n)
				continue;
			printf("%.*s ", (int)n, cmd->name);
			last = cmd->name;
		}
	printf("help';;\n");
	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (cmd = cli_commands[g]; cmd->name != NULL; cmd++)
			if (strchr(cmd->name, ' ') != NULL)
				print_group(cli_commands[g], cmd);
			else
				printf(
				    "    '%s') words='%s';;\n", cmd->name, first_argument_of(cmd));
	puts("  esac\n"
	     "  case $cur in -*) case $line in");
	for (size_t g = 0; cli_commands[g] != NULL; g++)
		for (cmd = cli_commands[g]; cmd->name != NULL; cmd++) {
			printf("    '%s'*) words='", cmd->name);
			print_options(cmd->options);
			print_options(cli_global_options);
			puts("';;");
		}
	printf("    *) words='");
	print_options(cli_global_options);
	puts("';;\n"
	     "  esac;; esac\n"
	     "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	     "}\n"
	     "complete -F _causeway causeway");
}

static int
completion(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	(void)c, (void)options, (void)argc;
	if (strcmp(argv[0], "zsh") == 0) {
		puts("#compdef causeway\n"
		     "# causeway: completion for zsh. Use: source <(causeway completion zsh)\n"
		     "autoload -U +X compinit bashcompinit && compinit && bashcompinit\n"
		     "mapfile() { shift; local line; COMPREPLY=(); while IFS= read -r line; do "
		     "COMPREPLY+=(\"$line\"); done; }");
	} else if (strcmp(argv[0], "bash") != 0) {
		return cw_fail(err, CW_EINVAL,
		    "completion is written for bash and zsh, not for \"%s\"", argv[0]);
	}
	print_bash();
	return CW_OK;
}

const struct cli_command cli_completion[] = {
	{ "completion", "bash|zsh", "Print shell completion",
	    "  source <(causeway completion bash)\n", NULL, 0, 1, 1, false, completion },
	{ 0 },
};
