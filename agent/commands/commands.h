/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_COMMANDS_H
#define CW_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

struct cw_catalogue_call;
struct cw_controller;
struct cw_err;
struct cw_journal;
struct cw_policy;
struct cw_roles;
struct cw_wire_call;
struct cw_writer;

/*
 * What the bridge asks of this server: command.run, command.stop, command.query,
 * command.forget.
 *
 * A command is bound by our own catalogue and judged by this server's ceiling, gets its domain
 * controller, and runs in a runspace of its role; what it says streams to the bridge as fast as
 * that reads, and no faster. A write is in the journal, on the disk, before PowerShell sees it, and
 * its result is there before the bridge hears of it; it goes on when the connection
 * breaks. A read leaves no trace, and ends with its connection.
 */
#define CW_COMMANDS_MAX 1000u /* at a time; more are refused */
#define CW_COMMANDS_IDS_MAX 256u /* in one query or forget */
#define CW_COMMANDS_HELD_MAX \
	(32u * 1024u * 1024u) /* bytes of output that wait for the bridge; then more is refused */

struct cw_commands;

/* cw_broker_place() and cw_broker_place_cancel() of agent/broker, which is not known here; arg is
 * that of the config, stays: it runs on server, whatever it is about. */
struct cw_commands_places {
	int (*ask)(void *arg, struct cw_catalogue_call *call, const cJSON *parameters,
	    const char *server, bool stays, uint32_t timeout_ms,
	    void (*done)(void *run, const char *server, const char *warning, cJSON *failure),
	    void *run, struct cw_err *err);
	void (*cancel)(void *arg, const void *run);
};

struct cw_commands_config { /* all borrowed */
	uv_loop_t *loop;
	const struct cw_roles *roles;
	struct cw_controller *controller;
	struct cw_journal *journal;
	struct cw_writer *writer;
	const struct cw_policy *policy; /* the ceiling; NULL: none */
	const char *agent; /* UUID, lower case */
	const uint8_t *seal_private; /* 32 bytes */
	/* May a write be made, and where; NULL: all may, on the controller that is chosen. */
	const struct cw_commands_places *places;
	/* Is something of this id under way elsewhere: a script. May be NULL. */
	bool (*runs)(void *arg, const char *id);
	/* The journal could not be written: for the log. May be NULL. */
	void (*trouble)(void *arg, const struct cw_err *err);
	void *arg;
};

/* On success *ret is to be given to cw_commands_close(). */
int cw_commands_new(
    struct cw_commands **ret, const struct cw_commands_config *config, struct cw_err *err);

/* One request of the bridge. Whatever it is, it is answered. */
void cw_commands_request(
    struct cw_commands *c, struct cw_wire_call *call, const char *method, const cJSON *params);

/* Stops everything, writes too: of one that runs the outcome is then unknown. */
void cw_commands_stop_all(struct cw_commands *c);
/* Takes no more, stops what only reads, and waits for writes that run, for at most grace_ms; then
 * drained(arg), once, not from inside. */
void cw_commands_drain(
    struct cw_commands *c, uint64_t grace_ms, void (*drained)(void *arg), void *arg);
/* After the link and the roles are closed: what still ran is unknown, and the journal says so
 * before closed(arg) is called. */
void cw_commands_close(struct cw_commands *c, void (*closed)(void *arg), void *arg);

/* For causewayctl: {commands: {running, done, failed, refused, unknown}} added to object. */
void cw_commands_status_put(const struct cw_commands *c, cJSON *object);

#endif
