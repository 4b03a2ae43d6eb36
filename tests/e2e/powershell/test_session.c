/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a session does with a real PowerShell engine: argv[1] is a program that
 * takes -s.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "os/clock.h"

#include "client.h"

int test_failed;
const char *test_case = "start";

static void
test_scripts(struct client *c)
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
		{ "a progress record as an object",
		    "[System.Management.Automation.ProgressRecord]::new(1,'a','b').Activity; "
		    "[System.Management.Automation.ProgressRecord]::new(1,'a','b')",
		    "\"a\"\n{\"Activity\":\"a\",\"ActivityId\":1,\"CurrentOperation\":null,"
		    "\"ParentActivityId\":-1,\"PercentComplete\":-1,\"RecordType\":\"Processing\","
		    "\"SecondsRemaining\":-1,\"StatusDescription\":\"b\"}\n",
		    "", CW_PSRP_COMPLETED },
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
		client_script(c, rows[i].script);
		CHECK(c->finished);
		CHECK_EQ(c->outcome, rows[i].outcome);
		CHECK_STR(cw_buf_str(&c->output), rows[i].output);
		CHECK_STR(cw_buf_str(&c->error), rows[i].error);
	}
}

static void
test_streams(struct client *c)
{
	test_case = "all six streams";
	client_script(c,
	    "$WarningPreference = $VerbosePreference = $DebugPreference = $InformationPreference = "
	    "'Continue'\n"
	    "function F { [CmdletBinding()] param() $PSCmdlet.WriteWarning('w'); "
	    "$PSCmdlet.WriteVerbose('v');\n"
	    " $PSCmdlet.WriteDebug('d'); $PSCmdlet.WriteInformation('i', @());\n"
	    " $PSCmdlet.WriteProgress([System.Management.Automation.ProgressRecord]::new(1,'a','b')"
	    ") }\n"
	    "F; [int]'x'");
	for (size_t i = 0; i < CW_COUNT(c->records); i++)
		CHECK_EQ(c->records[i], 1);
}

static void
test_structured(struct client *c, struct cw_ps_arena *arena)
{
	struct cw_psrp_argument arguments[] = { { "Name", cw_ps_string(arena, "Where-Object") },
		{ "CommandType", cw_ps_string(arena, "Cmdlet") } };
	struct cw_psrp_command command = { "Microsoft.PowerShell.Core\\Get-Command", false,
		arguments, 2 };
	struct cw_psrp_command text = { "1+1", false, NULL, 0 };
	struct cw_psrp_command two[] = { { "1..3", true, NULL, 0 },
		{ "process { $_ * 2 }", true, NULL, 0 } };
	struct cw_psrp_run piped = { .commands = two, .count = 2, .timeout_ms = 60000 };

	test_case = "a structured command";
	client_run(c, &command, 60000);
	CHECK_EQ(c->outcome, CW_PSRP_COMPLETED);
	CHECK(strstr(cw_buf_str(&c->output), "\"Where-Object\"") != NULL);
	test_case = "text is no command name";
	client_run(c, &text, 60000);
	CHECK(strstr(cw_buf_str(&c->error), "'1+1' is not recognized") != NULL);
	test_case = "one command piped into the next";
	if (client_begin_run(c, &piped) == CW_OK)
		client_until(c, &c->finished);
	CHECK_STR(cw_buf_str(&c->output), "2\n4\n6\n");
}

static void
test_large(struct client *c, struct cw_ps_arena *arena)
{
	enum { N = 300 * 1024, OBJECTS = 20000 };
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
	client_run(c, &command, 60000);
	out = cw_buf_str(&c->output);
	CHECK_EQ(strlen(out), N + 10);
	CHECK(strncmp(out, "307200\n\"xxx", 11) == 0);
	free(big);
	test_case = "twenty thousand objects in order";
	client_script(c, "1..20000");
	CHECK_EQ(c->outputs, OBJECTS);
	out = cw_buf_str(&c->output);
	for (int i = 1; i <= OBJECTS; i++)
		if (strtol(out, (char **)(uintptr_t)&out, 10) != i || *out++ != '\n') {
			CHECK_EQ(i, OBJECTS);
			break;
		}
}

static void
test_input(struct client *c, struct cw_ps_arena *arena)
{
	struct cw_psrp_command command = { "begin { $n = 0 } process { if ($_ -ne $n++) { throw "
					   "\"$_ is not $n\" } } end { $n }",
		true, NULL, 0 };
	struct cw_psrp_run run = {
		.commands = &command, .count = 1, .input = true, .timeout_ms = 60000
	};
	struct cw_err err = { 0 };

	test_case = "two thousand inputs keep their order";
	if (client_begin_run(c, &run) < 0)
		return;
	for (int i = 0; i < 2000; i++)
		CHECK_EQ(cw_psrp_input(
			     c->pipeline, cw_ps_int(arena, CW_PS_I32, i), uv_now(c->loop), &err),
		    CW_OK);
	CHECK_EQ(cw_psrp_input(c->pipeline, NULL, uv_now(c->loop), &err), CW_OK);
	client_until(c, &c->finished);
	CHECK_STR(cw_buf_str(&c->output), "2000\n");
	CHECK_STR(cw_buf_str(&c->error), "");
}

static void
test_stop(struct client *c)
{
	struct cw_psrp_command loop = { "1; while ($true) { }", true, NULL, 0 };
	uint64_t began;

	test_case = "stop in the middle";
	c->stops = true;
	began = cw_clock_ms();
	client_run(c, &loop, 60000);
	CHECK_EQ(c->outcome, CW_PSRP_STOPPED);
	CHECK_STR(cw_buf_str(&c->output), "1\n");
	CHECK(cw_clock_ms() - began < CW_PSRP_STOP_MS);
	c->stops = false;
	test_case = "stop before it began";
	if (client_begin(c, &loop, 60000) == CW_OK) {
		cw_psrp_stop(c->pipeline, uv_now(c->loop));
		client_until(c, &c->finished);
		CHECK_EQ(c->outcome, CW_PSRP_STOPPED);
		CHECK_STR(cw_buf_str(&c->output), "");
	}
	test_case = "its time is over";
	began = cw_clock_ms();
	client_run(c, &loop, 300);
	CHECK_EQ(c->outcome, CW_PSRP_TIMED_OUT);
	CHECK(cw_clock_ms() - began >= 300);
	CHECK(cw_clock_ms() - began < 300 + CW_PSRP_STOP_MS);
	test_case = "a host that nobody plays";
	client_script(c, "$Host.UI.ReadLine()");
	CHECK_STR(cw_buf_str(&c->output), "");
	CHECK(strstr(cw_buf_str(&c->error), "does not support user interaction") != NULL);
	test_case = "and the session still serves";
	client_script(c, "'yes'");
	CHECK_STR(cw_buf_str(&c->output), "\"yes\"\n");
}

static void
test_secret(struct client *c, struct cw_ps_arena *arena)
{
	static const char words[] = "p\xc3\xa4ss\xf0\x9f\x94\x91";
	struct cw_psrp_argument argument = { "s", cw_ps_secure(arena, words, strlen(words)) };
	struct cw_psrp_command command = {
		"param([securestring]$s) [System.Net.NetworkCredential]::new('', $s).Password; $s",
		true, &argument, 1
	};
	struct cw_psrp_run run = {
		.commands = &command, .count = 1, .timeout_ms = 60000, .events = &client_hosted
	};
	struct cw_psrp *session = cw_psrp_process_session(c->process);
	struct cw_err err = { 0 };

	test_case = "no secret before the key";
	CHECK_EQ(cw_psrp_run(session, &c->pipeline, &run, uv_now(c->loop), &err), CW_EINVAL);
	test_case = "a secret in a secure string, and none in what comes back";
	err.text[0] = '\0';
	CHECK_EQ(cw_psrp_exchange_key(session, uv_now(c->loop), &err), CW_OK);
	CHECK_STR(err.text, "");
	client_until(c, &c->keyed);
	client_run(c, &command, 60000);
	CHECK_STR(cw_buf_str(&c->output), "\"p\xc3\xa4ss\xf0\x9f\x94\x91\"\n{\"$secure\":true}\n");
	test_case = "an empty secret";
	argument.value = cw_ps_secure(arena, "", 0);
	client_run(c, &command, 60000);
	CHECK_STR(cw_buf_str(&c->output), "\"\"\n{\"$secure\":true}\n");
}

static void
test_host(uv_loop_t *loop, const char *engine)
{
	struct cw_psrp_command command = { "$Host.UI.Write('asks'); $Host.UI.ReadLine()", true,
		NULL, 0 };
	struct cw_psrp_run run = {
		.commands = &command, .count = 1, .timeout_ms = 60000, .events = &client_hosted
	};
	struct client c;

	test_case = "host calls";
	client_start_engine(&c, loop, engine, true);
	c.answer = "an answer";
	if (client_begin_run(&c, &run) == CW_OK)
		client_until(&c, &c.finished);
	CHECK_STR(cw_buf_str(&c.error), "");
	CHECK_STR(cw_buf_str(&c.output), "\"an answer\"\n");
	client_end(&c);
}

int
main(int argc, char **argv)
{
	struct cw_ps_arena *arena;
	struct client c;
	uv_loop_t loop;

	if (argc != 2 || uv_loop_init(&loop) < 0 || cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return 2;
	(void)signal(SIGPIPE, SIG_IGN);
	client_start_engine(&c, &loop, argv[1], false);
	test_scripts(&c);
	test_streams(&c);
	test_structured(&c, arena);
	test_large(&c, arena);
	test_input(&c, arena);
	test_stop(&c);
	test_secret(&c, arena);
	client_end(&c);
	test_host(&loop, argv[1]);
	CHECK_EQ(uv_run(&loop, UV_RUN_DEFAULT), 0);
	CHECK_EQ(uv_loop_close(&loop), 0);
	cw_ps_arena_free(arena);
	return test_failed;
}
