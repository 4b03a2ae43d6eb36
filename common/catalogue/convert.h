/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_CONVERT_H
#define CW_CATALOGUE_CONVERT_H

#include "catalogue/catalogue.h"

/*
 * One JSON value to one PowerShell value of the parameter's type, in arena.
 * CW_EINVAL names the parameter and what it wants. Not for secrets and filters.
 */
int cw_catalogue_convert(const struct cw_ps_value **ret, struct cw_ps_arena *arena,
    const struct cw_catalogue_parameter *parameter, const cJSON *json, struct cw_err *err);

#endif
