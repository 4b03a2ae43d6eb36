/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords of a plan.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "console/plan.h"
#include "console/secrets.h"
#include "console/table.h"

#define PASSWORD_MAX 1024 /* bytes */
#define LINE_MAX_BYTES (16u << 20)

static double
number(const cJSON *object, const char *name)
{
	const cJSON *member = cw_json_get(object, name);

	return cJSON_IsNumber(member) ? member->valuedouble : 0;
}

int
cw_secrets_ask(cJSON **ret, const struct cw_reply *reply, const cJSON *plan, struct cw_err *err)
{
	const cJSON *slot, *slots = cw_json_get(plan, "slots");
	cJSON *o;
	char name[24];

	if (cJSON_GetArraySize(slots) == 0)
		return cw_fail(err, CW_EINVAL, "this plan needs no passwords");
	o = cJSON_CreateObject();
	cJSON_ArrayForEach (slot, slots) {
		(void)snprintf(name, sizeof(name), "%.0f", number(slot, "slot"));
		cJSON_AddTrueToObject(cJSON_AddObjectToObject(o, name), "$generate");
	}
	cJSON_AddStringToObject(o, "reply_key", cw_reply_key(reply));
	*ret = o;
	return CW_OK;
}

int
cw_secrets_none(const cJSON *plan, struct cw_err *err)
{
	int n = cJSON_GetArraySize(cw_json_get(plan, "slots"));

	return n == 0
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL,
		  "this plan needs %d password%s: with --new-passwords the server makes "
		  "%s, and %s shown here once",
		  n, n == 1 ? "" : "s", n == 1 ? "it" : "them", n == 1 ? "it is" : "they are");
}

static void
print_one(const struct cw_script_view *v, const cJSON *plan, const cJSON *slot,
    const struct cw_buf *password)
{
	fputs("new password (shown once), entry ", v->err.out);
	cw_plan_print_entry(&v->err, plan, number(slot, "entry"));
	fputs(": ", v->err.out);
	fflush(v->err.out);
	fwrite(cw_buf_peek(password), 1, cw_buf_left(password), v->out.out);
	fputc('\n', v->out.out);
	fflush(v->out.out);
}

/* The opened one of a slot; CW_ENOTFOUND: the plan did not come so far. */
static int
open_slot(struct cw_buf *ret, const struct cw_reply *reply, const cJSON *plan, const cJSON *result,
    const char *name, struct cw_err *err)
{
	const char *operation = cw_json_str(plan, "operation");
	const char *sealed =
	    cw_json_str(cw_json_get(cw_json_get(result, "secrets"), name), "$sealed");
	int r;

	if (sealed == NULL || operation == NULL)
		return CW_ENOTFOUND;
	if ((r = cw_reply_open(ret, reply, operation, sealed, err)) == CW_OK &&
	    !cw_utf8_is_line((const char *)cw_buf_peek(ret), cw_buf_left(ret)))
		r = cw_fail(err, CW_EPROTO, "the password that came is no text");
	return r;
}

int
cw_secrets_print(const struct cw_script_view *v, const struct cw_reply *reply, const cJSON *plan,
    const cJSON *result, struct cw_err *err)
{
	struct cw_buf password, line;
	const cJSON *slot;
	char name[24];
	int r = CW_OK;

	cw_buf_init(&password, PASSWORD_MAX);
	cw_buf_init(&line, LINE_MAX_BYTES);
	cJSON_ArrayForEach (slot, cw_json_get(plan, "slots")) {
		(void)snprintf(name, sizeof(name), "%.0f", number(slot, "slot"));
		r = open_slot(&password, reply, plan, result, name, err);
		if (r == CW_OK && v->json) {
			if ((r = cw_buf_printf(&line,
				 "%s\"%s\":", cw_buf_left(&line) > 0 ? "," : "", name)) == CW_OK)
				r = cw_json_put_str(&line, (const char *)cw_buf_peek(&password),
				    cw_buf_left(&password));
		} else if (r == CW_OK) {
			print_one(v, plan, slot, &password);
		}
		cw_buf_free_secret(&password);
		if (r < 0 && r != CW_ENOTFOUND)
			break;
		r = CW_OK;
	}
	if (cw_buf_left(&line) > 0 && cw_buf_str(&line) != NULL)
		fprintf(v->out.out, "{\"secrets\":{%s}}\n", cw_buf_str(&line));
	cw_buf_free_secret(&line);
	return r;
}
