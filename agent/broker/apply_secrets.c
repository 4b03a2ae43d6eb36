/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "broker/apply_secrets.h"
#include "crypto/password.h"
#include "crypto/seal.h"

struct slot {
	const struct cw_broker *broker;
	const cJSON *plan, *slot, *given, *reply_key;
	struct cw_buf plain;
};

static const char *
operation_of(const struct slot *s)
{
	return cw_json_str(s->plan, "operation");
}

static int
open_box(struct slot *s, const char *box)
{
	char context[CW_SEAL_CONTEXT_MAX];
	struct cw_buf sealed;
	int r;

	cw_buf_init(&sealed, CW_SEAL_MESSAGE_MAX + 4096);
	cw_seal_secret_context(
	    context, s->broker->config.agent, operation_of(s), cw_json_str(s->slot, "parameter"));
	if ((r = cw_base64_get(&sealed, box, strlen(box))) == CW_OK)
		r = cw_unseal(&s->plain, s->broker->config.seal_private, context,
		    cw_buf_peek(&sealed), cw_buf_left(&sealed), NULL);
	cw_buf_free(&sealed);
	return r;
}

/* --- made here */

/* What its owner is called: none of that may be in it. */
static cJSON *
names_of(const struct slot *s)
{
	static const char *const parameters[] = { "Name", "GivenName", "Surname", "DisplayName",
		"SamAccountName" };
	cJSON *names = cJSON_CreateArray();
	int64_t number = 0;
	const cJSON *entry;
	const char *text;

	(void)cw_json_int(s->slot, "entry", &number);
	entry = cJSON_GetArrayItem(cw_json_get(s->plan, "entries"), (int)number - 1);
	for (size_t i = 0; i < CW_COUNT(parameters); i++)
		if ((text = cw_json_str(cw_json_get(entry, "parameters"), parameters[i])) != NULL)
			cJSON_AddItemToArray(names, cJSON_CreateString(text));
	if ((text = cw_json_str(cw_json_get(entry, "target"), "dn")) != NULL &&
	    (text = strchr(text, '=')) != NULL)
		cJSON_AddItemToArray(names, cJSON_CreateString(text + 1));
	return names;
}

/* Into told, for the holder of the reply key. */
static int
say_slot(const struct slot *s, cJSON *told, const char *number)
{
	const char *key_text = cJSON_GetStringValue(s->reply_key);
	char context[CW_SEAL_CONTEXT_MAX];
	struct cw_buf key, box, text;
	int r = CW_EINVAL;

	cw_buf_init(&key, 256);
	cw_buf_init(&box, 4096);
	cw_buf_init(&text, 8192);
	(void)snprintf(context, sizeof(context), "causeway/password/caller/%s", operation_of(s));
	if (key_text != NULL && cw_base64_get(&key, key_text, strlen(key_text)) == CW_OK &&
	    cw_buf_left(&key) == CW_SEAL_KEY &&
	    (r = cw_seal(&box, cw_buf_peek(&key), context, cw_buf_peek(&s->plain),
		 cw_buf_left(&s->plain), NULL)) == CW_OK &&
	    (r = cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box))) == CW_OK &&
	    cJSON_AddStringToObject(
		cJSON_AddObjectToObject(told, number), "$sealed", cw_buf_str(&text)) == NULL)
		r = CW_ENOMEM;
	cw_buf_free(&key);
	cw_buf_free(&box);
	cw_buf_free(&text);
	return r;
}

static int
generate(struct slot *s, struct apply_secrets *to, const char *number)
{
	char password[CW_PASSWORD_SIZE];
	cJSON *names = names_of(s);
	int r;

	cw_password_make(password, names);
	cJSON_Delete(names);
	r = cw_buf_puts(&s->plain, password);
	cw_wipe(password, sizeof(password));
	if (to->told == NULL)
		to->told = cJSON_CreateObject();
	return r < 0 ? r : say_slot(s, to->told, number);
}

/* --- all of them */

static int
fill(struct slot *s, struct apply_secrets *to, const char *number)
{
	const char *box = cw_json_str(s->given, "$sealed");

	if (cJSON_IsString(s->given))
		return cw_buf_puts(&s->plain, s->given->valuestring);
	if (cw_json_true(s->given, "$generate"))
		return generate(s, to, number);
	return box == NULL ? CW_EINVAL : open_box(s, box);
}

static int
read_one(struct slot *s, struct apply_secrets *to, struct cw_err *err)
{
	struct broker_secret *secret = &to->list[to->count];
	char number[16];
	int r;

	(void)snprintf(number, sizeof(number), "%zu", to->count + 1);
	cw_buf_init(&s->plain, CW_SEAL_MESSAGE_MAX);
	s->given = cw_json_get(s->given, number);
	if ((r = fill(s, to, number)) == CW_OK) {
		secret->len = cw_buf_left(&s->plain);
		secret->text = cw_strndup((const char *)cw_buf_peek(&s->plain), secret->len);
		to->count += secret->text != NULL;
		r = secret->text == NULL ? CW_ENOMEM : CW_OK;
	}
	cw_buf_free_secret(&s->plain);
	if (r == CW_OK)
		return r;
	return cw_fail(err, CW_EINVAL,
	    "slot %s, -%.60s of entry %d, is not filled: it wants a secret that is sealed to this "
	    "agent, for the plan's operation and this parameter, or {\"$generate\":true} with a "
	    "\"reply_key\"",
	    number, cw_json_str(s->slot, "parameter"), cw_json_get(s->slot, "entry")->valueint);
}

int
apply_secrets_read(struct apply_secrets *ret, const struct cw_broker *b, const cJSON *plan,
    const cJSON *given, struct cw_err *err)
{
	const cJSON *slots = cw_json_get(plan, "slots"), *one;
	int r;

	*ret = (struct apply_secrets){ 0 };
	ret->list = calloc((size_t)cJSON_GetArraySize(slots) + 1, sizeof(*ret->list));
	if (ret->list == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cJSON_ArrayForEach (one, slots) {
		struct slot slot = { .broker = b,
			.plan = plan,
			.slot = one,
			.given = given,
			.reply_key = cw_json_get(given, "reply_key") };

		if ((r = read_one(&slot, ret, err)) < 0)
			return r;
	}
	return CW_OK;
}

void
apply_secrets_free(struct apply_secrets *secrets)
{
	for (size_t i = 0; i < secrets->count; i++) {
		cw_wipe(secrets->list[i].text, secrets->list[i].len);
		free(secrets->list[i].text);
	}
	free(secrets->list);
	cJSON_Delete(secrets->told);
	*secrets = (struct apply_secrets){ 0 };
}
