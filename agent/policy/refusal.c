/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A refusal as JSON, with the call that was refused: without its secrets, and no
 * longer than a person reads.
 */
#include <string.h>

#include "base/str.h"
#include "policy/policy.h"

#define STRING_MAX 256u /* bytes of a text in a call */
#define VALUES_MAX 64 /* values in a call's parameters, all together */
#define DEPTH_MAX 8

static cJSON *
cut_text(const char *text)
{
	char cut[STRING_MAX + sizeof("...")];
	size_t n = strlen(text);

	if (n <= STRING_MAX)
		return cJSON_CreateString(text);
	n = cw_utf8_cut(text, STRING_MAX);
	memcpy(cut, text, n);
	memcpy(cut + n, "...", sizeof("..."));
	return cJSON_CreateString(cut);
}

/* Does the name hold the word? ASCII, without case. */
static bool
has_word(const char *name, const char *word)
{
	char head[16];
	size_t n = strlen(word);

	for (; strlen(name) >= n; name++) {
		memcpy(head, name, n);
		head[n] = '\0';
		if (cw_strcaseeq(head, word))
			return true;
	}
	return false;
}

/* Of a member of an object: its value is a secret, or could be one. */
static bool
is_secret(const cJSON *member)
{
	static const char *const words[] = { "password", "secret", "credential", "$sealed" };

	if (cJSON_IsBool(member) || cJSON_IsNumber(member))
		return false;
	if (cw_catalogue_attribute_is_secret(member->string))
		return true;
	for (size_t i = 0; i < CW_COUNT(words); i++)
		if (has_word(member->string, words[i]))
			return true;
	return false;
}

/* A copy of the value for people. left counts what may still be copied. */
static cJSON *
copy(const cJSON *value, int *left, int depth)
{
	cJSON *ret;
	const cJSON *child;

	if (cJSON_IsString(value))
		return cut_text(value->valuestring);
	if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
		return cJSON_Duplicate(value, false);
	ret = cJSON_IsObject(value) ? cJSON_CreateObject() : cJSON_CreateArray();
	cJSON_ArrayForEach (child, value) {
		if (--*left < 0 || depth == 0) {
			if (cJSON_IsObject(value))
				(void)cJSON_AddTrueToObject(ret, "...");
			else
				(void)cJSON_AddItemToArray(ret, cJSON_CreateString("..."));
			break;
		}
		if (cJSON_IsArray(value))
			(void)cJSON_AddItemToArray(ret, copy(child, left, depth - 1));
		else
			(void)cJSON_AddItemToObject(ret, child->string,
			    is_secret(child) ? cJSON_CreateNull() : copy(child, left, depth - 1));
	}
	return ret;
}

cJSON *
cw_refusal_json(const struct cw_refusal *refusal, const char *command, const cJSON *parameters)
{
	cJSON *o = cJSON_CreateObject(), *call;
	int left = VALUES_MAX;

	cJSON_AddStringToObject(o, "rule", refusal->rule);
	cJSON_AddStringToObject(o, "message", refusal->message);
	if (refusal->group != NULL)
		cJSON_AddStringToObject(o, "group", refusal->group);
	call = cJSON_AddObjectToObject(o, "call");
	(void)cJSON_AddItemToObject(call, "command", cut_text(command));
	(void)cJSON_AddItemToObject(call, "parameters",
	    cJSON_IsObject(parameters) ? copy(parameters, &left, DEPTH_MAX) : cJSON_CreateObject());
	if (refusal->who_can_change_it != NULL)
		cJSON_AddStringToObject(o, "who_can_change_it", refusal->who_can_change_it);
	return o;
}
