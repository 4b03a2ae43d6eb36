/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments and messages to and from a script's words.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "powershell/fragment.h"
#include "powershell/outproc.h"
#include "replay/wire.h"

static const struct {
	const char *name;
	uint32_t type;
} types[] = {
	{ "SESSION_CAPABILITY", CW_PSRP_SESSION_CAPABILITY },
	{ "INIT_RUNSPACEPOOL", CW_PSRP_INIT_RUNSPACEPOOL },
	{ "PUBLIC_KEY", CW_PSRP_PUBLIC_KEY },
	{ "ENCRYPTED_SESSION_KEY", CW_PSRP_ENCRYPTED_SESSION_KEY },
	{ "PUBLIC_KEY_REQUEST", CW_PSRP_PUBLIC_KEY_REQUEST },
	{ "RUNSPACEPOOL_STATE", CW_PSRP_RUNSPACEPOOL_STATE },
	{ "CREATE_PIPELINE", CW_PSRP_CREATE_PIPELINE },
	{ "USER_EVENT", CW_PSRP_USER_EVENT },
	{ "APPLICATION_PRIVATE_DATA", CW_PSRP_APPLICATION_PRIVATE_DATA },
	{ "PIPELINE_INPUT", CW_PSRP_PIPELINE_INPUT },
	{ "END_OF_PIPELINE_INPUT", CW_PSRP_END_OF_PIPELINE_INPUT },
	{ "PIPELINE_OUTPUT", CW_PSRP_PIPELINE_OUTPUT },
	{ "ERROR_RECORD", CW_PSRP_ERROR_RECORD },
	{ "PIPELINE_STATE", CW_PSRP_PIPELINE_STATE },
	{ "WARNING_RECORD", CW_PSRP_WARNING_RECORD },
	{ "VERBOSE_RECORD", CW_PSRP_VERBOSE_RECORD },
	{ "PROGRESS_RECORD", CW_PSRP_PROGRESS_RECORD },
	{ "PIPELINE_HOST_CALL", CW_PSRP_PIPELINE_HOST_CALL },
	{ "PIPELINE_HOST_RESPONSE", CW_PSRP_PIPELINE_HOST_RESPONSE },
	{ "UNKNOWN", 0x00077777 },
};

bool
wire_take_word(const char **line, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*line, word, n) != 0 || ((*line)[n] != ' ' && (*line)[n] != '\0'))
		return false;
	*line += n + ((*line)[n] == ' ');
	return true;
}

bool
wire_take_number(const char **line, long *ret)
{
	char *end;

	*ret = strtol(*line, &end, 10);
	if (end == *line || (*end != ' ' && *end != '\0'))
		return false;
	*line = end + (*end == ' ');
	return true;
}

/* --- what the client sends */

void
wire_describe_data(
    struct cw_buf *out, struct cw_buf *public_key, const char *who, const char *base64, size_t n)
{
	static const char key[] = "N=\"PublicKey\">";
	struct cw_psrp_fragment f;
	struct cw_psrp_message m;
	const char *at, *type = "?";
	struct cw_buf bytes;
	struct cw_err err;

	cw_buf_init(&bytes, 1u << 20);
	if (cw_base64_get(&bytes, base64, n) < 0 || cw_psrp_fragment_read(&f, &bytes, &err) < 0) {
		(void)cw_buf_puts(out, "BAD DATA\n");
	} else if (!f.start || cw_psrp_message_read(&m, f.blob, f.blob_len, &err) < 0) {
		(void)cw_buf_printf(out, "Data %s +%s\n", who, f.end ? "" : "...");
	} else {
		for (size_t i = 0; i < CW_COUNT(types); i++)
			if (types[i].type == m.type)
				type = types[i].name;
		(void)cw_buf_printf(out, "Data %s %s", who, type);
		if (m.type == CW_PSRP_PIPELINE_INPUT || m.type == CW_PSRP_PIPELINE_HOST_RESPONSE)
			(void)cw_buf_printf(
			    out, " %.*s", (int)(m.xml_len < 200 ? m.xml_len : 200), m.xml);
		(void)cw_buf_printf(out, "%s\n", f.end ? "" : "...");
		if (m.type == CW_PSRP_PUBLIC_KEY && (at = strstr(m.xml, key)) != NULL) {
			at += sizeof(key) - 1;
			cw_buf_clear(public_key);
			(void)cw_buf_put(public_key, at, strcspn(at, "<"));
		}
	}
	cw_buf_free(&bytes);
}

/* --- what the engine says */

bool
wire_put_message(struct cw_buf *out, const uint8_t guid[16], uint64_t object_id, const char *line)
{
	struct cw_psrp_message m = { .destination = CW_PSRP_TO_CLIENT };
	struct cw_buf message, fragments;
	bool ok = false;

	for (size_t i = 0; i < CW_COUNT(types) && !ok; i++)
		if ((ok = wire_take_word(&line, types[i].name)))
			m.type = types[i].type;
	m.xml = line;
	m.xml_len = strlen(line);
	cw_buf_init(&message, CW_PSRP_MESSAGE_MAX);
	cw_buf_init(&fragments, CW_PSRP_MESSAGE_MAX);
	ok = ok && cw_psrp_message_put(&message, &m) == CW_OK &&
	    cw_psrp_fragment_put(
		&fragments, object_id, cw_buf_peek(&message), cw_buf_left(&message)) == CW_OK &&
	    cw_outproc_put_data(out, guid, cw_buf_peek(&fragments), cw_buf_left(&fragments)) ==
		CW_OK;
	cw_buf_free(&message);
	cw_buf_free(&fragments);
	return ok;
}

bool
wire_put_fragment(struct cw_buf *out, const uint8_t guid[16], const char *line)
{
	long object, number, flags;
	struct cw_buf bytes;
	bool ok;

	if (!wire_take_number(&line, &object) || !wire_take_number(&line, &number) ||
	    !wire_take_number(&line, &flags))
		return false;
	cw_buf_init(&bytes, 65536);
	ok = cw_buf_put_be(&bytes, (uint64_t)object, 8) == CW_OK &&
	    cw_buf_put_be(&bytes, (uint64_t)number, 8) == CW_OK &&
	    cw_buf_put_be(&bytes, (uint64_t)flags, 1) == CW_OK &&
	    cw_buf_put_be(&bytes, strlen(line), 4) == CW_OK && cw_buf_puts(&bytes, line) == CW_OK &&
	    cw_outproc_put_data(out, guid, cw_buf_peek(&bytes), cw_buf_left(&bytes)) == CW_OK;
	cw_buf_free(&bytes);
	return ok;
}
