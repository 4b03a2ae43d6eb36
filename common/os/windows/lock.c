/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <stdlib.h>

#include "base/err.h"
#include "os/lock.h"
#include "os/windows/wide.h"

struct cw_lock {
	HANDLE file;
};

int
cw_lock_take(struct cw_lock **ret, const char *path, struct cw_err *err)
{
	wchar_t *w = cw_wide(path, L"");
	struct cw_lock *lock = malloc(sizeof(*lock));
	DWORD e;

	if (w == NULL || lock == NULL) {
		free(w);
		free(lock);
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	}
	lock->file = CreateFileW(w, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_ALWAYS, 0, NULL);
	e = GetLastError();
	free(w);
	if (lock->file == INVALID_HANDLE_VALUE) {
		free(lock);
		return e == ERROR_SHARING_VIOLATION
		    ? cw_fail(err, CW_ECONFLICT, "%s is held by another process", path)
		    : cw_fail(err, e == ERROR_PATH_NOT_FOUND ? CW_ENOTFOUND : CW_ESYS,
			  "cannot open %s: Windows error %lu", path, e);
	}
	*ret = lock;
	return CW_OK;
}

void
cw_lock_free(struct cw_lock *lock)
{
	if (lock == NULL)
		return;
	CloseHandle(lock->file);
	free(lock);
}
