/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_API_FIXTURE_H
#define CW_TEST_API_FIXTURE_H

#include "api/api.h"
#include "doubles/route_double.h"
#include "doubles/web_double.h"
#include "ledger/keys.h"
#include "ledger/tenants.h"

/*
 * The REST interface on the real ledger, agents' port and Graph client, with doubles of
 * the web server and the router: everything happens on the caller's thread.
 */
extern struct cw_api *api;
extern struct cw_route *route;
extern struct cw_ledger *ledger;
extern struct cw_tenant own, foreign; /* the one that reader and operator see, the other */
extern char reader[], operator_[], admin[]; /* keys */
extern struct cw_api_key reader_key; /* what is kept of the first */
extern char own_agent[], foreign_agent[];
extern char fixture_folder[]; /* the bridge's state */

void fixture_new(void); /* ends the program when it cannot */
void fixture_free(void);
void fixture_turn(void); /* of the loop, once, without waiting */
/* Turns the loop until it is so; a failed check after five seconds. */
void fixture_until(bool (*so)(void *arg), void *arg);
void fixture_until_ended(struct cw_web_call *call);

/* Asks and gives the call back, for web_double_free(). */
struct cw_web_call *ask(
    const char *method, const char *path, const char *query, const char *bearer, const char *body);

#endif
