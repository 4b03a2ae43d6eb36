/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "crypto/seal.h"
#include "crypto/reply.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static const struct {
	const char *name, *sealed_for, *opened_for;
	int r;
} rows[] = {
	{ "the password of this operation", "op-1", "op-1", CW_OK },
	{ "a box of another operation", "op-1", "op-2", CW_EAUTH },
};

int
main(void)
{
	static const char password[] = "Tr4m-Kessel-9";

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_reply *reply = NULL;
		struct cw_buf key, box, text, opened;
		struct cw_err err = { 0 };
		char context[128];

		test_case = rows[i].name;
		cw_buf_init(&key, 64);
		cw_buf_init(&box, 4096);
		cw_buf_init(&text, 4096);
		cw_buf_init(&opened, 4096);
		CHECK_EQ(cw_reply_new(&reply, &err), CW_OK);
		CHECK_EQ(
		    cw_base64_get(&key, cw_reply_key(reply), strlen(cw_reply_key(reply))), CW_OK);
		CHECK_EQ(cw_buf_left(&key), CW_SEAL_KEY);
		(void)snprintf(
		    context, sizeof(context), "causeway/password/caller/%s", rows[i].sealed_for);
		CHECK_EQ(
		    cw_seal(&box, cw_buf_peek(&key), context, password, strlen(password), &err),
		    CW_OK);
		CHECK_EQ(cw_base64_put(&text, cw_buf_peek(&box), cw_buf_left(&box)), CW_OK);
		CHECK_EQ(cw_reply_open(&opened, reply, rows[i].opened_for, cw_buf_str(&text), &err),
		    rows[i].r);
		CHECK_STR(cw_buf_str(&opened), rows[i].r == CW_OK ? password : "");
		CHECK_EQ(cw_reply_open(&opened, reply, rows[i].opened_for, "not base64!", &err),
		    CW_EPROTO);
		cw_reply_free(reply);
		cw_buf_free(&key);
		cw_buf_free(&box);
		cw_buf_free(&text);
		cw_buf_free(&opened);
	}
	return test_failed;
}
