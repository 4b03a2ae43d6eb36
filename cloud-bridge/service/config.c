/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bridge.json.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "os/file.h"
#include "service/config.h"

void
cw_bridge_config_free(struct cw_bridge_config *c)
{
	free(c->names);
	free(c->name);
	free(c->web_listen);
	free(c->agents_listen);
	free(c->web_certificate);
	free(c->web_private_key);
	free(c->graph_ca);
	*c = (struct cw_bridge_config){ 0 };
}

static int
read_address(char **ret, const cJSON *root, const char *name, const char *path, struct cw_err *err)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;
	int r;

	if ((r = cw_json_copy_str(ret, root, name, path, err)) < 0 || *ret == NULL)
		return r;
	if (uv_ip4_addr(*ret, 0, &four) != 0 && uv_ip6_addr(*ret, 0, &six) != 0)
		return cw_fail(err, CW_EINVAL,
		    "%s: \"%s\" must be an IPv4 or IPv6 address of this host", path, name);
	return CW_OK;
}

static int
read_port(uint16_t *ret, unsigned otherwise, const cJSON *root, const char *name, const char *path,
    struct cw_err *err)
{
	int64_t port = otherwise;

	if (cw_json_get(root, name) != NULL &&
	    (!cw_json_int(root, name, &port) || port < 0 || port > 65535))
		return cw_fail(err, CW_EINVAL, "%s: \"%s\" must be a whole number from 0 to 65535",
		    path, name);
	*ret = (uint16_t)port;
	return CW_OK;
}

/* Whether it is a name or an address is seen when a certificate is made for it. */
static bool
name_ok(const cJSON *name)
{
	return cJSON_IsString(name) && name->valuestring[0] != '\0' &&
	    strlen(name->valuestring) < 256 && strpbrk(name->valuestring, ", \t/") == NULL;
}

static int
put_names(struct cw_buf *b, const cJSON *list, const char *path, struct cw_err *err)
{
	const cJSON *name;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) == 0)
		return cw_fail(
		    err, CW_EINVAL, "%s: \"names\" must be a list of names and addresses", path);
	cJSON_ArrayForEach (name, list) {
		if (!name_ok(name))
			return cw_fail(err, CW_EINVAL,
			    "%s: \"names\" holds something that is no name and no address", path);
		if (cw_buf_printf(b, "%s%s", name == list->child ? "" : ",", name->valuestring) < 0)
			return cw_fail(err, CW_EINVAL, "%s: \"names\" is too long", path);
	}
	return CW_OK;
}

static int
read_names(struct cw_bridge_config *c, const cJSON *root, const char *path, struct cw_err *err)
{
	const cJSON *list = cw_json_get(root, "names");
	char host[UV_MAXHOSTNAMESIZE];
	size_t n = sizeof(host);
	struct cw_buf b;
	int r = CW_OK;

	cw_buf_init(&b, CW_BRIDGE_NAMES_MAX - 1);
	if (list != NULL)
		r = put_names(&b, list, path, err);
	else if (uv_os_gethostname(host, &n) != 0 || strpbrk(host, ", ") != NULL ||
	    cw_streq(host, "localhost"))
		r = cw_buf_puts(&b, "localhost,127.0.0.1");
	else
		r = cw_buf_printf(&b, "%s,localhost,127.0.0.1", host);
	if (r == CW_OK &&
	    (cw_buf_str(&b) == NULL || (c->names = cw_strdup(cw_buf_str(&b))) == NULL ||
		(c->name = cw_strndup(c->names, strcspn(c->names, ","))) == NULL))
		r = cw_fail(err, CW_ENOMEM, "%s: out of memory", path);
	cw_buf_free(&b);
	return r;
}

static int
read_certificate(
    struct cw_bridge_config *c, const cJSON *root, const char *path, struct cw_err *err)
{
	int r;

	if ((r = cw_json_copy_str(&c->web_certificate, root, "web_certificate", path, err)) < 0 ||
	    (r = cw_json_copy_str(&c->web_private_key, root, "web_private_key", path, err)) < 0)
		return r;
	if ((c->web_certificate == NULL) != (c->web_private_key == NULL))
		return cw_fail(err, CW_EINVAL,
		    "%s: \"web_certificate\" and \"web_private_key\" go together", path);
	return CW_OK;
}

static int
read_log_requests(
    struct cw_bridge_config *c, const cJSON *root, const char *path, struct cw_err *err)
{
	const cJSON *member = cw_json_get(root, "log_requests");

	if (member != NULL && !cJSON_IsBool(member))
		return cw_fail(err, CW_EINVAL, "%s: \"log_requests\" must be true or false", path);
	c->log_requests = cJSON_IsTrue(member);
	return CW_OK;
}

int
cw_bridge_config_parse(
    struct cw_bridge_config *ret, const char *text, size_t n, const char *path, struct cw_err *err)
{
	static const char *const members[] = { "names", "web_listen", "web_port", "agents_listen",
		"agents_port", "web_certificate", "web_private_key", "graph_ca", "log_requests",
		NULL };
	struct cw_bridge_config c = { 0 };
	cJSON *root = NULL;
	int r;

	if ((r = cw_json_parse(&root, text, n, path, err)) < 0)
		return r;
	if ((r = cw_json_only(root, members, path, err)) < 0 ||
	    (r = read_names(&c, root, path, err)) < 0 ||
	    (r = read_address(&c.web_listen, root, "web_listen", path, err)) < 0 ||
	    (r = read_port(&c.web_port, CW_BRIDGE_WEB_PORT, root, "web_port", path, err)) < 0 ||
	    (r = read_address(&c.agents_listen, root, "agents_listen", path, err)) < 0 ||
	    (r = read_port(&c.agents_port, CW_BRIDGE_AGENTS_PORT, root, "agents_port", path, err)) <
		0 ||
	    (r = read_certificate(&c, root, path, err)) < 0 ||
	    (r = cw_json_copy_str(&c.graph_ca, root, "graph_ca", path, err)) < 0 ||
	    (r = read_log_requests(&c, root, path, err)) < 0)
		goto done;
	*ret = c;
	c = (struct cw_bridge_config){ 0 };
done:
	cw_bridge_config_free(&c);
	cJSON_Delete(root);
	return r;
}

int
cw_bridge_config_load(struct cw_bridge_config *ret, const char *state_folder, struct cw_err *err)
{
	struct cw_buf text;
	char path[1024];
	int r;

	if (snprintf(path, sizeof(path), "%s/bridge.json", state_folder) >= (int)sizeof(path))
		return cw_fail(err, CW_EINVAL, "the state folder's path is too long");
	cw_buf_init(&text, CW_BRIDGE_CONFIG_MAX);
	r = cw_file_read(&text, path, err);
	if (r == CW_OK)
		r = cw_bridge_config_parse(
		    ret, (const char *)cw_buf_peek(&text), cw_buf_left(&text), path, err);
	else if (r == CW_ENOTFOUND)
		r = cw_bridge_config_parse(ret, "{}", 2, path, err);
	cw_buf_free(&text);
	return r;
}
