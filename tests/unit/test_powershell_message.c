/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages: the header's numbers and GUIDs in .NET's byte order.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/fragment.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define TO_CLIENT "\1\0\0\0"
#define OUTPUT "\4\20\4\0"
#define POOL "\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff"
#define PIPELINE "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1"
#define HEADER TO_CLIENT OUTPUT POOL PIPELINE

static const struct {
	const char *name, *bytes;
	size_t len;
	int want;
	const char *xml;
} rows[] = {
	{ "a message", HEADER "<S>a</S>", 48, CW_OK, "<S>a</S>" },
	{ "with a byte order mark", HEADER "\xef\xbb\xbf<S/>", 47, CW_OK, "<S/>" },
	{ "without a text", HEADER, 40, CW_OK, "" },
	{ "a byte order mark alone", HEADER "\xef\xbb\xbf", 43, CW_OK, "" },
	{ "half a byte order mark", HEADER "\xef\xbb", 42, CW_OK, "\xef\xbb" },
	{ "header cut short", HEADER, 39, CW_EPROTO, NULL },
	{ "nothing", "", 0, CW_EPROTO, NULL },
};

static void
check_row(size_t i)
{
	struct cw_psrp_message m;
	struct cw_err err = { 0 };
	char text[CW_UUID_TEXT];
	int r;

	test_case = rows[i].name;
	r = cw_psrp_message_read(&m, (const uint8_t *)rows[i].bytes, rows[i].len, &err);
	CHECK_EQ(r, rows[i].want);
	if (r < 0) {
		CHECK(strstr(err.text, "its header alone has 40") != NULL);
		return;
	}
	CHECK_EQ(m.destination, CW_PSRP_TO_CLIENT);
	CHECK_EQ(m.type, CW_PSRP_PIPELINE_OUTPUT);
	cw_uuid_text(text, m.pool_id);
	CHECK_STR(text, "00112233-4455-6677-8899-aabbccddeeff");
	cw_uuid_text(text, m.pipeline_id);
	CHECK_STR(text, "00000000-0000-0000-0000-000000000001");
	CHECK_EQ(m.xml_len, strlen(rows[i].xml));
	CHECK(memcmp(m.xml, rows[i].xml, m.xml_len) == 0);
}

static void
test_put(void)
{
	struct cw_psrp_message m;
	struct cw_err err;
	struct cw_buf out;

	test_case = "what was read is written the same";
	cw_buf_init(&out, 48);
	CHECK_EQ(
	    cw_psrp_message_read(&m, (const uint8_t *)rows[0].bytes, rows[0].len, &err), CW_OK);
	CHECK_EQ(cw_psrp_message_put(&out, &m), CW_OK);
	CHECK_EQ(cw_buf_left(&out), rows[0].len);
	CHECK(memcmp(cw_buf_peek(&out), rows[0].bytes, rows[0].len) == 0);
	CHECK_EQ(cw_psrp_message_put(&out, &m), CW_ELIMIT);
	cw_buf_free(&out);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++)
		check_row(i);
	test_put();
	return test_failed;
}
