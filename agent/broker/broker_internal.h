/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_INTERNAL_H
#define CW_BROKER_INTERNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "broker/answer.h"
#include "broker/broker.h"
#include "broker/lookup.h"
#include "broker/mode.h"
#include "broker/request.h"
#include "commands/controller.h"
#include "journal/writer.h"
#include "policy/policy.h"
#include "runspaces/runspaces.h"
#include "sandbox/pool.h"

/*
 * What the files of this folder share. A script has calls, a call has entries (one
 * for each object of its pipeline), and each entry is a call of the catalogue.
 */
#define BROKER_CALLS_MAX 32u /* of a script, open at a time */
#define BROKER_FLUSH_MS 50u /* that records wait for more */
#define BROKER_AHEAD (4u * ANSWER_FULL) /* bytes of records, then the runspace is held back */
#define BROKER_KEPT_MAX (2u * ANSWER_KEPT_MAX) /* bytes of records, of all calls of a script */
#define BROKER_BACKSTOP_MS 15000u /* our own deadlines end things; PowerShell's come later */
#define BROKER_WRITE_MS 60000u /* that a write may still take when its script is over */
#define BROKER_DOMAIN_KEEP_MS 30000u /* what is known of who holds power */
#define BROKER_POWERS_MAX 4u /* controllers of which that is known */
#define BROKER_PDC_MS 10000u /* for a question to the PDC emulator, which need not answer */
#define BROKER_ERROR_REFUSED "CausewayRefused"
#define BROKER_ERROR_PROTOCOL "CausewayProtocol"
#define BROKER_ERROR_LIMIT "CausewayLimit"
#define BROKER_ERROR_UNKNOWN "CausewayUnknown"

/* --- one lookup in a privileged runspace, by our own constant command */

struct broker_query {
	struct cw_runspaces_job *job; /* NULL: none is under way */
	struct cw_ps_arena *arena; /* of the command's values */
	struct cw_psrp_command command;
	struct cw_psrp_argument arguments[6];
	bool deleted;
	int (*row)(void *arg, const struct cw_ps_value *value, struct cw_err *err);
	void (*done)(void *arg, const struct cw_err *err);
	void *arg;
	struct cw_err err; /* of a row */
};

/* Get-ADDomain, or with a filter Get-ADObject; base NULL: the whole domain; properties: a list of
 * names, NULL: those of broker_object_read(). done comes later, never from inside; err code 0: all
 * rows were given. */
int broker_query_start(struct broker_query *q, struct cw_runspaces *rs, const char *server,
    const char *filter, const char *base, const cJSON *properties, uint32_t timeout_ms,
    struct cw_err *err);
void broker_query_deleted(struct broker_query *q); /* for the next ones: deleted objects too */
/* done comes, perhaps from inside, and no row any more. */
void broker_query_stop(struct broker_query *q);
void broker_query_free(struct broker_query *q);

/* --- who holds power over the domain, as one controller says it */

struct broker_power {
	struct broker_domain domain;
	char server[CW_HOST_MAX];
	uint64_t asked_ms; /* on the loop's clock */
	unsigned refs;
};

/* What is known of it, and fresh: a reference. NULL: it is to be asked. */
struct broker_power *power_find(struct cw_broker *b, const char *server);
/* What it said, which is taken: a reference. NULL when memory ends. */
struct broker_power *power_keep(
    struct cw_broker *b, const char *server, struct broker_domain *domain);
void power_drop(struct broker_power *power); /* ok on NULL */
void power_forget(struct cw_broker *b);

/* --- calls */

struct broker_entry {
	struct cw_catalogue_call *bound;
	cJSON *parameters; /* as given; a secret is {"$slot":N} */
	size_t first_name, name_count; /* among the call's names */
	uint32_t number; /* of a write, in the operation, from 1 */
	bool fed; /* its target alone came from the pipeline */
	bool on_pdc; /* it goes to the PDC emulator */
};

enum call_state {
	CALL_PLACING, /* waits for its controller. Next: QUEUED or LOOKING (a write), RUNNING (a
			 read) */
	CALL_QUEUED, /* waits for the end of the call ahead. Next: LOOKING, BEGINNING, or DONE */
	CALL_LOOKING, /* its objects are looked up. Next: QUEUED, BEGINNING, or DONE */
	CALL_BEGINNING, /* goes into the journal. Next: RUNNING */
	CALL_RUNNING, /* in a runspace, or waits for one. Next: ENDING (a write), RUNNING, DONE */
	CALL_ENDING, /* its end goes into the journal. Next: BEGINNING, DONE */
	CALL_DONE, /* its records wait for the script. Next: gone */
};

struct broker_call {
	struct cw_script *script;
	struct broker_call *next;
	struct broker_call *ahead, *behind; /* of one pipeline: one ends before the next begins */
	bool followed; /* one came behind it, whatever has become of either */
	int64_t id; /* the script's own; 0: the script knows it no more */
	enum call_state state;
	const struct cw_catalogue_command *command;
	struct broker_entry *entries;
	size_t made; /* entries; all of them are freed with the call */
	size_t count, at; /* those that are to run; the next one */
	size_t running; /* entries that run now, from at on */
	cJSON *failure; /* a fail record for when the entries before it have run */
	struct answer answer;
	uint64_t since_ms; /* when the oldest record that waits came */
	bool cancelled;
	bool dropped; /* the one ahead ended its pipeline: nothing of it is done or said */
	bool reads; /* its job is a read: of a write, one that the mode began */
	void *mode_data; /* of the script's ops */
	/* its objects */
	struct lookup_name *names;
	size_t name_count, name_from, name_to;
	struct broker_object *objects;
	size_t object_count, object_room;
	bool looked_up;
	bool on_pdc; /* the PDC emulator is asked, not the operation's controller */
	bool waits; /* for the PDC emulator's name */
	struct broker_power *power; /* at the controller that is asked */
	enum { LOOK_DOMAIN, LOOK_POWER, LOOK_NESTED, LOOK_OBJECTS, LOOK_BELOW } look;
	size_t below; /* of the objects: the container below which is looked */
	struct broker_domain domain; /* while it is asked for */
	struct broker_query query;
	/* where it runs */
	struct cw_controller_wait wait;
	struct cw_runspaces_job *job;
	bool paused;
	bool failed, unknown; /* some entry has */
	bool unseen; /* it was stopped before PowerShell saw it */
	struct cw_psrp_command fed;
	const struct cw_ps_value **input;
	struct cw_ps_value *fed_values;
	uint32_t errors; /* of the entries that run */
	struct cw_err lost; /* code < 0: their outcome is not known */
	char journal_id[CW_UUID_TEXT];
	struct cw_buf error, result; /* JSON: their first error; for the journal */
	struct cw_journal_change change;
	struct cw_writer_job disk;
	bool at_disk; /* the writer has the job */
};

/* --- scripts */

enum script_state {
	SCRIPT_BEGINNING, /* its id goes into the journal. Next: WAITING, or ENDED */
	SCRIPT_WAITING, /* for a sandbox. Next: RUNNING, or ENDED */
	SCRIPT_RUNNING, /* Next: SETTLING when its pipeline or its sandbox is over */
	SCRIPT_SETTLING, /* its writes come to their ends. Next: ENDING */
	SCRIPT_ENDING, /* its end goes into the journal. Next: ENDED */
	SCRIPT_ENDED, /* told from the loop, then gone */
};

struct cw_script {
	struct cw_broker *broker;
	struct cw_script *next;
	enum script_state state;
	/* what was asked for */
	char id[CW_UUID_TEXT];
	char key[CW_UUID_TEXT]; /* whose entries its writes are: its own, or the plan's operation */
	char *caller, *text;
	enum cw_script_mode mode;
	bool approved;
	int64_t not_after_ms;
	uint64_t due_ms; /* on the loop's clock */
	struct cw_script_limits limits;
	char wanted[CW_HOST_MAX]; /* the controller that was named, or "" */
	const struct cw_script_events *events;
	void *arg;
	const struct broker_mode_ops *ops; /* NULL: writes are made */
	void *mode_data;
	/* where it runs */
	struct cw_sandboxes_request *request;
	struct cw_sandbox *sandbox;
	struct cw_psrp_pipeline *pipeline;
	bool stays; /* no write goes to the PDC emulator */
	bool paused; /* by its caller */
	char stopped[CW_ERR_TEXT_MAX]; /* why, or "" */
	bool broken; /* its sandbox is to be ended at the next tick */
	char server[CW_HOST_MAX]; /* "" until a call needed one */
	/* the PDC emulator, where that is another one */
	char pdc[CW_HOST_MAX]; /* "" until a call needed it */
	char pdc_warning[CW_ERR_TEXT_MAX]; /* that it cannot be asked; "" until that was told */
	struct pdc_mark *marks; /* where it has written the passwords of which accounts */
	size_t mark_count, mark_room;
	/* its calls */
	struct broker_call *calls;
	struct cw_buf pending; /* a request whose ReadLine has not come */
	bool has_pending;
	bool waiting; /* a ReadLine is not answered */
	struct cw_psrp_host_call readline;
	struct broker_call *waits_for;
	struct cw_clixml *reader;
	struct cw_ps_arena *arena;
	uint32_t call_count, write_count; /* asked for */
	uint32_t written; /* made, or planned */
	uint32_t pdc_written; /* of those, on the PDC emulator */
	uint64_t object_count, byte_count;
	/* what it says */
	struct cw_buf lines;
	bool dirty;
	struct cw_script *next_dirty;
	uint32_t errors;
	struct cw_buf error; /* JSON of the first one */
	cJSON *refusals, *entries;
	uint32_t refusal_count;
	/* its end */
	bool failed, unknown;
	int64_t started_ms, finished_ms; /* Unix time */
	uint64_t started_ns, finished_ns;
	struct cw_err refused; /* code 0: it ran */
	cJSON *result;
	struct cw_buf result_text;
	bool begun; /* its id is in the journal */
	struct cw_journal_change change;
	struct cw_writer_job disk;
	bool at_disk; /* the writer has the job */
};

struct cw_broker {
	struct cw_broker_config config;
	char no_sandboxes[CW_ERR_TEXT_MAX]; /* why */
	char account[128], computer[80]; /* this agent's own, as sAMAccountNames */
	struct cw_script *scripts, *dirty;
	unsigned count;
	const struct cw_script *large; /* whose plan is large: one at a time; or NULL */
	struct broker_place *places; /* that are asked for */
	struct broker_power *powers[BROKER_POWERS_MAX];
	uv_timer_t timer;
	uv_prepare_t flusher;
	unsigned handles;
	bool closing;
	void (*closed)(void *arg);
	void *closed_arg;
	uint64_t done, failed, stopped, unknown, refused; /* since the start */
};

/* broker.c */
uint64_t broker_now(const struct cw_broker *b);
void broker_arm(struct cw_broker *b); /* something is due earlier than before */
void broker_look(struct cw_broker *b); /* a script is gone */
/* Its plan is large, from now to its end. CW_EUNAVAILABLE: there is another. */
int broker_take_large(struct cw_broker *b, const struct cw_script *s, struct cw_err *err);
/* While it closes: frees what is left of a script, as far as the journal's thread lets go of it. */
void broker_abandon(struct cw_script *s);

/* script.c */
void script_end(struct cw_script *s); /* pipeline and sandbox are over, or were never there */
void script_settle(struct cw_script *s); /* a call is gone */
void script_free(struct cw_script *s);
void script_tick(struct cw_script *s); /* its deadline, and records that waited enough */
uint64_t script_due(const struct cw_script *s);
/* The sandbox broke the rules: soon it ends, and the script with it. */
void script_break(struct cw_script *s, const char *why);
uint32_t script_left_ms(const struct cw_script *s);

/* lines.c: what it says to its caller */
void lines_output(struct cw_script *s, const struct cw_ps_value *value);
void lines_record(
    struct cw_script *s, enum cw_psrp_stream stream, const struct cw_ps_value *record);
void lines_text(struct cw_script *s, const char *member, const char *text);
void lines_error(struct cw_script *s, const char *why); /* one of our own */
void lines_json(struct cw_script *s, const cJSON *line);
void lines_flush(struct cw_script *s);
void lines_flush_all(uv_prepare_t *flusher);

/* host.c: host calls of the sandbox */
void host_call(struct cw_script *s, const struct cw_psrp_host_call *call);
void host_serve(struct cw_script *s, struct broker_call *call); /* it may have something to say */
void host_promise(struct cw_script *s); /* of the call that is waited for: nothing yet, ask later */
/* The answer of a request that becomes no call; fail, which is taken, may be NULL. */
void host_alone(struct cw_script *s, cJSON *fail);
uint64_t host_due(const struct cw_script *s);

/* call_new.c */
void call_new(struct cw_script *s, struct broker_request *request);
/* An empty one, for so many entries; NULL when memory ends. */
struct broker_call *call_add(struct cw_script *s, const char *command, size_t entries);
void call_place(struct broker_call *call); /* its entries are bound: it begins */

/* call.c */
struct broker_call *call_find(const struct cw_script *s, int64_t id);
/* One that ends its pipeline ends what comes behind it. */
void call_line_up(struct broker_call *call, struct broker_call *ahead);
void call_cancel(struct broker_call *call); /* the script wants no more of it */
void call_next(struct broker_call *call); /* its next entry, or its end */
void call_finish(struct broker_call *call);
void call_free(struct broker_call *call);
void call_record(struct broker_call *call, const char *stream, const cJSON *json);
/* The end of the call by a terminating error, behind what has run. record is the call's then. */
void call_fail(struct broker_call *call, cJSON *record);
/* The same, for what a runspace says of its end; error is its record, or NULL. */
void call_failed(
    struct broker_call *call, const struct cw_err *err, const struct cw_ps_value *error);
/* {message, error_id, category, type}: a record of our own. */
cJSON *call_error(const char *message, const char *id, const char *category, const char *type);
cJSON *call_after_unknown(void); /* of a write, when an earlier one's outcome is not known */
void call_refuse(
    struct broker_call *call, const struct cw_refusal *refusal, const cJSON *parameters);
cJSON *call_refusal(struct cw_script *s, const char *command, const cJSON *parameters,
    const struct cw_refusal *refusal);
struct cw_runspaces *call_runspaces(struct broker_call *call, struct cw_err *err);
extern const struct cw_runspaces_events call_events;
void call_take(struct broker_call *call); /* what was held back goes on when there is room */

/* pin.c: LOOKING; ends in call_next() */
void pin_start(struct broker_call *call);
/* What the call ahead does makes no difference to its objects: all are named by GUID. */
bool pin_is_free(const struct broker_call *call);
void pin_stop(struct broker_call *call);
void pin_look(struct broker_call *call); /* from the start, on the controller that is asked now */
bool pin_is_written(const struct lookup_name *name);
/* The call ends before the name's entry: it is protected. */
void pin_refuse(struct broker_call *call, const struct lookup_name *name, const char *why);
/* "SetADUser" of "Set-ADUser", as the module names what gave an error. */
void pin_class_name(char *ret, size_t size, const char *command);

/* pdc.c: of what was pinned, what goes to the PDC emulator; ends in call_next() */
void pdc_start(struct broker_call *call);
int pdc_filter(const struct broker_call *call, struct cw_buf *out, struct cw_err *err);
void pdc_found(struct broker_call *call, const struct broker_object *found);
void pdc_answered(struct broker_call *call); /* all that it has was found */
void pdc_lost(struct broker_call *call, const struct cw_err *err); /* it could not be asked */
/* Has this script written the account's password there? */
bool pdc_has(const struct cw_script *s, const char *guid);
/* The controller that the entry runs on. */
const char *entry_server(const struct broker_call *call, const struct broker_entry *entry);

/* place.c */
void place_abandon_all(struct cw_broker *b); /* as broker_abandon() */

/* write.c: BEGINNING to ENDING */
void write_start(struct broker_call *call);
void write_ended(struct broker_call *call, const struct cw_err *err);
void write_error(struct broker_call *call, const cJSON *record);

#endif
