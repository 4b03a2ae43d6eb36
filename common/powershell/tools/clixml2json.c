/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clixml2json: CLIXML on standard input (a bare element or an <Objs> document,
 * UTF-8 or UTF-16 with a byte order mark), our JSON on standard output, one value
 * a line. Bad input: one line on standard error, exit status 1, nothing on
 * standard output.
 */
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "powershell/clixml.h"
#include "powershell/json.h"

#define INPUT_MAX (256u * 1024u * 1024u) /* bytes */
#define VALUES_MAX ((size_t)2 * 1024u * 1024u * 1024u) /* bytes */

struct state {
	struct cw_buf out;
	struct cw_err *err;
};

static int
each(void *arg, const struct cw_ps_value *value)
{
	struct state *s = arg;
	int r;

	if ((r = cw_ps_json_put(&s->out, value, s->err)) < 0)
		return r;
	if ((r = cw_buf_putc(&s->out, '\n')) < 0)
		return cw_fail(s->err, r, "the JSON is too large");
	return CW_OK;
}

static int
read_input(struct cw_buf *in, struct cw_err *err)
{
	uint8_t *p;
	size_t n;

	do {
		if ((p = cw_buf_reserve(in, 65536)) == NULL)
			return cw_fail(err, CW_ELIMIT, "more than %u bytes of input", INPUT_MAX);
		n = fread(p, 1, 65536, stdin);
		cw_buf_added(in, n);
	} while (n > 0);
	return ferror(stdin) ? cw_fail(err, CW_ESYS, "cannot read standard input") : CW_OK;
}

static int
convert(struct state *s, struct cw_buf *in, struct cw_err *err)
{
	struct cw_ps_arena *arena = NULL;
	struct cw_clixml *reader = NULL;
	int r;

	if ((r = cw_ps_arena_new(&arena, VALUES_MAX)) < 0 || (r = cw_clixml_new(&reader)) < 0)
		r = cw_fail(err, r, "out of memory");
	else
		r = cw_clixml_read_each(
		    reader, arena, cw_buf_peek(in), cw_buf_left(in), each, s, err);
	if (r == CW_OK && cw_buf_left(&s->out) == 0)
		r = cw_fail(err, CW_EPROTO, "CLIXML: no value");
	cw_clixml_free(reader);
	cw_ps_arena_free(arena);
	return r;
}

int
main(int argc, char **argv)
{
	struct cw_err err = { 0 };
	struct state s = { .err = &err };
	struct cw_buf in;
	int r;

	(void)argv;
	if (argc > 1) {
		fputs("usage: clixml2json <CLIXML >JSON\n", stderr);
		return 2;
	}
	cw_buf_init(&in, INPUT_MAX);
	cw_buf_init(&s.out, VALUES_MAX);
	if ((r = read_input(&in, &err)) == CW_OK && (r = convert(&s, &in, &err)) == CW_OK &&
	    (fwrite(cw_buf_peek(&s.out), cw_buf_left(&s.out), 1, stdout) != 1 ||
		fflush(stdout) != 0))
		r = cw_fail(&err, CW_ESYS, "cannot write standard output");
	if (r < 0)
		fprintf(stderr, "clixml2json: %s\n", err.text);
	cw_buf_free(&in);
	cw_buf_free(&s.out);
	return r < 0 ? 1 : 0;
}
