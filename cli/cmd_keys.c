/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway keys: who may use this bridge.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"

struct key_options {
	struct cw_words tenants;
	bool admin, read_only;
};

static const char *
tenants_of(const cJSON *key)
{
	const cJSON *names = cw_json_get(key, "tenant_names");

	return cJSON_IsArray(names) ? cli_join(names) : "all";
}

static const char *
used_of(const cJSON *key)
{
	return cw_when_date(cw_json_str(key, "last_used"));
}

static const struct cli_column columns[] = {
	{ "NAME", "name", NULL, false },
	{ "KEY", "prefix", NULL, false },
	{ "MAY", "role", NULL, false },
	{ "TENANTS", NULL, tenants_of, false },
	{ "LAST USED", NULL, used_of, false },
	{ "ID", "id", NULL, false },
	{ 0 },
};

static int
list(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	(void)options, (void)argc, (void)argv;
	return cli_list(c, err, "/v1/api-keys", "keys", columns);
}

static int
create(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct key_options *o = options;
	cJSON *body, *tenants, *answer = NULL;
	int r;

	(void)argc;
	if (o->admin == (o->tenants.n > 0) || (o->admin && o->read_only))
		return cw_fail(err, CW_EINVAL,
		    "what may it do? Give --tenants NAME,... (and --read-only), or --admin for "
		    "everything");
	body = cJSON_CreateObject();
	if (cJSON_AddStringToObject(body, "name", argv[0]) == NULL ||
	    cJSON_AddStringToObject(body, "role",
		o->admin           ? "admin"
		    : o->read_only ? "reader"
				   : "operator") == NULL ||
	    (!o->admin && (tenants = cJSON_AddArrayToObject(body, "tenants")) == NULL)) {
		cJSON_Delete(body);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	for (size_t i = 0; i < o->tenants.n; i++)
		cJSON_AddItemToArray(cw_json_get(body, "tenants") != NULL
			? cJSON_GetObjectItem(body, "tenants")
			: body,
		    cJSON_CreateString(o->tenants.word[i]));
	if ((r = cli_send(c, &answer, err, "POST", "/v1/api-keys", body)) == CW_OK && c->json)
		r = cli_print_json(answer);
	else if (r == CW_OK) {
		cli_put(
		    stdout, cw_json_str(answer, "key") != NULL ? cw_json_str(answer, "key") : "");
		putchar('\n');
		fputs("the key is shown this once; only its hash is kept\n", stderr);
	}
	cJSON_Delete(body);
	cJSON_Delete(answer);
	return r;
}

static int
remove_key(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	char *id = cli_escape(argv[0]), path[512];
	cJSON *answer = NULL;
	int r;

	(void)options, (void)argc;
	if (id == NULL || snprintf(path, sizeof(path), "/v1/api-keys/%s", id) >= (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the key's id is too long");
	else if ((r = cli_send(c, &answer, err, "DELETE", path, NULL)) == CW_OK && !c->json)
		printf("key %s is deleted\n", argv[0]);
	cJSON_Delete(answer);
	free(id);
	return r;
}

static const struct cw_option create_options[] = {
	{ "tenants", 't', CW_OPTION_LIST, offsetof(struct key_options, tenants), "NAME,...",
	    "may work on these tenants", NULL },
	{ "read-only", 0, CW_OPTION_FLAG, offsetof(struct key_options, read_only), NULL,
	    "may only read", NULL },
	{ "admin", 0, CW_OPTION_FLAG, offsetof(struct key_options, admin), NULL,
	    "may do everything, tenants and keys included", NULL },
	{ 0 },
};

const struct cli_command cli_keys[] = {
	{ "keys list", "", "List API keys", NULL, NULL, 0, 0, 0, false, list },
	{ "keys create", "NAME", "Make an API key; it is printed once", NULL, create_options,
	    sizeof(struct key_options), 1, 1, false, create },
	{ "keys delete", "ID", "Delete an API key; it stops working at once", NULL, NULL, 0, 1, 1,
	    false, remove_key },
	{ 0 },
};
