/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_INHERIT_H
#define CW_INHERIT_H

#include <uv.h>

/*
 * What a child process gets of ours: the three streams that it is given, and nothing
 * else. libuv's own handles are never inherited; other libraries' are. Best effort.
 */

/* Before a program is started: it gets nothing of what is open now. Unix finds all of it; Windows
 * has no list of what is open, there each socket is marked when it is made. */
void cw_inherit_nothing(void);
void cw_inherit_no_socket(uv_os_sock_t socket);

#endif
