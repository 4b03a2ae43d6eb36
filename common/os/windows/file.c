/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <sddl.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "os/file.h"

#define CHUNK 16384

/* This account (owner), SYSTEM and Administrators: all; inherited by what is inside; nobody else.
 */
#define PRIVATE_SDDL L"D:P(A;OICI;FA;;;OW)(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)"

/* The caller frees. NULL when the path is not UTF-8 or memory ends. */
static wchar_t *
wide(const char *utf8, const wchar_t *suffix)
{
	int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, NULL, 0);
	wchar_t *w;

	if (n <= 0 || (w = malloc(((size_t)n + wcslen(suffix)) * sizeof(*w))) == NULL)
		return NULL;
	(void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, w, n);
	wcscpy(w + n - 1, suffix);
	return w;
}

static int
fail(struct cw_err *err, const char *verb, const char *path)
{
	DWORD e = GetLastError();
	int code = e == ERROR_FILE_NOT_FOUND || e == ERROR_PATH_NOT_FOUND ? CW_ENOTFOUND : CW_ESYS;

	return cw_fail(err, code, "cannot %s %s: Windows error %lu", verb, path, e);
}

int
cw_file_read(struct cw_buf *b, const char *path, struct cw_err *err)
{
	wchar_t *w = wide(path, L"");
	HANDLE h;
	DWORD n;
	int r = CW_OK;

	if (w == NULL)
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	h = CreateFileW(
	    w, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
	free(w);
	if (h == INVALID_HANDLE_VALUE)
		return fail(err, "read", path);
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
	wchar_t *w = wide(path, L""), *tmp = wide(path, L".new");
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

int
cw_file_mkdir_private(const char *path, struct cw_err *err)
{
	wchar_t *w = wide(path, L"");
	SECURITY_ATTRIBUTES sa;
	int r = CW_OK;

	if (w == NULL)
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	if (private_attributes(&sa) == NULL)
		r = fail(err, "describe the rights of", path);
	else if (!CreateDirectoryW(w, &sa) && GetLastError() != ERROR_ALREADY_EXISTS)
		r = fail(err, "make the folder", path);
	LocalFree(sa.lpSecurityDescriptor);
	free(w);
	return r;
}

bool
cw_file_exists(const char *path)
{
	wchar_t *w = wide(path, L"");
	bool there = w != NULL && GetFileAttributesW(w) != INVALID_FILE_ATTRIBUTES;

	free(w);
	return there;
}

int
cw_file_remove(const char *path, struct cw_err *err)
{
	wchar_t *w = wide(path, L"");
	int r = CW_OK;

	if (w == NULL)
		return cw_fail(err, CW_EINVAL, "not a path: %s", path);
	if (!DeleteFileW(w) && GetLastError() != ERROR_FILE_NOT_FOUND)
		r = fail(err, "remove", path);
	free(w);
	return r;
}
