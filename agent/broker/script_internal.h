/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_SCRIPT_INTERNAL_H
#define CW_BROKER_SCRIPT_INTERNAL_H

#include "broker/broker_internal.h"

/* Between script.c and script_end.c. */
void script_refuse(struct cw_script *s, int code, const char *why); /* nothing of it has run */
void script_tell(struct cw_script *s); /* its last event; it is gone */

#endif
