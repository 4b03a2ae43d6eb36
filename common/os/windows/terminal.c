/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>

#include "os/terminal.h"

static HANDLE
handle_of(enum cw_terminal_stream stream)
{
	static const DWORD ids[] = { STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE };

	return GetStdHandle(ids[stream]);
}

bool
cw_terminal_is(enum cw_terminal_stream stream)
{
	HANDLE handle = handle_of(stream);
	DWORD mode;

	if (!GetConsoleMode(handle, &mode))
		return false;
	return stream == CW_TERMINAL_IN ||
	    SetConsoleMode(handle, mode | ENABLE_VIRTUAL_TERMINAL_PROCESSING);
}

unsigned
cw_terminal_columns(void)
{
	CONSOLE_SCREEN_BUFFER_INFO info;

	if (!GetConsoleScreenBufferInfo(handle_of(CW_TERMINAL_OUT), &info))
		return 80;
	return (unsigned)(info.srWindow.Right - info.srWindow.Left + 1);
}
