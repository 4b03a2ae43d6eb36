/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans on the screen.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "console/plan.h"
#include "console/table.h"
#include "console/when.h"
#include "os/file.h"

#define TEXT_MAX 4096u /* bytes of one value; longer ones are cut */
#define BUFFER_MAX (1u << 20)
#define VALUES_SHOWN 8 /* of one list */

static void
put(struct cw_buf *b, const char *text)
{
	char *cut = NULL;

	if (strlen(text) > TEXT_MAX)
		cut = cw_strndup(text, cw_utf8_cut(text, TEXT_MAX));
	(void)cw_console_put(b, cut != NULL ? cut : text);
	if (cut != NULL)
		(void)cw_buf_puts(b, "...");
	free(cut);
}

/* --- names */

static bool
is_number(const cJSON *entry, double number)
{
	const cJSON *n = cw_json_get(entry, "entry");

	return cJSON_IsNumber(n) && n->valuedouble == number;
}

static const cJSON *
find_entry(const cJSON *plan, double number)
{
	const cJSON *entries = cw_json_get(plan, "entries"), *entry;

	/* Where it is in a plan that is one. */
	if (number >= 1 && number <= INT_MAX &&
	    is_number(entry = cJSON_GetArrayItem(entries, (int)number - 1), number))
		return entry;
	cJSON_ArrayForEach (entry, entries)
		if (is_number(entry, number))
			return entry;
	return NULL;
}

static const char *
dn_if(const cJSON *object, const char *member, const char *guid)
{
	const char *dn = cw_json_str(object, "dn");

	return dn != NULL && cw_strcaseeq(cw_json_str(object, member), guid) ? dn : NULL;
}

/* The name of an object that parameters have as a GUID; the GUID itself where it is not told. */
static const char *
name_of(const cJSON *plan, const cJSON *entry, const char *guid)
{
	const cJSON *one;
	const char *dn;
	uint8_t uuid[16];

	if (cw_uuid_parse(uuid, guid, strlen(guid)) < 0)
		return guid; /* a text of any kind; plans may have thousands */
	if ((dn = dn_if(cw_json_get(entry, "target"), "guid", guid)) != NULL)
		return dn;
	cJSON_ArrayForEach (one, cw_json_get(entry, "others"))
		if ((dn = dn_if(one, "guid", guid)) != NULL)
			return dn;
	cJSON_ArrayForEach (one, cw_json_get(plan, "entries"))
		if ((dn = dn_if(cw_json_get(one, "creates"), "placeholder", guid)) != NULL)
			return dn;
	return guid;
}

/* --- values */

static void
put_value(struct cw_buf *b, const cJSON *plan, const cJSON *entry, const cJSON *value)
{
	const cJSON *one;
	int n = 0;
	char *text;

	if (cJSON_IsString(value)) {
		put(b, name_of(plan, entry, value->valuestring));
	} else if (cw_json_get(value, "$slot") != NULL) {
		(void)cw_buf_puts(b, "(a secret, given when it is applied)");
	} else if (cJSON_IsArray(value)) {
		cJSON_ArrayForEach (one, value) {
			if (n > 0)
				(void)cw_buf_puts(b, ", ");
			if (n++ == VALUES_SHOWN) {
				(void)cw_buf_printf(
				    b, "... %d more", cJSON_GetArraySize(value) - VALUES_SHOWN);
				break;
			}
			put_value(b, plan, entry, one);
		}
		if (n == 0)
			(void)cw_buf_puts(b, "(none)");
	} else if (value == NULL || cJSON_IsNull(value)) {
		(void)cw_buf_puts(b, "(none)");
	} else {
		text = cJSON_PrintUnformatted(value);
		put(b, text != NULL ? text : "");
		cJSON_free(text);
	}
}

static void
print_value(const struct cw_console *c, enum cw_style style, const cJSON *plan, const cJSON *entry,
    const cJSON *value)
{
	struct cw_buf b;

	cw_buf_init(&b, BUFFER_MAX);
	put_value(&b, plan, entry, value);
	fprintf(c->out, "%s%s%s", cw_style_on(style, c->colour),
	    cw_buf_str(&b) != NULL ? cw_buf_str(&b) : "", cw_style_off(style, c->colour));
	cw_buf_free(&b);
}

/* --- one entry's lines */

struct line {
	const char *name; /* attribute, or parameter */
	const cJSON *before; /* NULL: not told */
	const char *sign; /* how it becomes what it will be */
	const cJSON *after; /* NULL: nothing */
};

static void
print_line(
    const struct cw_console *c, const cJSON *plan, const cJSON *entry, const struct line *line)
{
	fprintf(c->out, "      %s", cw_style_on(CW_STYLE_CYAN, c->colour));
	cw_console_print(c->out, line->name);
	fprintf(c->out, "%s: ", cw_style_off(CW_STYLE_CYAN, c->colour));
	if (line->before != NULL) {
		print_value(c, CW_STYLE_DIM, plan, entry, line->before);
		fputc(' ', c->out);
	}
	fprintf(c->out, "%s ", line->sign);
	print_value(c, CW_STYLE_BOLD, plan, entry, line->after);
	fputc('\n', c->out);
}

/* Member by name without case: attributes are written in any. */
static const cJSON *
find_member(const cJSON *object, const char *name)
{
	const cJSON *member;

	cJSON_ArrayForEach (member, object)
		if (cw_strcaseeq(member->string, name))
			return member;
	return NULL;
}

static const char *
sign_of(const char *command, const char *parameter)
{
	if (cw_strcaseeq(parameter, "Add") || cw_starts_with(command, "Add-"))
		return "+";
	if (cw_strcaseeq(parameter, "Remove") || cw_starts_with(command, "Remove-"))
		return "-";
	return "->";
}

/* What a parameter does to one attribute. */
static void
print_change(const struct cw_console *c, const cJSON *plan, const cJSON *entry,
    const char *parameter, const cJSON *value, const char *attribute)
{
	const char *command = cw_json_str(entry, "command");
	struct line line = { .name = attribute,
		.before = find_member(cw_json_get(entry, "before"), attribute),
		.sign = sign_of(command, parameter),
		.after = value };

	if (cw_strcaseeq(parameter, "Clear"))
		line.after = NULL;
	else if (cJSON_IsObject(value) && find_member(value, attribute) != NULL)
		line.after = find_member(value, attribute);
	print_line(c, plan, entry, &line);
}

/* An effect of this parameter on an attribute is shown; otherwise the parameter as it is. */
static void
print_parameter(
    const struct cw_console *c, const cJSON *plan, const cJSON *entry, const cJSON *parameter)
{
	const cJSON *effect;
	const char *attribute;
	bool shown = false;

	cJSON_ArrayForEach (effect, cw_json_get(entry, "effects")) {
		attribute = cw_json_str(effect, "attribute");
		if (attribute == NULL || cw_streq(cw_json_str(effect, "class"), "read") ||
		    !cw_strcaseeq(cw_json_str(effect, "parameter"), parameter->string))
			continue;
		print_change(c, plan, entry, parameter->string, parameter, attribute);
		shown = true;
	}
	if (!shown)
		print_line(c, plan, entry,
		    &(const struct line){ parameter->string, NULL, "=", parameter });
}

static void
print_head(const struct cw_console *c, const cJSON *entry)
{
	const cJSON *number = cw_json_get(entry, "entry"), *target = cw_json_get(entry, "target");
	const cJSON *creates = cw_json_get(entry, "creates");
	const char *command = cw_json_str(entry, "command"), *dn = cw_json_str(target, "dn");
	const char *class = cw_json_str(target, "class");

	fprintf(c->out, "%.0f  %s", cJSON_IsNumber(number) ? number->valuedouble : 0,
	    cw_style_on(CW_STYLE_BOLD, c->colour));
	cw_console_print(c->out, command != NULL ? command : "?");
	fprintf(c->out, "%s  ", cw_style_off(CW_STYLE_BOLD, c->colour));
	if (dn != NULL) {
		cw_console_print(c->out, dn);
	} else if (cw_json_str(creates, "dn") != NULL) {
		fputs("makes ", c->out);
		cw_console_print(c->out, cw_json_str(creates, "dn"));
		class = cw_json_str(creates, "class");
	}
	if (class != NULL) {
		fprintf(c->out, " %s(", cw_style_on(CW_STYLE_DIM, c->colour));
		cw_console_print(c->out, class);
		fprintf(c->out, ")%s", cw_style_off(CW_STYLE_DIM, c->colour));
	}
}

/* What takes away, or needs a person each time, does not look like the rest. */
static void
print_warning(const struct cw_console *c, const cJSON *entry)
{
	const cJSON *effect;
	const char *class, *said = "";

	cJSON_ArrayForEach (effect, cw_json_get(entry, "effects")) {
		class = cw_json_str(effect, "class");
		if ((!cw_streq(class, "destructive") && !cw_streq(class, "approval")) ||
		    cw_streq(said, class))
			continue;
		fprintf(c->out, "      %s%s%s\n", cw_style_on(CW_STYLE_YELLOW, c->colour),
		    cw_streq(class, "approval") ? "needs a person's approval"
						: "takes away what is there",
		    cw_style_off(CW_STYLE_YELLOW, c->colour));
		said = class;
	}
}

static void
print_entry(const struct cw_console *c, const cJSON *plan, const cJSON *entry)
{
	const cJSON *parameter;
	const char *guid = cw_json_str(cw_json_get(entry, "target"), "guid");

	fputs("  ", c->out);
	print_head(c, entry);
	fputc('\n', c->out);
	print_warning(c, entry);
	cJSON_ArrayForEach (parameter, cw_json_get(entry, "parameters")) {
		/* The target stands in the line above. */
		if (cJSON_IsString(parameter) && guid != NULL &&
		    cw_strcaseeq(parameter->valuestring, guid))
			continue;
		print_parameter(c, plan, entry, parameter);
	}
}

void
cw_plan_print_entry(const struct cw_console *c, const cJSON *plan, double number)
{
	const cJSON *entry = find_entry(plan, number);

	if (entry != NULL)
		print_head(c, entry);
	else
		fprintf(c->out, "%.0f", number);
}

void
cw_plan_print(const struct cw_console *c, const cJSON *plan)
{
	const cJSON *entries = cw_json_get(plan, "entries"), *entry;
	const char *server = cw_json_str(plan, "domain_controller");
	const char *expires = cw_json_str(plan, "expires"), *hash = cw_json_str(plan, "hash");
	const char *reason = cw_json_str(plan, "reason");
	int n = cJSON_GetArraySize(entries);

	fprintf(c->out, "%sPlan: %d write%s%s", cw_style_on(CW_STYLE_BOLD, c->colour), n,
	    n == 1 ? "" : "s", cw_style_off(CW_STYLE_BOLD, c->colour));
	if (server != NULL) {
		fputs(" on ", c->out);
		cw_console_print(c->out, server);
	}
	if (expires != NULL) {
		fputs(", good until ", c->out);
		cw_console_print(c->out, cw_when_date(expires));
	}
	fputc('\n', c->out);
	cJSON_ArrayForEach (entry, entries)
		print_entry(c, plan, entry);
	if (cw_json_true(plan, "approximate")) {
		fprintf(c->out, "%sIt ends here and cannot be applied: ",
		    cw_style_on(CW_STYLE_YELLOW, c->colour));
		cw_console_print(
		    c->out, reason != NULL ? reason : "what comes then cannot be told");
		fprintf(c->out, "%s\n", cw_style_off(CW_STYLE_YELLOW, c->colour));
	}
	if (hash != NULL) {
		fprintf(c->out, "%sSHA-256 ", cw_style_on(CW_STYLE_DIM, c->colour));
		cw_console_print(c->out, hash);
		fprintf(c->out, "%s\n", cw_style_off(CW_STYLE_DIM, c->colour));
	}
}

int
cw_plan_keep(const char *path, const cJSON *plan, struct cw_err *err)
{
	char *text = cJSON_Print(plan);
	int r;

	if (text == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	r = cw_file_write(path, text, strlen(text), true, err);
	cJSON_free(text);
	return r;
}
