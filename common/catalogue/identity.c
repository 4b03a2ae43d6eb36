/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "catalogue/dn.h"
#include "catalogue/identity.h"

#define NAME_MAX_LEN 256u /* bytes of an account's or object's name */
#define SID_PARTS_MAX 15

/* --- GUID and SID */

int
cw_guid_parse(uint8_t ret[16], const char *text, size_t n)
{
	char digits[36];

	if (n == 38 && ((text[0] == '{' && text[37] == '}') || (text[0] == '(' && text[37] == ')')))
		return cw_uuid_parse(ret, text + 1, 36);
	if (n != 32)
		return cw_uuid_parse(ret, text, n);
	for (size_t i = 0, at = 0; i < 32; i++) {
		if (i == 8 || i == 12 || i == 16 || i == 20)
			digits[at++] = '-';
		digits[at++] = text[i];
	}
	return cw_uuid_parse(ret, digits, sizeof(digits));
}

/* A decimal number up to max, without a leading zero, and what stands behind it. */
static bool
take_number(uint64_t *ret, uint64_t max, const char **at, const char *end)
{
	const char *s = *at;
	uint64_t v = 0;

	if (s == end || *s < '0' || *s > '9' || (*s == '0' && s + 1 < end && s[1] != '-'))
		return false;
	for (; s < end && *s >= '0' && *s <= '9'; s++)
		if ((v = v * 10 + (uint64_t)(*s - '0')) > max)
			return false;
	*ret = v;
	*at = s;
	return true;
}

int
cw_sid_parse(uint8_t ret[CW_SID_MAX], size_t *len, const char *text, size_t n)
{
	const char *at = text + 4, *end = text + n;
	uint64_t authority, part;
	uint8_t parts = 0;

	if (n < 7 || (text[0] != 'S' && text[0] != 's') || memcmp(text + 1, "-1-", 3) != 0 ||
	    !take_number(&authority, (UINT64_C(1) << 48) - 1, &at, end))
		return CW_EINVAL;
	for (; at < end && parts < SID_PARTS_MAX; parts++) {
		if (*at++ != '-' || !take_number(&part, UINT32_MAX, &at, end))
			return CW_EINVAL;
		for (unsigned i = 0; i < 4; i++)
			ret[8 + 4 * parts + i] = (uint8_t)(part >> (8 * i));
	}
	if (at != end || parts == 0)
		return CW_EINVAL;
	ret[0] = 1;
	ret[1] = parts;
	for (unsigned i = 0; i < 6; i++)
		ret[2 + i] = (uint8_t)(authority >> (8 * (5 - i)));
	*len = 8u + 4u * parts;
	return CW_OK;
}

/* --- which one it is */

static bool
looks_like_dn(const char *text, size_t n)
{
	size_t i = 0;

	while (i < n &&
	    ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
		(text[i] >= '0' && text[i] <= '9') || text[i] == '-' || text[i] == '.'))
		i++;
	return i > 0 && i < n && text[i] == '=';
}

/* What SAM lets nobody be called ([MS-SAMR] 3.1.1.8.4), and what would be a pattern. */
static bool
is_name(const char *text, size_t n, const char *not_in_it)
{
	if (n > NAME_MAX_LEN || text[0] == ' ' || text[n - 1] == ' ')
		return false;
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f ||
		    strchr(not_in_it, text[i]) != NULL)
			return false;
	return true;
}

static int
put_known(struct cw_buf *out, unsigned forms, const char *text, size_t n, struct cw_err *err)
{
	char guid_text[CW_UUID_TEXT];
	uint8_t guid[16], sid[CW_SID_MAX];
	size_t len;

	if (forms & CW_IDENTITY_DN && looks_like_dn(text, n))
		return cw_dn_put(out, text, n, err);
	if (forms & CW_IDENTITY_GUID && cw_guid_parse(guid, text, n) == CW_OK) {
		cw_uuid_text(guid_text, guid);
		return cw_buf_puts(out, guid_text);
	}
	if (forms & CW_IDENTITY_SID && cw_sid_parse(sid, &len, text, n) == CW_OK) {
		int r = cw_buf_putc(out, 'S');

		return r < 0 ? r : cw_buf_put(out, text + 1, n - 1);
	}
	if ((forms & CW_IDENTITY_SAM && is_name(text, n, "\"/\\[]:;|=,+*?<>")) ||
	    (forms & CW_IDENTITY_NAME && is_name(text, n, "*")))
		return cw_buf_put(out, text, n);
	return CW_ENOTFOUND;
}

unsigned
cw_identity_form(const struct cw_catalogue_kind *kind, const char *text, size_t n)
{
	uint8_t guid[16], sid[CW_SID_MAX];
	size_t len;

	if (kind->forms & CW_IDENTITY_DN && looks_like_dn(text, n))
		return CW_IDENTITY_DN;
	if (kind->forms & CW_IDENTITY_GUID && cw_guid_parse(guid, text, n) == CW_OK)
		return CW_IDENTITY_GUID;
	if (kind->forms & CW_IDENTITY_SID && cw_sid_parse(sid, &len, text, n) == CW_OK)
		return CW_IDENTITY_SID;
	return kind->forms & CW_IDENTITY_SAM ? CW_IDENTITY_SAM : CW_IDENTITY_NAME;
}

int
cw_identity_put(struct cw_buf *out, const struct cw_catalogue_kind *kind, const char *text,
    size_t n, const char *parameter, struct cw_err *err)
{
	static const char *const words[] = { "a distinguished name", "a GUID", "a SID",
		"a sAMAccountName", "a name" };
	struct cw_err why = { 0 };
	char all[128] = "";
	int r = CW_ENOTFOUND;

	if (n > 0 && cw_utf8_valid(text, n))
		r = put_known(out, kind->forms, text, n, &why);
	if (r == CW_OK || r == CW_ENOMEM)
		return r;
	if (r != CW_ENOTFOUND)
		return cw_fail(
		    err, r, "-%s: %s", parameter, why.text[0] == '\0' ? "too long" : why.text);
	if (memchr(text, '*', n) != NULL)
		return cw_fail(
		    err, CW_EINVAL, "-%s takes no wildcard: -Filter finds by a pattern", parameter);
	for (unsigned i = 0; i < CW_COUNT(words); i++)
		if (kind->forms & 1u << i)
			(void)snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s",
			    all[0] == '\0'                    ? ""
				: kind->forms >> (i + 1) == 0 ? " or "
							      : ", ",
			    words[i]);
	return cw_fail(err, CW_EINVAL, "-%s wants %s", parameter, all);
}
