/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "os/pipe.h"

/* Owner, SYSTEM, Administrators: all. Nobody else, not even to read. */
#define PRIVATE_SDDL L"D:P(A;;GA;;;OW)(A;;GA;;;SY)(A;;GA;;;BA)"

void
cw_pipe_name(char *ret, size_t size, const char *folder, const char *name)
{
	/* FNV-1a: a name, not a secret; the rights list below is what protects the pipe. */
	uint64_t h = 14695981039346656037u;

	for (const char *p = folder; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 1099511628211u;
	(void)snprintf(ret, size, "\\\\.\\pipe\\causeway-%s-%016llx", name, (unsigned long long)h);
}

int
cw_pipe_make_private(uv_pipe_t *listener, const char *name, struct cw_err *err)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	BOOL present, defaulted;
	PACL acl = NULL;
	uv_os_fd_t handle;
	int r = CW_OK;

	if (uv_fileno((uv_handle_t *)listener, &handle) != 0)
		return cw_fail(err, CW_ESYS, "%s: the pipe has no handle yet", name);
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
		PRIVATE_SDDL, SDDL_REVISION_1, &sd, NULL) ||
	    !GetSecurityDescriptorDacl(sd, &present, &acl, &defaulted))
		r = cw_fail(err, CW_ESYS, "%s: cannot describe its rights: Windows error %lu", name,
		    GetLastError());
	else {
		DWORD e = SetSecurityInfo((HANDLE)handle, SE_KERNEL_OBJECT,
		    DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION, NULL, NULL,
		    acl, NULL);

		if (e != ERROR_SUCCESS)
			r = cw_fail(
			    err, CW_ESYS, "%s: cannot set its rights: Windows error %lu", name, e);
	}
	LocalFree(sd);
	return r;
}

bool
cw_pipe_peer_is_privileged(uv_pipe_t *peer)
{
	(void)peer;
	return true;
}
