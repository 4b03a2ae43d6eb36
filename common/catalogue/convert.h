/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_CONVERT_H
#define CW_CATALOGUE_CONVERT_H

#include "catalogue/call.h"

/*
 * One JSON value to one PowerShell value of the parameter's type, in the call's
 * arena; attributes that it names become effects. CW_EINVAL names the parameter
 * and what it wants. Not for secrets and filters.
 */
int cw_catalogue_convert(const struct cw_ps_value **ret, struct cw_catalogue_call *call,
    const struct cw_catalogue_parameter *parameter, const cJSON *json, struct cw_err *err);

/* The parts of it, for a value of a parameter or of an attribute. */
struct cw_conversion {
	struct cw_catalogue_call *call;
	const struct cw_catalogue_parameter *parameter;
	struct cw_err *err;
};
typedef int cw_convert_one(
    const struct cw_conversion *c, const struct cw_ps_value **ret, const cJSON *json);

/* Fails with "-Parameter wants <what>". */
int cw_convert_wants(const struct cw_conversion *c, const char *what);
/* The value, or CW_ELIMIT when v is NULL: the arena is full. */
int cw_convert_give(
    const struct cw_conversion *c, const struct cw_ps_value **ret, const struct cw_ps_value *v);
cw_convert_one cw_convert_text, cw_convert_bool, cw_convert_date, cw_convert_dn;
/* One value stands for a list of one. */
int cw_convert_list(const struct cw_conversion *c, const struct cw_ps_value **ret,
    const cJSON *json, cw_convert_one *one);

/* {"attribute": value or list}, each value as its attribute's syntax says; and their names. */
cw_convert_one cw_convert_attributes, cw_convert_attribute_names;

#endif
