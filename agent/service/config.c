/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.json.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "os/file.h"
#include "os/paths.h"
#include "policy/policy.h"
#include "service/config.h"

#define POOL_MIN 3 /* fewer deadlock when one command's output feeds another's input */
#define POOL_MAX 16
#define SANDBOXES 1
#define SANDBOXES_MAX 8
#define PATH_LEN 4096

static void
words_free(char **words)
{
	for (; *words != NULL; words++) {
		free(*words);
		*words = NULL;
	}
}

void
cw_agent_config_free(struct cw_agent_config *c)
{
	words_free(c->powershell);
	words_free(c->sandbox_powershell);
	words_free(c->sandbox_modules);
	if (c->proxy != NULL)
		cw_wipe(c->proxy, strlen(c->proxy)); /* it may hold a password */
	free(c->proxy);
	free(c->server);
	cw_policy_free(c->policy);
	*c = (struct cw_agent_config){ 0 };
}

static int
copy_words(char **ret, const char *const *words)
{
	size_t n = 0;

	for (; words[n] != NULL; n++)
		if ((ret[n] = cw_strdup(words[n])) == NULL)
			return CW_ENOMEM;
	return CW_OK;
}

static int
read_words(char **ret, const cJSON *root, const char *name, const char *path, struct cw_err *err)
{
	const cJSON *list = cw_json_get(root, name), *word;
	size_t n = 0;

	if (list == NULL)
		return CW_OK;
	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0 ||
	    cJSON_GetArraySize(list) > CW_AGENT_WORDS_MAX)
		return cw_fail(err, CW_EINVAL, "%s: \"%s\" must be a list of 1 to %d strings", path,
		    name, CW_AGENT_WORDS_MAX);
	words_free(ret);
	cJSON_ArrayForEach (word, list) {
		if (!cJSON_IsString(word) || word->valuestring[0] == '\0')
			return cw_fail(err, CW_EINVAL,
			    "%s: \"%s\" must hold strings that are not empty", path, name);
		if ((ret[n++] = cw_strdup(word->valuestring)) == NULL)
			return cw_fail(err, CW_ENOMEM, "%s: out of memory", path);
	}
	return CW_OK;
}

static int
read_pool(struct cw_agent_config *c, const cJSON *root, const char *path, struct cw_err *err)
{
	int64_t pool = POOL_MIN;

	if (cw_json_get(root, "pool") != NULL &&
	    (!cw_json_int(root, "pool", &pool) || pool < POOL_MIN || pool > POOL_MAX))
		return cw_fail(err, CW_EINVAL, "%s: \"pool\" must be a whole number from %d to %d",
		    path, POOL_MIN, POOL_MAX);
	c->pool = (unsigned)pool;
	return CW_OK;
}

static int
read_sandboxes(struct cw_agent_config *c, const cJSON *root, const char *path, struct cw_err *err)
{
	int64_t n = SANDBOXES;
	int r;

	if (cw_json_get(root, "sandboxes") != NULL &&
	    (!cw_json_int(root, "sandboxes", &n) || n < 0 || n > SANDBOXES_MAX))
		return cw_fail(err, CW_EINVAL,
		    "%s: \"sandboxes\" must be a whole number from 0 to %d", path, SANDBOXES_MAX);
	c->sandboxes = (unsigned)n;
	if (copy_words(c->sandbox_powershell, (const char *const *)c->powershell) < 0)
		return cw_fail(err, CW_ENOMEM, "%s: out of memory", path);
	if ((r = read_words(c->sandbox_powershell, root, "sandbox_powershell", path, err)) < 0)
		return r;
	return read_words(c->sandbox_modules, root, "sandbox_modules", path, err);
}

int
cw_agent_config_parse(
    struct cw_agent_config *ret, const char *text, size_t n, const char *path, struct cw_err *err)
{
	static const char *const members[] = { "powershell", "pool", "proxy", "server", "sandboxes",
		"sandbox_powershell", "sandbox_modules", "ceiling", NULL };
	struct cw_agent_config c = { 0 };
	cJSON *root = NULL;
	int r;

	if ((r = cw_json_parse(&root, text, n, path, err)) < 0)
		return r;
	if ((r = cw_json_only(root, members, path, err)) < 0)
		goto done;
	if (copy_words(c.powershell, cw_paths_powershell()) < 0) {
		r = cw_fail(err, CW_ENOMEM, "%s: out of memory", path);
		goto done;
	}
	if ((r = read_words(c.powershell, root, "powershell", path, err)) < 0 ||
	    (r = read_pool(&c, root, path, err)) < 0 ||
	    (r = read_sandboxes(&c, root, path, err)) < 0 ||
	    (r = cw_json_copy_str(&c.proxy, root, "proxy", path, err)) < 0 ||
	    (r = cw_json_copy_str(&c.server, root, "server", path, err)) < 0 ||
	    (r = cw_policy_new(&c.policy, cw_json_get(root, "ceiling"), path, err)) < 0)
		goto done;
	if (c.server != NULL && !cw_is_host(c.server)) {
		r = cw_fail(err, CW_EINVAL, "%s: \"server\" is not the name of a host", path);
		goto done;
	}
	*ret = c;
	c = (struct cw_agent_config){ 0 };
done:
	cw_agent_config_free(&c);
	cJSON_Delete(root);
	return r;
}

static int
config_path(char *ret, size_t size, const char *state_folder, struct cw_err *err)
{
	return snprintf(ret, size, "%s/agent.json", state_folder) < (int)size
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL, "the state folder's path is too long");
}

/* The file's text, or "{}" where there is none. */
static int
read_text(struct cw_buf *text, const char *path, struct cw_err *err)
{
	int r = cw_file_read(text, path, err);

	return r == CW_ENOTFOUND ? cw_buf_puts(text, "{}") : r;
}

int
cw_agent_config_load(struct cw_agent_config *ret, const char *state_folder, struct cw_err *err)
{
	char path[PATH_LEN];
	struct cw_buf text;
	int r;

	if ((r = config_path(path, sizeof(path), state_folder, err)) < 0)
		return r;
	cw_buf_init(&text, CW_AGENT_CONFIG_MAX);
	if ((r = read_text(&text, path, err)) == CW_OK)
		r = cw_agent_config_parse(
		    ret, (const char *)cw_buf_peek(&text), cw_buf_left(&text), path, err);
	cw_buf_free_secret(&text);
	return r;
}

int
cw_agent_config_set_proxy(const char *state_folder, const char *proxy, struct cw_err *err)
{
	struct cw_agent_config checked;
	char path[PATH_LEN], *printed = NULL;
	cJSON *root = NULL;
	struct cw_buf text;
	int r;

	if ((r = config_path(path, sizeof(path), state_folder, err)) < 0)
		return r;
	cw_buf_init(&text, CW_AGENT_CONFIG_MAX);
	if ((r = read_text(&text, path, err)) < 0 ||
	    (r = cw_json_parse(
		 &root, (const char *)cw_buf_peek(&text), cw_buf_left(&text), path, err)) < 0)
		goto done;
	cJSON_DeleteItemFromObjectCaseSensitive(root, "proxy");
	if (cJSON_AddStringToObject(root, "proxy", proxy) == NULL ||
	    (printed = cJSON_Print(root)) == NULL)
		r = cw_fail(err, CW_ENOMEM, "%s: out of memory", path);
	else if ((r = cw_agent_config_parse(&checked, printed, strlen(printed), path, err)) ==
	    CW_OK) {
		cw_agent_config_free(&checked);
		r = cw_file_write(path, printed, strlen(printed), true, err);
	}
done:
	cw_buf_free_secret(&text);
	cJSON_Delete(root);
	cJSON_free(printed);
	return r;
}
