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
	cJSON_AddStringToObject(o, "type", cw_catalogue_type_name(p->type));
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
	const struct cw_catalogue_parameter *p;

	cJSON_AddStringToObject(o, "name", c->name);
	cJSON_AddStringToObject(o, "role", c->role);
	cJSON_AddStringToObject(o, "group", c->group->name);
	cJSON_AddStringToObject(o, "class", cw_class_name(c->class));
	cJSON_AddBoolToObject(o, "write", c->write);
	parameters = cJSON_AddArrayToObject(o, "parameters");
	for (size_t i = 0; (p = cw_catalogue_parameter(c, i)) != NULL; i++)
		if (p->class != CW_CLASS_BLOCKED)
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
		if (cw_catalogue_runs(&all[i]))
			cJSON_AddItemToArray(commands, command_json(&all[i]));
	cJSON_AddItemToObject(answer, "changes", texts(cw_route_changes()));
	cJSON_AddItemToObject(answer, "properties", texts(cw_route_properties()));
	return api_answer(q->call, 200, answer, err);
}
