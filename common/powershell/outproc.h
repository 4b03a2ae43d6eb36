/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_PS_OUTPROC_H
#define CW_PS_OUTPROC_H

#include <stddef.h>
#include <stdint.h>

struct cw_buf;
struct cw_err;

/*
 * The lines of PowerShell's server mode (`-s`): PSRP over standard input and
 * output, one XML element a line. [MS-PSRP] does not describe them; what is here
 * was measured on Windows PowerShell's and PowerShell 7's own engine.
 *
 *   <Data Stream='Default' PSGuid='G'>BASE64</Data>      either way; acknowledged
 *   <Command PSGuid='G' />  <Close PSGuid='G' />  <Signal PSGuid='G' />     to the server
 *   <DataAck PSGuid='G' />  <CommandAck .../>  <CloseAck .../>  <SignalAck .../>   from it
 *
 * G is the pipeline's GUID, all zeros for the session itself.
 */
#define CW_OUTPROC_LINE_MAX \
	(512u * 1024u) /* bytes; the engine sends fragments of 32 KB, 44 KB in base64 */

enum cw_outproc_element {
	CW_OUTPROC_DATA,
	CW_OUTPROC_DATA_ACK,
	CW_OUTPROC_COMMAND_ACK,
	CW_OUTPROC_CLOSE_ACK,
	CW_OUTPROC_SIGNAL_ACK,
};

struct cw_outproc_line {
	enum cw_outproc_element element;
	uint8_t guid[16]; /* network order */
	const char *base64; /* of DATA; borrowed from the input */
	size_t base64_len; /* bytes */
};

/*
 * Reads the next line from in and consumes it. CW_EAGAIN: no whole line yet. CW_EPROTO: not one of
 * the elements above; CW_ELIMIT: the line is too long. ret->base64 is valid until in is next
 * written to.
 */
int cw_outproc_read(struct cw_outproc_line *ret, struct cw_buf *in, struct cw_err *err);

/* Append one line. element is "Command", "Close" or "Signal". */
int cw_outproc_put(struct cw_buf *out, const char *element, const uint8_t guid[16]);
int cw_outproc_put_data(struct cw_buf *out, const uint8_t guid[16], const void *data, size_t n);

#endif
