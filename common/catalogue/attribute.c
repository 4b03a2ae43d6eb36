/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes and the module's properties, by name.
 */
#include <string.h>

#include "catalogue/tables.h"

static const char *
attribute_at(size_t row)
{
	return cw_table_attribute_names + cw_table_attributes[row].name;
}

const struct cw_attribute *
cw_attribute_find(const char *name, size_t n)
{
	size_t row = cw_names_find(&cw_table_attribute_index, name, n, attribute_at);

	return row == SIZE_MAX ? NULL : &cw_table_attributes[row];
}

const struct cw_attribute *
cw_attribute_all(size_t *count)
{
	*count = cw_table_attribute_count;
	return cw_table_attributes;
}

const char *
cw_attribute_name(const struct cw_attribute *attribute)
{
	return cw_table_attribute_names + attribute->name;
}

const struct cw_catalogue_group *
cw_attribute_group(const struct cw_attribute *attribute)
{
	return attribute->group == 0 ? NULL : &cw_table_groups[attribute->group - 1];
}

const char *
cw_attribute_why(const struct cw_attribute *attribute)
{
	return cw_table_whys[attribute->why];
}

bool
cw_catalogue_attribute_is_secret(const char *name)
{
	const struct cw_attribute *a = cw_attribute_find(name, strcspn(name, ";"));

	return a != NULL && a->read == CW_CLASS_SECRET_READ;
}

bool
cw_catalogue_attribute_is_writable(const char *name)
{
	const struct cw_attribute *a = cw_attribute_find(name, strlen(name));

	return a != NULL && a->write < CW_CLASS_APPROVAL;
}

/* --- properties */

static const char *
property_at(size_t row)
{
	return cw_table_properties[cw_table_property_first[row]].name;
}

const struct cw_property *
cw_property_find(const struct cw_catalogue_kind *kind, const char *name, size_t n)
{
	size_t row = cw_names_find(&cw_table_property_index, name, n, property_at);
	const struct cw_property *p, *end = cw_table_properties + cw_table_property_count;

	if (row == SIZE_MAX || kind == NULL)
		return NULL;
	row = cw_table_property_first[row];
	for (p = &cw_table_properties[row]; p < end; p++) {
		if (p->name != cw_table_properties[row].name &&
		    strcmp(p->name, cw_table_properties[row].name) != 0)
			break;
		if (p->kinds & kind->bit)
			return p;
	}
	return NULL;
}

const struct cw_attribute *
cw_property_attribute(const struct cw_property *property, size_t i)
{
	return i >= 2 || property->attributes[i] == 0
	    ? NULL
	    : &cw_table_attributes[property->attributes[i] - 1];
}
