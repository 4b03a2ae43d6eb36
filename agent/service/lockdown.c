/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lockdown.json.
 */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "os/file.h"
#include "service/lockdown.h"

#define PATH_LEN 4096
#define TEXT_MAX 4096u /* bytes */

static int
path_of(char *ret, const char *state_folder, struct cw_err *err)
{
	return snprintf(ret, PATH_LEN, "%s/lockdown.json", state_folder) < PATH_LEN
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL, "the state folder's path is too long");
}

void
cw_lockdown_read(struct cw_lockdown *ret, const char *state_folder)
{
	const char *text;
	char path[PATH_LEN];
	cJSON *root = NULL;
	struct cw_buf b;

	*ret = (struct cw_lockdown){ .on = true };
	cw_buf_init(&b, TEXT_MAX);
	if (path_of(path, state_folder, NULL) < 0) {
		/* no such folder can be: whoever opens it says so */
	} else if (cw_file_read(&b, path, NULL) == CW_ENOTFOUND) {
		ret->on = false;
	} else if (cw_json_parse(&root, (const char *)cw_buf_peek(&b), cw_buf_left(&b), path,
		       NULL) == CW_OK) {
		if ((text = cw_json_str(root, "since")) != NULL)
			(void)cw_time_parse(&ret->since_ms, text, strlen(text));
		if ((text = cw_json_str(root, "reason")) != NULL &&
		    strlen(text) < sizeof(ret->reason))
			(void)snprintf(ret->reason, sizeof(ret->reason), "%s", text);
	}
	cJSON_Delete(root);
	cw_buf_free(&b);
}

int
cw_lockdown_set(const char *state_folder, const char *reason, int64_t now_ms, struct cw_err *err)
{
	char path[PATH_LEN], since[CW_TIME_TEXT];
	cJSON *root;
	struct cw_buf b;
	int r;

	if (reason != NULL &&
	    (strlen(reason) >= CW_LOCKDOWN_REASON_MAX || !cw_utf8_is_line(reason, strlen(reason))))
		return cw_fail(err, CW_EINVAL, "a reason is one line of at most %u bytes",
		    CW_LOCKDOWN_REASON_MAX - 1);
	if ((r = path_of(path, state_folder, err)) < 0)
		return r;
	cw_time_text(since, now_ms);
	root = cJSON_CreateObject();
	cJSON_AddStringToObject(root, "since", since);
	if (reason != NULL)
		cJSON_AddStringToObject(root, "reason", reason);
	cw_buf_init(&b, TEXT_MAX);
	if ((r = cw_json_put(&b, root)) < 0)
		r = cw_fail(err, r, "lockdown: %s", cw_strerror(r));
	else
		r = cw_file_write(path, cw_buf_peek(&b), cw_buf_left(&b), true, err);
	cJSON_Delete(root);
	cw_buf_free(&b);
	return r;
}

int
cw_lockdown_clear(const char *state_folder, struct cw_err *err)
{
	char path[PATH_LEN];
	int r;

	return (r = path_of(path, state_folder, err)) < 0 ? r : cw_file_remove(path, err);
}
