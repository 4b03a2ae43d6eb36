/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop, an agent, and what tells it to stop.
 */
#include <signal.h>

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
} service;

static void
close_own(void)
{
	if (uv_is_closing((uv_handle_t *)&service.stop))
		return;
	uv_close((uv_handle_t *)&service.stop, NULL);
	for (size_t i = 0; i < CW_COUNT(signals); i++)
		uv_close((uv_handle_t *)&service.signals[i], NULL);
}

static void
on_stop(uv_async_t *async)
{
	(void)async;
	cw_log(CW_LOG_INFO, "stopping: no more commands, writes that run may finish");
	cw_agent_stop(service.agent);
	close_own();
}

static void
on_signal(uv_signal_t *handle, int number)
{
	(void)handle, (void)number;
	on_stop(&service.stop);
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

	if (uv_loop_init(&service.loop) != 0)
		return cw_fail(err, CW_ESYS, "cannot make an event loop");
	if (uv_async_init(&service.loop, &service.stop, on_stop) != 0)
		return cw_fail(err, CW_ESYS, "cannot make an event loop");
	for (size_t i = 0; i < CW_COUNT(signals); i++) {
		(void)uv_signal_init(&service.loop, &service.signals[i]);
		(void)uv_signal_start(&service.signals[i], on_signal, signals[i]);
	}
	if ((r = cw_agent_start(&service.agent, &service.loop, folder, err)) < 0)
		close_own();
	else if (started != NULL)
		started();
	(void)uv_run(&service.loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&service.loop);
	if (r == CW_OK)
		cw_log(CW_LOG_INFO, "stopped");
	return r;
}
