/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_REDIAL_H
#define CW_REDIAL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The agent's one connection to the cloud bridge: when to dial, when to wait.
 * Decides and does nothing itself. Time comes in as now_ms, work goes out through
 * ops, so a test runs a week of outages in a blink.
 *
 * Waits are drawn evenly from 0 to a bound that doubles with every failure (full
 * jitter), so that a thousand agents do not come back in one wave.
 */
#define CW_REDIAL_DELAY_FIRST 1000u /* ms, bound of the first wait */
#define CW_REDIAL_DELAY_MAX 60000u /* ms, the bound doubles up to here */
#define CW_REDIAL_DELAY_LEAST 100u /* ms, added to every wait: never a busy loop */
#define CW_REDIAL_DIAL_MAX 45000u /* ms, a dial that takes longer is given up */
#define CW_REDIAL_STABLE 60000u /* ms up, after which the bound starts over */
#define CW_REDIAL_NEVER UINT64_MAX

struct cw_redial_ops {
	void *arg;
	/* Begins to connect; cw_redial_up() or cw_redial_down() tells how it went, not from inside.
	 */
	void (*dial)(void *arg);
	/* Ends the connection or the attempt; cw_redial_down() is not needed then. */
	void (*hang_up)(void *arg);
	uint32_t (*random_below)(uint32_t below); /* uniform in [0, below) */
};

struct cw_redial {
	const struct cw_redial_ops *ops;
	enum {
		CW_REDIAL_STOPPED, /* Next: WAITING when started */
		CW_REDIAL_WAITING, /* Next: DIALING when the time has come */
		CW_REDIAL_DIALING, /* Next: UP when the bridge took us; WAITING when not, or too
				    * slow
				    */
		CW_REDIAL_UP, /* Next: WAITING when it broke */
	} state;
	uint64_t at_ms; /* WAITING: until; DIALING, UP: since */
	uint32_t bound_ms; /* of the next wait */
	unsigned failures; /* since it was last up for CW_REDIAL_STABLE */
};

void cw_redial_init(struct cw_redial *r, const struct cw_redial_ops *ops);
void cw_redial_start(struct cw_redial *r, uint64_t now_ms); /* the first dial is due at once */
void cw_redial_stop(struct cw_redial *r); /* hangs up */
void cw_redial_up(struct cw_redial *r, uint64_t now_ms);
void cw_redial_down(struct cw_redial *r, uint64_t now_ms);
/* Dials at once where it was waiting: an administrator asked for it. */
void cw_redial_hurry(struct cw_redial *r, uint64_t now_ms);
/* Does what is due. Returns the time of the next call, or CW_REDIAL_NEVER. */
uint64_t cw_redial_tick(struct cw_redial *r, uint64_t now_ms);

#endif
