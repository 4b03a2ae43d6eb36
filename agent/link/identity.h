/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_IDENTITY_H
#define CW_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <openssl/types.h>

#include "base/str.h"

struct cw_err;

/*
 * Who this agent is, in its state folder:
 *
 *   agent.key, agent.crt   its key and certificate for the wire
 *   ca.crt                 the bridge's CA, the only one trusted
 *   seal.key               its X25519 private key (32 bytes), for passwords sent to it
 *   identity.json          {tenant, agent, host, port, roles}; written last: with it the agent is
 *                          enrolled
 *
 * All are private to the service's account.
 */
#define CW_IDENTITY_HOST_MAX 256u /* bytes, with the NUL */
#define CW_IDENTITY_ROLES_MAX 8
#define CW_IDENTITY_ROLE_MAX 32u /* bytes, with the NUL */

struct cw_identity {
	char tenant[CW_UUID_TEXT];
	char agent[CW_UUID_TEXT];
	char host[CW_IDENTITY_HOST_MAX]; /* of the bridge, a name or an address without brackets */
	uint16_t port;
	char roles[CW_IDENTITY_ROLES_MAX][CW_IDENTITY_ROLE_MAX]; /* granted; "" ends them */
	X509 *ca, *cert;
	EVP_PKEY *key;
	uint8_t seal_public[32], seal_private[32];
};

bool cw_identity_exists(const char *folder);
/* CW_ENOTFOUND: not enrolled. CW_EINVAL: err names the file that is not what it should be. On
 * success free *ret. */
int cw_identity_load(struct cw_identity *ret, const char *folder, struct cw_err *err);
int cw_identity_store(const struct cw_identity *id, const char *folder, struct cw_err *err);
/* After a renewal: the certificate alone, in one step. It takes the one given over. */
int cw_identity_renewed(struct cw_identity *id, X509 *cert, const char *folder, struct cw_err *err);
void cw_identity_free(struct cw_identity *id); /* wipes the keys; ok on a zeroed one */

/* Reads a list of role names into ret. CW_EINVAL: not such a list. */
int cw_identity_roles(
    char ret[CW_IDENTITY_ROLES_MAX][CW_IDENTITY_ROLE_MAX], const cJSON *list, struct cw_err *err);

/* Splits "host:port", "[v6]:port". CW_EINVAL says what is wrong. */
int cw_identity_split(char ret_host[CW_IDENTITY_HOST_MAX], uint16_t *ret_port, const char *address,
    struct cw_err *err);

#endif
