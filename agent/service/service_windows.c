/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/log.h"
#include "os/windows/wide.h"
#include "service/agent.h"
#include "service/service.h"

#define NAME L"CausewayAgent"
#define STOP_HINT_MS (CW_AGENT_GRACE_MS + 15000u)
#define START_HINT_MS 30000u
#define LOG_MAX (1024u * 1024u) /* bytes of agent.log, then it becomes agent.log.1 */

static struct {
	const char *folder;
	SERVICE_STATUS_HANDLE handle;
	int exit_status;
} state;

static void
report(DWORD now, DWORD accepts, DWORD hint_ms)
{
	SERVICE_STATUS s = { .dwServiceType = SERVICE_WIN32_OWN_PROCESS,
		.dwCurrentState = now,
		.dwControlsAccepted = accepts,
		.dwWaitHint = hint_ms };

	if (now == SERVICE_STOPPED && state.exit_status != 0) {
		s.dwWin32ExitCode = ERROR_SERVICE_SPECIFIC_ERROR;
		s.dwServiceSpecificExitCode = (DWORD)state.exit_status;
	}
	(void)SetServiceStatus(state.handle, &s);
}

static DWORD WINAPI
on_control(DWORD control, DWORD type, void *data, void *context)
{
	(void)type, (void)data, (void)context;
	switch (control) {
	case SERVICE_CONTROL_STOP:
	case SERVICE_CONTROL_SHUTDOWN:
		report(SERVICE_STOP_PENDING, 0, STOP_HINT_MS);
		cw_service_stop();
		return NO_ERROR;
	case SERVICE_CONTROL_INTERROGATE: return NO_ERROR;
	default: return ERROR_CALL_NOT_IMPLEMENTED;
	}
}

static void
started(void)
{
	report(SERVICE_RUNNING, SERVICE_ACCEPT_STOP | SERVICE_ACCEPT_SHUTDOWN, 0);
}

static int
serve(void (*up)(void))
{
	struct cw_err err = { 0 };

	if (cw_service_serve(state.folder, up, &err) < 0) {
		cw_log(CW_LOG_ERROR, "%s", err.text);
		return 1;
	}
	return 0;
}

/* A service has no standard error: its log is in the state folder, which is private. N: no child
 * gets it. */
static void
open_log(void)
{
	wchar_t *log = cw_wide(state.folder, L"\\agent.log");
	wchar_t *old = cw_wide(state.folder, L"\\agent.log.1");
	WIN32_FILE_ATTRIBUTE_DATA a;
	FILE *file;

	if (log != NULL && old != NULL) {
		if (GetFileAttributesExW(log, GetFileExInfoStandard, &a) &&
		    a.nFileSizeLow > LOG_MAX)
			(void)MoveFileExW(log, old, MOVEFILE_REPLACE_EXISTING);
		if ((file = _wfopen(log, L"aN")) != NULL) {
			(void)setvbuf(file, NULL, _IONBF, 0);
			cw_log_to(file);
		}
	}
	free(log);
	free(old);
}

static void WINAPI
service_main(DWORD argc, wchar_t **argv)
{
	(void)argc, (void)argv;
	if ((state.handle = RegisterServiceCtrlHandlerExW(NAME, on_control, NULL)) == NULL)
		return;
	report(SERVICE_START_PENDING, 0, START_HINT_MS);
	open_log();
	state.exit_status = serve(started);
	report(SERVICE_STOPPED, 0, 0);
}

int
cw_service_run(const char *folder)
{
	SERVICE_TABLE_ENTRYW table[] = { { (wchar_t *)NAME, service_main }, { NULL, NULL } };

	state.folder = folder;
	if (StartServiceCtrlDispatcherW(table))
		return state.exit_status;
	/* Not started by the service manager: somebody runs it in a console. */
	return serve(NULL);
}
