/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Params in parts: each row is what comes, part by part, and what becomes of it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "test.h"
#include "base/err.h"
#include "base/json.h"
#include "scripts/upload.h"
#include "wire/channel.h"

int test_failed;
const char *test_case = "";

#define ID "6f1de2b0-6a3c-4d2a-9b1e-000000000001"
#define OTHER "6f1de2b0-6a3c-4d2a-9b1e-000000000002"
#define TEXT "{\"id\":\"" ID "\",\"mode\":\"run\",\"text\":\"Get-ADUser ada\"}"
#define BYTES 82
#define HASH "abd69a5e924b1247491d76da3f2f35e0652a48c908174d5cd468cfca86b98ef8"

#define PART_OF(id, hash, at, data)                                                              \
	"{\"id\":\"" id "\",\"bytes\":82,\"sha256\":\"" hash "\",\"at\":" at ",\"data\":\"" data \
	"\"}"
#define PART(at, data) PART_OF(ID, HASH, at, data)
#define TAKE_OF(id, hash, bytes) \
	"{\"id\":\"" id "\",\"upload\":{\"bytes\":" bytes ",\"sha256\":\"" hash "\"}}"
#define TAKE TAKE_OF(ID, HASH, "82")
#define FIRST "{\\\"id\\\":\\\"6f1de2b0-6a3c-4d2a-9b1e-" /* 31 bytes */
#define SECOND "000000000001\\\",\\\"mode\\\":\\\"run\\\"" /* 26 */
#define THIRD ",\\\"text\\\":\\\"Get-ADUser ada\\\"}" /* 25 */
#define WHOLE FIRST SECOND THIRD
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const struct {
	const char *name;
	const char *lines[5]; /* the last one's code is looked at, those before are well */
	int code;
	const char *words; /* in the error */
} rows[] = {
	{ "in one part", { PART("0", WHOLE), TAKE }, CW_OK, "" },
	{ "in three", { PART("0", FIRST), PART("31", SECOND), PART("57", THIRD), TAKE }, CW_OK,
	    "" },
	{ "a part that is not the next", { PART("0", FIRST), PART("57", THIRD) }, CW_ECONFLICT,
	    "a part for byte 57, where 31 comes next" },
	{ "a part again", { PART("0", FIRST), PART("31", SECOND), PART("31", SECOND) },
	    CW_ECONFLICT, "where 57 comes next" },
	{ "a beginning is missing", { PART("31", SECOND) }, CW_ECONFLICT,
	    "whose beginning is not here" },
	{ "a beginning again begins again", { PART("0", FIRST), PART("0", WHOLE), TAKE }, CW_OK,
	    "" },
	{ "another one takes its place",
	    { PART("0", FIRST), PART_OF(OTHER, HASH, "0", FIRST), PART("31", SECOND) },
	    CW_ECONFLICT, "whose beginning is not here" },
	{ "of another length", { PART("0", FIRST), TAKE_OF(ID, HASH, "83") }, CW_ECONFLICT,
	    "not all here" },
	{ "more than was said", { PART("0", WHOLE), PART("82", "x") }, CW_EINVAL,
	    "a part of 1 bytes, where 0 are left" },
	{ "nothing in it", { PART("0", "") }, CW_EINVAL, "a part of 0 bytes" },
	{ "taken before it is whole", { PART("0", FIRST), PART("31", SECOND), TAKE }, CW_ECONFLICT,
	    "not all here" },
	{ "taken when there is none", { TAKE }, CW_ECONFLICT, "not all here" },
	{ "taken by another", { PART("0", WHOLE), TAKE_OF(OTHER, HASH, "82") }, CW_ECONFLICT,
	    "not all here" },
	{ "taken by another hash", { PART("0", WHOLE), TAKE_OF(ID, ZEROS, "82") }, CW_ECONFLICT,
	    "not all here" },
	{ "another hash than its own", { PART_OF(ID, ZEROS, "0", WHOLE), TAKE_OF(ID, ZEROS, "82") },
	    CW_EINVAL, "its hash differs" },
	{ "a hash that is none", { PART_OF(ID, "abc", "0", WHOLE) }, CW_EINVAL, "not a SHA-256" },
	{ "an id that is none", { PART_OF("x", HASH, "0", WHOLE) }, CW_EINVAL, "not a UUID" },
	{ "its own id is another", { PART_OF(OTHER, HASH, "0", WHOLE), TAKE_OF(OTHER, HASH, "82") },
	    CW_EINVAL, "has another id" },
	{ "too much",
	    { "{\"id\":\"" ID "\",\"bytes\":20971521,\"sha256\":\"" HASH
	      "\",\"at\":0,\"data\":\"x\"}" },
	    CW_ELIMIT, "takes at most 20971520: split the script" },
	{ "a member more", { "{\"id\":\"" ID "\",\"x\":1}" }, CW_EINVAL, "no member \"x\"" },
	{ "beside other params",
	    { PART("0", WHOLE),
		"{\"id\":\"" ID "\",\"mode\":\"run\",\"upload\":{\"bytes\":82,\"sha256\":\"" HASH
		"\"}}" },
	    CW_EINVAL, "no member \"mode\"" },
};

static void
step(struct cw_upload *u, cJSON **whole, const char *line, int code, const char *words)
{
	struct cw_err err = { 0 };
	cJSON *params;

	if (cw_json_parse(&params, line, strlen(line), "row", &err) < 0) {
		CHECK_STR(err.text, "");
		return;
	}
	if (cw_json_get(params, "upload") != NULL)
		CHECK_EQ(cw_upload_take(whole, u, params, &err), code);
	else
		CHECK_EQ(cw_upload_part(u, params, &err), code);
	if (strstr(err.text, words) == NULL)
		CHECK_STR(err.text, words);
	cJSON_Delete(params);
}

static void
test_rows(void)
{
	CHECK_EQ(strlen(TEXT), BYTES);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		struct cw_upload u = { 0 };
		cJSON *whole = NULL;
		size_t k = 0;

		test_case = rows[i].name;
		for (; rows[i].lines[k + 1] != NULL; k++)
			step(&u, &whole, rows[i].lines[k], CW_OK, "");
		step(&u, &whole, rows[i].lines[k], rows[i].code, rows[i].words);
		if (rows[i].code == CW_OK)
			CHECK_STR(cw_json_str(whole, "text"), "Get-ADUser ada");
		/* Whatever it was, nothing is kept of it. */
		CHECK(u.text.cap == 0 || strstr(rows[i].words, "member") != NULL ||
		    strstr(rows[i].words, "UUID") != NULL);
		cJSON_Delete(whole);
		cw_upload_drop(&u);
	}
}

int
main(void)
{
	test_rows();
	return test_failed;
}
