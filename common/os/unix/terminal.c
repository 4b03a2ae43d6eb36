/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "os/terminal.h"

bool
cw_terminal_is(enum cw_terminal_stream stream)
{
	const char *term = getenv("TERM");

	return isatty((int)stream) == 1 && (term == NULL || strcmp(term, "dumb") != 0);
}

unsigned
cw_terminal_columns(void)
{
	struct winsize size;

	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}
