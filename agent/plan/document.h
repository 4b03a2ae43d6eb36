/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PLAN_DOCUMENT_H
#define CW_PLAN_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "base/str.h"
#include "crypto/digest.h"

struct cw_err;

/*
 * A plan: the writes that a script would make, as a document that a person reads and
 * approves, and that is later applied exactly as it stands.
 *
 *   {"format":1, "tenant":UUID, "agent":UUID, "domain_controller":HOST, "catalogue":VERSION,
 *    "caller":TEXT, "operation":UUID, "created":DATE, "expires":DATE,
 *    "approximate":BOOL, "reason"?:TEXT,        why it ends where it does
 *    "entries":[{"entry":1.., "command":NAME, "parameters":{...},
 *       "target"?:{"guid","sid"?,"class","dn","protected"?},
 *                                              what it is about; not of what it creates;
 *                                              protected: why nobody's script may write it
 *       "others":[{"parameter","guid","sid"?,"class","dn","protected"?}],
 *       "before":{ATTRIBUTE:[TEXT...]},          what the target holds now of what it writes
 *       "effects":[{"group","class","attribute"?,"parameter"?}],
 *       "creates"?:{"placeholder":GUID,"class","dn","account"?}}],
 *    "slots":[{"slot":1..,"entry":N,"parameter":NAME}],
 *    "hash":SHA-256}                             of the canonical text of all the rest
 *
 * domain_controller is that of the reads, and of all writes that need not go to the PDC emulator:
 * which of them do is decided when they are applied (agent/broker/README.md).
 *
 * Identities in parameters are GUIDs; that of an object which an earlier entry creates
 * is that entry's placeholder. A secret is {"$slot":N}: a plan holds none. A forged plan
 * is a normal plan: each entry is bound, judged and guarded again when it is applied.
 */
#define CW_PLAN_FORMAT 1
#define CW_PLAN_ENTRIES_MAX 10000u
#define CW_PLAN_TEXT_MAX (16u * 1024u * 1024u) /* bytes of a whole document */
#define CW_PLAN_LARGE (1024u * 1024u) /* bytes; of those a server holds one at a time */
#define CW_PLAN_HASH_TEXT CW_SHA256_TEXT
#define CW_PLAN_SLOTS_MAX CW_PLAN_ENTRIES_MAX

/* Who and where: borrowed. */
struct cw_plan_header {
	const char *tenant, *agent, *operation; /* UUIDs, lower case */
	const char *controller;
	const char *caller;
	int64_t created_ms, expires_ms; /* Unix time */
};

/* A plan without entries; NULL when memory ends. */
cJSON *cw_plan_document_new(const struct cw_plan_header *header);
/* Puts an entry behind the others and numbers it; each {"$slot":0} of its parameters becomes a
 * slot. The entry is the plan's, also on failure. *bytes is the length of all so far, 0 at first.
 * CW_ELIMIT. */
int cw_plan_document_add(cJSON *plan, cJSON *entry, size_t *bytes, struct cw_err *err);
/* It ends here, for this reason, and can be looked at and not applied. Only the first one counts.
 */
int cw_plan_document_stop(cJSON *plan, const char *reason);
/* Makes the hash anew. */
int cw_plan_document_seal(cJSON *plan, struct cw_err *err);

/* The length of its canonical text; SIZE_MAX: more than CW_PLAN_TEXT_MAX. */
size_t cw_plan_document_bytes(const cJSON *plan);

int cw_plan_document_hash(char ret[CW_PLAN_HASH_TEXT], const cJSON *plan, struct cw_err *err);

/* Is it a plan, whole and unchanged? CW_EINVAL says what is wrong and in which entry. */
int cw_plan_document_check(const cJSON *plan, struct cw_err *err);
/* The same for its bytes; on success *ret is the caller's. */
int cw_plan_document_read(cJSON **ret, const char *text, size_t n, struct cw_err *err);

/* Where it is to be applied. */
struct cw_plan_place {
	const char *tenant, *agent, *controller;
	int64_t now_ms;
};
/* A checked plan: is it for here, and still now? CW_EDENIED: another tenant, agent, controller or
 * catalogue, or an approximate one; CW_EEXPIRED. */
int cw_plan_document_verify(
    const cJSON *plan, const struct cw_plan_place *here, struct cw_err *err);

#endif
