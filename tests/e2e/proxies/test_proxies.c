/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scripts against proxies in a real engine, and a double of the broker: the rows
 * of the .rows files that are named behind the engine (README.md beside them).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "double.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

#define SCRIPT_MS 30000u
#define FILE_MAX (1u << 20)

struct row {
	char name[160];
	struct cw_buf script, asked, output, errors, said;
	struct cw_buf records; /* of the answer that is being read */
	char *answers[DOUBLE_ANSWERS_MAX];
	unsigned answer_count, requests;
	bool more;
	char stop_at[160];
};

static struct double_broker broker;
static unsigned rows;

static void
row_init(struct row *r, const char *name)
{
	memset(r, 0, sizeof(*r));
	(void)snprintf(r->name, sizeof(r->name), "%s", name);
	cw_buf_init(&r->script, FILE_MAX);
	cw_buf_init(&r->asked, FILE_MAX);
	cw_buf_init(&r->output, FILE_MAX);
	cw_buf_init(&r->errors, FILE_MAX);
	cw_buf_init(&r->said, FILE_MAX);
	cw_buf_init(&r->records, FILE_MAX);
}

static void
row_free(struct row *r)
{
	cw_buf_free(&r->script);
	cw_buf_free(&r->asked);
	cw_buf_free(&r->output);
	cw_buf_free(&r->errors);
	cw_buf_free(&r->said);
	cw_buf_free(&r->records);
	for (unsigned i = 0; i < r->answer_count; i++)
		free(r->answers[i]);
}

/* What was said in answer to the last request, if it was not said raw. */
static void
end_answer(struct row *r)
{
	char *text;

	if (r->answer_count < r->requests && r->answer_count < DOUBLE_ANSWERS_MAX) {
		size_t size = cw_buf_left(&r->records) + 64;

		if ((text = malloc(size)) == NULL)
			exit(1);
		(void)snprintf(text, size, "{\"records\":[%s],\"state\":\"%s\"}",
		    cw_buf_str(&r->records), r->more ? "more" : "done");
		r->answers[r->answer_count++] = text;
	}
	cw_buf_clear(&r->records);
	r->more = false;
}

/* "< more", "< raw TEXT", "< output VALUE" for one object and "< outputs [VALUE...]" for some, "<
 * STREAM VALUE" */
static void
add_answer(struct row *r, const char *text)
{
	size_t n = strcspn(text, " ");
	bool one = cw_starts_with(text, "output "), many = cw_starts_with(text, "outputs ");

	if (cw_streq(text, "more")) {
		r->more = true;
	} else if (cw_starts_with(text, "raw") && r->answer_count < DOUBLE_ANSWERS_MAX) {
		r->answers[r->answer_count++] = strdup(text[3] == '\0' ? "raw " : text);
	} else {
		(void)cw_buf_printf(&r->records, "%s[\"%.*s\",%s%s%s]",
		    cw_buf_left(&r->records) > 0 ? "," : "", (int)(many ? n - 1 : n), text,
		    one ? "[" : "", text[n] == '\0' ? "null" : text + n + 1, one ? "]" : "");
	}
}

static void
add_line(struct row *r, const char *line)
{
	const char *rest = line[0] != '\0' && line[1] == ' ' ? line + 2 : "";

	switch (*rest == '\0' ? '\0' : line[0]) {
	case '>':
		end_answer(r);
		r->requests++;
		(void)cw_buf_printf(&r->asked, "%s\n", rest);
		return;
	case '<': add_answer(r, rest); return;
	case '=': (void)cw_buf_printf(&r->output, "%s\n", rest); return;
	case '!': (void)cw_buf_printf(&r->errors, "%s\n", rest); return;
	case '~': (void)cw_buf_printf(&r->said, "%s\n", rest); return;
	case '^': (void)snprintf(r->stop_at, sizeof(r->stop_at), "%s", rest); return;
	default: (void)cw_buf_printf(&r->script, "%s\n", line); return;
	}
}

static void
run_row(struct row *r)
{
	test_case = r->name;
	rows++;
	end_answer(r);
	for (unsigned i = 0; i < r->answer_count; i++)
		broker.answers[i] = r->answers[i];
	broker.answer_count = r->answer_count;
	broker.stop_at = r->stop_at[0] != '\0' ? r->stop_at : NULL;
	double_run(&broker, cw_buf_str(&r->script), SCRIPT_MS);
	CHECK_STR(cw_buf_str(&broker.asked), cw_buf_str(&r->asked));
	CHECK_STR(cw_buf_str(&broker.output), cw_buf_str(&r->output));
	CHECK_STR(cw_buf_str(&broker.errors), cw_buf_str(&r->errors));
	CHECK_STR(cw_buf_str(&broker.said), cw_buf_str(&r->said));
	CHECK(!broker.lost);
	CHECK(broker.outcome != CW_PSRP_TIMED_OUT);
}

static void
run_file(const char *path)
{
	static char line[65536];
	FILE *f = fopen(path, "re");
	struct row r;
	bool has = false;

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	while (fgets(line, sizeof(line), f) != NULL && !broker.lost) {
		line[strcspn(line, "\n")] = '\0';
		if (!has && (line[0] == '#' || line[0] == '\0'))
			continue;
		if (!cw_starts_with(line, "=== ")) {
			if (has)
				add_line(&r, line);
			continue;
		}
		if (has) {
			run_row(&r);
			row_free(&r);
		}
		row_init(&r, line + 4);
		has = true;
	}
	if (has) {
		run_row(&r);
		row_free(&r);
	}
	(void)fclose(f);
}

/* A session that a machine's policy has locked from its start is refused, and says why. */
static void
test_locked(uv_loop_t *loop, char *const *engine, const char *const *roles)
{
	test_case = "locked before the preparation";
	rows++;
	CHECK(double_start(&broker, loop, engine, NULL, NULL));
	double_run(&broker, "$ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'",
	    SCRIPT_MS);
	CHECK(!double_prepare(&broker, roles, NULL));
	CHECK(strstr(cw_buf_str(&broker.errors), "kept in ConstrainedLanguage") != NULL);
	double_end(&broker);
}

int
main(int argc, char **argv)
{
	static const char *const roles[] = { "directory", "sync", NULL };
	static const char *const modules[] = { "Causeway.Lab.Utility", NULL };
	char *engine[] = { argv[1], "-s", NULL };
	bool strict = false;
	uv_loop_t loop;

	if (argc < 3)
		return 2;
	CHECK_EQ(uv_loop_init(&loop), 0);
	for (int i = 2; i < argc; i++) {
		if (cw_streq(argv[i], "--strict")) {
			strict = true;
			continue;
		}
		if (cw_streq(argv[i], "--locked")) {
			test_locked(&loop, engine, roles);
			continue;
		}
		if (!double_start(&broker, &loop, engine, roles, modules)) {
			test_failed = 1;
		} else {
			if (strict)
				double_run(&broker, "Set-StrictMode -Version Latest", SCRIPT_MS);
			run_file(argv[i]);
		}
		double_end(&broker);
	}
	CHECK_EQ(uv_loop_close(&loop), 0);
	printf("%u rows\n", rows);
	return test_failed;
}
