/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CTL_H
#define CW_CTL_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "base/err.h"
#include "console/options.h"
#include "console/table.h"

/*
 * causewayctl: what an administrator asks the agent on this server. A verb is a row
 * of main.c's table and a cmd_<verb>.c.
 */
#define CTL_WELL 0
#define CTL_NOT_WELL 1 /* or failed */
#define CTL_USAGE 2
#define CTL_NO_AGENT 3 /* none is running, or this account may not ask it */

struct ctl {
	/* options */
	const char *state; /* the agent's folder */
	bool json, no_color, help, version;
	long number; /* of journal */
	const char *argument; /* of the verb; NULL: none */
	const char *out; /* of plan: the file to write; NULL: none */
	const char *reason; /* of lockdown */
	bool approve, new_passwords; /* of apply */
	long timeout_s; /* of run, plan, apply; 0: not given */
	/* made by main */
	bool colour, colour_err; /* standard output, standard error */
	unsigned columns; /* of the terminal, 0 when there is none */
};

/* Each returns an exit status; a negative one is an error, and err says what. */
int ctl_status(const struct ctl *c, struct cw_err *err);
int ctl_version(const struct ctl *c, struct cw_err *err);
int ctl_test_connection(const struct ctl *c, struct cw_err *err);
int ctl_journal(const struct ctl *c, struct cw_err *err);
int ctl_run(const struct ctl *c, struct cw_err *err);
int ctl_plan(const struct ctl *c, struct cw_err *err);
int ctl_apply(const struct ctl *c, struct cw_err *err);
int ctl_doctor(const struct ctl *c, struct cw_err *err);
int ctl_lockdown(const struct ctl *c, struct cw_err *err);

/* Asks the agent; request is taken. On success *ret is the caller's. */
int ctl_ask(const struct ctl *c, cJSON **ret, cJSON *request, struct cw_err *err);
int ctl_ask_verb(const struct ctl *c, cJSON **ret, const char *verb, struct cw_err *err);
/* Prints the answer as JSON, on one line. */
int ctl_print_json(const cJSON *answer);

/* A member's text with what could steer a terminal taken out, "" for none. Borrowed until the
 * fourth call from now. */
const char *ctl_text(const cJSON *object, const char *name);
double ctl_number(const cJSON *object, const char *name); /* 0 for none */
/* A line "label   text" of a report, formatted. */
void ctl_line(const struct ctl *c, const char *label, const char *format, ...) CW_PRINTF(3, 4);

#endif
