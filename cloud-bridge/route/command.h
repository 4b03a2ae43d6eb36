/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_ROUTE_COMMAND_H
#define CW_ROUTE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

struct operation;

/* What others need of a command's operation. All are ok on an operation that is none. */
void route_command_pause(struct operation *op, bool pause);
size_t route_command_bytes(const struct operation *op); /* of output in memory */
void route_command_show(const struct operation *op, cJSON *shown); /* adds what is in memory */

#endif
