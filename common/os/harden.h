/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_HARDEN_H
#define CW_HARDEN_H

/* Called first in main() of a program that handles secrets: no core file, no other process of the
 * same account may read this one's memory where the system can forbid it. Best effort: what a
 * system cannot do is left out. */
void cw_harden_process(void);

/* For a program that talks over sockets: a peer that is gone is an error of the write, not the end
 * of the process. Programs that it starts are not touched. */
void cw_ignore_broken_pipes(void);

#endif
