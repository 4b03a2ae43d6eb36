/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_LEDGER_TENANTS_H
#define CW_LEDGER_TENANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/time.h"

struct cw_err;
struct cw_ledger;

/* Customers: identity mode and Graph application. No secret is in here. */
#define CW_TENANT_NAME_MAX 128u /* bytes, with the NUL */
#define CW_TENANT_URL_MAX 256u

enum cw_identity_mode { CW_MODE_CLOUD, CW_MODE_ON_PREM, CW_MODE_HYBRID_SYNC, CW_MODE_HYBRID_DUAL };

const char *cw_mode_name(enum cw_identity_mode mode); /* "hybrid-sync" */
int cw_mode_parse(enum cw_identity_mode *ret, const char *text, struct cw_err *err);

struct cw_tenant_graph {
	bool set;
	char tenant_id[CW_UUID_TEXT]; /* of Entra ID */
	char client_id[CW_UUID_TEXT];
	char graph_url[CW_TENANT_URL_MAX]; /* "https://graph.microsoft.com/v1.0" */
	char token_url[CW_TENANT_URL_MAX];
	char thumbprint[65]; /* SHA-256 of the certificate's DER, hex; to tell which one it is */
	char expires[CW_TIME_TEXT]; /* the certificate */
};

struct cw_tenant {
	char id[CW_UUID_TEXT];
	char name[CW_TENANT_NAME_MAX];
	enum cw_identity_mode mode;
	char created[CW_TIME_TEXT];
	struct cw_tenant_graph graph;
};

/* Fills id and created. CW_EINVAL: a name that is empty, not text, looks like an id or holds a "/";
 * CW_ECONFLICT: there is one of that name. */
int cw_tenant_add(struct cw_ledger *l, struct cw_tenant *tenant, struct cw_err *err);
int cw_tenant_find(struct cw_ledger *l, struct cw_tenant *ret, const char *id, struct cw_err *err);
/* By id, or by name: no name looks like an id. */
int cw_tenant_lookup(
    struct cw_ledger *l, struct cw_tenant *ret, const char *id_or_name, struct cw_err *err);
/* Replaces name, mode and Graph settings. */
int cw_tenant_update(struct cw_ledger *l, const struct cw_tenant *tenant, struct cw_err *err);
/* CW_ECONFLICT while it has agents that are not revoked, or operations under way. */
int cw_tenant_remove(struct cw_ledger *l, const char *id, struct cw_err *err);
/* Calls each for every tenant, by name. */
int cw_tenant_walk(struct cw_ledger *l, void (*each)(void *arg, const struct cw_tenant *tenant),
    void *arg, struct cw_err *err);

#endif
