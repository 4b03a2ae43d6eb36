/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the verbs share.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "control/control.h"
#include "ctl.h"

#define ANSWER_MS 15000u
#define TEXTS 4
#define TEXT_MAX 1024u /* bytes */

int
ctl_ask(const struct ctl *c, cJSON **ret, cJSON *request, struct cw_err *err)
{
	int r = cw_control_call(ret, c->state, request, ANSWER_MS, err);

	cJSON_Delete(request);
	return r;
}

int
ctl_ask_verb(const struct ctl *c, cJSON **ret, const char *verb, struct cw_err *err)
{
	cJSON *request = cJSON_CreateObject();

	cJSON_AddStringToObject(request, "verb", verb);
	return ctl_ask(c, ret, request, err);
}

int
ctl_print_json(const cJSON *answer)
{
	char *text = cJSON_PrintUnformatted(answer);
	int r = text != NULL && puts(text) >= 0 ? CTL_WELL : CW_ESYS;

	cJSON_free(text);
	return r;
}

const char *
ctl_text(const cJSON *object, const char *name)
{
	static char texts[TEXTS][TEXT_MAX];
	static unsigned turn;
	const char *text = cw_json_str(object, name);
	char *ret = texts[turn++ % TEXTS];
	struct cw_buf b;

	ret[0] = '\0';
	if (text == NULL)
		return ret;
	cw_buf_init(&b, TEXT_MAX - 1);
	(void)cw_console_put(&b, text);
	(void)snprintf(ret, TEXT_MAX, "%s", cw_buf_str(&b) != NULL ? cw_buf_str(&b) : "");
	cw_buf_free(&b);
	return ret;
}

double
ctl_number(const cJSON *object, const char *name)
{
	const cJSON *member = cw_json_get(object, name);

	return cJSON_IsNumber(member) ? member->valuedouble : 0;
}

void
ctl_line(const struct ctl *c, const char *label, const char *format, ...)
{
	va_list ap;

	printf("%s%-12s%s", cw_style_on(CW_STYLE_DIM, c->colour), label,
	    cw_style_off(CW_STYLE_DIM, c->colour));
	va_start(ap, format);
	(void)vprintf(format, ap);
	va_end(ap);
	(void)putchar('\n');
}
