/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay SCRIPT...: plays each conversation (README.md) three times, the engine's
 * bytes coming line by line, one by one, and as many lines at once as stand
 * together; the session must send and tell exactly what the script says.
 * replay --fill SCRIPT prints it with what the session did, for writing one.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "os/file.h"
#include "replay/player.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

enum pace { BY_LINE, BY_BYTE, AT_ONCE };

struct replay {
	struct player *player;
	enum pace pace;
	bool fill;
	struct cw_buf engine; /* bytes of the engine's lines that have not been fed */
	struct cw_buf sent, told; /* AT_ONCE: what they will have led to */
	const char *file;
	unsigned line;
};

static void
fail(const struct replay *r, const char *what, const char *is, const char *want)
{
	static const char *const paces[] = { "line by line", "byte by byte", "at once" };

	fprintf(stderr, "%s:%u (%s): %s is\n  %s\nwant\n  %s\n", r->file, r->line, paces[r->pace],
	    what, is != NULL ? is : "(nothing)", want);
	test_failed = 1;
}

static void
print_all(struct replay *r)
{
	const char *line;

	while ((line = player_sent(r->player)) != NULL)
		printf("> %s\n", line);
	while ((line = player_told(r->player)) != NULL)
		printf("! %s\n", line);
}

static void
expect(struct replay *r, const char *what, const char *is, const char *want)
{
	if (is == NULL || strcmp(is, want) != 0)
		fail(r, what, is, want);
}

/* Compares what was sent or told with lines that were put off. */
static void
expect_lines(
    struct replay *r, struct cw_buf *lines, const char *what, const char *(*next)(struct player *p))
{
	char *line = (char *)(uintptr_t)cw_buf_str(lines);

	while (*line != '\0' && !test_failed) {
		size_t n = strcspn(line, "\n");

		line[n] = '\0';
		expect(r, what, next(r->player), line);
		line += n + 1;
	}
	cw_buf_clear(lines);
}

static void
flush(struct replay *r)
{
	const uint8_t *p = cw_buf_peek(&r->engine);
	size_t n = cw_buf_left(&r->engine);

	if (n > 0 && r->pace != BY_BYTE)
		player_feed(r->player, p, n);
	else
		for (size_t i = 0; i < n; i++)
			player_feed(r->player, p + i, 1);
	cw_buf_clear(&r->engine);
	if (r->fill)
		print_all(r);
	expect_lines(r, &r->sent, "what is sent", player_sent);
	expect_lines(r, &r->told, "what is told", player_told);
}

static void
play_expectation(struct replay *r, const char *line)
{
	bool sent = line[0] == '>';

	if (r->fill)
		return;
	if (r->pace == AT_ONCE)
		(void)cw_buf_printf(sent ? &r->sent : &r->told, "%s\n", line + 2);
	else if (sent)
		expect(r, "what is sent", player_sent(r->player), line + 2);
	else
		expect(r, "what is told", player_told(r->player), line + 2);
}

/* What a conversation has led to and the script did not say. */
static void
expect_no_more(struct replay *r)
{
	const char *rest;

	flush(r);
	if (r->fill || test_failed)
		return;
	if ((rest = player_sent(r->player)) != NULL)
		fail(r, "what is sent at the end", rest, "nothing");
	if ((rest = player_told(r->player)) != NULL)
		fail(r, "what is told at the end", rest, "nothing");
}

static void
begin(struct replay *r)
{
	if (r->player != NULL) {
		expect_no_more(r);
		player_free(r->player);
	}
	if (player_new(&r->player) < 0)
		exit(2);
}

static void
play_line(struct replay *r, const char *line)
{
	struct cw_err err = { 0 };
	bool ok = true;

	if ((line[0] == '>' || line[0] == '!') && line[1] == ' ') {
		play_expectation(r, line);
		return;
	}
	if (cw_starts_with(line, "== "))
		begin(r);
	if (r->fill)
		puts(line);
	if (line[0] == '<' && line[1] == ' ') {
		ok = player_engine_bytes(r->player, &r->engine, line + 2, &err);
		if (r->pace != AT_ONCE)
			flush(r);
	} else if (line[0] != '#' && line[0] != '\0' && line[0] != '=') {
		flush(r);
		ok = player_do(r->player, line, &err);
		if (r->fill)
			print_all(r);
	}
	if (!ok)
		fail(r, "this line", err.text, line);
}

static void
play(const char *file, char *text, enum pace pace, bool fill)
{
	struct replay r = { .pace = pace, .fill = fill, .file = file };

	cw_buf_init(&r.engine, 64u << 20);
	cw_buf_init(&r.sent, 1u << 20);
	cw_buf_init(&r.told, 1u << 20);
	begin(&r);
	for (char *line = text, *end; *line != '\0' && !test_failed; line = end) {
		size_t n = strcspn(line, "\r\n");

		end = line + n + strspn(line + n, "\r");
		end += *end == '\n';
		line[n] = '\0';
		r.line++;
		play_line(&r, line);
	}
	expect_no_more(&r);
	player_free(r.player);
	cw_buf_free(&r.engine);
	cw_buf_free(&r.sent);
	cw_buf_free(&r.told);
}

static void
play_file(const char *file, enum pace pace, bool fill)
{
	struct cw_err err = { 0 };
	struct cw_buf text;

	cw_buf_init(&text, 16u << 20);
	test_case = file;
	CHECK_EQ(cw_file_read(&text, file, &err), CW_OK);
	CHECK_STR(err.text, "");
	if (!test_failed)
		play(file, (char *)(uintptr_t)cw_buf_str(&text), pace, fill);
	cw_buf_free(&text);
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--fill") == 0) {
		play_file(argv[2], BY_LINE, true);
		return test_failed;
	}
	for (int i = 1; i < argc; i++) {
		play_file(argv[i], BY_LINE, false);
		if (!test_failed)
			play_file(argv[i], BY_BYTE, false);
		if (!test_failed)
			play_file(argv[i], AT_ONCE, false);
	}
	return argc > 1 ? test_failed : 2;
}
