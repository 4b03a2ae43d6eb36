/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BRIDGE_OPS_H
#define CW_BRIDGE_OPS_H

struct cw_agents;
struct cw_graph;
struct cw_route_ops;

/* The two directories as the router asks for them. */
struct cw_bridge_directories {
	struct cw_agents *agents;
	struct cw_graph *graph;
};

/* Fills ret with calls into d, which is borrowed. */
void cw_bridge_ops(struct cw_route_ops *ret, struct cw_bridge_directories *d);

#endif
