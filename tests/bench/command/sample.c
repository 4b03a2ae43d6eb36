/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdlib.h>

#include "sample.h"

void
sample_init(struct sample *s, size_t room)
{
	*s = (struct sample){ calloc(room, sizeof(*s->ns)), 0, room };
	assert(s->ns != NULL);
}

void
sample_add(struct sample *s, uint64_t ns)
{
	assert(s->count < s->room);
	s->ns[s->count++] = ns;
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

double
sample_ms(struct sample *s, unsigned percent)
{
	size_t at = s->count * percent / 100;

	qsort(s->ns, s->count, sizeof(*s->ns), compare);
	return (double)s->ns[at < s->count ? at : s->count - 1] / 1e6;
}

void
sample_free(struct sample *s)
{
	free(s->ns);
}
