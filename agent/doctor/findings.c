/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clock, certificate, disk.
 */
#include "doctor/findings.h"

#include <stdarg.h>
#include <stdio.h>

#include <uv.h>

#include "base/err.h"
#include "console/when.h"

#define SEEN_MAX 1024
#define CLOCK_WARN_MS 30000
#define CLOCK_FAIL_MS 240000 /* Kerberos gives up at five minutes */
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define DISK_WARN (UINT64_C(1) << 30) /* bytes */
#define DISK_FAIL (UINT64_C(100) << 20)

void
cw_finding_put(cJSON *checks, const char *check, enum cw_finding state, const char *remedy,
    const char *format, ...)
{
	static const char *const words[] = { "ok", "warn", "fail" };
	cJSON *o = cJSON_CreateObject();
	char seen[SEEN_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(seen, sizeof(seen), format, ap);
	va_end(ap);
	cJSON_AddStringToObject(o, "check", check);
	cJSON_AddStringToObject(o, "state", words[state]);
	cJSON_AddStringToObject(o, "seen", seen);
	if (state != CW_FINDING_OK && remedy != NULL)
		cJSON_AddStringToObject(o, "remedy", remedy);
	cJSON_AddItemToArray(checks, o);
}

void
cw_finding_clock(cJSON *checks, const char *check, const char *whose, int64_t behind_ms)
{
	int64_t off = behind_ms < 0 ? -behind_ms : behind_ms;

	char seen[128];

	if (off < 1000)
		(void)snprintf(seen, sizeof(seen), "within a second of %s", whose);
	else
		(void)snprintf(seen, sizeof(seen), "%s %s %s", cw_when_duration((double)off),
		    behind_ms > 0 ? "behind" : "ahead of", whose);
	cw_finding_put(checks, check,
	    off >= CLOCK_FAIL_MS       ? CW_FINDING_FAIL
		: off >= CLOCK_WARN_MS ? CW_FINDING_WARN
				       : CW_FINDING_OK,
	    "Set this server's clock by the domain's time (w32tm /resync, or chrony): commands "
	    "carry "
	    "a last moment, and Kerberos refuses a clock that is five minutes off.",
	    "%s", seen);
}

void
cw_finding_certificate(cJSON *checks, int64_t from_ms, int64_t until_ms, int64_t now_ms)
{
	int64_t left = until_ms - now_ms, whole = until_ms - from_ms;

	if (now_ms < from_ms)
		cw_finding_put(checks, "certificate", CW_FINDING_FAIL,
		    "Set this server's clock: it is before the certificate was issued.",
		    "not valid yet");
	else if (left <= 0)
		cw_finding_put(checks, "certificate", CW_FINDING_FAIL,
		    "Enrol this server again: causeway-agent enrol --replace.",
		    "expired %.0f days ago", (double)-left / (double)DAY_MS);
	else
		cw_finding_put(checks, "certificate",
		    left < whole / 5 ? CW_FINDING_WARN : CW_FINDING_OK,
		    "The agent renews it when it is connected: see the check of the bridge.",
		    "%.0f days old, %.0f days left", (double)(now_ms - from_ms) / (double)DAY_MS,
		    (double)left / (double)DAY_MS);
}

void
cw_finding_disk(cJSON *checks, const char *folder)
{
	uint64_t room;
	uv_fs_t req;
	int r = uv_fs_statfs(NULL, &req, folder, NULL);

	if (r != 0) {
		cw_finding_put(checks, "disk", CW_FINDING_WARN, "Look at the folder's disk.",
		    "%s: %s", folder, uv_strerror(r));
		uv_fs_req_cleanup(&req);
		return;
	}
	room = ((uv_statfs_t *)req.ptr)->f_bavail * ((uv_statfs_t *)req.ptr)->f_bsize;
	uv_fs_req_cleanup(&req);
	cw_finding_put(checks, "disk",
	    room < DISK_FAIL       ? CW_FINDING_FAIL
		: room < DISK_WARN ? CW_FINDING_WARN
				   : CW_FINDING_OK,
	    "Make room: without it no write can be recorded, and none is made.",
	    "%.1f GB free at %s", (double)room / (double)(1u << 30), folder);
}
