/* SPDX-License-Identifier: Apache-2.0 */
#include "service/state.h"

#include <uv.h>

#include "base/err.h"
#include "ledger/ledger.h"
#include "os/file.h"
#include "os/lock.h"

int
cw_bridge_state_check(const char *folder, struct cw_err *err)
{
	char path[CW_FILE_PATH_MAX];
	int r;

	if ((r = cw_file_path(path, folder, "ledger.db", err)) < 0)
		return r;
	if (!cw_file_exists(folder) || !cw_file_exists(path))
		return cw_fail(err, CW_ENOTFOUND,
		    "there is no bridge in %s: causeway-bridge init --state %s makes one", folder,
		    folder);
	return cw_file_mkdir_private(folder, err);
}

int
cw_bridge_state_lock(const char *folder, struct cw_err *err)
{
	char path[CW_FILE_PATH_MAX];
	static struct cw_lock
	    *kept; /* on purpose: it goes when the process does, however it ends */
	int r;

	if ((r = cw_file_path(path, folder, "lock", err)) < 0)
		return r;
	if ((r = cw_lock_take(&kept, path, err)) == CW_ECONFLICT)
		return cw_fail(err, r, "a bridge runs on %s already", folder);
	return r;
}

int
cw_bridge_with_ledger(const char *folder,
    int (*work)(void *arg, struct cw_ledger *l, struct cw_err *err), void *arg, struct cw_err *err)
{
	char path[CW_FILE_PATH_MAX];
	struct cw_ledger *l;
	uv_loop_t loop;
	int r;

	if ((r = cw_file_path(path, folder, "ledger.db", err)) < 0)
		return r;
	if (uv_loop_init(&loop) != 0)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	if ((r = cw_ledger_open(&l, &loop, path, err)) == CW_OK) {
		r = work(arg, l, err);
		cw_ledger_close(l, NULL, NULL);
	}
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	return r;
}
