/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "scripts/params.h"
#include "scripts/upload.h"
#include "wire/channel.h"

/* What names an upload, in a part and in the request that takes it. */
struct name {
	char id[CW_UUID_TEXT];
	const char *sha256; /* borrowed */
	size_t bytes;
};

/* id stands in params, the rest in about. */
static int
read_name(struct name *ret, const cJSON *params, const cJSON *about, struct cw_err *err)
{
	int64_t bytes;
	int r;

	if ((r = cw_script_params_id(ret->id, params, err)) < 0 ||
	    (r = cw_json_need_str(&ret->sha256, about, "sha256", err)) < 0)
		return r;
	if (!cw_json_int(about, "bytes", &bytes) || bytes < 1)
		return cw_fail(err, CW_EINVAL, "\"bytes\" is not a whole number above 0");
	if (bytes > (int64_t)CW_WIRE_UPLOAD_MAX)
		return cw_fail(err, CW_ELIMIT,
		    "the request has %lld bytes, and an agent takes at most %u: split the script",
		    (long long)bytes, CW_WIRE_UPLOAD_MAX);
	ret->bytes = (size_t)bytes;
	return CW_OK;
}

static bool
is_it(const struct cw_upload *u, const struct name *name)
{
	return u->bytes == name->bytes && cw_streq(u->id, name->id) &&
	    cw_streq(u->sha256, name->sha256);
}

void
cw_upload_drop(struct cw_upload *u)
{
	cw_buf_free_secret(&u->text); /* a script may hold what should not be in one */
	*u = (struct cw_upload){ 0 };
}

static int
begin(struct cw_upload *u, const struct name *name, struct cw_err *err)
{
	cw_upload_drop(u);
	if (strlen(name->sha256) != sizeof(u->sha256) - 1)
		return cw_fail(err, CW_EINVAL, "\"sha256\" is not a SHA-256 in hexadecimal");
	/* All of its room at once: nothing is copied as it grows. */
	cw_buf_init(&u->text, name->bytes);
	if (cw_buf_reserve(&u->text, name->bytes) == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	memcpy(u->id, name->id, sizeof(u->id));
	memcpy(u->sha256, name->sha256, sizeof(u->sha256));
	u->bytes = name->bytes;
	return CW_OK;
}

static int
put(struct cw_upload *u, int64_t at, const char *data, struct cw_err *err)
{
	size_t n = strlen(data), have = cw_buf_left(&u->text);

	if (at < 0 || (size_t)at != have)
		return cw_fail(err, CW_ECONFLICT, "a part for byte %lld, where %zu comes next",
		    (long long)at, have);
	if (n == 0 || n > u->bytes - have)
		return cw_fail(
		    err, CW_EINVAL, "a part of %zu bytes, where %zu are left", n, u->bytes - have);
	return cw_buf_put(&u->text, data, n);
}

int
cw_upload_part(struct cw_upload *u, const cJSON *params, struct cw_err *err)
{
	static const char *const members[] = { "id", "bytes", "sha256", "at", "data", NULL };
	struct name name;
	const char *data;
	int64_t at;
	int r;

	if ((r = cw_json_only(params, members, "upload.part", err)) < 0 ||
	    (r = read_name(&name, params, params, err)) < 0 ||
	    (r = cw_json_need_str(&data, params, "data", err)) < 0)
		return r;
	if (!cw_json_int(params, "at", &at))
		return cw_fail(err, CW_EINVAL, "\"at\" is not a whole number");
	if (at == 0)
		r = begin(u, &name, err);
	else if (!is_it(u, &name))
		r = cw_fail(err, CW_ECONFLICT, "a part of something whose beginning is not here");
	if (r == CW_OK)
		r = put(u, at, data, err);
	if (r < 0)
		cw_upload_drop(u);
	return r;
}

static int
check_hash(const struct cw_upload *u, struct cw_err *err)
{
	char text[CW_SHA256_TEXT];

	if (cw_sha256_text(text, cw_buf_peek(&u->text), cw_buf_left(&u->text)) < 0)
		return cw_fail(err, CW_ENOMEM, "SHA-256 failed");
	return cw_streq(text, u->sha256)
	    ? CW_OK
	    : cw_fail(err, CW_EINVAL, "what came in parts is not what was sent: its hash differs");
}

/* What was uploaded is params itself, and of the same id. */
static int
parse(cJSON **ret, struct cw_upload *u, const char *id, struct cw_err *err)
{
	char its_id[CW_UUID_TEXT];
	cJSON *whole = NULL;
	int r = cw_json_parse(&whole, (const char *)cw_buf_peek(&u->text), cw_buf_left(&u->text),
	    "the params in parts", err);

	if (r == CW_OK && (r = cw_script_params_id(its_id, whole, err)) == CW_OK &&
	    !cw_streq(id, its_id))
		r = cw_fail(err, CW_EINVAL, "what came in parts has another id");
	if (r == CW_OK)
		*ret = whole;
	else
		cJSON_Delete(whole);
	return r;
}

int
cw_upload_take(cJSON **ret, struct cw_upload *u, const cJSON *params, struct cw_err *err)
{
	static const char *const members[] = { "id", "upload", NULL };
	static const char *const of_upload[] = { "bytes", "sha256", NULL };
	const cJSON *about = cw_json_get(params, "upload");
	struct name name;
	int r;

	if ((r = cw_json_only(params, members, "the request", err)) == CW_OK &&
	    (r = cw_json_only(about, of_upload, "\"upload\"", err)) == CW_OK &&
	    (r = read_name(&name, params, about, err)) == CW_OK) {
		if (!is_it(u, &name) || cw_buf_left(&u->text) != u->bytes)
			r = cw_fail(err, CW_ECONFLICT, "its parts are not all here");
		else if ((r = check_hash(u, err)) == CW_OK)
			r = parse(ret, u, name.id, err);
	}
	cw_upload_drop(u);
	return r;
}
