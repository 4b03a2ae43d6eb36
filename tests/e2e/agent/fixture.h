/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_FIXTURE_H
#define CW_TEST_FIXTURE_H

#include <cjson/cJSON.h>

#include "bridge.h"
#include "child.h"

/*
 * A bridge in this process, an agent as a program, a lab behind it: what every row
 * of the agent's end-to-end tests begins with.
 */
#define TENANT "6f1de2b0-6a3c-4d2a-9b1e-000000000001"

struct fixture {
	struct bridge bridge;
	const char *agent_program, *ctl_program;
	char folder[256]; /* of the agent */
	char address[64]; /* of the bridge */
	struct child agent;
	char id[CW_UUID_TEXT]; /* of the agent */
};

/* All of the below, for a program whose words are CAUSEWAY-AGENT CAUSEWAYCTL: an agent runs that
 * serves directory and sync. Ends the program with 2 where it is not called so, in a lab. */
void fixture_begin(struct fixture *f, int argc, char **argv);
int fixture_end(struct fixture *f); /* the exit status */

void fixture_init(struct fixture *f, const char *agent_program, const char *ctl_program);
void fixture_free(struct fixture *f);

/* causeway-agent enrol, with these options behind it; NULL-terminated. Exit status. */
int fixture_enrol(struct fixture *f, struct child *c, const char *roles, const char *const *more);
void fixture_configure(struct fixture *f); /* agent.json: the lab's PowerShell, and computers
					    * for reading alone */
/* causeway-agent run; waits until it is ready. */
void fixture_start(struct fixture *f);
void fixture_stop(struct fixture *f); /* SIGTERM, and checks exit status 0 */
void fixture_write(
    struct fixture *f, const char *name, const char *text); /* a file of its folder */

/* causewayctl with these words, at most twelve and NULL; input may be NULL. Exit status. */
int fixture_ctl_words(
    struct fixture *f, struct child *c, const char *input, const char *const *words);
/* causewayctl VERB [OPTION]; exit status. */
int fixture_ctl(struct fixture *f, struct child *c, const char *verb, const char *option);
/* causewayctl status --json; the caller's. */
cJSON *fixture_status(struct fixture *f);
/* Sends a signal to every PowerShell of the agent. Returns how many there are. */
int fixture_signal_powershells(struct fixture *f, int number);

int fixture_count_runspaces(struct fixture *f, const char *state); /* of all roles */

/* A command through the bridge. */
#define RUN_VALID_MS 60000
extern int64_t run_valid_ms; /* from now to not_after */

struct run {
	struct cw_agents_run *run;
	char id[CW_UUID_TEXT];
	struct cw_buf output; /* NDJSON */
	size_t pause_at;
	bool paused, done;
	int code;
	cJSON *result, *detail;
	struct cw_err err;
};

/* parameters: JSON. id NULL: a new one. Ends in r->done. */
void run_begin(struct fixture *f, struct run *r, const char *id, const char *command,
    const char *parameters, bool write, uint64_t timeout_ms);
/* The same for a script, or for a plan (JSON) to apply. */
void run_script(struct fixture *f, struct run *r, const char *text, bool plan);
void run_apply(struct fixture *f, struct run *r, const char *plan);
void run_wait(struct fixture *f, struct run *r);
/* Both, and a read or a write as the command's name says. */
void run_all(struct fixture *f, struct run *r, const char *command, const char *parameters);
void run_free(struct run *r);
const char *run_state(const struct run *r); /* of the result, "" for none */
/* A member of the first object of the output, "" for none. */
const char *run_text(const struct run *r, const char *member);

/* command.query of one id: its state; the answer stays until the next one. */
const char *query_state(struct fixture *f, const char *id);
const cJSON *query_record(void);

/* Runs the loop for as long as condition() is false. */
void until_true(struct fixture *f, bool (*condition)(struct fixture *f));

#endif
