/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_FILTER_TREE_H
#define CW_CATALOGUE_FILTER_TREE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "catalogue/filter.h"
#include "catalogue/property.h"

/*
 * A PowerShell filter as a tree, between filter.c, which reads it, and
 * filter_write.c, which writes it. Nodes name each other by number.
 */
enum filter_op {
	FILTER_EQ,
	FILTER_NE,
	FILTER_LIKE,
	FILTER_NOTLIKE,
	FILTER_GE,
	FILTER_GT,
	FILTER_LE,
	FILTER_LT,
	FILTER_APPROX,
	FILTER_BAND,
	FILTER_BOR,
	FILTER_RECURSIVE,
	FILTER_OPS,
};
extern const char *const filter_op_names[FILTER_OPS]; /* "-eq", ... */

enum filter_node_type { FILTER_AND, FILTER_OR, FILTER_NOT, FILTER_COMPARISON };
enum filter_value_type { FILTER_TEXT, FILTER_NUMBER, FILTER_TRUE, FILTER_FALSE };

#define FILTER_NONE UINT32_MAX

struct filter_node {
	enum filter_node_type type;
	uint32_t child, next; /* the first below; the next beside */
	/* of a comparison: */
	const struct cw_property *property; /* NULL: the attribute by its own name */
	const struct cw_attribute *attribute;
	enum filter_op op;
	enum filter_value_type value_type;
	uint32_t value, value_len; /* bytes in the tree's values */
	uint32_t at; /* character in the text, for errors */
};

struct filter_tree {
	struct filter_node *nodes;
	uint32_t count, room;
	struct cw_buf values; /* as meant, escapes taken off */
	struct cw_buf literal; /* beside each byte of values: 1 where it is no wildcard */
	struct cw_err *err;
};

/* Fails with "the filter has <what> at character N". */
int filter_wrong(const struct filter_tree *tree, const char *what, size_t at);

/* Appends the tree from root on, as RFC 4515 or as the module's own syntax. */
int filter_write_ldap(struct cw_buf *out, const struct filter_tree *tree, uint32_t root);
int filter_write_module(struct cw_buf *out, const struct filter_tree *tree, uint32_t root);

#endif
