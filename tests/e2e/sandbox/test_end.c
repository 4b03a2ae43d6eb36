/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How sandboxes end, and that nothing stays behind: killed, outlived by a child,
 * orphaned by an agent that crashes; and who may be where. argv: the launcher, the
 * probe, the hostile program.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "run.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

static struct cw_sandbox_config config;
static const char *hostile;
static char *hold[] = { (char *)"hold", NULL };
static char *hold_on[] = { (char *)"hold-on", NULL };

static struct cw_places *
places(void)
{
	struct cw_places *p = NULL;
	struct cw_err err = { 0 };

	CHECK_EQ(cw_places_new(&p, &config, &err), CW_OK);
	if (p == NULL)
		exit(1);
	return p;
}

static void
test_killed(bool filter)
{
	struct cw_places *p = places();
	struct run r;

	test_case = filter ? "killed" : "killed, without the filter";
	run_inside(&r, p, hostile, hold_on, filter);
	CHECK(run_wait_for(&r, "holding\n"));
	CHECK_EQ(run_count_processes(config.first_id, config.ids),
	    2); /* bubblewrap, and the one inside */
	run_kill(&r);
	CHECK_EQ(r.status, 128 + SIGKILL);
	CHECK(run_wait_for_none(config.first_id, config.ids));
	cw_places_free(p);
}

static void
test_ends_by_itself(void)
{
	struct cw_places *p = places();
	char *leave[] = { (char *)"leave-child", NULL };
	struct run r;

	test_case = "the end of its input";
	run_inside(&r, p, hostile, hold, true);
	CHECK(run_wait_for(&r, "holding\n"));
	run_finish(&r);
	CHECK_EQ(r.status, 0);
	CHECK(run_wait_for_none(config.first_id, config.ids));
	test_case = "a child that was to outlive it";
	run_inside(&r, p, hostile, leave, false);
	run_finish(&r);
	CHECK_STR(r.output, "through");
	CHECK(run_wait_for_none(config.first_id, config.ids));
	cw_places_free(p);
}

/* An agent with a sandbox that does not want to end; it is killed, or ends without a word. */
static void
test_orphaned(bool filter, int sig)
{
	int ready[2];
	char byte;
	pid_t agent;

	test_case = sig == SIGKILL ? "the agent is killed" : "the agent ends";
	CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
	(void)fflush(NULL);
	if ((agent = fork()) == 0) {
		struct run r[3];
		struct cw_places *p = places();

		for (int i = 0; i < 3; i++)
			run_inside(&r[i], p, hostile, hold_on, filter);
		for (int i = 0; i < 3; i++)
			(void)run_wait_for(&r[i], "holding\n");
		(void)!write(ready[1], "x", 1);
		if (sig == SIGKILL)
			(void)pause();
		_exit(0);
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	if (sig == SIGKILL)
		CHECK_EQ(kill(agent, SIGKILL), 0);
	CHECK_EQ(waitpid(agent, NULL, 0), agent);
	CHECK(run_wait_for_none(config.first_id, config.ids));
}

/* Whatever a machine may have left of an earlier agent. */
static void
test_left_over(void)
{
	struct cw_places *p = places();
	struct run r;
	int ready[2], status = 0;
	char byte;
	pid_t left;

	test_case = "what is left of an earlier sandbox of the same uid";
	CHECK_EQ(pipe2(ready, O_CLOEXEC), 0);
	(void)fflush(NULL);
	if ((left = fork()) == 0) {
		(void)signal(SIGTERM, SIG_IGN);
		if (setgroups(0, NULL) < 0 ||
		    setresgid(config.first_id, config.first_id, config.first_id) < 0 ||
		    setresuid(config.first_id, config.first_id, config.first_id) < 0)
			_exit(1);
		(void)!write(ready[1], "x", 1);
		for (;;)
			(void)pause();
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	run_inside(&r, p, hostile, hold, true);
	CHECK_EQ(r.id, config.first_id);
	CHECK(run_wait_for(&r, "holding\n"));
	CHECK_EQ(waitpid(left, &status, 0), left);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	run_finish(&r);
	CHECK_EQ(r.status, 0);
	cw_places_free(p);
}

static void
test_places(void)
{
	struct cw_sandbox_config small = config, bad = config;
	struct cw_places *a, *b;
	struct cw_err err = { 0 };
	uint32_t id[3];
	char folder[] = "/tmp/causeway-places-XXXXXX";

	test_case = "two agents share no id";
	small.ids = 3;
	CHECK_EQ(cw_places_new(&a, &small, &err), CW_OK);
	CHECK_EQ(cw_places_new(&b, &small, &err), CW_OK);
	CHECK_EQ(cw_places_take(a, &id[0], &err), CW_OK);
	CHECK_EQ(cw_places_take(b, &id[1], &err), CW_OK);
	CHECK_EQ(cw_places_take(a, &id[2], &err), CW_OK);
	CHECK(id[0] != id[1] && id[1] != id[2] && id[0] != id[2]);
	CHECK_EQ(cw_places_take(b, &id[0], &err), CW_EUNAVAILABLE);
	CHECK_STR(err.text, "all 3 sandboxes are in use");
	cw_places_give(b, id[1]);
	CHECK_EQ(cw_places_take(a, &id[0], &err), CW_OK);
	CHECK_EQ(id[0], id[1]);
	test_case = "an agent that is gone holds none";
	cw_places_free(a);
	for (int i = 0; i < 3; i++)
		CHECK_EQ(cw_places_take(b, &id[i], &err), CW_OK);
	cw_places_free(b);
	test_case = "a run folder that others may write";
	CHECK(mkdtemp(folder) != NULL);
	CHECK_EQ(chmod(folder, 0777), 0);
	bad.run_folder = folder;
	CHECK_EQ(cw_places_new(&a, &bad, &err), CW_EDENIED);
	CHECK(strstr(err.text, "only this account may write") != NULL);
	(void)rmdir(folder);
	test_case = "no ids, ids of the system, ids that are no number of the kernel's";
	bad = config;
	bad.ids = 0;
	CHECK_EQ(cw_places_new(&a, &bad, &err), CW_EINVAL);
	bad.ids = 1;
	bad.first_id = UINT32_MAX - 1;
	CHECK_EQ(cw_places_new(&a, &bad, &err), CW_EINVAL);
}

int
main(int argc, char **argv)
{
	if (argc != 4)
		return 2;
	run_config(&config, argv);
	run_need_walls(&config);
	hostile = argv[3];
	(void)signal(SIGPIPE, SIG_IGN);
	test_places();
	test_left_over();
	test_killed(true);
	test_killed(false);
	test_ends_by_itself();
	test_orphaned(true, SIGKILL);
	test_orphaned(false, SIGKILL);
	test_orphaned(true, 0);
	test_case = "no cgroups are left, once an agent has come and gone";
	cw_places_free(places());
	for (unsigned i = 0; i < config.ids; i++)
		CHECK(!run_has_cgroup(config.first_id + i));
	return test_failed;
}
