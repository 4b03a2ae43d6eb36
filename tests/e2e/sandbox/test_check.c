/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The check of the walls: they hold here; one that is left out is seen; and what
 * cannot be raised is said. argv: the launcher, the probe, a folder of launchers
 * that leave one wall out, leaky-NAME.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "run.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

static const struct {
	const char *leak;
	const char *wall; /* the one that must be found down */
} leaks[] = {
	{ "root", "identity" },
	{ "groups", "identity" },
	{ "network", "network" },
	{ "ipc", "ipc" },
	{ "uts", "host" },
	{ "cgroup", "host" },
	{ "pid", "processes" },
	{ "init", "processes" },
	{ "userns", "namespaces" },
	{ "session", "terminal" },
	{ "death", "death" },
	{ "filter", "filter" },
	{ "proc", "proc" },
	{ "proc-rw", "files" },
	{ "dev", "devices" },
	{ "host", "files" },
	{ "file", "files" },
	{ "tmp", "tmp" },
	{ "tmp-exec", "tmp" },
	{ "limits", "limits" },
	{ "descriptor", "descriptors" },
	{ "environment", "environment" },
};

static uv_loop_t loop;
static struct cw_sandbox_report report;
static bool done;

static void
on_done(void *arg, const struct cw_sandbox_report *r)
{
	(void)arg;
	report = *r;
	done = true;
}

static void
check(const struct cw_sandbox_config *config)
{
	struct cw_sandbox_check *c;
	struct cw_err err = { 0 };

	done = false;
	CHECK_EQ(cw_sandbox_check_start(&c, &loop, config, on_done, NULL, &err), CW_OK);
	while (!done)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

static const struct cw_sandbox_finding *
finding(const char *wall)
{
	for (size_t i = 0; i < report.count; i++)
		if (cw_streq(report.findings[i].wall->name, wall))
			return &report.findings[i];
	return NULL;
}

static void
test_holds(const struct cw_sandbox_config *config)
{
	test_case = "every wall holds";
	check(config);
	for (size_t i = 0; i < report.count; i++)
		(void)printf("%-12s %-4s %s\n", report.findings[i].wall->name,
		    report.findings[i].holds ? "ok" : "BAD", report.findings[i].detail);
	CHECK(report.ok);
	CHECK(cw_sandbox_report_worst(&report) == NULL);
}

static void
test_leaks(const struct cw_sandbox_config *config, const char *folder)
{
	struct cw_sandbox_config leaky = *config;
	char path[512], name[600];

	for (size_t i = 0; i < CW_COUNT(leaks); i++) {
		const struct cw_sandbox_finding *f;

		(void)snprintf(path, sizeof(path), "%s/leaky-%s", folder, leaks[i].leak);
		leaky.launcher = path;
		check(&leaky);
		f = finding(leaks[i].wall);
		if (!f->tried)
			f = cw_sandbox_report_worst(&report);
		(void)snprintf(name, sizeof(name), "without %s: %s: %s", leaks[i].leak,
		    leaks[i].wall, f->detail);
		test_case = name;
		CHECK(!report.ok);
		CHECK_STR(f->wall->name, leaks[i].wall);
		CHECK(!f->holds && f->detail[0] != '\0');
	}
}

static void
test_cannot(const struct cw_sandbox_config *config)
{
	struct cw_sandbox_config other = *config;
	static const char *const hidden[] = { "/etc/passwd", NULL };
	const char *many[CW_SANDBOX_HIDDEN_MAX + 2] = { NULL };
	struct cw_sandbox_check *c;
	struct cw_err err = { 0 };

	test_case = "no bubblewrap";
	other.bwrap = "/nonexistent/bwrap";
	check(&other);
	CHECK(!report.ok);
	CHECK_STR(cw_sandbox_report_worst(&report)->wall->name, "programs");
	CHECK_STR(cw_sandbox_report_worst(&report)->detail,
	    "/nonexistent/bwrap: No such file or directory");
	test_case = "no launcher";
	other = *config;
	other.launcher = "/nonexistent/launcher";
	check(&other);
	CHECK_STR(cw_sandbox_report_worst(&report)->wall->name, "programs");
	test_case = "something else in bubblewrap's place";
	other = *config;
	other.bwrap = "/bin/true";
	check(&other);
	CHECK_STR(cw_sandbox_report_worst(&report)->wall->name, "start");
	test_case = "bubblewrap says why it cannot";
	other.bwrap = "/bin/ls";
	check(&other);
	CHECK_STR(cw_sandbox_report_worst(&report)->wall->name, "start");
	CHECK(strstr(cw_sandbox_report_worst(&report)->detail, "unrecognized option") != NULL);
	test_case = "an id that an account has";
	other = *config;
	other.first_id = 65534 - 3;
	check(&other);
	CHECK_STR(cw_sandbox_report_worst(&report)->wall->name, "accounts");
	CHECK(strstr(cw_sandbox_report_worst(&report)->detail, "65534 belongs to nobody") != NULL);
	test_case = "a path that ought to be hidden and is not";
	other = *config;
	other.hidden = hidden;
	check(&other);
	CHECK_STR(cw_sandbox_report_worst(&report)->wall->name, "files");
	test_case = "more to hide than can be probed";
	for (size_t i = 0; i < CW_COUNT(many) - 1; i++)
		many[i] = "/x";
	other.hidden = many;
	CHECK_EQ(cw_sandbox_check_start(&c, &loop, &other, on_done, NULL, &err), CW_EINVAL);
}

static void
test_stop(const struct cw_sandbox_config *config)
{
	struct cw_sandbox_check *c;
	struct cw_err err = { 0 };

	test_case = "stopped before it is done";
	done = false;
	CHECK_EQ(cw_sandbox_check_start(&c, &loop, config, on_done, NULL, &err), CW_OK);
	cw_sandbox_check_stop(c);
	while (!done)
		(void)uv_run(&loop, UV_RUN_ONCE);
	CHECK(!report.ok);
}

/* Without root the answer is a clear one as well; the only test there. */
static void
test_no_power(const struct cw_sandbox_config *config)
{
	test_case = "not root";
	check(config);
	CHECK(!report.ok);
	CHECK_STR(cw_sandbox_report_worst(&report)->wall->name, "power");
	CHECK(strstr(cw_sandbox_report_worst(&report)->detail, "lacks CAP_") != NULL);
}

int
main(int argc, char **argv)
{
	struct cw_sandbox_config config;

	if (argc != 4 || uv_loop_init(&loop) < 0)
		return 2;
	run_config(&config, argv);
	if (getuid() != 0)
		test_no_power(&config);
	if (test_failed)
		return 1;
	run_need_walls(&config);
	test_holds(&config);
	test_leaks(&config, argv[3]);
	test_cannot(&config);
	test_stop(&config);
	CHECK_EQ(uv_loop_close(&loop), 0);
	return test_failed;
}
