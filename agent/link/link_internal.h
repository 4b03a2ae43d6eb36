/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LINK_INTERNAL_H
#define CW_LINK_INTERNAL_H

#include "link/connection.h"
#include "link/identity.h"
#include "link/link.h"
#include "link/redial.h"

struct cw_link {
	struct cw_link_config config;
	char *folder, *proxy, *version, *os, *hostname, *epoch; /* what config points to */
	struct cw_redial redial;
	struct cw_redial_ops ops;
	struct cw_connection *connection; /* NULL: none */
	uv_timer_t timer, renewal;
	int handles;
	bool held;
	bool redial_wanted; /* a connection that was given up is not gone yet */
	enum cw_link_state state;
	int64_t since_ms; /* Unix time */
	struct cw_err error;
	char address[64], bridge_version[64];
	unsigned heartbeat_s;
	bool skew_known;
	int64_t skew_ms;
	unsigned roles_untold; /* changes that the bridge has not acknowledged */
	bool roles_stale; /* they changed after hello was sent and before it was answered */
	void (*closed)(void *arg);
	void *closed_arg;
};

int link_copy_config(struct cw_link *link, const struct cw_link_config *config);
void link_free(struct cw_link *link);
/* Sets the timer for the renewal of the certificate, while up. */
void link_renewal_plan(struct cw_link *link);
void link_renewal_due(uv_timer_t *timer);
void link_base64_key(char ret[64], const uint8_t key[32]);

#endif
