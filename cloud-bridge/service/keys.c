/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway-bridge key: who may use the REST interface, straight in the ledger. A bridge
 * that runs on it looks keys up anew for every request.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "console/table.h"
#include "console/when.h"
#include "ledger/keys.h"
#include "ledger/ledger.h"
#include "ledger/tenants.h"
#include "os/terminal.h"
#include "service/commands.h"
#include "service/state.h"

struct create {
	const char *name, *role;
	const struct cw_words *tenants;
};

static int
read_tenants(
    struct cw_api_key *key, struct cw_ledger *l, const struct cw_words *names, struct cw_err *err)
{
	struct cw_tenant t;
	int r;

	for (size_t i = 0; i < names->n && key->tenant_count < CW_API_KEY_TENANTS_MAX; i++) {
		if ((r = cw_tenant_lookup(l, &t, names->word[i], err)) < 0)
			return r;
		if (!cw_api_key_sees(key, t.id))
			memcpy(key->tenants[key->tenant_count++], t.id, sizeof(t.id));
	}
	return CW_OK;
}

static int
create(void *arg, struct cw_ledger *l, struct cw_err *err)
{
	const struct create *c = arg;
	struct cw_api_key key = { 0 };
	char text[CW_API_KEY_TEXT];
	int r;

	if (strlen(c->name) >= sizeof(key.name))
		return cw_fail(err, CW_EINVAL, "the key's name is longer than %zu bytes",
		    sizeof(key.name) - 1);
	memcpy(key.name, c->name, strlen(c->name) + 1);
	if ((r = cw_api_role_parse(&key.role, c->role, err)) < 0)
		return r;
	if (key.role == CW_ROLE_ADMIN && c->tenants->n > 0)
		return cw_fail(
		    err, CW_EINVAL, "an admin's key is for all tenants: leave out --tenants");
	if (key.role != CW_ROLE_ADMIN && c->tenants->n == 0)
		return cw_fail(
		    err, CW_EINVAL, "a %s's key names its tenants: --tenants NAME,...", c->role);
	if ((r = read_tenants(&key, l, c->tenants, err)) < 0 ||
	    (r = cw_api_key_add(l, &key, text, err)) < 0)
		return r;
	puts(text);
	cw_wipe(text, sizeof(text));
	fprintf(stderr, "key %s is shown this once; only its hash is kept\n", key.id);
	return CW_OK;
}

int
cw_bridge_key_create(const char *state, const char *name, const char *role,
    const struct cw_words *tenants, struct cw_err *err)
{
	struct create c = { name, role, tenants };

	int r;

	if ((r = cw_bridge_state_check(state, err)) < 0)
		return r;
	return cw_bridge_with_ledger(state, create, &c, err);
}

static void
list_one(void *arg, const struct cw_api_key *key)
{
	struct cw_table *table = arg;
	char tenants[24];

	(void)snprintf(tenants, sizeof(tenants), "%zu", key->tenant_count);
	(void)cw_table_cell(table, CW_STYLE_PLAIN, key->name);
	(void)cw_table_cell(table, CW_STYLE_DIM, key->prefix);
	(void)cw_table_cell(table, CW_STYLE_PLAIN, cw_api_role_name(key->role));
	(void)cw_table_cell(table, CW_STYLE_PLAIN, key->role == CW_ROLE_ADMIN ? "all" : tenants);
	(void)cw_table_cell(
	    table, CW_STYLE_PLAIN, cw_when_date(key->used[0] != '\0' ? key->used : NULL));
	(void)cw_table_cell(table, key->revoked[0] != '\0' ? CW_STYLE_RED : CW_STYLE_GREEN,
	    key->revoked[0] != '\0' ? "revoked" : "works");
	(void)cw_table_cell(table, CW_STYLE_DIM, key->id);
}

static int
list(void *arg, struct cw_ledger *l, struct cw_err *err)
{
	static const char *const headers[] = { "NAME", "KEY", "ROLE", "TENANTS", "LAST USED",
		"STATE", "ID", NULL };
	bool terminal = cw_terminal_is(CW_TERMINAL_OUT);
	struct cw_table table = { 0 };
	int r;

	(void)arg;
	if ((r = cw_table_init(&table, headers, terminal)) < 0 ||
	    (r = cw_api_key_walk(l, list_one, &table, err)) < 0 ||
	    (r = cw_table_print(&table, stdout, 0)) < 0)
		r = err->code < 0 ? r : cw_fail(err, r, "out of memory");
	cw_table_free(&table);
	return r;
}

int
cw_bridge_key_list(const char *state, struct cw_err *err)
{
	int r;

	if ((r = cw_bridge_state_check(state, err)) < 0)
		return r;
	return cw_bridge_with_ledger(state, list, NULL, err);
}

static int
revoke_key(void *arg, struct cw_ledger *l, struct cw_err *err)
{
	return cw_api_key_revoke(l, arg, err);
}

int
cw_bridge_key_revoke(const char *state, const char *id, struct cw_err *err)
{
	int r;

	if ((r = cw_bridge_state_check(state, err)) < 0 ||
	    (r = cw_bridge_with_ledger(state, revoke_key, (void *)(uintptr_t)id, err)) < 0)
		return r;
	fprintf(stderr, "key %s is revoked\n", id);
	return CW_OK;
}
