/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sandbox's preparation: the proxies are defined in it, before any caller's text.
 */
#include <stdlib.h>

#include "broker/broker_internal.h"
#include "proxies/proxies.h"

#define PREPARE_MS 50000u
#define ARENA_MAX (8u * 1024u * 1024u)

struct preparation {
	struct cw_sandbox *sandbox;
	struct cw_ps_arena *arena;
	struct cw_err err;
};

static void
done(struct preparation *p)
{
	cw_ps_arena_free(p->arena);
	free(p);
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	(void)arg, (void)value;
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct preparation *p = arg;

	if (stream == CW_PSRP_ERROR && p->err.code == CW_OK)
		(void)cw_fail(&p->err, CW_EFAILED, "the proxies could not be made: %s",
		    cw_ps_str(record) != NULL ? cw_ps_str(record) : "?");
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct preparation *p = arg;

	if (outcome != CW_PSRP_COMPLETED && p->err.code == CW_OK)
		(void)cw_fail(&p->err, CW_EFAILED, "the proxies could not be made: %s",
		    cw_ps_str(error) != NULL ? cw_ps_str(error) : "no reason given");
	cw_sandbox_prepared(p->sandbox, p->err.code < 0 ? &p->err : NULL);
	done(p);
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	(void)err;
	done(arg);
}

static int
proxies(const struct cw_broker *b, struct cw_psrp_command *ret, struct cw_ps_arena *arena)
{
	static const char *const roles[] = { "directory", "sync", NULL };

	if (b->config.preparation == NULL)
		return cw_proxies_prepare(ret, arena, roles, b->config.modules);
	*ret = (struct cw_psrp_command){ b->config.preparation, true, NULL, 0 };
	return CW_OK;
}

void
cw_broker_prepare(void *broker, struct cw_sandbox *s)
{
	static const struct cw_psrp_pipeline_events events = { on_output, on_record, NULL,
		on_finished };
	const struct cw_broker *b = broker;
	struct preparation *p = calloc(1, sizeof(*p));
	struct cw_psrp_command command;
	struct cw_psrp_run run = { &command, 1, false, PREPARE_MS, &events, p };
	struct cw_psrp_pipeline *pipeline;
	struct cw_err err = { 0 };
	int r = CW_ENOMEM;

	if (p == NULL || cw_ps_arena_new(&p->arena, ARENA_MAX) < 0 ||
	    (r = proxies(b, &command, p->arena)) < 0) {
		(void)cw_fail(&err, r, "the proxies could not be made");
	} else {
		p->sandbox = s;
		cw_sandbox_on_lost(s, on_lost, p);
		r = cw_psrp_run(cw_sandbox_session(s), &pipeline, &run, broker_now(b), &err);
	}
	if (r < 0) {
		cw_sandbox_prepared(s, &err);
		if (p != NULL)
			done(p);
	}
}
