/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PIPE_H
#define CW_PIPE_H

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

struct cw_err;

/*
 * Who may talk over a local socket (Unix) or named pipe (Windows) made with libuv.
 */

/* The name of a local socket that belongs to a folder: FOLDER/NAME.sock, or a pipe name that holds
 * a hash of the folder's path (Windows has one flat space of pipe names). */
void cw_pipe_name(char *ret, size_t size, const char *folder, const char *name);

/* After uv_pipe_bind(): only this account and the system's administrators may open it. */
int cw_pipe_make_private(uv_pipe_t *listener, const char *name, struct cw_err *err);

/* After uv_accept(): the peer runs as root or as this account. Always true on Windows, where the
 * rights list of cw_pipe_make_private() has decided already. */
bool cw_pipe_peer_is_privileged(uv_pipe_t *peer);

#endif
