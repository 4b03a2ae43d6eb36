/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificates and keys with which the bridge signs in, one private file for each tenant.
 */
#include <string.h>

#include "crypto/pki.h"
#include "graph/graph_internal.h"
#include "graph/policy.h"
#include "os/file.h"

#define PEM_MAX (2u * CW_PKI_PEM_MAX)

/* The id becomes a file name: nothing but a UUID passes. */
static int
path_of(struct cw_buf *path, const struct cw_graph *g, const char *tenant, struct cw_err *err)
{
	uint8_t uuid[16];
	char id[CW_UUID_TEXT];

	if (tenant == NULL || cw_uuid_parse(uuid, tenant, strlen(tenant)) < 0)
		return cw_fail(err, CW_EINVAL, "a tenant is named by its UUID");
	cw_uuid_text(id, uuid);
	if (cw_buf_printf(path, "%s/%s.pem", g->keys_folder, id) < 0 || cw_buf_str(path) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	return CW_OK;
}

int
cw_graph_key_read(
    struct cw_buf *pem, const struct cw_graph *g, const char *tenant, struct cw_err *err)
{
	struct cw_buf path;
	int r;

	cw_buf_init(&path, 8192);
	if ((r = path_of(&path, g, tenant, err)) == CW_OK)
		r = cw_file_read(pem, cw_buf_str(&path), err);
	cw_buf_free(&path);
	if (r == CW_ENOTFOUND)
		return cw_fail(err, CW_EAUTH,
		    "the tenant has no certificate for Graph yet: set one with its Graph settings");
	return r;
}

int
cw_graph_set_key(struct cw_graph *g, const char *tenant_uuid, const char *certificate_pem,
    const char *key_pem, struct cw_err *err)
{
	struct cw_buf path, pem;
	struct cw_graph_tenant *t;
	int r;

	cw_buf_init(&path, 8192);
	cw_buf_init(&pem, PEM_MAX);
	if ((r = path_of(&path, g, tenant_uuid, err)) < 0)
		goto done;
	if (cw_buf_puts(&pem, certificate_pem) < 0 || cw_buf_putc(&pem, '\n') < 0 ||
	    cw_buf_puts(&pem, key_pem) < 0 || cw_buf_str(&pem) == NULL) {
		r = cw_fail(
		    err, CW_EINVAL, "certificate and key are longer than %u bytes", PEM_MAX);
		goto done;
	}
	if ((r = cw_graph_key_check(cw_buf_str(&pem), cw_buf_left(&pem), err)) < 0 ||
	    (r = cw_file_write(
		 cw_buf_str(&path), cw_buf_peek(&pem), cw_buf_left(&pem), true, err)) < 0)
		goto done;
	if ((t = cw_graph_tenant_find(g, tenant_uuid)) != NULL)
		cw_graph_token_forget(t, 0);
done:
	cw_buf_free(&path);
	cw_buf_free_secret(&pem);
	return r;
}

int
cw_graph_forget_key(struct cw_graph *g, const char *tenant_uuid, struct cw_err *err)
{
	struct cw_buf path;
	struct cw_graph_tenant *t;
	int r;

	cw_buf_init(&path, 8192);
	if ((r = path_of(&path, g, tenant_uuid, err)) == CW_OK)
		r = cw_file_remove(cw_buf_str(&path), err);
	if (r == CW_OK && (t = cw_graph_tenant_find(g, tenant_uuid)) != NULL)
		cw_graph_token_forget(t, 0);
	cw_buf_free(&path);
	return r;
}
