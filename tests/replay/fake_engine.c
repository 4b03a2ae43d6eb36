/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake_engine MODE: a server mode that is one in name, for tests of the process
 * behind a session where there is no engine. It acknowledges everything, opens,
 * and says hello in each pipeline; MODE says what it does instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/outproc.h"
#include "replay/wire.h"

#define LINE_MAX (1u << 20) /* bytes */
#define POOL "00000000-0000-0000-0000-000000000000"

static struct cw_buf out;
static uint64_t object_id;
static const char *mode;

static void
put(const char *text)
{
	(void)fputs(text, stdout);
	(void)fflush(stdout);
}

static void
say(const char *element, const char *guid_text, const char *message)
{
	uint8_t guid[16] = { 0 };

	(void)cw_uuid_parse(guid, guid_text, strlen(guid_text));
	if (message == NULL)
		(void)cw_outproc_put(&out, element, guid);
	else
		(void)wire_put_message(&out, guid, ++object_id, message);
	put(cw_buf_str(&out));
	cw_buf_clear(&out);
}

static void
end_pipeline(const char *guid, const char *state)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
	    "PIPELINE_STATE <Obj RefId=\"0\"><MS><I32 N=\"PipelineState\">%s</I32></MS></Obj>",
	    state);
	say(NULL, guid, text);
}

static void
on_data(const char *guid)
{
	static int pool_messages;

	say("DataAck", guid, NULL);
	if (strcmp(guid, POOL) == 0) {
		if (++pool_messages == 2)
			say(NULL, guid,
			    "RUNSPACEPOOL_STATE <Obj RefId=\"0\"><MS><I32 "
			    "N=\"RunspaceState\">2</I32></MS></Obj>");
		return;
	}
	say(NULL, guid, "PIPELINE_OUTPUT <S>hello</S>");
	if (strcmp(mode, "dies") == 0) {
		(void)fputs("out of luck\n", stderr);
		exit(5);
	}
	for (int i = 0; i < 20000 && strcmp(mode, "much") == 0; i++)
		say(NULL, guid, "PIPELINE_OUTPUT <S>0123456789012345678901234567890123456789</S>");
	if (strcmp(mode, "hangs") != 0)
		end_pipeline(guid, "4");
}

int
main(int argc, char **argv)
{
	static char line[LINE_MAX];
	char guid[CW_UUID_TEXT];

	mode = argc > 1 ? argv[1] : "";
	cw_buf_init(&out, LINE_MAX);
	if (strcmp(mode, "babbles") == 0)
		put("Welcome\n");
	if (strcmp(mode, "ends") == 0) {
		(void)fputs("broken setup", stderr);
		return 3;
	}
	while (fgets(line, sizeof(line), stdin) != NULL) {
		const char *at = strstr(line, "PSGuid='");

		if (at == NULL || sscanf(at, "PSGuid='%36[^']'", guid) != 1 ||
		    strcmp(mode, "silent") == 0)
			continue;
		if (cw_starts_with(line, "<Data "))
			on_data(guid);
		else if (cw_starts_with(line, "<Command "))
			say("CommandAck", guid, NULL);
		else if (cw_starts_with(line, "<Close "))
			say("CloseAck", guid, NULL);
		else if (cw_starts_with(line, "<Signal ")) {
			say("SignalAck", guid, NULL);
			end_pipeline(guid, "3");
		}
	}
	cw_buf_free(&out);
	return 0;
}
