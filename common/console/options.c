/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options by table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "console/options.h"

static const struct cw_option *
find(const struct cw_option *table, const char *name, size_t n, char letter)
{
	for (; table != NULL && table->name != NULL; table++)
		if (letter != 0 ? table->letter == letter
				: strlen(table->name) == n && memcmp(table->name, name, n) == 0)
			return table;
	return NULL;
}

static int
add_words(struct cw_words *words, char *text, bool split, const char *option, struct cw_err *err)
{
	char *end;

	do {
		end = split ? strchr(text, ',') : NULL;
		if (end != NULL)
			*end = '\0';
		if (*text == '\0')
			return cw_fail(err, CW_EINVAL, "--%s: an empty value in the list", option);
		if (words->n == CW_WORDS_MAX)
			return cw_fail(
			    err, CW_ELIMIT, "--%s: more than %d values", option, CW_WORDS_MAX);
		words->word[words->n++] = text;
		text = end != NULL ? end + 1 : NULL;
	} while (text != NULL);
	return CW_OK;
}

static int
store(const struct cw_option *o, void *values, char *text, struct cw_err *err)
{
	void *at = (char *)values + o->offset;
	char *end;
	long number;

	switch (o->kind) {
	case CW_OPTION_FLAG: *(bool *)at = true; return CW_OK;
	case CW_OPTION_TEXT: *(const char **)at = text; return CW_OK;
	case CW_OPTION_LIST: return add_words(at, text, true, o->name, err);
	case CW_OPTION_PAIRS: return add_words(at, text, false, o->name, err);
	case CW_OPTION_NUMBER:
		errno = 0;
		number = strtol(text, &end, 10);
		if (*text == '\0' || *end != '\0' || number < 0 || errno != 0)
			return cw_fail(err, CW_EINVAL,
			    "--%s: \"%s\" is not a whole number of 0 or more", o->name, text);
		*(long *)at = number;
		return CW_OK;
	}
	return CW_EINVAL;
}

/* One option at argv[*at], and the next word when it is its value. */
static int
parse_one(const struct cw_option *table, void *own, const struct cw_option *global, void *shared,
    int argc, char **argv, int *at, struct cw_err *err)
{
	char *word = argv[*at], *name = word + 2, *value = NULL;
	const struct cw_option *o;
	bool is_long = word[1] == '-';
	size_t n;

	if (is_long) {
		value = strchr(name, '=');
		n = value != NULL ? (size_t)(value - name) : strlen(name);
		if (value != NULL)
			value++;
	} else {
		n = 1;
		value = word[2] != '\0' ? word + 2 : NULL;
	}
	if ((o = find(table, name, n, is_long ? 0 : word[1])) != NULL)
		shared = own;
	else if ((o = find(global, name, n, is_long ? 0 : word[1])) == NULL)
		return cw_fail(err, CW_EINVAL, "there is no option %s here; --help lists them",
		    is_long ? word : (char[]){ '-', word[1], '\0' });
	if (o->kind == CW_OPTION_FLAG && value != NULL)
		return cw_fail(err, CW_EINVAL, "--%s takes no value", o->name);
	if (o->kind != CW_OPTION_FLAG && value == NULL) {
		if (*at + 1 >= argc)
			return cw_fail(err, CW_EINVAL, "--%s needs a value: --%s %s", o->name,
			    o->name, o->value);
		value = argv[++*at];
	}
	return store(o, shared, value, err);
}

int
cw_options_parse(const struct cw_option *table, void *own, const struct cw_option *global,
    void *shared, int *argc, char **argv, bool stop_at_word, struct cw_err *err)
{
	int left = 0, r;

	for (int i = 0; i < *argc; i++) {
		if (strcmp(argv[i], "--") == 0 ||
		    (stop_at_word && (argv[i][0] != '-' || argv[i][1] == '\0'))) {
			i += argv[i][0] == '-' && argv[i][1] == '-';
			while (i < *argc)
				argv[left++] = argv[i++];
		} else if (argv[i][0] == '-' && argv[i][1] != '\0') {
			if ((r = parse_one(table, own, global, shared, *argc, argv, &i, err)) < 0)
				return r;
		} else {
			argv[left++] = argv[i];
		}
	}
	*argc = left;
	return CW_OK;
}

int
cw_options_help(struct cw_buf *b, const struct cw_option *table)
{
	size_t widest = 0, n;
	int r;

	for (const struct cw_option *o = table; o != NULL && o->name != NULL; o++) {
		n = strlen(o->name) + (o->value != NULL ? strlen(o->value) + 1 : 0);
		widest = n > widest ? n : widest;
	}
	for (const struct cw_option *o = table; o != NULL && o->name != NULL; o++) {
		n = strlen(o->name) + (o->value != NULL ? strlen(o->value) + 1 : 0);
		if (o->letter != 0)
			r = cw_buf_printf(b, "  -%c, --%s", o->letter, o->name);
		else
			r = cw_buf_printf(b, "      --%s", o->name);
		if (r < 0 ||
		    (r = cw_buf_printf(b, "%s%s%*s  %s\n", o->value != NULL ? " " : "",
			 o->value != NULL ? o->value : "", (int)(widest - n), "", o->help)) < 0)
			return r;
	}
	return CW_OK;
}
