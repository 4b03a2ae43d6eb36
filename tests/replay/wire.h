/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_REPLAY_WIRE_H
#define CW_REPLAY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * What a script's lines say of the wire, and how a line's words are taken.
 */

/* Take one word off the front of a line, and the space behind it. False: something else stands
 * there. */
bool wire_take_word(const char **line, const char *word);
bool wire_take_number(const char **line, long *ret);

/* Appends "Data WHO TYPE", with the text of input and answers, for a Data line's base64; "..."
 * where more fragments follow. Keeps a public key that goes by. */
void wire_describe_data(
    struct cw_buf *out, struct cw_buf *public_key, const char *who, const char *base64, size_t n);

/* Append a Data line. line is "TYPE XML", a message in one fragment; or "OBJECT NUMBER FLAGS TEXT",
 * exactly this fragment. */
bool wire_put_message(
    struct cw_buf *out, const uint8_t guid[16], uint64_t object_id, const char *line);
bool wire_put_fragment(struct cw_buf *out, const uint8_t guid[16], const char *line);

#endif
