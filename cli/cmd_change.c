/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway change: one change, wherever the tenant's mode says it must be made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "cli.h"
#include "params.h"
#include "crypto/reply.h"

#define CHANGES "user.update user.disable user.enable password.reset"

struct change_options {
	const char *tenant, *user, *sam;
	struct cw_words set;
	bool no_wait;
};

static int
make_body(cJSON **ret, const char *change, const struct change_options *o,
    const struct cw_reply *reply, struct cw_err *err)
{
	cJSON *body = cJSON_CreateObject(), *target, *set;
	int r = CW_ENOMEM;

	if (cJSON_AddStringToObject(body, "change", change) == NULL ||
	    (target = cJSON_AddObjectToObject(body, "target")) == NULL ||
	    cJSON_AddStringToObject(target, o->user != NULL ? "user" : "sam",
		o->user != NULL ? o->user : o->sam) == NULL)
		goto fail;
	if (o->set.n > 0) {
		if ((set = cJSON_AddObjectToObject(body, "set")) == NULL)
			goto fail;
		for (size_t i = 0; i < o->set.n; i++)
			if ((r = cli_params_pair(set, o->set.word[i], err)) < 0)
				goto fail;
	}
	if (reply != NULL &&
	    cJSON_AddStringToObject(body, "reply_key", cw_reply_key(reply)) == NULL)
		goto fail;
	*ret = body;
	return CW_OK;
fail:
	cJSON_Delete(body);
	return err->code < 0 ? err->code : cw_fail(err, r, "out of memory");
}

static int
show_password(
    const struct cw_reply *reply, const char *id, const cJSON *operation, struct cw_err *err)
{
	const char *sealed =
	    cw_json_str(cw_json_get(cw_json_get(operation, "result"), "password"), "$sealed");
	struct cw_buf password;
	int r;

	if (sealed == NULL)
		return cw_fail(err, CW_EPROTO,
		    "the password was set, but the bridge did not return it; reset it again");
	cw_buf_init(&password, 1024);
	if ((r = cw_reply_open(&password, reply, id, sealed, err)) == CW_OK) {
		fflush(stdout); /* the steps come first */
		fputs("new password (shown once): ", stderr);
		fflush(stderr);
		fwrite(cw_buf_peek(&password), 1, cw_buf_left(&password), stdout);
		putchar('\n');
		fflush(stdout);
	}
	cw_buf_free_secret(&password);
	return r;
}

static int
follow(struct cli *c, const struct change_options *o, const cJSON *answer,
    const struct cw_reply *reply, struct cw_err *err)
{
	const char *id = cw_json_str(answer, "operation");
	cJSON *ended = NULL;
	int r;

	if (id == NULL)
		id = cw_json_str(answer, "id");
	if (id == NULL)
		return cw_fail(err, CW_EPROTO, "the bridge's answer names no operation");
	if (o->no_wait) {
		if (c->json)
			return cli_print_json(answer);
		cli_put(stdout, id);
		putchar('\n');
		return CW_OK;
	}
	r = cli_watch(c, id, &ended, err);
	if (r == CW_OK && reply != NULL)
		r = show_password(reply, id, ended, err);
	cJSON_Delete(ended);
	return r;
}

static int
change(struct cli *c, void *options, int argc, char **argv, struct cw_err *err)
{
	const struct change_options *o = options;
	bool resets = strcmp(argv[0], "password.reset") == 0;
	struct cw_reply *reply = NULL;
	cJSON *body = NULL, *answer = NULL;
	char *tenant = NULL, path[1024];
	int r;

	(void)argc;
	if ((o->user == NULL) == (o->sam == NULL))
		return cw_fail(err, CW_EINVAL,
		    "whom? Give --user NAME@DOMAIN, or --sam ACCOUNT for a name of Active "
		    "Directory");
	if (resets && o->no_wait)
		return cw_fail(
		    err, CW_EINVAL, "password.reset must be waited for: its answer is opened here");
	if (resets && (r = cw_reply_new(&reply, err)) < 0)
		return r;
	if ((r = make_body(&body, argv[0], o, reply, err)) < 0 ||
	    (r = cli_tenant(c, &tenant, o->tenant, err)) < 0)
		goto done;
	if (snprintf(path, sizeof(path), "/v1/tenants/%s/changes", tenant) >= (int)sizeof(path))
		r = cw_fail(err, CW_EINVAL, "the tenant's name is too long");
	else if ((r = cli_send(c, &answer, err, "POST", path, body)) == CW_OK)
		r = follow(c, o, answer, reply, err);
done:
	cw_reply_free(reply);
	cJSON_Delete(body);
	cJSON_Delete(answer);
	free(tenant);
	return r;
}

static const struct cw_option change_options[] = {
	{ "tenant", 't', CW_OPTION_TEXT, offsetof(struct change_options, tenant), "NAME",
	    "whose user", NULL },
	{ "user", 'u', CW_OPTION_TEXT, offsetof(struct change_options, user), "NAME@DOMAIN",
	    "the user, by sign-in name", NULL },
	{ "sam", 0, CW_OPTION_TEXT, offsetof(struct change_options, sam), "ACCOUNT",
	    "the user, by Active Directory account name", NULL },
	{ "set", 's', CW_OPTION_PAIRS, offsetof(struct change_options, set), "NAME=VALUE",
	    "a property by its Microsoft Graph name; NAME= clears it; repeat for more", NULL },
	{ "no-wait", 0, CW_OPTION_FLAG, offsetof(struct change_options, no_wait), NULL,
	    "print the operation's id and do not wait", NULL },
	{ 0 },
};

const struct cli_command cli_change[] = {
	{ "change", "TYPE", "Change a user in every directory where the tenant keeps it",
	    "TYPE is user.update, user.disable, user.enable or password.reset:\n"
	    "  causeway change user.update --user ada@lab.test --set jobTitle=Lead --set "
	    "'department=R&D'\n"
	    "  causeway change password.reset --user ada@lab.test\n"
	    "\n"
	    "A new password is made by the bridge, sealed to a key that this call makes, opened "
	    "here and\n"
	    "printed once, on standard output.\n",
	    change_options, sizeof(struct change_options), 1, 1, false, change },
	{ 0 },
};
