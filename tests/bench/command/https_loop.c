/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request again and again over one kept-alive HTTPS connection, and how long each
 * took: https-loop HOST PORT CA.PEM KEY N METHOD PATH [BODY]. Prints p50, p99 and the most
 * as one JSON object.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "https.h"
#include "os/clock.h"
#include "sample.h"

#define WARM_UP 200

int
main(int argc, char **argv)
{
	static char request[8192];
	int n = argc > 5 ? atoi(argv[5]) : 0;
	struct sample took;
	uint64_t began;
	size_t len;

	if (argc < 8 || n <= 0) {
		fprintf(stderr, "usage: https-loop HOST PORT CA.PEM KEY N METHOD PATH [BODY]\n");
		return 2;
	}
	len = https_request(
	    request, sizeof(request), argv[6], argv[7], argv[1], argv[4], argc > 8 ? argv[8] : "");
	https_dial(argv[1], argv[2], argv[3]);
	sample_init(&took, (size_t)n);
	for (int i = -WARM_UP; i < n; i++) {
		began = cw_clock_ns();
		(void)https_ask(request, len);
		if (i >= 0)
			sample_add(&took, cw_clock_ns() - began);
	}
	printf("{\"request\":\"%s %s\",\"p50_ms\":%.4f,\"p99_ms\":%.4f,\"most_ms\":%.4f}\n",
	    argv[6], argv[7], sample_ms(&took, 50), sample_ms(&took, 99), sample_ms(&took, 100));
	sample_free(&took);
	https_close();
	return 0;
}
