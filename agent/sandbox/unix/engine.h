/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CW_SANDBOX_ENGINE_H
#define CW_SANDBOX_ENGINE_H

#include "sandbox/sandbox.h"

/*
 * What a PowerShell needs to run: its own folder, the .NET runtime when it does
 * not bring it, the loader and a dozen libraries, time zones; and the environment
 * that makes it small and quick for one short life.
 */
#define CW_ENGINE_FILES_MAX 48
#define CW_ENGINE_WORDS_MAX 32
#define CW_ENGINE_PATH 1024u /* bytes */

struct cw_engine_file {
	char source[CW_ENGINE_PATH], inside[CW_ENGINE_PATH];
};

struct cw_engine {
	struct cw_engine_file files[CW_ENGINE_FILES_MAX];
	size_t file_count;
	char program[CW_ENGINE_PATH]; /* its path inside */
	char environment[CW_ENGINE_WORDS_MAX][CW_ENGINE_PATH]; /* NAME=VALUE */
	size_t environment_count;
};

/* Looks program up on the PATH and finds what it needs. A program that is not .NET is taken by
 * itself, with the libraries. */
int cw_engine_find(struct cw_engine *ret, const char *program,
    const struct cw_sandbox_limits *limits, struct cw_err *err);

#endif
