/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop, an agent, and what tells it to stop.
 */
#include <signal.h>
#include <stdbool.h>

#include <uv.h>

#include "base/err.h"
#include "base/log.h"
#include "service/agent.h"
#include "service/service.h"

static const int signals[] = { SIGTERM, SIGINT };

static struct service {
	uv_loop_t loop;
	uv_async_t stop;
	uv_signal_t signals[CW_COUNT(signals)];
	struct cw_agent *agent;
	bool stopping;
} service;

static void
on_stop(uv_async_t *async)
{
	(void)async;
	if (service.stopping)
		return; /* once is enough: it ends as soon as it can */
	service.stopping = true;
	cw_log(CW_LOG_INFO, "stopping: no more commands, writes that run may finish");
	cw_agent_stop(service.agent);
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void)handle, (void)number;
	on_stop(&service.stop);
}

/* None of these keeps the loop: it ends with the agent. */
static int
listen_for_stop(struct cw_err *err)
{
	if (uv_loop_init(&service.loop) != 0 ||
	    uv_async_init(&service.loop, &service.stop, on_stop) != 0)
		return cw_fail(err, CW_ESYS, "cannot make an event loop");
	uv_unref((uv_handle_t *)&service.stop);
	for (size_t i = 0; i < CW_COUNT(signals); i++) {
		(void)uv_signal_init(&service.loop, &service.signals[i]);
		(void)uv_signal_start(&service.signals[i], on_signal, signals[i]);
		uv_unref((uv_handle_t *)&service.signals[i]);
	}
	return CW_OK;
}

static void
close_own(void)
{
	uv_close((uv_handle_t *)&service.stop, NULL);
	for (size_t i = 0; i < CW_COUNT(signals); i++)
		uv_close((uv_handle_t *)&service.signals[i], NULL);
	(void)uv_run(&service.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&service.loop);
}

void
cw_service_stop(void)
{
	(void)uv_async_send(&service.stop);
}

int
cw_service_serve(const char *folder, void (*started)(void), struct cw_err *err)
{
	int r;

	if ((r = listen_for_stop(err)) < 0)
		return r;
	if ((r = cw_agent_start(&service.agent, &service.loop, folder, err)) == CW_OK &&
	    started != NULL)
		started();
	(void)uv_run(&service.loop, UV_RUN_DEFAULT);
	close_own();
	if (r == CW_OK)
		cw_log(CW_LOG_INFO, "stopped");
	return r;
}
