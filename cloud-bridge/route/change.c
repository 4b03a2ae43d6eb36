/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes as operations: what may be asked for, where one was after a restart, its end.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/seal.h"
#include "route/change.h"
#include "route/target.h"

/* --- what is asked for */

struct request {
	const struct route_kind *kind;
	const cJSON *target;
	const char *reply_key; /* or NULL */
	const char *id; /* or NULL */
	cJSON *wanted; /* ours */
};

static int
unknown_property(const char *name, struct cw_err *err)
{
	struct cw_buf all;
	int r;

	cw_buf_init(&all, CW_ERR_TEXT_MAX);
	for (const char *const *p = cw_route_properties(); *p != NULL; p++)
		(void)cw_buf_printf(&all, "%s%s", cw_buf_left(&all) == 0 ? "" : ", ", *p);
	r = cw_fail(err, CW_EINVAL, "no property \"%.40s\"; there are %s", name, cw_buf_str(&all));
	cw_buf_free(&all);
	return r;
}

static int
read_set(struct request *q, const cJSON *body, enum cw_identity_mode mode, struct cw_err *err)
{
	const cJSON *set = cw_json_get(body, "set"), *one;
	int r;

	if (q->kind->enabled >= 0)
		route_set(q->wanted, "accountEnabled", cJSON_CreateBool(q->kind->enabled));
	if (!q->kind->set)
		return set == NULL ? CW_OK
				   : cw_fail(err, CW_EINVAL, "%s takes no \"set\"", q->kind->name);
	if (!cJSON_IsObject(set) || set->child == NULL)
		return cw_fail(err, CW_EINVAL,
		    "\"set\" must be an object with the properties to change, as "
		    "{\"jobTitle\":\"Lead\"}");
	cJSON_ArrayForEach (one, set) {
		const struct route_property *p = route_property_find(one->string);
		cJSON *value;

		if (p == NULL || p->flags & ROUTE_FLAG)
			return unknown_property(one->string, err);
		if (p->ldap == NULL && mode == CW_MODE_ON_PREM)
			return cw_fail(err, CW_EINVAL,
			    "%s lives in Entra ID, and this tenant has none", p->graph);
		if ((r = route_property_wanted(&value, p, one, err)) < 0)
			return r;
		route_set(q->wanted, p->graph, value);
	}
	return CW_OK;
}

static int
read_reply_key(struct request *q, const cJSON *body, struct cw_err *err)
{
	const cJSON *key = cw_json_get(body, "reply_key");
	struct cw_buf bytes;
	int r;

	if (key == NULL)
		return CW_OK;
	if (!q->kind->password)
		return cw_fail(err, CW_EINVAL, "%s takes no \"reply_key\"", q->kind->name);
	cw_buf_init(&bytes, 256);
	q->reply_key = cJSON_GetStringValue(key);
	r = q->reply_key != NULL ? cw_base64_get(&bytes, q->reply_key, strlen(q->reply_key))
				 : CW_EINVAL;
	if (r < 0 || cw_buf_left(&bytes) != CW_SEAL_KEY)
		r = cw_fail(err, CW_EINVAL,
		    "\"reply_key\" must be an X25519 public key, 32 bytes in base64");
	cw_buf_free(&bytes);
	return r;
}

static int
check_mode(const struct cw_tenant *t, const cJSON *target, struct cw_err *err)
{
	if (t->mode == CW_MODE_CLOUD && cw_json_get(target, "sam") != NULL)
		return cw_fail(err, CW_EINVAL,
		    "%s has no Active Directory: name the user by target.user, the sign-in name",
		    t->name);
	if (t->mode != CW_MODE_ON_PREM && !t->graph.set)
		return cw_fail(err, CW_EINVAL,
		    "%s has no Graph settings yet: tenant_id, client_id and a certificate",
		    t->name);
	return CW_OK;
}

static int
read_request(struct request *q, struct cw_route *r, const struct cw_tenant *t, const cJSON *body,
    struct cw_err *err)
{
	static const char *const members[] = { "change", "target", "set", "reply_key", "id", NULL };
	const char *change;
	int code;

	if ((code = cw_json_only(body, members, "the request", err)) < 0 ||
	    (code = cw_json_need_str(&change, body, "change", err)) < 0)
		return code;
	if ((q->kind = route_kind_find(change)) == NULL)
		return cw_fail(err, CW_EINVAL,
		    "no change \"%.64s\"; there are user.update, user.disable, user.enable and "
		    "password.reset",
		    change);
	q->target = cw_json_get(body, "target");
	if ((code = route_target_check(q->target, err)) < 0 ||
	    (code = check_mode(t, q->target, err)) < 0 ||
	    (code = read_set(q, body, t->mode, err)) < 0 ||
	    (code = read_reply_key(q, body, err)) < 0)
		return code;
	return route_op_chosen_id(r, &q->id, body, err);
}

/* --- its operation */

static void
expired(struct operation *op)
{
	const char *why = cw_json_str(cw_json_get(route_op_step(op, op->at), "error"), "message");
	struct route_change *c = op->change;
	const struct route_step *step = c->plan[op->at];
	char text[CW_ERR_TEXT_MAX];

	if (op->state == ROUTE_QUEUED) {
		route_report_end(op, ROUTE_FAILED, CW_ETIMEOUT,
		    "another change of this user did not end in time");
		return;
	}
	route_first_line(text, sizeof(text), why != NULL ? why : "it took too long");
	if ((op->once.doubt || c->may_have_run) && !c->last && step->settle != NULL) {
		op->once.doubt = false;
		op->limit_ms = route_unix(op->r) + (int64_t)CW_ROUTE_START_MS;
		(void)cw_fail(&c->fault, CW_EUNKNOWN, "%s", text);
		c->last = c->may_have_run = true;
		step->settle(op);
	} else if (op->once.doubt || c->may_have_run) {
		route_step_unknown(op, "given up: %s", text);
	} else {
		route_step_failed(op, CW_ETIMEOUT, "given up: %s", text);
	}
}

static void
add_steps(struct operation *op)
{
	for (size_t i = 0; op->change->plan[i] != NULL; i++) {
		op->at = i;
		route_op_add_step(op, op->change->plan[i]->place, "");
		route_step_describe(op);
	}
	op->at = 0;
}

static void
attach(struct operation *op, const struct route_kind *kind, enum cw_identity_mode mode,
    const cJSON *target)
{
	if ((op->change = calloc(1, sizeof(*op->change))) == NULL)
		abort(); /* see route_internal.h */
	op->change->op = op;
	op->change->kind = kind;
	op->change->mode = mode;
	op->change->plan = route_plan(kind, mode);
	op->change->target = route_turn_key(target);
	op->limit_ms = op->created_ms + (int64_t)CW_ROUTE_START_MS;
}

static struct operation *
make(struct cw_route *r, const struct cw_tenant *t, const char *key, const cJSON *body,
    const struct request *q)
{
	struct operation *op =
	    route_op_new(r, &route_change_type, q->id, t->id, q->kind->name, key);
	cJSON *request = route_copy(body);

	cJSON_DeleteItemFromObjectCaseSensitive(request, "id");
	route_set(op->doc, "request", request);
	route_set_text(op->private, "mode", cw_mode_name(t->mode));
	route_set(op->private, "wanted", route_copy(q->wanted));
	op->durable = true;
	attach(op, q->kind, t->mode, q->target);
	add_steps(op);
	return op;
}

int
cw_route_change(struct cw_route *r, char id[37], const char *tenant, const char *key,
    const cJSON *body, struct cw_err *err)
{
	struct request q = { .wanted = cJSON_CreateObject() };
	struct operation *op;
	struct cw_tenant t;
	int code;

	if (q.wanted == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((code = cw_tenant_find(r->ledger, &t, tenant, err)) == CW_OK &&
	    (code = read_request(&q, r, &t, body, err)) == CW_OK &&
	    (code = route_turn_room(r, t.id, q.target, err)) == CW_OK) {
		op = make(r, &t, key, body, &q);
		memcpy(id, op->id, CW_UUID_TEXT);
		route_op_save(op, route_turn_begin);
	}
	cJSON_Delete(q.wanted);
	return code;
}

/* Where it was when the bridge ended. False: the document does not say. */
static bool
read_private(struct operation *op)
{
	const char *mode = cw_json_str(op->private, "mode");
	const struct route_kind *kind = route_kind_find(cw_json_str(op->doc, "what"));
	const cJSON *target = cw_json_get(cw_json_get(op->doc, "request"), "target");
	enum cw_identity_mode m;
	int64_t at = 0, begun;

	if (kind == NULL || mode == NULL || cw_mode_parse(&m, mode, NULL) < 0 ||
	    route_target_check(target, NULL) < 0)
		return false;
	attach(op, kind, m, target);
	(void)cw_json_int(op->private, "at", &at);
	if (at < 0 || (size_t)at > route_plan_at(op->change, NULL) ||
	    cJSON_GetArraySize(cw_json_get(op->doc, "steps")) !=
		(int)route_plan_at(op->change, NULL))
		return false;
	op->at = (size_t)at;
	op->change->undo = cw_json_true(op->private, "undo");
	if (!cw_json_int(op->private, "begun_ms", &begun))
		return true;
	op->change->begun = op->change->locked = true;
	op->limit_ms = begun + (int64_t)CW_ROUTE_DEADLINE_MS;
	/* A bridge that was away for long still asks what became of it. */
	if (op->limit_ms < route_unix(op->r) + (int64_t)CW_ROUTE_START_MS)
		op->limit_ms = route_unix(op->r) + (int64_t)CW_ROUTE_START_MS;
	return true;
}

static void
resume(struct operation *op)
{
	const struct route_step *step;
	const char *state;

	if (!read_private(op)) {
		route_set_error(op->doc, CW_EUNKNOWN,
		    "it was left unfinished by another version of the bridge, and this one cannot "
		    "read how far it had come: compare what both directories have");
		route_op_finish(op, ROUTE_UNKNOWN);
		return;
	}
	if (!op->change->begun) { /* nothing was written: from the beginning, in its order */
		op->limit_ms = route_unix(op->r) + (int64_t)CW_ROUTE_START_MS;
		route_op_later(op, 0, route_turn_begin);
		return;
	}
	step = op->change->plan[op->at];
	state = cw_json_str(route_op_step(op, op->at), "state");
	if (step == NULL || (!cw_streq(state, "running") && !cw_streq(state, "waiting")))
		route_op_later(op, 0, route_change_run);
	else if (op->change->undo)
		(step->resume_undo != NULL ? step->resume_undo : step->undo)(op);
	else
		(step->resume != NULL ? step->resume : step->start)(op);
}

static int
may_cancel(const struct operation *op, struct cw_err *err)
{
	if (op->state >= ROUTE_SUCCEEDED)
		return cw_fail(
		    err, CW_ECONFLICT, "it has ended already: %s", route_state_name(op->state));
	if (op->change == NULL || op->change->begun)
		return cw_fail(
		    err, CW_ECONFLICT, "it has begun to write, and goes on until all places agree");
	return CW_OK;
}

static bool
cancel(struct operation *op)
{
	route_sync_leave(op);
	route_report_end(op, ROUTE_CANCELLED, CW_ECLOSED, "it was cancelled");
	return true;
}

static void
ended(struct operation *op)
{
	if (op->change != NULL)
		cw_wipe(op->change->password, sizeof(op->change->password));
	route_once_forget(op);
	route_turn_over(op);
}

static void
free_change(struct operation *op)
{
	struct route_change *c = op->change;

	if (c == NULL)
		return;
	route_sync_leave(op);
	cw_wipe(c->password, sizeof(c->password));
	free(c->target);
	free(c->path);
	free(c);
}

const struct route_type route_change_type = { "change", resume, expired, may_cancel, cancel,
	route_change_writes, ended, free_change };
