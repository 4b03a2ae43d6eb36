/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_AGENTS_TLS_H
#define CW_AGENTS_TLS_H

#include <openssl/types.h>

struct cw_ca;
struct cw_err;

/*
 * The rules of the agents' port: TLS 1.3, no tickets and no resumption, trust in the
 * bridge's own CA alone. The ALPN name decides who may come in: `causeway/1` needs an
 * agent's certificate, `causeway-enrol/1` none; anything else ends the handshake.
 */
#define CW_ALPN_WIRE "causeway/1"
#define CW_ALPN_ENROL "causeway-enrol/1"

/* On success *ret is the caller's, for SSL_CTX_free(). */
int cw_agents_tls_new(SSL_CTX **ret, const struct cw_ca *ca, struct cw_err *err);

#endif
