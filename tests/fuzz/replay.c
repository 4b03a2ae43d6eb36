/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over the files of its corpus, so that every input that
 * ever mattered is a normal test with any compiler.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define INPUT_MAX (4u << 20) /* bytes */

static int
replay_file(const char *dir, const char *name)
{
	char path[4096];
	uint8_t *data;
	size_t len;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -1;
	if ((f = fopen(path, "rb")) == NULL)
		return -1;
	/* A block of the exact size: a read past the end is seen by ASan. */
	if ((data = malloc(INPUT_MAX)) == NULL) {
		fclose(f);
		return -1;
	}
	len = fread(data, 1, INPUT_MAX, f);
	fclose(f);
	uint8_t *exact = malloc(len ? len : 1);
	if (exact != NULL) {
		memcpy(exact, data, len);
		LLVMFuzzerTestOneInput(exact, len);
	}
	free(exact);
	free(data);
	return exact != NULL ? 0 : -1;
}

int
main(int argc, char **argv)
{
	unsigned done = 0;

	for (int i = 1; i < argc; i++) {
		struct dirent *e;
		DIR *d = opendir(argv[i]);

		if (d == NULL) {
			fprintf(stderr, "no corpus at %s\n", argv[i]);
			return 1;
		}
		while ((e = readdir(d)) != NULL) {
			if (e->d_name[0] == '.')
				continue;
			if (replay_file(argv[i], e->d_name) < 0) {
				fprintf(stderr, "cannot read %s/%s\n", argv[i], e->d_name);
				return 1;
			}
			done++;
		}
		closedir(d);
	}
	printf("%u inputs\n", done);
	return done > 0 ? 0 : 1;
}
