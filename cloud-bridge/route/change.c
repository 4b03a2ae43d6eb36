/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes: what may be asked for, whose turn it is, and the engine that takes the steps of a plan
 * in order, or back.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "crypto/seal.h"
#include "route/change.h"
#include "route/target.h"

static void begin(struct operation *op);
static void run(struct operation *op);

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

/* --- whose turn it is */

static const struct route_step *
step_at(const struct operation *op)
{
	return op->change->plan[op->at];
}

/* One at a time for each user: by the name that was given, before anything is read, and by what it
 * stands for, before anything is written. */
static char *
target_key(const cJSON *target)
{
	const char *user = cw_json_str(target, "user"), *sam = cw_json_str(target, "sam");
	const char *name = user != NULL ? user : sam;
	size_t n = strlen(name);
	char *key = malloc(n + 2);

	if (key == NULL)
		abort(); /* see route_internal.h */
	key[0] = user != NULL ? 'u' : 's';
	for (size_t i = 0; i <= n; i++)
		key[i + 1] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
	return key;
}

static bool
is_change_of(const struct operation *op, const char *tenant)
{
	return op->change != NULL && op->state < ROUTE_SUCCEEDED && cw_streq(op->tenant, tenant);
}

/* CW_OK: there is room for one more. */
static int
check_room(struct cw_route *r, const char *tenant, const cJSON *target, struct cw_err *err)
{
	const struct operation *op;
	unsigned of_tenant = 0, of_user = 0;
	char *key = target_key(target);

	TAILQ_FOREACH (op, &r->active, link)
		if (is_change_of(op, tenant)) {
			of_tenant++;
			of_user += strcmp(op->change->target, key) == 0;
		}
	free(key);
	if (r->active_n >= ROUTE_ACTIVE_MAX || of_tenant >= ROUTE_TENANT_CHANGES_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "too many changes are under way; try again when some have ended");
	if (of_user >= ROUTE_USER_CHANGES_MAX)
		return cw_fail(err, CW_EUNAVAILABLE,
		    "%u changes of this user are under way, which is the most", of_user);
	return CW_OK;
}

/* An earlier change that goes by the same name. */
static const struct operation *
ahead_of(const struct operation *op)
{
	const struct operation *other;

	TAILQ_FOREACH (other, &op->r->active, link) {
		if (other == op)
			return NULL;
		if (is_change_of(other, op->tenant) &&
		    strcmp(other->change->target, op->change->target) == 0)
			return other;
	}
	return NULL;
}

static bool
same(const cJSON *a, const cJSON *b, const char *id)
{
	const char *x = cw_json_str(a, id), *y = cw_json_str(b, id);

	return x != NULL && y != NULL && cw_strcaseeq(x, y);
}

/* One that writes to the same user. */
static const struct operation *
writer_of(const struct operation *op)
{
	const struct operation *other;

	TAILQ_FOREACH (other, &op->r->active, link)
		if (other != op && is_change_of(other, op->tenant) && other->change->locked &&
		    (same(route_ad(other), route_ad(op), "guid") ||
			same(route_entra(other), route_entra(op), "id")))
			return other;
	return NULL;
}

static void
queue(struct operation *op, const struct operation *ahead)
{
	for (op->at = 0; step_at(op) != NULL; op->at++) {
		route_op_step_state(op, "pending");
		cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, op->at), "started");
	}
	op->at = 0;
	route_op_state(op, ROUTE_QUEUED);
	route_step_note(op, "waits for the operation %s, which changes the same user", ahead->id);
	route_op_later(op, CW_ROUTE_DEADLINE_MS, begin); /* its limit is sooner */
	route_op_changed(op);
	route_op_note(op);
}

/* The user is ours alone until the end. */
static bool
lock(struct operation *op)
{
	const struct operation *other = writer_of(op);

	if (other != NULL)
		queue(op, other);
	else
		op->change->locked = true;
	return other == NULL;
}

static void
begin(struct operation *op)
{
	const struct operation *ahead = ahead_of(op);

	if (ahead != NULL) {
		queue(op, ahead);
		return;
	}
	cJSON_DeleteItemFromObjectCaseSensitive(op->private, "ad");
	cJSON_DeleteItemFromObjectCaseSensitive(op->private, "entra");
	cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, 0), "note");
	op->at = 0;
	op->change->locked = false;
	op->change->checked_ms = route_now(op->r);
	route_op_state(op, ROUTE_RUNNING);
	run(op);
}

/* --- the engine */

bool
route_step_is(const struct operation *op, const struct route_step *step, const char *state)
{
	const cJSON *doc = route_op_step(op, route_plan_at(op->change, step));

	return cw_streq(cw_json_str(doc, "state"), state);
}

static void
describe(struct operation *op)
{
	struct cw_buf text;

	cw_buf_init(&text, 4096);
	step_at(op)->what(op, &text);
	route_set_text(route_op_step(op, op->at), "what", cw_buf_str(&text));
	cw_buf_free(&text);
}

static void
start(struct operation *op, void (*step)(struct operation *op))
{
	op->tries = op->change->rounds = 0;
	op->change->show_until_ms = 0;
	route_set_number(op->private, "at", (double)op->at);
	cJSON_DeleteItemFromObjectCaseSensitive(op->private, "once");
	route_op_step_state(op, "running");
	route_op_changed(op);
	step(op);
}

/* Undoes what is done and can be undone, from the last to the first. */
static void
run_back(struct operation *op)
{
	const cJSON *failure = cw_json_get(op->private, "failure");
	int64_t code = CW_EFAILED;

	while (op->at > 0) {
		op->at--;
		if (step_at(op)->undo != NULL && route_step_is(op, step_at(op), "done")) {
			start(op, step_at(op)->undo);
			return;
		}
	}
	(void)cw_json_int(failure, "code", &code);
	route_report_end(op, ROUTE_FAILED, (int)code, cw_json_str(failure, "message"));
}

static void
run(struct operation *op)
{
	struct route_change *c = op->change;
	const struct route_step *step;

	if (c->undo) {
		run_back(op);
		return;
	}
	for (; (step = step_at(op)) != NULL; op->at++) {
		bool first = step->write && !c->begun && step->needed(op);

		if (first && !c->locked && !lock(op))
			return;
		if (first && route_now(op->r) - c->checked_ms > ROUTE_FRESH_MS) {
			begin(op);
			return;
		}
		describe(op);
		if (step->needed(op)) {
			start(op, step->start);
			return;
		}
		route_op_step_state(op, "skipped");
	}
	if (c->kind->password && c->password[0] == '\0')
		route_password_again(op);
	else
		route_report_success(op);
}

/* On the disk soon, and on. */
static void
turn(struct operation *op)
{
	route_set_number(op->private, "at", (double)op->at);
	route_op_changed(op);
	if (op->change->begun)
		route_op_save(op, NULL);
	else
		route_op_note(op);
	run(op);
}

void
route_step_done(struct operation *op)
{
	route_sync_leave(op);
	cJSON_DeleteItemFromObjectCaseSensitive(route_op_step(op, op->at), "error");
	if (op->change->undo) {
		route_op_step_state(op, "compensated");
	} else {
		route_op_step_state(op, "done");
		op->at++;
	}
	turn(op);
}

void
route_step_note(struct operation *op, const char *fmt, ...)
{
	char text[2 * CW_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[cw_utf8_cut(text, strlen(text))] = '\0';
	route_set_text(route_op_step(op, op->at), "note", text);
}

static bool
anything_to_undo(const struct operation *op)
{
	for (size_t i = 0; i < op->at; i++)
		if (op->change->plan[i]->undo != NULL &&
		    route_step_is(op, op->change->plan[i], "done"))
			return true;
	return false;
}

void
route_step_failed(struct operation *op, int code, const char *fmt, ...)
{
	struct route_change *c = op->change;
	cJSON *step = route_op_step(op, op->at), *failure;
	char text[2 * CW_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[cw_utf8_cut(text, strlen(text))] = '\0';
	route_sync_leave(op);
	route_op_still(op);
	if (c->undo) { /* it stays as it was written */
		route_op_step_state(op, "done");
		route_set_error(step, code, text);
		turn(op);
		return;
	}
	route_op_step_state(op, "failed");
	route_set_error(step, code, text);
	if (!step_at(op)->write || !anything_to_undo(op)) {
		route_report_end(op, ROUTE_FAILED, code, text);
		return;
	}
	failure = cJSON_CreateObject();
	route_set_number(failure, "code", code);
	route_set_text(failure, "message", text);
	route_set(op->private, "failure", failure);
	c->undo = true;
	route_set(op->private, "undo", cJSON_CreateTrue());
	route_set_number(op->private, "begun_ms", (double)route_unix(op->r));
	op->limit_ms = route_unix(op->r) + (int64_t)CW_ROUTE_DEADLINE_MS;
	route_set_number(op->private, "at", (double)op->at);
	route_op_changed(op);
	route_op_save(op, run);
}

void
route_step_unknown(struct operation *op, const char *fmt, ...)
{
	char text[2 * CW_ERR_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[cw_utf8_cut(text, strlen(text))] = '\0';
	route_sync_leave(op);
	route_op_step_state(op, "unknown");
	route_set_error(route_op_step(op, op->at), CW_EUNKNOWN, text);
	route_report_end(op, ROUTE_UNKNOWN, CW_EUNKNOWN, text);
}

void
route_change_back_to(struct operation *op, const struct route_step *step)
{
	size_t to = route_plan_at(op->change, step), from = op->at;

	route_sync_leave(op);
	route_op_still(op);
	for (op->at = to; op->at <= from && step_at(op) != NULL; op->at++)
		if (!route_step_is(op, step_at(op), "skipped"))
			route_op_step_state(op, "pending");
	op->at = to;
	turn(op);
}

void
route_change_writes(struct operation *op)
{
	struct route_change *c = op->change;
	int64_t now = route_unix(op->r);

	if (c->begun)
		return;
	c->begun = true;
	op->limit_ms = now + (int64_t)CW_ROUTE_DEADLINE_MS;
	route_set_number(op->private, "begun_ms", (double)now);
}

/* --- its operation */

static void
expired(struct operation *op)
{
	const cJSON *step = route_op_step(op, op->at);
	const char *why = cw_json_str(cw_json_get(step, "error"), "message");
	char text[CW_ERR_TEXT_MAX];

	if (op->state == ROUTE_QUEUED) {
		route_report_end(op, ROUTE_FAILED, CW_ETIMEOUT,
		    "another change of this user did not end in time");
		return;
	}
	route_first_line(text, sizeof(text), why != NULL ? why : "it took too long");
	if (op->once.doubt)
		route_step_unknown(op, "given up: %s", text);
	else
		route_step_failed(op, CW_ETIMEOUT, "given up: %s", text);
}

static void
add_steps(struct operation *op)
{
	for (size_t i = 0; op->change->plan[i] != NULL; i++) {
		op->at = i;
		route_op_add_step(op, op->change->plan[i]->place, "");
		describe(op);
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
	op->change->target = target_key(target);
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
	    (code = check_room(r, t.id, q.target, err)) == CW_OK) {
		op = make(r, &t, key, body, &q);
		memcpy(id, op->id, CW_UUID_TEXT);
		route_op_save(op, begin);
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
		route_op_fail(op, CW_EINVAL, "this bridge cannot read how far it had come");
		return;
	}
	if (!op->change->begun) { /* nothing was written: from the beginning, in its order */
		op->limit_ms = route_unix(op->r) + (int64_t)CW_ROUTE_START_MS;
		route_op_later(op, 0, begin);
		return;
	}
	step = step_at(op);
	state = cw_json_str(route_op_step(op, op->at), "state");
	if (step == NULL || (!cw_streq(state, "running") && !cw_streq(state, "waiting")))
		route_op_later(op, 0, run);
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

/* Those that waited for this one try again. */
static void
ended(struct operation *op)
{
	const cJSON *one;
	struct operation *other;

	cJSON_ArrayForEach (one, cw_json_get(op->private, "ids"))
		route_agent_forget(route_agent_get(op->r, cw_json_str(one, "agent"), op->tenant),
		    cw_json_str(one, "id"));
	TAILQ_FOREACH (other, &op->r->active, link)
		if (is_change_of(other, op->tenant) && other->state == ROUTE_QUEUED &&
		    other->save == NULL)
			route_op_later(other, 0, begin);
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
