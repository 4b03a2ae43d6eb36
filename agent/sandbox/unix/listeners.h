/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_LISTENERS_H
#define CW_SANDBOX_LISTENERS_H

#include "sandbox/sandbox.h"

/*
 * Sockets that the probe must not reach: one on 127.0.0.1, one with a path, one
 * with an abstract name. The kernel completes connections by itself, nobody
 * accepts them.
 */
struct cw_listeners {
	int tcp, unix_path, abstract; /* descriptors; -1: none */
	unsigned port;
	char path[108], name[64];
};

int cw_listeners_open(struct cw_listeners *ret, const char *folder, struct cw_err *err);
void cw_listeners_close(struct cw_listeners *l); /* removes the socket file */

#endif
