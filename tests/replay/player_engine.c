/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine's lines of a script to bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "powershell/outproc.h"
#include "replay/engine_key.h"
#include "replay/player_internal.h"
#include "replay/wire.h"

static bool
put_session_key(struct player *p, struct cw_buf *out, const uint8_t guid[16])
{
	struct cw_buf xml;
	bool ok;

	cw_buf_init(&xml, 4096);
	ok = cw_buf_puts(&xml,
		 "ENCRYPTED_SESSION_KEY <Obj RefId=\"0\"><MS><S N=\"EncryptedSessionKey\">") ==
		CW_OK &&
	    engine_session_key(
		&xml, (const char *)cw_buf_peek(&p->public_key), cw_buf_left(&p->public_key)) &&
	    cw_buf_puts(&xml, "</S></MS></Obj>") == CW_OK &&
	    wire_put_message(out, guid, ++p->engine_object, cw_buf_str(&xml));
	cw_buf_free(&xml);
	return ok;
}

/* State WHO NUMBER, or PoolState NUMBER. */
static bool
put_state(
    struct player *p, struct cw_buf *out, const uint8_t guid[16], bool pool, const char *number)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
	    "%s <Obj RefId=\"0\"><MS><I32 N=\"%s\">%s</I32></MS></Obj>",
	    pool ? "RUNSPACEPOOL_STATE" : "PIPELINE_STATE",
	    pool ? "RunspaceState" : "PipelineState", number);
	return wire_put_message(out, guid, ++p->engine_object, text);
}

/* A line as the engine wrote it, {N} standing for a pipeline's GUID. */
static bool
put_raw(const struct player *p, struct cw_buf *out, const char *line)
{
	char *end;

	for (; *line != '\0'; line++) {
		long n;

		if (*line != '{') {
			(void)cw_buf_putc(out, *line);
			continue;
		}
		n = strtol(line + 1, &end, 10);
		if (end == line + 1 || *end != '}' || n < 0 || n >= RUNS)
			return false;
		(void)cw_buf_puts(out, p->runs[n].guid);
		line = end;
	}
	return cw_buf_putc(out, '\n') == CW_OK;
}

bool
player_engine_bytes(struct player *p, struct cw_buf *out, const char *line, struct cw_err *err)
{
	static const char *const acks[] = { "DataAck", "CommandAck", "CloseAck", "SignalAck" };
	char who[CW_UUID_TEXT] = POOL;
	const char *verb = line;
	uint8_t guid[16];
	long number;
	bool ok = false;

	if (*line == '<')
		return put_raw(p, out, line);
	if (wire_take_word(&line, "text"))
		return cw_buf_printf(out, "%s\n", line) == CW_OK;
	line += strcspn(line, " ");
	line += *line == ' ';
	if (cw_starts_with(verb, "PoolState "))
		return cw_uuid_parse(guid, POOL, CW_UUID_TEXT - 1) == CW_OK &&
		    put_state(p, out, guid, true, line);
	if (!wire_take_word(&line, "pool") && wire_take_number(&line, &number) && number >= 0 &&
	    number < RUNS)
		memcpy(who, p->runs[number].guid, sizeof(who));
	if (cw_uuid_parse(guid, who, CW_UUID_TEXT - 1) < 0)
		return cw_fail(err, CW_EINVAL, "a pipeline that has not been run"), false;
	for (size_t i = 0; i < CW_COUNT(acks); i++)
		if (cw_starts_with(verb, acks[i]))
			ok = cw_outproc_put(out, acks[i], guid) == CW_OK;
	if (cw_starts_with(verb, "Message "))
		ok = wire_put_message(out, guid, ++p->engine_object, line);
	else if (cw_starts_with(verb, "Fragment "))
		ok = wire_put_fragment(out, guid, line);
	else if (cw_starts_with(verb, "State "))
		ok = put_state(p, out, guid, false, line);
	else if (cw_starts_with(verb, "SessionKey "))
		ok = put_session_key(p, out, guid);
	if (!ok)
		(void)cw_fail(err, CW_EINVAL, "not a line of the engine's");
	return ok;
}
