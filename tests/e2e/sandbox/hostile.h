/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_HOSTILE_H
#define CW_TEST_HOSTILE_H

/*
 * What a hostile program does in the engine's place. Each act says on one line
 * how it ended:
 *   through          the attempt succeeded: a wall is down
 *   refused ERROR    the kernel said no
 *   limited N        it took what it could get, and was stopped at N
 * or it does not say anything, because it is dead.
 */
struct act {
	const char *verb;
	int (*run)(char **arguments); /* 0: through; a negative errno: refused; 1: it has spoken */
};

extern const struct act hostile_acts[], hostile_takes[];
extern const unsigned hostile_act_count, hostile_take_count;

int hostile_limited(unsigned long long n); /* speaks; returns 1 */

#endif
