/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TERMINAL_H
#define CW_TERMINAL_H

#include <stdbool.h>

enum cw_terminal_stream { CW_TERMINAL_IN, CW_TERMINAL_OUT, CW_TERMINAL_ERR };

/* A person is at the other end, who sees colours and a cursor that moves. */
bool cw_terminal_is(enum cw_terminal_stream stream);
/* Columns of the terminal behind standard output; 80 when there is none. */
unsigned cw_terminal_columns(void);

#endif
