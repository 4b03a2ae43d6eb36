/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agents' port as an SSL_CTX.
 */
#include <string.h>

#include <openssl/ssl.h>

#include "agents/ca.h"
#include "agents/tls.h"
#include "base/err.h"
#include "crypto/fail.h"

/* OpenSSL asks this before it decides whether to request a certificate, so the choice of protocol
 * can waive it. Whoever offers no ALPN at all meets the default, which requires one, and is
 * dropped after the handshake. */
static int
choose(SSL *ssl, const unsigned char **ret, unsigned char *ret_len, const unsigned char *offered,
    unsigned n, void *arg)
{
	static const char *const known[] = { CW_ALPN_WIRE, CW_ALPN_ENROL };

	(void)arg;
	for (size_t k = 0; k < CW_COUNT(known); k++) {
		for (unsigned at = 0; at < n; at += 1u + offered[at]) {
			if (offered[at] != strlen(known[k]) || n - at - 1 < offered[at] ||
			    memcmp(offered + at + 1, known[k], offered[at]) != 0)
				continue;
			if (k == 1)
				SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
			*ret = offered + at + 1;
			*ret_len = offered[at];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int
cw_agents_tls_new(SSL_CTX **ret, const struct cw_ca *ca, struct cw_err *err)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (ctx == NULL || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_num_tickets(ctx, 0) != 1 ||
	    SSL_CTX_use_certificate(ctx, ca->server_cert) != 1 ||
	    SSL_CTX_use_PrivateKey(ctx, ca->server_key) != 1 ||
	    SSL_CTX_add_extra_chain_cert(ctx, ca->cert) != 1) {
		SSL_CTX_free(ctx);
		return cw_crypto_fail(err, CW_ESYS, "cannot set up TLS for the agents' port");
	}
	X509_up_ref(ca->cert); /* the chain took ours */
	if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca->cert) != 1 ||
	    SSL_CTX_add_client_CA(ctx, ca->cert) != 1) {
		SSL_CTX_free(ctx);
		return cw_crypto_fail(err, CW_ESYS, "cannot set up trust for the agents' port");
	}
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_verify_depth(ctx, 1);
	SSL_CTX_set_max_cert_list(ctx, 16 * 1024); /* bytes; an agent's chain has one */
	SSL_CTX_set_alpn_select_cb(ctx, choose, NULL);
	*ret = ctx;
	return CW_OK;
}
