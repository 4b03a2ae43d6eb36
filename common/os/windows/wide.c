/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <stdlib.h>

#include "os/windows/wide.h"

wchar_t *
cw_wide(const char *utf8, const wchar_t *suffix)
{
	int n = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, NULL, 0);
	wchar_t *w;

	if (n <= 0 || (w = malloc(((size_t)n + wcslen(suffix)) * sizeof(*w))) == NULL)
		return NULL;
	(void)MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, -1, w, n);
	wcscpy(w + n - 1, suffix);
	return w;
}
