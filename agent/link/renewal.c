/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate is renewed over the live connection, well before it ends. The new
 * one counts from the next connection on; until then the bridge takes both.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "crypto/pki.h"
#include "link/link_internal.h"
#include "os/clock.h"
#include "os/random.h"

#define LOOK_AGAIN_MS (24 * 60 * 60 * 1000) /* the wall clock may be set meanwhile */

static void
failed(struct cw_link *link, int code, const char *why)
{
	(void)cw_fail(&link->error, code, "the certificate cannot be renewed: %s", why);
	uv_timer_start(&link->renewal, link_renewal_due,
	    CW_LINK_RENEW_AGAIN_MS + cw_random_below(CW_LINK_RENEW_AGAIN_MS), 0);
	if (link->config.changed != NULL)
		link->config.changed(link->config.arg);
}

/* Only one that this agent could connect with replaces the one that it has. */
static int
take(struct cw_link *link, const cJSON *result, struct cw_err *err)
{
	struct cw_identity *id = link->config.identity;
	char agent[CW_PKI_NAME_TEXT], tenant[CW_PKI_NAME_TEXT];
	const char *pem;
	X509 *cert;
	int r;

	if ((r = cw_json_need_str(&pem, result, "certificate", err)) < 0 ||
	    (r = cw_pki_cert_read(&cert, pem, strlen(pem), err)) < 0)
		return r;
	if ((r = cw_pki_verify(cert, id->ca, CW_PKI_CLIENT, cw_clock_unix_ms(), err)) == CW_OK &&
	    (cw_pki_cert_subject(agent, tenant, cert) < 0 || !cw_streq(agent, id->agent) ||
		!cw_streq(tenant, id->tenant)))
		r = cw_fail(err, CW_EPROTO, "the bridge sent the certificate of another agent");
	if (r < 0) {
		X509_free(cert);
		return r;
	}
	return cw_identity_renewed(id, cert, link->folder, err);
}

static void
renew_done(void *arg, const struct cw_wire_answer *answer)
{
	struct cw_link *link = arg;
	struct cw_err err = { 0 };
	int r;

	if (answer->code == CW_ECLOSED || link->closed != NULL)
		return; /* planned again by the next connection */
	if (answer->code < 0) {
		failed(link, answer->code, answer->message);
	} else if ((r = take(link, answer->result, &err)) < 0) {
		failed(link, r, err.text);
	} else {
		link_renewal_plan(link);
		if (link->config.changed != NULL)
			link->config.changed(link->config.arg);
	}
}

void
cw_link_renew(struct cw_link *link)
{
	static const struct cw_wire_events events = { NULL, renew_done };
	const struct cw_identity *id = link->config.identity;
	struct cw_err err = { 0 };
	struct cw_buf csr;
	cJSON *params;
	int r;

	if (link->state != CW_LINK_UP || link->closed != NULL)
		return;
	cw_buf_init(&csr, CW_PKI_PEM_MAX);
	if ((r = cw_pki_csr_put(&csr, id->key, id->agent, &err)) == CW_OK) {
		params = cJSON_CreateObject();
		cJSON_AddStringToObject(params, "csr", cw_buf_str(&csr));
		r = cw_wire_request(NULL, cw_connection_wire(link->connection), "agent.renew",
		    params, &events, link, CW_LINK_HELLO_MS, cw_clock_ms());
	}
	cw_buf_free(&csr);
	if (r < 0)
		failed(link, r, err.text[0] != '\0' ? err.text : cw_strerror(r));
	else
		cw_connection_arm(link->connection);
}

void
link_renewal_due(uv_timer_t *timer)
{
	struct cw_link *link = timer->data;
	int64_t from, until, now = cw_clock_unix_ms();

	if (cw_pki_cert_validity(&from, &until, link->config.identity->cert) < 0 ||
	    now >= from + (until - from) / 3 * 2)
		cw_link_renew(link);
	else
		link_renewal_plan(link);
}

void
link_renewal_plan(struct cw_link *link)
{
	int64_t from, until, left = 0;

	if (cw_pki_cert_validity(&from, &until, link->config.identity->cert) == CW_OK)
		left = from + (until - from) / 3 * 2 - cw_clock_unix_ms();
	/* Never faster than a second: a bridge whose certificates are due at once is no loop. */
	left = left < 1000 ? 1000 : left > LOOK_AGAIN_MS ? LOOK_AGAIN_MS : left;
	uv_timer_start(&link->renewal, link_renewal_due, (uint64_t)left, 0);
}
