/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands share: the connection, the tenant, and how things are shown.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"
#include "os/file.h"

#define KEY_MAX 1024

const struct cw_option cli_global_options[] = {
	{ "url", 0, CW_OPTION_TEXT, offsetof(struct cli, url), "URL", "the bridge (CAUSEWAY_URL)",
	    NULL },
	{ "key-file", 0, CW_OPTION_TEXT, offsetof(struct cli, key_file), "FILE",
	    "file with the API key (instead of CAUSEWAY_API_KEY)", NULL },
	{ "ca", 0, CW_OPTION_TEXT, offsetof(struct cli, ca), "FILE",
	    "PEM file of the CA to trust (CAUSEWAY_CA)", NULL },
	{ "json", 0, CW_OPTION_FLAG, offsetof(struct cli, json), NULL,
	    "print the bridge's answer as JSON", NULL },
	{ "no-color", 0, CW_OPTION_FLAG, offsetof(struct cli, no_color), NULL,
	    "no colours (also: NO_COLOR)", NULL },
	{ "help", 'h', CW_OPTION_FLAG, offsetof(struct cli, help), NULL, "say how this is used",
	    NULL },
	{ "version", 0, CW_OPTION_FLAG, offsetof(struct cli, version), NULL, "print the version",
	    NULL },
	{ 0 },
};

const struct cli_command *const cli_commands[] = { cli_tenants, cli_agents, cli_run, cli_scripts,
	cli_change, cli_operations, cli_keys, cli_completion, NULL };

static int
connect_with(struct cli *c, const char *key, struct cw_err *err)
{
	const struct cli_http_config config = { .url = c->url, .key = key, .ca = c->ca };

	if (key[0] == '\0' || strcspn(key, " \t\r\n") != strlen(key))
		return cw_fail(err, CW_EINVAL, "the API key is empty or has white space in it");
	return cli_http_new(&c->http, &config, err);
}

int
cli_connect(struct cli *c, struct cw_err *err)
{
	const char *key = getenv("CAUSEWAY_API_KEY");
	struct cw_buf file;
	char *text;
	int r;

	if (c->http != NULL)
		return CW_OK;
	if (c->url == NULL || c->url[0] == '\0')
		return cw_fail(err, CW_EINVAL,
		    "which bridge? Set CAUSEWAY_URL or give --url (https://HOST:PORT)");
	if (c->ca != NULL && c->ca[0] == '\0')
		c->ca = NULL;
	if (c->key_file == NULL) {
		if (key == NULL)
			return cw_fail(err, CW_EINVAL,
			    "no API key: set CAUSEWAY_API_KEY or give --key-file FILE");
		return connect_with(c, key, err);
	}
	cw_buf_init(&file, KEY_MAX);
	r = cw_file_read_named(&file, c->key_file, err);
	if (r == CW_OK && cw_buf_str(&file) != NULL) {
		text = (char *)file.data + file.off;
		text[strcspn(text, "\r\n")] = '\0';
		r = connect_with(c, text, err);
	}
	cw_buf_free_secret(&file);
	return r;
}

int
cli_send(struct cli *c, cJSON **ret, struct cw_err *err, const char *method, const char *path,
    const cJSON *body)
{
	int r;

	if ((r = cli_connect(c, err)) < 0)
		return r;
	return cli_http_call(c->http, method, path, body, ret, err);
}

int
cli_get(struct cli *c, cJSON **ret, struct cw_err *err, const char *path_format, ...)
{
	cJSON *answer = NULL;
	char path[2048];
	va_list ap;
	int n, r;

	va_start(ap, path_format);
	n = vsnprintf(path, sizeof(path), path_format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(path))
		return cw_fail(err, CW_EINVAL, "a name in the request is too long");
	if ((r = cli_send(c, &answer, err, "GET", path, NULL)) < 0)
		return r;
	if (!cJSON_IsObject(answer)) {
		cJSON_Delete(answer);
		return cw_fail(err, CW_EPROTO, "GET %s: the answer is not a JSON object", path);
	}
	*ret = answer;
	return CW_OK;
}

char *
cli_escape(const char *text)
{
	struct cw_buf b;
	const char *escaped;
	char *copy = NULL;

	cw_buf_init(&b, 8192);
	if (cli_put_escaped(&b, text) == CW_OK && (escaped = cw_buf_str(&b)) != NULL)
		copy = cw_strdup(escaped);
	cw_buf_free(&b);
	return copy;
}

int
cli_tenant(struct cli *c, char **ret, const char *given, struct cw_err *err)
{
	const cJSON *list;
	cJSON *answer;
	const char *id;
	int r, count;

	if (given == NULL)
		given = getenv("CAUSEWAY_TENANT");
	if (given != NULL && given[0] != '\0') {
		*ret = cli_escape(given);
		return *ret != NULL ? CW_OK
				    : cw_fail(err, CW_EINVAL, "the tenant's name is too long");
	}
	if ((r = cli_get(c, &answer, err, "/v1/tenants")) < 0)
		return r;
	list = cw_json_get(answer, "tenants");
	count = cJSON_GetArraySize(list);
	id = cw_json_str(cJSON_GetArrayItem(list, 0), "id");
	if (count == 1 && id != NULL)
		*ret = cw_strdup(id);
	else
		r = cw_fail(err, CW_EINVAL,
		    count == 0 ? "there is no tenant yet: causeway tenants create NAME --mode MODE"
			       : "which tenant? Give --tenant or set CAUSEWAY_TENANT (causeway "
				 "tenants list)");
	cJSON_Delete(answer);
	return r;
}

void
cli_print_json_text(const char *json, size_t n)
{
	size_t len;
	uint32_t cp;

	for (; n > 0; json += len, n -= len) {
		if ((len = cw_utf8_get(&cp, json, n)) == 0)
			break; /* it was read as UTF-8 before */
		/* In JSON's strings alone: outside of them is nothing but ASCII. */
		if (cp >= 0x7f && cw_is_unprintable(cp))
			printf("\\u%04x", (unsigned)cp);
		else
			fwrite(json, 1, len, stdout);
	}
	putchar('\n');
}

int
cli_print_json(const cJSON *value)
{
	char *text = cJSON_Print(value);

	if (text == NULL)
		return CW_ENOMEM;
	cli_print_json_text(text, strlen(text));
	cJSON_free(text);
	return CW_OK;
}

const char *
cli_join(const cJSON *list)
{
	static char shown[512];
	const cJSON *item;
	size_t at = 0;
	int n;

	shown[0] = '\0';
	cJSON_ArrayForEach (item, list) {
		if (!cJSON_IsString(item))
			continue;
		n = snprintf(
		    shown + at, sizeof(shown) - at, "%s%s", at > 0 ? ", " : "", item->valuestring);
		if (n < 0 || (size_t)n >= sizeof(shown) - at) {
			shown[cw_utf8_cut(shown, sizeof(shown) - 1)] = '\0';
			break;
		}
		at += (size_t)n;
	}
	return shown;
}
