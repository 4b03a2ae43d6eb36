/* SPDX-License-Identifier: Apache-2.0 */
/* Distinguished names and identities; what is written is read again, and written as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
try_identity(const char *command, const char *text, size_t n)
{
	const struct cw_catalogue_kind *kind = cw_catalogue_find(command)->kind;
	struct cw_buf out, again;
	struct cw_err err;

	cw_buf_init(&out, 4 * CW_DN_MAX);
	cw_buf_init(&again, 4 * CW_DN_MAX);
	if (cw_identity_put(&out, kind, text, n, "Identity", &err) == CW_OK &&
	    cw_buf_left(&out) <= CW_DN_MAX &&
	    (cw_identity_put(&again, kind, cw_buf_str(&out), cw_buf_left(&out), "Identity", &err) <
		    0 ||
		strcmp(cw_buf_str(&again), cw_buf_str(&out)) != 0))
		abort();
	cw_buf_free(&out);
	cw_buf_free(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct cw_buf out;
	struct cw_err err;

	cw_buf_init(&out, 4 * CW_DN_MAX);
	if (cw_dn_put(&out, text, len, &err) == CW_OK &&
	    !cw_dn_is_under(cw_buf_str(&out), cw_buf_str(&out)))
		abort();
	cw_buf_free(&out);
	try_identity("Get-ADUser", text, len);
	try_identity("Get-ADObject", text, len);
	try_identity("Get-ADDomainController", text, len);
	return 0;
}
