/* SPDX-License-Identifier: Apache-2.0 */
/*
 * causeway-bridge init: everything a bridge needs to begin.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "agents/ca.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "ledger/keys.h"
#include "ledger/ledger.h"
#include "os/clock.h"
#include "os/file.h"
#include "service/commands.h"
#include "service/config.h"
#include "service/state.h"

/* "[ADDRESS:]PORT" into settings NAME_listen and NAME_port. What is no address or port is found
 * when the settings are read. */
static int
add_endpoint(cJSON *settings, const char *name, const char *text, struct cw_err *err)
{
	const char *colon = strrchr(text, ':'), *port = colon != NULL ? colon + 1 : text;
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;
	char member[32], address[64];
	char *end;
	long number;

	if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	number = strtol(port, &end, 10);
	if (*port == '\0' || *end != '\0' || n >= sizeof(address) || number < 0)
		return cw_fail(err, CW_EINVAL, "--%s is [ADDRESS:]PORT, not \"%.64s\"", name, text);
	memcpy(address, text, n);
	address[n] = '\0';
	(void)snprintf(member, sizeof(member), "%s_listen", name);
	if (n > 0)
		cJSON_AddStringToObject(settings, member, address);
	(void)snprintf(member, sizeof(member), "%s_port", name);
	cJSON_AddNumberToObject(settings, member, (double)number);
	return CW_OK;
}

static int
make_settings(cJSON *settings, const struct cw_bridge_init *o, struct cw_err *err)
{
	cJSON *names;
	int r;

	if (o->names.n > 0) {
		names = cJSON_AddArrayToObject(settings, "names");
		for (size_t i = 0; i < o->names.n; i++)
			cJSON_AddItemToArray(names, cJSON_CreateString(o->names.word[i]));
	}
	if (o->web != NULL && (r = add_endpoint(settings, "web", o->web, err)) < 0)
		return r;
	return o->agents != NULL ? add_endpoint(settings, "agents", o->agents, err) : CW_OK;
}

/* Settings that were given, checked before they are kept. */
static int
write_settings(const struct cw_bridge_init *o, struct cw_err *err)
{
	struct cw_bridge_config checked = { 0 };
	char path[CW_FILE_PATH_MAX];
	cJSON *settings;
	struct cw_buf b;
	int r;

	if (o->names.n == 0 && o->web == NULL && o->agents == NULL)
		return CW_OK;
	if ((r = cw_file_path(path, o->state, "bridge.json", err)) < 0)
		return r;
	if (cw_file_exists(path))
		return cw_fail(
		    err, CW_ECONFLICT, "%s is there: change it, and leave these options out", path);
	settings = cJSON_CreateObject();
	cw_buf_init(&b, CW_BRIDGE_CONFIG_MAX);
	if ((r = make_settings(settings, o, err)) < 0)
		goto done;
	if ((r = cw_json_put(&b, settings)) < 0 || (r = cw_buf_putc(&b, '\n')) < 0) {
		(void)cw_fail(err, CW_EINVAL, "the names are too long");
		goto done;
	}
	if ((r = cw_bridge_config_parse(&checked, (const char *)cw_buf_peek(&b), cw_buf_left(&b),
		 "the settings", err)) == CW_OK)
		r = cw_file_write(path, cw_buf_peek(&b), cw_buf_left(&b), false, err);
done:
	cw_bridge_config_free(&checked);
	cw_buf_free(&b);
	cJSON_Delete(settings);
	return r;
}

static int
make_certificates(const char *state, const struct cw_bridge_config *config, struct cw_err *err)
{
	int64_t now_ms = cw_clock_unix_ms();
	struct cw_ca ca;
	int r;

	if ((r = cw_ca_open(&ca, state, config->names, now_ms, err)) < 0)
		return r;
	if (config->web_certificate == NULL)
		r = cw_ca_server(&ca, state, "web", config->names, CW_BRIDGE_WEB_DAYS, now_ms, err);
	cw_ca_free(&ca);
	return r;
}

static void
count_key(void *arg, const struct cw_api_key *key)
{
	(void)key;
	++*(unsigned *)arg;
}

static int
make_first_key(void *arg, struct cw_ledger *l, struct cw_err *err)
{
	const char *state = arg;
	struct cw_api_key key = { .name = "first", .role = CW_ROLE_ADMIN };
	char text[CW_API_KEY_TEXT];
	unsigned keys = 0;
	int r;

	if ((r = cw_api_key_walk(l, count_key, &keys, err)) < 0)
		return r;
	if (keys > 0)
		return cw_fail(err, CW_ECONFLICT,
		    "%s is a bridge already; causeway-bridge key create NAME --role admin makes "
		    "another "
		    "API key",
		    state);
	if ((r = cw_api_key_add(l, &key, text, err)) < 0)
		return r;
	puts(text);
	cw_wipe(text, sizeof(text));
	return CW_OK;
}

int
cw_bridge_init(const struct cw_bridge_init *o, struct cw_err *err)
{
	struct cw_bridge_config config = { 0 };
	int r;

	if ((r = cw_file_mkdir_private(o->state, err)) < 0 || (r = write_settings(o, err)) < 0 ||
	    (r = cw_bridge_config_load(&config, o->state, err)) < 0)
		return r;
	if ((r = make_certificates(o->state, &config, err)) == CW_OK)
		r = cw_bridge_with_ledger(
		    o->state, make_first_key, (void *)(uintptr_t)o->state, err);
	if (r == CW_OK)
		fprintf(stderr,
		    "the bridge is in %s. Above, once, is an administrator's API key.\n"
		    "clients trust %s\n"
		    "next: causeway-bridge run --state %s\n",
		    o->state,
		    config.web_certificate == NULL ? "its CA, ca.crt in there"
						   : "its web certificate's CA",
		    o->state);
	cw_bridge_config_free(&config);
	return r;
}
