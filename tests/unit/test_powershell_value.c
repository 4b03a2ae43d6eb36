/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The arena's limits and alignment, and looking at values.
 */
#include <stdalign.h>

#include "base/err.h"
#include "powershell/value.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static void
test_arena(void)
{
	struct cw_ps_arena *a;
	uint8_t *p, *q;
	size_t total;

	test_case = "zeroed and aligned";
	CHECK_EQ(cw_ps_arena_new(&a, 100000), CW_OK);
	for (size_t n = 1; n < 40; n++) {
		p = cw_ps_arena_alloc(a, n);
		CHECK((uintptr_t)p % alignof(max_align_t) == 0);
		if (p == NULL) {
			CHECK(p != NULL);
			break;
		}
		for (size_t i = 0; i < n; i++)
			CHECK_EQ(p[i], 0);
		memset(p, 0xff, n);
	}
	CHECK(cw_ps_arena_alloc(a, 0) != NULL);

	test_case = "zeroed again after a reset";
	cw_ps_arena_reset(a);
	p = cw_ps_arena_alloc(a, 1000);
	for (size_t i = 0; i < 1000; i++)
		CHECK_EQ(p[i], 0);

	test_case = "its limit";
	CHECK(cw_ps_arena_alloc(a, 100001) == NULL);
	CHECK(cw_ps_arena_alloc(a, SIZE_MAX) == NULL);
	for (total = 0; (p = cw_ps_arena_alloc(a, 5000)) != NULL; total += 5000)
		;
	CHECK(total >= 60000 && total <= 100000);

	test_case = "all of it again after a reset";
	cw_ps_arena_reset(a);
	CHECK(cw_ps_arena_alloc(a, 80000) != NULL);
	cw_ps_arena_free(a);

	test_case = "a large first block is not kept";
	CHECK_EQ(cw_ps_arena_new(&a, 1000000), CW_OK);
	p = cw_ps_arena_alloc(a, 500000);
	cw_ps_arena_reset(a);
	q = cw_ps_arena_alloc(a, 900000);
	CHECK(p != NULL && q != NULL);
	cw_ps_arena_free(a);
	cw_ps_arena_free(NULL);
}

static void
test_looking(void)
{
	static const char *const types[] = { "Deserialized.Lab.Thing", "System.Enum" };
	static const struct cw_ps_value deep = { .kind = CW_PS_STRING, .text = { "deep", 4 } };
	static const struct cw_ps_property inner_properties[] = { { "Leaf", &deep, true } };
	static const struct cw_ps_object inner_object = { .properties = inner_properties,
		.property_count = 1 };
	static const struct cw_ps_value inner = { .kind = CW_PS_OBJECT, .object = &inner_object };
	static const struct cw_ps_property properties[] = { { "Inner", &inner, false } };
	static const struct cw_ps_object object = { .types = types,
		.type_count = 2,
		.to_string = "words",
		.properties = properties,
		.property_count = 1 };
	static const struct cw_ps_value v = { .kind = CW_PS_I32, .object = &object, .i64 = -7 };
	static const char *const path[] = { "INNER", "leaf", NULL };
	static const char *const no_path[] = { "Inner", "Twig", NULL };
	int64_t n = 0;

	test_case = "properties in any case of letters";
	CHECK(cw_ps_get(&v, "inner") == &inner);
	CHECK(cw_ps_get(&v, "inne") == NULL);
	CHECK(cw_ps_get(&deep, "x") == NULL);
	CHECK(cw_ps_get(NULL, "x") == NULL);
	CHECK_STR(cw_ps_str(cw_ps_path(&v, path)), "deep");
	CHECK(cw_ps_path(&v, no_path) == NULL);

	test_case = "words and numbers";
	CHECK_STR(cw_ps_str(&v), "words");
	CHECK_STR(cw_ps_str(&deep), "deep");
	CHECK_STR(cw_ps_str(cw_ps_null()), NULL);
	CHECK(cw_ps_to_int(&v, &n));
	CHECK_EQ(n, -7);
	CHECK(!cw_ps_to_int(&deep, &n));
	CHECK(!cw_ps_to_int(NULL, &n));

	test_case = "types";
	CHECK(cw_ps_is_enum(&v));
	CHECK(cw_ps_is_type(&v, "Lab.Thing"));
	CHECK(!cw_ps_is_type(&v, "Lab.Thin"));
	CHECK(!cw_ps_is_enum(&inner));
}

static void
test_unsigned(void)
{
	struct cw_ps_value v = { .kind = CW_PS_U64, .u64 = INT64_MAX };
	int64_t n;

	test_case = "an unsigned number that does not fit";
	CHECK(cw_ps_to_int(&v, &n));
	v.u64++;
	CHECK(!cw_ps_to_int(&v, &n));
}

static void
test_full(void)
{
	struct cw_ps_arena *a;

	test_case = "a full arena makes no values";
	CHECK_EQ(cw_ps_arena_new(&a, 0), CW_OK);
	CHECK(cw_ps_bool(a, true) == NULL);
	CHECK(cw_ps_int(a, CW_PS_I32, 1) == NULL);
	CHECK(cw_ps_string(a, "x") == NULL);
	CHECK(cw_ps_secure(a, "x", 1) == NULL);
	CHECK(cw_ps_list(a, NULL, 0) == NULL);
	CHECK(cw_ps_map(a, NULL, 0) == NULL);
	CHECK(cw_ps_date_from_unix_ms(a, 0) == NULL);
	cw_ps_arena_free(a);
}

int
main(void)
{
	test_arena();
	test_looking();
	test_unsigned();
	test_full();
	return test_failed;
}
