/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps in Active Directory: write, take back, read back. A write has a key by which
 * the agent does it once; what its journal cannot tell is settled by reading the same domain
 * controller: there is the new value, or the one before, or somebody else's.
 */
#include "base/json.h"
#include "route/change.h"

#define AGAIN_FIRST_MS 1000u
#define AGAIN_MOST_MS 60000u

/* --- writing */

static void write_now(struct operation *op);

/* Nothing is written on the strength of what was read long ago. */
static bool
is_stale(const struct operation *op)
{
	return op->change->looked_ms == 0 ||
	    route_now(op->r) - op->change->looked_ms > ROUTE_FRESH_MS;
}

static bool
is_about_enabled(const struct operation *op)
{
	return op->change->kind->enabled >= 0;
}

static const cJSON *
value_to_write(const struct operation *op, const struct route_property *p)
{
	return op->change->undo ? route_before(route_ad(op), p) : route_wanted(op, p);
}

static const char *
write_command(const struct operation *op)
{
	const struct route_property *p = route_property_find("accountEnabled");

	if (!is_about_enabled(op))
		return "Set-ADUser";
	return cJSON_IsTrue(value_to_write(op, p)) ? "Enable-ADAccount" : "Disable-ADAccount";
}

static cJSON *
write_parameters(struct operation *op, struct cw_err *err)
{
	const struct route_property *p;
	cJSON *parameters;

	if (is_stale(op)) {
		(void)cw_fail(err, CW_EAGAIN, "it waited so long that it is read again first");
		return NULL;
	}
	parameters = cJSON_CreateObject();
	route_set_text(parameters, "Identity", cw_json_str(route_ad(op), "guid"));
	for (size_t n = 0; (p = route_write_get(op, "props", n)) != NULL; n++) {
		const cJSON *value = value_to_write(op, p);

		if (p->flags & ROUTE_FLAG)
			continue; /* the command says it */
		if (p->parameter != NULL) {
			route_set(parameters, p->parameter, route_copy(value));
		} else if (cJSON_IsNull(value)) {
			if (cw_json_get(parameters, "Clear") == NULL)
				route_set(parameters, "Clear", cJSON_CreateArray());
			route_add_name((cJSON *)cw_json_get(parameters, "Clear"), p->ldap);
		} else {
			route_set(route_object(parameters, "Replace"), p->ldap, route_copy(value));
		}
	}
	return parameters;
}

/* Somebody else's value: never overwritten. What that means for ours depends on whether it can have
 * been there before. */
static void
leave(struct operation *op, const struct route_property *p)
{
	struct route_change *c = op->change;

	if (c->undo || !c->may_have_run)
		route_step_failed(op, CW_ECONFLICT,
		    "%s left as it is: somebody else has changed it %s", p->ldap,
		    c->undo ? "since" : "meanwhile");
	else
		route_step_unknown(op,
		    "%s; %s has a third value now: somebody else has changed it, so it is left as "
		    "it is",
		    c->fault.text, p->ldap);
}

static bool
is_refusal(const struct cw_err *fault)
{
	return fault->code == CW_EFAILED || fault->code == CW_ENOTFOUND;
}

/* What the domain controller shows decides. */
static void
settled(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	const struct cw_err fault = op->change->fault;
	const struct route_property *foreign = NULL;
	enum route_stand stand = ROUTE_NOT_YET;
	cJSON *user;

	(void)result;
	if (err->code == CW_OK) {
		user = route_ad_one(op, NULL);
		stand = route_write_stands(op, route_ad(op), user, route_property_of_ad, &foreign);
		op->change->looked_ms = route_now(op->r);
		cJSON_Delete(user);
	}
	if (is_refusal(&fault) || (err->code == CW_OK && stand == ROUTE_NOT_YET))
		op->change->may_have_run = false;
	if (stand == ROUTE_AS_WANTED)
		route_step_written(op, true);
	else if (is_refusal(&fault))
		route_step_failed(op, fault.code, "Active Directory: %s", fault.text);
	else if (err->code < 0 && op->change->may_have_run)
		route_step_unknown(op, "%s; and it cannot be read: %s", fault.text, err->text);
	else if (err->code < 0)
		route_step_failed(op, err->code, "Active Directory: %s", err->text);
	else if (stand == ROUTE_FOREIGN)
		leave(op, foreign);
	else if (op->change->last)
		route_step_failed(op, CW_ETIMEOUT, "given up: %s", fault.text);
	else
		write_now(op);
}

static void
look(struct operation *op)
{
	route_ad_read(op, settled);
}

static void
write_ended(struct operation *op, enum route_end end, const cJSON *result, const struct cw_err *err)
{
	const char *server = cw_json_str(result, "server");
	struct route_change *c = op->change;

	/* Where it was written it is settled, and read back. */
	if (server != NULL && server[0] != '\0')
		route_set_text(route_ad(op), "server", server);
	if (end == ROUTE_END_DONE) {
		route_step_written(op, true);
		return;
	}
	if (end == ROUTE_END_REFUSED) {
		route_step_failed(op, err->code, "the agent refused it: %s", err->text);
		return;
	}
	c->fault = *err;
	c->may_have_run = end != ROUTE_END_NEVER;
	if (is_refusal(err))
		look(op);
	else
		route_op_wait(op, route_backoff(c->rounds++, AGAIN_FIRST_MS, AGAIN_MOST_MS), false,
		    look, CW_EUNAVAILABLE, "%s", err->text);
}

static const struct route_once_owner write_owner = { write_parameters, NULL, true, write_ended };

static void
write_now(struct operation *op)
{
	op->change->may_have_run = false;
	route_once_start(op, &write_owner, write_command(op), cw_json_str(route_ad(op), "agent"),
	    false, true, 0);
}

static void
write_start(struct operation *op)
{
	const struct route_property *p;

	route_write_begin(op);
	for (size_t n = 0; (p = route_ad_change(op, n)) != NULL; n++)
		route_write_add(op, "props", p);
	op->change->fault.code = CW_OK;
	if (is_stale(op))
		look(op);
	else
		write_now(op);
}

static void
write_resume(struct operation *op)
{
	if (!route_once_resume(op, &write_owner, write_command(op)))
		write_start(op);
}

static void
write_names(const struct operation *op, struct cw_buf *text)
{
	(void)cw_buf_puts(text, write_command(op));
	if (!is_about_enabled(op))
		route_change_names(op, true, text);
}

static bool
write_needed(const struct operation *op)
{
	return route_ad_change(op, 0) != NULL;
}

/* --- taking back: only where the value is still ours */

static void
guarded(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	const struct route_property *p;
	struct cw_buf left;
	cJSON *user;

	(void)result;
	if (err->code < 0) {
		route_step_failed(op, err->code, "it cannot be set back: %s", err->text);
		return;
	}
	user = route_ad_one(op, NULL);
	op->change->looked_ms = route_now(op->r);
	route_write_begin(op);
	for (size_t n = 0; (p = route_ad_change(op, n)) != NULL; n++) {
		cJSON *now = route_property_of_ad(p, user);

		if (route_value_eq(now, route_wanted(op, p)))
			route_write_add(op, "props", p);
		else if (!route_value_eq(now, route_before(route_ad(op), p)))
			route_write_add(op, "left", p);
		cJSON_Delete(now);
	}
	cJSON_Delete(user);
	if (route_write_get(op, "props", 0) != NULL) {
		write_now(op);
		return;
	}
	cw_buf_init(&left, 4096);
	route_write_names(op, "left", true, &left);
	if (cw_buf_left(&left) > 0)
		route_step_failed(op, CW_ECONFLICT,
		    "%s left as it is: somebody else has changed it since", cw_buf_str(&left));
	else
		route_step_done(op); /* it is as it was */
	cw_buf_free(&left);
}

static void
undo(struct operation *op)
{
	route_ad_read(op, guarded);
}

static void
resume_undo(struct operation *op)
{
	if (!route_once_resume(op, &write_owner, write_command(op)))
		undo(op);
}

const struct route_step route_step_write_ad = { .place = "ad",
	.write = true,
	.names = write_names,
	.needed = write_needed,
	.start = write_start,
	.resume = write_resume,
	.undo = undo,
	.resume_undo = resume_undo,
	.settle = look };

/* --- reading back */

static void
shown(struct operation *op, const cJSON *result, const struct cw_err *err)
{
	const struct route_property *foreign = NULL;
	cJSON *user;

	(void)result;
	if (err->code < 0) {
		route_step_failed(
		    op, err->code, "it was written, and cannot be read back: %s", err->text);
		return;
	}
	user = route_ad_one(op, NULL);
	route_remember(op, route_ad(op), "after", user, route_property_of_ad);
	for (size_t n = 0; (foreign = route_ad_change(op, n)) != NULL; n++) {
		cJSON *now = route_property_of_ad(foreign, user);
		bool ours = route_value_eq(now, route_wanted(op, foreign));

		cJSON_Delete(now);
		if (!ours)
			break;
	}
	cJSON_Delete(user);
	/* This controller took the new value: another one is newer. */
	if (foreign != NULL)
		route_step_note(op, "%s was written, and has been changed by somebody else since",
		    foreign->ldap);
	route_step_done(op);
}

static void
show_start(struct operation *op)
{
	route_ad_read(op, shown);
}

static bool
show_needed(const struct operation *op)
{
	return route_step_is(op, &route_step_write_ad, "done");
}

const struct route_step route_step_show_ad = { .place = "ad",
	.what = "check: Active Directory shows the values",
	.needed = show_needed,
	.start = show_start };
