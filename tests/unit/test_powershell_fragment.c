/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments: what is read from which bytes, how an object is put together, and
 * that what is cut is put together again.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/fragment.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

/* Object, fragment number, flags, length. */
#define H(object, fragment, flags, len) "\0\0\0\0\0\0\0" object "\0\0\0\0\0\0\0" fragment flags len
#define N0 "\0\0\0\0"
#define N2 "\0\0\0\2"

static const struct {
	const char *name;
	const char *bytes;
	size_t len;
	int want; /* of the last read: CW_EAGAIN when all was fine */
	const char *says;
	const char *objects; /* each whole object's bytes, then a bar */
} rows[] = {
	{ "one object in one fragment", H("\1", "\0", "\3", N2) "hi", 23, CW_EAGAIN, "", "hi|" },
	{ "two objects", H("\1", "\0", "\3", N2) "hi" H("\2", "\0", "\3", N2) "ho", 46, CW_EAGAIN,
	    "", "hi|ho|" },
	{ "an object in three",
	    H("\1", "\0", "\1", N2) "ab" H("\1", "\1", "\0", N2) "cd" H("\1", "\2", "\2", N2) "ef",
	    69, CW_EAGAIN, "", "abcdef|" },
	{ "an empty object", H("\1", "\0", "\3", N0), 21, CW_EAGAIN, "", "|" },
	{ "empty fragments in the middle",
	    H("\1", "\0", "\1", N0) H("\1", "\1", "\0", N0) H("\1", "\2", "\2", N2) "ab", 65,
	    CW_EAGAIN, "", "ab|" },
	{ "header cut short", H("\1", "\0", "\3", N2), 20, CW_EAGAIN, "", "" },
	{ "blob cut short", H("\1", "\0", "\3", N2) "h", 22, CW_EAGAIN, "", "" },
	{ "an end that never comes", H("\1", "\0", "\1", N2) "hi", 23, CW_EAGAIN, "", "" },
	{ "an unknown flag", H("\1", "\0", "\7", N2) "hi", 23, CW_EPROTO, "flags 0x07", "" },
	{ "object 0", H("\0", "\0", "\3", N2) "hi", 23, CW_EPROTO, "of object 0", "" },
	{ "start with a later number", H("\1", "\1", "\3", N2) "hi", 23, CW_EPROTO,
	    "start flag and fragment number 1", "" },
	{ "number 0 without start", H("\1", "\0", "\2", N2) "hi", 23, CW_EPROTO,
	    "start flag and fragment number 0", "" },
	{ "a blob over the limit", H("\1", "\0", "\3", "\0\0\200\1"), 21, CW_ELIMIT,
	    "fragment of 32769 bytes, limit 32768", "" },
	{ "a blob of 4 GB", H("\1", "\0", "\3", "\377\377\377\377"), 21, CW_ELIMIT,
	    "fragment of 4294967295 bytes", "" },
	{ "the second one missing", H("\1", "\0", "\1", N2) "ab" H("\1", "\2", "\2", N2) "ef", 46,
	    CW_EPROTO, "fragment 2 of object 1 where 1 of 1 belongs", "" },
	{ "two in the wrong order",
	    H("\1", "\0", "\1", N2) "ab" H("\1", "\2", "\0", N2) "ef" H("\1", "\1", "\2", N2) "cd",
	    69, CW_EPROTO, "fragment 2 of object 1 where 1", "" },
	{ "a fragment twice",
	    H("\1", "\0", "\1", N2) "ab" H("\1", "\1", "\0", N2) "cd" H("\1", "\1", "\0", N2) "cd",
	    69, CW_EPROTO, "fragment 1 of object 1 where 2", "" },
	{ "an object twice", H("\1", "\0", "\3", N2) "hi" H("\1", "\0", "\3", N2) "hi", 46,
	    CW_EPROTO, "object 1 comes twice", "hi|" },
	{ "an object of two twice",
	    H("\1", "\0", "\1", N2) "ab" H("\1", "\1", "\2", N2) "cd" H("\1", "\0", "\1", N2) "ab",
	    69, CW_EPROTO, "object 1 comes twice", "abcd|" },
	{ "a new object inside another one",
	    H("\1", "\0", "\1", N2) "ab" H("\2", "\0", "\3", N2) "xy", 46, CW_EPROTO,
	    "object 2 begins inside object 1", "" },
	{ "another object's end", H("\1", "\0", "\1", N2) "ab" H("\2", "\1", "\2", N2) "xy", 46,
	    CW_EPROTO, "fragment 1 of object 2 where 1 of 1", "" },
	{ "a middle without a start", H("\1", "\1", "\2", N2) "ab", 23, CW_EPROTO,
	    "fragment 1 of object 1 where 0 of 0", "" },
	{ "a middle after a whole object",
	    H("\1", "\0", "\3", N2) "hi" H("\1", "\1", "\2", N2) "xy", 46, CW_EPROTO,
	    "fragment 1 of object 1 where 0", "hi|" },
};

static int
read_all(struct cw_buf *in, struct cw_psrp_assembly *a, struct cw_buf *objects, struct cw_err *err)
{
	struct cw_psrp_fragment f;
	const uint8_t *p;
	size_t len;
	int r;

	while ((r = cw_psrp_fragment_read(&f, in, err)) == CW_OK) {
		if ((r = cw_psrp_assembly_add(a, &f, &p, &len, err)) == CW_EAGAIN)
			continue;
		if (r < 0)
			return r;
		(void)cw_buf_put(objects, p, len);
		(void)cw_buf_putc(objects, '|');
	}
	return r;
}

static void
check_row(size_t i, size_t step)
{
	struct cw_psrp_assembly a = { 0 };
	struct cw_buf in, objects;
	struct cw_err err = { 0 };
	int r = CW_EAGAIN;

	test_case = rows[i].name;
	cw_buf_init(&in, 1024);
	cw_buf_init(&objects, 1024);
	for (size_t at = 0; at < rows[i].len && r == CW_EAGAIN; at += step) {
		size_t n = rows[i].len - at < step ? rows[i].len - at : step;

		CHECK_EQ(cw_buf_put(&in, rows[i].bytes + at, n), CW_OK);
		r = read_all(&in, &a, &objects, &err);
	}
	CHECK_EQ(r, rows[i].want);
	CHECK(strstr(err.text, rows[i].says) != NULL);
	CHECK_STR(cw_buf_str(&objects), rows[i].objects);
	cw_psrp_assembly_free(&a);
	cw_buf_free(&in);
	cw_buf_free(&objects);
}

/* A series of fragments that goes on past the limit of one message. */
static void
test_endless(void)
{
	struct cw_psrp_fragment f = { .object_id = 1, .start = true };
	struct cw_psrp_assembly a = { 0 };
	struct cw_err err = { 0 };
	const uint8_t *p;
	size_t len;
	uint8_t *blob = calloc(1, CW_PSRP_BLOB_MAX);
	int r = CW_EAGAIN;

	test_case = "fragments without end";
	f.blob = blob;
	f.blob_len = CW_PSRP_BLOB_MAX;
	for (; r == CW_EAGAIN && f.fragment_id < 2000; f.fragment_id++, f.start = false)
		r = cw_psrp_assembly_add(&a, &f, &p, &len, &err);
	CHECK_EQ(r, CW_ELIMIT);
	CHECK_EQ(f.fragment_id, CW_PSRP_MESSAGE_MAX / CW_PSRP_BLOB_MAX + 1);
	cw_psrp_assembly_free(&a);
	free(blob);
}

static void
test_round_trip(void)
{
	static const size_t sizes[] = { 0, 1, CW_PSRP_BLOB_MAX - 1, CW_PSRP_BLOB_MAX,
		CW_PSRP_BLOB_MAX + 1, 3 * CW_PSRP_BLOB_MAX + 7 };
	uint8_t *object = malloc(4 * CW_PSRP_BLOB_MAX);

	test_case = "cut and put together";
	for (size_t i = 0; i < 4 * CW_PSRP_BLOB_MAX; i++)
		object[i] = (uint8_t)(i * 31 >> 3);
	for (size_t i = 0; i < CW_COUNT(sizes); i++) {
		struct cw_psrp_assembly a = { 0 };
		struct cw_buf wire, got;
		struct cw_err err = { 0 };

		cw_buf_init(&wire, 1u << 20);
		cw_buf_init(&got, 1u << 20);
		CHECK_EQ(cw_psrp_fragment_put(&wire, 9, object, sizes[i]), CW_OK);
		CHECK_EQ(read_all(&wire, &a, &got, &err), CW_EAGAIN);
		CHECK_EQ(cw_buf_left(&got), sizes[i] + 1);
		CHECK(memcmp(cw_buf_peek(&got), object, sizes[i]) == 0);
		cw_psrp_assembly_free(&a);
		cw_buf_free(&wire);
		cw_buf_free(&got);
	}
	free(object);
}

static void
test_all_or_nothing(void)
{
	struct cw_buf out;

	test_case = "no room for the second fragment";
	cw_buf_init(&out, CW_PSRP_BLOB_MAX + 100);
	CHECK_EQ(cw_buf_puts(&out, "before"), CW_OK);
	CHECK_EQ(cw_psrp_fragment_put(&out, 1, "", 0), CW_OK);
	uint8_t *object = calloc(1, CW_PSRP_BLOB_MAX + 60);
	CHECK_EQ(cw_psrp_fragment_put(&out, 2, object, CW_PSRP_BLOB_MAX + 60), CW_ELIMIT);
	CHECK_EQ(cw_buf_left(&out), 6 + CW_PSRP_FRAGMENT_HEADER);
	free(object);
	cw_buf_free(&out);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		check_row(i, rows[i].len);
		check_row(i, 1);
	}
	test_endless();
	test_round_trip();
	test_all_or_nothing();
	return test_failed;
}
