/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CONTROLLER_H
#define CW_CONTROLLER_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "commands/request.h"

struct cw_err;
struct cw_roles;

/*
 * Which domain controller a command runs against: one for a whole operation, and
 * never a name of a caller's own making. And which one is the PDC emulator: passwords
 * and unlocks go there, where it can be asked and knows the account.
 *
 *   the one that the call names, if it is a controller of this domain or the
 *       configured one: the bridge names the one that it was answered with before
 *   else the one that is configured on this server
 *   else the domain's PDC emulator
 *
 * The domain is asked by our own Get-ADDomain in a runspace of the directory role;
 * the answer is kept for CW_CONTROLLER_KEEP_MS, or until a controller fails.
 */
#define CW_CONTROLLER_KEEP_MS (15u * 60u * 1000u)
#define CW_CONTROLLER_ASK_MS 30000u /* for Get-ADDomain */
#define CW_CONTROLLER_AGAIN_MS \
	10000u /* a name that is not in the list: asked again after so long */
#define CW_CONTROLLER_DOWN_MS \
	30000u /* a PDC emulator that did not answer is not asked for so long */
#define CW_CONTROLLERS_MAX 256u /* of one domain, that are remembered */

struct cw_controller;

/* A command that waits for its controller; the caller's memory. */
struct cw_controller_wait {
	const char *wanted; /* the one that the call names, or ""; unused with pdc */
	bool pdc; /* the PDC emulator, whatever is configured */
	/* Later, from the loop. err code 0: name is the one, valid until this returns. */
	void (*done)(void *arg, const char *name, const struct cw_err *err);
	void *arg;
	struct cw_controller_wait *next; /* the controller's own */
};

/* roles and configured (or NULL) are borrowed. On success *ret is to be given to
 * cw_controller_free(). */
int cw_controller_new(struct cw_controller **ret, uv_loop_t *loop, const struct cw_roles *roles,
    const char *configured, struct cw_err *err);
void cw_controller_free(struct cw_controller *c); /* after the roles are closed; ok on NULL */

/* CW_OK: *ret is the one, valid until the loop goes on, and done() is not called. CW_EAGAIN: done()
 * follows. CW_EDENIED, CW_EUNAVAILABLE: there is none for this call. */
int cw_controller_ask(
    struct cw_controller *c, const char **ret, struct cw_controller_wait *wait, struct cw_err *err);
void cw_controller_cancel(struct cw_controller *c, struct cw_controller_wait *wait);

/* Asks the domain before anybody needs it; ok at any time. */
void cw_controller_prepare(struct cw_controller *c);
/* A command could not reach its controller: the domain is asked again for the next one. */
void cw_controller_failed(struct cw_controller *c);

/* The PDC emulator could not be asked, and why: it is unavailable for CW_CONTROLLER_DOWN_MS. */
void cw_controller_pdc_failed(struct cw_controller *c, const struct cw_err *why);

/* For causewayctl: {controller: {server?, configured, domain?, pdc_emulator?, error?}} added to
 * object. */
void cw_controller_status_put(const struct cw_controller *c, cJSON *object);

#endif
