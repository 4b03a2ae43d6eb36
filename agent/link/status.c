/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the link knows of itself, and its memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "base/time.h"
#include "crypto/pki.h"
#include "link/link_internal.h"
#include "os/clock.h"

#define DAY_MS (24 * 60 * 60 * 1000)

int
link_copy_config(struct cw_link *link, const struct cw_link_config *config)
{
	struct cw_link_config *c = &link->config;

	*c = *config;
	if ((c->folder = link->folder = cw_strdup(config->folder)) == NULL ||
	    (c->version = link->version = cw_strdup(config->version)) == NULL ||
	    (c->os = link->os = cw_strdup(config->os)) == NULL ||
	    (c->hostname = link->hostname = cw_strdup(config->hostname)) == NULL ||
	    (c->epoch = link->epoch = cw_strdup(config->epoch)) == NULL)
		return CW_ENOMEM;
	c->proxy = link->proxy = cw_strdup(config->proxy);
	return link->proxy != NULL || config->proxy == NULL ? CW_OK : CW_ENOMEM;
}

void
link_free(struct cw_link *link)
{
	if (link == NULL)
		return;
	free(link->folder);
	free(link->version);
	free(link->os);
	free(link->hostname);
	free(link->epoch);
	if (link->proxy != NULL) /* may hold a password */
		cw_wipe(link->proxy, strlen(link->proxy));
	free(link->proxy);
	free(link);
}

void
link_base64_key(char ret[64], const uint8_t key[32])
{
	struct cw_buf b;

	ret[0] = '\0';
	cw_buf_init(&b, 64);
	if (cw_base64_put(&b, key, 32) == CW_OK)
		(void)snprintf(ret, 64, "%s", cw_buf_str(&b));
	cw_buf_free(&b);
}

/* Without the user and password that it may hold. */
static void
proxy_text(char *ret, size_t size, const char *url)
{
	const char *end = url != NULL ? strstr(url, "://") : NULL;
	const char *host = end != NULL ? end + 3 : url, *at;

	ret[0] = '\0';
	if (url == NULL)
		return;
	if ((at = strrchr(host, '@')) != NULL)
		(void)snprintf(ret, size, "%.*s%s", (int)(host - url), url, at + 1);
	else
		(void)snprintf(ret, size, "%s", url);
}

void
cw_link_status(const struct cw_link *link, struct cw_link_status *ret)
{
	const struct cw_identity *id = link->config.identity;
	uint64_t now = cw_clock_ms();
	int64_t from;

	*ret = (struct cw_link_status){ .state = link->state,
		.since_ms = link->since_ms,
		.failures = link->redial.failures,
		.error = link->error,
		.heartbeat_s = link->heartbeat_s,
		.skew_known = link->skew_known,
		.skew_ms = link->skew_ms,
		.held = link->held,
		.roles_told =
		    link->state == CW_LINK_UP && link->roles_untold == 0 && !link->roles_stale };
	if (link->state == CW_LINK_WAITING && link->redial.at_ms > now)
		ret->next_try_ms = link->redial.at_ms - now;
	(void)snprintf(ret->bridge, sizeof(ret->bridge),
	    strchr(id->host, ':') != NULL ? "[%s]:%u" : "%s:%u", id->host, id->port);
	memcpy(ret->address, link->address, sizeof(ret->address));
	memcpy(ret->bridge_version, link->bridge_version, sizeof(ret->bridge_version));
	proxy_text(ret->proxy, sizeof(ret->proxy), link->proxy);
	(void)cw_pki_cert_validity(&from, &ret->certificate_until_ms, id->cert);
}

static void
put_text(cJSON *object, const char *name, const char *text)
{
	if (text[0] != '\0')
		cJSON_AddStringToObject(object, name, text);
}

void
cw_link_status_put(const struct cw_link *link, cJSON *object)
{
	static const char *const words[] = { "waiting", "connecting", "up" };
	struct cw_link_status s;
	char text[CW_TIME_TEXT];
	cJSON *o;

	cw_link_status(link, &s);
	o = cJSON_AddObjectToObject(object, "bridge");
	cJSON_AddStringToObject(o, "address", s.bridge);
	cJSON_AddStringToObject(
	    o, "state", s.held && s.state == CW_LINK_WAITING ? "held" : words[s.state]);
	cw_time_text(text, s.since_ms);
	cJSON_AddStringToObject(o, "since", text);
	put_text(o, "peer", s.address);
	put_text(o, "proxy", s.proxy);
	put_text(o, "version", s.bridge_version);
	put_text(o, "last_error", s.error.text);
	if (s.state == CW_LINK_WAITING && !s.held)
		cJSON_AddNumberToObject(o, "next_try_ms", (double)s.next_try_ms);
	cJSON_AddNumberToObject(o, "failures", s.failures);
	if (s.skew_known)
		cJSON_AddNumberToObject(o, "clock_skew_ms", (double)s.skew_ms);
	if (s.heartbeat_s > 0)
		cJSON_AddNumberToObject(o, "heartbeat_s", s.heartbeat_s);
	o = cJSON_AddObjectToObject(object, "certificate");
	cw_time_text(text, s.certificate_until_ms);
	cJSON_AddStringToObject(o, "expires", text);
	cJSON_AddNumberToObject(
	    o, "days_left", (double)((s.certificate_until_ms - cw_clock_unix_ms()) / DAY_MS));
}
