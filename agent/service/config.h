/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENT_CONFIG_H
#define CW_AGENT_CONFIG_H

#include <stddef.h>

struct cw_err;
struct cw_policy;

/*
 * agent.json in the state folder: what an administrator may set on this server.
 * Every member is optional; one that is unknown or of the wrong type is an error
 * that names it.
 *
 *   powershell   the command line of the engine's server mode, a list of words
 *   pool         how many runspaces of the directory role are kept warm, 3 to 16
 *   proxy        http://[user:password@]host:port, where there is one
 *   server       the domain controller to use; the PDC emulator otherwise
 *   sandboxes    how many sandboxes for scripts are kept warm, 0 to 8; 0: no scripts here
 *   sandbox_powershell   the engine inside them, a list of words; powershell's unless given
 *   sandbox_modules   modules to import in them before a script, names or paths as seen inside,
 * where the engine lacks its own utilities ceiling      the most that this server does, by
 * permission group (policy/policy.h)
 */
#define CW_AGENT_CONFIG_MAX (64u * 1024u) /* bytes */
#define CW_AGENT_WORDS_MAX 32

struct cw_agent_config {
	char *powershell[CW_AGENT_WORDS_MAX + 1]; /* NULL-terminated */
	unsigned pool;
	unsigned sandboxes;
	char *sandbox_powershell[CW_AGENT_WORDS_MAX + 1]; /* NULL-terminated, as the next */
	char *sandbox_modules[CW_AGENT_WORDS_MAX + 1];
	char *proxy; /* NULL: none */
	char *server; /* NULL: the PDC emulator */
	struct cw_policy *policy; /* never NULL in one that was read */
};

/* Reads FOLDER/agent.json; without the file all defaults. On success free *ret. */
int cw_agent_config_load(struct cw_agent_config *ret, const char *state_folder, struct cw_err *err);
/* The same from text, for tests; path names it in errors. */
int cw_agent_config_parse(
    struct cw_agent_config *ret, const char *text, size_t n, const char *path, struct cw_err *err);
/* Writes the proxy into FOLDER/agent.json and leaves everything else in it as it is. */
int cw_agent_config_set_proxy(const char *state_folder, const char *proxy, struct cw_err *err);
void cw_agent_config_free(struct cw_agent_config *config);

#endif
