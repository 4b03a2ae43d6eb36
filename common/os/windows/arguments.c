/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <shellapi.h>
#include <stdlib.h>

#include "os/arguments.h"

/* A new string, or NULL. */
static char *
utf8(const wchar_t *w)
{
	int n = WideCharToMultiByte(CP_UTF8, 0, w, -1, NULL, 0, NULL, NULL);
	char *text = n > 0 ? malloc((size_t)n) : NULL;

	if (text != NULL)
		(void)WideCharToMultiByte(CP_UTF8, 0, w, -1, text, n, NULL, NULL);
	return text;
}

char **
cw_arguments(int *argc, char **argv)
{
	int n = 0;
	wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &n);
	char **ret = words != NULL ? calloc((size_t)n + 1, sizeof(*ret)) : NULL;

	(void)SetConsoleOutputCP(CP_UTF8);
	if (ret == NULL)
		return argv;
	for (int i = 0; i < n; i++)
		if ((ret[i] = utf8(words[i])) == NULL)
			return argv;
	LocalFree(words);
	*argc = n;
	return ret;
}
