/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operation says at its end: the values before and after, or what went wrong and where each
 * directory stands.
 */
#include <string.h>

#include "base/json.h"
#include "crypto/seal.h"
#include "route/change.h"

#define CONTEXT_MAX 128

/* --- success */

static cJSON *
user_result(const struct operation *op)
{
	static const char *const ad_members[] = { "guid", "sam", "upn" },
				 *const entra_members[] = { "id", "upn" };
	cJSON *user = cJSON_CreateObject();

	for (size_t i = 0; i < CW_COUNT(entra_members); i++)
		if (cw_json_get(route_entra(op), entra_members[i]) != NULL)
			route_set(user, entra_members[i],
			    route_copy(cw_json_get(route_entra(op), entra_members[i])));
	for (size_t i = 0; i < CW_COUNT(ad_members); i++)
		if (cw_json_get(route_ad(op), ad_members[i]) != NULL)
			route_set(user, ad_members[i],
			    route_copy(cw_json_get(route_ad(op), ad_members[i])));
	return user;
}

/* As Graph would have them; what was not read back was there before. */
static void
place_result(cJSON *result, const char *name, const cJSON *place)
{
	cJSON *both = cJSON_CreateObject(), *before = route_object(both, "before"),
	      *after = route_object(both, "after"), *value;
	const cJSON *read = cw_json_get(place, "after");

	cJSON_ArrayForEach (value, cw_json_get(place, "before")) {
		const struct route_property *p = route_property_find(value->string);

		route_set(before, p->graph, route_property_for_graph(p, value));
		route_set(after, p->graph,
		    route_property_for_graph(
			p, read != NULL ? cw_json_get(read, p->graph) : value));
	}
	route_set(result, name, both);
}

static void
notes_result(const struct operation *op, cJSON *result)
{
	const cJSON *step;
	struct cw_buf text;

	cw_buf_init(&text, 8192);
	for (size_t i = 0; (step = route_op_step(op, i)) != NULL; i++) {
		const char *note = cw_json_str(step, "note");

		if (note != NULL && op->change->plan[i]->place[0] != 's')
			(void)cw_buf_printf(&text, "%s%s: %s", cw_buf_left(&text) > 0 ? "; " : "",
			    cw_json_str(step, "place"), note);
	}
	if (cw_buf_left(&text) > 0)
		route_set_text(result, "note", cw_buf_str(&text));
	cw_buf_free(&text);
}

static void
add_place(cJSON *list, const char *name)
{
	(void)cJSON_AddItemToArray(list, cJSON_CreateString(name));
}

static void
password_result(const struct operation *op, cJSON *result)
{
	cJSON *places = cJSON_CreateArray();
	bool in_ad = route_step_is(op, &route_step_password_ad, "done");

	if (in_ad)
		add_place(places, "ad");
	if (route_step_is(op, &route_step_password_entra, "done"))
		add_place(places, "entra");
	route_set(result, "places", places);
	route_set(result, "change_at_next_logon",
	    cJSON_CreateBool(!in_ad || route_step_is(op, &route_step_must_change, "done")));
}

/* The password is some place's now: for the caller's eyes, if it gave a key, and gone. */
static void
hand_over(struct operation *op)
{
	const char *key_text = cw_json_str(cw_json_get(op->doc, "request"), "reply_key");
	char context[CONTEXT_MAX], *password = op->change->password;
	struct cw_buf key, box, text;

	cw_buf_init(&key, 256);
	cw_buf_init(&box, 1024);
	cw_buf_init(&text, 2048);
	(void)snprintf(context, sizeof(context), "causeway/password/caller/%s", op->id);
	if (key_text != NULL && password[0] != '\0' &&
	    cw_base64_get(&key, key_text, strlen(key_text)) == CW_OK &&
	    cw_buf_left(&key) == CW_SEAL_KEY &&
	    cw_seal(&box, cw_buf_peek(&key), context, password, strlen(password), NULL) == CW_OK &&
	    cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)) == CW_OK) {
		op->password = cJSON_CreateObject();
		route_set_text(op->password, "$sealed", cw_buf_str(&text));
	}
	cw_buf_free(&key);
	cw_buf_free(&box);
	cw_buf_free(&text);
	cw_wipe(password, CW_PASSWORD_SIZE);
}

static void
put_result(struct operation *op)
{
	cJSON *result = cJSON_CreateObject();

	route_set(result, "user", user_result(op));
	if (op->change->kind->password) {
		password_result(op, result);
	} else {
		if (op->change->mode != CW_MODE_CLOUD && route_ad(op) != NULL)
			place_result(result, "ad", route_ad(op));
		if (route_entra(op) != NULL)
			place_result(result, "entra", route_entra(op));
	}
	notes_result(op, result);
	route_set(op->doc, "result", result);
}

void
route_report_success(struct operation *op)
{
	put_result(op);
	if (op->change->kind->password)
		hand_over(op);
	route_op_finish(op, ROUTE_SUCCEEDED);
}

/* --- anything else */

/* How a place stands after a step that writes there; NULL: as it was. */
static const char *
stands(const struct operation *op, size_t at, const char **note)
{
	const cJSON *step = route_op_step(op, at);
	const char *state = cw_json_str(step, "state"), *error;

	*note = cw_json_str(step, "note");
	if (cw_streq(state, "compensated"))
		return "was set back";
	if (cw_streq(state, "unknown") || (at == op->at && op->change->may_have_run))
		return op->change->kind->password ? "may have the new password"
						  : "may have the change";
	if (!cw_streq(state, "done"))
		return NULL;
	if ((error = cw_json_str(cw_json_get(step, "error"), "message")) != NULL)
		*note = error; /* of the way back */
	return op->change->kind->password ? "has the new password" : "has the change";
}

static void
put_places(const struct operation *op, struct cw_buf *text)
{
	static const struct {
		const char *place, *name;
	} places[] = { { "ad", "Active Directory" }, { "entra", "Entra ID" } };
	bool written = false;

	for (size_t i = 0; op->change->plan[i] != NULL; i++) {
		const char *note;

		written |= op->change->plan[i]->write && stands(op, i, &note) != NULL;
	}
	if (!written) {
		(void)cw_buf_puts(text, ". Nothing was changed.");
		return;
	}
	for (size_t i = 0; i < CW_COUNT(places); i++) {
		const char *how = NULL, *note = NULL;
		bool has_steps = false;

		for (size_t at = 0; op->change->plan[at] != NULL && how == NULL; at++)
			if (op->change->plan[at]->write &&
			    cw_streq(op->change->plan[at]->place, places[i].place)) {
				has_steps = true;
				how = stands(op, at, &note);
			}
		if (!has_steps)
			continue;
		(void)cw_buf_printf(
		    text, ". %s %s", places[i].name, how != NULL ? how : "is as it was");
		if (how != NULL && op->change->kind->set)
			route_change_names(op, i == 0, text);
		if (note != NULL)
			(void)cw_buf_printf(text, " (%s)", note);
	}
	(void)cw_buf_puts(text, ".");
}

void
route_report_end(struct operation *op, enum route_state state, int code, const char *message)
{
	struct cw_buf text;
	size_t n = strlen(message);

	while (n > 0 && (message[n - 1] == '.' || message[n - 1] == ' '))
		n--;
	cw_buf_init(&text, 8192);
	(void)cw_buf_put(&text, message, n);
	put_places(op, &text);
	route_set_error(op->doc, code, cw_buf_str(&text));
	cw_buf_free(&text);
	if (op->change->kind->password &&
	    (route_step_is(op, &route_step_password_ad, "done") ||
		route_step_is(op, &route_step_password_entra, "done"))) {
		put_result(op); /* one place has it: it must not be lost with the failure */
		hand_over(op);
	}
	route_op_finish(op, state);
}
