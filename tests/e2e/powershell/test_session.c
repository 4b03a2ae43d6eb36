/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The session and its process against a real PowerShell engine: argv[1] is a
 * program that takes -s.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/json.h"
#include "powershell/process.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

/* What one pipeline, or the loss of the session, has said. */
struct seen {
	struct cw_buf output; /* JSON of each object, one a line */
	int records[6];
	struct cw_buf error;
	enum cw_psrp_outcome outcome;
	bool finished, lost, opened, keyed, closed;
	struct cw_err why;
	struct cw_psrp_pipeline *pipeline;
	bool stop_at_output;
	const char *answer; /* to ReadLine */
	struct cw_psrp_process *process;
	uv_loop_t *loop;
};

static void
on_opened(void *arg)
{
	((struct seen *)arg)->opened = true;
}

static void
on_keyed(void *arg)
{
	((struct seen *)arg)->keyed = true;
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	struct seen *s = arg;

	s->lost = true;
	s->why = *err;
}

static void
on_closed(void *arg)
{
	((struct seen *)arg)->closed = true;
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct seen *s = arg;
	struct cw_err err;

	CHECK_EQ(cw_ps_json_put(&s->output, value, &err), CW_OK);
	(void)cw_buf_putc(&s->output, '\n');
	if (s->stop_at_output)
		cw_psrp_stop(s->pipeline, uv_now(s->loop));
}

static void
on_record(void *arg, enum cw_psrp_stream stream, const struct cw_ps_value *record)
{
	struct seen *s = arg;

	s->records[stream]++;
	if (stream == CW_PSRP_ERROR && cw_ps_str(record) != NULL)
		(void)cw_buf_puts(&s->error, cw_ps_str(record));
}

static void
on_host_call(void *arg, const struct cw_psrp_host_call *call)
{
	struct seen *s = arg;
	struct cw_ps_arena *arena;
	struct cw_err err;

	if (cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return;
	if (call->method == 11)
		CHECK_EQ(cw_psrp_host_answer(s->pipeline, call, cw_ps_string(arena, s->answer),
			     uv_now(s->loop), &err),
		    CW_OK);
	cw_ps_arena_free(arena);
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct seen *s = arg;

	s->finished = true;
	s->outcome = outcome;
	s->pipeline = NULL;
	if (cw_ps_str(error) != NULL)
		(void)cw_buf_puts(&s->error, cw_ps_str(error));
}

static const struct cw_psrp_pipeline_events plain = { on_output, on_record, NULL, on_finished };
static const struct cw_psrp_pipeline_events hosted = { on_output, on_record, on_host_call,
	on_finished };

static void
until(struct seen *s, const bool *what)
{
	while (!*what && !s->lost && !s->closed)
		uv_run(s->loop, UV_RUN_ONCE);
}

static void
reset(struct seen *s)
{
	cw_buf_clear(&s->output);
	cw_buf_clear(&s->error);
	memset(s->records, 0, sizeof(s->records));
	s->finished = s->stop_at_output = false;
}

static void
start(struct seen *s, uv_loop_t *loop, const char *program, bool has_host)
{
	char *argv[] = { (char *)(uintptr_t)program, "-s", NULL };
	struct cw_psrp_process_config config = { .loop = loop,
		.argv = argv,
		.has_host = has_host,
		.events = { on_opened, on_keyed, NULL, on_lost, s },
		.closed = on_closed };
	struct cw_err err = { 0 };

	memset(s, 0, sizeof(*s));
	cw_buf_init(&s->output, 1u << 24);
	cw_buf_init(&s->error, 1u << 16);
	s->loop = loop;
	CHECK_EQ(cw_psrp_process_start(&s->process, &config, &err), CW_OK);
	CHECK_STR(err.text, "");
	until(s, &s->opened);
	CHECK(s->opened);
}

static void
end(struct seen *s)
{
	if (!s->closed && !s->lost)
		cw_psrp_process_kill(s->process);
	while (!s->closed)
		uv_run(s->loop, UV_RUN_ONCE);
	cw_buf_free(&s->output);
	cw_buf_free(&s->error);
}

static int
begin(struct seen *s, const struct cw_psrp_run *run)
{
	struct cw_err err = { 0 };
	int r;

	reset(s);
	uv_update_time(s->loop);
	r = cw_psrp_run(
	    cw_psrp_process_session(s->process), &s->pipeline, run, uv_now(s->loop), &err);
	CHECK_STR(err.text, "");
	return r;
}

/* Runs one command to its end. */
static void
run_events(struct seen *s, const struct cw_psrp_command *command, uint32_t timeout_ms,
    const struct cw_psrp_pipeline_events *events)
{
	struct cw_psrp_run run = { .commands = command,
		.count = 1,
		.timeout_ms = timeout_ms,
		.events = events,
		.arg = s };

	if (begin(s, &run) == CW_OK)
		until(s, &s->finished);
}

static void
run_script(struct seen *s, const char *text)
{
	struct cw_psrp_command command = { .text = text, .is_script = true };

	run_events(s, &command, 60000, &plain);
}

static void
test_scripts(struct seen *s)
{
	static const struct {
		const char *name, *script, *output, *error;
		enum cw_psrp_outcome outcome;
	} rows[] = {
		{ "numbers", "1+1; 2.5; [int64]9007199254740993", "2\n2.5\n\"9007199254740993\"\n",
		    "", CW_PSRP_COMPLETED },
		{ "text with every trouble", "\"<&>`\"'`u{1}`u{1F600}\"",
		    "\"<&>\\\"'\\u0001\xf0\x9f\x98\x80\"\n", "", CW_PSRP_COMPLETED },
		{ "null and nested lists", "$null; ,@(1,@(2,3))", "null\n[1,[2,3]]\n", "",
		    CW_PSRP_COMPLETED },
		{ "a command that is not there", "Get-Foo", "",
		    "The term 'Get-Foo' is not recognized as a name of a cmdlet, function, script "
		    "file, or executable program.\n"
		    "Check the spelling of the name, or if a path was included, verify that the "
		    "path is correct and try again.",
		    CW_PSRP_COMPLETED },
		{ "a terminating error", "throw 'enough'", "", "enough", CW_PSRP_FAILED },
	};

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		run_script(s, rows[i].script);
		CHECK(s->finished);
		CHECK_EQ(s->outcome, rows[i].outcome);
		CHECK_STR(cw_buf_str(&s->output), rows[i].output);
		CHECK_STR(cw_buf_str(&s->error), rows[i].error);
	}
}

static void
test_streams(struct seen *s)
{
	test_case = "all six streams";
	run_script(s,
	    "$WarningPreference = $VerbosePreference = $DebugPreference = $InformationPreference = "
	    "'Continue'\n"
	    "$c = [psobject].Assembly.GetType('System.Management.Automation.PSCmdlet')\n"
	    "function F { [CmdletBinding()] param() $PSCmdlet.WriteWarning('w'); "
	    "$PSCmdlet.WriteVerbose('v');\n"
	    " $PSCmdlet.WriteDebug('d'); $PSCmdlet.WriteInformation('i', @());\n"
	    " $PSCmdlet.WriteProgress([System.Management.Automation.ProgressRecord]::new(1,'a','b')"
	    ") }\n"
	    "F; [int]'x'");
	CHECK_EQ(s->records[CW_PSRP_WARNING], 1);
	CHECK_EQ(s->records[CW_PSRP_VERBOSE], 1);
	CHECK_EQ(s->records[CW_PSRP_DEBUG], 1);
	CHECK_EQ(s->records[CW_PSRP_INFORMATION], 1);
	CHECK_EQ(s->records[CW_PSRP_PROGRESS], 1);
	CHECK_EQ(s->records[CW_PSRP_ERROR], 1);
}

static void
test_structured(struct seen *s, struct cw_ps_arena *arena)
{
	struct cw_psrp_argument arguments[] = { { "Name", cw_ps_string(arena, "Where-Object") },
		{ "CommandType", cw_ps_string(arena, "Cmdlet") } };
	struct cw_psrp_command command = { "Microsoft.PowerShell.Core\\Get-Command", false,
		arguments, 2 };
	struct cw_psrp_command text = { "1+1", false, NULL, 0 };

	test_case = "a structured command";
	run_events(s, &command, 60000, &plain);
	CHECK_EQ(s->outcome, CW_PSRP_COMPLETED);
	CHECK(strstr(cw_buf_str(&s->output), "\"Where-Object\"") != NULL);
	test_case = "text is no command name";
	run_events(s, &text, 60000, &plain);
	CHECK(strstr(cw_buf_str(&s->error), "'1+1' is not recognized") != NULL);
}

static void
test_large(struct seen *s, struct cw_ps_arena *arena)
{
	enum { N = 300 * 1024 };
	char *big = malloc(N + 1);
	struct cw_psrp_argument argument = { NULL, NULL };
	struct cw_psrp_command command = { "param($t) $t.Length; $t", true, &argument, 1 };
	const char *out;

	if (big == NULL)
		return;
	memset(big, 'x', N);
	big[N] = '\0';
	test_case = "many fragments each way";
	argument.value = cw_ps_string(arena, big);
	run_events(s, &command, 60000, &plain);
	out = cw_buf_str(&s->output);
	CHECK_EQ(strlen(out), N + 10);
	CHECK(strncmp(out, "307200\n\"xxx", 11) == 0);
	free(big);
	test_case = "ten thousand objects in order";
	run_script(s, "1..10000");
	out = cw_buf_str(&s->output);
	for (int i = 1; i <= 10000; i++)
		if (strtol(out, (char **)(uintptr_t)&out, 10) != i || *out++ != '\n') {
			CHECK_EQ(i, 10000);
			break;
		}
}

static void
test_input(struct seen *s, struct cw_ps_arena *arena)
{
	struct cw_psrp_command command = { "begin { $n = 0 } process { if ($_ -ne $n++) { throw "
					   "\"$_ is not $n\" } } end { $n }",
		true, NULL, 0 };
	struct cw_psrp_run run = { .commands = &command,
		.count = 1,
		.input = true,
		.timeout_ms = 60000,
		.events = &plain,
		.arg = s };
	struct cw_err err = { 0 };

	test_case = "two thousand inputs keep their order";
	if (begin(s, &run) < 0)
		return;
	for (int i = 0; i < 2000; i++)
		CHECK_EQ(cw_psrp_input(
			     s->pipeline, cw_ps_int(arena, CW_PS_I32, i), uv_now(s->loop), &err),
		    CW_OK);
	CHECK_EQ(cw_psrp_input(s->pipeline, NULL, uv_now(s->loop), &err), CW_OK);
	until(s, &s->finished);
	CHECK_STR(cw_buf_str(&s->output), "2000\n");
	CHECK_STR(cw_buf_str(&s->error), "");
}

static void
test_stop(struct seen *s)
{
	struct cw_psrp_command loop = { "1; while ($true) { }", true, NULL, 0 };
	struct cw_psrp_run run = {
		.commands = &loop, .count = 1, .timeout_ms = 60000, .events = &plain, .arg = s
	};

	test_case = "stop in the middle";
	if (begin(s, &run) == CW_OK) {
		s->stop_at_output = true;
		until(s, &s->finished);
		CHECK_EQ(s->outcome, CW_PSRP_STOPPED);
		CHECK_STR(cw_buf_str(&s->output), "1\n");
	}
	test_case = "stop before it began";
	if (begin(s, &run) == CW_OK) {
		cw_psrp_stop(s->pipeline, uv_now(s->loop));
		until(s, &s->finished);
		CHECK_EQ(s->outcome, CW_PSRP_STOPPED);
		CHECK_STR(cw_buf_str(&s->output), "");
	}
	test_case = "its time is over";
	run_events(s, &loop, 300, &plain);
	CHECK_EQ(s->outcome, CW_PSRP_TIMED_OUT);
	test_case = "a host that nobody plays";
	run_script(s, "$Host.UI.ReadLine()");
	CHECK_STR(cw_buf_str(&s->output), "");
	CHECK(strstr(cw_buf_str(&s->error), "does not support user interaction") != NULL);
	test_case = "and the session still serves";
	run_script(s, "'yes'");
	CHECK_STR(cw_buf_str(&s->output), "\"yes\"\n");
}

static void
test_secret(struct seen *s, struct cw_ps_arena *arena)
{
	struct cw_psrp_argument argument = { "s",
		cw_ps_secure(arena, "p\xc3\xa4ss\xf0\x9f\x94\x91", 9) };
	struct cw_psrp_command command = {
		"param([securestring]$s) [System.Net.NetworkCredential]::new('', $s).Password; $s",
		true, &argument, 1
	};
	struct cw_psrp_run run = {
		.commands = &command, .count = 1, .timeout_ms = 60000, .events = &plain, .arg = s
	};
	struct cw_err err = { 0 };

	test_case = "no secret before the key";
	CHECK_EQ(cw_psrp_run(cw_psrp_process_session(s->process), &s->pipeline, &run,
		     uv_now(s->loop), &err),
	    CW_EINVAL);
	test_case = "a secret in a secure string, and none in what comes back";
	err.text[0] = '\0';
	CHECK_EQ(cw_psrp_exchange_key(cw_psrp_process_session(s->process), uv_now(s->loop), &err),
	    CW_OK);
	CHECK_STR(err.text, "");
	until(s, &s->keyed);
	run_events(s, &command, 60000, &plain);
	CHECK_STR(cw_buf_str(&s->output), "\"p\xc3\xa4ss\xf0\x9f\x94\x91\"\n{\"$secure\":true}\n");
}

static void
test_host(uv_loop_t *loop, const char *program)
{
	struct cw_psrp_command command = { "$Host.UI.Write('asks'); $Host.UI.ReadLine()", true,
		NULL, 0 };
	struct seen s;

	test_case = "host calls";
	start(&s, loop, program, true);
	s.answer = "an answer";
	run_events(&s, &command, 60000, &hosted);
	CHECK_STR(cw_buf_str(&s.error), "");
	CHECK_STR(cw_buf_str(&s.output), "\"an answer\"\n");
	end(&s);
}

static void
test_death(uv_loop_t *loop, const char *program)
{
	struct cw_psrp_command hang = { "try { while ($true) { } } finally { while ($true) { } }",
		true, NULL, 0 };
	struct seen s;

	test_case = "one that does not stop takes its session along";
	start(&s, loop, program, false);
	run_events(&s, &hang, 200, &plain);
	CHECK(s.lost);
	CHECK_STR(s.why.text, "a command did not stop when it was told to");
	end(&s);
	test_case = "the process is killed";
	start(&s, loop, program, false);
	CHECK_EQ(uv_kill(cw_psrp_process_pid(s.process), SIGKILL), 0);
	until(&s, &s.lost);
	CHECK_STR(s.why.text, "PowerShell was ended by signal 9");
	end(&s);
}

static void
test_no_engine(uv_loop_t *loop)
{
	char *ends[] = { "sh", "-c", "echo last words >&2; exit 3", NULL };
	char *babbles[] = { "sh", "-c", "echo Welcome; cat", NULL };
	struct cw_psrp_process_config ending = {
		.loop = loop, .argv = ends, .events = { .lost = on_lost }, .closed = on_closed
	};
	struct cw_psrp_process_config babbling = {
		.loop = loop, .argv = babbles, .events = { .lost = on_lost }, .closed = on_closed
	};
	char *argv[] = { "no-such-powershell", "-s", NULL };
	struct cw_psrp_process_config config = {
		.loop = loop, .argv = argv, .events = { .lost = on_lost, .opened = on_opened }
	};
	struct cw_psrp_process *process;
	struct seen s = { .loop = loop };
	struct cw_err err = { 0 };

	test_case = "the process ends";
	ending.events.arg = babbling.events.arg = &s;
	CHECK_EQ(cw_psrp_process_start(&process, &ending, &err), CW_OK);
	until(&s, &s.closed);
	CHECK_STR(s.why.text, "PowerShell ended with status 3: last words ");
	while (!s.closed)
		uv_run(loop, UV_RUN_ONCE);
	test_case = "a program that is no PowerShell";
	s = (struct seen){ .loop = loop };
	CHECK_EQ(cw_psrp_process_start(&process, &babbling, &err), CW_OK);
	until(&s, &s.closed);
	CHECK_STR(s.why.text, "PowerShell wrote a line that is not PSRP: \"Welcome\"");
	while (!s.closed)
		uv_run(loop, UV_RUN_ONCE);
	test_case = "no such program";
	CHECK_EQ(cw_psrp_process_start(&process, &config, &err), CW_ENOTFOUND);
	CHECK(strstr(err.text, "cannot start no-such-powershell") != NULL);
}

int
main(int argc, char **argv)
{
	struct cw_ps_arena *arena;
	struct seen s;
	uv_loop_t loop;

	if (argc != 2 || uv_loop_init(&loop) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	start(&s, &loop, argv[1], false);
	test_scripts(&s);
	test_streams(&s);
	test_structured(&s, arena);
	test_large(&s, arena);
	test_input(&s, arena);
	test_stop(&s);
	test_secret(&s, arena);
	end(&s);
	test_host(&loop, argv[1]);
	test_death(&loop, argv[1]);
	test_no_engine(&loop);
	uv_run(&loop, UV_RUN_DEFAULT);
	CHECK_EQ(uv_loop_close(&loop), 0);
	cw_ps_arena_free(arena);
	return test_failed;
}
