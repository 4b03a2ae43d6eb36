/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of the streams, by the properties that the engine serialises
 * ([MS-PSRP] 2.2.3.15 ff., and what was seen of them).
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "catalogue/catalogue.h"
#include "commands/output.h"
#include "powershell/json.h"

#define BRIEF_MAX 1024u /* bytes of the message in an answer */
#define WORD_MAX 512u /* bytes of an id, a type, a target */

static int
put_text(struct cw_buf *out, const char *text, size_t max)
{
	size_t n = strlen(text);

	return cw_json_put_str(out, text, n > max ? cw_utf8_cut(text, max) : n);
}

/* Whole, or as it was. */
static int
settle(struct cw_buf *out, size_t before, int r)
{
	if (r < 0)
		out->len = out->off + before;
	return r;
}

static int
put_value(struct cw_buf *out, const struct cw_ps_value *value, struct cw_err *err)
{
	return cw_ps_json_put_without(out, value, cw_catalogue_attribute_is_secret, err);
}

int
cw_output_value(struct cw_buf *out, const struct cw_ps_value *value, struct cw_err *err)
{
	size_t before = cw_buf_left(out);
	int r;

	if ((r = cw_buf_puts(out, "{\"output\":")) < 0 || (r = put_value(out, value, err)) < 0 ||
	    (r = cw_buf_puts(out, "}\n")) < 0)
		(void)cw_fail(err, r, "an object that is too large to be sent was left out");
	return settle(out, before, r);
}

int
cw_output_text(struct cw_buf *out, const char *member, const char *text)
{
	size_t before = cw_buf_left(out);
	int r;

	if ((r = cw_buf_printf(out, "{\"%s\":", member)) == CW_OK &&
	    (r = put_text(out, text, CW_OUTPUT_TEXT_MAX)) == CW_OK)
		r = cw_buf_puts(out, "}\n");
	return settle(out, before, r);
}

/* --- errors */

static const char *
text_of(const struct cw_ps_value *record, const char *name)
{
	const char *text = cw_ps_str(cw_ps_get(record, name));

	return text != NULL ? text : "";
}

/* System.Management.Automation.ErrorCategory */
static const char *
category_of(const struct cw_ps_value *record)
{
	static const char *const names[] = { "NotSpecified", "OpenError", "CloseError",
		"DeviceError", "DeadlockDetected", "InvalidArgument", "InvalidData",
		"InvalidOperation", "InvalidResult", "InvalidType", "MetadataError",
		"NotImplemented", "NotInstalled", "ObjectNotFound", "OperationStopped",
		"OperationTimeout", "SyntaxError", "ParserError", "PermissionDenied",
		"ResourceBusy", "ResourceExists", "ResourceUnavailable", "ReadError", "WriteError",
		"FromStdErr", "SecurityError", "ProtocolError", "ConnectionError",
		"AuthenticationError", "LimitsExceeded", "QuotaExceeded", "NotEnabled" };
	int64_t i;

	if (!cw_ps_to_int(cw_ps_get(record, "ErrorCategory_Category"), &i) || i < 0 ||
	    i >= (int64_t)CW_COUNT(names))
		return "";
	return names[i];
}

const char *
cw_output_error_type(const struct cw_ps_value *record)
{
	static const char deserialized[] = "Deserialized.";
	const struct cw_ps_value *exception = cw_ps_get(record, "Exception");
	const char *type;

	if (exception == NULL || exception->object == NULL || exception->object->type_count == 0)
		return "";
	type = exception->object->types[0];
	return cw_starts_with(type, deserialized) ? type + sizeof(deserialized) - 1 : type;
}

/* What a person is shown: the cmdlet's own words where it has some, else the exception's. */
static const char *
message_of(const struct cw_ps_value *record, const char *otherwise)
{
	const char *text = text_of(record, "ErrorDetails_Message");

	if (*text == '\0')
		text = text_of(cw_ps_get(record, "Exception"), "Message");
	if (*text == '\0' && cw_ps_str(record) != NULL)
		text = cw_ps_str(record);
	return *text != '\0' ? text : otherwise;
}

static int
put_member(struct cw_buf *out, const char *name, const char *text)
{
	int r;

	if (*text == '\0')
		return CW_OK;
	if ((r = cw_buf_printf(out, ",\"%s\":", name)) < 0)
		return r;
	return put_text(out, text, WORD_MAX);
}

int
cw_output_error(
    struct cw_buf *out, const struct cw_ps_value *record, const char *otherwise, bool brief)
{
	size_t before = cw_buf_left(out);
	int r;

	if ((r = cw_buf_puts(out, "{\"message\":")) == CW_OK &&
	    (r = put_text(out, message_of(record, otherwise),
		 brief ? BRIEF_MAX : CW_OUTPUT_TEXT_MAX)) == CW_OK &&
	    (r = put_member(out, "error_id", text_of(record, "FullyQualifiedErrorId"))) == CW_OK &&
	    (r = put_member(out, "category", category_of(record))) == CW_OK &&
	    (brief || (r = put_member(out, "target", text_of(record, "TargetObject"))) == CW_OK) &&
	    (r = put_member(out, "type", cw_output_error_type(record))) == CW_OK)
		r = cw_buf_putc(out, '}');
	return settle(out, before, r);
}

/* --- the other streams */

/* A warning, verbose or debug record, or the text that stands for one. */
static const char *
informational(const struct cw_ps_value *record)
{
	const char *text = text_of(record, "InformationalRecord_Message");

	if (*text == '\0')
		text = text_of(record, "MessageData");
	if (*text == '\0' && cw_ps_str(record) != NULL)
		text = cw_ps_str(record);
	return text;
}

static int
put_progress(struct cw_buf *out, const struct cw_ps_value *record)
{
	int64_t percent = -1;
	int r;

	if ((r = cw_buf_puts(out, "{\"progress\":{\"activity\":")) < 0 ||
	    (r = put_text(out, text_of(record, "Activity"), WORD_MAX)) < 0 ||
	    (r = put_member(out, "status", text_of(record, "StatusDescription"))) < 0)
		return r;
	if (cw_ps_to_int(cw_ps_get(record, "PercentComplete"), &percent) && percent >= 0 &&
	    percent <= 100 && (r = cw_buf_printf(out, ",\"percent\":%d", (int)percent)) < 0)
		return r;
	return cw_buf_puts(out, "}}\n");
}

int
cw_output_record(struct cw_buf *out, enum cw_psrp_stream stream, const struct cw_ps_value *record,
    struct cw_err *err)
{
	static const char *const members[] = { [CW_PSRP_WARNING] = "warning",
		[CW_PSRP_VERBOSE] = "verbose",
		[CW_PSRP_DEBUG] = "debug",
		[CW_PSRP_INFORMATION] = "information" };
	size_t before = cw_buf_left(out);
	int r;

	if (stream == CW_PSRP_ERROR) {
		if ((r = cw_buf_puts(out, "{\"error\":")) == CW_OK &&
		    (r = cw_output_error(out, record, "the command wrote an error", false)) ==
			CW_OK)
			r = cw_buf_puts(out, "}\n");
	} else if (stream == CW_PSRP_PROGRESS) {
		r = put_progress(out, record);
	} else {
		r = cw_output_text(out, members[stream], informational(record));
	}
	if (r < 0)
		(void)cw_fail(err, r, "a record of the command was left out: %s", cw_strerror(r));
	return settle(out, before, r);
}
