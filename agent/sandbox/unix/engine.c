/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing of /usr is given as a whole: only the libraries that .NET loads, by name.
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "sandbox/unix/engine.h"

#define ENGINE_INSIDE \
	"/engine" /* the engine may live under /tmp, which is not what /tmp is inside */
#define DOTNET_INSIDE "/dotnet"
#define RUNTIME "/shared/Microsoft.NETCore.App"
#define HOST "/host/fxr"
#define ZONES "/usr/share/zoneinfo"

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#define LOADER "/lib64/ld-linux-x86-64.so.2"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#define LOADER "/lib/ld-linux-aarch64.so.1"
#else
#error "the sandbox does not know this processor's loader"
#endif

/* Where the loader looks without being told. */
static const char *const library_folders[] = { "/lib/" MULTIARCH, "/usr/lib/" MULTIARCH, "/lib64",
	"/usr/lib64", "/lib", "/usr/lib" };

static const struct {
	const char *name;
	bool needed;
} libraries[] = {
	{ "libc.so.6", true },
	{ "libm.so.6", true },
	{ "libdl.so.2",
	    false }, /* these three are part of libc today, and still asked for by name */
	{ "libpthread.so.0", false },
	{ "librt.so.1", false },
	{ "libgcc_s.so.1", true },
	{ "libstdc++.so.6", true },
	{ "libssl.so.3", false }, /* hashes and random numbers are OpenSSL's; one of the two */
	{ "libcrypto.so.3", false },
	{ "libssl.so.1.1", false },
	{ "libcrypto.so.1.1", false },
};

static int
add_file(struct cw_engine *e, const char *source, const char *inside, struct cw_err *err)
{
	struct cw_engine_file *file = &e->files[e->file_count];
	char real[PATH_MAX];

	if (e->file_count == CW_ENGINE_FILES_MAX)
		return cw_fail(
		    err, CW_ELIMIT, "the engine needs more than %d files", CW_ENGINE_FILES_MAX);
	if (realpath(source, real) == NULL)
		return cw_fail(err, CW_ENOTFOUND, "%s: %s", source, strerror(errno));
	if (snprintf(file->source, sizeof(file->source), "%s", real) >= (int)sizeof(file->source) ||
	    snprintf(file->inside, sizeof(file->inside), "%s", inside) >= (int)sizeof(file->inside))
		return cw_fail(err, CW_ELIMIT, "%s: the path is too long", source);
	e->file_count++;
	return CW_OK;
}

static int CW_PRINTF(3, 4)
    add_environment(struct cw_engine *e, struct cw_err *err, const char *fmt, ...)
{
	va_list args;
	int n;

	if (e->environment_count == CW_ENGINE_WORDS_MAX)
		return cw_fail(err, CW_ELIMIT, "the engine's environment has more than %d words",
		    CW_ENGINE_WORDS_MAX);
	va_start(args, fmt);
	n = vsnprintf(e->environment[e->environment_count], CW_ENGINE_PATH, fmt, args);
	va_end(args);
	if (n < 0 || n >= (int)CW_ENGINE_PATH)
		return cw_fail(err, CW_ELIMIT, "a word of the engine's environment is too long");
	e->environment_count++;
	return CW_OK;
}

static bool
exists(const char *folder, const char *name)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof(path), "%s%s", folder, name) < (int)sizeof(path) &&
	    access(path, F_OK) == 0;
}

/* --- the program and its folder */

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

static int
look_up(char ret[PATH_MAX], const char *program, struct cw_err *err)
{
	const char *path = getenv("PATH");
	char candidate[PATH_MAX];

	if (strchr(program, '/') != NULL)
		return is_program(program) && realpath(program, ret) != NULL
		    ? CW_OK
		    : cw_fail(err, CW_ENOTFOUND, "%s is no program here", program);
	for (const char *p = path; p != NULL && *p != '\0'; p += strspn(p, ":")) {
		size_t n = strcspn(p, ":");

		if (snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)n, p, program) <
			(int)sizeof(candidate) &&
		    is_program(candidate) && realpath(candidate, ret) != NULL)
			return CW_OK;
		p += n;
	}
	return cw_fail(err, CW_ENOTFOUND, "%s is not on the PATH", program);
}

/* An apphost stands beside the assembly that it runs. */
static bool
is_dotnet(const char *program)
{
	return exists(program, ".dll");
}

/* --- the .NET runtime of an engine that does not bring its own */

static bool
has_runtime(const char *root)
{
	return exists(root, RUNTIME) && exists(root, HOST);
}

static bool
installed_root(char *ret, size_t size)
{
	FILE *f = fopen("/etc/dotnet/install_location", "re");
	bool got = false;

	if (f != NULL) {
		got = fgets(ret, (int)size, f) != NULL;
		(void)fclose(f);
		ret[strcspn(ret, "\r\n")] = '\0';
	}
	return got && ret[0] == '/';
}

static int
add_runtime(struct cw_engine *e, struct cw_err *err)
{
	static const char *const usual[] = { "/usr/share/dotnet", "/usr/lib/dotnet",
		"/usr/lib64/dotnet" };
	char installed[CW_ENGINE_PATH], path[PATH_MAX];
	const char *root = getenv("DOTNET_ROOT");
	int r;

	if (root == NULL || !has_runtime(root))
		root = installed_root(installed, sizeof(installed)) && has_runtime(installed)
		    ? installed
		    : NULL;
	for (size_t i = 0; i < CW_COUNT(usual) && root == NULL; i++)
		if (has_runtime(usual[i]))
			root = usual[i];
	if (root == NULL)
		return cw_fail(err, CW_ENOTFOUND,
		    "the engine does not bring a .NET runtime, and none is installed where it is "
		    "looked for; DOTNET_ROOT can name it");
	(void)snprintf(path, sizeof(path), "%s" RUNTIME, root);
	if ((r = add_file(e, path, DOTNET_INSIDE RUNTIME, err)) < 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s" HOST, root);
	if ((r = add_file(e, path, DOTNET_INSIDE HOST, err)) < 0)
		return r;
	return add_environment(e, err, "DOTNET_ROOT=" DOTNET_INSIDE);
}

static int
add_program(struct cw_engine *e, const char *program, struct cw_err *err)
{
	char path[PATH_MAX];
	char *slash;
	int r;

	if ((r = look_up(path, program, err)) < 0)
		return r;
	slash = strrchr(path, '/');
	if (snprintf(e->program, sizeof(e->program), ENGINE_INSIDE "%s", slash) >=
	    (int)sizeof(e->program))
		return cw_fail(err, CW_ELIMIT, "%s: the path is too long", path);
	if (!is_dotnet(path))
		return add_file(e, path, e->program, err);
	*slash = '\0';
	if ((r = add_file(e, path, ENGINE_INSIDE, err)) < 0 || exists(path, "/libcoreclr.so"))
		return r;
	return add_runtime(e, err);
}

/* --- libraries, time, environment */

static int
add_libraries(struct cw_engine *e, struct cw_err *err)
{
	char path[CW_ENGINE_PATH];
	int r;

	if ((r = add_file(e, LOADER, LOADER, err)) < 0)
		return r;
	for (size_t i = 0; i < CW_COUNT(libraries); i++) {
		size_t k = 0;

		for (; k < CW_COUNT(library_folders); k++) {
			(void)snprintf(
			    path, sizeof(path), "%s/%s", library_folders[k], libraries[i].name);
			if (access(path, R_OK) == 0)
				break;
		}
		if (k == CW_COUNT(library_folders)) {
			if (libraries[i].needed)
				return cw_fail(
				    err, CW_ENOTFOUND, "%s is not there", libraries[i].name);
		} else if ((r = add_file(e, path, path, err)) < 0) {
			return r;
		}
	}
	return CW_OK;
}

/* Dates in scripts are in the machine's own zone. */
static int
add_zone(struct cw_engine *e, struct cw_err *err)
{
	char link[PATH_MAX];
	ssize_t n = readlink("/etc/localtime", link, sizeof(link) - 1);
	const char *name;
	int r;

	if (!exists(ZONES, ""))
		return CW_OK;
	if ((r = add_file(e, ZONES, ZONES, err)) < 0)
		return r;
	link[n > 0 ? n : 0] = '\0';
	name = strstr(link, "zoneinfo/");
	return name == NULL ? CW_OK : add_environment(e, err, "TZ=%s", name + strlen("zoneinfo/"));
}

static int
add_settings(struct cw_engine *e, const struct cw_sandbox_limits *limits, struct cw_err *err)
{
	static const char *const settings[] = {
		"HOME=/tmp",
		"TMPDIR=/tmp",
		"PATH=/nonexistent",
		"LANG=C.UTF-8",
		/* No debugger, profiler or diagnostics port: they listen on a socket. */
		"DOTNET_EnableDiagnostics=0",
		"DOTNET_LTTng=0",
		"POWERSHELL_DIAGNOSTICS_OPTOUT=1",
		"POWERSHELL_TELEMETRY_OPTOUT=1",
		"POWERSHELL_UPDATECHECK=Off",
		"PSModuleAnalysisCachePath=/dev/null",
		/* The same texts and numbers whatever the machine's language; needs no ICU. */
		"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1",
		/* Code is mapped twice through shared memory otherwise, to keep an attacker from
		 * writing it who is inside already. */
		"DOTNET_EnableWriteXorExecute=0",
		/* Without /sys the collector does not find the size of the processor's cache and
		 * collects every 256 KB: script loops take twice the time. */
		"DOTNET_GCgen0size=2000000", /* hexadecimal: 32 MB */
		"DOTNET_gcConcurrent=0",
		"DOTNET_gcServer=0",
		/* Each arena reserves 64 MB, and there would be one for every thread. */
		"MALLOC_ARENA_MAX=2",
		/* It measures for a long life; this one is short. */
		"DOTNET_TieredPGO=0",
	};
	int r;

	for (size_t i = 0; i < CW_COUNT(settings); i++)
		if ((r = add_environment(e, err, "%s", settings[i])) < 0)
			return r;
	if ((r = add_environment(e, err, "DOTNET_GCHeapHardLimit=%" PRIx64, limits->heap)) < 0)
		return r;
	/* What it reserves for that. By itself it takes five times as much, and the limit of the
	 * address space would have to be past any use; with less than twice the collector thrashes.
	 */
	return add_environment(e, err, "DOTNET_GCRegionRange=%" PRIx64, 2 * limits->heap);
}

int
cw_engine_find(struct cw_engine *ret, const char *program, const struct cw_sandbox_limits *limits,
    struct cw_err *err)
{
	int r;

	ret->file_count = ret->environment_count = 0;
	if ((r = add_program(ret, program, err)) < 0 || (r = add_libraries(ret, err)) < 0 ||
	    (r = add_zone(ret, err)) < 0)
		return r;
	return add_settings(ret, limits, err);
}
