/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exact text of each request: what the engine was measured to take.
 */
#include "base/buf.h"
#include "base/err.h"
#include "powershell/clixml.h"
#include "powershell/request.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

static struct cw_ps_arena *arena;
static struct cw_buf out;
static struct cw_err err;

#define NO_HOST(use)                                                                             \
	"<B N=\"_isHostNull\">true</B><B N=\"_isHostUINull\">true</B><B N=\"_isHostRawUINull\">" \
	"true</B><B N=\"_useRunspaceHost\">" use "</B>"
#define HOST(use)                                                           \
	"<B N=\"_isHostNull\">false</B><B N=\"_isHostUINull\">false</B><B " \
	"N=\"_isHostRawUINull\">false</B><B N=\"_useRunspaceHost\">" use "</B>"
#define LIST "<T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN><LST>"
#define MERGES                                                                 \
	"<I32 N=\"MergeMyResult\">0</I32><I32 N=\"MergeToResult\">0</I32>"     \
	"<I32 N=\"MergePreviousResults\">0</I32><I32 N=\"MergeError\">0</I32>" \
	"<I32 N=\"MergeWarning\">0</I32><I32 N=\"MergeVerbose\">0</I32>"       \
	"<I32 N=\"MergeDebug\">0</I32><I32 N=\"MergeInformation\">0</I32>"

static void
check(int r, const char *want)
{
	CHECK_EQ(r, CW_OK);
	CHECK_STR(cw_buf_str(&out), want);
	cw_buf_clear(&out);
	cw_ps_arena_reset(arena);
}

static void
no_output(void *arg, const struct cw_ps_value *v)
{
	(void)arg;
	(void)v;
}

static void
no_host_call(void *arg, const struct cw_psrp_host_call *call)
{
	(void)arg;
	(void)call;
}

static void
no_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	(void)arg;
	(void)outcome;
	(void)error;
}

static const struct cw_psrp_pipeline_events plain = { no_output, NULL, NULL, no_finished };
static const struct cw_psrp_pipeline_events hosted = { no_output, NULL, no_host_call, no_finished };

static void
test_pool(void)
{
	test_case = "capability";
	check(cw_psrp_put_capability(&out),
	    "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version>"
	    "<Version N=\"PSVersion\">2.0</Version>"
	    "<Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>");
	test_case = "a pool without a host";
	check(cw_psrp_put_init_pool(&out, arena, false, &err),
	    "<Obj RefId=\"0\"><MS><I32 N=\"MinRunspaces\">1</I32><I32 N=\"MaxRunspaces\">1</I32>"
	    "<I32 N=\"PSThreadOptions\">0</I32><I32 N=\"ApartmentState\">2</I32>"
	    "<Obj N=\"HostInfo\" RefId=\"1\"><MS>" NO_HOST(
		"true") "</MS></Obj><Nil N=\"ApplicationArguments\"/></MS></Obj>");
	test_case = "a pool with a host";
	check(cw_psrp_put_init_pool(&out, arena, true, &err),
	    "<Obj RefId=\"0\"><MS><I32 N=\"MinRunspaces\">1</I32><I32 N=\"MaxRunspaces\">1</I32>"
	    "<I32 N=\"PSThreadOptions\">0</I32><I32 N=\"ApartmentState\">2</I32>"
	    "<Obj N=\"HostInfo\" RefId=\"1\"><MS>" HOST(
		"false") "</MS></Obj><Nil N=\"ApplicationArguments\"/></MS></Obj>");
}

static void
test_pipeline(void)
{
	struct cw_psrp_argument arguments[] = {
		{ "Identity", cw_ps_string(arena, "a<b") },
		{ NULL, cw_ps_int(arena, CW_PS_I32, 1) },
	};
	struct cw_psrp_command commands[] = {
		{ "ActiveDirectory\\Get-ADUser", false, arguments, 2 },
		{ "$_.Name", true, NULL, 0 },
	};
	struct cw_psrp_run run = { .commands = commands, .count = 2, .events = &plain };
	struct cw_ps_arena *making;

	if (cw_ps_arena_new(&making, CW_PS_ARENA_MAX) < 0)
		return;
	test_case = "a pipeline of two";
	CHECK_EQ(cw_psrp_put_pipeline(&out, making, &run, NULL, &err), CW_OK);
	CHECK_STR(cw_buf_str(&out),
	    "<Obj RefId=\"0\"><MS><B N=\"NoInput\">true</B><I32 N=\"ApartmentState\">2</I32>"
	    "<I32 N=\"RemoteStreamOptions\">0</I32><B N=\"AddToHistory\">false</B>"
	    "<Obj N=\"HostInfo\" RefId=\"1\"><MS>" NO_HOST(
		"true") "</MS></Obj>"
			"<Obj N=\"PowerShell\" RefId=\"2\"><MS><B N=\"IsNested\">false</B>"
			"<Nil N=\"ExtraCmds\"/><Obj N=\"Cmds\" RefId=\"3\"><TN RefId=\"4\">" LIST
			"<Obj RefId=\"5\"><MS><S N=\"Cmd\">ActiveDirectory\\Get-ADUser</S>"
			"<B N=\"IsScript\">false</B><Nil N=\"UseLocalScope\"/>" MERGES
			"<Obj N=\"Args\" RefId=\"6\"><TN RefId=\"7\">" LIST
			"<Obj RefId=\"8\"><MS><S N=\"N\">Identity</S><S "
			"N=\"V\">a&lt;b</S></MS></Obj>"
			"<Obj RefId=\"9\"><MS><Nil N=\"N\"/><I32 N=\"V\">1</I32></MS></Obj>"
			"</LST></Obj></MS></Obj>"
			"<Obj RefId=\"10\"><MS><S N=\"Cmd\">$_.Name</S><B N=\"IsScript\">true</B>"
			"<Nil N=\"UseLocalScope\"/>" MERGES
			"<Obj N=\"Args\" RefId=\"11\"><TN RefId=\"12\">" LIST
			"</LST></Obj></MS></Obj></LST></Obj><Nil N=\"History\"/>"
			"<B N=\"RedirectShellErrorOutputPipe\">true</B></MS></Obj>"
			"<B N=\"IsNested\">false</B></MS></Obj>");
	test_case = "with input and a host";
	cw_buf_clear(&out);
	run = (struct cw_psrp_run){
		.commands = commands + 1, .count = 1, .input = true, .events = &hosted
	};
	CHECK_EQ(cw_psrp_put_pipeline(&out, making, &run, NULL, &err), CW_OK);
	CHECK(strstr(cw_buf_str(&out), "<B N=\"NoInput\">false</B>") != NULL);
	CHECK(strstr(cw_buf_str(&out), HOST("true")) != NULL);

	test_case = "a value that could not be made";
	cw_buf_clear(&out);
	arguments[0].value = NULL;
	run = (struct cw_psrp_run){ .commands = commands, .count = 1, .events = &plain };
	CHECK_EQ(cw_psrp_put_pipeline(&out, making, &run, NULL, &err), CW_ELIMIT);
	CHECK_STR(err.text, "a request to PowerShell is too large");
	test_case = "a secret without a key";
	arguments[0].value = cw_ps_secure(arena, "pw", 2);
	CHECK_EQ(cw_psrp_put_pipeline(&out, making, &run, NULL, &err), CW_EINVAL);
	cw_ps_arena_free(making);

	test_case = "an arena that is too small";
	if (cw_ps_arena_new(&making, 16384) < 0)
		return;
	CHECK(cw_ps_arena_alloc(making, 4000) && cw_ps_arena_alloc(making, 4000) &&
	    cw_ps_arena_alloc(making, 4000) && cw_ps_arena_alloc(making, 4000));
	arguments[0].value = cw_ps_null();
	CHECK_EQ(cw_psrp_put_pipeline(&out, making, &run, NULL, &err), CW_ELIMIT);
	cw_ps_arena_free(making);
	cw_buf_clear(&out);
}

static void
test_host_response(void)
{
	struct cw_psrp_host_call call = { .id = 3, .method = 11 };

	test_case = "an answer to the engine";
	check(cw_psrp_put_host_response(&out, arena, &call, cw_ps_string(arena, "x"), &err),
	    "<Obj RefId=\"0\"><MS><S N=\"mr\">x</S><I64 N=\"ci\">3</I64><I32 N=\"mi\">11</I32>"
	    "</MS></Obj>");
	test_case = "an answer without a value";
	check(cw_psrp_put_host_response(&out, arena, &call, NULL, &err),
	    "<Obj RefId=\"0\"><MS><I64 N=\"ci\">3</I64><I32 N=\"mi\">11</I32></MS></Obj>");
}

int
main(void)
{
	if (cw_ps_arena_new(&arena, CW_PS_ARENA_MAX) < 0)
		return 2;
	cw_buf_init(&out, 65536);
	test_pool();
	test_pipeline();
	test_host_response();
	cw_buf_free(&out);
	cw_ps_arena_free(arena);
	return test_failed;
}
