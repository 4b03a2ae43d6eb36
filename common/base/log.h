/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LOG_H
#define CW_LOG_H

#include <stdio.h>

#include "base/compat.h"

/*
 * The program's log: one line per event on standard error, for journald or whoever
 * started it to keep. Libraries never log; the owner of a session does, once.
 * A line never holds a secret: values from callers are not logged, names are.
 */
enum cw_log_level { CW_LOG_ERROR, CW_LOG_WARN, CW_LOG_INFO, CW_LOG_DEBUG };

void cw_log_init(const char *program, enum cw_log_level most);
/* From now on to this file, which stays open. */
void cw_log_to(FILE *file);
/* Any thread. What cannot be printed is shown as '?', so one event stays one line. */
void cw_log(enum cw_log_level level, const char *fmt, ...) CW_PRINTF(2, 3);

#endif
