/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects and records as lines, from CLIXML as the engine writes it.
 */
#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "commands/output.h"
#include "powershell/clixml.h"

int test_failed;
const char *test_case = "";

enum { OUTPUT = -1, BRIEF = -2 }; /* or a stream */

#define TYPE(n) "<TN RefId=\"0\"><T>" n "</T></TN>"

static const struct {
	const char *name;
	int what;
	const char *xml, *want;
} rows[] = {
	{ "a string", OUTPUT, "<S>hello</S>", "{\"output\":\"hello\"}\n" },
	{ "an object", OUTPUT,
	    "<Obj RefId=\"0\"><Props><S N=\"Name\">Ada</S><B N=\"Enabled\">true</B></Props></Obj>",
	    "{\"output\":{\"Name\":\"Ada\",\"Enabled\":true}}\n" },
	{ "what holds a secret is not there", OUTPUT,
	    "<Obj RefId=\"0\"><Props><S N=\"Name\">PC1</S><S N=\"ms-Mcs-AdmPwd\">geheim</S>"
	    "<S N=\"MSLAPS-PASSWORD\">geheim</S><S N=\"userPassword;binary\">geheim</S></Props>"
	    "<MS><BA N=\"unicodePwd\">Z2VoZWlt</BA></MS></Obj>",
	    "{\"output\":{\"Name\":\"PC1\"}}\n" },
	{ "nor deeper", OUTPUT,
	    "<Obj RefId=\"0\"><Props><Obj N=\"Bag\" RefId=\"1\"><LST><Obj RefId=\"2\"><MS>"
	    "<S N=\"msFVE-RecoveryPassword\">geheim</S><I32 N=\"n\">1</I32></MS></Obj></LST></Obj>"
	    "</Props></Obj>",
	    "{\"output\":{\"Bag\":[{\"n\":1}]}}\n" },
	{ "nor as a key", OUTPUT,
	    "<Obj RefId=\"0\"><DCT><En><S N=\"Key\">unicodePwd</S><S N=\"Value\">geheim</S></En>"
	    "<En><S N=\"Key\">cn</S><S N=\"Value\">x</S></En></DCT></Obj>",
	    "{\"output\":{\"cn\":\"x\"}}\n" },
	{ "a secure string is never shown", OUTPUT, "<SS>AAAA</SS>",
	    "{\"output\":{\"$secure\":true}}\n" },
	{ "an error record", CW_PSRP_ERROR,
	    "<Obj RefId=\"0\">" TYPE(
		"System.Management.Automation.ErrorRecord") "<ToString>Cannot find "
							    "it</ToString><MS>"
							    "<Obj N=\"Exception\" RefId=\"1\"><TN "
							    "RefId=\"1\">"
							    "<T>Microsoft.ActiveDirectory."
							    "Management."
							    "ADIdentityNotFoundException</T>"
							    "<T>System.Exception</T></TN><Props><S "
							    "N=\"Message\">Cannot find "
							    "nobody</S></Props></Obj>"
							    "<S N=\"TargetObject\">nobody</S>"
							    "<S "
							    "N=\"FullyQualifiedErrorId\">"
							    "ActiveDirectoryCmdlet:X,Get-ADUser</S>"
							    "<I32 "
							    "N=\"ErrorCategory_Category\">13</"
							    "I32></MS></Obj>",
	    "{\"error\":{\"message\":\"Cannot find nobody\","
	    "\"error_id\":\"ActiveDirectoryCmdlet:X,Get-ADUser\",\"category\":\"ObjectNotFound\","
	    "\"target\":\"nobody\","
	    "\"type\":\"Microsoft.ActiveDirectory.Management.ADIdentityNotFoundException\"}}\n" },
	{ "in an answer", BRIEF,
	    "<Obj RefId=\"0\"><MS><Obj N=\"Exception\" RefId=\"1\"><TN RefId=\"1\">"
	    "<T>Deserialized.System.Exception</T></TN><Props><S N=\"Message\">no</S></Props></Obj>"
	    "<S N=\"TargetObject\">x</S><I32 N=\"ErrorCategory_Category\">99</I32>"
	    "<S N=\"ErrorDetails_Message\">in plain words</S></MS></Obj>",
	    "{\"message\":\"in plain words\",\"type\":\"System.Exception\"}" },
	{ "an error that is only text", CW_PSRP_ERROR, "<S>oh</S>",
	    "{\"error\":{\"message\":\"oh\"}}\n" },
	{ "an error that says nothing", CW_PSRP_ERROR, "<Nil/>",
	    "{\"error\":{\"message\":\"the command wrote an error\"}}\n" },
	{ "a warning", CW_PSRP_WARNING,
	    "<Obj RefId=\"0\"><ToString>take care</ToString><Props>"
	    "<S N=\"InformationalRecord_Message\">take care!</S></Props></Obj>",
	    "{\"warning\":\"take care!\"}\n" },
	{ "verbose text", CW_PSRP_VERBOSE, "<S>so</S>", "{\"verbose\":\"so\"}\n" },
	{ "debug text", CW_PSRP_DEBUG, "<S>so</S>", "{\"debug\":\"so\"}\n" },
	{ "information", CW_PSRP_INFORMATION,
	    "<Obj RefId=\"0\"><Props><S N=\"MessageData\">\"told\"</S></Props></Obj>",
	    "{\"information\":\"\\\"told\\\"\"}\n" },
	{ "progress", CW_PSRP_PROGRESS,
	    "<Obj RefId=\"0\"><MS><S N=\"Activity\">Reading</S><S N=\"StatusDescription\">half</S>"
	    "<I32 N=\"PercentComplete\">50</I32></MS></Obj>",
	    "{\"progress\":{\"activity\":\"Reading\",\"status\":\"half\",\"percent\":50}}\n" },
	{ "progress that is not known", CW_PSRP_PROGRESS,
	    "<Obj RefId=\"0\"><MS><S N=\"Activity\">R</S><I32 N=\"PercentComplete\">-1</I32></MS>"
	    "</Obj>",
	    "{\"progress\":{\"activity\":\"R\"}}\n" },
};

static int
put(struct cw_buf *out, int what, const struct cw_ps_value *v, struct cw_err *err)
{
	if (what == OUTPUT)
		return cw_output_value(out, v, err);
	if (what == BRIEF)
		return cw_output_error(out, v, "", true);
	return cw_output_record(out, (enum cw_psrp_stream)what, v, err);
}

static void
test_rows(void)
{
	struct cw_clixml *reader;
	struct cw_ps_arena *arena;
	const struct cw_ps_value *v;
	struct cw_buf out;
	struct cw_err err;

	CHECK_EQ(cw_clixml_new(&reader), CW_OK);
	CHECK_EQ(cw_ps_arena_new(&arena, 1u << 20), CW_OK);
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		err = (struct cw_err){ 0 };
		cw_ps_arena_reset(arena);
		cw_buf_init(&out, 4096);
		CHECK_EQ(cw_clixml_read(reader, &v, arena, rows[i].xml, strlen(rows[i].xml), &err),
		    CW_OK);
		CHECK_STR(err.text, "");
		CHECK_EQ(put(&out, rows[i].what, v, &err), CW_OK);
		CHECK_STR(cw_buf_str(&out), rows[i].want);
		/* Where nothing fits, nothing is left. */
		for (size_t max = 3; max < strlen(rows[i].want); max++) {
			struct cw_buf small;

			cw_buf_init(&small, max);
			CHECK_EQ(cw_buf_puts(&small, "x\n"), CW_OK);
			CHECK_EQ(put(&small, rows[i].what, v, &err), CW_ELIMIT);
			CHECK_STR(cw_buf_str(&small), "x\n");
			cw_buf_free(&small);
		}
		cw_buf_free(&out);
	}
	cw_ps_arena_free(arena);
	cw_clixml_free(reader);
}

static void
test_long(void)
{
	static char text[CW_OUTPUT_TEXT_MAX + 100];
	struct cw_buf out;

	test_case = "a long message is cut";
	memset(text, 'x', sizeof(text) - 1);
	cw_buf_init(&out, 1u << 20);
	CHECK_EQ(cw_output_text(&out, "warning", text), CW_OK);
	CHECK_EQ(cw_buf_left(&out), CW_OUTPUT_TEXT_MAX + strlen("{\"warning\":\"\"}\n"));
	cw_buf_free(&out);
}

int
main(void)
{
	test_rows();
	test_long();
	return test_failed;
}
