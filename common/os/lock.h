/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LOCK_H
#define CW_LOCK_H

struct cw_err;

/*
 * A file that one process at a time holds. The system lets it go when that process
 * ends, however it ends; child processes never hold it. Take a path once in a process: on
 * Unix a second time succeeds, and giving back either one lets it go.
 */
struct cw_lock;

/* Makes the file where there is none. CW_ECONFLICT: another process holds it. On success *ret is to
 * be given to cw_lock_free(). */
int cw_lock_take(struct cw_lock **ret, const char *path, struct cw_err *err);
void cw_lock_free(struct cw_lock *lock); /* the file stays; ok on NULL */

#endif
