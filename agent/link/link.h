/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LINK_H
#define CW_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>
#include <uv.h>

#include "base/err.h"

struct cw_identity;
struct cw_wire_call;

/*
 * The agent's standing connection to the bridge: dials, says hello, keeps alive,
 * renews the certificate in time, dials again. What the bridge asks is handed to
 * request(). One loop thread.
 */
#define CW_LINK_HELLO_MS 10000u /* for the bridge's answer to hello and to a renewal */
#define CW_LINK_HEARTBEAT_MAX_S 3600 /* the longest that is taken from a bridge */
#define CW_LINK_RENEW_AGAIN_MS (60u * 60u * 1000u) /* after a renewal that failed */

struct cw_link;

struct cw_link_config {
	uv_loop_t *loop;
	struct cw_identity *identity; /* borrowed; a renewal replaces its certificate */
	const char *folder; /* of the identity; this and all text here is copied */
	const char *proxy; /* URL; "": none; NULL: what the environment says */
	const char *version, *os, *hostname; /* said in the hello */
	const char *epoch; /* of the journal */
	void *arg; /* of the callbacks */
	uint64_t (*counter)(void *arg); /* of the journal, asked for every hello */
	/* Adds the names of the roles that are served now to the list. NULL: all that were granted
	 * are. */
	void (*roles)(void *arg, cJSON *list);
	/* The bridge asks. Answer with cw_wire_call_finish() or cw_wire_call_fail(), now or later;
	 * one that is answered later is watched (cw_wire_call_watch()), or it is not known that
	 * the connection ended. Borrowed as in wire/channel.h. NULL: all is refused. */
	void (*request)(
	    void *arg, struct cw_wire_call *call, const char *method, const cJSON *params);
	/* The state, the last error or the certificate is another; for the log. May be NULL. */
	void (*changed)(void *arg);
};

/* Begins to connect. On success *ret is to be given to cw_link_close(). */
int cw_link_new(struct cw_link **ret, const struct cw_link_config *config, struct cw_err *err);
/* Hangs up. closed(arg) when nothing is left; link is gone then. No other callback after this call,
 * but the cancelled() of the calls that were open, from inside. */
void cw_link_close(struct cw_link *link, void (*closed)(void *arg), void *arg);
/* Hangs up at once and dials no more until it is released; why is its error meanwhile. */
void cw_link_hold(struct cw_link *link, const char *why);
void cw_link_release(struct cw_link *link);
/* Dials now where it waits; ok in every state. */
void cw_link_hurry(struct cw_link *link);
/* What roles() names is another: tells the bridge, where it is up; changed() when it knows. */
void cw_link_roles_changed(struct cw_link *link);
/* Renews the certificate now where it is up. */
void cw_link_renew(struct cw_link *link);

enum cw_link_state {
	CW_LINK_WAITING, /* for the time of the next attempt */
	CW_LINK_CONNECTING, /* up to the bridge's answer to hello */
	CW_LINK_UP,
};

struct cw_link_status {
	enum cw_link_state state;
	int64_t since_ms; /* Unix time when it came up, or went down, or was begun */
	uint64_t next_try_ms; /* from now; 0 when it does not wait */
	unsigned failures; /* attempts since it was last up for long */
	struct cw_err error; /* the last one; code 0: none since it was last up */
	char bridge[320]; /* host:port as it is dialled */
	char address[64]; /* of the peer, the proxy's where there is one; "" before the first */
	char proxy[256]; /* without user and password; "" for none that we set */
	char bridge_version[64]; /* "" before the first hello */
	unsigned heartbeat_s;
	bool skew_known; /* the bridge has told its time, in its answer to hello */
	int64_t skew_ms; /* how far ours is behind it */
	bool held; /* by cw_link_hold() */
	bool roles_told; /* the bridge knows what roles() names now */
	int64_t certificate_until_ms; /* Unix time */
};

void cw_link_status(const struct cw_link *link, struct cw_link_status *ret);
/* The same for causewayctl: {bridge: {...}, certificate: {...}} added to object. */
void cw_link_status_put(const struct cw_link *link, cJSON *object);

#endif
