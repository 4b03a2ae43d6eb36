/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>

#include "base/err.h"
#include "base/log.h"
#include "service/service.h"

int
cw_service_run(const char *folder)
{
	struct cw_err err = { 0 };

	if (cw_service_serve(folder, NULL, &err) < 0) {
		cw_log(CW_LOG_ERROR, "%s", err.text);
		return 1;
	}
	return 0;
}
