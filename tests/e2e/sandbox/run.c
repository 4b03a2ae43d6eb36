/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/clock.h"
#include "run.h"

#define SKIPPED 77
#define NOBODY 65534

int run_input = -1;
bool run_without_cgroup;

void
run_config(struct cw_sandbox_config *ret, char **argv)
{
	cw_sandbox_config_init(ret);
	ret->launcher = argv[1];
	ret->probe = argv[2];
	ret->ids = CW_SANDBOX_IDS_MAX;
	/* Nobody else's, so that they can be counted, and the same test may run elsewhere. */
	ret->first_id = CW_SANDBOX_FIRST_ID + ((uint32_t)getpid() % 20000 + 1) * CW_SANDBOX_IDS_MAX;
}

static void
skip(const char *why)
{
	(void)printf("skipped, there can be no walls here: %s\n", why);
	exit(SKIPPED);
}

static void
on_checked(void *arg, const struct cw_sandbox_report *report)
{
	*(struct cw_sandbox_report *)arg = *report;
}

/* Namespaces, mounts and a /proc, as any sandbox of bubblewrap's needs them, without a word from
 * the programs under test: what those do wrong is no reason to skip. */
static void
raise_plain_walls(const char *bwrap)
{
	char *const plain[] = { (char *)bwrap, (char *)"--unshare-user", (char *)"--unshare-ipc",
		(char *)"--unshare-pid", (char *)"--unshare-net", (char *)"--unshare-uts",
		(char *)"--unshare-cgroup", (char *)"--disable-userns", (char *)"--ro-bind",
		(char *)"/", (char *)"/", (char *)"--proc", (char *)"/proc", (char *)"--",
		(char *)"/bin/true", NULL };

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=1m") < 0)
		(void)fprintf(stderr, "root cannot mount: %s\n", strerror(errno));
	else if (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		(void)fprintf(stderr, "root cannot change its uid: %s\n", strerror(errno));
	else
		(void)execv(bwrap, plain);
	_exit(126);
}

/* The first line of why there can be none; "" where there can. */
static void
try_plain_walls(char *ret, size_t size, const char *bwrap)
{
	size_t n = 0;
	ssize_t got;
	int ends[2], status;
	pid_t pid;

	(void)fflush(NULL);
	if (pipe(ends) < 0 || (pid = fork()) < 0)
		abort();
	if (pid == 0) {
		(void)dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		close(ends[1]);
		raise_plain_walls(bwrap);
	}
	close(ends[1]);
	while (n < size - 1 && (got = read(ends[0], ret + n, size - 1 - n)) > 0)
		n += (size_t)got;
	close(ends[0]);
	ret[n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		ret[0] = '\0';
	else if (ret[0] == '\0')
		(void)snprintf(ret, size, "bubblewrap ended without a word");
}

/* What no test can change: power, programs, and a machine (a container, often) that allows no
 * namespaces or mounts. All else that a check finds is for the tests to find. */
void
run_need_walls(const struct cw_sandbox_config *config)
{
	static struct cw_sandbox_report report;
	const struct cw_sandbox_finding *worst;
	struct cw_sandbox_check *check;
	struct cw_err err;
	uv_loop_t loop;
	char why[256];

	if (uv_loop_init(&loop) < 0 ||
	    cw_sandbox_check_start(&check, &loop, config, on_checked, &report, &err) < 0)
		abort();
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	if ((worst = cw_sandbox_report_worst(&report)) == NULL)
		return;
	if (cw_streq(worst->wall->name, "power") ||
	    (cw_streq(worst->wall->name, "programs") && access(config->bwrap, X_OK) < 0))
		skip(worst->detail);
	try_plain_walls(why, sizeof(why), config->bwrap);
	if (why[0] != '\0')
		skip(why);
}

static void
start(struct run *r, char *const *argv)
{
	char *no_environment[] = { NULL };
	int pairs[3][2];

	for (int i = 0; i < 3; i++)
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]) < 0)
			abort();
	(void)fflush(NULL);
	if ((r->pid = fork()) < 0)
		abort();
	if (r->pid == 0) {
		for (int i = 0; i < 3; i++)
			(void)dup2(i == 0 && run_input >= 0 ? run_input : pairs[i][1], i);
		(void)execve(argv[0], argv, no_environment);
		_exit(126);
	}
	for (int i = 0; i < 3; i++)
		close(pairs[i][1]);
	r->in = pairs[0][0];
	r->out = pairs[1][0];
	r->err = pairs[2][0];
}

/* Takes "--cgroup FOLDER" out of the launcher's words. */
static void
drop_cgroups(char **argv)
{
	char **to = argv;

	for (char **from = argv; *from != NULL; from++) {
		if (cw_streq(*from, "--cgroup")) {
			free(from[0]);
			free(from[1]);
			from++;
		} else {
			*to++ = *from;
		}
	}
	*to = NULL;
}

void
run_inside(struct run *ret, struct cw_places *places, const char *program, char *const *arguments,
    bool filter)
{
	struct cw_place_command command;
	struct cw_err err;

	memset(ret, 0, sizeof(*ret));
	ret->places = places;
	if (cw_places_take(places, &ret->id, &err) < 0 ||
	    cw_places_command_for(&command, places, ret->id, program, arguments, filter, &err) <
		0) {
		(void)fprintf(stderr, "cannot run %s inside: %s\n", program, err.text);
		exit(1);
	}
	if (run_without_cgroup)
		drop_cgroups(command.argv);
	start(ret, command.argv);
	cw_place_command_free(&command);
}

void
run_outside(struct run *ret, const char *program, char *const *arguments)
{
	char *argv[16] = { (char *)(uintptr_t)program };

	for (size_t i = 0; arguments[i] != NULL && i < CW_COUNT(argv) - 2; i++)
		argv[i + 1] = arguments[i];
	memset(ret, 0, sizeof(*ret));
	start(ret, argv);
}

/* Reads what is there by then into the text; false at its end. */
static bool
more(int fd, char *text, size_t size, int timeout_ms)
{
	struct pollfd p = { fd, POLLIN, 0 };
	size_t n = strlen(text);
	ssize_t got;

	if (poll(&p, 1, timeout_ms) <= 0)
		return true;
	got = read(fd, text + n, size - 1 - n);
	if (got > 0)
		text[n + (size_t)got] = '\0';
	return got > 0;
}

bool
run_wait_for(struct run *r, const char *text)
{
	uint64_t end = cw_clock_ms() + RUN_MS;

	while (strstr(r->output, text) == NULL) {
		if (cw_clock_ms() >= end || !more(r->out, r->output, sizeof(r->output), 100))
			return strstr(r->output, text) != NULL;
	}
	return true;
}

void
run_close_input(struct run *r)
{
	if (r->in >= 0)
		close(r->in);
	r->in = -1;
}

static void
wait_for_end(struct run *r)
{
	uint64_t end = cw_clock_ms() + RUN_MS;
	const struct timespec step = { 0, 1000000 };
	int status;

	r->status = -1;
	while (waitpid(r->pid, &status, WNOHANG) == 0) {
		if (cw_clock_ms() >= end) {
			(void)kill(r->pid, SIGKILL);
			(void)waitpid(r->pid, &status, 0);
			return;
		}
		(void)nanosleep(&step, NULL);
	}
	r->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void
run_finish(struct run *r)
{
	uint64_t end = cw_clock_ms() + RUN_MS;

	run_close_input(r);
	while (cw_clock_ms() < end && more(r->out, r->output, sizeof(r->output), 100))
		;
	wait_for_end(r);
	while (cw_clock_ms() < end && more(r->err, r->errors, sizeof(r->errors), 100))
		;
	close(r->out);
	close(r->err);
	r->output[strcspn(r->output, "\n")] = '\0';
	r->errors[strcspn(r->errors, "\n")] = '\0';
	if (r->id != 0)
		cw_places_give(r->places, r->id);
}

void
run_kill(struct run *r)
{
	(void)kill(r->pid, SIGKILL);
	run_finish(r);
}

pid_t
run_inner(const struct run *r)
{
	char path[64], text[64] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)r->pid, (int)r->pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return 0;
	(void)!read(fd, text, sizeof(text) - 1);
	close(fd);
	return (pid_t)atoi(text);
}

static bool
is_one_of(const char *pid, uint32_t first, unsigned n)
{
	char path[64], text[2048];
	const char *state, *uid;
	unsigned long value;
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%.16s/status", pid);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return false;
	got = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	state = strstr(text, "\nState:\t");
	uid = strstr(text, "\nUid:\t");
	if (state == NULL || uid == NULL || state[8] == 'Z' || state[8] == 'X')
		return false;
	value = strtoul(uid + 6, NULL, 10);
	return value >= first && value < (unsigned long)first + n;
}

unsigned
run_count_processes(uint32_t first, unsigned n)
{
	DIR *folder = opendir("/proc");
	const struct dirent *e;
	unsigned count = 0;

	while (folder != NULL && (e = readdir(folder)) != NULL)
		if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
			count += is_one_of(e->d_name, first, n);
	if (folder != NULL)
		closedir(folder);
	return count;
}

bool
run_has_cgroup(uint32_t id)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/sys/fs/cgroup/pids/causeway-sandbox-%u", id);
	return access(path, F_OK) == 0;
}

bool
run_wait_for_none(uint32_t first, unsigned n)
{
	uint64_t end = cw_clock_ms() + RUN_MS;
	const struct timespec step = { 0, 2000000 };

	while (run_count_processes(first, n) > 0) {
		if (cw_clock_ms() >= end)
			return false;
		(void)nanosleep(&step, NULL);
	}
	return true;
}
