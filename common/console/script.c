/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts on the screen.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "console/plan.h"
#include "console/script.h"
#include "console/table.h"
#include "console/when.h"
#include "os/file.h"

const char cw_script_exit_help[] =
    "exit status: 0 done; 1 it failed; 2 not understood; 3 refused by a rule, which is named;\n"
    "4 it could not be run here and now; 5 it was stopped halfway, or how far it came is not "
    "known\n";

/* --- lines */

static void
print_note(const struct cw_console *c, const char *label, enum cw_style style, const cJSON *value)
{
	const char *text =
	    cJSON_IsString(value) ? value->valuestring : cw_json_str(value, "message");
	const char *id = cw_json_str(value, "error_id");

	fprintf(c->out, "%s%s:%s ", cw_style_on(style, c->colour), label,
	    cw_style_off(style, c->colour));
	cw_console_print(c->out, text != NULL ? text : "(no text)");
	if (id != NULL) {
		fprintf(c->out, " %s(", cw_style_on(CW_STYLE_DIM, c->colour));
		cw_console_print(c->out, id);
		fprintf(c->out, ")%s", cw_style_off(CW_STYLE_DIM, c->colour));
	}
	fputc('\n', c->out);
}

static void
show_output(struct cw_script_view *v, const cJSON *value)
{
	if (v->objects++ > 0 && cJSON_IsObject(value))
		fputc('\n', v->out.out);
	(void)cw_value_print(&v->out, value);
	fflush(v->out.out);
}

/* An error, which may be the one that ends it: it is not told twice then. */
static void
show_error(struct cw_script_view *v, const cJSON *value)
{
	const char *text = cw_json_str(value, "message");

	(void)snprintf(v->last_error, sizeof(v->last_error), "%s", text != NULL ? text : "");
	print_note(&v->err, "error", CW_STYLE_RED, value);
}

static void
show_warning(struct cw_script_view *v, const cJSON *value)
{
	print_note(&v->err, "warning", CW_STYLE_YELLOW, value);
}

static void
show_verbose(struct cw_script_view *v, const cJSON *value)
{
	print_note(&v->err, "verbose", CW_STYLE_DIM, value);
}

static void
show_debug(struct cw_script_view *v, const cJSON *value)
{
	print_note(&v->err, "debug", CW_STYLE_DIM, value);
}

static void
show_information(struct cw_script_view *v, const cJSON *value)
{
	char *text = cJSON_IsString(value) ? NULL : cJSON_PrintUnformatted(value);

	cw_console_print(v->err.out, text != NULL ? text : cJSON_GetStringValue(value));
	fputc('\n', v->err.out);
	cJSON_free(text);
}

static enum cw_style
style_of(const char *state)
{
	return cw_streq(state, "done")     ? CW_STYLE_GREEN
	    : cw_streq(state, "failed")    ? CW_STYLE_RED
	    : cw_streq(state, "unknown")   ? CW_STYLE_YELLOW
	    : cw_streq(state, "not begun") ? CW_STYLE_DIM
					   : CW_STYLE_CYAN;
}

/* One entry of a plan that is being applied. */
static void
show_step(struct cw_script_view *v, const cJSON *value)
{
	const cJSON *entry = cw_json_get(value, "entry"), *error = cw_json_get(value, "error");
	const char *state = cw_json_str(value, "state");

	fputs("  ", v->out.out);
	cw_plan_print_entry(&v->out, v->plan, cJSON_IsNumber(entry) ? entry->valuedouble : 0);
	fprintf(v->out.out, "  %s", cw_style_on(style_of(state), v->out.colour));
	cw_console_print(v->out.out, state != NULL ? state : "?");
	fprintf(v->out.out, "%s\n", cw_style_off(style_of(state), v->out.colour));
	fflush(v->out.out);
	if (error != NULL)
		show_error(v, error);
}

void
cw_script_view_line(struct cw_script_view *v, const char *text, size_t n)
{
	static const struct {
		const char *stream;
		void (*show)(struct cw_script_view *v, const cJSON *value);
	} rows[] = {
		{ "output", show_output },
		{ "error", show_error },
		{ "warning", show_warning },
		{ "verbose", show_verbose },
		{ "debug", show_debug },
		{ "information", show_information },
		{ "step", show_step },
	};
	cJSON *line = NULL;

	if (v->json) {
		fprintf(v->out.out, "%.*s\n", (int)n, text);
		fflush(v->out.out);
		return;
	}
	if (cw_json_parse(&line, text, n, "line", NULL) < 0 || line->child == NULL) {
		cJSON_Delete(line);
		return; /* of no use to a person */
	}
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		if (cw_streq(rows[i].stream, line->child->string))
			rows[i].show(v, line->child);
	cJSON_Delete(line);
}

/* --- the end */

static void
show_refusal(struct cw_script_view *v, const cJSON *refusal)
{
	const char *message = cw_json_str(refusal, "message");
	const char *who = cw_json_str(refusal, "who_can_change_it");
	const char *rule = cw_json_str(refusal, "rule");

	fprintf(v->err.out, "%srefused%s ", cw_style_on(CW_STYLE_RED, v->err.colour),
	    cw_style_off(CW_STYLE_RED, v->err.colour));
	fprintf(v->err.out, "(");
	cw_console_print(v->err.out, rule != NULL ? rule : "?");
	fprintf(v->err.out, "): ");
	cw_console_print(v->err.out, message != NULL ? message : "");
	if (who != NULL) {
		fprintf(v->err.out, "\n  who can change it: ");
		cw_console_print(v->err.out, who);
	}
	fputc('\n', v->err.out);
}

static double
number(const cJSON *object, const char *name)
{
	const cJSON *member = cw_json_get(object, name);

	return cJSON_IsNumber(member) ? member->valuedouble : 0;
}

/* The error that ended it came by as a line too, most of the time. */
static bool
was_shown(const struct cw_script_view *v, const cJSON *error)
{
	const char *text = cw_json_str(error, "message");
	size_t n = strlen(v->last_error);

	return text != NULL && n > 0 && strncmp(text, v->last_error, n) == 0;
}

/* Of one whose end is not known: a write that it began, or several that ran as one. */
static void
show_doubt(struct cw_script_view *v, const cJSON *entry)
{
	const char *command = cw_json_str(entry, "command");
	double n = number(entry, "count");

	if (!cw_streq(cw_json_str(entry, "state"), "unknown"))
		return;
	fprintf(v->err.out, "entry %.0f", number(entry, "entry"));
	if (n > 1)
		fprintf(v->err.out, " and %.0f more", n - 1);
	fputs(", ", v->err.out);
	cw_console_print(v->err.out, command != NULL ? command : "?");
	fputs(": not known whether it was made\n", v->err.out);
}

static void
show_end(struct cw_script_view *v, const cJSON *result)
{
	const cJSON *refusal, *entry, *error = cw_json_get(result, "error"),
				      *pdc = cw_json_get(result, "pdc_emulator");
	const char *state = cw_json_str(result, "state"), *server = cw_json_str(result, "server");
	double writes = number(result, "writes"), calls = number(result, "calls");

	if (cw_json_get(result, "plan") != NULL) {
		if (v->objects > 0)
			fputc('\n', v->out.out);
		cw_plan_print(&v->out, cw_json_get(result, "plan"));
		fflush(v->out.out);
	}
	cJSON_ArrayForEach (refusal, cw_json_get(result, "refusals"))
		show_refusal(v, refusal);
	if (cw_json_str(result, "stopped") != NULL) {
		fputs("stopped: ", v->err.out);
		cw_console_print(v->err.out, cw_json_str(result, "stopped"));
		fputc('\n', v->err.out);
	}
	if (error != NULL && !was_shown(v, error))
		print_note(&v->err, "error", CW_STYLE_RED, error);
	cJSON_ArrayForEach (entry, cw_json_get(result, "entries"))
		show_doubt(v, entry);
	fprintf(v->err.out, "%s", cw_style_on(style_of(state), v->err.colour));
	cw_console_print(v->err.out, state != NULL ? state : "?");
	fprintf(v->err.out, "%s%s: %.0f call%s, %.0f write%s",
	    cw_style_off(style_of(state), v->err.colour), cw_style_on(CW_STYLE_DIM, v->err.colour),
	    calls, calls == 1 ? "" : "s", writes, writes == 1 ? "" : "s");
	if (server != NULL && server[0] != '\0') {
		fputs(" on ", v->err.out);
		cw_console_print(v->err.out, server);
	}
	if (cw_json_str(pdc, "server") != NULL) {
		fprintf(v->err.out, " (%.0f on ", number(pdc, "writes"));
		cw_console_print(v->err.out, cw_json_str(pdc, "server"));
		fputc(')', v->err.out);
	}
	fprintf(v->err.out, ", %s%s\n", cw_when_duration(number(result, "duration_ms")),
	    cw_style_off(CW_STYLE_DIM, v->err.colour));
}

/* Was it a rule that ended it? A script may also have caught a refusal and failed later. */
static bool
is_refused(const cJSON *result)
{
	const char *id = cw_json_str(cw_json_get(result, "error"), "error_id");

	return cJSON_GetArraySize(cw_json_get(result, "refusals")) > 0 &&
	    (id == NULL || cw_starts_with(id, "CausewayRefused"));
}

enum cw_script_exit
cw_script_view_end(struct cw_script_view *v, const cJSON *result)
{
	const char *state = cw_json_str(result, "state");
	char *text;

	if (v->json) {
		text = cJSON_PrintUnformatted(result);
		fprintf(v->out.out, "{\"result\":%s}\n", text != NULL ? text : "null");
		cJSON_free(text);
	} else {
		show_end(v, result);
	}
	fflush(v->out.out);
	if (cw_streq(state, "done"))
		return CW_SCRIPT_EXIT_DONE;
	if (cw_streq(state, "failed"))
		return is_refused(result) ? CW_SCRIPT_EXIT_REFUSED : CW_SCRIPT_EXIT_FAILED;
	return CW_SCRIPT_EXIT_UNKNOWN;
}

enum cw_script_exit
cw_script_exit_of(const struct cw_err *err)
{
	switch (err->code) {
	case CW_EDENIED:
	case CW_EEXPIRED: return CW_SCRIPT_EXIT_REFUSED;
	case CW_EINVAL: return CW_SCRIPT_EXIT_USAGE;
	case CW_EUNAVAILABLE:
	case CW_ECLOSED:
	case CW_ELIMIT:
	case CW_EAUTH: return CW_SCRIPT_EXIT_UNAVAILABLE;
	case CW_EUNKNOWN:
	case CW_ETIMEOUT: return CW_SCRIPT_EXIT_UNKNOWN;
	default: return CW_SCRIPT_EXIT_FAILED;
	}
}

/* --- its text */

static int
read_input(struct cw_buf *ret, struct cw_err *err)
{
	uint8_t part[4096];
	size_t n;
	int r = CW_OK;

	while (r == CW_OK && (n = fread(part, 1, sizeof(part), stdin)) > 0)
		r = cw_buf_put(ret, part, n);
	if (r < 0)
		return cw_fail(err, CW_EINVAL, "standard input is longer than %zu bytes", ret->max);
	return ferror(stdin) ? cw_fail(err, CW_ESYS, "standard input cannot be read") : CW_OK;
}

int
cw_script_read(struct cw_buf *ret, const char *path, struct cw_err *err)
{
	const char *text;
	size_t n;
	int r;

	if ((r = cw_streq(path, "-") ? read_input(ret, err) : cw_file_read_named(ret, path, err)) <
	    0)
		return r == CW_ELIMIT
		    ? cw_fail(err, CW_EINVAL,
			  "%s has more than %zu bytes, which are the most: split the script",
			  cw_streq(path, "-") ? "standard input" : path, ret->max)
		    : r;
	text = (const char *)cw_buf_peek(ret);
	n = cw_buf_left(ret);
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		cw_buf_skip(ret, 3);
		text = (const char *)cw_buf_peek(ret);
		n -= 3;
	}
	if (!cw_utf8_valid(text, n) || memchr(text, '\0', n) != NULL)
		return cw_fail(err, CW_EINVAL, "%s is not UTF-8: save it with that encoding",
		    cw_streq(path, "-") ? "standard input" : path);
	return CW_OK;
}
