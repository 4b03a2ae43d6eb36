/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_REPLAY_PLAYER_INTERNAL_H
#define CW_REPLAY_PLAYER_INTERNAL_H

#include "base/str.h"
#include "powershell/session.h"
#include "replay/player.h"

/*
 * What player.c (the client's lines, and what the session did) and player_engine.c
 * (the engine's lines) share.
 */
#define RUNS 20 /* numbers that a script may use */
#define TEXT_MAX 8192 /* bytes of a value; of a longer one its beginning and its length */
#define POOL "00000000-0000-0000-0000-000000000000"

struct run {
	struct player *player;
	struct cw_psrp_pipeline *pipeline; /* NULL: not running */
	char guid[CW_UUID_TEXT];
	int number;
	bool quiet; /* records are not wanted */
	bool stops; /* at its first output */
	bool answers; /* host calls at once */
};

struct player {
	struct cw_psrp *session;
	uint64_t now;
	struct cw_ps_arena *arena;
	struct run runs[RUNS];
	struct run *starting; /* the next Command's GUID is its */
	struct cw_buf sent, told, line; /* lines; the one given out last */
	struct cw_buf wire;
	uint64_t engine_object; /* ids of the messages that the script makes up */
	struct cw_psrp_host_call call; /* the last one */
	struct cw_buf public_key; /* base64, once it has been sent */
	bool close_at_told;
};

#endif
