/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_BROKER_REQUEST_H
#define CW_BROKER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

struct cw_clixml;
struct cw_err;
struct cw_ps_arena;

/*
 * One request out of the sandbox (common/proxies/PROTOCOL.md), read strictly: what
 * is not in the protocol is refused, whoever sent it. Values become JSON, which the
 * catalogue binds; a secret becomes {"$slot":N}, and its text is kept apart. Pure,
 * and fuzzed.
 */
#define BROKER_PREFIX "causeway/1 "
#define BROKER_REQUEST_MAX (4u * 1024u * 1024u) /* bytes of text */
#define BROKER_INPUT_MAX 64 /* entries of one request */
#define BROKER_SECRETS_MAX 128u /* in one request */

enum broker_verb { BROKER_CALL, BROKER_NEXT, BROKER_CANCEL };

struct broker_secret {
	char *text; /* wiped when it is freed */
	size_t len;
};

struct broker_request {
	enum broker_verb verb;
	int64_t id; /* 1 .. 2^31-1; 0: it could not be read */
	/* of a call: */
	char command[64];
	cJSON *parameters; /* an object */
	cJSON *input; /* a list of objects, or NULL: it runs once, without input */
	bool stop; /* -ErrorAction Stop */
	bool what_if;
	bool behind; /* it is answered at once; what it says is asked for by `next` */
	int64_t after; /* of such a one: the open call that it comes behind; 0: none */
	struct broker_secret *secrets; /* by slot */
	size_t secret_count;
};

/* text is what follows the prefix. On CW_EPROTO, CW_ELIMIT and CW_ENOMEM err says what is wrong,
 * and of *ret only the id is filled, where it is one. On success give *ret back. */
int broker_request_read(struct broker_request *ret, struct cw_clixml *reader,
    struct cw_ps_arena *arena, const char *text, size_t n, struct cw_err *err);
void broker_request_free(struct broker_request *request); /* ok on a zeroed one */

#endif
