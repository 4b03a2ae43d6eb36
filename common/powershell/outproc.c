/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server mode's lines, read exactly as the engine writes them.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/outproc.h"

/* Consumes want at *p; false when it is not there. */
static int
take(const char **p, const char *end, const char *want)
{
	size_t n = strlen(want);

	if ((size_t)(end - *p) < n || memcmp(*p, want, n) != 0)
		return 0;
	*p += n;
	return 1;
}

static int
take_guid(uint8_t ret[16], const char **p, const char *end)
{
	if (!take(p, end, "PSGuid='") || end - *p < CW_UUID_TEXT - 1 ||
	    cw_uuid_parse(ret, *p, CW_UUID_TEXT - 1) < 0)
		return 0;
	*p += CW_UUID_TEXT - 1;
	return take(p, end, "'");
}

static int
read_data(struct cw_outproc_line *line, const char *p, const char *end)
{
	static const char close[] = "</Data>";
	const size_t close_len = sizeof(close) - 1;

	if (!take(&p, end, "<Data Stream='") ||
	    (!take(&p, end, "Default' ") && !take(&p, end, "PromptResponse' ")) ||
	    !take_guid(line->guid, &p, end) || !take(&p, end, ">"))
		return 0;
	if ((size_t)(end - p) < close_len || memcmp(end - close_len, close, close_len) != 0)
		return 0;
	line->element = CW_OUTPROC_DATA;
	line->base64 = p;
	line->base64_len = (size_t)(end - close_len - p);
	return 1;
}

static int
read_ack(struct cw_outproc_line *line, const char *p, const char *end)
{
	static const struct {
		const char *text;
		enum cw_outproc_element element;
	} acks[] = {
		{ "<DataAck ", CW_OUTPROC_DATA_ACK },
		{ "<CommandAck ", CW_OUTPROC_COMMAND_ACK },
		{ "<CloseAck ", CW_OUTPROC_CLOSE_ACK },
		{ "<SignalAck ", CW_OUTPROC_SIGNAL_ACK },
	};

	for (size_t i = 0; i < CW_COUNT(acks); i++) {
		if (!take(&p, end, acks[i].text))
			continue;
		line->element = acks[i].element;
		return take_guid(line->guid, &p, end) &&
		    (take(&p, end, " />") || take(&p, end, "/>")) && p == end;
	}
	return 0;
}

int
cw_outproc_read(struct cw_outproc_line *ret, struct cw_buf *in, struct cw_err *err)
{
	const char *start, *newline, *end;
	struct cw_outproc_line line = { 0 };

	do { /* an empty line says nothing */
		start = (const char *)cw_buf_peek(in);
		newline = memchr(start, '\n', cw_buf_left(in));
		if (newline == NULL)
			return cw_buf_left(in) > CW_OUTPROC_LINE_MAX
			    ? cw_fail(err, CW_ELIMIT,
				  "PowerShell wrote a line of more than %u bytes",
				  CW_OUTPROC_LINE_MAX)
			    : CW_EAGAIN;
		cw_buf_skip(in, (size_t)(newline + 1 - start));
		end = newline;
		while (end > start && (end[-1] == '\r' || end[-1] == ' '))
			end--;
	} while (end == start);
	if (!read_data(&line, start, end) && !read_ack(&line, start, end))
		return cw_fail(err, CW_EPROTO, "PowerShell wrote a line that is not PSRP: \"%.*s\"",
		    (int)(end - start < 60 ? end - start : 60), start);
	*ret = line;
	return CW_OK;
}

int
cw_outproc_put(struct cw_buf *out, const char *element, const uint8_t guid[16])
{
	char text[CW_UUID_TEXT];

	cw_uuid_text(text, guid);
	return cw_buf_printf(out, "<%s PSGuid='%s' />\n", element, text);
}

int
cw_outproc_put_data(struct cw_buf *out, const uint8_t guid[16], const void *data, size_t n)
{
	char text[CW_UUID_TEXT];
	int r;

	cw_uuid_text(text, guid);
	if ((r = cw_buf_printf(out, "<Data Stream='Default' PSGuid='%s'>", text)) < 0 ||
	    (r = cw_base64_put(out, data, n)) < 0)
		return r;
	return cw_buf_puts(out, "</Data>\n");
}
