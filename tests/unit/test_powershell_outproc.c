/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lines of server mode, whole and in pieces, and what is no such line.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "powershell/outproc.h"
#include "test.h"

int test_failed;
static const char *test_case = "";

#define G "PSGuid='00112233-4455-6677-8899-aabbccddeeff'"

static const struct {
	const char *name, *bytes;
	const char *lines; /* each line's element number and base64, then a bar */
	int want; /* of the last read: CW_EAGAIN when all was fine */
	const char *says;
} rows[] = {
	{ "data", "<Data Stream='Default' " G ">aGk=</Data>\n", "0aGk=|", CW_EAGAIN, "" },
	{ "data of a prompt", "<Data Stream='PromptResponse' " G ">aGk=</Data>\n", "0aGk=|",
	    CW_EAGAIN, "" },
	{ "empty data", "<Data Stream='Default' " G "></Data>\n", "0|", CW_EAGAIN, "" },
	{ "every acknowledgement",
	    "<DataAck " G " />\n<CommandAck " G " />\n<CloseAck " G " />\n<SignalAck " G "/>\n",
	    "1|2|3|4|", CW_EAGAIN, "" },
	{ "Windows line ends", "<DataAck " G " />\r\n<CloseAck " G " />\r\n", "1|3|", CW_EAGAIN,
	    "" },
	{ "empty lines say nothing", "\n\r\n \n<DataAck " G " />\n\n", "1|", CW_EAGAIN, "" },
	{ "upper case GUID", "<DataAck PSGuid='00112233-4455-6677-8899-AABBCCDDEEFF' />\n", "1|",
	    CW_EAGAIN, "" },
	{ "no line end yet", "<DataAck " G " />", "", CW_EAGAIN, "" },
	{ "nothing", "", "", CW_EAGAIN, "" },
	{ "a greeting", "Windows PowerShell\n", "", CW_EPROTO,
	    "a line that is not PSRP: \"Windows PowerShell\"" },
	{ "binary", "\x01\xff\xfe\n", "", CW_EPROTO, "not PSRP: \" ??\"" },
	{ "another element", "<DatAck " G " />\n", "", CW_EPROTO, "not PSRP" },
	{ "a request of ours", "<Command " G " />\n", "", CW_EPROTO, "not PSRP" },
	{ "no GUID", "<DataAck />\n", "", CW_EPROTO, "not PSRP" },
	{ "half a GUID", "<DataAck PSGuid='00112233-4455' />\n", "", CW_EPROTO, "not PSRP" },
	{ "a GUID that is none", "<DataAck PSGuid='0011223z-4455-6677-8899-aabbccddeeff' />\n", "",
	    CW_EPROTO, "not PSRP" },
	{ "a GUID without its end", "<DataAck PSGuid='00112233-4455-6677-8899-aabbccddeeff\n", "",
	    CW_EPROTO, "not PSRP" },
	{ "another stream", "<Data Stream='Other' " G ">aGk=</Data>\n", "", CW_EPROTO, "not PSRP" },
	{ "data without an end", "<Data Stream='Default' " G ">aGk=\n", "", CW_EPROTO, "not PSRP" },
	{ "an end that overlaps the beginning", "<Data Stream='Default' " G "</Data>\n", "",
	    CW_EPROTO, "not PSRP" },
	{ "something behind", "<DataAck " G " />x\n", "", CW_EPROTO, "not PSRP" },
	{ "two elements in a line", "<DataAck " G " /><DataAck " G " />\n", "", CW_EPROTO,
	    "not PSRP" },
	{ "good, then bad", "<DataAck " G " />\nx\n", "1|", CW_EPROTO, "\"x\"" },
};

static void
check_row(size_t i, size_t step)
{
	static const uint8_t guid[16] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff };
	size_t len = strlen(rows[i].bytes);
	struct cw_outproc_line line;
	struct cw_buf in, lines;
	struct cw_err err = { 0 };
	int r = CW_EAGAIN;

	test_case = rows[i].name;
	cw_buf_init(&in, 4096);
	cw_buf_init(&lines, 4096);
	for (size_t at = 0; at < len && r == CW_EAGAIN; at += step) {
		size_t n = len - at < step ? len - at : step;

		CHECK_EQ(cw_buf_put(&in, rows[i].bytes + at, n), CW_OK);
		while ((r = cw_outproc_read(&line, &in, &err)) == CW_OK) {
			CHECK(memcmp(line.guid, guid, 16) == 0);
			(void)cw_buf_printf(&lines, "%d%.*s|", line.element,
			    line.element == CW_OUTPROC_DATA ? (int)line.base64_len : 0,
			    line.element == CW_OUTPROC_DATA ? line.base64 : "");
		}
	}
	CHECK_EQ(r, rows[i].want);
	CHECK(strstr(err.text, rows[i].says) != NULL);
	CHECK_STR(cw_buf_str(&lines), rows[i].lines);
	cw_buf_free(&in);
	cw_buf_free(&lines);
}

static void
test_too_long(void)
{
	struct cw_outproc_line line;
	struct cw_err err = { 0 };
	struct cw_buf in;
	uint8_t *room;

	test_case = "a line over the limit";
	cw_buf_init(&in, CW_OUTPROC_LINE_MAX + 2);
	if ((room = cw_buf_reserve(&in, CW_OUTPROC_LINE_MAX + 1)) == NULL)
		return;
	memset(room, 'x', CW_OUTPROC_LINE_MAX + 1);
	cw_buf_added(&in, CW_OUTPROC_LINE_MAX);
	CHECK_EQ(cw_outproc_read(&line, &in, &err), CW_EAGAIN);
	cw_buf_added(&in, 1);
	CHECK_EQ(cw_outproc_read(&line, &in, &err), CW_ELIMIT);
	CHECK_STR(err.text, "PowerShell wrote a line of more than 524288 bytes");
	cw_buf_free(&in);
}

static void
test_put(void)
{
	static const uint8_t guid[16] = { 1, 2, 3 };
	struct cw_buf out;

	test_case = "what we write";
	cw_buf_init(&out, 4096);
	CHECK_EQ(cw_outproc_put(&out, "Command", guid), CW_OK);
	CHECK_EQ(cw_outproc_put_data(&out, guid, "hi", 2), CW_OK);
	CHECK_STR(cw_buf_str(&out),
	    "<Command PSGuid='01020300-0000-0000-0000-000000000000' />\n"
	    "<Data Stream='Default' PSGuid='01020300-0000-0000-0000-000000000000'>aGk=</Data>\n");
	cw_buf_free(&out);
}

int
main(void)
{
	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		check_row(i, strlen(rows[i].bytes) + 1);
		check_row(i, 1);
	}
	test_too_long();
	test_put();
	return test_failed;
}
