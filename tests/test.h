/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_TEST_H
#define CW_TEST_H

#include <stdio.h>
#include <string.h>

/*
 * What a unit test needs: two checks that print both values, and a count.
 * A test file defines `int test_failed;` and `const char *test_case`, runs its
 * rows from a plain main and returns test_failed.
 */
extern int test_failed;

#define CHECK_EQ(a, b)                                                                            \
	do {                                                                                      \
		long long a_ = (long long)(a), b_ = (long long)(b);                               \
		if (a_ != b_) {                                                                   \
			fprintf(stderr, "%s:%d: %s: %s is %lld, want %lld\n", __FILE__, __LINE__, \
			    test_case, #a, a_, b_);                                               \
			test_failed = 1;                                                          \
		}                                                                                 \
	} while (0)

#define CHECK_STR(a, b)                                                                       \
	do {                                                                                  \
		const char *a_ = (a), *b_ = (b);                                              \
		if (a_ == NULL || b_ == NULL ? a_ != b_ : strcmp(a_, b_) != 0) {              \
			fprintf(stderr, "%s:%d: %s: %s is\n  %s\nwant\n  %s\n", __FILE__,     \
			    __LINE__, test_case, #a, a_ ? a_ : "(null)", b_ ? b_ : "(null)"); \
			test_failed = 1;                                                      \
		}                                                                             \
	} while (0)

#define CHECK(cond)                                                                               \
	do {                                                                                      \
		if (!(cond)) {                                                                    \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, test_case, \
			    #cond);                                                               \
			test_failed = 1;                                                          \
		}                                                                                 \
	} while (0)

#endif
