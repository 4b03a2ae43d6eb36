/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's identity as files.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "crypto/pki.h"
#include "crypto/seal.h"
#include "link/identity.h"
#include "os/file.h"

static int
load(struct cw_buf *b, const char *folder, const char *name, struct cw_err *err)
{
	char path[CW_FILE_PATH_MAX];
	int r;

	cw_buf_clear(b);
	if ((r = cw_file_path(path, folder, name, err)) < 0)
		return r;
	return cw_file_read(b, path, err);
}

static int
store(struct cw_buf *b, const char *folder, const char *name, struct cw_err *err)
{
	char path[CW_FILE_PATH_MAX];
	int r;

	if ((r = cw_file_path(path, folder, name, err)) < 0)
		return r;
	return cw_file_write(path, cw_buf_peek(b), cw_buf_left(b), true, err);
}

/* Says which file it is that is wrong. */
static int
wrong(struct cw_err *err, int code, const char *folder, const char *name, const char *why)
{
	return cw_fail(err, code, "%s/%s: %s", folder, name, why);
}

int
cw_identity_roles(
    char ret[CW_IDENTITY_ROLES_MAX][CW_IDENTITY_ROLE_MAX], const cJSON *list, struct cw_err *err)
{
	const cJSON *role;
	size_t n = 0;

	if (!cJSON_IsArray(list) || cJSON_GetArraySize(list) >= CW_IDENTITY_ROLES_MAX)
		return cw_fail(
		    err, CW_EINVAL, "roles is no list of at most %d", CW_IDENTITY_ROLES_MAX - 1);
	cJSON_ArrayForEach (role, list) {
		if (!cJSON_IsString(role) || role->valuestring[0] == '\0' ||
		    strlen(role->valuestring) >= CW_IDENTITY_ROLE_MAX)
			return cw_fail(err, CW_EINVAL, "roles holds what is no name of a role");
		memcpy(ret[n++], role->valuestring, strlen(role->valuestring) + 1);
	}
	ret[n][0] = '\0';
	return CW_OK;
}

static int
read_json(struct cw_identity *id, struct cw_buf *b, const char *folder, struct cw_err *err)
{
	static const char *const members[] = { "tenant", "agent", "host", "port", "roles", NULL };
	const char *tenant, *agent, *host;
	struct cw_err why = { 0 };
	cJSON *json = NULL;
	uint8_t uuid[16];
	int64_t port;
	int r;

	if ((r = cw_json_parse(
		 &json, (const char *)cw_buf_peek(b), cw_buf_left(b), "identity.json", &why)) < 0 ||
	    (r = cw_json_only(json, members, "identity.json", &why)) < 0 ||
	    (r = cw_json_need_str(&tenant, json, "tenant", &why)) < 0 ||
	    (r = cw_json_need_str(&agent, json, "agent", &why)) < 0 ||
	    (r = cw_json_need_str(&host, json, "host", &why)) < 0 ||
	    (r = cw_identity_roles(id->roles, cw_json_get(json, "roles"), &why)) < 0) {
		(void)wrong(err, r, folder, "identity.json", why.text);
	} else if (cw_uuid_parse(uuid, tenant, strlen(tenant)) < 0 ||
	    cw_uuid_parse(uuid, agent, strlen(agent)) < 0 || host[0] == '\0' ||
	    strlen(host) >= sizeof(id->host) || !cw_json_int(json, "port", &port) || port < 1 ||
	    port > 65535) {
		r = wrong(err, CW_EINVAL, folder, "identity.json",
		    "tenant and agent must be UUIDs, host a name, port a number");
	} else {
		memcpy(id->tenant, tenant, sizeof(id->tenant));
		memcpy(id->agent, agent, sizeof(id->agent));
		memcpy(id->host, host, strlen(host) + 1);
		id->port = (uint16_t)port;
	}
	cJSON_Delete(json);
	return r;
}

static int
read_files(struct cw_identity *id, struct cw_buf *b, const char *folder, struct cw_err *err)
{
	struct cw_err why = { 0 };
	int r;

	if ((r = load(b, folder, "identity.json", err)) < 0)
		return r == CW_ENOTFOUND ? cw_fail(err, r,
					       "this server is not enrolled: %s/identity.json "
					       "does not exist; run causeway-agent enrol",
					       folder)
					 : r;
	if ((r = read_json(id, b, folder, err)) < 0 || (r = load(b, folder, "ca.crt", err)) < 0)
		return r;
	if ((r = cw_pki_cert_read(&id->ca, cw_buf_str(b), cw_buf_left(b), &why)) < 0)
		return wrong(err, r, folder, "ca.crt", why.text);
	if ((r = load(b, folder, "agent.crt", err)) < 0)
		return r;
	if ((r = cw_pki_cert_read(&id->cert, cw_buf_str(b), cw_buf_left(b), &why)) < 0)
		return wrong(err, r, folder, "agent.crt", why.text);
	if ((r = load(b, folder, "agent.key", err)) < 0)
		return r;
	if ((r = cw_pki_key_read(&id->key, cw_buf_str(b), cw_buf_left(b), &why)) < 0)
		return wrong(err, r, folder, "agent.key", why.text);
	if (X509_check_private_key(id->cert, id->key) != 1)
		return wrong(err, CW_EINVAL, folder, "agent.key", "does not belong to agent.crt");
	if ((r = load(b, folder, "seal.key", err)) < 0)
		return r;
	if (cw_buf_left(b) != CW_SEAL_KEY)
		return wrong(err, CW_EINVAL, folder, "seal.key", "does not have 32 bytes");
	memcpy(id->seal_private, cw_buf_peek(b), CW_SEAL_KEY);
	return cw_seal_public(id->seal_public, id->seal_private);
}

int
cw_identity_load(struct cw_identity *ret, const char *folder, struct cw_err *err)
{
	struct cw_identity id = { 0 };
	struct cw_buf b;
	int r;

	cw_buf_init(&b, CW_PKI_PEM_MAX);
	r = read_files(&id, &b, folder, err);
	cw_buf_free_secret(&b);
	if (r < 0)
		cw_identity_free(&id);
	else
		*ret = id;
	return r;
}

bool
cw_identity_exists(const char *folder)
{
	char path[CW_FILE_PATH_MAX];

	return cw_file_path(path, folder, "identity.json", NULL) == CW_OK && cw_file_exists(path);
}

static int
put_json(struct cw_buf *b, const struct cw_identity *id)
{
	int r;

	if ((r = cw_buf_printf(
		 b, "{\"tenant\":\"%s\",\"agent\":\"%s\",\"host\":", id->tenant, id->agent)) < 0 ||
	    (r = cw_json_put_str(b, id->host, strlen(id->host))) < 0 ||
	    (r = cw_buf_printf(b, ",\"port\":%u,\"roles\":[", id->port)) < 0)
		return r;
	for (size_t i = 0; id->roles[i][0] != '\0'; i++)
		if ((i > 0 && (r = cw_buf_putc(b, ',')) < 0) ||
		    (r = cw_json_put_str(b, id->roles[i], strlen(id->roles[i]))) < 0)
			return r;
	return cw_buf_puts(b, "]}\n");
}

int
cw_identity_store(const struct cw_identity *id, const char *folder, struct cw_err *err)
{
	char path[CW_FILE_PATH_MAX];
	struct cw_buf b;
	int r;

	/* Enrolled before: until the last file is in place this server is not enrolled. */
	if ((r = cw_file_path(path, folder, "identity.json", err)) < 0 ||
	    (r = cw_file_remove(path, err)) < 0)
		return r;
	cw_buf_init(&b, CW_PKI_PEM_MAX);
	if ((r = cw_pki_key_put(&b, id->key, err)) < 0 ||
	    (r = store(&b, folder, "agent.key", err)) < 0)
		goto done;
	cw_buf_free_secret(&b);
	if ((r = cw_pki_cert_put(&b, id->cert, err)) < 0 ||
	    (r = store(&b, folder, "agent.crt", err)) < 0)
		goto done;
	cw_buf_clear(&b);
	if ((r = cw_pki_cert_put(&b, id->ca, err)) < 0 ||
	    (r = store(&b, folder, "ca.crt", err)) < 0)
		goto done;
	cw_buf_clear(&b);
	if ((r = cw_buf_put(&b, id->seal_private, CW_SEAL_KEY)) < 0 ||
	    (r = store(&b, folder, "seal.key", err)) < 0)
		goto done;
	cw_buf_free_secret(&b);
	if ((r = put_json(&b, id)) == CW_OK)
		r = store(&b, folder, "identity.json", err);
done:
	cw_buf_free_secret(&b);
	return r;
}

int
cw_identity_renewed(struct cw_identity *id, X509 *cert, const char *folder, struct cw_err *err)
{
	struct cw_buf b;
	int r;

	cw_buf_init(&b, CW_PKI_PEM_MAX);
	if (X509_check_private_key(cert, id->key) != 1)
		r = cw_fail(err, CW_EINVAL, "the renewed certificate is not for this agent's key");
	else if ((r = cw_pki_cert_put(&b, cert, err)) == CW_OK)
		r = store(&b, folder, "agent.crt", err);
	cw_buf_free(&b);
	if (r == CW_OK) {
		X509_free(id->cert);
		id->cert = cert;
	} else {
		X509_free(cert);
	}
	return r;
}

void
cw_identity_free(struct cw_identity *id)
{
	X509_free(id->ca);
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
	cw_wipe(id, sizeof(*id));
}

int
cw_identity_split(char ret_host[CW_IDENTITY_HOST_MAX], uint16_t *ret_port, const char *address,
    struct cw_err *err)
{
	const char *colon = strrchr(address, ':'), *host = address;
	size_t n = colon != NULL ? (size_t)(colon - address) : 0;
	unsigned long port = 0;

	if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
		host++;
		n -= 2;
	} else if (n > 0 && memchr(host, ':', n) != NULL) {
		n = 0; /* an IPv6 address without brackets */
	}
	for (size_t i = 0; i < n; i++) { /* it becomes part of a URL */
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:%",
			host[i]) == NULL)
			n = 0;
	}
	for (const char *p = n > 0 ? colon + 1 : ""; *p != '\0'; p++) {
		if (*p < '0' || *p > '9' || (port = port * 10 + (unsigned long)(*p - '0')) > 65535)
			n = 0;
		if (n == 0)
			break;
	}
	if (n == 0 || n >= CW_IDENTITY_HOST_MAX || port == 0)
		return cw_fail(err, CW_EINVAL,
		    "\"%.100s\" is not HOST:PORT (an IPv6 address stands in brackets)", address);
	memcpy(ret_host, host, n);
	ret_host[n] = '\0';
	*ret_port = (uint16_t)port;
	return CW_OK;
}
