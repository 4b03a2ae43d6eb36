/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "os/harden.h"

void
cw_harden_process(void)
{
	/* Not 0, which stops no core that is piped to a program; core(5). And children that set 1
	 * themselves could not get above a hard 0. */
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
