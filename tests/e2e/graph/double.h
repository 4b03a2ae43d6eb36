/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_GRAPH_DOUBLE_H
#define TEST_GRAPH_DOUBLE_H

#include <sys/types.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "ledger/tenants.h"

/* The double of Entra ID (tests/lab/entra), started for one test program, and its keys. */
struct entra {
	char dir[64]; /* with everything below, removed at the end */
	char ca_file[128];
	struct cw_buf certificate, key, other_certificate, other_key; /* RSA, PEM */
	struct cw_tenant_graph settings;
	char admin_url[128];
	pid_t pid;
};

void entra_start(struct entra *e); /* exits the program when it cannot */
void entra_stop(struct entra *e);
/* Asks the admin endpoint; the answer is the caller's, NULL when it is empty. */
cJSON *entra_admin(struct entra *e, const char *method, const char *path, const char *json);
/* Requests of Graph or the token endpoint that the double saw since the last call. */
int entra_seen(struct entra *e, const char *method, const char *target_part);
void entra_quiet(struct entra *e); /* no faults, empty log */

#endif
