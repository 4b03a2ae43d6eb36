/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PROBE_H
#define CW_PROBE_H

#include <cjson/cJSON.h>

struct cw_err;
struct cw_identity;

/*
 * Is there a way to the bridge, and where does it end: for `causewayctl
 * test-connection`. Goes the agent's own way with its own identity, up to a first
 * answer of the bridge, but says no hello: the agent's live connection stays.
 */

/* Blocks, on a loop of its own, for at most 40 s. proxy: as in link/link.h. *ret is the caller's:
 * {ok, bridge, peer?, proxied, hops:[{hop, ok, ms?, error?}], error?} with the hops name, tcp,
 * proxy (where there is one), tls, bridge, up to the first that failed. Negative: nothing was
 * tried. */
int cw_probe(
    cJSON **ret, const struct cw_identity *identity, const char *proxy, struct cw_err *err);

#endif
