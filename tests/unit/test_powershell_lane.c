/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Data in flight: what goes out, and when.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/lane.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static struct cw_psrp_lane lane;
static struct cw_buf out;

/* How many Data lines have been written; they are gone then. */
static int
lines(void)
{
	struct cw_outproc_line line;
	struct cw_err err;
	int n = 0;

	while (cw_outproc_read(&line, &out, &err) == CW_OK)
		n++;
	return n;
}

static void
test_one_at_a_time(void)
{
	static uint8_t message[2 * CW_PSRP_BLOB_MAX + 1];

	test_case = "three fragments need three acknowledgements";
	cw_psrp_lane_init(&lane);
	CHECK_EQ(cw_psrp_lane_queue(&lane, 1, message, sizeof(message)), CW_OK);
	for (int i = 0; i < 3; i++) {
		CHECK_EQ(cw_psrp_lane_pump(&lane, &out, 100), CW_OK);
		CHECK_EQ(lines(), 1);
		CHECK_EQ(lane.ack_due_ms, 100);
		CHECK_EQ(cw_psrp_lane_pump(&lane, &out, 200), CW_OK);
		CHECK_EQ(lines(), 0);
		cw_psrp_lane_acked(&lane);
	}
	CHECK_EQ(cw_psrp_lane_pump(&lane, &out, 100), CW_OK);
	CHECK_EQ(lines(), 0);
	CHECK(lane.ack_due_ms == CW_PSRP_NO_DEADLINE);

	test_case = "an acknowledgement of nothing";
	cw_psrp_lane_acked(&lane);
	CHECK_EQ(cw_psrp_lane_queue(&lane, 2, "a", 1), CW_OK);
	CHECK_EQ(cw_psrp_lane_queue(&lane, 3, "b", 1), CW_OK);
	CHECK_EQ(cw_psrp_lane_pump(&lane, &out, 100), CW_OK);
	CHECK_EQ(lines(), 1);

	test_case = "a held lane";
	lane.held = true;
	cw_psrp_lane_acked(&lane);
	CHECK_EQ(cw_psrp_lane_pump(&lane, &out, 100), CW_OK);
	CHECK_EQ(lines(), 0);
	lane.held = false;
	CHECK_EQ(cw_psrp_lane_pump(&lane, &out, 100), CW_OK);
	CHECK_EQ(lines(), 1);
	cw_psrp_lane_free(&lane);
}

static void
test_limit(void)
{
	static uint8_t message[CW_PSRP_MESSAGE_MAX];
	size_t before;

	test_case = "more than may wait";
	cw_psrp_lane_init(&lane);
	CHECK_EQ(cw_psrp_lane_queue(&lane, 1, message, sizeof(message)), CW_OK);
	before = cw_buf_left(&lane.tx);
	CHECK_EQ(cw_psrp_lane_queue(&lane, 2, message, sizeof(message)), CW_ELIMIT);
	CHECK_EQ(cw_buf_left(&lane.tx), before);
	CHECK_EQ(cw_psrp_lane_queue(&lane, 3, "a", 1), CW_OK);
	cw_psrp_lane_free(&lane);
}

static void
test_in(void)
{
	static const char text[] = /* two objects of two bytes in one Data; the second one cut */
	    "AAAAAAAAAAEAAAAAAAAAAAMAAAACaGkAAAAAAAAAAgAAAAAAAAAAAwAAAAJo";
	struct cw_err err = { 0 };
	const uint8_t *p;
	size_t len;

	test_case = "whole messages out of Data";
	cw_psrp_lane_init(&lane);
	CHECK_EQ(cw_psrp_lane_take(&lane, text, strlen(text), &err), CW_OK);
	CHECK_EQ(cw_psrp_lane_next(&lane, &p, &len, &err), CW_OK);
	CHECK(len == 2 && memcmp(p, "hi", 2) == 0);
	CHECK_EQ(cw_psrp_lane_next(&lane, &p, &len, &err), CW_EAGAIN);
	CHECK_EQ(cw_psrp_lane_take(&lane, "bw==", 4, &err), CW_OK);
	CHECK_EQ(cw_psrp_lane_next(&lane, &p, &len, &err), CW_OK);
	CHECK(len == 2 && memcmp(p, "ho", 2) == 0);
	test_case = "no base64";
	CHECK_EQ(cw_psrp_lane_take(&lane, "!!!!", 4, &err), CW_EPROTO);
	CHECK_STR(err.text, "Data from PowerShell that is not base64");

	test_case = "reset keeps the GUID alone";
	lane.guid[0] = 7;
	lane.held = true;
	CHECK_EQ(cw_psrp_lane_queue(&lane, 1, "a", 1), CW_OK);
	cw_psrp_lane_reset(&lane);
	CHECK_EQ(lane.guid[0], 7);
	CHECK(!lane.held);
	CHECK_EQ(cw_buf_left(&lane.tx), 0);
	cw_psrp_lane_free(&lane);
}

int
main(void)
{
	cw_buf_init(&out, 1u << 20);
	test_one_at_a_time();
	test_limit();
	test_in();
	cw_buf_free(&out);
	return test_failed;
}
