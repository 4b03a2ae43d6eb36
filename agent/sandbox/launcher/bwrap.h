/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LAUNCHER_BWRAP_H
#define CW_LAUNCHER_BWRAP_H

#include "plan.h"

/*
 * bubblewrap's command line: the namespaces, the new root, /proc with little in
 * it, the filter, the environment.
 */
#define CW_BWRAP_WORDS_MAX 1024

struct cw_bwrap {
	const char *words[CW_BWRAP_WORDS_MAX + 1];
	size_t count;
	char text[16384]; /* of the words that are not borrowed */
	size_t text_len; /* bytes */
};

/* Reads this /proc for what to cover of the new one. filter_fd: the seccomp program, or negative
 * for none. The words borrow from plan. */
int cw_bwrap_words(
    struct cw_bwrap *ret, const struct cw_plan *plan, int filter_fd, struct cw_err *err);

#endif
