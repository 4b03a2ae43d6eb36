/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher's command line: agent/sandbox/launcher/plan.c reads it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "sandbox/unix/command.h"
#include "sandbox/unix/engine.h"

struct words {
	char **list;
	size_t count, room;
	bool failed;
};

static void
word(struct words *w, const char *text)
{
	if (w->count + 1 >= w->room && !w->failed) {
		size_t room = w->room == 0 ? 64 : w->room * 2;
		char **list = realloc(w->list, room * sizeof(*list));

		if (list == NULL) {
			w->failed = true;
			return;
		}
		w->list = list;
		w->room = room;
	}
	if (w->failed || (w->list[w->count] = cw_strdup(text)) == NULL) {
		w->failed = true;
		return;
	}
	w->list[++w->count] = NULL;
}

static void
option(struct words *w, const char *name, const char *value)
{
	word(w, name);
	word(w, value);
}

static void
number(struct words *w, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	option(w, name, text);
}

static void
file(struct words *w, const char *source, const char *inside)
{
	option(w, "--file", source);
	word(w, inside);
}

static void
limits(struct words *w, const struct cw_sandbox_limits *l)
{
	number(w, "--tmp-bytes", l->tmp);
	number(w, "--tmp-files", l->tmp_files);
	number(w, "--memory-bytes", l->memory);
	number(w, "--address-bytes", l->address_space);
	number(w, "--file-bytes", l->tmp);
	number(w, "--threads", l->threads);
	number(w, "--descriptors", l->descriptors);
	number(w, "--cpu-seconds", l->cpu_s);
}

static void
put(struct words *w, const struct cw_command_of *of, const struct cw_engine *engine)
{
	const struct cw_sandbox_config *config = of->config;

	word(w, of->launcher);
	number(w, "--id", of->id);
	number(w, "--parent", (uint64_t)getpid());
	option(w, "--run-folder", config->run_folder);
	option(w, "--bwrap", config->bwrap);
	limits(w, &config->limits);
	for (size_t i = 0; i < of->cgroup_count; i++)
		option(w, "--cgroup", of->cgroups[i]);
	for (size_t i = 0; i < engine->file_count; i++)
		file(w, engine->files[i].source, engine->files[i].inside);
	for (size_t i = 0; i < config->file_count; i++)
		file(w, config->files[i].source, config->files[i].inside);
	for (size_t i = 0; i < engine->environment_count; i++)
		option(w, "--env", engine->environment[i]);
	for (const char *const *e = config->environment; e != NULL && *e != NULL; e++)
		option(w, "--env", *e);
	if (!of->filter)
		word(w, "--no-filter");
	option(w, "--", engine->program);
	for (char *const *a = of->arguments; *a != NULL; a++)
		word(w, *a);
}

int
cw_command_build(struct cw_place_command *ret, const struct cw_command_of *of, struct cw_err *err)
{
	struct cw_engine *engine = calloc(1, sizeof(*engine)); /* large */
	struct words words = { 0 };
	int r;

	if (engine == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((r = cw_engine_find(engine, of->program, &of->config->limits, err)) == CW_OK)
		put(&words, of, engine);
	free(engine);
	ret->argv = words.list;
	if (r == CW_OK && words.failed)
		r = cw_fail(err, CW_ENOMEM, "out of memory");
	if (r < 0)
		cw_place_command_free(ret);
	return r;
}

void
cw_place_command_free(struct cw_place_command *command)
{
	for (char **word_at = command->argv; word_at != NULL && *word_at != NULL; word_at++)
		free(*word_at);
	free(command->argv);
	command->argv = NULL;
}
