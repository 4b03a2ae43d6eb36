/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_DOUBLE_BROKER_H
#define CW_DOUBLE_BROKER_H

#include "broker/broker.h"

/*
 * A double of agent/broker, linked in its place: scripts stay where they are until
 * the test says what became of them.
 */
struct double_script {
	struct double_script *next;
	char id[40], caller[256], text[256];
	enum cw_script_mode mode;
	bool approved, paused;
	uint32_t timeout_ms;
	cJSON *plan;
	char stopped[128]; /* why; "" while it is not to stop */
	const struct cw_script_events *events;
	void *arg;
};

/* The oldest that runs, or NULL. */
struct double_script *double_script(void);
unsigned double_scripts(void);
/* The next start fails so; 0: none does. */
extern int double_script_refuses;
extern bool double_broker_has_large;
void double_script_lines(struct double_script *s, const char *text, size_t n);
/* The end: of an error, or with this result (JSON). */
void double_script_done(struct double_script *s, int code, const char *why, const char *result);

#endif
