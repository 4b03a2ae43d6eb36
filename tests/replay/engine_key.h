/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_REPLAY_ENGINE_KEY_H
#define CW_REPLAY_ENGINE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_buf;

/*
 * The engine's side of the session key exchange, for tests.
 */
extern const uint8_t engine_key[32];

/* Encrypts engine_key to the client's public key (base64 of its blob), as the engine does, and
 * appends the base64 text of ENCRYPTED_SESSION_KEY. */
bool engine_session_key(struct cw_buf *out, const char *public_base64, size_t n);
/* The same with another key, and the blob's last `cut` bytes missing. */
bool engine_session_key_of(struct cw_buf *out, const char *public_base64, size_t n,
    const uint8_t *key, size_t key_len, size_t cut);

#endif
