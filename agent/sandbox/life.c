/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sandbox: its process, its preparation, its end.
 */
#include <stdlib.h>

#include "base/err.h"
#include "base/str.h"
#include "sandbox/pool_internal.h"

unsigned
cw_sandbox_count(const struct cw_sandboxes *pool, enum cw_sandbox_life life)
{
	unsigned n = 0;

	for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		n += s->life == life;
	return n;
}

/* --- the end of a sandbox */

void
cw_sandbox_discard(struct cw_sandbox *s)
{
	struct cw_sandbox **at = &s->pool->sandboxes;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	free(s);
}

static void
on_process_closed(void *arg)
{
	struct cw_sandbox *s = arg;
	struct cw_sandboxes *pool = s->pool;

	s->process = NULL;
	cw_places_give(pool->places, s->id);
	if (s->life == ENDING)
		cw_sandbox_discard(s);
	cw_sandboxes_work(pool);
}

/* Kills the process; on_process_closed() follows. */
static void
end(struct cw_sandbox *s)
{
	s->life = ENDING;
	if (s->process != NULL)
		cw_psrp_process_kill(s->process);
	else
		cw_sandbox_discard(s);
}

static void
tell_lost(struct cw_sandbox *s, const struct cw_err *err)
{
	void (*lost)(void *arg, const struct cw_err *err) = s->lost;

	s->lost = NULL;
	if (lost != NULL)
		lost(s->lost_arg, err);
}

/* One that was to become warm does not. */
static void
spoiled(struct cw_sandbox *s, const struct cw_err *err)
{
	struct cw_sandboxes *pool = s->pool;

	s->lost = NULL;
	cw_sandboxes_back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, err->text);
	end(s);
	cw_sandboxes_tell_changed(pool);
	cw_sandboxes_work(pool);
}

/* The process is killed by its own transport after this, and closed follows. */
static void
on_lost(void *arg, const struct cw_err *err)
{
	struct cw_sandbox *s = arg;
	struct cw_sandboxes *pool = s->pool;
	enum cw_sandbox_life was = s->life;

	if (was == ENDING)
		return;
	s->life = was == TAKEN ? LOST : ENDING;
	if (was != TAKEN)
		cw_sandboxes_back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, err->text);
	if (was == TAKEN || was == PREPARING)
		tell_lost(s, err);
	cw_sandboxes_tell_changed(pool);
	cw_sandboxes_work(pool);
}

/* --- the beginning of one */

static void
become_warm(struct cw_sandbox *s)
{
	struct cw_sandboxes *pool = s->pool;

	s->life = WARM;
	s->lost = NULL;
	cw_sandboxes_tell_changed(pool);
	cw_sandboxes_work(pool);
}

void
cw_sandbox_prepared(struct cw_sandbox *s, const struct cw_err *err)
{
	if (s->life != PREPARING) /* lost meanwhile */
		return;
	if (err == NULL)
		become_warm(s);
	else
		spoiled(s, err);
}

static void
on_opened(void *arg)
{
	struct cw_sandbox *s = arg;
	struct cw_sandboxes *pool = s->pool;

	if (s->life != STARTING)
		return;
	if (pool->config.prepare == NULL) {
		become_warm(s);
		return;
	}
	s->life = PREPARING;
	s->due_ms = cw_sandboxes_now(pool) + CW_SANDBOXES_PREPARE_MS;
	pool->config.prepare(pool->config.arg, s);
	cw_sandboxes_work(pool);
}

static int
launch(struct cw_sandbox *s, struct cw_err *err)
{
	struct cw_sandboxes *pool = s->pool;
	char *no_environment[] = { NULL };
	struct cw_place_command command;
	struct cw_psrp_process_config process = {
		.loop = pool->config.loop,
		.env = no_environment,
		.has_host = true,
		.events = { .opened = on_opened, .lost = on_lost, .arg = s },
		.closed = on_process_closed,
	};
	int r;

	if ((r = cw_places_take(pool->places, &s->id, err)) < 0)
		return r;
	if ((r = cw_places_command(&command, pool->places, s->id, err)) == CW_OK) {
		process.argv = command.argv;
		r = cw_psrp_process_start(&s->process, &process, err);
		cw_place_command_free(&command);
	}
	if (r < 0)
		cw_places_give(pool->places, s->id);
	return r;
}

void
cw_sandbox_start(struct cw_sandboxes *pool)
{
	struct cw_sandbox *s = calloc(1, sizeof(*s));
	struct cw_err err;

	if (s == NULL) {
		cw_sandboxes_back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, "out of memory");
		return;
	}
	s->pool = pool;
	if (launch(s, &err) < 0) {
		free(s);
		cw_sandboxes_back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, err.text);
		return;
	}
	pool->started++;
	s->next = pool->sandboxes;
	pool->sandboxes = s;
}

void
cw_sandbox_end_late(struct cw_sandboxes *pool)
{
	struct cw_err err;

	for (struct cw_sandbox *s = pool->sandboxes, *next; s != NULL; s = next) {
		next = s->next;
		if (s->life != PREPARING || s->due_ms > cw_sandboxes_now(pool))
			continue;
		(void)cw_fail(&err, CW_ETIMEOUT, "the preparation of a sandbox took too long");
		on_lost(s, &err);
		cw_psrp_process_kill(s->process);
		return; /* on_lost() has seen to the rest */
	}
}

void
cw_sandbox_end_all(struct cw_sandboxes *pool)
{
	struct cw_err err;

	(void)cw_fail(&err, CW_ECLOSED, "the sandboxes are closed");
	for (struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next) {
		bool preparing = s->life == PREPARING;

		s->life = s->process == NULL ? LOST : ENDING;
		if (preparing)
			tell_lost(s, &err);
		if (s->process != NULL)
			cw_psrp_process_kill(s->process);
	}
}

/* --- for whoever prepares it, or has taken it */

struct cw_psrp *
cw_sandbox_session(struct cw_sandbox *s)
{
	return cw_psrp_process_session(s->process);
}

void
cw_sandbox_on_lost(
    struct cw_sandbox *s, void (*lost)(void *arg, const struct cw_err *err), void *arg)
{
	s->lost = lost;
	s->lost_arg = arg;
}

void
cw_sandbox_pause(struct cw_sandbox *s)
{
	cw_psrp_process_pause(s->process);
}

void
cw_sandbox_resume(struct cw_sandbox *s)
{
	cw_psrp_process_resume(s->process);
}

int
cw_sandbox_pid(const struct cw_sandbox *s)
{
	return s->process == NULL ? 0 : cw_psrp_process_pid(s->process);
}

void
cw_sandbox_end(struct cw_sandbox *s)
{
	struct cw_sandboxes *pool = s->pool;

	s->lost = NULL;
	end(s);
	cw_sandboxes_work(pool);
}
