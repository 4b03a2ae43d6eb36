/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/err.h"
#include "os/file.h"

int
cw_file_path(char ret[CW_FILE_PATH_MAX], const char *folder, const char *name, struct cw_err *err)
{
	int n = snprintf(ret, CW_FILE_PATH_MAX, "%s/%s", folder, name);

	return n > 0 && n < (int)CW_FILE_PATH_MAX
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL, "the path of %s in %.64s... is too long", name, folder);
}
