/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_H
#define CW_BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_catalogue_call;
struct cw_controller;
struct cw_err;
struct cw_journal;
struct cw_policy;
struct cw_roles;
struct cw_sandbox;
struct cw_sandboxes;
struct cw_writer;

/*
 * Between the two PowerShells. A script runs in a sandbox that holds no power; each
 * cmdlet that it calls comes here as data. The call is bound by our own catalogue,
 * judged, its targets are looked up and pinned, and only then does it run, as one
 * structured command, in a privileged runspace. Whatever comes from the sandbox is
 * hostile: nothing here believes that a proxy sent it.
 *
 * All calls and events on the loop's thread.
 */
#define CW_SCRIPT_TEXT_MAX (1024u * 1024u) /* bytes */
#define CW_SCRIPTS_MAX 16u /* at a time, those that wait for a sandbox too; more are refused */
#define CW_SCRIPT_TIMEOUT_MAX_MS (24u * 3600u * 1000u)
#define CW_SCRIPT_REFUSALS_MAX 32u /* told in one result; all are counted */

struct cw_broker;
struct cw_script;

struct cw_broker_config { /* all borrowed */
	uv_loop_t *loop;
	const struct cw_roles *roles;
	struct cw_controller *controller;
	struct cw_journal *journal;
	struct cw_writer *writer;
	/* May be NULL: there are no walls here, and scripts are refused. Made after the broker, as
	 * its preparation is the broker's: see cw_broker_use_sandboxes(). */
	struct cw_sandboxes *sandboxes;
	const struct cw_policy *policy; /* NULL: everything but what takes an approval */
	const char *agent, *tenant; /* UUIDs, lower case */
	const uint8_t *seal_private; /* 32 bytes */
	/* Full paths, in the sandbox, of modules to import before the proxies, for an engine that
	 * lacks its utilities; NULL-terminated, or NULL. */
	const char *const *modules;
	const char *preparation; /* for tests: a script in place of the proxies; NULL: them */
};

/* On success *ret is to be given to cw_broker_close(). */
int cw_broker_new(
    struct cw_broker **ret, const struct cw_broker_config *config, struct cw_err *err);
/* The pool that scripts run in, made with cw_broker_prepare() and this broker as its arg. NULL: why
 * (a wall and its remedy) is what scripts are refused with. */
void cw_broker_use_sandboxes(struct cw_broker *b, struct cw_sandboxes *sandboxes, const char *why);
/* For cw_sandboxes_config.prepare: defines the proxies in a session. */
void cw_broker_prepare(void *broker, struct cw_sandbox *s);
/* Lockdown, shutdown: every script is stopped, done follows for each. */
void cw_broker_stop_all(struct cw_broker *b, const char *why);
/* A plan of more than CW_PLAN_LARGE bytes is made or applied one at a time. CW_EUNAVAILABLE: there
 * is one now. */
int cw_broker_check_large(const struct cw_broker *b, struct cw_err *err);
unsigned cw_broker_running(const struct cw_broker *b); /* scripts now */
/* After the roles and the sandboxes are closed. Scripts that are left are abandoned without an
 * event: what they began stays in the journal. closed may be called from inside. */
void cw_broker_close(struct cw_broker *b, void (*closed)(void *arg), void *arg);
/* For causewayctl: {scripts: {running, done, failed, stopped, unknown, refused}} added to object.
 */
void cw_broker_status_put(const struct cw_broker *b, cJSON *object);

/* A write that is no script's; call and parameters are borrowed until the answer. */
struct cw_broker_write {
	struct cw_catalogue_call *call;
	const cJSON *parameters; /* as they were given, for a refusal; may be NULL */
	const char *server; /* the controller */
	bool stays; /* there, whatever it is about; otherwise passwords go to the PDC emulator */
	uint32_t timeout_ms;
};

/*
 * May it be made, and where does it run? Its objects are looked up as a script's are, and call
 * names them by GUID then. done follows, perhaps from inside: with the controller's name and a
 * warning or "". failure, which is the callee's, is NULL, or why it is not made: a map as that of
 * a `fail` record (PROTOCOL.md), with "refusal" where a rule forbids it. The name is NULL when the
 * agent is being stopped. On an error nothing follows.
 */
int cw_broker_place(struct cw_broker *b, const struct cw_broker_write *write,
    void (*done)(void *arg, const char *server, const char *warning, cJSON *failure), void *arg,
    struct cw_err *err);
void cw_broker_place_cancel(struct cw_broker *b, const void *arg); /* done does not come */

enum cw_script_mode {
	CW_SCRIPT_RUN, /* reads and writes */
	CW_SCRIPT_PLAN, /* reads; writes are recorded and not made */
	CW_SCRIPT_APPLY, /* no script: the entries of a plan, in order */
};

struct cw_script_limits { /* of one operation; 0: the default, which is also the most */
	uint32_t calls, writes, objects;
	uint64_t bytes; /* of objects given to the script, and of lines given to the caller */
};

struct cw_script_request { /* borrowed until cw_script_start() returns, but for the plan */
	const char *id; /* UUID: at most once. One known to the journal is a conflict */
	const char *caller; /* who, for plan and records; may be "" */
	enum cw_script_mode mode;
	const char *text; /* RUN, PLAN: UTF-8 */
	size_t text_len;
	cJSON *plan; /* APPLY: taken by cw_script_start() in any case */
	const cJSON *secrets; /* APPLY; as in apply_secrets.h */
	bool
	    approved; /* a person approved this very plan: protected objects and approval classes */
	int64_t not_after_ms; /* Unix time; nothing begins after it. 0: none */
	uint32_t timeout_ms; /* at most CW_SCRIPT_TIMEOUT_MAX_MS, from now on */
	const char *controller; /* "" for ours */
	struct cw_script_limits limits;
};

struct cw_script_events {
	/* Whole NDJSON lines: {"output":..} {"error":..} {"warning":..} ..., and in APPLY
	 * {"step":{entry,state,...}} */
	void (*lines)(void *arg, const char *text, size_t n);
	/*
	 * The last event; the script is gone. err code CW_OK: it ran, and result says how that
	 * went:
	 *
	 *   {"state":"done"|"failed"|"stopped"|"unknown","calls","writes","objects","bytes","server",
	 *    "pdc_emulator"?:{"server","writes"},    of the writes, those that were made there
	 *    "started","finished","duration_ms","error"?:{message,error_id?,category?,type?},
	 *    "refusals":[{rule,message,call:{command,parameters},who_can_change_it}],
	 *    "plan"?:{...},"entries"?:[{entry,state,command?,server?,error?}],
	 *    "secrets"?:{SLOT:{"$sealed"}}}
	 *
	 * result is the callee's to delete. Otherwise it is NULL and nothing ran: CW_ECONFLICT the
	 * id is known, CW_EUNAVAILABLE (no walls, no sandbox, no controller), CW_EEXPIRED,
	 * CW_EINVAL.
	 */
	void (*done)(void *arg, const struct cw_err *err, cJSON *result);
};

/* Takes it or refuses it at once (CW_EINVAL, CW_EUNAVAILABLE, CW_EEXPIRED, CW_ELIMIT); no event
 * comes from inside. *ret is valid until done. */
int cw_script_start(struct cw_script **ret, struct cw_broker *b,
    const struct cw_script_request *request, const struct cw_script_events *events, void *arg,
    struct cw_err *err);
/* done follows, later. A write that runs goes on to its end first. */
void cw_script_stop(struct cw_script *s, const char *why);
/* Back-pressure: while paused the script waits, and so do the reads it makes. Some lines may still
 * come. */
void cw_script_pause(struct cw_script *s);
void cw_script_resume(struct cw_script *s);

#endif
