/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool: sandboxes from start to end, the requests before them, and one timer for whatever is
 * due.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "os/random.h"
#include "powershell/process.h"
#include "sandbox/place.h"
#include "sandbox/pool.h"

#define RETRY_MIN_MS 500u

enum life {
	STARTING, /* process and session. Next: PREPARING, or ENDING when it fails */
	PREPARING, /* the owner's hook works in it. Next: WARM, or ENDING */
	WARM, /* Next: TAKEN, or ENDING when it dies */
	TAKEN, /* Next: LOST when it dies, ENDING when its taker is done */
	LOST, /* dead, its taker has not said that it is done. Next: ENDING */
	ENDING, /* Next: freed when the process is gone */
};

struct cw_sandbox {
	struct cw_sandboxes *pool;
	struct cw_sandbox *next;
	enum life life;
	uint32_t id;
	struct cw_psrp_process *process; /* NULL when it is gone */
	uint64_t due_ms; /* PREPARING: by then it is done */
	void (*lost)(void *arg, const struct cw_err *err);
	void *lost_arg;
};

struct cw_sandboxes_request {
	struct cw_sandboxes *pool;
	struct cw_sandboxes_request *next;
	uint64_t due_ms;
	void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err);
	void *arg;
};

struct cw_sandboxes {
	struct cw_sandboxes_config config;
	enum cw_sandboxes_state state;
	struct cw_sandbox_check *check; /* running now */
	struct cw_sandbox_report report;
	bool has_report;
	struct cw_places *places; /* while UP */
	struct cw_sandbox *sandboxes;
	struct cw_sandboxes_request *first, **last;
	size_t waiting;
	uint64_t retry_ms; /* delay of the next start or check, at most; 0 after a success */
	uint64_t due_ms; /* no start or check before */
	uint64_t started, handed_out, failed;
	char error[CW_ERR_TEXT_MAX];
	uv_timer_t timer;
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
};

static void work(struct cw_sandboxes *pool);

static uint64_t
now(const struct cw_sandboxes *pool)
{
	return uv_now(pool->config.loop);
}

static void
tell_changed(struct cw_sandboxes *pool)
{
	if (pool->config.changed != NULL && !pool->closing)
		pool->config.changed(pool->config.arg);
}

static unsigned
count(const struct cw_sandboxes *pool, enum life life)
{
	unsigned n = 0;

	for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		n += s->life == life;
	return n;
}

/* Remembers why, and holds the next attempt back for a random part of a delay that doubles. */
static void
back_off(struct cw_sandboxes *pool, uint64_t max_ms, const char *why)
{
	(void)snprintf(pool->error, sizeof(pool->error), "%s", why);
	pool->failed++;
	pool->retry_ms = pool->retry_ms == 0 ? RETRY_MIN_MS : pool->retry_ms * 2;
	if (pool->retry_ms > max_ms)
		pool->retry_ms = max_ms;
	pool->due_ms =
	    now(pool) + pool->retry_ms / 2 + cw_random_below((uint32_t)pool->retry_ms / 2 + 1);
}

/* --- the end of a sandbox */

static void
discard(struct cw_sandbox *s)
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
		discard(s);
	work(pool);
}

/* Kills the process; on_process_closed() follows. */
static void
end(struct cw_sandbox *s)
{
	s->life = ENDING;
	if (s->process != NULL)
		cw_psrp_process_kill(s->process);
	else
		discard(s);
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

	back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, err->text);
	end(s);
	tell_changed(pool);
	work(pool);
}

/* The process is killed by its own transport after this, and closed follows. */
static void
on_lost(void *arg, const struct cw_err *err)
{
	struct cw_sandbox *s = arg;
	struct cw_sandboxes *pool = s->pool;
	enum life was = s->life;

	if (was == ENDING)
		return;
	s->life = was == TAKEN ? LOST : ENDING;
	if (was != TAKEN)
		back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, err->text);
	if (was == TAKEN || was == PREPARING)
		tell_lost(s, err);
	tell_changed(pool);
	work(pool);
}

/* --- the beginning of one */

static void
become_warm(struct cw_sandbox *s)
{
	struct cw_sandboxes *pool = s->pool;

	s->life = WARM;
	s->lost = NULL;
	tell_changed(pool);
	work(pool);
}

void
cw_sandbox_prepared(struct cw_sandbox *s, const struct cw_err *err)
{
	if (s->life != PREPARING) /* lost meanwhile */
		return;
	s->lost = NULL;
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
	s->due_ms = now(pool) + CW_SANDBOXES_PREPARE_MS;
	pool->config.prepare(pool->config.arg, s);
	work(pool);
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

static void
start_one(struct cw_sandboxes *pool)
{
	struct cw_sandbox *s = calloc(1, sizeof(*s));
	struct cw_err err;

	if (s == NULL) {
		back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, "out of memory");
		return;
	}
	s->pool = pool;
	if (launch(s, &err) < 0) {
		free(s);
		back_off(pool, CW_SANDBOXES_RETRY_MAX_MS, err.text);
		return;
	}
	pool->started++;
	s->next = pool->sandboxes;
	pool->sandboxes = s;
}

/* One at a time while nobody waits: a start takes a processor for a while. */
static bool
wants_start(const struct cw_sandboxes *pool)
{
	unsigned starting = count(pool, STARTING) + count(pool, PREPARING);
	unsigned alive = 0;

	for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		alive += s->process != NULL;
	return pool->state == CW_SANDBOXES_UP && alive < pool->config.walls->ids &&
	    starting + count(pool, WARM) < pool->config.warm + pool->waiting &&
	    starting < (pool->waiting > 1 ? pool->waiting : 1);
}

/* --- the walls */

static void
on_checked(void *arg, const struct cw_sandbox_report *report)
{
	struct cw_sandboxes *pool = arg;
	const struct cw_sandbox_finding *worst = cw_sandbox_report_worst(report);
	struct cw_err err;

	pool->check = NULL;
	pool->report = *report;
	pool->has_report = true;
	pool->state = CW_SANDBOXES_DOWN;
	if (worst != NULL) {
		(void)cw_fail(&err, CW_EUNAVAILABLE, "scripts cannot run here, %s: %s",
		    worst->wall->name, worst->detail);
		back_off(pool, CW_SANDBOXES_CHECK_MAX_MS, err.text);
	} else if (cw_places_new(&pool->places, pool->config.walls, &err) < 0) {
		back_off(pool, CW_SANDBOXES_CHECK_MAX_MS, err.text);
	} else {
		pool->state = CW_SANDBOXES_UP;
		pool->retry_ms = pool->due_ms = 0;
		pool->error[0] = '\0';
	}
	tell_changed(pool);
	work(pool);
}

static void
begin_check(struct cw_sandboxes *pool)
{
	struct cw_err err;

	pool->state = CW_SANDBOXES_CHECKING;
	if (cw_sandbox_check_start(
		&pool->check, pool->config.loop, pool->config.walls, on_checked, pool, &err) < 0) {
		pool->state = CW_SANDBOXES_DOWN;
		back_off(pool, CW_SANDBOXES_CHECK_MAX_MS, err.text);
	}
}

/* --- requests */

static void
unqueue(struct cw_sandboxes_request *request)
{
	struct cw_sandboxes *pool = request->pool;
	struct cw_sandboxes_request **at = &pool->first;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	if (pool->last == &request->next)
		pool->last = at;
	pool->waiting--;
}

static void
answer(struct cw_sandboxes_request *request, struct cw_sandbox *s, const struct cw_err *err)
{
	void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err) = request->taken;
	void *arg = request->arg;

	unqueue(request);
	free(request);
	taken(arg, s, err);
}

static struct cw_sandbox *
warm_one(struct cw_sandboxes *pool)
{
	for (struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		if (s->life == WARM)
			return s;
	return NULL;
}

static struct cw_sandboxes_request *
overdue(struct cw_sandboxes *pool)
{
	for (struct cw_sandboxes_request *r = pool->first; r != NULL; r = r->next)
		if (r->due_ms <= now(pool))
			return r;
	return NULL;
}

/* Answers whatever can be answered. The answers call out: nothing is remembered across them. */
static void
serve(struct cw_sandboxes *pool)
{
	struct cw_sandboxes_request *request;
	struct cw_sandbox *s;
	struct cw_err err;

	while (!pool->closing && pool->first != NULL && (s = warm_one(pool)) != NULL) {
		s->life = TAKEN;
		pool->handed_out++;
		pool->retry_ms = 0;
		answer(pool->first, s, NULL);
	}
	while (!pool->closing && pool->state == CW_SANDBOXES_DOWN && pool->first != NULL) {
		(void)cw_fail(&err, CW_EUNAVAILABLE, "%s", pool->error);
		answer(pool->first, NULL, &err);
	}
	while (!pool->closing && (request = overdue(pool)) != NULL) {
		(void)cw_fail(&err, CW_EUNAVAILABLE, "no sandbox was ready in time%s%s",
		    pool->error[0] != '\0' ? ": " : "", pool->error);
		answer(request, NULL, &err);
	}
}

/* --- what is due */

static void
end_late_preparations(struct cw_sandboxes *pool)
{
	struct cw_err err;

	for (struct cw_sandbox *s = pool->sandboxes, *next; s != NULL; s = next) {
		next = s->next;
		if (s->life != PREPARING || s->due_ms > now(pool))
			continue;
		(void)cw_fail(&err, CW_ETIMEOUT, "the preparation of a sandbox took too long");
		on_lost(s, &err);
		cw_psrp_process_kill(s->process);
		return; /* on_lost() has seen to the rest */
	}
}

static uint64_t
earliest(const struct cw_sandboxes *pool)
{
	uint64_t due = UINT64_MAX;

	for (const struct cw_sandboxes_request *r = pool->first; r != NULL; r = r->next)
		due = r->due_ms < due ? r->due_ms : due;
	for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
		if (s->life == PREPARING && s->due_ms < due)
			due = s->due_ms;
	if ((pool->state == CW_SANDBOXES_DOWN || wants_start(pool)) && pool->due_ms < due)
		due = pool->due_ms;
	return due;
}

static void
on_timer(uv_timer_t *timer)
{
	struct cw_sandboxes *pool = timer->data;

	serve(pool);
	if (pool->closing)
		return;
	end_late_preparations(pool);
	if (pool->state == CW_SANDBOXES_DOWN && pool->due_ms <= now(pool))
		begin_check(pool);
	while (wants_start(pool) && pool->due_ms <= now(pool))
		start_one(pool);
	work(pool);
}

static void
on_timer_closed(uv_handle_t *h)
{
	struct cw_sandboxes *pool = h->data;
	void (*closed)(void *arg) = pool->closed;
	void *arg = pool->closed_arg;

	while (pool->sandboxes != NULL)
		discard(pool->sandboxes);
	cw_places_free(pool->places);
	free(pool);
	if (closed != NULL)
		closed(arg);
}

/* Has the timer come when something is due; closes the pool when that is wanted and nothing runs.
 * Calls nobody: whoever it wakes is called from the timer. */
static void
work(struct cw_sandboxes *pool)
{
	bool ready =
	    pool->first != NULL && (warm_one(pool) != NULL || pool->state == CW_SANDBOXES_DOWN);
	uint64_t due = ready ? 0 : earliest(pool);

	if (uv_is_closing((uv_handle_t *)&pool->timer))
		return;
	if (pool->closing) {
		for (const struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next)
			if (s->process != NULL)
				return;
		if (pool->check == NULL)
			uv_close((uv_handle_t *)&pool->timer, on_timer_closed);
	} else if (due == UINT64_MAX) {
		uv_timer_stop(&pool->timer);
	} else {
		uv_timer_start(&pool->timer, on_timer, due > now(pool) ? due - now(pool) : 0, 0);
	}
}

/* --- the interface */

int
cw_sandboxes_new(
    struct cw_sandboxes **ret, const struct cw_sandboxes_config *config, struct cw_err *err)
{
	struct cw_sandboxes *pool;

	if (config->warm == 0 || config->warm > config->walls->ids)
		return cw_fail(err, CW_EINVAL, "%u sandboxes kept warm, of at most %u",
		    config->warm, config->walls->ids);
	if ((pool = calloc(1, sizeof(*pool))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	pool->config = *config;
	pool->last = &pool->first;
	(void)uv_timer_init(config->loop, &pool->timer);
	pool->timer.data = pool;
	begin_check(pool);
	work(pool);
	*ret = pool;
	return CW_OK;
}

void
cw_sandboxes_close(struct cw_sandboxes *pool, void (*closed)(void *arg), void *arg)
{
	struct cw_sandboxes_request *request;
	struct cw_err err;

	if (pool == NULL) {
		if (closed != NULL)
			closed(arg);
		return;
	}
	pool->closing = true;
	pool->closed = closed;
	pool->closed_arg = arg;
	while ((request = pool->first) != NULL) {
		unqueue(request);
		free(request);
	}
	(void)cw_fail(&err, CW_ECLOSED, "the sandboxes are closed");
	for (struct cw_sandbox *s = pool->sandboxes; s != NULL; s = s->next) {
		bool preparing = s->life == PREPARING;

		s->life = s->process == NULL ? LOST : ENDING;
		if (preparing)
			tell_lost(s, &err);
		if (s->process != NULL)
			cw_psrp_process_kill(s->process);
	}
	if (pool->check != NULL)
		cw_sandbox_check_stop(pool->check);
	uv_timer_stop(&pool->timer);
	work(pool);
}

int
cw_sandboxes_take(struct cw_sandboxes *pool, struct cw_sandboxes_request **ret, uint32_t timeout_ms,
    void (*taken)(void *arg, struct cw_sandbox *s, const struct cw_err *err), void *arg,
    struct cw_err *err)
{
	struct cw_sandboxes_request *request;

	if (pool->waiting >= CW_SANDBOXES_QUEUE_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "%u operations wait for a sandbox already: try again later",
		    CW_SANDBOXES_QUEUE_MAX);
	if ((request = calloc(1, sizeof(*request))) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*request = (struct cw_sandboxes_request){
		.pool = pool, .due_ms = now(pool) + timeout_ms, .taken = taken, .arg = arg
	};
	*pool->last = request;
	pool->last = &request->next;
	pool->waiting++;
	work(pool);
	*ret = request;
	return CW_OK;
}

void
cw_sandboxes_cancel(struct cw_sandboxes_request *request)
{
	struct cw_sandboxes *pool = request->pool;

	unqueue(request);
	free(request);
	work(pool);
}

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
	work(pool);
}

void
cw_sandboxes_status(const struct cw_sandboxes *pool, struct cw_sandboxes_status *ret)
{
	*ret = (struct cw_sandboxes_status){
		.state = pool->state,
		.starting = count(pool, STARTING) + count(pool, PREPARING),
		.warm = count(pool, WARM),
		.taken = count(pool, TAKEN) + count(pool, LOST),
		.ending = count(pool, ENDING),
		.started = pool->started,
		.handed_out = pool->handed_out,
		.failed = pool->failed,
		.waiting = pool->waiting,
		.error = pool->error,
	};
}

const struct cw_sandbox_report *
cw_sandboxes_report(const struct cw_sandboxes *pool)
{
	return pool->has_report ? &pool->report : NULL;
}
