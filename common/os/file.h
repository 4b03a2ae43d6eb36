/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_FILE_H
#define CW_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct cw_buf;
struct cw_err;

/*
 * Whole files, read with a limit and replaced atomically; private folders.
 * Paths are UTF-8 on every system.
 */

#define CW_FILE_PATH_MAX 4096u /* bytes, with the NUL */

/* FOLDER/name. CW_EINVAL: too long. */
int cw_file_path(
    char ret[CW_FILE_PATH_MAX], const char *folder, const char *name, struct cw_err *err);

/* Appends the file's bytes to b (its max is the limit). CW_ENOTFOUND when there is none, CW_EINVAL
 * when it is none but a pipe, a device, a folder: what is written by nobody is not waited for. */
int cw_file_read(struct cw_buf *b, const char *path, struct cw_err *err);
/* The same for what a person names on a command line, which may be a pipe: it is read to its end.
 */
int cw_file_read_named(struct cw_buf *b, const char *path, struct cw_err *err);

/* Replaces the file in one step, durably: a crash leaves the old bytes or the new ones. `private`:
 * only this account (and on Windows Administrators and SYSTEM) may read it. */
int cw_file_write(const char *path, const void *p, size_t n, bool private, struct cw_err *err);

/* Makes the folder, private to this account; ok when it is there already and is private.
 * CW_ENOTFOUND when its parent is not there, CW_EDENIED when it is there and others may read or
 * write it. */
int cw_file_mkdir_private(const char *path, struct cw_err *err);

/* CW_ENOTFOUND: there is no such folder; CW_EDENIED: others may read or write it. */
int cw_file_check_private(const char *path, struct cw_err *err);

bool cw_file_exists(const char *path);
int cw_file_remove(const char *path, struct cw_err *err); /* ok when there is none */

#endif
