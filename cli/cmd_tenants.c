/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway tenants, causeway enrol-token.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"
#include "os/file.h"

#define MODES "cloud on-prem hybrid-sync hybrid-dual"
#define PEM_MAX (64u << 10)

struct graph_options {
	const char *tenant_id, *client_id, *certificate, *private_key, *graph_url, *token_url;
};

struct tenant_options {
	const char *mode, *tenant, *name;
	struct graph_options graph;
};

struct token_options {
	const char *tenant;
	struct cw_words roles;
	long hours;
};

static void
print_row(const char *label, const char *text)
{
	printf("%-18s ", label);
	cli_put(stdout, text);
	putchar('\n');
}

static int
print_tenant(const cJSON *t)
{
	const cJSON *graph = cw_json_get(t, "graph");
	const char *const rows[][2] = {
		{ "id", cw_json_str(t, "id") },
		{ "name", cw_json_str(t, "name") },
		{ "mode", cw_json_str(t, "mode") },
		{ "Graph tenant", cw_json_str(graph, "tenant_id") },
		{ "Graph client", cw_json_str(graph, "client_id") },
		{ "Graph certificate", cw_json_str(graph, "thumbprint") },
		{ "certificate ends", cw_json_str(graph, "expires") },
		{ "Graph URL", cw_json_str(graph, "graph_url") },
		{ "token URL", cw_json_str(graph, "token_url") },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (rows[i][1] != NULL)
			print_row(rows[i][0], rows[i][1]);
	return CW_OK;
}

static const char *
graph_of(const cJSON *tenant)
{
	return cw_json_str(cw_json_get(tenant, "graph"), "tenant_id");
}

static const struct cli_column columns[] = {
	{ "NAME", "name", NULL, false },
	{ "MODE", "mode", NULL, false },
	{ "GRAPH", NULL, graph_of, false },
	{ "ID", "id", NULL, false },
	{ 0 },
};

static int
list(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	(void)options, (void)argc, (void)argv;
	return cli_list(c, err, "/v1/tenants", "tenants", columns);
}

static int
show(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	cJSON *answer = NULL;
	char *tenant = NULL;
	int r;

	(void)options;
	if ((r = cli_tenant(c, &tenant, argc > 0 ? argv[0] : NULL, err)) < 0)
		return r;
	if ((r = cli_get(c, &answer, err, "/v1/tenants/%s", tenant)) == CW_OK)
		r = c->json ? cli_print_json(answer) : print_tenant(answer);
	cJSON_Delete(answer);
	free(tenant);
	return r;
}

static int
create(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct tenant_options *o = options;
	cJSON *body, *answer = NULL;
	int r;

	(void)argc;
	if (o->mode == NULL)
		return cw_fail(err, CW_EINVAL, "--mode is missing: one of " MODES);
	if ((body = cJSON_CreateObject()) == NULL ||
	    cJSON_AddStringToObject(body, "name", argv[0]) == NULL ||
	    cJSON_AddStringToObject(body, "mode", o->mode) == NULL) {
		cJSON_Delete(body);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	if ((r = cli_send(c, &answer, err, "POST", "/v1/tenants", body)) == CW_OK)
		r = c->json ? cli_print_json(answer) : print_tenant(answer);
	cJSON_Delete(body);
	cJSON_Delete(answer);
	return r;
}

static void
say_mode(const char *tenant, const char *mode)
{
	static const struct {
		const char *mode, *means;
	} modes[] = {
		{ "cloud", "changes go to Entra ID" },
		{ "on-prem", "changes go to Active Directory" },
		{ "hybrid-sync",
		    "changes go to Active Directory, and Entra Connect carries them to Entra ID" },
		{ "hybrid-dual", "changes go to Active Directory and to Entra ID" },
	};

	for (size_t i = 0; i < CW_COUNT(modes); i++)
		if (cw_streq(mode, modes[i].mode))
			printf("%s is %s now: %s\n", tenant, mode, modes[i].means);
}

static int
change_mode(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	cJSON *body = cJSON_CreateObject(), *answer = NULL;
	char *tenant = cli_escape(argv[0]), path[1024];
	int r;

	(void)options, (void)argc;
	if (tenant == NULL || cJSON_AddStringToObject(body, "mode", argv[1]) == NULL)
		r = cw_fail(err, CW_ENOMEM, "out of memory");
	else if (snprintf(path, sizeof(path), "/v1/tenants/%s", tenant) >= (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the tenant's name is too long");
	else if ((r = cli_send(c, &answer, err, "PATCH", path, body)) == CW_OK && c->json)
		r = cli_print_json(answer);
	else if (r == CW_OK)
		say_mode(argv[0], argv[1]);
	cJSON_Delete(body);
	cJSON_Delete(answer);
	free(tenant);
	return r;
}

static int
remove_tenant(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	cJSON *answer = NULL;
	char *tenant = cli_escape(argv[0]), path[1024];
	int r;

	(void)options, (void)argc;
	if (tenant == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if (snprintf(path, sizeof(path), "/v1/tenants/%s", tenant) >= (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the tenant's name is too long");
	else
		r = cli_send(c, &answer, err, "DELETE", path, NULL);
	if (r == CW_OK && !c->json)
		printf("tenant %s is deleted\n", argv[0]);
	cJSON_Delete(answer);
	free(tenant);
	return r;
}

static int
add_file(cJSON *body, const char *name, const char *path, struct cw_err *err)
{
	struct cw_buf pem;
	const char *text;
	int r;

	cw_buf_init(&pem, PEM_MAX);
	if ((r = cw_file_read_named(&pem, path, err)) == CW_OK) {
		text = cw_buf_str(&pem);
		if (text == NULL || cJSON_AddStringToObject(body, name, text) == NULL)
			r = cw_fail(err, CW_ENOMEM, "out of memory");
	}
	cw_buf_free_secret(&pem);
	return r;
}

static int
graph(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct graph_options *o = options;
	cJSON *body = cJSON_CreateObject(), *answer = NULL;
	char *tenant = NULL, path[1024];
	int r;

	(void)argc;
	if (o->tenant_id == NULL || o->client_id == NULL || o->certificate == NULL ||
	    o->private_key == NULL) {
		r = cw_fail(err, CW_EINVAL,
		    "--tenant-id, --client-id, --certificate and --private-key are all needed");
		goto done;
	}
	if (cJSON_AddStringToObject(body, "tenant_id", o->tenant_id) == NULL ||
	    cJSON_AddStringToObject(body, "client_id", o->client_id) == NULL ||
	    (o->graph_url != NULL &&
		cJSON_AddStringToObject(body, "graph_url", o->graph_url) == NULL) ||
	    (o->token_url != NULL &&
		cJSON_AddStringToObject(body, "token_url", o->token_url) == NULL)) {
		r = cw_fail(err, CW_ENOMEM, "out of memory");
		goto done;
	}
	if ((r = add_file(body, "certificate", o->certificate, err)) < 0 ||
	    (r = add_file(body, "private_key", o->private_key, err)) < 0 ||
	    (r = cli_tenant(c, &tenant, argv[0], err)) < 0)
		goto done;
	if (snprintf(path, sizeof(path), "/v1/tenants/%s/graph", tenant) >= (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the tenant's name is too long");
	else if ((r = cli_send(c, &answer, err, "PUT", path, body)) == CW_OK)
		r = c->json ? cli_print_json(answer) : print_tenant(answer);
done:
	if (cw_json_str(body, "private_key") != NULL)
		cw_wipe(cw_json_get(body, "private_key")->valuestring,
		    strlen(cw_json_str(body, "private_key")));
	cJSON_Delete(body);
	cJSON_Delete(answer);
	free(tenant);
	return r;
}

static int
enrol_token(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct token_options *o = options;
	cJSON *body = cJSON_CreateObject(), *roles, *answer = NULL;
	char *tenant = NULL, path[1024];
	int r;

	(void)argc, (void)argv;
	if ((roles = cJSON_AddArrayToObject(body, "roles")) == NULL) {
		r = cw_fail(err, CW_ENOMEM, "out of memory");
		goto done;
	}
	for (size_t i = 0; i < o->roles.n; i++)
		cJSON_AddItemToArray(roles, cJSON_CreateString(o->roles.word[i]));
	if (o->roles.n == 0)
		cJSON_AddItemToArray(roles, cJSON_CreateString("directory"));
	if (o->hours > 0)
		cJSON_AddNumberToObject(body, "expires_in_s", (double)o->hours * 3600);
	if ((r = cli_tenant(c, &tenant, o->tenant, err)) < 0)
		goto done;
	if (snprintf(path, sizeof(path), "/v1/tenants/%s/enrolment-tokens", tenant) >=
	    (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the tenant's name is too long");
	else if ((r = cli_send(c, &answer, err, "POST", path, body)) == CW_OK && c->json)
		r = cli_print_json(answer);
	else if (r == CW_OK) {
		/* The token alone on standard output: TOKEN=$(causeway enrol-token) works. */
		cli_put(stdout,
		    cw_json_str(answer, "token") != NULL ? cw_json_str(answer, "token") : "");
		putchar('\n');
		fprintf(stderr, "good for one agent until %s UTC",
		    cw_when_date(cw_json_str(answer, "expires")));
		if (cw_json_str(answer, "bridge") != NULL) {
			fputs("; the agent connects to ", stderr);
			cli_put(stderr, cw_json_str(answer, "bridge"));
		}
		fputc('\n', stderr);
	}
done:
	cJSON_Delete(body);
	cJSON_Delete(answer);
	free(tenant);
	return r;
}

#define TENANT(member, letter, name, value, help, choices)                                    \
	{                                                                                     \
		name, letter, CW_OPTION_TEXT, offsetof(struct tenant_options, member), value, \
		    help, choices                                                             \
	}
static const struct cw_option create_options[] = {
	TENANT(mode, 'm', "mode", "MODE",
	    "where changes go: cloud, on-prem, hybrid-sync or hybrid-dual", MODES),
	{ 0 },
};
#undef TENANT

#define GRAPH(member, name, value, help)                                                           \
	{                                                                                          \
		name, 0, CW_OPTION_TEXT, offsetof(struct graph_options, member), value, help, NULL \
	}
static const struct cw_option graph_options[] = {
	GRAPH(tenant_id, "tenant-id", "GUID", "the customer's tenant in Entra ID"),
	GRAPH(client_id, "client-id", "GUID", "the application that the bridge signs in as"),
	GRAPH(certificate, "certificate", "FILE", "its certificate, PEM"),
	GRAPH(private_key, "private-key", "FILE",
	    "the certificate's key, PEM; kept on the bridge, readable to it alone"),
	GRAPH(graph_url, "graph-url", "URL",
	    "another cloud's Graph (https://graph.microsoft.com/v1.0)"),
	GRAPH(token_url, "token-url", "URL",
	    "its token endpoint (https://login.microsoftonline.com/TENANT/oauth2/v2.0/token)"),
	{ 0 },
};
#undef GRAPH

static const struct cw_option token_options[] = {
	{ "tenant", 't', CW_OPTION_TEXT, offsetof(struct token_options, tenant), "NAME",
	    "whose agent it enrols", NULL },
	{ "roles", 'r', CW_OPTION_LIST, offsetof(struct token_options, roles), "ROLE,...",
	    "directory (default), sync, exchange", "directory sync exchange" },
	{ "hours", 0, CW_OPTION_NUMBER, offsetof(struct token_options, hours), "N",
	    "how long it can be used", NULL },
	{ 0 },
};

const struct cli_command cli_tenants[] = {
	{ "tenants list", "", "List the tenants that this key sees", NULL, NULL, 0, 0, 0, false,
	    list },
	{ "tenants show", "[NAME]", "Show a tenant's settings", NULL, NULL, 0, 0, 1, false, show },
	{ "tenants create", "NAME", "Add a tenant", NULL, create_options,
	    sizeof(struct tenant_options), 1, 1, false, create },
	{ "tenants set-mode", "NAME MODE", "Change where a tenant's changes go",
	    "MODE is cloud, on-prem, hybrid-sync (Entra Connect) or hybrid-dual (two directories, "
	    "no sync).\n",
	    NULL, 0, 2, 2, false, change_mode },
	{ "tenants graph", "NAME", "Set how the bridge signs in to a tenant's Microsoft Graph",
	    NULL, graph_options, sizeof(struct graph_options), 1, 1, false, graph },
	{ "tenants delete", "NAME", "Remove a tenant that has no agents", NULL, NULL, 0, 1, 1,
	    false, remove_tenant },
	{ "enrol-token", "", "Make a one-time token that enrols an agent",
	    "The token is printed once, on standard output. On the customer's server:\n"
	    "  causeway-agent enrol --state DIR --bridge HOST:PORT --token TOKEN\n",
	    token_options, sizeof(struct token_options), 0, 0, false, enrol_token },
	{ 0 },
};
