/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_CATALOGUE_FILTER_H
#define CW_CATALOGUE_FILTER_H

#include <stddef.h>

#include <cjson/cJSON.h>

struct cw_attribute;
struct cw_buf;
struct cw_catalogue_kind;
struct cw_err;

/*
 * Filters of the directory, parsed here so that the engine never sees them as
 * text to evaluate. What is appended is written anew from what was understood.
 * CW_EINVAL says what is wrong and at which character; CW_EDENIED names an
 * attribute that is secret or not in the catalogue.
 */
#define CW_FILTER_MAX 16384u /* bytes */
#define CW_FILTER_DEPTH_MAX 64u /* parentheses and operators */

/* What a filter is about. */
struct cw_filter_scope {
	const struct cw_catalogue_kind *kind; /* whose properties it may name; NULL: none */
	/* Values of variables, {"n": ..., "user.Name": ...}: a text, a whole number, true, false,
	 * or an object with its DistinguishedName. NULL: there are none. */
	const cJSON *variables;
	/* Each attribute that it looks at; a failure ends the parsing. May be NULL: then secret
	 * ones are refused, all others are fine. */
	int (*seen)(void *arg, const struct cw_attribute *attribute, struct cw_err *err);
	void *arg;
};

/* AD's PowerShell filter syntax (about_ActiveDirectory_Filter): Title -eq 'CTO' -and Enabled -eq
 * $true. Out comes RFC 4515. */
int cw_filter_from_powershell(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err);
/* The same, for a cmdlet that has -Filter alone: out comes the same syntax, without variables. */
int cw_filter_for_module(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err);
/* RFC 4515. White space between filters is taken and left out. */
int cw_filter_from_ldap(struct cw_buf *out, const char *text, size_t n,
    const struct cw_filter_scope *scope, struct cw_err *err);

#endif
