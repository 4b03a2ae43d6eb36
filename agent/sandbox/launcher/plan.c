/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launcher's command line: a table of options, all of them required but the lists.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "plan.h"

#define BYTES_MAX (1ull << 44)
#define AT(member) offsetof(struct cw_plan, member)

enum kind { ID, NUMBER, TEXT, FLAG, FILES, ENVIRONMENT, CGROUPS };

static const struct option {
	const char *name;
	enum kind kind;
	size_t at;
} options[] = {
	{ "--id", ID, AT(id) },
	{ "--parent", ID, AT(parent) },
	{ "--run-folder", TEXT, AT(run_folder) },
	{ "--bwrap", TEXT, AT(bwrap) },
	{ "--tmp-bytes", NUMBER, AT(tmp_bytes) },
	{ "--tmp-files", NUMBER, AT(tmp_files) },
	{ "--memory-bytes", NUMBER, AT(memory_bytes) },
	{ "--address-bytes", NUMBER, AT(address_bytes) },
	{ "--file-bytes", NUMBER, AT(file_bytes) },
	{ "--threads", NUMBER, AT(threads) },
	{ "--descriptors", NUMBER, AT(descriptors) },
	{ "--cpu-seconds", NUMBER, AT(cpu_s) },
	{ "--file", FILES, 0 },
	{ "--env", ENVIRONMENT, 0 },
	{ "--cgroup", CGROUPS, 0 },
	{ "--no-filter", FLAG, AT(no_filter) },
};

static int
read_number(uint64_t *ret, const char *text, uint64_t max)
{
	char *end;
	uint64_t n;

	errno = 0;
	n = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || n == 0 || n > max)
		return CW_EINVAL;
	*ret = n;
	return CW_OK;
}

static int
add(const char **list, size_t *count, size_t max, const char *value)
{
	if (*count == max)
		return CW_ELIMIT;
	list[(*count)++] = value;
	return CW_OK;
}

static int
add_file(struct cw_plan *plan, const char *source, const char *inside)
{
	if (source[0] != '/' || inside[0] != '/')
		return CW_EINVAL;
	if (plan->file_count == CW_PLAN_FILES_MAX)
		return CW_ELIMIT;
	plan->files[plan->file_count++] = (struct cw_plan_file){ source, inside };
	return CW_OK;
}

static int
add_environment(struct cw_plan *plan, char *pair)
{
	char *equals = strchr(pair, '=');

	if (equals == NULL || equals == pair)
		return CW_EINVAL;
	*equals = '\0'; /* bubblewrap takes name and value as two words */
	if (add(plan->environment, &plan->environment_count, CW_PLAN_ENVIRONMENT_MAX, pair) < 0)
		return CW_ELIMIT;
	return add(
	    plan->environment, &plan->environment_count, CW_PLAN_ENVIRONMENT_MAX, equals + 1);
}

static int
take(struct cw_plan *plan, const struct option *option, char *value, const char *second)
{
	char *member = (char *)plan + option->at;
	uint64_t n;

	switch (option->kind) {
	case ID:
		if (read_number(&n, value, INT32_MAX) < 0)
			return CW_EINVAL;
		*(uint32_t *)(void *)member = (uint32_t)n;
		return CW_OK;
	case NUMBER: return read_number((uint64_t *)(void *)member, value, BYTES_MAX);
	case TEXT:
		*(const char **)(void *)member = value;
		return value[0] == '/' ? CW_OK : CW_EINVAL;
	case FLAG: *(bool *)member = true; return CW_OK;
	case FILES: return add_file(plan, value, second);
	case ENVIRONMENT: return add_environment(plan, value);
	case CGROUPS:
		return value[0] != '/'
		    ? CW_EINVAL
		    : add(plan->cgroups, &plan->cgroup_count, CW_PLAN_CGROUPS_MAX, value);
	}
	return CW_EINVAL;
}

static const struct option *
find(const char *name)
{
	for (size_t i = 0; i < CW_COUNT(options); i++)
		if (cw_streq(options[i].name, name))
			return &options[i];
	return NULL;
}

/* A wall whose height nobody gave is a mistake, never a default. */
static int
complete(const struct cw_plan *plan, struct cw_err *err)
{
	for (size_t i = 0; i < CW_COUNT(options); i++) {
		const char *member = (const char *)plan + options[i].at;
		bool given = true;

		switch (options[i].kind) {
		case ID: given = *(const uint32_t *)(const void *)member != 0; break;
		case NUMBER: given = *(const uint64_t *)(const void *)member != 0; break;
		case TEXT: given = *(const char *const *)(const void *)member != NULL; break;
		case FLAG:
		case FILES:
		case ENVIRONMENT:
		case CGROUPS: break;
		}
		if (!given)
			return cw_fail(err, CW_EINVAL, "%s is missing", options[i].name);
	}
	if (plan->id < CW_PLAN_ID_MIN)
		return cw_fail(err, CW_EINVAL, "--id %u: ids below %u belong to accounts", plan->id,
		    CW_PLAN_ID_MIN);
	if (plan->program[0] == NULL || plan->program[0][0] != '/')
		return cw_fail(err, CW_EINVAL, "-- must be followed by a program's full path");
	return CW_OK;
}

int
cw_plan_read(struct cw_plan *ret, char *const *argv, struct cw_err *err)
{
	struct cw_plan plan = { 0 };
	int r;

	for (argv++; *argv != NULL && !cw_streq(*argv, "--"); argv++) {
		const struct option *option = find(*argv);
		char *value;

		if (option == NULL)
			return cw_fail(err, CW_EINVAL, "%s: no such option", *argv);
		if ((option->kind != FLAG && *++argv == NULL) ||
		    (option->kind == FILES && *++argv == NULL))
			return cw_fail(err, CW_EINVAL, "%s needs a value", option->name);
		value = option->kind == FILES ? argv[-1] : *argv;
		if (take(&plan, option, value, *argv) < 0)
			return cw_fail(err, CW_EINVAL, "%s %s: not valid, or too many of them",
			    option->name, value);
	}
	if (*argv == NULL)
		return cw_fail(err, CW_EINVAL, "-- and the program are missing");
	plan.program = argv + 1;
	if ((r = complete(&plan, err)) < 0)
		return r;
	*ret = plan;
	return CW_OK;
}
