/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record ENGINE SCRIPT: plays the client's lines of a script against a real
 * engine (a program that takes -s) and prints the conversation as a script:
 * what it answered, what the session sent and told. For making new ones; the
 * engine has answered when it has been silent for a while.
 */
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "replay/player.h"

#define SILENCE_MS 700

extern char **environ;

static pid_t engine;
static int to_engine, from_engine;
static struct player *player;
static struct cw_buf in;

static int
start(const char *program)
{
	char *argv[] = { (char *)(uintptr_t)program, "-s", NULL };
	posix_spawn_file_actions_t actions;
	int a[2], b[2], r;

	if (pipe(a) < 0 || pipe(b) < 0)
		return -1;
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, a[0], 0);
	(void)posix_spawn_file_actions_adddup2(&actions, b[1], 1);
	(void)posix_spawn_file_actions_addclose(&actions, a[1]);
	(void)posix_spawn_file_actions_addclose(&actions, b[0]);
	r = posix_spawn(&engine, program, &actions, NULL, argv, environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(a[0]);
	(void)close(b[1]);
	to_engine = a[1];
	from_engine = b[0];
	return r == 0 ? 0 : -1;
}

static void
print_all(void)
{
	const char *line;

	while ((line = player_sent(player)) != NULL)
		printf("> %s\n", line);
	while ((line = player_told(player)) != NULL)
		printf("! %s\n", line);
}

static void
pass_on(void)
{
	struct cw_buf *wire = player_wire(player);

	while (cw_buf_left(wire) > 0) {
		ssize_t n = write(to_engine, cw_buf_peek(wire), cw_buf_left(wire));

		if (n <= 0)
			exit(1);
		cw_buf_skip(wire, (size_t)n);
	}
}

static void
hear_line(char *line)
{
	struct cw_buf general;

	cw_buf_init(&general, 1u << 20);
	player_generalise(player, &general, line);
	printf("< %s\n", cw_buf_str(&general));
	cw_buf_free(&general);
	line[strlen(line)] = '\n';
	player_feed(player, line, strcspn(line, "\n") + 1);
	print_all();
	pass_on();
}

/* Until the engine is silent. */
static void
hear(void)
{
	struct pollfd fd = { .fd = from_engine, .events = POLLIN };
	char *newline;

	while (poll(&fd, 1, SILENCE_MS) > 0) {
		uint8_t *room = cw_buf_reserve(&in, 65536);
		ssize_t n = read(from_engine, room, 65536);

		if (n <= 0)
			return;
		cw_buf_added(&in, (size_t)n);
		while ((newline = memchr(cw_buf_peek(&in), '\n', cw_buf_left(&in))) != NULL) {
			char *line = (char *)(uintptr_t)cw_buf_peek(&in);
			size_t len = (size_t)(newline + 1 - line);
			char *copy = malloc(len + 1);

			memcpy(copy, line, len);
			copy[len - 1] = copy[len] = '\0';
			hear_line(copy);
			free(copy);
			cw_buf_skip(&in, len);
		}
	}
}

int
main(int argc, char **argv)
{
	FILE *script = argc == 3 ? fopen(argv[2], "r") : NULL;
	struct cw_err err;
	char line[4096];

	if (script == NULL) {
		fputs("usage: record ENGINE SCRIPT\n", stderr);
		return 2;
	}
	(void)signal(SIGPIPE, SIG_IGN);
	cw_buf_init(&in, 1u << 22);
	if (player_new(&player) < 0 || start(argv[1]) < 0)
		exit(2);
	while (fgets(line, sizeof(line), script) != NULL) {
		line[strcspn(line, "\r\n")] = '\0';
		if (strchr("<>!", line[0]) != NULL && line[0] != '\0')
			continue;
		puts(line);
		if (line[0] == '#' || line[0] == '\0')
			continue;
		if (!player_do(player, line, &err))
			fprintf(stderr, "%s: %s\n", line, err.text);
		print_all();
		pass_on();
		hear();
	}
	(void)fclose(script);
	(void)kill(engine, SIGKILL);
	(void)waitpid(engine, NULL, 0);
	player_free(player);
	cw_buf_free(&in);
	return 0;
}
