/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_VERSION_H
#define CW_VERSION_H

const char *cw_agent_version(void); /* "0.1.0"; static storage */

#endif
