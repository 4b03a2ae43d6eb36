/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BENCH_SAMPLE_H
#define BENCH_SAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* Times that something took, and their percentiles. */
struct sample {
	uint64_t *ns;
	size_t count, room;
};

void sample_init(struct sample *s, size_t room);
void sample_add(struct sample *s, uint64_t ns);
double sample_ms(struct sample *s, unsigned percent); /* sorts them; 100: the most */
void sample_free(struct sample *s);

#endif
