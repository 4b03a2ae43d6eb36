/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_CALL_H
#define CW_CATALOGUE_CALL_H

#include "base/buf.h"
#include "catalogue/catalogue.h"

/*
 * A call on its way from JSON to a command, for the files of this folder: bind.c
 * makes it, convert.c makes its values, effects.c notes and judges what it does.
 */
#define CW_CALL_ARGUMENTS_MAX 80
#define CW_CALL_SECRETS_MAX 2

struct cw_call_secret {
	const char *parameter;
	size_t argument; /* its place among the arguments */
	struct cw_buf box;
	bool open;
};

struct cw_catalogue_call {
	const struct cw_catalogue_command *entry;
	bool for_approval;
	struct cw_catalogue_effect *refused; /* where to say what was refused, or NULL */
	struct cw_ps_arena *arena;
	uint16_t sets; /* of parameters, that fit what is given */
	struct cw_psrp_argument arguments[CW_CALL_ARGUMENTS_MAX + 3];
	size_t count;
	struct cw_call_secret secrets[CW_CALL_SECRETS_MAX];
	size_t secret_count;
	struct cw_catalogue_effect *effects;
	size_t effect_count, effect_room;
	bool finished; /* our own arguments are in */
	struct cw_psrp_command command;
};

/* Each notes an effect and refuses (CW_EDENIED, with the reason) what may not be. */
int cw_call_effect_command(struct cw_catalogue_call *call, struct cw_err *err);
/* Of giving the parameter this value, apart from attributes that the value names. */
int cw_call_effect_parameter(struct cw_catalogue_call *call,
    const struct cw_catalogue_parameter *parameter, const cJSON *json, struct cw_err *err);
int cw_call_effect_write(struct cw_catalogue_call *call,
    const struct cw_catalogue_parameter *parameter, const struct cw_attribute *attribute,
    struct cw_err *err);
/* attribute NULL: all that may be read. */
int cw_call_effect_read(struct cw_catalogue_call *call,
    const struct cw_catalogue_parameter *parameter, const struct cw_attribute *attribute,
    struct cw_err *err);

#endif
