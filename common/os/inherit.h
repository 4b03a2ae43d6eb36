/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_INHERIT_H
#define CW_INHERIT_H

#include <uv.h>

/* What a child process gets of ours. libuv's own handles are never inherited; a socket that another
 * library made is not either, after this. Best effort. */
void cw_inherit_no_socket(uv_os_sock_t socket);

#endif
