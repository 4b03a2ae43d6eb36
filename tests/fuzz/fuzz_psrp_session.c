/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole session with an engine that may say anything and a client that may do
 * anything: the input is a script of tests/replay, without expectations.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "replay/player.h"

#define LINES_MAX 200 /* of one script */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What costs time and shows nothing: keys of 2048 bits, very long texts. */
static bool
is_slow(const char *line)
{
	return strstr(line, "key") != NULL || strstr(line, "KEY_REQUEST") != NULL ||
	    strstr(line, "large") != NULL;
}

static void
play_line(struct player *p, const char *line)
{
	struct cw_err err;
	struct cw_buf bytes;

	if (is_slow(line))
		return;
	if (line[0] != '<') {
		(void)player_do(p, line, &err);
		return;
	}
	cw_buf_init(&bytes, 1u << 20);
	if (line[1] == ' ' && player_engine_bytes(p, &bytes, line + 2, &err))
		player_feed(p, cw_buf_peek(&bytes), cw_buf_left(&bytes));
	cw_buf_free(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct player *p;
	char *text, *end;
	int lines = 0;

	if (player_new(&p) < 0 || (text = malloc(len + 1)) == NULL)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	for (char *line = text; line < text + len && lines++ < LINES_MAX; line = end + 1) {
		end = line + strcspn(line, "\n");
		*end = '\0';
		play_line(p, line);
	}
	while (player_sent(p) != NULL || player_told(p) != NULL)
		;
	free(text);
	player_free(p);
	return 0;
}
