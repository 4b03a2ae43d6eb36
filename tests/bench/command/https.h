/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_HTTPS_H
#define BENCH_HTTPS_H

#include <stddef.h>

/*
 * One kept-alive HTTPS connection and requests on it, one after the other: OpenSSL
 * on a blocking socket, so that next to nothing of the time is the client's own.
 * What goes wrong ends the program.
 */

void https_dial(const char *host, const char *port, const char *ca_file);
/* Into ret; the whole of a request. */
size_t https_request(char *ret, size_t size, const char *method, const char *path, const char *host,
    const char *key, const char *body);
/* Sends it and reads the answer, whose status must be 2xx. Its body, valid until the next. */
const char *https_ask(const char *request, size_t n);
void https_close(void);

#endif
