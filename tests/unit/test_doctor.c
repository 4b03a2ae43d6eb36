/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a doctor finds, from what was seen.
 */
#include "test.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "doctor/findings.h"

int test_failed;
const char *test_case = "";

#define NOW INT64_C(1795512600000) /* 2026-11-24T09:30:00Z */
#define DAY (INT64_C(24) * 3600 * 1000)

static const cJSON *
find(const cJSON *checks, const char *check)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, checks)
		if (cw_streq(cw_json_str(one, "check"), check))
			return one;
	return NULL;
}

static void
expect(const cJSON *checks, const char *check, const char *state, const char *seen)
{
	const cJSON *one = find(checks, check);

	CHECK_STR(cw_json_str(one, "state"), state);
	if (one != NULL && strstr(cw_json_str(one, "seen"), seen) == NULL)
		CHECK_STR(cw_json_str(one, "seen"), seen);
	/* Something to do, or nothing to say. */
	CHECK_EQ(cw_json_get(one, "remedy") != NULL, !cw_streq(state, "ok"));
}

static void
test_clock(void)
{
	static const struct {
		int64_t behind_ms;
		const char *state, *seen;
	} rows[] = { { 0, "ok", "within a second of the bridge's" },
		{ -999, "ok", "within a second" }, { 5000, "ok", "5.0 s behind the bridge's" },
		{ -31000, "warn", "31.0 s ahead of" }, { 250000, "fail", "behind" } };

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		cJSON *checks = cJSON_CreateArray();

		test_case = rows[i].seen;
		cw_finding_clock(checks, "clock", "the bridge's", rows[i].behind_ms);
		expect(checks, "clock", rows[i].state, rows[i].seen);
		cJSON_Delete(checks);
	}
}

static void
test_certificate(void)
{
	static const struct {
		int64_t from, until;
		const char *state, *seen;
	} rows[] = { { NOW - 10 * DAY, NOW + 80 * DAY, "ok", "10 days old, 80 days left" },
		{ NOW - 80 * DAY, NOW + 10 * DAY, "warn", "10 days left" },
		{ NOW - 90 * DAY, NOW - 2 * DAY, "fail", "expired 2 days ago" },
		{ NOW + DAY, NOW + 90 * DAY, "fail", "not valid yet" } };

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		cJSON *checks = cJSON_CreateArray();

		test_case = rows[i].seen;
		cw_finding_certificate(checks, rows[i].from, rows[i].until, NOW);
		expect(checks, "certificate", rows[i].state, rows[i].seen);
		cJSON_Delete(checks);
	}
}

static void
add(cJSON *lines, const char *text)
{
	cJSON_AddItemToArray(lines, cJSON_CreateString(text));
}

/* All that the catalogue knows of a role, but for one command or parameter. */
static void
add_module(cJSON *lines, const char *role, const char *without)
{
	const struct cw_catalogue_command *all;
	const struct cw_catalogue_parameter *p;
	struct cw_buf b;
	size_t n;

	cw_buf_init(&b, 65536);
	all = cw_catalogue_all(&n);
	for (size_t i = 0; i < n; i++) {
		if (!cw_streq(all[i].role, role) || cw_streq(all[i].name, without))
			continue;
		cw_buf_clear(&b);
		(void)cw_buf_printf(&b, "command\t%s\t%s\tVerbose", all[i].module, all[i].name);
		for (size_t k = 0; (p = cw_catalogue_parameter(&all[i], k)) != NULL; k++)
			if (!cw_streq(all[i].name, "Set-ADUser") || !cw_streq(p->name, without))
				(void)cw_buf_printf(&b, ",%s", p->name);
		if (all[i].server != NULL)
			(void)cw_buf_printf(&b, ",%s", all[i].server);
		add(lines, cw_buf_str(&b));
	}
	cw_buf_free(&b);
}

static void
test_modules(void)
{
	static const struct {
		const char *name, *without, *state, *seen;
		bool there;
	} rows[] = { { "all is there", "", "ok", "version 1.0.1.0, all", true },
		{ "a command is missing", "Set-ADUser", "warn", "lacks 1 of", true },
		{ "a parameter is missing", "Title", "warn", "without Set-ADUser -Title", true },
		{ "it cannot be imported", "", "fail", "cannot be imported: no such module",
		    false } };

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		cJSON *checks = cJSON_CreateArray(), *lines = cJSON_CreateArray();

		test_case = rows[i].name;
		add(lines,
		    rows[i].there ? "module\tActiveDirectory\t1.0.1.0"
				  : "missing\tActiveDirectory\tno such module");
		add_module(lines, "directory", rows[i].without);
		add(lines, "command\tActiveDirectory\tGet-ADNovelty\tVerbose");
		cw_finding_module(checks, lines, "directory");
		expect(checks, "module ActiveDirectory", rows[i].state, rows[i].seen);
		cJSON_Delete(checks);
		cJSON_Delete(lines);
	}
}

static void
test_look(void)
{
	static const char *const roles[] = { "directory", NULL };
	static const struct {
		const char *name, *lines[6], *check, *state, *seen;
	} rows[] = {
		{ "an engine", { "version\t5.1.20348.2227\tDesktop" }, "powershell", "ok",
		    "5.1.20348.2227 Desktop" },
		{ "its language", { "language\tFullLanguage" }, "language mode", "ok",
		    "FullLanguage" },
		{ "a machine with rules", { "language\tConstrainedLanguage" }, "language mode",
		    "warn", "ConstrainedLanguage" },
		{ "no language", { "language\tNoLanguage" }, "language mode", "fail", "" },
		{ "a modest account",
		    { "account\tLAB\\svc$\tS-1-5-21-1-2-3-1105", "group\tS-1-5-21-1-2-3-513",
			"group\tS-1-5-32-545" },
		    "account", "ok", "no member of Domain Admins" },
		{ "an account with too much",
		    { "account\tLAB\\admin\tS-1-5-21-1-2-3-500", "group\tS-1-5-21-1-2-3-512" },
		    "account", "warn", "a member of Domain Admins: more than is needed" },
		{ "and with more",
		    { "account\tLAB\\admin\tx", "group\tS-1-5-21-1-2-3-512",
			"group\tS-1-5-21-1-2-3-519" },
		    "account", "warn", "Enterprise Admins" },
		{ "a group that only ends so", { "account\tx\ty", "group\tS-1-5-32-512" },
		    "account", "ok", "" },
		{ "nobody told", { "account\t\t" }, "account", "warn", "does not tell" },
		{ "a domain", { "domain\tlab.test\tdc1.lab.test" }, "directory", "ok",
		    "lab.test, PDC emulator dc1.lab.test" },
		{ "no domain", { "nodomain\tUnable to contact the server" }, "directory", "fail",
		    "Unable to contact" },
		{ "all controllers",
		    { "domain\tlab.test\tdc1", "controller\tdc1\tok\t2026-11-24T09:30:00Z",
			"controller\tdc2\tok\t" },
		    "controllers", "ok", "2 of 2 answer" },
		{ "one is down",
		    { "domain\tlab.test\tdc1", "controller\tdc1\tok\t",
			"controller\tdc2\tfailed\tdown" },
		    "controllers", "warn", "1 of 2 answer; not dc2" },
		{ "all are down", { "domain\tlab.test\tdc1", "controller\tdc1\tfailed\tdown" },
		    "controllers", "fail", "0 of 1" },
		{ "the domain's clock",
		    { "domain\tlab.test\tdc1", "controller\tdc1\tok\t2026-11-24T09:40:00Z" },
		    "clock of the domain", "fail", "behind the domain controller's" },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		cJSON *checks = cJSON_CreateArray(), *lines = cJSON_CreateArray();

		test_case = rows[i].name;
		for (size_t k = 0; k < 6 && rows[i].lines[k] != NULL; k++)
			add(lines, rows[i].lines[k]);
		add(lines, "something\telse");
		cJSON_AddItemToArray(lines, cJSON_CreateNumber(1));
		cw_findings_of_look(checks, lines, roles, NOW);
		expect(checks, rows[i].check, rows[i].state, rows[i].seen);
		cJSON_Delete(checks);
		cJSON_Delete(lines);
	}
}

int
main(void)
{
	test_clock();
	test_certificate();
	test_modules();
	test_look();
	return test_failed;
}
