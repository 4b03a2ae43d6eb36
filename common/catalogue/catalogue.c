/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking things up in the tables.
 */
#include <string.h>

#include "base/compat.h"
#include "base/str.h"
#include "catalogue/tables.h"

#define END UINT16_MAX /* of a list of rows */

static const char *
command_at(size_t row)
{
	return cw_table_commands[row].name;
}

const struct cw_catalogue_command *
cw_catalogue_find(const char *name)
{
	size_t row = cw_names_find(&cw_table_command_index, name, strlen(name), command_at);

	return row == SIZE_MAX ? NULL : &cw_table_commands[row];
}

const struct cw_catalogue_command *
cw_catalogue_all(size_t *count)
{
	*count = cw_table_command_count;
	return cw_table_commands;
}

const char *const *
cw_catalogue_names(const char *role)
{
	static const char *const none[] = { NULL };

	for (const struct cw_table_role *r = cw_table_roles; r->role != NULL; r++)
		if (cw_streq(r->role, role))
			return r->names;
	return none;
}

const struct cw_catalogue_kind *
cw_catalogue_kind_find(const char *name)
{
	for (size_t i = 0; i < cw_table_command_count; i++) {
		const struct cw_catalogue_kind *kind = cw_table_commands[i].kind;

		if (kind != NULL && cw_strcaseeq(kind->name, name))
			return kind;
	}
	return NULL;
}

const char *
cw_catalogue_version(void)
{
	return cw_table_version;
}

bool
cw_catalogue_runs(const struct cw_catalogue_command *command)
{
	return command->class != CW_CLASS_BLOCKED && !cw_streq(command->role, "sandbox");
}

const struct cw_catalogue_parameter *
cw_catalogue_parameter(const struct cw_catalogue_command *command, size_t i)
{
	return command->parameters == NULL || command->parameters[i] == END
	    ? NULL
	    : &cw_table_parameters[command->parameters[i]];
}

const struct cw_catalogue_parameter *
cw_catalogue_parameter_find(const struct cw_catalogue_command *command, const char *name)
{
	const struct cw_catalogue_parameter *p;

	for (size_t i = 0; (p = cw_catalogue_parameter(command, i)) != NULL; i++)
		if (cw_strcaseeq(p->name, name))
			return p;
	return NULL;
}

static const struct cw_attribute *
attribute_of(const uint16_t *list, size_t i)
{
	return list == NULL || list[i] == END ? NULL : &cw_table_attributes[list[i]];
}

const struct cw_attribute *
cw_catalogue_parameter_writes(const struct cw_catalogue_parameter *parameter, size_t i)
{
	return attribute_of(parameter->writes, i);
}

const struct cw_attribute *
cw_catalogue_command_writes(const struct cw_catalogue_command *command, size_t i)
{
	return attribute_of(command->writes, i);
}

/* --- words */

const char *
cw_catalogue_type_name(enum cw_catalogue_type type)
{
	static const char *const names[] = {
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
		[CW_TYPE_CHOICES] = "choices",
		[CW_TYPE_FLAGS] = "flags",
		[CW_TYPE_CHANGES] = "changes",
		[CW_TYPE_DN] = "distinguished_name",
		[CW_TYPE_GUID] = "guid",
		[CW_TYPE_OBJECT] = "object",
	};

	return names[type];
}

const char *cw_class_name(enum cw_class class)
{
	static const char *const names[] = {
		[CW_CLASS_READ] = "read",
		[CW_CLASS_SECRET_READ] = "secret-read",
		[CW_CLASS_WRITE] = "write",
		[CW_CLASS_DESTRUCTIVE] = "destructive",
		[CW_CLASS_APPROVAL] = "approval",
		[CW_CLASS_BLOCKED] = "blocked",
	};

	return names[class];
}

const struct cw_catalogue_group *
cw_catalogue_groups(size_t *count)
{
	*count = cw_table_group_count;
	return cw_table_groups;
}
