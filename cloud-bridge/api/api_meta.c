/* SPDX-License-Identifier: Apache-2.0 */
/*
 * About the interface itself: is it there, what does it take.
 */
#include "api/api_private.h"
#include "api_openapi.h"
#include "base/json.h"
#include "catalogue/catalogue.h"

#define JSON "application/json"

int
api_health(struct api_request *q, struct cw_err *err)
{
	static const char ok[] = "{\"status\":\"ok\"}";

	(void)err;
	cw_web_answer(q->call, 200, JSON, ok, sizeof(ok) - 1);
	return CW_OK;
}

int
api_openapi(struct api_request *q, struct cw_err *err)
{
	(void)err;
	cw_web_answer(q->call, 200, JSON, api_openapi_json, sizeof(api_openapi_json));
	return CW_OK;
}

static const char *const type_names[] = {
	[CW_TYPE_STRING] = "text",
	[CW_TYPE_STRINGS] = "texts",
	[CW_TYPE_BOOL] = "boolean",
	[CW_TYPE_SWITCH] = "switch",
	[CW_TYPE_INT] = "number",
	[CW_TYPE_DATE] = "date",
	[CW_TYPE_DURATION] = "duration",
	[CW_TYPE_SECRET] = "secret",
	[CW_TYPE_IDENTITY] = "identity",
	[CW_TYPE_IDENTITIES] = "identities",
	[CW_TYPE_CHOICE] = "choice",
	[CW_TYPE_PROPERTIES] = "properties",
	[CW_TYPE_ATTRIBUTES] = "attributes",
	[CW_TYPE_ATTRIBUTE_NAMES] = "attribute_names",
	[CW_TYPE_FILTER] = "filter",
	[CW_TYPE_LDAP_FILTER] = "ldap_filter",
};

static cJSON *
texts(const char *const *list)
{
	cJSON *array = cJSON_CreateArray();

	for (; list != NULL && *list != NULL; list++)
		cJSON_AddItemToArray(array, cJSON_CreateString(*list));
	return array;
}

static cJSON *
parameter_json(const struct cw_catalogue_parameter *p)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddStringToObject(o, "name", p->name);
	cJSON_AddStringToObject(o, "type", type_names[p->type]);
	cJSON_AddBoolToObject(o, "required", (p->flags & CW_PARAMETER_REQUIRED) != 0);
	if (p->flags & CW_PARAMETER_ONE_OF)
		cJSON_AddTrueToObject(o, "one_of");
	if (p->flags & CW_PARAMETER_NULL)
		cJSON_AddTrueToObject(o, "nullable");
	if (p->choices != NULL)
		cJSON_AddItemToObject(o, "choices", texts(p->choices));
	return o;
}

static cJSON *
command_json(const struct cw_catalogue_command *c)
{
	cJSON *o = cJSON_CreateObject(), *parameters;

	cJSON_AddStringToObject(o, "name", c->name);
	cJSON_AddStringToObject(o, "role", c->role);
	cJSON_AddBoolToObject(o, "write", c->write);
	parameters = cJSON_AddArrayToObject(o, "parameters");
	for (size_t t = 0; t < CW_COUNT(c->parameters) && c->parameters[t] != NULL; t++)
		for (const struct cw_catalogue_parameter *p = c->parameters[t]; p->name != NULL;
		     p++)
			cJSON_AddItemToArray(parameters, parameter_json(p));
	return o;
}

int
api_catalogue(struct api_request *q, struct cw_err *err)
{
	cJSON *answer = cJSON_CreateObject(),
	      *commands = cJSON_AddArrayToObject(answer, "commands");
	const struct cw_catalogue_command *all;
	size_t n;

	all = cw_catalogue_all(&n);
	for (size_t i = 0; i < n; i++)
		cJSON_AddItemToArray(commands, command_json(&all[i]));
	cJSON_AddItemToObject(answer, "changes", texts(cw_route_changes()));
	cJSON_AddItemToObject(answer, "properties", texts(cw_route_properties()));
	return api_answer(q->call, 200, answer, err);
}
