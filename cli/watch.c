/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations on the screen: drawn once, or redrawn with every event until they end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/json.h"
#include "base/str.h"
#include "base/time.h"
#include "cli.h"
#include "os/clock.h"

#define RETRY_MS 300u
#define GIVE_UP_MS 120000u /* without a word from the bridge */

struct watch {
	const struct cli *c;
	cJSON *last; /* the operation as last heard */
	unsigned drawn; /* lines on the screen that the next drawing replaces */
	bool heard; /* something came on this connection */
};

static bool
is_final(const char *state)
{
	return cw_streq(state, "succeeded") || cw_streq(state, "failed") ||
	    cw_streq(state, "unknown") || cw_streq(state, "cancelled");
}

static const char *
mark_of(const char *state)
{
	return cw_streq(state, "done") || cw_streq(state, "succeeded") ? "✓"
	    : cw_streq(state, "failed")                                ? "✗"
	    : cw_streq(state, "running")                               ? "›"
	    : cw_streq(state, "waiting")                               ? "…"
	    : cw_streq(state, "compensated")                           ? "↶"
	    : cw_streq(state, "unknown")                               ? "?"
								       : "·";
}

static const char *
took(const cJSON *step)
{
	const char *from = cw_json_str(step, "started"), *to = cw_json_str(step, "finished");
	int64_t from_ms, to_ms;

	if (from == NULL || to == NULL || cw_time_parse(&from_ms, from, strlen(from)) < 0 ||
	    cw_time_parse(&to_ms, to, strlen(to)) < 0)
		return "";
	return cw_when_duration((double)(to_ms - from_ms));
}

/* An error is a text or {code, message}. */
static const char *
error_text(const cJSON *owner)
{
	const cJSON *error = cw_json_get(owner, "error");

	return cJSON_IsString(error) ? error->valuestring : cw_json_str(error, "message");
}

static void
put_styled(const struct cli *c, enum cw_style style, const char *text)
{
	fputs(cw_style_on(style, c->colour), stdout);
	cli_put(stdout, text);
	fputs(cw_style_off(style, c->colour), stdout);
}

static void
put_state(const struct cli *c, const char *state)
{
	put_styled(c, cli_state_style(state), state != NULL ? state : "?");
}

static unsigned
print_step(const struct cli *c, const cJSON *step)
{
	const char *state = cw_json_str(step, "state"), *what = cw_json_str(step, "what");
	const char *place = cw_json_str(step, "place"), *error = error_text(step);
	const char *duration = took(step);
	int64_t attempts = 0;

	fputs("  ", stdout);
	put_styled(c, cli_state_style(state), mark_of(state));
	putchar(' ');
	cli_put(stdout, place != NULL ? place : "");
	printf("%*s ", place != NULL && strlen(place) < 5 ? 5 - (int)strlen(place) : 0, "");
	cli_put(stdout, what != NULL ? what : "");
	fputs("  ", stdout);
	put_state(c, state);
	if (cw_json_int(step, "attempts", &attempts) && attempts > 1)
		printf(", attempt %lld", (long long)attempts);
	if (duration[0] != '\0') {
		fputs("  ", stdout);
		put_styled(c, CW_STYLE_DIM, duration);
	}
	putchar('\n');
	if (error == NULL || error[0] == '\0')
		return 1;
	fputs("    ", stdout);
	put_styled(c, CW_STYLE_RED, error);
	putchar('\n');
	return 2;
}

static unsigned
draw(const struct cli *c, const cJSON *o)
{
	const char *state = cw_json_str(o, "state"), *what = cw_json_str(o, "what");
	const cJSON *target = cw_json_get(cw_json_get(o, "request"), "target"), *step;
	const char *whom = cw_json_str(target, "user"), *id = cw_json_str(o, "id");
	unsigned lines = 1;

	put_styled(c, CW_STYLE_BOLD, what != NULL ? what : "operation");
	putchar(' ');
	if (whom != NULL || (whom = cw_json_str(target, "sam")) != NULL) {
		cli_put(stdout, whom);
		putchar(' ');
	}
	putchar(' ');
	put_state(c, state);
	fputs("  ", stdout);
	put_styled(c, CW_STYLE_DIM, id != NULL ? id : "");
	putchar('\n');
	cJSON_ArrayForEach (step, cw_json_get(o, "steps"))
		lines += print_step(c, step);
	return lines;
}

/* Again and again in the same place: a line must stay one line, or the next drawing begins in the
 * wrong one. What the terminal's edge cuts off is whole in the last drawing. */
static unsigned
redraw(const struct cli *c, const cJSON *o, unsigned drawn)
{
	if (drawn > 0)
		printf("\033[%uA\033[J", drawn);
	if (is_final(cw_json_str(o, "state")))
		return draw(c, o);
	fputs("\033[?7l", stdout); /* DECAWM */
	drawn = draw(c, o);
	fputs("\033[?7h", stdout);
	return drawn;
}

int
cli_print_operation(const struct cli *c, const cJSON *operation)
{
	const cJSON *result = cw_json_get(operation, "result"),
		    *output = cw_json_get(operation, "output");
	const char *error = error_text(operation);

	draw(c, operation);
	if (error != NULL && error[0] != '\0') {
		printf("error: ");
		cli_put(stdout, error);
		putchar('\n');
	}
	if (output != NULL && output->child != NULL)
		return cli_print_value(c, output);
	if (cJSON_IsObject(result) && result->child != NULL)
		return cli_print_value(c, result);
	return CW_OK;
}

int
cli_operation_result(const cJSON *operation, struct cw_err *err)
{
	const char *state = cw_json_str(operation, "state"), *text = error_text(operation);
	const cJSON *first = cJSON_GetArrayItem(cw_json_get(operation, "errors"), 0);

	if (cw_streq(state, "succeeded"))
		return CW_OK;
	if (text == NULL || text[0] == '\0')
		text = cw_json_str(first, "message");
	return cw_fail(err, CW_EFAILED, "the operation %s%s%s%s",
	    cw_streq(state, "failed")        ? "failed"
		: cw_streq(state, "unknown") ? "has an unknown outcome"
		: state != NULL              ? state
					     : "has no state",
	    text != NULL ? ": " : "", text != NULL ? text : "", "");
}

static void
print_state(const cJSON *o, const char *state)
{
	const char *what = cw_json_str(o, "what");

	cli_put(stdout, what != NULL ? what : "operation");
	putchar(' ');
	cli_put(stdout, state != NULL ? state : "?");
	putchar('\n');
}

/* Without a terminal: one line for each step whose state is new. */
static void
print_changes(const struct watch *w, const cJSON *o)
{
	const cJSON *before = cw_json_get(w->last, "steps"), *step;
	const char *state = cw_json_str(o, "state");
	bool changed = !cw_streq(state, cw_json_str(w->last, "state"));
	int i = 0;

	if (changed && !is_final(state))
		print_state(o, state);
	cJSON_ArrayForEach (step, cw_json_get(o, "steps")) {
		const char *was = cw_json_str(cJSON_GetArrayItem(before, i++), "state");

		if (!cw_streq(cw_json_str(step, "state"), was) &&
		    !cw_streq(cw_json_str(step, "state"), "pending"))
			print_step(w->c, step);
	}
	if (changed && is_final(state))
		print_state(o, state);
}

static int
on_event(void *arg, const char *event, const char *data, size_t n)
{
	struct watch *w = arg;
	cJSON *o = NULL;
	int r;

	if (strcmp(event, "operation") != 0)
		return CW_OK; /* something newer than this client */
	if ((r = cw_json_parse(&o, data, n, "event", NULL)) < 0)
		return r;
	w->heard = true;
	if (w->c->json) {
		cli_print_json_text(data, n);
	} else if (w->c->live) {
		w->drawn = redraw(w->c, o, w->drawn);
	} else {
		print_changes(w, o);
	}
	fflush(stdout);
	cJSON_Delete(w->last);
	w->last = o;
	return is_final(cw_json_str(o, "state")) ? 1 : CW_OK;
}

int
cli_watch(struct cli *c, const char *operation, cJSON **ret, struct cw_err *err)
{
	struct watch w = { .c = c };
	uint64_t heard_at = cw_clock_ms();
	char *id = cli_escape(operation), path[512];
	int r;

	if (id == NULL ||
	    snprintf(path, sizeof(path), "/v1/operations/%s/events", id) >= (int)sizeof(path)) {
		free(id);
		return cw_fail(err, CW_EINVAL, "the operation's id is too long");
	}
	free(id);
	if ((r = cli_connect(c, err)) < 0)
		return r;
	/* The bridge may be restarted under us; the operation goes on, and so do we. */
	while ((r = cli_http_events(c->http, path, on_event, &w, err)) == CW_ECLOSED ||
	    r == CW_EUNAVAILABLE) {
		if (w.last == NULL && !w.heard)
			break; /* never got through: no use in waiting */
		if (w.heard)
			heard_at = cw_clock_ms();
		w.heard = false;
		if (cw_clock_ms() - heard_at > GIVE_UP_MS)
			break;
		*err = (struct cw_err){ 0 };
		uv_sleep(RETRY_MS);
	}
	if (r == CW_OK)
		r = cli_operation_result(w.last, err);
	if (r == CW_OK && ret != NULL) {
		*ret = w.last;
		w.last = NULL;
	}
	cJSON_Delete(w.last);
	return r;
}
