/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_OUTPUT_H
#define CW_OUTPUT_H

#include <stdbool.h>

#include "powershell/session.h"

struct cw_buf;
struct cw_err;

/*
 * What a command says, as lines of NDJSON: objects and the records of the other
 * streams. Nothing that holds a secret (catalogue/attributes.c) is in an object that
 * leaves, whatever the engine sent. Pure functions.
 */
#define CW_OUTPUT_TEXT_MAX 32768u /* bytes of one message; longer ones are cut */

/* Each appends one line with its end. On failure (CW_ELIMIT, CW_ENOMEM) out is as it was. */
int cw_output_value(struct cw_buf *out, const struct cw_ps_value *value, struct cw_err *err);
int cw_output_record(struct cw_buf *out, enum cw_psrp_stream stream,
    const struct cw_ps_value *record, struct cw_err *err);
/* A line of our own: {"warning":"text"} */
int cw_output_text(struct cw_buf *out, const char *member, const char *text);

/*
 * Appends {"message","error_id"?,"category"?,"target"?,"type"?} of an error record, without a
 * line's end. brief: a shorter message and no target, for an answer. record may be NULL: then
 * otherwise is the message.
 */
int cw_output_error(
    struct cw_buf *out, const struct cw_ps_value *record, const char *otherwise, bool brief);

/* The type name of the record's exception, or "". */
const char *cw_output_error_type(const struct cw_ps_value *record);

#endif
