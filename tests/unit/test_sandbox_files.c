/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an engine is found to need: engines of empty files in a folder of their own.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/str.h"
#include "os/file.h"
#include "sandbox/unix/engine.h"
#include "test.h"

int test_failed;
const char *test_case = "start";

static char root[] = "/tmp/causeway-engine-XXXXXX";
static struct cw_engine engine;
static const struct cw_sandbox_limits limits = { .heap = 0x1000 };

static const char *
at(const char *path)
{
	static char full[512];

	(void)snprintf(full, sizeof(full), "%s/%s", root, path);
	return full;
}

static void
make(const char *path, mode_t mode)
{
	struct cw_err err = { 0 };

	if (S_ISDIR(mode)) {
		(void)mkdir(at(path), 0755);
		return;
	}
	CHECK_EQ(cw_file_write(at(path), "", 0, false, &err), CW_OK);
	CHECK_EQ(chmod(at(path), mode), 0);
}

static int
find(const char *program, struct cw_err *err)
{
	err->text[0] = '\0';
	return cw_engine_find(&engine, program, &limits, err);
}

/* The source of what is seen at a path inside; NULL: nothing is. */
static const char *
source_of(const char *inside)
{
	for (size_t i = 0; i < engine.file_count; i++)
		if (cw_streq(engine.files[i].inside, inside))
			return engine.files[i].source;
	return NULL;
}

static bool
has_environment(const char *word)
{
	for (size_t i = 0; i < engine.environment_count; i++)
		if (cw_streq(engine.environment[i], word))
			return true;
	return false;
}

static void
test_plain(void)
{
	struct cw_err err;

	test_case = "a program by itself";
	make("plain", S_IFREG | 0755);
	CHECK_EQ(find(at("plain"), &err), CW_OK);
	CHECK_STR(engine.program, "/engine/plain");
	CHECK_STR(source_of("/engine/plain"), at("plain"));
	CHECK(source_of("/engine") == NULL);
	CHECK(has_environment("DOTNET_GCHeapHardLimit=1000"));
	CHECK(has_environment("DOTNET_EnableDiagnostics=0"));
	test_case = "nothing of this machine beside libraries and zones";
	for (size_t i = 0; i < engine.file_count; i++) {
		const char *inside = engine.files[i].inside;

		CHECK(cw_starts_with(inside, "/engine/") || strstr(inside, "/lib") != NULL ||
		    cw_streq(inside, "/usr/share/zoneinfo"));
		CHECK(strstr(inside, ".so") != NULL || !cw_starts_with(inside, "/lib"));
	}
}

static void
test_dotnet(void)
{
	struct cw_err err;

	test_case = "an engine that brings its runtime";
	make("own", S_IFDIR);
	make("own/ps", S_IFREG | 0755);
	make("own/ps.dll", S_IFREG | 0644);
	make("own/libcoreclr.so", S_IFREG | 0644);
	CHECK_EQ(find(at("own/ps"), &err), CW_OK);
	CHECK_STR(engine.program, "/engine/ps");
	CHECK_STR(source_of("/engine"), at("own"));
	CHECK(!has_environment("DOTNET_ROOT=/dotnet"));
	test_case = "by a link, as /usr/bin/pwsh is one";
	CHECK_EQ(symlink(at("own/ps"), "link"), 0);
	CHECK_EQ(find("./link", &err), CW_OK);
	CHECK_STR(source_of("/engine"), at("own"));
	test_case = "an engine that shares the installed runtime";
	CHECK_EQ(unlink(at("own/libcoreclr.so")), 0);
	make("dotnet", S_IFDIR);
	make("dotnet/shared", S_IFDIR);
	make("dotnet/shared/Microsoft.NETCore.App", S_IFDIR);
	make("dotnet/host", S_IFDIR);
	make("dotnet/host/fxr", S_IFDIR);
	CHECK_EQ(setenv("DOTNET_ROOT", at("dotnet"), 1), 0);
	CHECK_EQ(find(at("own/ps"), &err), CW_OK);
	CHECK_STR(source_of("/dotnet/shared/Microsoft.NETCore.App"),
	    at("dotnet/shared/Microsoft.NETCore.App"));
	CHECK_STR(source_of("/dotnet/host/fxr"), at("dotnet/host/fxr"));
	CHECK(has_environment("DOTNET_ROOT=/dotnet"));
	CHECK_EQ(unlink("link"), 0);
}

static void
test_not_there(void)
{
	struct cw_err err;

	test_case = "no such program";
	CHECK_EQ(find("/nonexistent/ps", &err), CW_ENOTFOUND);
	CHECK_STR(err.text, "/nonexistent/ps is no program here");
	test_case = "a file that is no program";
	make("text", S_IFREG | 0644);
	CHECK_EQ(find(at("text"), &err), CW_ENOTFOUND);
	test_case = "on the PATH, or not";
	CHECK_EQ(setenv("PATH", at(""), 1), 0);
	CHECK_EQ(find("plain", &err), CW_OK);
	CHECK_STR(engine.program, "/engine/plain");
	CHECK_EQ(find("nothing", &err), CW_ENOTFOUND);
	CHECK_STR(err.text, "nothing is not on the PATH");
}

int
main(void)
{
	char command[64];

	if (mkdtemp(root) == NULL || chdir(root) < 0)
		return 2;
	test_plain();
	test_dotnet();
	test_not_there();
	(void)snprintf(command, sizeof(command), "/bin/rm -r %s", root);
	CHECK_EQ(system(command), 0);
	return test_failed;
}
