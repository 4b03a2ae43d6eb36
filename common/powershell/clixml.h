/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_CLIXML_H
#define CW_PS_CLIXML_H

#include "powershell/value.h"

struct cw_buf;
struct cw_err;

/*
 * CLIXML ([MS-PSRP] 2.2.5), read strictly and written plainly.
 *
 * The reader takes hostile bytes: no document type, no entity but XML's own
 * five, bounded depth and size; a property that appears twice (in any case of
 * letters), a reference to nothing, an element that is not in the grammar or a
 * number out of range ends it with an error that says where.
 */
#define CW_CLIXML_DEPTH_MAX 100 /* elements */
#define CW_CLIXML_REFS_MAX 1000000u /* RefIds of one text */

struct cw_clixml;

/* One reader serves many texts, one after the other; its tables are reused. */
int cw_clixml_new(struct cw_clixml **ret);
void cw_clixml_free(struct cw_clixml *reader); /* ok on NULL */

/*
 * Reads one value: a bare element as in PSRP messages, or the one object of an
 * <Objs> document. *ret lives in arena. CW_EPROTO or CW_ELIMIT: err says what
 * and at which line and column.
 */
int cw_clixml_read(struct cw_clixml *reader, const struct cw_ps_value **ret,
    struct cw_ps_arena *arena, const void *xml, size_t n, struct cw_err *err);

/* Calls each for every top-level object of an <Objs> document (or the one bare element), as soon as
 * it is read; its values are gone when each returns. A negative return of each ends the reading
 * with it. */
typedef int cw_clixml_each(void *arg, const struct cw_ps_value *value);
int cw_clixml_read_each(struct cw_clixml *reader, struct cw_ps_arena *arena, const void *xml,
    size_t n, cw_clixml_each *each, void *arg, struct cw_err *err);

/* Encrypts a secure string's UTF-8 text and appends the base64 that <SS> holds. */
struct cw_clixml_secret {
	int (*encrypt)(
	    void *arg, struct cw_buf *out, const uint8_t *utf8, size_t n, struct cw_err *err);
	void *arg;
};

/*
 * Appends the value as one element; name is its N attribute or NULL. Secure
 * strings need secret (CW_EINVAL without). Script blocks are never written.
 */
int cw_clixml_write(struct cw_buf *out, const char *name, const struct cw_ps_value *value,
    const struct cw_clixml_secret *secret, struct cw_err *err);

/*
 * For who hands values on to another PowerShell, as the first one gave them out: with type names,
 * ToString and both kinds of properties, so that they are there what they were here. What cannot be
 * handed on (a secure string, what is nested too deep) becomes null or its text, and a script block
 * is only its text. A property ...SID that was cut to its text gets its Value back.
 */
#define CW_CLIXML_RELAY_DEPTH_MAX 10u /* objects in objects */
struct cw_clixml_relay {
	bool (*hidden)(const char *name); /* properties and keys that are left out, at any depth */
	unsigned next_ref; /* RefIds go on over all that stands in one document */
};
int cw_clixml_relay(struct cw_buf *out, const char *name, const struct cw_ps_value *value,
    struct cw_clixml_relay *relay, struct cw_err *err);

/* Appends text with XML's escapes and CLIXML's own _xHHHH_ for what XML cannot carry. */
int cw_clixml_put_text(struct cw_buf *out, const char *s, size_t n);

#endif
