/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of users, safe inside a filter and inside a path.
 */
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "route/target.h"

#define UPN_MAX 1024u /* bytes; Active Directory's limit for userPrincipalName */
#define SAM_MAX 256u /* bytes; its limit for sAMAccountName */

static int
check_name(const char *s, size_t max, const char *what, struct cw_err *err)
{
	if (s[0] == '\0' || strlen(s) > max)
		return cw_fail(
		    err, CW_EINVAL, "target.%s is %s", what, s[0] == '\0' ? "empty" : "too long");
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return cw_fail(err, CW_EINVAL, "target.%s holds a control character", what);
	return CW_OK;
}

int
route_target_check(const cJSON *target, struct cw_err *err)
{
	static const char *const members[] = { "user", "sam", NULL };
	const cJSON *user = cw_json_get(target, "user"), *sam = cw_json_get(target, "sam");
	const char *name = cJSON_GetStringValue(user != NULL ? user : sam), *at;
	int r;

	if (target == NULL)
		return cw_fail(err, CW_EINVAL,
		    "\"target\" is missing: {\"user\":\"name@domain\"} or {\"sam\":\"account\"}");
	if ((r = cw_json_only(target, members, "target", err)) < 0)
		return r;
	if ((user == NULL) == (sam == NULL) || name == NULL)
		return cw_fail(err, CW_EINVAL,
		    "target names one of user (the sign-in name) and sam (the account name in "
		    "Active Directory)");
	if (sam != NULL)
		return check_name(name, SAM_MAX, "sam", err);
	if ((r = check_name(name, UPN_MAX, "user", err)) < 0)
		return r;
	at = strchr(name, '@');
	if (at == NULL || at == name || at[1] == '\0' || strchr(at + 1, '@') != NULL)
		return cw_fail(err, CW_EINVAL, "target.user is no sign-in name, as name@domain");
	return CW_OK;
}

int
route_target_filter(struct cw_buf *b, const cJSON *target)
{
	const char *user = cw_json_str(target, "user"),
		   *s = user != NULL ? user : cw_json_str(target, "sam");
	int r = cw_buf_puts(b, user != NULL ? "(userPrincipalName=" : "(sAMAccountName=");

	for (; *s != '\0' && r == CW_OK; s++)
		if (strchr("*()\\", *s) != NULL)
			r = cw_buf_printf(b, "\\%02x", (unsigned char)*s);
		else
			r = cw_buf_putc(b, *s);
	return r < 0 ? r : cw_buf_putc(b, ')');
}

static int
put_percent(struct cw_buf *b, char c)
{
	static const char plain[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

	return strchr(plain, c) != NULL ? cw_buf_putc(b, c)
					: cw_buf_printf(b, "%%%02X", (unsigned char)c);
}

int
route_percent(struct cw_buf *b, const char *s)
{
	int r = CW_OK;

	for (; *s != '\0' && r == CW_OK; s++)
		r = put_percent(b, *s);
	return r;
}

int
route_target_path(struct cw_buf *b, const char *name)
{
	int r;

	if (name[0] != '$')
		return (r = cw_buf_puts(b, "/users/")) < 0 ? r : route_percent(b, name);
	/* Graph takes a segment that begins with $ for something of its own. */
	r = cw_buf_puts(b, "/users('");
	for (; *name != '\0' && r == CW_OK; name++)
		r = *name == '\'' ? cw_buf_puts(b, "''") : put_percent(b, *name);
	return r < 0 ? r : cw_buf_puts(b, "')");
}

int
route_target_anchor(struct cw_buf *b, const char *guid)
{
	uint8_t bytes[16];

	if (cw_uuid_parse(bytes, guid, strlen(guid)) < 0)
		return CW_EINVAL;
	cw_uuid_swap(bytes);
	return cw_base64_put(b, bytes, sizeof(bytes));
}
