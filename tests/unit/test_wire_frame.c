/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "test.h"
#include "wire/frame.h"

int test_failed;
static const char *test_case = "";

#define H(len, type, flags, stream) "\0\0" len type flags "\0\0" stream
#define S0 "\0\0\0\0"
#define S7 "\0\0\0\7"

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	int want; /* of the last read */
	unsigned frames;
} rows[] = {
	{ "a message", H("\0\2", "\1", "\0", S0) "{}", 14, CW_EAGAIN, 1 },
	{ "two pings", H("\0\10", "\5", "\0", S0) "12345678" H("\0\10", "\5", "\0", S0) "12345678",
	    40, CW_EAGAIN, 2 },
	{ "a chunk", H("\0\2", "\2", "\0", S7) "{}", 14, CW_EAGAIN, 1 },
	{ "a cancel", H("\0\0", "\4", "\0", S7), 12, CW_EAGAIN, 1 },
	{ "payload cut short", H("\0\2", "\1", "\0", S0) "{", 13, CW_EAGAIN, 0 },
	{ "unknown type 0", H("\0\0", "\0", "\0", S0), 12, CW_EPROTO, 0 },
	{ "unknown type 7", H("\0\0", "\7", "\0", S0), 12, CW_EPROTO, 0 },
	{ "unknown type 255", H("\0\0", "\377", "\0", S0), 12, CW_EPROTO, 0 },
	{ "unknown flag", H("\0\2", "\1", "\2", S0) "{}", 14, CW_EPROTO, 0 },
	{ "reserved bytes set", "\0\0\0\2\1\0\1\0\0\0\0\0{}", 14, CW_EPROTO, 0 },
	{ "compressed ping", H("\0\10", "\5", "\1", S0) "12345678", 20, CW_EPROTO, 0 },
	{ "message on a stream", H("\0\2", "\1", "\0", S7) "{}", 14, CW_EPROTO, 0 },
	{ "chunk on no stream", H("\0\2", "\2", "\0", S0) "{}", 14, CW_EPROTO, 0 },
	{ "empty message", H("\0\0", "\1", "\0", S0), 12, CW_EPROTO, 0 },
	{ "empty chunk", H("\0\0", "\2", "\0", S7), 12, CW_EPROTO, 0 },
	{ "short ping", H("\0\7", "\5", "\0", S0) "1234567", 19, CW_EPROTO, 0 },
	{ "long ping", H("\0\11", "\5", "\0", S0), 12, CW_ELIMIT, 0 },
	{ "cancel with a payload", H("\0\1", "\4", "\0", S7), 12, CW_ELIMIT, 0 },
	{ "message over the limit", "\0\20\0\1\1\0\0\0\0\0\0\0", 12, CW_ELIMIT, 0 },
	{ "message of 4 GB", "\377\377\377\377\1\0\0\0\0\0\0\0", 12, CW_ELIMIT, 0 },
	{ "chunk over the limit", "\0\1\0\1\2\0\0\0\0\0\0\7", 12, CW_ELIMIT, 0 },
	{ "compressed: unpacked length 0", H("\0\6", "\1", "\1", S0) "\0\0\0\0xx", 18, CW_ELIMIT,
	    0 },
	{ "compressed: unpacked length over the limit", H("\0\6", "\1", "\1", S0) "\0\20\0\1xx", 18,
	    CW_ELIMIT, 0 },
	{ "compressed: no zlib stream", H("\0\6", "\1", "\1", S0) "\0\0\0\2xx", 18, CW_EPROTO, 0 },
	{ "compressed: too short", H("\0\4", "\1", "\1", S0) "\0\0\0\1", 16, CW_EPROTO, 0 },
	{ "compressed: shorter than it says",
	    H("\0\16", "\1", "\1", S0) "\0\0\0\3x\234\253\256\5\0\1u\0\371", 26, CW_EPROTO, 0 },
};

static void
check_row(size_t i, size_t step)
{
	struct cw_buf in, plain;
	struct cw_frame f;
	struct cw_err err = { 0 };
	unsigned frames = 0;
	int r = CW_EAGAIN;

	cw_buf_init(&in, 2 * CW_FRAME_MESSAGE_MAX);
	cw_buf_init(&plain, CW_FRAME_MESSAGE_MAX);
	for (size_t at = 0; at < rows[i].len && r == CW_EAGAIN; at += step) {
		size_t n = rows[i].len - at < step ? rows[i].len - at : step;

		CHECK_EQ(cw_buf_put(&in, rows[i].bytes + at, n), CW_OK);
		while ((r = cw_frame_read(&f, &in, &plain, &err)) == CW_OK)
			frames++;
	}
	CHECK_EQ(r, rows[i].want);
	CHECK_EQ(frames, rows[i].frames);
	if (r != CW_EAGAIN)
		CHECK(err.text[0] != '\0');
	cw_buf_free(&in);
	cw_buf_free(&plain);
}

static void
check_round_trip(size_t n, int compressible)
{
	uint8_t *data = malloc(n);
	struct cw_buf out, plain;
	struct cw_frame f;
	struct cw_err err = { 0 };
	uint32_t x = 1;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525u + 1013904223u;
		data[i] = (uint8_t)(compressible ? 'a' + i % 7 : x >> 24);
	}
	cw_buf_init(&out, 2 * CW_FRAME_MESSAGE_MAX);
	cw_buf_init(&plain, CW_FRAME_MESSAGE_MAX);
	CHECK_EQ(cw_frame_put(&out, CW_FRAME_MESSAGE, 0, data, n), CW_OK);
	if (compressible && n >= CW_FRAME_COMPRESS_MIN)
		CHECK(cw_buf_left(&out) < n / 2);
	else
		CHECK_EQ(cw_buf_left(&out), n + CW_FRAME_HEADER);
	CHECK_EQ(cw_frame_read(&f, &out, &plain, &err), CW_OK);
	CHECK_EQ(f.len, n);
	CHECK(f.len == n && memcmp(f.data, data, n) == 0);
	CHECK_EQ(cw_buf_left(&out), 0);
	cw_buf_free(&out);
	cw_buf_free(&plain);
	free(data);
}

/* A megabyte of zeros in a frame that claims a kilobyte: stopped at the kilobyte. */
static void
check_bomb(void)
{
	struct cw_buf out, plain;
	struct cw_frame f;
	struct cw_err err = { 0 };
	uint8_t *zeros = calloc(1, CW_FRAME_MESSAGE_MAX);

	test_case = "bomb";
	cw_buf_init(&out, 2 * CW_FRAME_MESSAGE_MAX);
	cw_buf_init(&plain, CW_FRAME_MESSAGE_MAX);
	CHECK_EQ(cw_frame_put(&out, CW_FRAME_MESSAGE, 0, zeros, CW_FRAME_MESSAGE_MAX), CW_OK);
	memcpy(out.data + CW_FRAME_HEADER, "\0\0\4\0", 4);
	CHECK_EQ(cw_frame_read(&f, &out, &plain, &err), CW_EPROTO);
	CHECK(plain.cap <= 4096);
	cw_buf_free(&out);
	cw_buf_free(&plain);
	free(zeros);
}

int
main(void)
{
	static const size_t sizes[] = { 1, 1023, 1024, 1025, 60000, CW_FRAME_MESSAGE_MAX };
	struct cw_buf out;

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		check_row(i, rows[i].len);
		check_row(i, 1);
	}
	test_case = "round trip";
	for (size_t i = 0; i < CW_COUNT(sizes); i++) {
		check_round_trip(sizes[i], 0);
		check_round_trip(sizes[i], 1);
	}
	check_bomb();
	test_case = "limits of put";
	cw_buf_init(&out, 100);
	CHECK_EQ(cw_frame_put(&out, CW_FRAME_PING, 0, "1234567", 7), CW_ELIMIT);
	CHECK_EQ(cw_frame_put(&out, CW_FRAME_CHUNK, 1, "", 0), CW_ELIMIT);
	CHECK_EQ(cw_frame_put(&out, CW_FRAME_MESSAGE, 0, rows, 89), CW_ELIMIT);
	CHECK_EQ(cw_buf_left(&out), 0);
	CHECK_EQ(cw_frame_put(&out, CW_FRAME_MESSAGE, 0, rows, 88), CW_OK);
	cw_buf_free(&out);
	return test_failed;
}
