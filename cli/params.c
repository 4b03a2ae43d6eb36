/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cmdlet parameters as a person types them.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "params.h"

#define JSON_MAX (1u << 20) /* bytes, as the bridge's limit on a request */
#define NAME_LEN_MAX 128

static int
read_stdin(cJSON **ret, const char *name, struct cw_err *err)
{
	struct cw_buf text;
	uint8_t *room;
	size_t n;
	int r = CW_OK;

	cw_buf_init(&text, JSON_MAX);
	do {
		if ((room = cw_buf_reserve(&text, 4096)) == NULL) {
			r = cw_fail(err, CW_ELIMIT, "-%s: more than 1 MB on standard input", name);
			goto done;
		}
		n = fread(room, 1, 4096, stdin);
		cw_buf_added(&text, n);
	} while (n > 0);
	r = cw_json_parse(
	    ret, (const char *)cw_buf_peek(&text), cw_buf_left(&text), "standard input", err);
done:
	cw_buf_free_secret(&text);
	return r;
}

static bool
is_plain_word(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && strchr("_.*@-", s[i]) == NULL)
			return false;
	return n > 0;
}

/* A list when commas divide it into plain words, otherwise NULL. */
static cJSON *
split_words(const char *text)
{
	cJSON *list;
	const char *end;

	if (strchr(text, ',') == NULL)
		return NULL;
	for (const char *at = text; at != NULL; at = *end == ',' ? end + 1 : NULL) {
		end = at + strcspn(at, ",");
		if (!is_plain_word(at, (size_t)(end - at)))
			return NULL;
	}
	if ((list = cJSON_CreateArray()) == NULL)
		return NULL;
	for (const char *at = text; at != NULL; at = *end == ',' ? end + 1 : NULL) {
		char *word;

		end = at + strcspn(at, ",");
		if ((word = cw_strndup(at, (size_t)(end - at))) == NULL)
			break;
		cJSON_AddItemToArray(list, cJSON_CreateString(word));
		cJSON_free(word);
	}
	return list;
}

static int
read_value(cJSON **ret, const char *name, const char *text, struct cw_err *err)
{
	cJSON *value;

	if (strcmp(text, "@-") == 0)
		return read_stdin(ret, name, err);
	if (text[0] == '@') {
		char what[NAME_LEN_MAX + 16];

		(void)snprintf(what, sizeof(what), "-%s: the JSON behind @", name);
		return cw_json_parse(ret, text + 1, strlen(text + 1), what, err);
	}
	if (cw_strcaseeq(text, "$true") || cw_strcaseeq(text, "$false"))
		value = cJSON_CreateBool(cw_strcaseeq(text, "$true"));
	else if (cw_strcaseeq(text, "$null"))
		value = cJSON_CreateNull();
	else if (text[0] == '$')
		return cw_fail(err, CW_EINVAL,
		    "-%s %s: only $true, $false and $null mean something here; quote the rest as "
		    "@'\"%s\"'",
		    name, text, text);
	else if (!cw_utf8_valid(text, strlen(text)))
		return cw_fail(err, CW_EINVAL, "-%s: the value is not UTF-8", name);
	else if ((value = split_words(text)) == NULL)
		value = cJSON_CreateString(text);
	if (value == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	*ret = value;
	return CW_OK;
}

/* A parameter given again makes a list of what it had and what comes. */
static int
add(cJSON *object, const char *name, cJSON *value, struct cw_err *err)
{
	cJSON *old = cJSON_GetObjectItem(object, name), *list, *item;

	if (old == NULL)
		return cJSON_AddItemToObject(object, name, value)
		    ? CW_OK
		    : cw_fail(err, CW_ENOMEM, "out of memory");
	if (!cJSON_IsArray(old)) {
		char said_first[NAME_LEN_MAX];

		(void)snprintf(said_first, sizeof(said_first), "%s", old->string);
		if ((list = cJSON_CreateArray()) == NULL)
			return cw_fail(err, CW_ENOMEM, "out of memory");
		cJSON_AddItemToArray(list, cJSON_Duplicate(old, true));
		cJSON_ReplaceItemInObject(object, said_first, list);
		old = list;
	}
	if (!cJSON_IsArray(value)) {
		cJSON_AddItemToArray(old, value);
		return CW_OK;
	}
	while ((item = cJSON_DetachItemFromArray(value, 0)) != NULL)
		cJSON_AddItemToArray(old, item);
	cJSON_Delete(value);
	return CW_OK;
}

static bool
is_name(const char *word)
{
	return word[0] == '-' && (isalpha((unsigned char)word[1]) || word[1] == '_');
}

int
cli_params_parse(cJSON **ret, int argc, char *const *argv, struct cw_err *err)
{
	cJSON *object = cJSON_CreateObject(), *value;
	char name[NAME_LEN_MAX];
	int r = object != NULL ? CW_OK : cw_fail(err, CW_ENOMEM, "out of memory");

	for (int i = 0; i < argc && r == CW_OK; i++) {
		const char *word = argv[i], *colon, *text = NULL;
		size_t n;

		if (!is_name(word)) {
			r = cw_fail(err, CW_EINVAL,
			    "\"%s\" stands where a parameter's -Name is expected", word);
			break;
		}
		colon = strchr(word, ':');
		n = colon != NULL ? (size_t)(colon - word - 1) : strlen(word + 1);
		if (n >= sizeof(name)) {
			r = cw_fail(err, CW_EINVAL, "a parameter's name is longer than %d bytes",
			    NAME_LEN_MAX - 1);
			break;
		}
		memcpy(name, word + 1, n);
		name[n] = '\0';
		if (colon != NULL)
			text = colon[1] != '\0' ? colon + 1 : i + 1 < argc ? argv[++i] : "";
		else if (i + 1 < argc && !is_name(argv[i + 1]))
			text = argv[++i];
		value = NULL;
		if (text == NULL)
			value = cJSON_CreateTrue();
		else
			r = read_value(&value, name, text, err);
		if (r == CW_OK)
			r = value != NULL ? add(object, name, value, err)
					  : cw_fail(err, CW_ENOMEM, "out of memory");
	}
	if (r < 0)
		cJSON_Delete(object);
	else
		*ret = object;
	return r;
}

int
cli_params_pair(cJSON *object, const char *pair, struct cw_err *err)
{
	const char *eq = strchr(pair, '=');
	char name[NAME_LEN_MAX];
	cJSON *value = NULL;
	int r;

	if (eq == NULL || eq == pair || (size_t)(eq - pair) >= sizeof(name))
		return cw_fail(err, CW_EINVAL,
		    "\"%s\" is not NAME=VALUE (for example jobTitle=Lead; \"jobTitle=\" clears it)",
		    pair);
	memcpy(name, pair, (size_t)(eq - pair));
	name[eq - pair] = '\0';
	if (cJSON_HasObjectItem(object, name))
		return cw_fail(err, CW_EINVAL, "%s is set twice", name);
	/* Commas are part of a title or department: only @JSON makes a list here. */
	if (eq[1] == '\0')
		value = cJSON_CreateNull();
	else if (eq[1] != '@' && eq[1] != '$' && cw_utf8_valid(eq + 1, strlen(eq + 1)))
		value = cJSON_CreateString(eq + 1);
	else if ((r = read_value(&value, name, eq + 1, err)) < 0)
		return r;
	if (value == NULL || !cJSON_AddItemToObject(object, name, value))
		return cw_fail(err, CW_ENOMEM, "out of memory");
	return CW_OK;
}
