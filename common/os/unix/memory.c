/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/memory.h"

#define LARGE \
	(64 * 1024) /* bytes; allocations from here on are mapped alone and unmapped when freed */

void
cw_memory_frugal(void)
{
	(void)mallopt(M_ARENA_MAX, 1);
	(void)mallopt(M_MMAP_THRESHOLD, LARGE);
	(void)mallopt(M_TRIM_THRESHOLD, LARGE);
}

void
cw_memory_trim(void)
{
	(void)malloc_trim(0);
}

/* "Name:      123 kB" */
static size_t
field(const char *text, const char *name)
{
	const char *at = strstr(text, name);

	return at != NULL ? strtoul(at + strlen(name), NULL, 10) * 1024u : 0;
}

void
cw_memory_use(size_t *ret_resident, size_t *ret_private)
{
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	char text[4096];
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	*ret_resident = field(text, "VmRSS:");
	*ret_private = field(text, "RssAnon:");
}
