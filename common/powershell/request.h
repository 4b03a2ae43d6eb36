/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PSRP_REQUEST_H
#define CW_PSRP_REQUEST_H

#include "powershell/session.h"

struct cw_buf;
struct cw_clixml_secret;
struct cw_psrp_secure;

/*
 * The CLIXML of what a client sends ([MS-PSRP] 2.2.2, 2.2.3): built from our own
 * values alone. Each appends one element to out; arena is for the making and may
 * be reset after. CW_ENOMEM, CW_ELIMIT, or CW_EINVAL with the value's reason.
 */
int cw_psrp_put_capability(struct cw_buf *out); /* 2.2.2.1 */
int cw_psrp_put_init_pool(
    struct cw_buf *out, struct cw_ps_arena *arena, bool has_host, struct cw_err *err); /* 2.2.2.2 */
int cw_psrp_put_public_key(
    struct cw_buf *out, struct cw_psrp_secure *secure, struct cw_err *err); /* 2.2.2.3 */
/* run->count > 0 */
int cw_psrp_put_pipeline(struct cw_buf *out, struct cw_ps_arena *arena,
    const struct cw_psrp_run *run, const struct cw_clixml_secret *secret,
    struct cw_err *err); /* 2.2.2.10 */
int cw_psrp_put_host_response(struct cw_buf *out, struct cw_ps_arena *arena,
    const struct cw_psrp_host_call *call, const struct cw_ps_value *value,
    struct cw_err *err); /* 2.2.2.28 */

#endif
