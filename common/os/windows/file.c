/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <aclapi.h>
#include <sddl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "os/file.h"
#include "os/windows/wide.h"

#define CHUNK 16384

/* This account (owner), SYSTEM and Administrators: all; inherited by what is inside; nobody else.
 */
#define PRIVATE_SDDL L"D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

static int
fail(struct cw_err *err, const char *verb, const char *path)
{
	DWORD e = GetLastError();
	int code = e == ERROR_FILE_NOT_FOUND || e == ERROR_PATH_NOT_FOUND ? CW_ENOTFOUND : CW_ESYS;

	return cw_fail(err, code, "cannot %s %s: Windows error %lu", verb, path, e);
}

static int
open_to_read(HANDLE *ret, const char *path, struct cw_err *err)
{
	wchar_t *w = cw_wide(path, L"");

	if (w == NULL)
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	*ret = CreateFileW(
	    w, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
	free(w);
	return *ret == INVALID_HANDLE_VALUE ? fail(err, "read", path) : CW_OK;
}

/* h is closed. */
static int
read_all(struct cw_buf *b, HANDLE h, const char *path, struct cw_err *err)
{
	DWORD n;
	int r = CW_OK;

	do {
		size_t room = b->max - cw_buf_left(b);
		uint8_t past, *p = cw_buf_reserve(b, room < CHUNK ? room : CHUNK);

		n = 0;
		if (p == NULL)
			r = cw_fail(err, CW_ENOMEM, "cannot read %s: out of memory", path);
		else if (!ReadFile(h, room == 0 ? &past : p,
			     room == 0 ? 1 : (DWORD)(room < CHUNK ? room : CHUNK), &n, NULL))
			r = fail(err, "read", path);
		else if (n > 0 && room == 0)
			r = cw_fail(err, CW_ELIMIT, "%s is larger than %zu bytes", path, b->max);
		else if (n > 0)
			cw_buf_added(b, n);
	} while (n > 0 && r == CW_OK);
	CloseHandle(h);
	return r;
}

int
cw_file_read(struct cw_buf *b, const char *path, struct cw_err *err)
{
	HANDLE h;
	int r;

	if ((r = open_to_read(&h, path, err)) < 0)
		return r;
	if (GetFileType(h) != FILE_TYPE_DISK) {
		CloseHandle(h);
		return cw_fail(err, CW_EINVAL, "%s is not a regular file", path);
	}
	return read_all(b, h, path, err);
}

int
cw_file_read_named(struct cw_buf *b, const char *path, struct cw_err *err)
{
	HANDLE h;
	int r;

	return (r = open_to_read(&h, path, err)) < 0 ? r : read_all(b, h, path, err);
}

static SECURITY_ATTRIBUTES *
private_attributes(SECURITY_ATTRIBUTES *sa)
{
	*sa = (SECURITY_ATTRIBUTES){ sizeof(*sa), NULL, FALSE };
	if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
		PRIVATE_SDDL, SDDL_REVISION_1, &sa->lpSecurityDescriptor, NULL))
		return NULL;
	return sa;
}

int
cw_file_write(const char *path, const void *p, size_t n, bool private, struct cw_err *err)
{
	wchar_t *w = cw_wide(path, L""), *tmp = cw_wide(path, L".new");
	SECURITY_ATTRIBUTES sa = { 0 };
	HANDLE h = INVALID_HANDLE_VALUE;
	DWORD did = 0;
	int r = CW_OK;

	if (w == NULL || tmp == NULL)
		r = cw_fail(err, CW_EINVAL, "not a path: %s", path);
	else if (private && private_attributes(&sa) == NULL)
		r = fail(err, "describe the rights of", path);
	else if ((h = CreateFileW(tmp, GENERIC_WRITE, 0, private ? &sa : NULL, CREATE_ALWAYS, 0,
		      NULL)) == INVALID_HANDLE_VALUE)
		r = fail(err, "write", path);
	else if (!WriteFile(h, p, (DWORD)n, &did, NULL) || did != n || !FlushFileBuffers(h))
		r = fail(err, "write", path);
	if (h != INVALID_HANDLE_VALUE)
		CloseHandle(h);
	if (r == CW_OK && !MoveFileExW(tmp, w, MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH))
		r = fail(err, "replace", path);
	if (r < 0 && tmp != NULL)
		DeleteFileW(tmp);
	LocalFree(sa.lpSecurityDescriptor);
	free(w);
	free(tmp);
	return r;
}

/* SYSTEM, Administrators, and this account: who may own the folder and have rights to it. */
static bool
is_trusted(PSID sid)
{
	static const WELL_KNOWN_SID_TYPE kinds[] = { WinLocalSystemSid, WinBuiltinAdministratorsSid,
		WinCreatorOwnerRightsSid };
	uint8_t user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
	HANDLE token;
	DWORD n = 0;
	bool same = false;

	for (size_t i = 0; i < CW_COUNT(kinds); i++)
		if (IsWellKnownSid(sid, kinds[i]))
			return true;
	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return false;
	if (GetTokenInformation(token, TokenUser, user, sizeof(user), &n))
		same = EqualSid(sid, ((TOKEN_USER *)(void *)user)->User.Sid);
	CloseHandle(token);
	return same;
}

/* Nobody else has any right to it. No list at all is a right for everybody. */
static bool
is_private(PSID owner, PACL acl)
{
	ACCESS_ALLOWED_ACE *ace;
	ACL_SIZE_INFORMATION size;

	if (acl == NULL || !is_trusted(owner) ||
	    !GetAclInformation(acl, &size, sizeof(size), AclSizeInformation))
		return false;
	for (DWORD i = 0; i < size.AceCount; i++) {
		if (!GetAce(acl, i, (void **)&ace))
			return false;
		if (ace->Header.AceType == ACCESS_DENIED_ACE_TYPE || ace->Mask == 0)
			continue;
		if (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE ||
		    !is_trusted((PSID)&ace->SidStart))
			return false;
	}
	return true;
}

int
cw_file_check_private(const char *path, struct cw_err *err)
{
	wchar_t *w = cw_wide(path, L"");
	PSECURITY_DESCRIPTOR sd = NULL;
	PACL acl = NULL;
	PSID owner = NULL;
	DWORD attributes, e;
	int r = CW_OK;

	if (w == NULL)
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	if ((attributes = GetFileAttributesW(w)) == INVALID_FILE_ATTRIBUTES)
		r = fail(err, "look at", path);
	else if ((attributes & FILE_ATTRIBUTE_DIRECTORY) == 0 ||
	    (attributes & FILE_ATTRIBUTE_REPARSE_POINT) != 0)
		r = cw_fail(err, CW_EDENIED, "%s is not a folder", path);
	else if ((e = GetNamedSecurityInfoW(w, SE_FILE_OBJECT,
		      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &owner, NULL, &acl,
		      NULL, &sd)) != ERROR_SUCCESS)
		r = cw_fail(err, CW_ESYS, "cannot read who may use %s: Windows error %lu", path, e);
	else if (!is_private(owner, acl))
		r = cw_fail(err, CW_EDENIED,
		    "%s must belong to this account, SYSTEM or Administrators, and nobody else may "
		    "have rights to it",
		    path);
	LocalFree(sd);
	free(w);
	return r;
}

int
cw_file_mkdir_private(const char *path, struct cw_err *err)
{
	wchar_t *w = cw_wide(path, L"");
	SECURITY_ATTRIBUTES sa = { 0 };
	int r = CW_OK;

	if (w == NULL)
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	if (private_attributes(&sa) == NULL)
		r = fail(err, "describe the rights of", path);
	else if (!CreateDirectoryW(w, &sa))
		r = GetLastError() == ERROR_ALREADY_EXISTS ? cw_file_check_private(path, err)
							   : fail(err, "make the folder", path);
	LocalFree(sa.lpSecurityDescriptor);
	free(w);
	return r;
}

bool
cw_file_exists(const char *path)
{
	wchar_t *w = cw_wide(path, L"");
	bool there = w != NULL && GetFileAttributesW(w) != INVALID_FILE_ATTRIBUTES;

	free(w);
	return there;
}

int
cw_file_remove(const char *path, struct cw_err *err)
{
	wchar_t *w = cw_wide(path, L"");
	int r = CW_OK;

	if (w == NULL)
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	if (!DeleteFileW(w) && GetLastError() != ERROR_FILE_NOT_FOUND)
		r = fail(err, "remove", path);
	free(w);
	return r;
}
