/* SPDX-License-Identifier: Apache-2.0 */
/* The filter parsers; what each writes is read again, and written as it was. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/catalogue.h"
#include "catalogue/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

typedef int filter(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err);

static void
must_read(filter *f, struct cw_buf *again, struct cw_buf *text, const struct cw_filter_scope *scope)
{
	struct cw_err err;

	if (cw_buf_left(text) > CW_FILTER_MAX)
		return;
	cw_buf_clear(again);
	if (f(again, cw_buf_str(text), cw_buf_left(text), scope, &err) < 0 ||
	    strcmp(cw_buf_str(again), cw_buf_str(text)) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static cJSON *values;
	const char *text = (const char *)data;
	struct cw_filter_scope scope = { .kind = cw_catalogue_find("Get-ADUser")->kind };
	struct cw_err err;
	struct cw_buf out, again;

	if (values == NULL)
		values = cJSON_Parse("{\"n\":\"a*(b)\\u0001\",\"i\":7,\"b\":true}");
	scope.variables = values;
	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	cw_buf_init(&again, 16 * CW_FILTER_MAX);
	if (cw_filter_from_ldap(&out, text, len, &scope, &err) == CW_OK)
		must_read(cw_filter_from_ldap, &again, &out, &scope);
	cw_buf_clear(&out);
	if (cw_filter_from_powershell(&out, text, len, &scope, &err) == CW_OK)
		must_read(cw_filter_from_ldap, &again, &out, &scope);
	cw_buf_clear(&out);
	scope.kind = cw_catalogue_find("Get-ADReplicationSite")->kind;
	if (cw_filter_for_module(&out, text, len, &scope, &err) == CW_OK) {
		scope.variables = NULL;
		must_read(cw_filter_for_module, &again, &out, &scope);
	}
	cw_buf_free(&out);
	cw_buf_free(&again);
	return 0;
}
