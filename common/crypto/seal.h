/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SEAL_H
#define CW_SEAL_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_err;

/*
 * One message for the holder of one X25519 key, opened nowhere in between.
 *
 *   box  =  version (1 byte, 1) | ephemeral public key (32) | ciphertext | tag (16)
 *   X25519 (RFC 7748) of the ephemeral and the receiver's key gives the secret
 *   HKDF-SHA-256 (RFC 5869): salt = ephemeral public | receiver's public,
 *     info = "causeway/seal/1" | 0 | context; 44 bytes = AES-256 key | GCM nonce
 *   AES-256-GCM, the first 33 bytes of the box as additional data
 *
 * The ephemeral key is used once, so the derived nonce is used once. The sender
 * is not authenticated: the wire does that.
 */
#define CW_SEAL_KEY 32u /* bytes, public or private */
#define CW_SEAL_OVERHEAD (1u + 32u + 16u) /* bytes that a box is longer than its message */
#define CW_SEAL_MESSAGE_MAX (64u * 1024u) /* bytes */
#define CW_SEAL_CONTEXT_MAX 512u /* bytes */

int cw_seal_keypair(uint8_t ret_public[CW_SEAL_KEY], uint8_t ret_private[CW_SEAL_KEY]);
/* The public key that belongs to a private one. */
int cw_seal_public(uint8_t ret_public[CW_SEAL_KEY], const uint8_t private_key[CW_SEAL_KEY]);

/* Appends the box. CW_EINVAL: the public key is not a usable one; CW_ELIMIT: too long. */
int cw_seal(struct cw_buf *ret, const uint8_t peer_public[CW_SEAL_KEY], const char *context,
    const void *p, size_t n, struct cw_err *err);
/* Appends the message; give ret back to cw_buf_free_secret(). CW_EAUTH: not for this key, not for
 * this context, or changed on the way. Nothing is appended on failure. */
int cw_unseal(struct cw_buf *ret, const uint8_t private_key[CW_SEAL_KEY], const char *context,
    const void *box, size_t n, struct cw_err *err);

/* The context of a command's secret parameter on its way to an agent. agent and operation are UUIDs
 * in lower case, parameter is its full name as the catalogue writes it. */
void cw_seal_secret_context(
    char ret[CW_SEAL_CONTEXT_MAX], const char *agent, const char *operation, const char *parameter);

#endif
