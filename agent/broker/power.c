/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who holds power over the domain, as each controller has it: asked anew after a
 * while, shared by all calls that look at that controller meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "broker/broker_internal.h"

struct broker_power *
power_find(struct cw_broker *b, const char *server)
{
	for (size_t i = 0; i < CW_COUNT(b->powers); i++) {
		struct broker_power *p = b->powers[i];

		if (p == NULL || !cw_strcaseeq(p->server, server) ||
		    broker_now(b) - p->asked_ms >= BROKER_DOMAIN_KEEP_MS)
			continue;
		p->refs++;
		return p;
	}
	return NULL;
}

void
power_drop(struct broker_power *p)
{
	if (p == NULL || --p->refs > 0)
		return;
	broker_domain_free(&p->domain);
	free(p);
}

/* That of the same controller, or one that is free, or the oldest. */
static struct broker_power **
place_for(struct cw_broker *b, const char *server)
{
	struct broker_power **at = &b->powers[0];

	for (size_t i = 0; i < CW_COUNT(b->powers); i++) {
		struct broker_power *p = b->powers[i];

		if (p != NULL && cw_strcaseeq(p->server, server))
			return &b->powers[i];
		if (*at != NULL && (p == NULL || p->asked_ms < (*at)->asked_ms))
			at = &b->powers[i];
	}
	return at;
}

struct broker_power *
power_keep(struct cw_broker *b, const char *server, struct broker_domain *domain)
{
	struct broker_power *p = calloc(1, sizeof(*p)), **at = place_for(b, server);

	if (p == NULL)
		return NULL;
	p->domain = *domain;
	*domain = (struct broker_domain){ 0 };
	(void)snprintf(p->server, sizeof(p->server), "%s", server);
	p->asked_ms = broker_now(b);
	p->refs = 2; /* the broker's, and the caller's */
	power_drop(*at);
	*at = p;
	return p;
}

void
power_forget(struct cw_broker *b)
{
	for (size_t i = 0; i < CW_COUNT(b->powers); i++) {
		power_drop(b->powers[i]);
		b->powers[i] = NULL;
	}
}
