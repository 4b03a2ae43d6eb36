/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PowerShell that is looked at.
 */
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "doctor/look.h"
#include "look_ps1.h"
#include "powershell/process.h"

#define MODULES_MAX 8
#define ARENA_MAX (256u * 1024u)

struct cw_look {
	struct cw_psrp_process *process;
	struct cw_ps_arena *arena;
	uv_loop_t *loop;
	cJSON *lines;
	struct cw_psrp_argument argument;
	const struct cw_ps_value *modules[MODULES_MAX]; /* of the argument */
	void (*done)(void *arg, cJSON *lines, const struct cw_err *err);
	void *arg;
};

static void
on_closed(void *arg)
{
	struct cw_look *look = arg;

	cw_ps_arena_free(look->arena);
	cJSON_Delete(look->lines);
	free(look);
}

static void
hand_over(struct cw_look *look, const struct cw_err *err)
{
	void (*done)(void *arg, cJSON *lines, const struct cw_err *err) = look->done;
	cJSON *lines = NULL;

	look->done = NULL;
	if (done == NULL)
		return;
	if (err == NULL) {
		lines = look->lines;
		look->lines = NULL;
	}
	done(look->arg, lines, err);
}

static void
on_output(void *arg, const struct cw_ps_value *value)
{
	struct cw_look *look = arg;
	const char *text = cw_ps_str(value);

	if (text != NULL && (unsigned)cJSON_GetArraySize(look->lines) < CW_LOOK_LINES_MAX)
		(void)cJSON_AddItemToArray(look->lines, cJSON_CreateString(text));
}

static void
on_finished(void *arg, enum cw_psrp_outcome outcome, const struct cw_ps_value *error)
{
	struct cw_look *look = arg;
	struct cw_err err = { 0 };

	if (outcome != CW_PSRP_COMPLETED)
		(void)cw_fail(&err, CW_EFAILED, "PowerShell could not be looked at: %s",
		    outcome == CW_PSRP_TIMED_OUT   ? "it took too long"
			: cw_ps_str(error) != NULL ? cw_ps_str(error)
						   : "it was stopped");
	hand_over(look, err.code < 0 ? &err : NULL);
	cw_psrp_process_kill(look->process);
}

static void
on_lost(void *arg, const struct cw_err *err)
{
	hand_over(arg, err); /* closed follows */
}

static void
on_opened(void *arg)
{
	static const struct cw_psrp_pipeline_events events = { on_output, NULL, NULL, on_finished };
	struct cw_look *look = arg;
	const struct cw_psrp_command command = { look_ps1, true, &look->argument, 1 };
	const struct cw_psrp_run run = { &command, 1, false, CW_LOOK_MS, &events, look };
	struct cw_psrp_pipeline *pipeline;
	struct cw_err err = { 0 };

	if (cw_psrp_run(cw_psrp_process_session(look->process), &pipeline, &run, uv_now(look->loop),
		&err) < 0) {
		hand_over(look, &err);
		cw_psrp_process_kill(look->process);
	}
}

static const struct cw_ps_value *
list_of(struct cw_look *look, const char *const *names)
{
	size_t n = 0;

	for (; n < MODULES_MAX && names[n] != NULL; n++)
		if ((look->modules[n] = cw_ps_text(
			 look->arena, CW_PS_STRING, names[n], strlen(names[n]))) == NULL)
			return NULL;
	return cw_ps_list(look->arena, look->modules, n);
}

int
cw_look_start(struct cw_look **ret, const struct cw_look_config *config, struct cw_err *err)
{
	struct cw_look *look = calloc(1, sizeof(*look));
	struct cw_psrp_process_config process = { .loop = config->loop,
		.argv = config->powershell,
		.env = config->env,
		.events = { .opened = on_opened, .lost = on_lost, .arg = look },
		.closed = on_closed };
	int r;

	if (look == NULL)
		return cw_fail(err, CW_ENOMEM, "out of memory");
	look->loop = config->loop;
	look->done = config->done;
	look->arg = config->arg;
	look->lines = cJSON_CreateArray();
	if (look->lines == NULL || cw_ps_arena_new(&look->arena, ARENA_MAX) < 0 ||
	    (look->argument.value = list_of(look, config->modules)) == NULL) {
		on_closed(look);
		return cw_fail(err, CW_ENOMEM, "out of memory");
	}
	look->argument.name = "Modules";
	if ((r = cw_psrp_process_start(&look->process, &process, err)) < 0) {
		on_closed(look);
		return r;
	}
	*ret = look;
	return CW_OK;
}

void
cw_look_end(struct cw_look *look)
{
	if (look == NULL)
		return;
	look->done = NULL;
	cw_psrp_process_kill(look->process);
}
