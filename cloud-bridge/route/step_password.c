/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new password, in each place. It is in memory alone: never in a document, a log or an error.
 * When it is not known whether a place took it, or a restart has lost it, a new one is set in all
 * places.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/seal.h"
#include "route/change.h"

#define AGAIN_FIRST_MS 1000u
#define AGAIN_MOST_MS 60000u

static bool
has_password(const struct operation *op)
{
	return op->change->password[0] != '\0';
}

static void
make_password(struct operation *op)
{
	cJSON *names = cJSON_CreateArray(), *one;
	const cJSON *places[] = { route_ad(op), route_entra(op) };

	for (size_t i = 0; i < CW_COUNT(places); i++)
		cJSON_ArrayForEach (one, cw_json_get(places[i], "names"))
			(void)cJSON_AddItemToArray(names, route_copy(one));
	cw_password_make(op->change->password, names);
	cJSON_Delete(names);
}

void
route_password_again(struct operation *op)
{
	bool in_entra = !route_step_is(op, &route_step_password_entra, "skipped") &&
	    op->change->plan[route_plan_at(op->change, &route_step_password_entra)] != NULL;

	cw_wipe(op->change->password, sizeof(op->change->password));
	route_change_back_to(op, in_entra ? &route_step_password_entra : &route_step_password_ad);
}

static void
again_later(struct operation *op, void (*then)(struct operation *op), const struct cw_err *why)
{
	/* Not counted by the step: each new password is a new start of it. */
	route_op_wait(op, route_backoff(op->change->restarts++, AGAIN_FIRST_MS, AGAIN_MOST_MS),
	    false, then, CW_EUNKNOWN, "%s", why->text);
}

/* --- Entra ID */

static void patch_again(struct operation *op);

static void
patched(void *owner, const struct cw_graph_response *response, const struct cw_err *err)
{
	struct operation *op = owner;

	(void)response;
	if (err->code == CW_OK)
		route_step_done(op);
	else if (route_entra_is_passing(op, err->code))
		route_entra_again(op, patch_again, err);
	else
		route_step_failed(op, err->code, "%s", err->text);
}

static void
patch_again(struct operation *op)
{
	cJSON *body = cJSON_CreateObject(), *profile = route_object(body, "passwordProfile"), *text;
	struct cw_err err = { 0 };
	int r;

	route_op_goes_on(op);
	route_set_text(profile, "password", op->change->password);
	route_set(profile, "forceChangePasswordNextSignIn", cJSON_CreateTrue());
	r = route_entra_patch(op, body, patched, &err);
	text = (cJSON *)cw_json_get(profile, "password");
	cw_wipe(text->valuestring, strlen(text->valuestring));
	cJSON_Delete(body);
	if (r < 0)
		patched(op, NULL, &err);
}

static void
entra_start(struct operation *op)
{
	if (!has_password(op))
		make_password(op);
	route_change_writes(op);
	route_op_save(op, patch_again);
}

static bool
entra_needed(const struct operation *op)
{
	return op->change->mode != CW_MODE_HYBRID_SYNC || route_ad(op) == NULL;
}

const struct route_step route_step_password_entra = { .place = "entra",
	.write = true,
	.what = "PATCH user: passwordProfile",
	.needed = entra_needed,
	.start = entra_start };

/* --- Active Directory */

static void ad_start(struct operation *op);

static cJSON *
sealed_for(const struct operation *op, const char *agent, const char *parameter, struct cw_err *err)
{
	uint8_t key[CW_SEAL_KEY];
	char context[CW_SEAL_CONTEXT_MAX];
	struct cw_buf box, text;
	cJSON *sealed = NULL;

	cw_buf_init(&box, 1024);
	cw_buf_init(&text, 2048);
	cw_seal_secret_context(context, agent, op->id, parameter);
	if (op->r->ops.seal_key(op->r->ops.arg, agent, key, err) == CW_OK &&
	    cw_seal(&box, key, context, op->change->password, strlen(op->change->password), err) ==
		CW_OK &&
	    cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)) == CW_OK) {
		sealed = cJSON_CreateObject();
		route_set_text(sealed, "$sealed", cw_buf_str(&text));
	}
	cw_buf_free(&box);
	cw_buf_free(&text);
	return sealed;
}

static cJSON *
ad_parameters(struct operation *op, struct cw_err *err)
{
	cJSON *parameters, *sealed;

	if (!has_password(op)) {
		(void)cw_fail(err, CW_EAGAIN, "the password went with the bridge's memory");
		return NULL;
	}
	if ((sealed = sealed_for(op, op->once.agent, "NewPassword", err)) == NULL)
		return NULL;
	parameters = cJSON_CreateObject();
	route_set_text(parameters, "Identity", cw_json_str(route_ad(op), "guid"));
	route_set(parameters, "NewPassword", sealed);
	route_set(parameters, "Reset", cJSON_CreateTrue());
	return parameters;
}

static void
ad_ended(struct operation *op, enum route_end end, const cJSON *result, const struct cw_err *err)
{
	const char *server = cw_json_str(result, "server");

	if (!has_password(op)) { /* what became of the lost one does not matter */
		route_password_again(op);
		return;
	}
	switch (end) {
	case ROUTE_END_DONE:
		if (server != NULL && server[0] != '\0')
			route_set_text(route_ad(op), "server", server);
		route_step_done(op);
		break;
	case ROUTE_END_REFUSED:
		route_step_failed(op, err->code, "the agent refused it: %s", err->text);
		break;
	case ROUTE_END_FAILED:
		if (err->code != CW_EUNAVAILABLE) {
			op->change->may_have_run = false;
			route_step_failed(op, err->code, "Active Directory: %s", err->text);
			break;
		}
		op->change->may_have_run = true;
		again_later(op, ad_start, err);
		break;
	case ROUTE_END_NEVER: again_later(op, ad_start, err); break;
	case ROUTE_END_DOUBT:
		op->change->may_have_run = true;
		again_later(op, route_password_again, err);
	}
}

static const struct route_once_owner ad_owner = { ad_parameters, NULL, true, ad_ended };

static void
ad_start(struct operation *op)
{
	if (!has_password(op) && route_step_is(op, &route_step_password_entra, "done")) {
		route_password_again(op);
		return;
	}
	if (!has_password(op))
		make_password(op);
	/* No controller is named: the agent takes the one where passwords are best set. */
	route_once_start(op, &ad_owner, "Set-ADAccountPassword", cw_json_str(route_ad(op), "agent"),
	    false, false, 0);
}

/* The old one may still be on its way: a new one is set when it has arrived, or is lost for sure.
 */
static void
ad_resume(struct operation *op)
{
	if (!route_once_resume(op, &ad_owner, "Set-ADAccountPassword"))
		route_password_again(op);
}

static bool
ad_needed(const struct operation *op)
{
	return route_ad(op) != NULL;
}

const struct route_step route_step_password_ad = { .place = "ad",
	.write = true,
	.what = "Set-ADAccountPassword",
	.needed = ad_needed,
	.start = ad_start,
	.resume = ad_resume };

/* --- to be changed at the next logon */

static void must_change_start(struct operation *op);

static cJSON *
must_change_parameters(struct operation *op, struct cw_err *err)
{
	cJSON *parameters = cJSON_CreateObject();

	(void)err;
	route_set_text(parameters, "Identity", cw_json_str(route_ad(op), "guid"));
	route_set(parameters, "ChangePasswordAtLogon", cJSON_CreateTrue());
	return parameters;
}

static void
must_change_ended(
    struct operation *op, enum route_end end, const cJSON *result, const struct cw_err *err)
{
	(void)result;
	if (!has_password(op))
		route_password_again(op);
	else if (end == ROUTE_END_DONE)
		route_step_done(op);
	else if (end == ROUTE_END_REFUSED || err->code == CW_EFAILED || err->code == CW_ENOTFOUND)
		route_step_failed(
		    op, err->code, "the new password need not be changed: %s", err->text);
	else /* twice is as good as once */
		route_op_wait(op,
		    route_backoff(op->change->rounds++, AGAIN_FIRST_MS, AGAIN_MOST_MS), false,
		    must_change_start, CW_EUNAVAILABLE, "%s", err->text);
}

static const struct route_once_owner must_change_owner = { must_change_parameters, NULL, true,
	must_change_ended };

static void
must_change_start(struct operation *op)
{
	if (!has_password(op)) {
		route_password_again(op);
		return;
	}
	route_once_start(op, &must_change_owner, "Set-ADUser", cw_json_str(route_ad(op), "agent"),
	    false, true, 0);
}

static void
must_change_resume(struct operation *op)
{
	if (!route_once_resume(op, &must_change_owner, "Set-ADUser"))
		route_password_again(op);
}

/* Active Directory refuses both at once. */
static bool
must_change_needed(const struct operation *op)
{
	return route_ad(op) != NULL && !cw_json_true(route_ad(op), "never_expires");
}

const struct route_step route_step_must_change = { .place = "ad",
	.write = true,
	.what = "Set-ADUser: change the password at the next logon",
	.needed = must_change_needed,
	.start = must_change_start,
	.resume = must_change_resume };
