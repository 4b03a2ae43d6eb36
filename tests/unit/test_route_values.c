/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes into a change: properties and their forms, names of users, new passwords.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "crypto/password.h"
#include "route/properties.h"
#include "route/route.h"
#include "route/target.h"
#include "test.h"

int test_failed;
const char *test_case = "";

/* --- properties */

#define LONG_64 "0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *name, *property, *given;
	const char *ours; /* as JSON; NULL: refused */
	const char *text; /* of the refusal */
} wanted[] = {
	{ "a text", "jobTitle", "\"Lead\"", "\"Lead\"", NULL },
	{ "cleared", "jobTitle", "null", "null", NULL },
	{ "not a text", "jobTitle", "7", NULL, "jobTitle must be a string, or null to clear it" },
	{ "empty", "jobTitle", "\"\"", NULL, "jobTitle is empty; null clears it" },
	{ "as long as it may be", "department", "\"" LONG_64 "\"", "\"" LONG_64 "\"", NULL },
	{ "one more", "department", "\"" LONG_64 "4\"", NULL,
	    "department has 65 characters, the limit is 64" },
	{ "counted in UTF-16", "employeeId",
	    "\"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\"",
	    "\"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\"",
	    NULL },
	{ "a line end", "jobTitle", "\"a\\nb\"", NULL, "jobTitle holds a control character" },
	{ "a blank around it", "jobTitle", "\" a\"", NULL, "jobTitle begins or ends with a blank" },
	{ "a wide blank behind it", "jobTitle", "\"a\u00a0\"", NULL,
	    "jobTitle begins or ends with a blank" },
	{ "a line separator before it", "city", "\"\u2028a\"", NULL,
	    "city begins or ends with a blank" },
	{ "nothing but a wide blank", "city", "\"\u3000\"", NULL,
	    "city begins or ends with a blank" },
	{ "wide blanks inside", "city", "\"a\u00a0\u3000b\"", "\"a\u00a0\u3000b\"", NULL },
	{ "what must stay", "displayName", "null", NULL, "displayName cannot be cleared" },
	{ "a list of one", "businessPhones", "[\"+44 1\"]", "\"+44 1\"", NULL },
	{ "a text for a list", "businessPhones", "\"+44 1\"", "\"+44 1\"", NULL },
	{ "an empty list", "businessPhones", "[]", "null", NULL },
	{ "a list of two", "businessPhones", "[\"1\",\"2\"]", NULL,
	    "businessPhones takes one value" },
	{ "a country", "usageLocation", "\"DE\"", "\"DE\"", NULL },
	{ "no country", "usageLocation", "\"de\"", NULL,
	    "usageLocation must be two capital letters of ISO 3166-1, as \"DE\"" },
	{ "half a country", "usageLocation", "\"D\"", NULL,
	    "usageLocation must be two capital letters of ISO 3166-1, as \"DE\"" },
};

static void
check_json(const cJSON *value, const char *want)
{
	char *text = value != NULL ? cJSON_PrintUnformatted(value) : NULL;

	CHECK_STR(text, want);
	cJSON_free(text);
}

static void
test_wanted(void)
{
	for (size_t i = 0; i < CW_COUNT(wanted); i++) {
		const struct route_property *p = route_property_find(wanted[i].property);
		cJSON *given = cJSON_Parse(wanted[i].given), *ours = NULL;
		struct cw_err err = { 0 };

		test_case = wanted[i].name;
		CHECK_EQ(route_property_wanted(&ours, p, given, &err),
		    wanted[i].ours != NULL ? CW_OK : CW_EINVAL);
		check_json(ours, wanted[i].ours);
		if (wanted[i].text != NULL)
			CHECK_STR(err.text, wanted[i].text);
		cJSON_Delete(given);
		cJSON_Delete(ours);
	}
}

/* What -Properties and Set-ADUser are given must be in the catalogue. */
static void
test_table(void)
{
	const char *const *names = cw_route_properties();
	size_t n = 0;

	test_case = "the table agrees with the catalogue";
	for (const struct route_property *p = route_properties; p->graph != NULL; p++) {
		struct cw_catalogue_call *call = NULL;
		cJSON *parameters = cJSON_CreateObject();
		struct cw_err err = { 0 };

		cJSON_AddStringToObject(parameters, "Identity", "x");
		if (p->parameter != NULL)
			cJSON_AddNullToObject(parameters, p->parameter);
		else if (p->ldap != NULL && !(p->flags & ROUTE_FLAG))
			cJSON_AddStringToObject(
			    cJSON_AddObjectToObject(parameters, "Replace"), p->ldap, "x");
		CHECK_EQ(cw_catalogue_bind(&call, "Set-ADUser", parameters, &err), CW_OK);
		CHECK_STR(err.text, "");
		cw_catalogue_call_free(call);
		cJSON_Delete(parameters);
		if (!(p->flags & ROUTE_FLAG))
			CHECK_STR(names[n++], p->graph);
	}
	CHECK(names[n] == NULL);
	CHECK(route_property_find("JobTitle") == NULL);
}

static void
test_forms(void)
{
	const struct route_property *phones = route_property_find("businessPhones"),
				    *title = route_property_find("jobTitle"),
				    *enabled = route_property_find("accountEnabled");
	cJSON *user = cJSON_Parse("{\"officephone\":[\"+44 1\"],\"TITLE\":\"\",\"Enabled\":false,"
				  "\"businessPhones\":[],\"jobTitle\":\"A\"}");
	const struct {
		cJSON *value;
		const char *want;
	} forms[] = {
		{ route_property_of_ad(phones, user), "\"+44 1\"" },
		{ route_property_of_ad(title, user), "null" },
		{ route_property_of_ad(enabled, user), "false" },
		{ route_property_of_ad(title, NULL), "null" },
		{ route_property_of_entra(phones, user), "null" },
		{ route_property_of_entra(title, user), "\"A\"" },
		{ route_property_for_graph(phones, cJSON_GetObjectItem(user, "jobTitle")),
		    "[\"A\"]" },
		{ route_property_for_graph(phones, NULL), "[]" },
		{ route_property_for_graph(title, NULL), "null" },
	};

	test_case = "one value in many forms";
	for (size_t i = 0; i < CW_COUNT(forms); i++) {
		check_json(forms[i].value, forms[i].want);
		cJSON_Delete(forms[i].value);
	}
	cJSON_Delete(user);
}

/* --- names */

static const struct {
	const char *name, *target;
	const char *filter; /* NULL: refused */
	const char *path; /* of target.user */
} targets[] = {
	{ "a sign-in name", "{\"user\":\"ada@lab.test\"}", "(userPrincipalName=ada@lab.test)",
	    "/users/ada%40lab.test" },
	{ "an account", "{\"sam\":\"ada\"}", "(sAMAccountName=ada)", NULL },
	{ "a filter in a name", "{\"sam\":\"a)(cn=*\\\\\"}",
	    "(sAMAccountName=a\\29\\28cn=\\2a\\5c)", NULL },
	{ "a path in a name", "{\"user\":\"a/../b?c#@x\"}", "(userPrincipalName=a/../b?c#@x)",
	    "/users/a%2F..%2Fb%3Fc%23%40x" },
	{ "a guest", "{\"user\":\"a_b.c#EXT#@lab.test\"}",
	    "(userPrincipalName=a_b.c#EXT#@lab.test)", "/users/a_b.c%23EXT%23%40lab.test" },
	{ "a name that begins with $", "{\"user\":\"$a'b@x\"}", "(userPrincipalName=$a'b@x)",
	    "/users('%24a''b%40x')" },
	{ "letters of all kinds", "{\"user\":\"zo\u00eb@x\"}", "(userPrincipalName=zo\u00eb@x)",
	    "/users/zo%C3%AB%40x" },
	{ "nobody", "{}", NULL, NULL },
	{ "both", "{\"user\":\"a@x\",\"sam\":\"a\"}", NULL, NULL },
	{ "something else", "{\"user\":\"a@x\",\"guid\":\"1\"}", NULL, NULL },
	{ "not a text", "{\"user\":7}", NULL, NULL },
	{ "empty", "{\"sam\":\"\"}", NULL, NULL },
	{ "no sign-in name", "{\"user\":\"ada\"}", NULL, NULL },
	{ "two @", "{\"user\":\"a@b@c\"}", NULL, NULL },
	{ "nothing before the @", "{\"user\":\"@c\"}", NULL, NULL },
	{ "a line end", "{\"sam\":\"a\\r\\nb\"}", NULL, NULL },
};

static void
test_targets(void)
{
	for (size_t i = 0; i < CW_COUNT(targets); i++) {
		cJSON *target = cJSON_Parse(targets[i].target);
		struct cw_buf filter, path;
		struct cw_err err = { 0 };

		test_case = targets[i].name;
		cw_buf_init(&filter, 4096);
		cw_buf_init(&path, 4096);
		CHECK_EQ(route_target_check(target, &err),
		    targets[i].filter != NULL ? CW_OK : CW_EINVAL);
		CHECK_EQ(err.text[0] == '\0', targets[i].filter != NULL);
		if (targets[i].filter != NULL) {
			CHECK_EQ(route_target_filter(&filter, target), CW_OK);
			CHECK_STR(cw_buf_str(&filter), targets[i].filter);
		}
		if (targets[i].path != NULL) {
			CHECK_EQ(route_target_path(&path, cw_json_str(target, "user")), CW_OK);
			CHECK_STR(cw_buf_str(&path), targets[i].path);
		}
		cw_buf_free(&filter);
		cw_buf_free(&path);
		cJSON_Delete(target);
	}
}

static void
test_anchor(void)
{
	struct cw_buf b;

	test_case = "the immutable id of a GUID";
	cw_buf_init(&b, 64);
	CHECK_EQ(route_target_anchor(&b, "11223344-5566-4788-99aa-bbccddeeff00"), CW_OK);
	CHECK_STR(cw_buf_str(&b), "RDMiEWZViEeZqrvM3e7/AA==");
	CHECK_EQ(route_target_anchor(&b, "no guid"), CW_EINVAL);
	cw_buf_free(&b);
}

/* --- passwords */

static void
test_passwords(void)
{
	/* Short parts of names that most passwords would hold by chance. */
	cJSON *names = cJSON_Parse("[\"ada.b\",\"x y-Zed\",\"ab\",7,\"\"]");
	char before[CW_PASSWORD_SIZE] = "";

	test_case = "passwords";
	for (int i = 0; i < 20000; i++) {
		char p[CW_PASSWORD_SIZE];
		int kinds[4] = { 0 };

		cw_password_make(p, names);
		CHECK_EQ(strlen(p), CW_PASSWORD_LENGTH);
		for (const char *c = p; *c != '\0'; c++)
			kinds[isupper((unsigned char)*c)     ? 0
				: islower((unsigned char)*c) ? 1
				: isdigit((unsigned char)*c) ? 2
							     : 3]++;
		CHECK(kinds[0] > 0 && kinds[1] > 0 && kinds[2] > 0 && kinds[3] > 0);
		CHECK(strpbrk(p, "IOlo01 \"'`$&<>|;,\\/") == NULL);
		CHECK(strcasestr(p, "ada") == NULL && strcasestr(p, "zed") == NULL);
		CHECK(strcmp(p, before) != 0);
		memcpy(before, p, sizeof(p));
	}
	cJSON_Delete(names);
}

int
main(void)
{
	test_wanted();
	test_table();
	test_forms();
	test_targets();
	test_anchor();
	test_passwords();
	return test_failed;
}
