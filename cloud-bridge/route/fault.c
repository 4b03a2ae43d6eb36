/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an error of PowerShell means for who sent the command: try again, give up, or nobody there.
 */
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "route/route_internal.h"

/* Parts of error ids, type names and messages. The types are stable, the messages are those of
 * English systems. */
static const struct {
	const char *part;
	int code;
} faults[] = {
	{ "ADIdentityNotFoundException", CW_ENOTFOUND },
	{ "ADServerDownException", CW_EUNAVAILABLE },
	{ "TimeoutException", CW_EUNAVAILABLE },
	{ "Unable to contact the server", CW_EUNAVAILABLE },
	{ "The server is not operational", CW_EUNAVAILABLE },
	{ "The server is busy", CW_EUNAVAILABLE },
	/* Entra Connect, while a cycle runs. */
	{ " is busy", CW_EUNAVAILABLE },
};

void
route_first_line(char *ret, size_t size, const char *text)
{
	size_t n = strcspn(text, "\r\n");

	if (n > size - 1)
		n = cw_utf8_cut(text, size - 1);
	memcpy(ret, text, n);
	ret[n] = '\0';
	for (; *ret != '\0'; ret++)
		if ((unsigned char)*ret < ' ' || *ret == 0x7f)
			*ret = ' ';
}

int
route_fault(struct cw_err *err, const cJSON *result)
{
	static const char *const members[] = { "error_id", "type", "message" };
	const cJSON *error = cw_json_get(result, "error");
	const char *message = cw_json_str(error, "message");
	int code = CW_EFAILED;

	err->code = CW_OK;
	if (cw_streq(cw_json_str(result, "state"), "done"))
		return CW_OK;
	for (size_t i = 0; i < CW_COUNT(faults) && code == CW_EFAILED; i++)
		for (size_t j = 0; j < CW_COUNT(members); j++) {
			const char *text = cw_json_str(error, members[j]);

			if (text != NULL && strcasestr(text, faults[i].part) != NULL)
				code = faults[i].code;
		}
	err->code = code;
	route_first_line(
	    err->text, sizeof(err->text), message != NULL ? message : "the command failed");
	return code;
}
