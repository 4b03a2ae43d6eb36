/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines: time, level, program, text.
 */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/log.h"
#include "base/str.h"
#include "base/time.h"

static struct {
	const char *program;
	enum cw_log_level most;
	FILE *file; /* NULL: standard error */
} log_state = { "causeway", CW_LOG_INFO, NULL };

void
cw_log_init(const char *program, enum cw_log_level most)
{
	log_state.program = program;
	log_state.most = most;
}

void
cw_log_to(FILE *file)
{
	log_state.file = file;
}

void
cw_log(enum cw_log_level level, const char *fmt, ...)
{
	static const char *const words[] = { "error", "warn", "info", "debug" };
	char text[1024], when[CW_TIME_TEXT];
	va_list ap;

	if (level > log_state.most)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cw_utf8_flatten(text, '?');
	cw_time_text(when, (int64_t)time(NULL) * 1000);
	fprintf(log_state.file != NULL ? log_state.file : stderr, "%s %s %s: %s\n", when,
	    words[level], log_state.program, text);
}
