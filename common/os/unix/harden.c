/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "os/harden.h"

void
cw_harden_process(void)
{
	struct rlimit none = { 0, 0 };

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void
cw_ignore_broken_pipes(void)
{
	(void)signal(SIGPIPE, SIG_IGN); /* libuv gives its children the default again */
}
