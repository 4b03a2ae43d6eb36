/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BRIDGE_STATE_H
#define CW_BRIDGE_STATE_H

#include <stddef.h>

struct cw_err;
struct cw_ledger;

/*
 * The state folder, private to the bridge's account:
 *
 *   bridge.json   settings (config.h)
 *   ledger.db     what the bridge remembers (ledger/)
 *   ca.*          its CA; agents.*, web.*: certificate and key of its two ports
 *   graph/        certificate and key of each tenant's Graph application
 *   lock          held while a bridge runs on it
 */
#define CW_BRIDGE_STATE "/var/lib/causeway-bridge" /* unless told otherwise */
#define CW_BRIDGE_WEB_DAYS 820u /* of the web front's certificate; some clients refuse 825 */

/* That there is a folder, that it is private and that init was run on it. CW_ENOTFOUND, CW_EDENIED:
 * with what to do. */
int cw_bridge_state_check(const char *folder, struct cw_err *err);
/* Takes the folder for this process until it ends. CW_ECONFLICT: another bridge has it. */
int cw_bridge_state_lock(const char *folder, struct cw_err *err);
/* Opens the ledger in the folder, or makes it, calls work, and closes it. */
int cw_bridge_with_ledger(const char *folder,
    int (*work)(void *arg, struct cw_ledger *l, struct cw_err *err), void *arg, struct cw_err *err);

#endif
