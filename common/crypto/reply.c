/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One call's key pair for a sealed answer.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/seal.h"
#include "crypto/reply.h"

#define BOX_MAX 4096 /* bytes of a sealed password */

struct cw_reply {
	uint8_t private_key[CW_SEAL_KEY];
	char public_text[64]; /* base64 */
};

int
cw_reply_new(struct cw_reply **ret, struct cw_err *err)
{
	struct cw_reply *reply = calloc(1, sizeof(*reply));
	uint8_t public_key[CW_SEAL_KEY];
	struct cw_buf text;
	int r;

	if (reply == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	cw_buf_init(&text, sizeof(reply->public_text));
	if ((r = cw_seal_keypair(public_key, reply->private_key)) < 0) {
		(void)cw_fail(err, r, "a key pair for the answer cannot be made");
		goto done;
	}
	if ((r = cw_base64_put(&text, public_key, sizeof(public_key))) < 0 ||
	    cw_buf_str(&text) == NULL) {
		r = cw_fail(err, CW_ENOMEM, "out of memory");
		goto done;
	}
	(void)snprintf(reply->public_text, sizeof(reply->public_text), "%s", cw_buf_str(&text));
	*ret = reply;
	reply = NULL;
done:
	cw_buf_free(&text);
	cw_reply_free(reply);
	return r;
}

void
cw_reply_free(struct cw_reply *reply)
{
	if (reply == NULL)
		return;
	cw_wipe(reply, sizeof(*reply));
	free(reply);
}

const char *
cw_reply_key(const struct cw_reply *reply)
{
	return reply->public_text;
}

int
cw_reply_open(struct cw_buf *ret, const struct cw_reply *reply, const char *operation,
    const char *sealed, struct cw_err *err)
{
	char context[128];
	struct cw_buf box;
	int r;

	cw_buf_init(&box, BOX_MAX);
	if (snprintf(context, sizeof(context), "causeway/password/caller/%s", operation) >=
		(int)sizeof(context) ||
	    cw_base64_get(&box, sealed, strlen(sealed)) < 0)
		r = cw_fail(err, CW_EPROTO, "the sealed password is not well-formed");
	else
		r = cw_unseal(
		    ret, reply->private_key, context, cw_buf_peek(&box), cw_buf_left(&box), err);
	cw_buf_free(&box);
	return r;
}
