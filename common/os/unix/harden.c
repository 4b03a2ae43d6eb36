/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "os/harden.h"

void
cw_harden_process(void)
{
	/* No file has room in one byte; 0 would still give the core to a program that the kernel
	 * pipes it to, and 1 not (core(5)). Who starts a sandbox could not go back up to 1, either.
	 */
	struct rlimit none = { 1, 1 };

	if (setrlimit(RLIMIT_CORE, &none) != 0) {
		none = (struct rlimit){ 0, 0 }; /* it was below already */
		(void)setrlimit(RLIMIT_CORE, &none);
	}
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
cw_ignore_broken_pipes(void)
{
	(void)signal(SIGPIPE, SIG_IGN); /* libuv gives its children the default again */
}
