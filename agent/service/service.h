/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SERVICE_H
#define CW_SERVICE_H

struct cw_err;

/*
 * The agent as the system's service, or in the foreground. service_unix.c and
 * service_windows.c take what their system says (a signal, the service manager) to
 * the same two calls.
 */

/* Runs until it is told to stop; the program's exit status. */
int cw_service_run(const char *folder);

/* For those two: an agent on a loop of its own until cw_service_stop(). started() is called once it
 * is up, may be NULL. Negative: it did not start, err says why. */
int cw_service_serve(const char *folder, void (*started)(void), struct cw_err *err);
/* From any thread, once started() was called. */
void cw_service_stop(void);

#endif
