/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CA_H
#define CW_CA_H

#include <stdint.h>

#include <openssl/types.h>

struct cw_err;

/*
 * The bridge's own CA and its listener's certificate, kept in the state folder:
 * ca.key, ca.crt, agents.key, agents.crt. The keys are private to this account.
 */
struct cw_ca {
	X509 *cert;
	EVP_PKEY *key;
	X509 *server_cert; /* of the agents' listener */
	EVP_PKEY *server_key;
};

#define CW_CA_YEARS 30u
#define CW_CA_SERVER_DAYS (5u * 365u)
#define CW_CA_SERVER_RENEW_DAYS 365 /* left, at start */

/*
 * Reads the CA, or makes it where there is none yet; the same for the listener's certificate, which
 * is also made anew for other names (comma separated DNS names and addresses) and when it ends in
 * less than a year. CW_EINVAL: a file is there and is not what it should be; err names it.
 */
int cw_ca_open(struct cw_ca *ret, const char *state_folder, const char *names, int64_t now_ms,
    struct cw_err *err);
void cw_ca_free(struct cw_ca *ca); /* ok on a zeroed one */

/* The same for another server of the bridge: NAME.key and NAME.crt in the state folder, made where
 * there are none, and anew like the listener's. */
int cw_ca_server(const struct cw_ca *ca, const char *state_folder, const char *name,
    const char *names, unsigned days, int64_t now_ms, struct cw_err *err);

#endif
