/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TEST_IN_WORLD_H
#define TEST_IN_WORLD_H

#include "base/err.h"
#include "model/world.h"

/* Changes in a world in memory (tests/model), on one real ledger for all of them. */
#define HOUR_MS (UINT64_C(3600) * 1000)
#define UPDATE(who, set) "{\"change\":\"user.update\",\"target\":{" who "},\"set\":{" set "}}"
#define ADA "\"user\":\"ada0@lab.test\""
#define TITLE "\"jobTitle\":\"Countess\""

extern const char *test_case;
extern struct cw_ledger *ledger;
extern struct cw_tenant tenants[5]; /* one of each mode, and one without Graph settings */
extern struct world *w; /* the one that is open */

void worlds_open(void);
void worlds_close(void);
/* A tenant of that mode, with users in all the places it has. Then set the scene, and start it. */
void world_open(enum cw_identity_mode mode);
void world_close(void);
int change(char id[37], const char *body, struct cw_err *err);
cJSON *show(const char *id);
bool is_in(const char *id, const char *state);
void run_to_end(char *id, uint64_t limit_ms);
void check_json(const cJSON *value, const char *want);
void check_error(const cJSON *operation, const char *part); /* NULL: there is none */
bool ledger_holds(const char *text); /* in its files */

#endif
