/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_TABLES_H
#define CW_CATALOGUE_TABLES_H

#include "catalogue/catalogue.h"
#include "catalogue/names.h"
#include "catalogue/property.h"

/*
 * What generate.awk makes of tables/, for the files of this folder alone. Rows
 * refer to each other by number; UINT16_MAX ends a list. Attributes and lists
 * hold no pointers, so that their pages stay shared with the file.
 */
struct cw_table_role {
	const char *role; /* NULL ends the table */
	const char *const *names;
};

extern const struct cw_catalogue_group cw_table_groups[];
extern const size_t cw_table_group_count;
extern const struct cw_catalogue_kind cw_table_kinds[];

extern const char *const cw_table_whys[];
extern const char cw_table_attribute_names[];
extern const struct cw_attribute cw_table_attributes[];
extern const size_t cw_table_attribute_count;
extern const struct cw_names cw_table_attribute_index;

extern const struct cw_property cw_table_properties[]; /* those of one name are neighbours */
extern const size_t cw_table_property_count;
extern const struct cw_names cw_table_property_index; /* of cw_table_property_first */
extern const uint16_t cw_table_property_first[];

extern const struct cw_catalogue_parameter cw_table_parameters[];
extern const struct cw_catalogue_command cw_table_commands[];
extern const size_t cw_table_command_count;
extern const struct cw_names cw_table_command_index;
extern const struct cw_table_role cw_table_roles[];
extern const char cw_table_version[]; /* version.cmake */

#endif
