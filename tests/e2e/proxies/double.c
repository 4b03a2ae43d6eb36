/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "double.h"
#include "os/clock.h"
#include "powershell/clixml.h"
#include "powershell/json.h"
#include "proxies/proxies.h"

#define PREFIX "causeway/1 "
#define READ_LINE 11
#define WRITE 13

/* --- JSON to CLIXML: objects are maps, but for those with a "$type" */

static void put_value(struct cw_buf *out, const char *name, const cJSON *json, unsigned *refs);

static void
put_text(struct cw_buf *out, const char *element, const char *name, const char *text)
{
	(void)cw_buf_printf(out, "<%s", element);
	if (name != NULL) {
		(void)cw_buf_puts(out, " N=\"");
		(void)cw_clixml_put_text(out, name, strlen(name));
		(void)cw_buf_putc(out, '"');
	}
	(void)cw_buf_putc(out, '>');
	(void)cw_clixml_put_text(out, text, strlen(text));
	(void)cw_buf_printf(out, "</%s>", element);
}

static void
put_members(struct cw_buf *out, const cJSON *json, unsigned *refs)
{
	const char *text = cw_json_str(json, "$text");

	(void)cw_buf_printf(
	    out, "<TN RefId=\"%u\"><T>%s</T></TN>", (*refs)++, cw_json_str(json, "$type"));
	if (text != NULL)
		put_text(out, "ToString", NULL, text);
	(void)cw_buf_puts(out, "<MS>");
	for (const cJSON *one = json->child; one != NULL; one = one->next)
		if (one->string[0] != '$')
			put_value(out, one->string, one, refs);
	(void)cw_buf_puts(out, "</MS>");
}

static void
put_collection(struct cw_buf *out, const cJSON *json, unsigned *refs)
{
	const char *element = cJSON_IsArray(json) ? "LST" : "DCT";

	(void)cw_buf_printf(out, "<%s>", element);
	for (const cJSON *one = json->child; one != NULL; one = one->next) {
		if (cJSON_IsArray(json)) {
			put_value(out, NULL, one, refs);
			continue;
		}
		(void)cw_buf_puts(out, "<En>");
		put_text(out, "S", "Key", one->string);
		put_value(out, "Value", one, refs);
		(void)cw_buf_puts(out, "</En>");
	}
	(void)cw_buf_printf(out, "</%s>", element);
}

static void
put_value(struct cw_buf *out, const char *name, const cJSON *json, unsigned *refs)
{
	char digits[24];

	if (cJSON_IsString(json)) {
		put_text(out, "S", name, json->valuestring);
	} else if (cJSON_IsBool(json)) {
		put_text(out, "B", name, cJSON_IsTrue(json) ? "true" : "false");
	} else if (cJSON_IsNumber(json)) {
		(void)snprintf(digits, sizeof(digits), "%d", (int)json->valuedouble);
		put_text(out, "I32", name, digits);
	} else if (cJSON_IsNull(json)) {
		(void)(name != NULL ? cw_buf_printf(out, "<Nil N=\"%s\" />", name)
				    : cw_buf_puts(out, "<Nil />"));
	} else {
		(void)cw_buf_puts(out, "<Obj");
		if (name != NULL)
			(void)cw_buf_printf(out, " N=\"%s\"", name);
		(void)cw_buf_printf(out, " RefId=\"%u\">", (*refs)++);
		if (cw_json_str(json, "$type") != NULL)
			put_members(out, json, refs);
		else
			put_collection(out, json, refs);
		(void)cw_buf_puts(out, "</Obj>");
	}
}

/* The text that ReadLine is answered with. */
static const struct cw_ps_value *
answer_text(struct cw_ps_arena *arena, const char *answer)
{
	struct cw_err err = { 0 };
	struct cw_buf xml;
	const struct cw_ps_value *text;
	cJSON *json = NULL;
	unsigned refs = 0;

	if (cw_starts_with(answer, "raw "))
		return cw_ps_string(arena, answer + 4);
	if (cw_json_parse(&json, answer, strlen(answer), "answer", &err) < 0) {
		fprintf(stderr, "%s: %s\n", answer, err.text);
		return cw_ps_string(arena, "");
	}
	cw_buf_init(&xml, 1u << 22);
	(void)cw_buf_puts(&xml,
	    "<Objs Version=\"1.1.0.1\" "
	    "xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">");
	put_value(&xml, NULL, json, &refs);
	(void)cw_buf_puts(&xml, "</Objs>");
	text = cw_ps_text(arena, CW_PS_STRING, (const char *)cw_buf_peek(&xml), cw_buf_left(&xml));
	cw_buf_free(&xml);
	cJSON_Delete(json);
	return text;
}

/* --- requests */

static void
sort(cJSON *json)
{
	cJSON *sorted = cJSON_CreateObject(), *least;

	for (cJSON *one = json->child; one != NULL; one = one->next)
		if (one->child != NULL)
			sort(one);
	while (cJSON_IsObject(json) && json->child != NULL) {
		least = json->child;
		for (cJSON *one = least->next; one != NULL; one = one->next)
			if (strcmp(one->string, least->string) < 0)
				least = one;
		(void)cJSON_DetachItemViaPointer(json, least);
		(void)cJSON_AddItemToObject(sorted, least->string, least);
	}
	if (cJSON_IsObject(json)) {
		json->child = sorted->child;
		sorted->child = NULL;
	}
	cJSON_Delete(sorted);
}

/* The keys of each verb, and nothing else; the number is new for a call, and a used one after. */
static const char *
fault(struct double_broker *d, const cJSON *request)
{
	static const char *const call[] = { "verb", "id", "command", "parameters", "input",
		"error_action", "what_if", "after", NULL };
	static const char *const other[] = { "verb", "id", NULL };
	const char *verb = cw_json_str(request, "verb");
	bool is_call = cw_streq(verb != NULL ? verb : "", "call");
	int64_t id;

	if (verb == NULL || cw_json_only(request, is_call ? call : other, "it", NULL) < 0)
		return "keys";
	if (!cw_json_int(request, "id", &id))
		return "id";
	if (!is_call)
		return id > 0 && id <= d->last_id ? NULL : "id";
	if (id <= d->last_id)
		return "id";
	d->last_id = id;
	if (cw_json_str(request, "command") == NULL ||
	    cw_json_str(request, "error_action") == NULL ||
	    !cJSON_IsObject(cw_json_get(request, "parameters")) ||
	    !cJSON_IsFalse(cw_json_get(request, "what_if")))
		return "value";
	return NULL;
}

static void
keep(struct double_broker *d, cJSON *request)
{
	const char *wrong = fault(d, request), *action = cw_json_str(request, "error_action");
	const cJSON *input = cw_json_get(request, "input");
	struct cw_buf *out = &d->asked;
	int64_t after;

	sort(request);
	if (wrong != NULL)
		(void)cw_buf_printf(out, "BAD %s: ", wrong);
	if (wrong != NULL || cw_json_get(request, "command") == NULL) {
		(void)(wrong != NULL ? cw_json_put(out, request)
				     : cw_buf_puts(out, cw_json_str(request, "verb")));
	} else {
		(void)cw_buf_printf(out, "%s ", cw_json_str(request, "command"));
		(void)cw_json_put(out, cw_json_get(request, "parameters"));
		if (input != NULL) {
			(void)cw_buf_putc(out, ' ');
			(void)cw_json_put(out, input);
		}
		if (action != NULL && !cw_streq(action, "Continue"))
			(void)cw_buf_printf(out, " %s", action);
		if (cw_json_int(request, "after", &after))
			(void)cw_buf_printf(
			    out, " after %lld", (long long)(after == 0 ? 0 : after - d->last_id));
	}
	(void)cw_buf_putc(out, '\n');
}

static void
on_request(struct double_broker *d, const char *xml, size_t n)
{
	struct cw_err err = { 0 };
	struct cw_clixml *reader;
	struct cw_ps_arena *arena;
	const struct cw_ps_value *value;
	struct cw_buf text;
	size_t before = cw_buf_left(&d->asked);
	cJSON *request = NULL;

	d->pending = true;
	if (d->forgets)
		return;
	cw_buf_init(&text, 1u << 22);
	if (cw_clixml_new(&reader) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return;
	if (cw_clixml_read(reader, &value, arena, xml, n, &err) < 0 ||
	    cw_ps_json_put(&text, value, &err) < 0 ||
	    cw_json_parse(
		&request, (const char *)cw_buf_peek(&text), cw_buf_left(&text), "it", &err) < 0)
		(void)cw_buf_printf(&d->asked, "BAD %s\n", err.text);
	else
		keep(d, request);
	if (d->stop_at != NULL && cw_starts_with(cw_buf_str(&d->asked) + before, d->stop_at)) {
		d->stop_at = NULL;
		d->silent = true;
	}
	cJSON_Delete(request);
	cw_ps_arena_free(arena);
	cw_clixml_free(reader);
	cw_buf_free(&text);
}

static void
answer(struct double_broker *d, const struct cw_psrp_host_call *call)
{
	const char *text =
	    d->otherwise != NULL ? d->otherwise : "{\"records\":[],\"state\":\"done\"}";
	struct cw_ps_arena *arena;
	struct cw_err err = { 0 };

	if (d->silent) {
		/* The one that it is stopped at waits. Not stopped before: the engine ends the
		 * calls that wait for an answer, and one made after that would wait for good. */
		d->silent = d->pending = false;
		cw_psrp_stop(d->pipeline, uv_now(d->loop));
		return;
	}
	if (cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return;
	if (d->pending && d->answered < d->answer_count)
		text = d->answers[d->answered++];
	if (cw_psrp_host_answer(d->pipeline, call,
		call->method != READ_LINE ? cw_ps_map(arena, NULL, 0)
		    : d->pending          ? answer_text(arena, text)
					  : cw_ps_string(arena, ""),
		uv_now(d->loop), &err) < 0)
		fprintf(stderr, "an answer: %s\n", err.text);
	d->pending = false;
	cw_ps_arena_free(arena);
}

static void
on_host_call(void *arg, const struct cw_psrp_host_call *call)
{
	struct double_broker *d = arg;
	const struct cw_ps_value *list = call->parameters, *last = NULL;
	const char *text;

	if (list != NULL && list->kind == CW_PS_LIST && list->list.count > 0)
		last = list->list.items[list->list.count - 1];
	text = cw_ps_str(last);
	if (call->method == WRITE && text != NULL && cw_starts_with(text, PREFIX))
		on_request(d, text + strlen(PREFIX), strlen(text) - strlen(PREFIX));
	else if (cw_starts_with(call->method_name, "WriteLine") && text != NULL)
		(void)cw_buf_printf(&d->said, "host: %s\n", text);
	else if (cw_starts_with(call->method_name, "Write1") && text != NULL)
		(void)cw_buf_printf(&d->said, "host: %s\n", text);
	else if (!cw_starts_with(call->method_name, "Write"))
		answer(d, call);
}

/* --- what the script says */

static const char *
text_of(const struct cw_ps_value *record, const char *name)
{
	const char *text = cw_ps_str(cw_ps_get(record, name));

	return text != NULL ? text : "";
}

static void
keep_error(struct double_broker *d, const char *before, const struct cw_ps_value *record)
{
	const struct cw_ps_value *exception = cw_ps_get(record, "Exception");
	const char *type =
	    exception != NULL && exception->object != NULL && exception->object->type_count > 0
	    ? exception->object->types[0]
	    : "";
	int64_t category = -1;

	(void)cw_ps_to_int(cw_ps_get(record, "ErrorCategory_Category"), &category);
	(void)cw_buf_printf(&d->errors, "%s%s | %d | %s | %s\n", before,
	    text_of(record, "FullyQualifiedErrorId"), (int)category, type,
	    text_of(exception, "Message"));
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct double_broker *d = arg;
	struct cw_err err;

	(void)cw_ps_json_put(&d->output, value, &err);
	(void)cw_buf_putc(&d->output, '\n');
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	static const char *const names[] = { "error", "warning", "verbose", "debug", "information",
		"progress" };
	struct double_broker *d = arg;

	if (stream == CW_PSRP_ERROR)
		keep_error(d, "", record);
	else if (stream == CW_PSRP_PROGRESS)
		(void)cw_buf_printf(&d->said, "progress: %s, %s\n", text_of(record, "Activity"),
		    text_of(record, "StatusDescription"));
	else if (stream == CW_PSRP_INFORMATION)
		(void)cw_buf_printf(&d->said, "information: %s\n", text_of(record, "MessageData"));
	else
		(void)cw_buf_printf(&d->said, "%s: %s\n", names[stream],
		    text_of(record, "InformationalRecord_Message"));
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct double_broker *d = arg;

	d->finished = true;
	d->outcome = outcome;
	d->pipeline = NULL;
	if (error != NULL)
		keep_error(d, "end: ", error);
}

/* --- the engine */

static void
on_opened(void *arg)
{
	((struct double_broker *)arg)->opened = true;
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct double_broker *d = arg;

	d->lost = true;
	(void)snprintf(d->why, sizeof(d->why), "%s", err->text);
}

static void
on_closed(void *arg)
{
	((struct double_broker *)arg)->closed = true;
}

static void
run(struct double_broker *d, const struct cw_psrp_command *command, uint32_t timeout_ms)
{
	static const struct cw_psrp_pipeline_events events = { on_output, on_record, on_host_call,
		on_finished };
	const struct cw_psrp_run r = { command, 1, false, timeout_ms, &events, d };
	struct cw_err err = { 0 };

	cw_buf_clear(&d->asked);
	cw_buf_clear(&d->output);
	cw_buf_clear(&d->errors);
	cw_buf_clear(&d->said);
	d->answered = 0;
	d->finished = d->pending = d->silent = false;
	uv_update_time(d->loop);
	if (cw_psrp_run(d->session, &d->pipeline, &r, uv_now(d->loop), &err) < 0) {
		(void)cw_buf_printf(&d->errors, "end: %s\n", err.text);
		return;
	}
	while (!d->finished && !d->lost && !d->closed)
		(void)uv_run(d->loop, UV_RUN_ONCE);
	if (d->lost)
		(void)cw_buf_printf(&d->errors, "lost: %s\n", d->why);
}

void
double_use(struct double_broker *d, uv_loop_t *loop, struct cw_psrp *session)
{
	*d = (struct double_broker){ .loop = loop, .session = session };
	cw_buf_init(&d->asked, 1u << 22);
	cw_buf_init(&d->output, 1u << 22);
	cw_buf_init(&d->errors, 1u << 20);
	cw_buf_init(&d->said, 1u << 20);
}

bool
double_prepare(struct double_broker *d, const char *const *roles, const char *const *modules)
{
	struct cw_psrp_command command;
	struct cw_ps_arena *arena;

	if (cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return false;
	d->prepare_ns = cw_clock_ns();
	if (cw_proxies_prepare(&command, arena, roles, modules) == CW_OK)
		run(d, &command, 60000);
	d->prepare_ns = cw_clock_ns() - d->prepare_ns;
	cw_ps_arena_free(arena);
	if (d->finished && d->outcome == CW_PSRP_COMPLETED && cw_buf_left(&d->errors) == 0 &&
	    cw_buf_left(&d->output) == 0 && cw_buf_left(&d->said) == 0)
		return true;
	fprintf(stderr, "the preparation: %s%s%s\n", cw_buf_str(&d->errors), cw_buf_str(&d->output),
	    cw_buf_str(&d->said));
	return false;
}

bool
double_start(struct double_broker *d, uv_loop_t *loop, char *const *argv, const char *const *roles,
    const char *const *modules)
{
	struct cw_psrp_process_config config = { .loop = loop,
		.argv = argv,
		.has_host = true,
		.events = { on_opened, NULL, NULL, on_lost, d },
		.closed = on_closed };
	struct cw_err err = { 0 };

	double_use(d, loop, NULL);
	if (cw_psrp_process_start(&d->process, &config, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		d->closed = true;
		return false;
	}
	d->session = cw_psrp_process_session(d->process);
	while (!d->opened && !d->lost && !d->closed)
		(void)uv_run(loop, UV_RUN_ONCE);
	if (!d->opened) {
		fprintf(stderr, "the engine: %s\n", d->why);
		return false;
	}
	return roles == NULL || double_prepare(d, roles, modules);
}

void
double_run(struct double_broker *d, const char *script, uint32_t timeout_ms)
{
	const struct cw_psrp_command command = { script, true, NULL, 0 };

	run(d, &command, timeout_ms);
}

void
double_end(struct double_broker *d)
{
	if (d->process != NULL && !d->closed && !d->lost)
		cw_psrp_process_kill(d->process);
	while (d->process != NULL && !d->closed)
		(void)uv_run(d->loop, UV_RUN_ONCE);
	cw_buf_free(&d->asked);
	cw_buf_free(&d->output);
	cw_buf_free(&d->errors);
	cw_buf_free(&d->said);
}
