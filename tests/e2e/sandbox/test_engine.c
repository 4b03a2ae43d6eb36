/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool with the real engine: kept warm, prepared, handed out, ended, replaced;
 * scripts in FullLanguage that try to get out with all of .NET; and nothing left
 * behind. argv: the launcher, the probe, a PowerShell that takes -s.
 */
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/clock.h"
#include "run.h"
#include "sandbox/pool.h"
#include "script.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

#define WAIT_MS 60000u
#define DEATH_MS 5000u /* without memory an engine may not even die by itself */
#define MANY 50 /* sandboxes, one after the other */

static uv_loop_t loop;
static struct cw_sandbox_config walls;
static struct cw_sandboxes *pool;
static bool closed;

/* --- what the pool does with us */

/* A preparation as the pool's owner runs it: a pipeline, and an end by either side. */
struct preparation {
	struct cw_sandbox *sandbox;
};

static const char *prepare_error; /* preparations say so, while it is set */

static void
on_prepared(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct preparation *p = arg;
	struct cw_err err;

	(void)error;
	if (prepare_error != NULL || outcome != CW_PSRP_COMPLETED)
		(void)cw_fail(&err, CW_EFAILED, "%s", prepare_error != NULL ? prepare_error : "?");
	cw_sandbox_prepared(
	    p->sandbox, prepare_error != NULL || outcome != CW_PSRP_COMPLETED ? &err : NULL);
	free(p);
}

static void
on_output_of_preparation(void *arg, const struct cw_ps_value *value)
{
	(void)arg;
	(void)value;
}

static void
on_lost_in_preparation(void *arg, const struct cw_err *err)
{
	(void)err;
	free(arg);
}

static void
on_prepare(void *arg, struct cw_sandbox *s)
{
	static const struct cw_psrp_command command = { "$global:prepared = 'yes'", true, NULL, 0 };
	static const struct cw_psrp_pipeline_events events = { on_output_of_preparation, NULL, NULL,
		on_prepared };
	struct preparation *p = calloc(1, sizeof(*p));
	const struct cw_psrp_run run = { &command, 1, false, WAIT_MS, &events, p };
	struct cw_psrp_pipeline *pipeline;
	struct cw_err err = { 0 };

	(void)arg;
	if (p == NULL)
		exit(1);
	p->sandbox = s;
	cw_sandbox_on_lost(s, on_lost_in_preparation, p);
	CHECK_EQ(cw_psrp_run(cw_sandbox_session(s), &pipeline, &run, uv_now(&loop), &err), CW_OK);
}

static void
open_pool(unsigned warm, bool with_preparation)
{
	struct cw_sandboxes_config config = { .loop = &loop,
		.walls = &walls,
		.warm = warm,
		.prepare = with_preparation ? on_prepare : NULL };
	struct cw_err err = { 0 };

	CHECK_EQ(cw_sandboxes_new(&pool, &config, &err), CW_OK);
	CHECK_STR(err.text, "");
	if (pool == NULL)
		exit(1);
}

static void
on_closed(void *arg)
{
	(void)arg;
	closed = true;
}

static void
close_pool(void)
{
	closed = false;
	cw_sandboxes_close(pool, on_closed, NULL);
	while (!closed)
		(void)uv_run(&loop, UV_RUN_ONCE);
	pool = NULL;
}

static struct cw_sandboxes_status
status(void)
{
	struct cw_sandboxes_status s;

	cw_sandboxes_status(pool, &s);
	return s;
}

static void
until_warm(unsigned n)
{
	uint64_t end = cw_clock_ms() + WAIT_MS;

	while (status().warm < n && cw_clock_ms() < end)
		(void)uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(status().warm, n);
	CHECK_STR(status().error, "");
}

struct taken {
	struct cw_sandbox *sandbox;
	struct cw_err err;
	bool answered, lost;
	char why[CW_ERR_TEXT_MAX];
};

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct taken *t = arg;

	t->lost = true;
	(void)snprintf(t->why, sizeof(t->why), "%s", err->text);
}

static void
on_taken(void *arg, struct cw_sandbox *s, const struct cw_err *err)
{
	struct taken *t = arg;

	t->answered = true;
	t->sandbox = s;
	if (err != NULL)
		t->err = *err;
	if (s != NULL)
		cw_sandbox_on_lost(s, on_lost, t);
}

static void
take(struct taken *t, uint32_t timeout_ms)
{
	struct cw_sandboxes_request *request;
	struct cw_err err = { 0 };

	memset(t, 0, sizeof(*t));
	uv_update_time(&loop);
	CHECK_EQ(cw_sandboxes_take(pool, &request, timeout_ms, on_taken, t, &err), CW_OK);
	CHECK(!t->answered);
	while (!t->answered)
		(void)uv_run(&loop, UV_RUN_ONCE);
}

/* --- tests */

static void
test_hand_out(void)
{
	struct taken a, b;
	struct script script;
	uint64_t began;
	int pid;

	test_case = "kept warm";
	until_warm(2);
	CHECK_EQ(status().state, CW_SANDBOXES_UP);
	CHECK(cw_sandboxes_report(pool)->ok);
	test_case = "handed out, prepared";
	began = cw_clock_ns();
	take(&a, WAIT_MS);
	CHECK(cw_clock_ns() - began < 500000000); /* not a start; the bench says how much less */
	script_init(&script, &loop, &a.lost);
	script_run(&script, cw_sandbox_session(a.sandbox), "1 + 1; $prepared", WAIT_MS);
	CHECK_STR(script_output(&script), "2\n\"yes\"\n");
	test_case = "one that was used is not handed out again";
	script_run(&script, cw_sandbox_session(a.sandbox), "$global:mine = 1", WAIT_MS);
	pid = cw_sandbox_pid(a.sandbox);
	cw_sandbox_end(a.sandbox);
	for (int i = 0; i < 3; i++) {
		take(&b, WAIT_MS);
		CHECK(cw_sandbox_pid(b.sandbox) != pid);
		script_run(&script, cw_sandbox_session(b.sandbox), "\"[$mine]\"", WAIT_MS);
		CHECK_STR(script_output(&script), "\"[]\"\n");
		cw_sandbox_end(b.sandbox);
	}
	test_case = "replaced";
	until_warm(2);
	script_free(&script);
}

/* All of .NET, and native code by it. */
static const struct {
	const char *name, *script;
	const char *output; /* NULL: it must fail with an error that holds: */
	const char *error;
} escapes[] = {
	{ "full language", "$ExecutionContext.SessionState.LanguageMode.ToString()",
	    "\"FullLanguage\"\n", NULL },
	{ "a connection", "[Net.Sockets.TcpClient]::new('127.0.0.1', 22)", NULL,
	    "SocketAsyncEngine" },
	{ "a name", "[Net.Dns]::GetHostAddresses('localhost')", NULL, "" },
	{ "HTTP",
	    "[Net.Http.HttpClient]::new().GetStringAsync('http://127.0.0.1/"
	    "').GetAwaiter().GetResult()",
	    NULL, "SocketAsyncEngine" },
	{ "a local socket",
	    "$s = [Net.Sockets.Socket]::new('Unix', 'Stream', 'Unspecified'); "
	    "$s.Connect([Net.Sockets.UnixDomainSocketEndPoint]::new('/run/x'))",
	    NULL, "SocketAsyncEngine" },
	{ "a listener", "[IO.Pipes.NamedPipeServerStream]::new('x')", NULL, "SocketAsyncEngine" },
	{ "a program", "[Diagnostics.Process]::Start('/bin/sh')", NULL, "No such file" },
	{ "itself as a program", "[Diagnostics.Process]::Start([Environment]::ProcessPath)", NULL,
	    "not permitted" },
	{ "a native program", "/bin/id", NULL, "not recognized" },
	{ "a job", "Start-Job { 1 }", NULL, "" },
	{ "accounts", "[IO.File]::ReadAllText('/etc/shadow')", NULL, "Could not find file" },
	{ "the agent's folder", "[IO.Directory]::GetFiles('/var/lib/causeway-agent')", NULL,
	    "Could not find a part of the path" },
	{ "other processes", "[Diagnostics.Process]::GetProcesses().Count", "1\n", NULL },
	{ "the root's folders",
	    "([IO.Directory]::GetDirectories('/') | Where-Object { $_ -notin "
	    "'/dev','/dotnet','/engine','/etc','/lib','/lib64','/proc','/tmp','/usr','/var' "
	    "}).Count",
	    "0\n", NULL },
	{ "the engine's own files", "[IO.File]::OpenWrite('/engine/pshost.dll')", NULL, "denied" },
	{ "a file in the root", "[IO.File]::WriteAllText('/x', 'x')", NULL,
	    "Read-only file system" },
	{ "kernel settings", "[IO.File]::ReadAllText('/proc/sys/kernel/hostname')", NULL,
	    "Could not find" },
	{ "the machine's name", "[Environment]::MachineName", "\"sandbox\"\n", NULL },
	{ "secrets in the environment",
	    "@([Environment]::GetEnvironmentVariables().Keys | Where-Object { $_ -like "
	    "'*CAUSEWAY*' }).Count",
	    "0\n", NULL },
	{ "shared memory",
	    "[IO.MemoryMappedFiles.MemoryMappedFile]::CreateNew($null, "
	    "100000).SafeMemoryMappedFileHandle.IsInvalid",
	    NULL, "" },
	{ "a watch", "[IO.FileSystemWatcher]::new('/tmp').EnableRaisingEvents = $true", NULL, "" },
	{ "more files than it may",
	    "1..600 | ForEach-Object { [IO.File]::OpenRead('/etc/passwd') }", NULL,
	    "Too many open files" },
	{ "a file too large",
	    "$f = [IO.File]::OpenWrite('/tmp/large'); $f.SetLength(100MB); "
	    "$f.Write([byte[]]::new(20MB))",
	    NULL, "" },
	/* One that does not let go of it is past saving: its deadline ends it. */
	{ "more memory than it may",
	    "$l = [Collections.Generic.List[object]]::new(); try { while ($true) { "
	    "$l.Add([byte[]]::new(1MB)) } } catch { $l = $null; "
	    "$_.Exception.InnerException.GetType().Name }",
	    "\"OutOfMemoryException\"\n", NULL },
};

/* libc's own functions, through a P/Invoke made at run time. */
#define NATIVE                                                                            \
	"function native($name, [type[]]$types, $values) {\n"                             \
	"  $a = [Reflection.Emit.AssemblyBuilder]::DefineDynamicAssembly("                \
	"[Reflection.AssemblyName]::new('n'), 'Run')\n"                                   \
	"  $t = $a.DefineDynamicModule('n').DefineType('N', 'Public')\n"                  \
	"  $m = $t.DefinePInvokeMethod($name, 'libc.so.6', 'Public,Static,PinvokeImpl', " \
	"'Standard', [int], $types, 'Cdecl', 'Ansi')\n"                                   \
	"  $m.SetImplementationFlags('PreserveSig')\n"                                    \
	"  $t.CreateType().GetMethod($name).Invoke($null, $values)\n"                     \
	"}\n"

static const struct {
	const char *name, *call;
	const char *output; /* NULL: the process must die */
} natives[] = {
	{ "the call itself works", "native 'getpid' @() @()", "1\n" },
	{ "socket", "native 'socket' @([int],[int],[int]) @(2,1,0)", "-1\n" },
	{ "fork", "native 'fork' @() @()", "-1\n" },
	{ "open", "native 'open' @([string],[int]) @('/dev/vda',0)", "-1\n" },
	{ "kill", "native 'kill' @([int],[int]) @(-1,9)", "-1\n" },
	{ "ptrace", "native 'ptrace' @([int],[int],[int],[int]) @(0,0,0,0)", NULL },
	{ "unshare", "native 'unshare' @([int]) @(0x10000000)", NULL },
	{ "setuid", "native 'setuid' @([int]) @(0)", NULL },
};

static void
test_escapes(void)
{
	struct taken t;
	struct script script;
	char text[2048];

	test_case = "a sandbox to escape from";
	take(&t, WAIT_MS);
	script_init(&script, &loop, &t.lost);
	for (size_t i = 0; i < CW_COUNT(escapes) && !t.lost; i++) {
		test_case = escapes[i].name;
		script_run(&script, cw_sandbox_session(t.sandbox), escapes[i].script, WAIT_MS);
		if (escapes[i].output != NULL)
			CHECK_STR(script_output(&script), escapes[i].output);
		else if (script.error[0] == '\0' || strstr(script.error, escapes[i].error) == NULL)
			CHECK_STR(script.error, escapes[i].error);
	}
	CHECK_STR(t.why, "");
	cw_sandbox_end(t.sandbox);
	for (size_t i = 0; i < CW_COUNT(natives); i++) {
		test_case = natives[i].name;
		take(&t, WAIT_MS);
		(void)snprintf(text, sizeof(text), NATIVE "%s", natives[i].call);
		script_run(&script, cw_sandbox_session(t.sandbox), text, WAIT_MS);
		if (natives[i].output != NULL) {
			CHECK_STR(script_output(&script), natives[i].output);
			CHECK_STR(script.error, "");
		} else {
			CHECK(t.lost);
			CHECK(strstr(t.why, "status 159") != NULL); /* SIGSYS, as bubblewrap says */
		}
		cw_sandbox_end(t.sandbox);
	}
	script_free(&script);
}

/* However it ends, its taker hears of it once, and the next one is there. */
static void
test_deaths(void)
{
	static const char *const scripts[] = { "[Environment]::Exit(3)",
		"[Environment]::FailFast('x')",
		"[Runtime.InteropServices.Marshal]::WriteInt32([IntPtr]::new(8), 1)",
		"[Console]::OpenStandardOutput().Write([byte[]](1..200), 0, 200)",
		"while ($true) { $null = [Runtime.InteropServices.Marshal]::AllocHGlobal(16MB) }" };
	struct taken t;
	struct script script;

	for (size_t i = 0; i < CW_COUNT(scripts); i++) {
		test_case = scripts[i];
		take(&t, WAIT_MS);
		script_init(&script, &loop, &t.lost);
		script_run(&script, cw_sandbox_session(t.sandbox), scripts[i], DEATH_MS);
		CHECK(t.lost || script.error[0] != '\0');
		cw_sandbox_end(t.sandbox);
		script_free(&script);
	}
	test_case = "a loop that is ended from outside";
	take(&t, WAIT_MS);
	script_init(&script, &loop, &t.lost);
	CHECK(script_begin(&script, cw_sandbox_session(t.sandbox),
	    "try { while ($true) { } } finally { while ($true) { } }", WAIT_MS));
	for (int i = 0; i < 5; i++)
		(void)uv_run(&loop, UV_RUN_NOWAIT);
	cw_sandbox_end(t.sandbox);
	while (status().ending > 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	CHECK(!script.done && !t.lost);
	script_free(&script);
	test_case = "the pool is well";
	until_warm(2);
}

static void
test_requests(void)
{
	struct taken t[4], waits, late, gone;
	struct cw_sandboxes_request *a, *b, *c;
	struct cw_err err = { 0 };

	test_case = "all places taken";
	for (int i = 0; i < 4; i++)
		take(&t[i], WAIT_MS);
	CHECK_EQ(status().taken, 4);
	memset(&waits, 0, sizeof(waits));
	memset(&late, 0, sizeof(late));
	memset(&gone, 0, sizeof(gone));
	CHECK_EQ(cw_sandboxes_take(pool, &a, 50, on_taken, &late, &err), CW_OK);
	CHECK_EQ(cw_sandboxes_take(pool, &b, WAIT_MS, on_taken, &gone, &err), CW_OK);
	CHECK_EQ(cw_sandboxes_take(pool, &c, WAIT_MS, on_taken, &waits, &err), CW_OK);
	CHECK_EQ(status().waiting, 3);
	cw_sandboxes_cancel(b);
	while (!late.answered)
		(void)uv_run(&loop, UV_RUN_ONCE);
	CHECK_EQ(late.err.code, CW_EUNAVAILABLE);
	CHECK_STR(late.err.text, "no sandbox was ready in time");
	CHECK(!waits.answered && !gone.answered);
	test_case = "the first that is free goes to who waits";
	cw_sandbox_end(t[2].sandbox);
	while (!waits.answered)
		(void)uv_run(&loop, UV_RUN_ONCE);
	CHECK(waits.sandbox != NULL);
	cw_sandbox_end(waits.sandbox);
	for (int i = 0; i < 4; i++)
		if (i != 2)
			cw_sandbox_end(t[i].sandbox);
	until_warm(2);
}

static void
test_bad_preparation(void)
{
	struct taken t;

	test_case = "a preparation that fails";
	open_pool(1, true);
	prepare_error = "the proxies do not load";
	take(&t, 3000);
	CHECK(t.sandbox == NULL);
	CHECK_STR(t.err.text, "no sandbox was ready in time: the proxies do not load");
	CHECK(status().failed >= 2 && status().failed < 10); /* held back, ever more */
	test_case = "and works again";
	prepare_error = NULL;
	take(&t, WAIT_MS);
	CHECK(t.sandbox != NULL);
	close_pool();
}

static void
test_bad_engine(void)
{
	char *nothing[] = { (char *)"/bin/true", (char *)"-s", NULL },
	     *none[] = { (char *)"/nonexistent", NULL };
	char *const *engine = walls.engine;
	struct taken t;

	test_case = "an engine that is none";
	walls.engine = nothing;
	open_pool(1, false);
	take(&t, 1500);
	CHECK(t.sandbox == NULL);
	CHECK(strstr(t.err.text, "PowerShell ended with status") != NULL);
	close_pool();
	test_case = "an engine that is not there";
	walls.engine = none;
	open_pool(1, false);
	take(&t, 1500);
	CHECK(strstr(t.err.text, "/nonexistent is no program here") != NULL);
	close_pool();
	walls.engine = engine;
}

static void
test_no_walls(void)
{
	struct taken t;

	test_case = "without walls no script runs, and the reason is told";
	walls.bwrap = "/nonexistent/bwrap";
	open_pool(1, false);
	take(&t, WAIT_MS);
	CHECK(t.sandbox == NULL);
	CHECK_EQ(t.err.code, CW_EUNAVAILABLE);
	CHECK_STR(t.err.text,
	    "scripts cannot run here, programs: /nonexistent/bwrap: No such file or directory");
	CHECK_EQ(status().state, CW_SANDBOXES_DOWN);
	CHECK_EQ(status().started, 0);
	test_case = "they are checked again by and by";
	walls.bwrap = CW_SANDBOX_BWRAP;
	until_warm(1);
	close_pool();
}

static unsigned
count_entries(const char *path)
{
	DIR *folder = opendir(path);
	unsigned n = 0;

	while (folder != NULL && readdir(folder) != NULL)
		n++;
	if (folder != NULL)
		closedir(folder);
	return n;
}

static unsigned
count_lines(const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned n = 0;
	int c;

	while (f != NULL && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		(void)fclose(f);
	return n;
}

static void
test_many(void)
{
	unsigned files = count_entries("/proc/self/fd"),
		 mounts = count_lines("/proc/self/mountinfo");
	struct taken t;
	struct script script;

	test_case = "many, one after the other";
	open_pool(2, true);
	for (int i = 0; i < MANY; i++) {
		take(&t, WAIT_MS);
		CHECK(t.sandbox != NULL);
		script_init(&script, &loop, &t.lost);
		script_run(&script, cw_sandbox_session(t.sandbox), "$prepared", WAIT_MS);
		CHECK_STR(script_output(&script), "\"yes\"\n");
		script_free(&script);
		cw_sandbox_end(t.sandbox);
	}
	CHECK_EQ(status().handed_out, MANY);
	CHECK_EQ(status().failed, 0);
	close_pool();
	test_case = "and nothing is left of them";
	CHECK(run_wait_for_none(walls.first_id, walls.ids));
	CHECK_EQ(count_entries("/proc/self/fd"), files);
	CHECK_EQ(count_lines("/proc/self/mountinfo"), mounts);
	for (unsigned i = 0; i < walls.ids; i++)
		CHECK(!run_has_cgroup(walls.first_id + i));
}

static void
test_close_early(void)
{
	test_case = "closed while the walls are checked";
	open_pool(2, false);
	close_pool();
	test_case = "closed while the first one starts";
	open_pool(2, false);
	while (status().starting == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	close_pool();
	CHECK(run_wait_for_none(walls.first_id, walls.ids));
}

int
main(int argc, char **argv)
{
	char *engine[] = { argc == 4 ? argv[3] : NULL, (char *)"-s", NULL };

	if (argc != 4 || uv_loop_init(&loop) < 0)
		return 2;
	run_config(&walls, argv);
	run_need_walls(&walls);
	(void)signal(SIGPIPE, SIG_IGN);
	walls.engine = engine;
	walls.ids = 4;
	open_pool(2, true);
	test_hand_out();
	test_escapes();
	test_deaths();
	test_requests();
	close_pool();
	test_close_early();
	test_bad_preparation();
	test_bad_engine();
	test_no_walls();
	test_many();
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	return test_failed;
}
