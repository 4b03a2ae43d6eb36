/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SCRIPTS_UPLOAD_H
#define CW_SCRIPTS_UPLOAD_H

#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "base/str.h"
#include "crypto/digest.h"

struct cw_err;

/*
 * Params that one message of the wire cannot hold: they come before their request, in
 * parts (PROTOCOL.md). One at a time: a new one takes the place of one that was left
 * half way. Pure.
 */
struct cw_upload {
	char id[CW_UUID_TEXT]; /* of what it is for, lower case; "": there is none */
	char sha256[CW_SHA256_TEXT];
	size_t bytes; /* all of it */
	struct cw_buf text; /* what has come */
};

/* upload.part: {id, bytes, sha256, at, data}. CW_EINVAL, CW_ELIMIT, CW_ECONFLICT (it is not what
 * comes next): there is no upload then, but after one that is not understood. */
int cw_upload_part(struct cw_upload *u, const cJSON *params, struct cw_err *err);
/* The params of the request that names it, {id, upload: {bytes, sha256}}; the upload is gone in any
 * case. *ret is the caller's: an object of the same id. CW_EINVAL, CW_ECONFLICT: it is not there,
 * or not whole. */
int cw_upload_take(cJSON **ret, struct cw_upload *u, const cJSON *params, struct cw_err *err);
void cw_upload_drop(struct cw_upload *u); /* and what it held is overwritten; ok on a zeroed one */

#endif
