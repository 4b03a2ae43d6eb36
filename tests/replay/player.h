/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_REPLAY_PLAYER_H
#define CW_REPLAY_PLAYER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Plays the client's side of a conversation script (README.md) on a real session
 * with a fake clock, and writes down what the session sends and what it tells,
 * as the script's own lines.
 */
struct player;

int player_new(struct player **ret);
void player_free(struct player *p);

/* Does one of the client's lines ("run 1 script 1+1"). False: it is not such a line, err says why.
 */
bool player_do(struct player *p, const char *line, struct cw_err *err);
/* Makes the engine's bytes of one of its lines (what stands behind "< ") and appends them. */
bool player_engine_bytes(
    struct player *p, struct cw_buf *out, const char *line, struct cw_err *err);
/* The engine's bytes arrive. */
void player_feed(struct player *p, const void *bytes, size_t n);

/* Takes the oldest line that was sent ("Command 1"), or told ("output 1 2"). NULL: none is left. */
const char *player_sent(struct player *p);
const char *player_told(struct player *p);
/* The bytes that were sent, for a live engine. */
struct cw_buf *player_wire(struct player *p);
/* A line of a live engine as a script has it: with {N} for the GUID of pipeline N. */
void player_generalise(const struct player *p, struct cw_buf *out, const char *line);

#endif
