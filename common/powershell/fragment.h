/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PSRP_FRAGMENT_H
#define CW_PSRP_FRAGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct cw_err;

/*
 * PSRP fragments ([MS-PSRP] 2.2.4), the unit that a message is cut into, and
 * messages ([MS-PSRP] 2.2.1), what a series of fragments carries. No I/O.
 */
#define CW_PSRP_FRAGMENT_HEADER 21u /* bytes */
#define CW_PSRP_BLOB_MAX 32768u /* bytes in one fragment */
#define CW_PSRP_MESSAGE_HEADER 40u /* bytes */
#define CW_PSRP_MESSAGE_MAX (32u * 1024u * 1024u) /* bytes, our own limit */

struct cw_psrp_fragment {
	uint64_t object_id; /* never 0 */
	uint64_t fragment_id; /* 0 for the first one of an object */
	bool start, end;
	const uint8_t *blob; /* borrowed from the input buffer */
	size_t blob_len; /* bytes */
};

/*
 * Reads the next fragment from in and consumes it; frag->blob is valid until in is next written to
 * or freed. CW_EAGAIN: not all bytes are there yet, nothing was consumed. CW_EPROTO or CW_ELIMIT:
 * the session is lost and err says why.
 */
int cw_psrp_fragment_read(struct cw_psrp_fragment *frag, struct cw_buf *in, struct cw_err *err);

/* Puts the fragments of one object together. Zeroed is ready; free with cw_psrp_assembly_free(). */
struct cw_psrp_assembly {
	uint64_t object_id; /* of the object under way, or of the last one; 0 for none yet */
	uint64_t next_fragment; /* 0 when no object is under way */
	struct cw_buf blob;
};

/* Takes a fragment; CW_OK: the object is whole, *ret lends its bytes until the next call or until
 * the fragment's own input is written to. CW_EAGAIN: more fragments are to come. CW_EPROTO: out of
 * order, repeated, or of another object; CW_ELIMIT: more than CW_PSRP_MESSAGE_MAX. */
int cw_psrp_assembly_add(struct cw_psrp_assembly *a, const struct cw_psrp_fragment *frag,
    const uint8_t **ret, size_t *ret_len, struct cw_err *err);
void cw_psrp_assembly_free(struct cw_psrp_assembly *a);

/* Cuts n bytes into fragments and appends them: all, or on CW_ELIMIT or CW_ENOMEM none. */
int cw_psrp_fragment_put(struct cw_buf *out, uint64_t object_id, const void *object, size_t n);

#define CW_PSRP_TO_CLIENT 1u
#define CW_PSRP_TO_SERVER 2u

/* [MS-PSRP] 2.2.1, message types */
enum cw_psrp_type {
	CW_PSRP_SESSION_CAPABILITY = 0x00010002,
	CW_PSRP_INIT_RUNSPACEPOOL = 0x00010004,
	CW_PSRP_PUBLIC_KEY = 0x00010005,
	CW_PSRP_ENCRYPTED_SESSION_KEY = 0x00010006,
	CW_PSRP_PUBLIC_KEY_REQUEST = 0x00010007,
	CW_PSRP_RUNSPACEPOOL_STATE = 0x00021005,
	CW_PSRP_CREATE_PIPELINE = 0x00021006,
	CW_PSRP_USER_EVENT = 0x00021008,
	CW_PSRP_APPLICATION_PRIVATE_DATA = 0x00021009,
	CW_PSRP_RUNSPACEPOOL_INIT_DATA = 0x0002100b,
	CW_PSRP_RUNSPACEPOOL_HOST_CALL = 0x00021100,
	CW_PSRP_PIPELINE_INPUT = 0x00041002,
	CW_PSRP_END_OF_PIPELINE_INPUT = 0x00041003,
	CW_PSRP_PIPELINE_OUTPUT = 0x00041004,
	CW_PSRP_ERROR_RECORD = 0x00041005,
	CW_PSRP_PIPELINE_STATE = 0x00041006,
	CW_PSRP_DEBUG_RECORD = 0x00041007,
	CW_PSRP_VERBOSE_RECORD = 0x00041008,
	CW_PSRP_WARNING_RECORD = 0x00041009,
	CW_PSRP_PROGRESS_RECORD = 0x00041010,
	CW_PSRP_INFORMATION_RECORD = 0x00041011,
	CW_PSRP_PIPELINE_HOST_CALL = 0x00041100,
	CW_PSRP_PIPELINE_HOST_RESPONSE = 0x00041101,
};

struct cw_psrp_message {
	uint32_t destination; /* CW_PSRP_TO_... */
	uint32_t type; /* enum cw_psrp_type, or one we do not know */
	uint8_t pool_id[16]; /* network order; on the wire .NET's mixed order */
	uint8_t pipeline_id[16];
	const char *xml; /* borrowed, UTF-8, a byte order mark left out */
	size_t xml_len; /* bytes */
};

/* Reads a whole object's bytes. CW_EPROTO: too short. */
int cw_psrp_message_read(
    struct cw_psrp_message *ret, const uint8_t *p, size_t n, struct cw_err *err);
/* Appends the message's bytes. */
int cw_psrp_message_put(struct cw_buf *out, const struct cw_psrp_message *m);

#endif
