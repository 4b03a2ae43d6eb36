/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a PowerShell told of itself, its modules and its directory. Pure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "base/time.h"
#include "catalogue/catalogue.h"
#include "doctor/findings.h"

#define PARTS_MAX 4
#define PART_MAX 8192u /* bytes of the list of parameters */
#define NAMES_SHOWN 6

/* --- lines */

/* The parts of a line, each a copy of its own; false when it is of another kind. */
struct line {
	char text[PART_MAX + 512];
	const char *part[PARTS_MAX]; /* behind the kind; "" where there is none */
};

static bool
read_line(struct line *ret, const cJSON *json, const char *kind)
{
	size_t n = strlen(kind);
	char *at;

	if (!cJSON_IsString(json) || strncmp(json->valuestring, kind, n) != 0 ||
	    json->valuestring[n] != '\t')
		return false;
	(void)snprintf(ret->text, sizeof(ret->text), "%s", json->valuestring + n + 1);
	at = ret->text;
	for (size_t i = 0; i < PARTS_MAX; i++) {
		ret->part[i] = at;
		at += strcspn(at, "\t");
		if (*at == '\t')
			*at++ = '\0';
	}
	return true;
}

static bool
find_line(struct line *ret, const cJSON *lines, const char *kind, const char *first)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, lines)
		if (read_line(ret, one, kind) &&
		    (first == NULL || cw_strcaseeq(ret->part[0], first)))
			return true;
	return false;
}

/* --- a list of names that is shown as far as a person reads it */

struct names {
	struct cw_buf text;
	unsigned n;
};

static void
add_name(struct names *list, const char *name, const char *parameter)
{
	if (list->n++ < NAMES_SHOWN)
		(void)cw_buf_printf(&list->text, "%s%s%s%s", list->n == 1 ? "" : ", ", name,
		    parameter == NULL ? "" : " -", parameter == NULL ? "" : parameter);
}

static const char *
shown(struct names *list)
{
	if (list->n > NAMES_SHOWN)
		(void)cw_buf_printf(&list->text, " and %u more", list->n - NAMES_SHOWN);
	return cw_buf_left(&list->text) > 0 ? cw_buf_str(&list->text) : "";
}

/* --- modules */

/* Is the name in the list, between commas, without case? */
static bool
has(const char *list, const char *name)
{
	size_t n = strlen(name), len;
	char one[128];

	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		if (len != n || len >= sizeof(one))
			continue;
		memcpy(one, list, len);
		one[len] = '\0';
		if (cw_strcaseeq(one, name))
			return true;
	}
	return false;
}

static void
compare_parameters(
    struct names *missing, const struct cw_catalogue_command *command, const char *theirs)
{
	const struct cw_catalogue_parameter *p;

	for (size_t i = 0; (p = cw_catalogue_parameter(command, i)) != NULL; i++)
		if (p->class != CW_CLASS_BLOCKED && p->type != CW_TYPE_OBJECT &&
		    !has(theirs, p->name))
			add_name(missing, command->name, p->name);
	if (command->server != NULL && !has(theirs, command->server))
		add_name(missing, command->name, command->server);
}

/* What the server has and the catalogue does not: it is refused, and that is all. */
static unsigned
count_unknown(const cJSON *lines, const char *module)
{
	const cJSON *one;
	struct line line;
	unsigned n = 0;

	cJSON_ArrayForEach (one, lines)
		n += read_line(&line, one, "command") && cw_strcaseeq(line.part[0], module) &&
		    cw_catalogue_find(line.part[1]) == NULL;
	return n;
}

/* A command's line, by its name: the second part. */
static bool
find_command(struct line *ret, const cJSON *lines, const char *name)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, lines)
		if (read_line(ret, one, "command") && cw_strcaseeq(ret->part[1], name))
			return true;
	return false;
}

static void
compare(
    cJSON *checks, const cJSON *lines, const char *role, const char *module, const char *version)
{
	const struct cw_catalogue_command *all;
	struct names commands = { 0 }, parameters = { 0 };
	struct line line;
	unsigned count = 0, unknown = count_unknown(lines, module);
	char check[64];
	size_t n;

	cw_buf_init(&commands.text, 4096);
	cw_buf_init(&parameters.text, 4096);
	all = cw_catalogue_all(&n);
	for (size_t i = 0; i < n; i++) {
		if (!cw_streq(all[i].role, role) || !cw_catalogue_runs(&all[i]))
			continue;
		count++;
		if (!find_command(&line, lines, all[i].name))
			add_name(&commands, all[i].name, NULL);
		else
			compare_parameters(&parameters, &all[i], line.part[2]);
	}
	(void)snprintf(check, sizeof(check), "module %s", module);
	if (commands.n > 0)
		cw_finding_put(checks, check, CW_FINDING_WARN,
		    "These commands fail here, with the module's own words. A newer RSAT or server "
		    "has them.",
		    "version %s lacks %u of %u commands: %s", version, commands.n, count,
		    shown(&commands));
	else if (parameters.n > 0)
		cw_finding_put(checks, check, CW_FINDING_WARN,
		    "A call with one of these parameters fails here, with the module's own words.",
		    "version %s, all %u commands; without %s", version, count, shown(&parameters));
	else
		cw_finding_put(checks, check, CW_FINDING_OK, NULL,
		    "version %s, all %u commands with their parameters%s", version, count,
		    unknown > 0 ? "; others of it are refused" : "");
	cw_buf_free(&commands.text);
	cw_buf_free(&parameters.text);
}

void
cw_finding_module(cJSON *checks, const cJSON *lines, const char *role)
{
	const struct cw_catalogue_command *all;
	const char *module = NULL;
	struct line line;
	char check[64];
	size_t n;

	all = cw_catalogue_all(&n);
	for (size_t i = 0; i < n && module == NULL; i++)
		if (cw_streq(all[i].role, role))
			module = all[i].module;
	if (module == NULL)
		return;
	(void)snprintf(check, sizeof(check), "module %s", module);
	if (find_line(&line, lines, "module", module))
		compare(checks, lines, role, module, line.part[1]);
	else
		cw_finding_put(checks, check, CW_FINDING_FAIL,
		    cw_streq(role, "sync")
			? "Install the agent on the server of Entra Connect, or enrol it without "
			  "the role sync."
			: "Install it: Install-WindowsFeature RSAT-AD-PowerShell, or enrol this "
			  "server without the role.",
		    "cannot be imported%s%s",
		    find_line(&line, lines, "missing", module) ? ": " : "",
		    find_line(&line, lines, "missing", module) ? line.part[1] : "");
}

/* --- PowerShell and the account */

static void
look_at_engine(cJSON *checks, const cJSON *lines)
{
	struct line line;

	if (find_line(&line, lines, "version", NULL))
		cw_finding_put(
		    checks, "powershell", CW_FINDING_OK, NULL, "%s %s", line.part[0], line.part[1]);
	if (!find_line(&line, lines, "language", NULL))
		return;
	cw_finding_put(checks, "language mode",
	    cw_streq(line.part[0], "FullLanguage")              ? CW_FINDING_OK
		: cw_streq(line.part[0], "ConstrainedLanguage") ? CW_FINDING_WARN
								: CW_FINDING_FAIL,
	    "A rule of this machine (AppLocker, App Control) sets it. In ConstrainedLanguage "
	    "commands work and many scripts do not; in others nothing does: allow the agent's "
	    "folder.",
	    "%s", line.part[0]);
}

static bool
ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

/* What the account is that it need not be. */
static const char *
too_much(const cJSON *lines)
{
	static const struct {
		const char *rid, *words;
	} rows[] = { { "-519", "a member of Enterprise Admins" },
		{ "-518", "a member of Schema Admins" }, { "-512", "a member of Domain Admins" } };
	const cJSON *one;
	struct line line;

	for (size_t i = 0; i < CW_COUNT(rows); i++)
		cJSON_ArrayForEach (one, lines)
			if (read_line(&line, one, "group") &&
			    cw_starts_with(line.part[0], "S-1-5-21-") &&
			    ends_with(line.part[0], rows[i].rid))
				return rows[i].words;
	return NULL;
}

static void
look_at_account(cJSON *checks, const cJSON *lines)
{
	const char *more = too_much(lines);
	struct line line;

	if (!find_line(&line, lines, "account", NULL) || line.part[0][0] == '\0')
		cw_finding_put(checks, "account", CW_FINDING_WARN,
		    "Look at who the service runs as.", "PowerShell does not tell");
	else if (more != NULL)
		cw_finding_put(checks, "account", CW_FINDING_WARN,
		    "Run the service as a group managed service account, with rights delegated for "
		    "what it is to do: then nothing that goes wrong here owns the domain.",
		    "%s, %s: more than is needed", line.part[0], more);
	else
		cw_finding_put(checks, "account", CW_FINDING_OK, NULL, "%s%s", line.part[0],
		    line.part[1][0] != '\0' ? ", no member of Domain Admins or above"
					    : "; its rights in the directory cannot be told here");
}

/* --- the directory */

static void
look_at_controllers(cJSON *checks, const cJSON *lines, int64_t now_ms)
{
	unsigned ok = 0, all = 0;
	struct names failed = { 0 };
	const cJSON *one;
	struct line line;
	int64_t time, behind = 0;
	bool timed = false;

	cw_buf_init(&failed.text, 4096);
	cJSON_ArrayForEach (one, lines) {
		if (!read_line(&line, one, "controller"))
			continue;
		all++;
		if (!cw_streq(line.part[1], "ok")) {
			add_name(&failed, line.part[0], NULL);
			continue;
		}
		ok++;
		if (!timed && cw_time_parse(&time, line.part[2], strlen(line.part[2])) == CW_OK) {
			behind = time - now_ms;
			timed = true;
		}
	}
	cw_finding_put(checks, "controllers",
	    all > 0 && ok == all ? CW_FINDING_OK
		: ok > 0         ? CW_FINDING_WARN
				 : CW_FINDING_FAIL,
	    "A controller that is down is not used while another answers; \"server\" in agent.json "
	    "names one.",
	    "%u of %u answer%s%s", ok, all, failed.n > 0 ? "; not " : "", shown(&failed));
	if (timed)
		cw_finding_clock(checks, "clock of the domain", "the domain controller's", behind);
	cw_buf_free(&failed.text);
}

static void
look_at_directory(cJSON *checks, const cJSON *lines, int64_t now_ms)
{
	struct line line;

	if (find_line(&line, lines, "domain", NULL)) {
		cw_finding_put(checks, "directory", CW_FINDING_OK, NULL, "%s, PDC emulator %s",
		    line.part[0], line.part[1]);
		look_at_controllers(checks, lines, now_ms);
	} else if (find_line(&line, lines, "nodomain", NULL)) {
		cw_finding_put(checks, "directory", CW_FINDING_FAIL,
		    "Is this server joined to the domain, does it find a controller (nltest "
		    "/dsgetdc:), and does Active Directory Web Services run there (port 9389)?",
		    "%s", line.part[0]);
	}
}

void
cw_findings_of_look(cJSON *checks, const cJSON *lines, const char *const *roles, int64_t now_ms)
{
	look_at_engine(checks, lines);
	look_at_account(checks, lines);
	for (; *roles != NULL; roles++) {
		cw_finding_module(checks, lines, *roles);
		if (cw_streq(*roles, "directory"))
			look_at_directory(checks, lines, now_ms);
	}
}
