/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment from a command line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/err.h"
#include "base/str.h"
#include "link/enrol.h"
#include "link/identity.h"
#include "os/file.h"
#include "os/lock.h"
#include "service/config.h"
#include "service/enrolment.h"

#define LINE_LEN 256
#define PATH_LEN 4096

/* Makes the folder, and the one that it is in where that is missing too. */
static int
make_folder(const char *folder, struct cw_err *err)
{
	char parent[PATH_LEN];
	size_t n;
	int r;

	if ((r = cw_file_mkdir_private(folder, err)) != CW_ENOTFOUND)
		return r;
	n = (size_t)snprintf(parent, sizeof(parent), "%s", folder);
	while (n > 0 && n < sizeof(parent) && parent[n - 1] != '/' && parent[n - 1] != '\\')
		n--;
	if (n < 2 || n >= sizeof(parent))
		return r;
	parent[n - 1] = '\0';
	if ((r = cw_file_mkdir_private(parent, err)) < 0)
		return r;
	return cw_file_mkdir_private(folder, err);
}

/* An agent that runs has the old identity in hand. */
static int
take_folder(struct cw_lock **ret, const char *folder, struct cw_err *err)
{
	char path[PATH_LEN];
	int r;

	if ((r = make_folder(folder, err)) < 0)
		return r;
	if (snprintf(path, sizeof(path), "%s/agent.lock", folder) >= (int)sizeof(path))
		return cw_fail(err, CW_EINVAL, "the state folder's path is too long");
	if ((r = cw_lock_take(ret, path, err)) == CW_ECONFLICT)
		return cw_fail(
		    err, r, "an agent is running with the state folder %s: stop it first", folder);
	return r;
}

static int
read_token(char ret[LINE_LEN], char *given, struct cw_err *err)
{
	size_t n;

	if (cw_streq(given, "-")) {
		if (fgets(ret, LINE_LEN, stdin) == NULL)
			return cw_fail(err, CW_EINVAL, "no token on standard input");
	} else {
		(void)snprintf(ret, LINE_LEN, "%s", given);
		cw_wipe(given, strlen(given));
	}
	n = strcspn(ret, " \t\r\n");
	ret[n] = '\0';
	return CW_OK;
}

static void
say_who(const char *folder)
{
	struct cw_identity id;
	struct cw_err err;

	if (cw_identity_load(&id, folder, &err) < 0) {
		printf("enrolled\n");
		return;
	}
	printf("enrolled: agent %s of tenant %s\nbridge:   %s:%u\nroles:    ", id.agent, id.tenant,
	    id.host, id.port);
	for (size_t i = 0; id.roles[i][0] != '\0'; i++)
		printf("%s%s", i > 0 ? ", " : "", id.roles[i]);
	printf("\nnext:     causeway-agent run\n");
	cw_identity_free(&id);
}

static int
enrol(const struct cw_enrolment *e, const char *token, struct cw_err *err)
{
	struct cw_enrol_config config = { .folder = e->folder,
		.bridge = e->bridge,
		.token = token,
		.proxy = e->proxy,
		.replace = e->replace };
	struct cw_agent_config settings = { 0 };
	char hostname[256];
	size_t n = sizeof(hostname);
	int r;

	if (uv_os_gethostname(hostname, &n) != 0)
		return cw_fail(err, CW_ESYS, "this server has no name");
	config.hostname = hostname;
	if ((r = cw_agent_config_load(&settings, e->folder, err)) < 0)
		return r;
	if (config.proxy == NULL)
		config.proxy = settings.proxy;
	r = cw_enrol(&config, err);
	if (r == CW_OK && e->proxy != NULL && e->proxy[0] != '\0')
		r = cw_agent_config_set_proxy(e->folder, e->proxy, err);
	cw_agent_config_free(&settings);
	return r;
}

int
cw_enrolment_run(const struct cw_enrolment *e, struct cw_err *err)
{
	struct cw_lock *lock = NULL;
	char token[LINE_LEN] = "";
	int r;

	if ((r = read_token(token, e->token, err)) == CW_OK &&
	    (r = take_folder(&lock, e->folder, err)) == CW_OK &&
	    (r = enrol(e, token, err)) == CW_OK)
		say_who(e->folder);
	cw_wipe(token, sizeof(token));
	cw_lock_free(lock);
	return r;
}
