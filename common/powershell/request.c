/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests are bags of properties; the engine converts plain integers to the
 * enumerations it wants, so no type name is ever sent.
 */
#include "base/buf.h"
#include "base/err.h"
#include "powershell/clixml.h"
#include "powershell/request.h"
#include "powershell/secure.h"

#define MEMBERS_MAX 16

/* A bag under construction. A value that could not be made (NULL) makes the whole bag NULL. */
struct bag {
	struct cw_ps_arena *arena;
	struct cw_ps_property *members;
	size_t count;
	bool broken;
};

static struct bag
bag_new(struct cw_ps_arena *arena)
{
	struct bag b = { .arena = arena };

	b.members = cw_ps_arena_alloc(arena, MEMBERS_MAX * sizeof(*b.members));
	b.broken = b.members == NULL;
	return b;
}

static void
bag_put(struct bag *b, const char *name, const struct cw_ps_value *value)
{
	if (b->broken || value == NULL || b->count == MEMBERS_MAX) {
		b->broken = true;
		return;
	}
	b->members[b->count++] = (struct cw_ps_property){ name, value, true };
}

static void
bag_bool(struct bag *b, const char *name, bool v)
{
	bag_put(b, name, cw_ps_bool(b->arena, v));
}

static void
bag_int(struct bag *b, const char *name, int64_t v)
{
	bag_put(b, name, cw_ps_int(b->arena, CW_PS_I32, v));
}

static const struct cw_ps_value *
bag_done(struct bag *b)
{
	struct cw_ps_object *object = cw_ps_arena_alloc(b->arena, sizeof(*object));
	struct cw_ps_value *v = cw_ps_arena_alloc(b->arena, sizeof(*v));

	if (b->broken || object == NULL || v == NULL)
		return NULL;
	object->properties = b->members;
	object->property_count = b->count;
	v->kind = CW_PS_OBJECT;
	v->object = object;
	return v;
}

static int
write_bag(
    struct cw_buf *out, struct bag *b, const struct cw_clixml_secret *secret, struct cw_err *err)
{
	const struct cw_ps_value *v = bag_done(b);

	if (v == NULL)
		return cw_fail(err, CW_ELIMIT, "a request to PowerShell is too large");
	return cw_clixml_write(out, NULL, v, secret, err);
}

/* [MS-PSRP] 2.2.3.14 */
static const struct cw_ps_value *
host_info(struct cw_ps_arena *arena, bool has_host, bool use_runspace_host)
{
	struct bag b = bag_new(arena);

	bag_bool(&b, "_isHostNull", !has_host);
	bag_bool(&b, "_isHostUINull", !has_host);
	bag_bool(&b, "_isHostRawUINull", !has_host);
	bag_bool(&b, "_useRunspaceHost", use_runspace_host);
	return bag_done(&b);
}

int
cw_psrp_put_capability(struct cw_buf *out)
{
	return cw_buf_puts(out,
	    "<Obj RefId=\"0\"><MS><Version N=\"protocolversion\">2.3</Version><Version "
	    "N=\"PSVersion\">2.0</Version>"
	    "<Version N=\"SerializationVersion\">1.1.0.1</Version></MS></Obj>");
}

int
cw_psrp_put_init_pool(
    struct cw_buf *out, struct cw_ps_arena *arena, bool has_host, struct cw_err *err)
{
	struct bag b = bag_new(arena);

	bag_int(&b, "MinRunspaces", 1);
	bag_int(&b, "MaxRunspaces", 1);
	bag_int(&b, "PSThreadOptions", 0); /* Default */
	bag_int(&b, "ApartmentState", 2); /* Unknown */
	bag_put(&b, "HostInfo", host_info(arena, has_host, !has_host));
	bag_put(&b, "ApplicationArguments", cw_ps_null());
	return write_bag(out, &b, NULL, err);
}

int
cw_psrp_put_public_key(struct cw_buf *out, struct cw_psrp_secure *secure, struct cw_err *err)
{
	int r;

	if ((r = cw_buf_puts(out, "<Obj RefId=\"0\"><MS><S N=\"PublicKey\">")) < 0)
		return cw_fail(err, r, "cannot send the public key: %s", cw_strerror(r));
	if ((r = cw_psrp_secure_public(secure, out, err)) < 0)
		return r;
	if ((r = cw_buf_puts(out, "</S></MS></Obj>")) < 0)
		return cw_fail(err, r, "cannot send the public key: %s", cw_strerror(r));
	return CW_OK;
}

/* [MS-PSRP] 2.2.3.13 */
static const struct cw_ps_value *
arguments(struct cw_ps_arena *arena, const struct cw_psrp_command *command)
{
	const struct cw_ps_value **items =
	    cw_ps_arena_alloc(arena, (command->argument_count + 1) * sizeof(struct cw_ps_value *));

	if (items == NULL)
		return NULL;
	for (size_t i = 0; i < command->argument_count; i++) {
		const struct cw_psrp_argument *a = &command->arguments[i];
		struct bag b = bag_new(arena);

		bag_put(&b, "N", a->name == NULL ? cw_ps_null() : cw_ps_string(arena, a->name));
		bag_put(&b, "V", a->value);
		if ((items[i] = bag_done(&b)) == NULL)
			return NULL;
	}
	return cw_ps_list(arena, items, command->argument_count);
}

/* [MS-PSRP] 2.2.3.12 */
static const struct cw_ps_value *
one_command(struct cw_ps_arena *arena, const struct cw_psrp_command *command)
{
	static const char *const merges[] = { "MergeMyResult", "MergeToResult",
		"MergePreviousResults", "MergeError", "MergeWarning", "MergeVerbose", "MergeDebug",
		"MergeInformation" };
	struct bag b = bag_new(arena);

	bag_put(&b, "Cmd", cw_ps_string(arena, command->text));
	bag_bool(&b, "IsScript", command->is_script);
	bag_put(&b, "UseLocalScope", cw_ps_null());
	for (size_t i = 0; i < CW_COUNT(merges); i++)
		bag_int(&b, merges[i], 0); /* each stream stays itself */
	bag_put(&b, "Args", arguments(arena, command));
	return bag_done(&b);
}

/* [MS-PSRP] 2.2.3.11 */
static const struct cw_ps_value *
powershell(struct cw_ps_arena *arena, const struct cw_psrp_run *run)
{
	const struct cw_ps_value **items =
	    cw_ps_arena_alloc(arena, run->count * sizeof(struct cw_ps_value *));
	struct bag b = bag_new(arena);

	if (items == NULL)
		return NULL;
	for (size_t i = 0; i < run->count; i++)
		if ((items[i] = one_command(arena, &run->commands[i])) == NULL)
			return NULL;
	bag_bool(&b, "IsNested", false);
	bag_put(&b, "ExtraCmds", cw_ps_null());
	bag_put(&b, "Cmds", cw_ps_list(arena, items, run->count));
	bag_put(&b, "History", cw_ps_null());
	bag_bool(&b, "RedirectShellErrorOutputPipe", true);
	return bag_done(&b);
}

int
cw_psrp_put_pipeline(struct cw_buf *out, struct cw_ps_arena *arena, const struct cw_psrp_run *run,
    const struct cw_clixml_secret *secret, struct cw_err *err)
{
	bool has_host = run->events->host_call != NULL;
	struct bag b = bag_new(arena);

	bag_bool(&b, "NoInput", !run->input);
	bag_int(&b, "ApartmentState", 2); /* Unknown */
	bag_int(&b, "RemoteStreamOptions", 0); /* no invocation info: smaller records */
	bag_bool(&b, "AddToHistory", false);
	bag_put(&b, "HostInfo", host_info(arena, has_host, true));
	bag_put(&b, "PowerShell", powershell(arena, run));
	bag_bool(&b, "IsNested", false);
	return write_bag(out, &b, secret, err);
}

int
cw_psrp_put_host_response(struct cw_buf *out, struct cw_ps_arena *arena,
    const struct cw_psrp_host_call *call, const struct cw_ps_value *value, struct cw_err *err)
{
	struct bag b = bag_new(arena);

	if (value != NULL)
		bag_put(&b, "mr", value);
	bag_put(&b, "ci", cw_ps_int(arena, CW_PS_I64, call->id));
	bag_int(&b, "mi", call->method);
	return write_bag(out, &b, NULL, err);
}
