/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Enrolment: one connection, one request, one identity.
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
#include "crypto/token.h"
#include "link/connection.h"
#include "link/enrol.h"
#include "link/link_internal.h"
#include "os/clock.h"
#include "os/file.h"

struct enrol {
	struct cw_identity id;
	struct cw_connection *connection;
	char *folder, *token, *hostname;
	uint8_t ca_sha256[CW_PKI_SHA256];
	struct cw_err err; /* why it failed, when that is not why the connection ended */
	bool stored;
	void (*done)(void *arg, const struct cw_err *err);
	void *arg;
};

static void
enrol_free(struct enrol *e)
{
	if (e->token != NULL)
		cw_wipe(e->token, strlen(e->token));
	free(e->token);
	free(e->folder);
	free(e->hostname);
	cw_identity_free(&e->id);
	free(e);
}

/* The answer. */

static int
read_uuid(char ret[CW_UUID_TEXT], const cJSON *answer, const char *name, struct cw_err *err)
{
	const char *text;
	uint8_t uuid[16];
	int r;

	if ((r = cw_json_need_str(&text, answer, name, err)) < 0)
		return r;
	if (cw_uuid_parse(uuid, text, strlen(text)) < 0)
		return cw_fail(err, CW_EPROTO, "the bridge's %s is not a UUID", name);
	cw_uuid_text(ret, uuid);
	return CW_OK;
}

static int
read_cert(X509 **ret, const cJSON *answer, const char *name, struct cw_err *err)
{
	const char *pem;
	int r;

	if ((r = cw_json_need_str(&pem, answer, name, err)) < 0)
		return r;
	return cw_pki_cert_read(ret, pem, strlen(pem), err);
}

static int
take(struct enrol *e, const cJSON *answer, struct cw_err *err)
{
	char agent[CW_PKI_NAME_TEXT], tenant[CW_PKI_NAME_TEXT];
	struct cw_identity *id = &e->id;
	uint8_t hash[CW_PKI_SHA256];
	int r;

	if ((r = read_uuid(id->agent, answer, "agent", err)) < 0 ||
	    (r = read_uuid(id->tenant, answer, "tenant", err)) < 0 ||
	    (r = cw_identity_roles(id->roles, cw_json_get(answer, "roles"), err)) < 0 ||
	    (r = read_cert(&id->ca, answer, "ca", err)) < 0 ||
	    (r = read_cert(&id->cert, answer, "certificate", err)) < 0)
		return r;
	cw_pki_cert_sha256(hash, id->ca);
	if (!cw_const_eq(hash, e->ca_sha256, sizeof(hash)))
		return cw_fail(err, CW_EPROTO, "the bridge's CA is not the one of the token");
	if ((r = cw_pki_verify(id->cert, id->ca, CW_PKI_CLIENT, cw_clock_unix_ms(), err)) < 0)
		return r;
	if (cw_pki_cert_subject(agent, tenant, id->cert) < 0 || !cw_streq(agent, id->agent) ||
	    !cw_streq(tenant, id->tenant) || X509_check_private_key(id->cert, id->key) != 1)
		return cw_fail(err, CW_EPROTO, "the bridge's certificate is not for this server");
	return cw_identity_store(id, e->folder, err);
}

static void
on_answer(void *arg, const struct cw_wire_answer *answer)
{
	struct enrol *e = arg;
	int r;

	if (answer->code == CW_ECLOSED || answer->code == CW_ETIMEOUT) {
		(void)cw_fail(&e->err, CW_EUNKNOWN,
		    "no answer from the bridge (%s): the token may be used up; make a new one and "
		    "revoke the agent that may have been made",
		    answer->message);
	} else if (answer->code < 0) {
		(void)cw_fail(&e->err, answer->code, "the bridge refused: %s", answer->message);
	} else if ((r = take(e, answer->result, &e->err)) < 0) {
		if (e->err.code == 0)
			(void)cw_fail(&e->err, r, "%s", cw_strerror(r));
	} else {
		e->stored = true;
	}
	cw_connection_close(e->connection, CW_ECLOSED, "enrolment is over");
}

/* The question. */

static void
on_opened(void *arg, struct cw_connection *c)
{
	static const struct cw_wire_events events = { NULL, on_answer };
	struct enrol *e = arg;
	struct cw_buf csr;
	char key[64];
	cJSON *p;
	int r;

	cw_buf_init(&csr, CW_PKI_PEM_MAX);
	/* The names in a request mean nothing; the bridge decides them. */
	if ((r = cw_pki_csr_put(&csr, e->id.key, "agent", &e->err)) == CW_OK) {
		link_base64_key(key, e->id.seal_public);
		p = cJSON_CreateObject();
		cJSON_AddStringToObject(p, "token", e->token);
		cJSON_AddStringToObject(p, "csr", cw_buf_str(&csr));
		cJSON_AddStringToObject(p, "seal_key", key);
		cJSON_AddStringToObject(p, "hostname", e->hostname);
		r = cw_wire_request(NULL, cw_connection_wire(c), "agent.enrol", p, &events, e,
		    CW_ENROL_ANSWER_MS, cw_clock_ms());
	}
	cw_buf_free(&csr);
	if (r < 0)
		cw_connection_close(c, r, "cannot ask the bridge for a certificate");
}

static void
on_closed(void *arg, const struct cw_err *why, enum cw_connection_hop hop)
{
	static const struct cw_err ok = { 0 };
	struct enrol *e = arg;

	(void)hop;
	e->done(e->arg, e->stored ? &ok : e->err.code != 0 ? &e->err : why);
	enrol_free(e);
}

/* The beginning. */

static int
prepare(struct enrol *e, const struct cw_enrol_config *config, struct cw_err *err)
{
	int r;

	if ((r = cw_token_read(e->ca_sha256, config->token, err)) < 0 ||
	    (r = cw_identity_split(e->id.host, &e->id.port, config->bridge, err)) < 0)
		return r;
	if (!config->replace && cw_identity_exists(config->folder))
		return cw_fail(err, CW_ECONFLICT,
		    "this server is enrolled already (%s); replace that only to start over",
		    config->folder);
	if ((r = cw_file_mkdir_private(config->folder, err)) < 0)
		return r;
	if ((e->folder = cw_strdup(config->folder)) == NULL ||
	    (e->token = cw_strdup(config->token)) == NULL ||
	    (e->hostname = cw_strdup(config->hostname)) == NULL)
		return cw_fail(err, CW_ENOMEM, "no memory to enrol");
	if ((r = cw_pki_key_new(&e->id.key, err)) < 0)
		return r;
	if (cw_seal_keypair(e->id.seal_public, e->id.seal_private) < 0)
		return cw_fail(err, CW_ESYS, "cannot make the sealing key");
	return CW_OK;
}

int
cw_enrol_start(uv_loop_t *loop, const struct cw_enrol_config *config,
    void (*done)(void *arg, const struct cw_err *err), void *arg, struct cw_err *err)
{
	struct enrol *e = calloc(1, sizeof(*e));
	int r;

	if (e == NULL)
		return cw_fail(err, CW_ENOMEM, "no memory to enrol");
	e->done = done;
	e->arg = arg;
	if ((r = prepare(e, config, err)) == CW_OK) {
		const struct cw_connection_config c = {
			.loop = loop,
			.host = e->id.host,
			.port = e->id.port,
			.proxy = config->proxy,
			.alpn = CW_ALPN_ENROL,
			.ca_sha256 = e->ca_sha256,
			.arg = e,
			.opened = on_opened,
			.closed = on_closed,
		};
		r = cw_connection_new(&e->connection, &c, err);
	}
	if (r < 0)
		enrol_free(e);
	return r;
}

static void
keep_error(void *arg, const struct cw_err *err)
{
	*(struct cw_err *)arg = *err;
}

int
cw_enrol(const struct cw_enrol_config *config, struct cw_err *err)
{
	struct cw_err result = { 0 };
	uv_loop_t loop;
	int r;

	if (uv_loop_init(&loop) != 0)
		return cw_fail(err, CW_ESYS, "cannot make an event loop");
	if ((r = cw_enrol_start(&loop, config, keep_error, &result, err)) == CW_OK) {
		(void)uv_run(&loop, UV_RUN_DEFAULT);
		if ((r = result.code) < 0 && err != NULL)
			*err = result;
	}
	(void)uv_loop_close(&loop);
	return r;
}
