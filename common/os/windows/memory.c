/* SPDX-License-Identifier: Apache-2.0 */
#include <windows.h>
#include <malloc.h>
#include <psapi.h>

#include "os/memory.h"

void
cw_memory_frugal(void)
{
}

void
cw_memory_trim(void)
{
	(void)HeapCompact(GetProcessHeap(), 0);
}

void
cw_memory_use(size_t *ret_resident, size_t *ret_private)
{
	PROCESS_MEMORY_COUNTERS_EX counters = { .cb = sizeof(counters) };

	*ret_resident = *ret_private = 0;
	if (!GetProcessMemoryInfo(
		GetCurrentProcess(), (PROCESS_MEMORY_COUNTERS *)&counters, sizeof(counters)))
		return;
	*ret_resident = counters.WorkingSetSize;
	*ret_private = counters.PrivateUsage;
}
