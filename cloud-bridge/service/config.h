/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BRIDGE_CONFIG_H
#define CW_BRIDGE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cw_err;

/*
 * bridge.json in the state folder: what an administrator may set. Every member is
 * optional; one that is unknown or of the wrong type is an error that names it.
 *
 *   names            names and addresses by which agents and clients reach the bridge, the first is
 *                    the one that they are told; the host's name, localhost and 127.0.0.1
 *   web_listen       address of the web front; all of them
 *   web_port         8443; 0 for any that is free
 *   agents_listen    address of the agents' port; all of them
 *   agents_port      8442; 0 for any that is free
 *   web_certificate  PEM file with its chain, and
 *   web_private_key  its key; the bridge's own CA makes them otherwise
 *   graph_ca         PEM file of the CAs that Microsoft Graph's certificate may be from; the
 * system's log_requests     a line in the log for each request; false
 */
#define CW_BRIDGE_CONFIG_MAX (64u * 1024u) /* bytes */
#define CW_BRIDGE_NAMES_MAX 2048u /* bytes, with the NUL */
#define CW_BRIDGE_WEB_PORT 8443u
#define CW_BRIDGE_AGENTS_PORT 8442u

struct cw_bridge_config {
	char *names; /* comma separated */
	char *name; /* the first of them */
	char *web_listen, *agents_listen; /* NULL: all */
	uint16_t web_port, agents_port;
	char *web_certificate, *web_private_key; /* both or neither */
	char *graph_ca; /* or NULL */
	bool log_requests;
};

/* Reads FOLDER/bridge.json; without the file all defaults. On success free *ret. */
int cw_bridge_config_load(
    struct cw_bridge_config *ret, const char *state_folder, struct cw_err *err);
/* The same from text, for tests; path names it in errors. */
int cw_bridge_config_parse(
    struct cw_bridge_config *ret, const char *text, size_t n, const char *path, struct cw_err *err);
void cw_bridge_config_free(struct cw_bridge_config *config);

#endif
