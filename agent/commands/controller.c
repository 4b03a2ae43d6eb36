/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The domain's controllers, as Get-ADDomain names them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "base/err.h"
#include "base/str.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "runspaces/runspaces.h"

struct domain {
	char *dns; /* "lab.test", or NULL */
	char *names[CW_CONTROLLERS_MAX]; /* the PDC emulator first */
	size_t count;
};

struct cw_controller {
	uv_loop_t *loop;
	const struct cw_roles *roles;
	const char *configured; /* or NULL */
	struct domain known; /* count 0: nothing is */
	uint64_t known_ms; /* when, on the loop's clock */
	struct domain coming; /* of the question that is under way */
	bool asking;
	struct cw_err error; /* of the last question */
	struct cw_err pdc_error; /* why the PDC emulator is not to be asked; code 0: it may be */
	uint64_t pdc_until_ms; /* up to when, on the loop's clock */
	struct cw_controller_wait *first, **last;
	struct cw_controller_wait *settling; /* those that are being answered */
};

/* --- what is known */

static void
domain_free(struct domain *d)
{
	free(d->dns);
	for (size_t i = 0; i < d->count; i++)
		free(d->names[i]);
	*d = (struct domain){ 0 };
}

static void
domain_add(struct domain *d, const char *name)
{
	if (name == NULL || !cw_is_host(name) || d->count == CW_CONTROLLERS_MAX)
		return;
	for (size_t i = 0; i < d->count; i++)
		if (cw_strcaseeq(d->names[i], name))
			return;
	if ((d->names[d->count] = cw_strdup(name)) != NULL)
		d->count++;
}

static const char *
find(const struct cw_controller *c, const char *name)
{
	if (c->configured != NULL && cw_strcaseeq(c->configured, name))
		return c->configured;
	for (size_t i = 0; i < c->known.count; i++)
		if (cw_strcaseeq(c->known.names[i], name))
			return c->known.names[i];
	return NULL;
}

/* CW_EAGAIN: the domain is to be asked first. */
static int
choose_pdc(const struct cw_controller *c, const char **ret, struct cw_err *err)
{
	uint64_t now = uv_now(c->loop);

	if (c->pdc_error.code < 0 && now < c->pdc_until_ms) {
		*err = c->pdc_error;
		return err->code;
	}
	if (c->known.count == 0 || now - c->known_ms >= CW_CONTROLLER_KEEP_MS)
		return CW_EAGAIN;
	*ret = c->known.names[0];
	return CW_OK;
}

static int
choose(const struct cw_controller *c, const char **ret, const struct cw_controller_wait *wait,
    struct cw_err *err)
{
	uint64_t age = uv_now(c->loop) - c->known_ms;
	const char *wanted = wait->wanted;

	if (wait->pdc)
		return choose_pdc(c, ret, err);
	if (wanted[0] == '\0' && c->configured != NULL) {
		*ret = c->configured;
		return CW_OK;
	}
	if (wanted[0] != '\0' && (*ret = find(c, wanted)) != NULL)
		return CW_OK;
	if (c->known.count == 0 ||
	    age >= (wanted[0] != '\0' ? CW_CONTROLLER_AGAIN_MS : CW_CONTROLLER_KEEP_MS))
		return CW_EAGAIN;
	if (wanted[0] != '\0')
		return cw_fail(err, CW_EDENIED,
		    "%s is not a domain controller of this server's domain", wanted);
	*ret = c->known.names[0];
	return CW_OK;
}

/* --- asking the domain */

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct cw_controller *c = arg;
	const struct cw_ps_value *all = cw_ps_get(value, "ReplicaDirectoryServers");
	const char *dns = cw_ps_str(cw_ps_get(value, "DNSRoot"));

	domain_free(&c->coming);
	c->coming.dns = cw_strdup(dns);
	domain_add(&c->coming, cw_ps_str(cw_ps_get(value, "PDCEmulator")));
	if (c->coming.count == 0 || all == NULL || all->kind != CW_PS_LIST)
		return;
	for (size_t i = 0; i < all->list.count; i++)
		domain_add(&c->coming, cw_ps_str(all->list.items[i]));
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	(void)arg, (void)stream, (void)record;
}

/* Each that waited gets its name, or the reason why there is none. */
static void
settle(struct cw_controller *c)
{
	struct cw_controller_wait *wait;
	const char *name;
	struct cw_err err;

	c->settling = c->first;
	c->first = NULL;
	c->last = &c->first;
	while ((wait = c->settling) != NULL) {
		int r;

		c->settling = wait->next;
		name = NULL;
		err = (struct cw_err){ 0 };
		r = choose(c, &name, wait, &err);
		if (r == CW_EAGAIN && (wait->pdc || wait->wanted[0] == '\0') && c->known.count > 0)
			name = c->known.names[0]; /* an old answer is better than none */
		else if (r == CW_EAGAIN)
			(void)cw_fail(&err, CW_EUNAVAILABLE, "no domain controller is known: %s",
			    c->error.text);
		wait->done(wait->arg, name, &err);
	}
}

static void
on_done(void *arg, const struct cw_err *err, const struct cw_ps_value *error)
{
	struct cw_controller *c = arg;

	(void)error;
	c->asking = false;
	c->error = *err;
	if (err->code == CW_OK && c->coming.count == 0)
		(void)cw_fail(
		    &c->error, CW_EPROTO, "Get-ADDomain did not name the domain's PDC emulator");
	if (c->error.code == CW_OK) {
		domain_free(&c->known);
		c->known = c->coming;
		c->coming = (struct domain){ 0 };
		c->known_ms = uv_now(c->loop);
	} else {
		domain_free(&c->coming);
	}
	settle(c);
}

static int
ask_domain(struct cw_controller *c, struct cw_err *err)
{
	static const struct cw_psrp_command command = { "ActiveDirectory\\Get-ADDomain", false,
		NULL, 0 };
	static const struct cw_runspaces_events events = { on_output, on_record, on_done };
	struct cw_runspaces *rs = cw_roles_find(c->roles, "directory", err);
	struct cw_runspaces_job *job;

	if (c->asking)
		return CW_OK;
	if (rs == NULL)
		return err->code;
	if (cw_runspaces_run(rs, &job, &command, CW_CONTROLLER_ASK_MS, &events, c, err) < 0)
		return err->code = CW_EUNAVAILABLE; /* whatever it was, nothing has run */
	c->asking = true;
	return CW_OK;
}

/* --- what callers see */

int
cw_controller_ask(
    struct cw_controller *c, const char **ret, struct cw_controller_wait *wait, struct cw_err *err)
{
	int r;

	if ((r = choose(c, ret, wait, err)) != CW_EAGAIN)
		return r;
	if ((r = ask_domain(c, err)) < 0)
		return r;
	wait->next = NULL;
	*c->last = wait;
	c->last = &wait->next;
	return CW_EAGAIN;
}

/* Takes it out of the list, if it is there. */
static bool
unlist(struct cw_controller_wait **at, const struct cw_controller_wait *wait,
    struct cw_controller_wait ***last)
{
	while (*at != NULL && *at != wait)
		at = &(*at)->next;
	if (*at == NULL)
		return false;
	*at = wait->next;
	if (last != NULL && wait->next == NULL)
		*last = at;
	return true;
}

void
cw_controller_cancel(struct cw_controller *c, struct cw_controller_wait *wait)
{
	if (!unlist(&c->settling, wait, NULL))
		(void)unlist(&c->first, wait, &c->last);
}

void
cw_controller_prepare(struct cw_controller *c)
{
	const char *name;
	struct cw_err err;

	if (choose_pdc(c, &name, &err) == CW_EAGAIN)
		(void)ask_domain(c, &err);
}

void
cw_controller_failed(struct cw_controller *c)
{
	domain_free(&c->known);
}

void
cw_controller_pdc_failed(struct cw_controller *c, const struct cw_err *why)
{
	c->pdc_error = *why;
	c->pdc_error.code = CW_EUNAVAILABLE;
	c->pdc_until_ms = uv_now(c->loop) + CW_CONTROLLER_DOWN_MS;
}

void
cw_controller_status_put(const struct cw_controller *c, cJSON *object)
{
	const char *name = c->configured != NULL ? c->configured
	    : c->known.count > 0                 ? c->known.names[0]
						 : NULL;
	cJSON *o = cJSON_AddObjectToObject(object, "controller");

	cJSON_AddBoolToObject(o, "configured", c->configured != NULL);
	if (name != NULL)
		cJSON_AddStringToObject(o, "server", name);
	if (c->known.dns != NULL)
		cJSON_AddStringToObject(o, "domain", c->known.dns);
	if (c->known.count > 0)
		cJSON_AddStringToObject(o, "pdc_emulator", c->known.names[0]);
	if (name == NULL && c->error.code != CW_OK)
		cJSON_AddStringToObject(o, "error", c->error.text);
}

int
cw_controller_new(struct cw_controller **ret, uv_loop_t *loop, const struct cw_roles *roles,
    const char *configured, struct cw_err *err)
{
	struct cw_controller *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	c->loop = loop;
	c->roles = roles;
	c->configured = configured;
	c->last = &c->first;
	*ret = c;
	return CW_OK;
}

void
cw_controller_free(struct cw_controller *c)
{
	if (c == NULL)
		return;
	domain_free(&c->known);
	domain_free(&c->coming);
	free(c);
}
