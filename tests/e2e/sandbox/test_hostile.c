/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile program in the engine's place: every attack with the wall that stops
 * it, what stops it when that wall is the filter and the filter is left away, and
 * a run outside that shows that the attack works where there are no walls.
 * argv: the launcher, the probe, the hostile program.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "run.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

#define AT_ONCE 6 /* runs side by side: most of a run is waiting for the kernel */
#define DEAD_BY_FILTER (128 + SIGSYS)

enum ends { REFUSED, KILLED };

static const struct row {
	const char *attack; /* verb and arguments; %word is filled in, see words[] */
	enum ends ends;
	const char *wall;
	const char *behind; /* what stops it without the filter; NULL: nothing does */
	bool outside; /* gets through there; false: not tried, it would do harm or needs a device */
} rows[] = {
	/* The agent's sockets, and the world behind them. */
	{ "socket-inet", REFUSED, "filter", NULL, true },
	{ "socket-inet6", REFUSED, "filter", NULL, true },
	{ "socket-unix", REFUSED, "filter", NULL, true },
	{ "socket-netlink", REFUSED, "filter", NULL, true },
	{ "socket-packet", REFUSED, "filter", "privileges", false },
	{ "socket-vsock", REFUSED, "filter", NULL, false },
	{ "socket-alg", REFUSED, "filter", NULL, false },
	{ "socketpair", REFUSED, "filter", NULL, true },
	{ "connect-tcp %port", REFUSED, "filter", "network", true },
	{ "connect-path %socket", REFUSED, "filter", "sockets", true },
	{ "connect-abstract %abstract", REFUSED, "filter", "sockets", true },
	{ "pass-descriptor", REFUSED, "filter", NULL, true },
	{ "who-is-there", REFUSED, "filter", NULL, true },
	{ "shutdown-stdout", REFUSED, "filter", NULL, true },
	/* Files of the machine, of the agent, of another sandbox. */
	{ "read %key", REFUSED, "files", "files", true },
	{ "write %key", REFUSED, "files", "files", true },
	{ "read-by-link %key", REFUSED, "files", "files", true },
	{ "read-above %key", REFUSED, "files", "files", true },
	{ "read /etc/shadow", REFUSED, "files", "files", true },
	{ "read /proc/1/root/etc/shadow", REFUSED, "files", "files", false },
	{ "read %victim-secret", REFUSED, "processes", "processes", true },
	{ "read-of-process %victim environ", REFUSED, "processes", "processes", true },
	{ "read-of-process %victim mem", REFUSED, "processes", "processes", true },
	{ "read-of-process %agent environ", REFUSED, "processes", "processes", true },
	{ "read-of-process %agent fd/0", REFUSED, "processes", "processes", false },
	{ "read /tmp/secret", REFUSED, "tmp", "tmp", false },
	{ "write /engine/hostile", REFUSED, "files", "files", false },
	{ "write /etc/passwd", REFUSED, "files", "files", false },
	{ "create /owned", REFUSED, "files", "files", false },
	{ "create /engine/owned", REFUSED, "files", "files", false },
	{ "create /etc/owned", REFUSED, "files", "files", false },
	{ "create /dev/owned", REFUSED, "files", "files", false },
	{ "create /var/empty/owned", REFUSED, "files", "files", false },
	{ "create /dev/shm/owned", REFUSED, "files", "files", true },
	{ "run /bin/sh", REFUSED, "files", "files", false },
	{ "run /usr/bin/su", REFUSED, "files", "files", false },
	{ "run-from-tmp", REFUSED, "tmp", "tmp", true },
	{ "map-code-from-tmp", REFUSED, "tmp", "tmp", true },
	/* Devices and kernel settings. */
	{ "read /dev/vda", REFUSED, "devices", "devices", false },
	{ "write /dev/sda", REFUSED, "devices", "devices", false },
	{ "read /dev/mem", REFUSED, "devices", "devices", false },
	{ "read /dev/kmsg", REFUSED, "devices", "devices", false },
	{ "write /dev/tty", REFUSED, "devices", "devices", false },
	{ "write /dev/ptmx", REFUSED, "devices", "devices", true },
	{ "make-device", REFUSED, "filter", "privileges", true },
	{ "write /proc/sys/kernel/core_pattern", REFUSED, "proc", "proc", true },
	{ "write /proc/sys/net/ipv4/ip_forward", REFUSED, "proc", "proc", true },
	{ "write /proc/sysrq-trigger", REFUSED, "proc", "proc", false },
	{ "write /proc/self/oom_score_adj", REFUSED, "proc", "proc", true },
	{ "write /proc/self/mem", REFUSED, "proc", "proc", true },
	{ "write /proc/self/uid_map", REFUSED, "proc", "proc", false },
	{ "read /proc/kcore", REFUSED, "proc", "proc", false },
	{ "read /proc/sys/kernel/random/boot_id", REFUSED, "proc", "proc", true },
	/* Other processes. */
	{ "signal %victim", REFUSED, "filter", "processes", true },
	{ "signal %agent", REFUSED, "filter", "processes", true },
	{ "tgkill %victim", REFUSED, "filter", "processes", true },
	{ "kill-all", REFUSED, "filter", "processes", false },
	{ "trace %victim", KILLED, "filter", "processes", true },
	{ "trace %agent", KILLED, "filter", "processes", true },
	{ "ptrace-me", KILLED, "filter", NULL, true },
	{ "read-memory %victim", KILLED, "filter", "processes", true },
	{ "read-memory %agent", KILLED, "filter", "processes", true },
	{ "pidfd-open", REFUSED, "filter", NULL, true },
	{ "fork", REFUSED, "filter", NULL, true },
	{ "clone", REFUSED, "filter", NULL, true },
	{ "clone3", REFUSED, "filter", NULL, true },
	{ "clear-death", REFUSED, "filter", NULL, true },
	{ "real-time", REFUSED, "filter", "privileges", true },
	{ "nice", REFUSED, "filter", "privileges", true },
	{ "raise-limit", REFUSED, "filter", "limits", true },
	{ "lower-core", REFUSED, "filter", NULL, true },
	/* Namespaces and mounts. */
	{ "unshare-user", KILLED, "filter", "namespaces", true },
	{ "unshare-mount", KILLED, "filter", "privileges", true },
	{ "unshare-net", KILLED, "filter", "privileges", true },
	{ "unshare-pid", KILLED, "filter", "privileges", true },
	{ "clone-user", REFUSED, "filter", "namespaces", true },
	{ "clone3-user", REFUSED, "filter", "namespaces", true },
	{ "clone-thread-net", REFUSED, "filter", "privileges", false },
	{ "setns net", KILLED, "filter", "privileges", true },
	{ "setns mnt", KILLED, "filter", "privileges", true },
	{ "mount-proc", KILLED, "filter", "privileges", false },
	{ "mount-tmpfs", KILLED, "filter", "privileges", false },
	{ "remount-rw", KILLED, "filter", "privileges", false },
	{ "umount-sys", KILLED, "filter", "privileges", false },
	{ "pivot-root", KILLED, "filter", "privileges", false },
	{ "chroot", KILLED, "filter", "privileges", true },
	{ "open-tree", KILLED, "filter", "privileges", true },
	{ "fsopen", KILLED, "filter", "privileges", true },
	/* The kernel's inside. */
	{ "find-key", KILLED, "filter", "privileges", true },
	{ "add-key", KILLED, "filter", NULL, false },
	{ "keyctl", KILLED, "filter", NULL, false },
	{ "bpf", KILLED, "filter", "privileges", false },
	{ "perf", KILLED, "filter", "privileges", true },
	{ "io-uring", KILLED, "filter", "limits", true },
	{ "userfaultfd", KILLED, "filter", NULL, true },
	{ "init-module", KILLED, "filter", "privileges", false },
	{ "finit-module", KILLED, "filter", "privileges", false },
	{ "delete-module", KILLED, "filter", "privileges", false },
	{ "kexec", KILLED, "filter", "privileges", false },
	{ "kexec-file", KILLED, "filter", "privileges", false },
	{ "syslog", KILLED, "filter", "privileges", true },
	{ "personality", KILLED, "filter", NULL, true },
	{ "modify-ldt", KILLED, "filter", NULL, true },
	{ "iopl", KILLED, "filter", "privileges", false },
	{ "ioperm", KILLED, "filter", "privileges", false },
	{ "swapon", KILLED, "filter", "privileges", false },
	{ "reboot", KILLED, "filter", "privileges", false },
	{ "acct", KILLED, "filter", "privileges", false },
	{ "quotactl", KILLED, "filter", "devices", false },
	{ "fanotify", KILLED, "filter", "privileges", true },
	{ "handle-at", KILLED, "filter", "privileges", false },
	{ "vmsplice", KILLED, "filter", NULL, false },
	{ "inotify", REFUSED, "filter", NULL, true },
	{ "membarrier", REFUSED, "filter", NULL, true },
	{ "epoll", REFUSED, "filter", NULL, true },
	{ "futex-requeue", REFUSED, "filter", NULL, true },
	{ "futex-pi", REFUSED, "filter", NULL, true },
	{ "membind", REFUSED, "filter", NULL, false },
	{ "mlock", REFUSED, "filter", "limits", true },
	{ "landlock", REFUSED, "filter", NULL, false },
	{ "32-bit", KILLED, "filter", NULL, false },
	{ "x32", KILLED, "filter", NULL, false },
	/* Memory that no limit of a process counts. */
	{ "memfd", REFUSED, "filter", NULL, true },
	{ "memfd-secret", KILLED, "filter", NULL, false },
	{ "shmget", REFUSED, "filter", NULL, false },
	{ "msgget", REFUSED, "filter", NULL, false },
	{ "semget", REFUSED, "filter", NULL, false },
	{ "mq-open", REFUSED, "filter", "limits", false },
	{ "mmap-shared", REFUSED, "filter", NULL, true },
	{ "mmap-grows", REFUSED, "filter", NULL, true },
	{ "mergeable", REFUSED, "filter", NULL, false },
	{ "lock-bytes", REFUSED, "filter", NULL, true },
	{ "pipe-size", REFUSED, "filter", NULL, true },
	/* The machine, and who one is. */
	{ "set-clock", KILLED, "filter", "privileges", false },
	{ "set-hostname", KILLED, "filter", "privileges", false },
	{ "set-domain", KILLED, "filter", "privileges", false },
	{ "vhangup", KILLED, "filter", "privileges", false },
	{ "setuid", KILLED, "filter", "privileges", true },
	{ "setresuid", KILLED, "filter", "privileges", true },
	{ "setgid", KILLED, "filter", "privileges", true },
	{ "setgroups", KILLED, "filter", "privileges", true },
	{ "setfsuid-root", KILLED, "filter", "privileges", true },
	{ "chown", REFUSED, "filter", "privileges", false },
	{ "tiocsti", REFUSED, "filter", "terminal", false },
	{ "tiocsti-high", REFUSED, "filter", "terminal", false },
	{ "tioclinux", REFUSED, "filter", "terminal", false },
	{ "make-tty-own", REFUSED, "filter", "terminal", false },
	/* What the agent has open, and what its environment holds. */
	{ "descriptors", REFUSED, "descriptors", "descriptors", true },
	{ "environment %mark", REFUSED, "environment", "environment", false },
};

/* Taking what there is: stopped at a limit, and the agent is still here. */
static const struct taking {
	const char *attack;
	bool filter;
	const char *wall;
	unsigned long long most; /* filled in where it is a limit of the configuration */
} takings[] = {
	{ "take-memory", true, "limits", 0 },
	{ "take-reserved", true, "limits", 0 },
	{ "take-read-only", true, "limits", 0 },
	{ "fork-bomb", true, "filter", 1 },
	{ "fork-bomb", false, "limits", 0 },
	{ "thread-bomb", true, "limits", 0 },
	{ "take-descriptors", true, "limits", 0 },
	{ "fill-tmp", true, "tmp", 0 },
	{ "fill-names", true, "tmp", 0 },
};

static struct {
	const char *name;
	char value[128];
} words[] = { { "%port", "" }, { "%socket", "" }, { "%abstract", "" }, { "%key", "" },
	{ "%victim-secret", "" }, { "%victim", "" }, { "%agent", "" }, { "%mark", "" } };

static struct cw_sandbox_config config;
static struct cw_places *places;
static const char *hostile;
static char folder[] = "/tmp/causeway-hostile-XXXXXX";

/* --- what there is to attack */

static void CW_PRINTF(2, 3) set_word(const char *name, const char *fmt, ...)
{
	va_list args;

	for (size_t i = 0; i < CW_COUNT(words); i++) {
		if (!cw_streq(words[i].name, name))
			continue;
		va_start(args, fmt);
		(void)vsnprintf(words[i].value, sizeof(words[i].value), fmt, args);
		va_end(args);
	}
}

static void
listen_for_attacks(void)
{
	struct sockaddr_in tcp = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_un path = { .sun_family = AF_UNIX }, name = { .sun_family = AF_UNIX };
	int t = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int p = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int a = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = sizeof(tcp);

	(void)snprintf(path.sun_path, sizeof(path.sun_path), "%s/control.sock", folder);
	(void)snprintf(
	    name.sun_path + 1, sizeof(name.sun_path) - 1, "causeway-hostile-%d", (int)getpid());
	CHECK_EQ(bind(t, (struct sockaddr *)&tcp, sizeof(tcp)), 0);
	CHECK_EQ(getsockname(t, (struct sockaddr *)&tcp, &n), 0);
	CHECK_EQ(bind(p, (struct sockaddr *)&path, sizeof(path)), 0);
	CHECK_EQ(bind(a, (struct sockaddr *)&name,
		     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			 strlen(name.sun_path + 1))),
	    0);
	CHECK_EQ(listen(t, 64) + listen(p, 64) + listen(a, 64), 0);
	set_word("%port", "%d", ntohs(tcp.sin_port));
	set_word("%socket", "%s", path.sun_path);
	set_word("%abstract", "%s", name.sun_path + 1);
}

static void
make_things(struct run *victim)
{
	char *hold[] = { "hold", NULL };
	char path[64];
	FILE *f;

	CHECK(mkdtemp(folder) != NULL);
	(void)chmod(folder, 0755); /* its place is what protects it, not its mode */
	(void)snprintf(path, sizeof(path), "%s/agent.key", folder);
	if ((f = fopen(path, "we")) != NULL) {
		(void)fputs("secret\n", f);
		(void)fclose(f);
	}
	(void)chmod(path, 0666);
	set_word("%key", "%s", path);
	listen_for_attacks();
	CHECK(
	    syscall(SYS_add_key, "user", "causeway-hostile", "x", 1, KEY_SPEC_SESSION_KEYRING) > 0);
	CHECK(open("/dev/null", O_RDONLY) > 2); /* for whoever executes a program */
	CHECK_EQ(setenv("CAUSEWAY_TEST_MARK", "1", 1), 0);
	set_word("%mark", "CAUSEWAY_TEST_MARK");
	run_inside(victim, places, hostile, hold, true);
	CHECK(run_wait_for(victim, "holding\n"));
	set_word("%victim", "%d", (int)run_inner(victim));
	set_word("%agent", "%d", (int)getpid());
	set_word("%victim-secret", "/proc/%d/root/tmp/secret", (int)run_inner(victim));
}

/* --- attacks */

struct attack {
	char text[256];
	char *words[8];
};

static void
prepare(struct attack *a, const char *attack)
{
	char *save;
	size_t n = 0;

	(void)snprintf(a->text, sizeof(a->text), "%s", attack);
	for (char *w = strtok_r(a->text, " ", &save); w != NULL && n < 7;
	     w = strtok_r(NULL, " ", &save)) {
		a->words[n] = w;
		for (size_t i = 0; i < CW_COUNT(words); i++)
			if (cw_streq(words[i].name, w))
				a->words[n] = words[i].value;
		n++;
	}
	a->words[n] = NULL;
}

static bool
is_wall(const char *name)
{
	size_t n;
	const struct cw_sandbox_wall *walls = cw_sandbox_walls(&n);

	for (size_t i = 0; i < n; i++)
		if (cw_streq(walls[i].name, name))
			return true;
	return false;
}

static void
judge_inside(const struct row *row, const struct run *r)
{
	CHECK_STR(r->errors, "");
	if (row->ends == KILLED) {
		CHECK_STR(r->output, "");
		CHECK_EQ(r->status, DEAD_BY_FILTER);
	} else {
		CHECK(cw_starts_with(r->output, "refused "));
		CHECK_EQ(r->status, 0);
	}
}

static void
judge_without_filter(const struct row *row, const struct run *r)
{
	/* That nothing else stops it is told where the kernel has it at all. */
	if (row->behind != NULL)
		CHECK(cw_starts_with(r->output, "refused "));
	else
		CHECK(cw_streq(r->output, "through") || cw_streq(r->output, "refused ENOSYS") ||
		    cw_streq(r->output, "refused EAFNOSUPPORT") ||
		    cw_streq(r->output, "refused EINVAL"));
}

static void
run_rows(const struct row *row, size_t n)
{
	struct attack attacks[AT_ONCE];
	struct run inside[AT_ONCE], bare[AT_ONCE], outside[AT_ONCE];
	char name[300];

	for (size_t i = 0; i < n; i++) {
		prepare(&attacks[i], row[i].attack);
		run_inside(&inside[i], places, hostile, attacks[i].words, true);
		run_inside(&bare[i], places, hostile, attacks[i].words, false);
		if (row[i].outside)
			run_outside(&outside[i], hostile, attacks[i].words);
	}
	for (size_t i = 0; i < n; i++) {
		run_finish(&inside[i]);
		run_finish(&bare[i]);
		(void)snprintf(name, sizeof(name), "%s: inside: %s", row[i].attack, row[i].wall);
		test_case = name;
		CHECK(is_wall(row[i].wall) && (row[i].behind == NULL || is_wall(row[i].behind)));
		judge_inside(&row[i], &inside[i]);
		(void)snprintf(name, sizeof(name), "%s: without the filter: %s (%.40s)",
		    row[i].attack, row[i].behind != NULL ? row[i].behind : "nothing",
		    bare[i].output);
		judge_without_filter(&row[i], &bare[i]);
		(void)snprintf(name, sizeof(name), "%s: outside", row[i].attack);
		if (row[i].outside) {
			run_finish(&outside[i]);
			CHECK_STR(outside[i].output, "through");
		}
	}
}

static unsigned long long
limit_of(const char *attack)
{
	const struct cw_sandbox_limits *l = &config.limits;
	const struct {
		const char *attack;
		uint64_t most;
	} limits[] = { { "take-memory", l->memory }, { "take-reserved", l->memory },
		{ "take-read-only", l->address_space }, { "fork-bomb", l->threads },
		{ "thread-bomb", l->threads }, { "take-descriptors", l->descriptors },
		{ "fill-tmp", l->tmp }, { "fill-names", l->tmp_files } };

	for (size_t i = 0; i < CW_COUNT(limits); i++)
		if (cw_streq(limits[i].attack, attack))
			return limits[i].most;
	return 0;
}

static void
run_taking(const struct taking *t)
{
	unsigned long long most = t->most != 0 ? t->most : limit_of(t->attack), got = 0;
	struct attack attack;
	struct run r;
	char name[300];

	prepare(&attack, t->attack);
	run_inside(&r, places, hostile, attack.words, t->filter);
	run_finish(&r);
	(void)snprintf(name, sizeof(name), "%s%s: %.40s", t->attack,
	    run_without_cgroup ? ", no cgroup" : "", r.output);
	test_case = name;
	/* Refused with a number, or ended by a cgroup, which counts more than a process's limit. */
	if (sscanf(r.output, "limited %llu", &got) == 1) {
		CHECK(got <= most);
		CHECK(most == 1 || got >= most / 2);
	} else {
		CHECK(!run_without_cgroup);
		CHECK_EQ(r.status, 128 + SIGKILL);
	}
}

static void
test_time_and_core(void)
{
	char *burn[] = { "burn-time", NULL }, *dump[] = { "dump-core", NULL };
	struct cw_sandbox_config short_lived = config;
	struct cw_places *own;
	struct cw_err err = { 0 };
	struct run r;

	test_case = "a loop without an end";
	short_lived.limits.cpu_s = 1;
	CHECK_EQ(cw_places_new(&own, &short_lived, &err), CW_OK);
	run_inside(&r, own, hostile, burn, true);
	run_finish(&r);
	CHECK_STR(r.output, "burning");
	CHECK_EQ(r.status, 128 + SIGKILL);
	test_case = "a crash leaves no core, nor starts a program that takes it";
	run_inside(&r, own, hostile, dump, true);
	run_finish(&r);
	CHECK_STR(r.output, "dumping");
	CHECK_EQ(r.status, 128 + SIGSEGV);
	cw_places_free(own);
}

/* Started from a terminal: nothing can be typed into it, nor is it the sandbox's own. */
static void
test_terminal(void)
{
	char *type[] = { "tiocsti", NULL }, *own[] = { "make-tty-own", NULL };
	struct run r;
	int tty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	test_case = "a terminal";
	CHECK(tty >= 0 && grantpt(tty) == 0 && unlockpt(tty) == 0);
	run_input = open(ptsname(tty), O_RDWR | O_NOCTTY | O_CLOEXEC);
	CHECK(run_input >= 0);
	run_outside(&r, hostile, type);
	run_finish(&r);
	CHECK_STR(r.output, "through");
	for (int filter = 0; filter < 2; filter++) {
		run_inside(&r, places, hostile, type, filter);
		run_finish(&r);
		CHECK_STR(r.output, filter ? "refused ENOSYS" : "refused EPERM");
	}
	run_inside(&r, places, hostile, own, true);
	run_finish(&r);
	CHECK_STR(r.output, "refused ENOSYS");
	close(run_input);
	run_input = -1;
	close(tty);
}

int
main(int argc, char **argv)
{
	struct cw_err err = { 0 };
	struct run victim;

	if (argc != 4)
		return 2;
	run_config(&config, argv);
	run_need_walls(&config);
	hostile = argv[3];
	(void)signal(SIGPIPE, SIG_IGN);
	/* Its own session keyring: the key below must not stay with whoever started the test. */
	(void)syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
	CHECK_EQ(cw_places_new(&places, &config, &err), CW_OK);
	CHECK_STR(err.text, "");
	if (test_failed)
		return 1;
	make_things(&victim);
	for (size_t i = 0; i < CW_COUNT(rows); i += AT_ONCE)
		run_rows(rows + i, CW_COUNT(rows) - i < AT_ONCE ? CW_COUNT(rows) - i : AT_ONCE);
	for (size_t i = 0; i < 2 * CW_COUNT(takings); i++) {
		run_without_cgroup = i >= CW_COUNT(takings);
		run_taking(&takings[i % CW_COUNT(takings)]);
	}
	run_without_cgroup = false;
	test_time_and_core();
	test_terminal();
	test_case = "the victim is unharmed";
	run_finish(&victim);
	CHECK_EQ(victim.status, 0);
	cw_places_free(places);
	(void)unlink(words[1].value);
	(void)unlink(words[3].value);
	(void)rmdir(folder);
	(void)printf("%zu attacks, each inside and without the filter; %zu takings\n",
	    CW_COUNT(rows), CW_COUNT(takings));
	return test_failed;
}
