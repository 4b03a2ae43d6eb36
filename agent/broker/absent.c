/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Until there is one: scripts are refused.
 */
#include <stdlib.h>

#include "base/err.h"
#include "broker/broker.h"
#include "sandbox/pool.h"

struct cw_broker {
	int nothing;
};

int
cw_broker_new(struct cw_broker **ret, const struct cw_broker_config *config, struct cw_err *err)
{
	(void)config;
	*ret = calloc(1, sizeof(**ret));
	return *ret != NULL ? CW_OK : cw_fail(err, CW_ENOMEM, "out of memory");
}

void
cw_broker_use_sandboxes(struct cw_broker *b, struct cw_sandboxes *sandboxes, const char *why)
{
	(void)b, (void)sandboxes, (void)why;
}

void
cw_broker_prepare(void *broker, struct cw_sandbox *s)
{
	(void)broker;
	cw_sandbox_prepared(s, NULL);
}

void
cw_broker_stop_all(struct cw_broker *b, const char *why)
{
	(void)b, (void)why;
}

unsigned
cw_broker_running(const struct cw_broker *b)
{
	(void)b;
	return 0;
}

void
cw_broker_close(struct cw_broker *b, void (*closed)(void *arg), void *arg)
{
	free(b);
	closed(arg);
}

void
cw_broker_status_put(const struct cw_broker *b, cJSON *object)
{
	(void)b, (void)object;
}

int
cw_script_start(struct cw_script **ret, struct cw_broker *b,
    const struct cw_script_request *request, const struct cw_script_events *events, void *arg,
    struct cw_err *err)
{
	(void)ret, (void)b, (void)request, (void)events, (void)arg;
	return cw_fail(err, CW_EUNAVAILABLE, "scripts are not run here yet");
}

void
cw_script_stop(struct cw_script *s, const char *why)
{
	(void)s, (void)why;
}

void
cw_script_pause(struct cw_script *s)
{
	(void)s;
}

void
cw_script_resume(struct cw_script *s)
{
	(void)s;
}
