/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan is applied by the real broker and journal, over a directory in memory, and
 * the agent dies at each of its steps, one run for each. Afterwards the journal tells
 * the truth of every entry, nothing was made twice, and asking again, under the same
 * id or another, makes nothing that may have been made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"
#include "base/buf.h"
#include "base/json.h"
#include "broker/broker.h"
#include "commands/controller.h"
#include "commands/roles.h"
#include "journal/writer.h"
#include "os/file.h"
#include "powershell/json.h"
#include "unit/double_runspaces.h"
#include "unit/plan_rig.h"

int test_failed;
const char *test_case = "";

#define DOMAIN_XML                                                                              \
	"<Obj RefId=\"0\"><Props><S N=\"DNSRoot\">lab.test</S><S "                              \
	"N=\"DistinguishedName\">DC=lab,DC="                                                    \
	"test</S><S N=\"DomainSID\">S-1-5-21-1-2-3</S><S N=\"PDCEmulator\">dc1.lab.test</S><S " \
	"N=\"UsersContainer\">CN=Users,DC=lab,DC=test</S><S "                                   \
	"N=\"ComputersContainer\">CN=Computers,DC="                                             \
	"lab,DC=test</S><S N=\"DomainControllersContainer\">OU=Domain "                         \
	"Controllers,DC=lab,DC=test</S>"                                                        \
	"<Obj N=\"ReplicaDirectoryServers\" "                                                   \
	"RefId=\"1\"><LST><S>dc1.lab.test</S></LST></Obj></Props></Obj>"
#define OTHER_ID "44444444-4444-4444-8444-444444444444"
#define THIRD_ID "55555555-5555-4555-8555-555555555555"
#define WRITES 4
#define LONG 5000

#define NEW_CY                                                                                 \
	"New-ADUser {\"Name\":\"Cy\",\"SamAccountName\":\"cy\",\"Path\":\"OU=Staff,DC=lab,DC=" \
	"test\"}"

static const char *const writes[WRITES] = {
	NEW_CY,
	"Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CTO\",\"Manager\":\"cy\"}",
	"Add-ADGroupMember {\"Identity\":\"Ops\",\"Members\":[\"cy\",\"ada\"]}",
	"Set-ADUser {\"Identity\":\"ada\",\"Title\":\"CEO\"}",
};

static const uint8_t seal_private[32];

/* An agent, as far as a plan needs one. */
static struct world {
	struct rig rig;
	uv_loop_t loop;
	char path[64]; /* of the journal */
	struct cw_journal *journal;
	struct cw_writer *writer;
	struct cw_roles *roles;
	struct cw_controller *controller;
	struct cw_broker *broker;
	unsigned steps, dies_at; /* of PowerShell and the journal; 0: it lives */
	bool dead;
	unsigned made[WRITES + 1]; /* how often, by entry */
	/* of a script */
	bool over;
	struct cw_err err;
	cJSON *result;
} w;

/* One more step. true: it is the last one. */
static bool
dies(void)
{
	w.dead = w.dead || ++w.steps == w.dies_at;
	return w.dead;
}

/* --- PowerShell */

static cJSON *
json_of(const struct cw_ps_value *v)
{
	struct cw_buf text;
	cJSON *json = NULL;

	cw_buf_init(&text, 1 << 20);
	CHECK_EQ(cw_ps_json_put(&text, v, NULL), CW_OK);
	CHECK_EQ(cw_json_parse(&json, cw_buf_str(&text), cw_buf_left(&text), "value", NULL), CW_OK);
	cw_buf_free(&text);
	return json;
}

static cJSON *
parameters_of(const struct double_job *job)
{
	cJSON *all = cJSON_CreateObject();

	for (size_t i = 0; i < job->full->argument_count; i++) {
		const struct cw_psrp_argument *a = &job->full->arguments[i];

		if (strcmp(a->name, "Server") != 0 && strcmp(a->name, "WhatIf") != 0 &&
		    strcmp(a->name, "Confirm") != 0 && strcmp(a->name, "SearchBase") != 0)
			cJSON_AddItemToObject(all, a->name, json_of(a->value));
	}
	return all;
}

static int
on_given(void *arg, const struct cw_ps_value *value, struct cw_err *err)
{
	struct double_job *job = arg;

	(void)err;
	job->events->output(job->arg, value);
	return CW_OK;
}

/* Which entry of the plan this is. */
static unsigned
entry_of(const char *command, const cJSON *parameters)
{
	if (strcmp(command, "New-ADUser") == 0)
		return 1;
	if (strcmp(command, "Add-ADGroupMember") == 0)
		return 3;
	return strcmp(cw_json_str(parameters, "Title"), "CTO") == 0 ? 2 : 4;
}

/* RFC 4526: what is in none of no groups. */
static bool
asks_nothing(const cJSON *parameters)
{
	const char *filter = cw_json_str(parameters, "LDAPFilter");

	return filter != NULL && strstr(filter, "(|)") != NULL;
}

static void
serve(struct double_job *job)
{
	const char *command = strchr(job->command, '\\') + 1;
	cJSON *parameters = parameters_of(job);
	struct cw_err err = { 0 };

	if (strcmp(command, "Get-ADDomain") == 0) {
		double_output(job, DOMAIN_XML);
	} else {
		if (strncmp(command, "Get-", 4) != 0) {
			w.made[entry_of(command, parameters)]++;
			CHECK_EQ(rig_run(&w.rig, command, parameters, on_given, job, &err), CW_OK);
		} else if (!asks_nothing(parameters)) {
			CHECK_EQ(rig_run(&w.rig, command, parameters, on_given, job, &err), CW_OK);
		}
		CHECK_STR(err.text, "");
	}
	cJSON_Delete(parameters);
	if (!dies()) /* between its work and its answer */
		double_done(job, CW_OK, "", NULL);
}

static struct double_job *
any_job(void)
{
	static const char *const commands[] = { "Get-ADDomain", "Get-ADObject", "New-ADUser",
		"Set-ADUser", "Add-ADGroupMember" };
	struct double_job *job = NULL;
	char name[64];

	for (size_t i = 0; i < CW_COUNT(commands) && job == NULL; i++) {
		(void)snprintf(name, sizeof(name), "ActiveDirectory\\%s", commands[i]);
		job = double_find(name);
	}
	return job;
}

/* --- its life */

static void
on_lines(void *arg, const char *text, size_t n)
{
	(void)arg, (void)text, (void)n;
}

static void
on_over(void *arg, const struct cw_err *err, cJSON *result)
{
	(void)arg;
	w.over = true;
	w.err = *err;
	cJSON_Delete(w.result);
	w.result = result;
}

static void
on_closed(void *arg)
{
	*(bool *)arg = true;
}

static void
until(const bool *what)
{
	while (!*what)
		(void)uv_run(&w.loop, UV_RUN_ONCE);
}

static void
live(void)
{
	static const char *const roles[] = { "directory", NULL };
	static char *powershell[] = { "pwsh", NULL };
	const struct cw_roles_config config = {
		.loop = &w.loop, .powershell = powershell, .pool = 3
	};
	struct cw_err err = { 0 };

	w.dead = w.over = false;
	w.steps = 0;
	CHECK_EQ(uv_loop_init(&w.loop), 0);
	CHECK_EQ(cw_journal_open(&w.journal, w.path, RIG_NOW_MS, &err), CW_OK);
	CHECK_EQ(cw_writer_new(&w.writer, &w.loop, w.journal, &err), CW_OK);
	CHECK_EQ(cw_roles_new(&w.roles, &config, roles, &err), CW_OK);
	double_ready("ActiveDirectory");
	CHECK_EQ(cw_controller_new(&w.controller, &w.loop, w.roles, NULL, &err), CW_OK);
	CHECK_EQ(cw_broker_new(&w.broker,
		     &(struct cw_broker_config){ .loop = &w.loop,
			 .roles = w.roles,
			 .controller = w.controller,
			 .journal = w.journal,
			 .writer = w.writer,
			 .agent = RIG_AGENT,
			 .tenant = RIG_TENANT,
			 .seal_private = seal_private },
		     &err),
	    CW_OK);
	CHECK_STR(err.text, "");
}

/* It is gone from one moment to the next: nobody hears of anything any more. */
static void
die(void)
{
	bool roles = false, broker = false, writer = false;

	cw_roles_close(w.roles, on_closed, &roles);
	until(&roles);
	cw_broker_close(w.broker, on_closed, &broker);
	cw_writer_close(w.writer, on_closed, &writer);
	until(&writer);
	until(&broker);
	cw_controller_free(w.controller);
	cw_journal_close(w.journal);
	while (uv_run(&w.loop, UV_RUN_NOWAIT) != 0)
		;
	CHECK_EQ(uv_loop_close(&w.loop), 0);
}

/* Until it is over, or the agent is dead. */
static void
apply(const char *id)
{
	static const struct cw_script_events events = { on_lines, on_over };
	struct cw_script_request request = { .id = id,
		.caller = "",
		.mode = CW_SCRIPT_APPLY,
		.plan = cJSON_Duplicate(w.rig.plan, true),
		.approved = true,
		.timeout_ms = 60000,
		.controller = "" };
	struct cw_script *script;
	struct double_job *job;
	struct cw_err err = { 0 };

	w.over = false;
	if (cw_script_start(&script, w.broker, &request, &events, NULL, &err) < 0) {
		on_over(NULL, &err, NULL);
		return;
	}
	while (!w.over && !w.dead) {
		if ((job = any_job()) != NULL) {
			if (!dies()) /* before its work */
				serve(job);
			continue;
		}
		(void)uv_run(&w.loop, UV_RUN_ONCE);
		/* Whatever the journal has written by now. */
		(void)dies();
	}
}

/* --- what must be so */

struct told {
	enum cw_journal_state states[WRITES + 1]; /* 0: never */
	bool twice;
};

static bool
on_walk(void *arg, const struct cw_journal_record *r)
{
	struct told *told = arg;

	if (r->step < 1 || r->step > WRITES)
		return true;
	told->twice = told->twice || told->states[r->step] != 0;
	told->states[r->step] = r->state;
	return true;
}

/* The journal's word about each entry, against what was made. */
static void
check_truth(struct told *told)
{
	struct cw_err err = { 0 };

	*told = (struct told){ 0 };
	CHECK_EQ(cw_journal_walk(w.journal, 100, on_walk, told, &err), CW_OK);
	CHECK(!told->twice);
	for (unsigned i = 1; i <= WRITES; i++) {
		CHECK(w.made[i] <= 1);
		switch (told->states[i]) {
		case CW_JOURNAL_DONE: CHECK_EQ(w.made[i], 1); break;
		case CW_JOURNAL_UNKNOWN: break; /* either */
		case CW_JOURNAL_BEGUN:
		case CW_JOURNAL_FAILED: CHECK(false); break;
		default: CHECK_EQ(w.made[i], 0); break;
		}
		/* In order: nothing is made behind what was not. */
		CHECK(i == 1 || w.made[i] <= w.made[i - 1]);
	}
}

/* It is for today. */
static void
make_valid(void)
{
	struct cw_err err = { 0 };

	cJSON_ReplaceItemInObject(
	    w.rig.plan, "expires", cJSON_CreateString("2126-01-01T00:00:00Z"));
	CHECK_EQ(cw_plan_document_seal(w.rig.plan, &err), CW_OK);
}

static void
make_plan(void)
{
	struct cw_err err = { 0 };

	rig_init(&w.rig);
	for (size_t i = 0; i < WRITES; i++)
		CHECK_EQ(rig_plan(&w.rig, writes[i], &err), CW_OK);
	CHECK_STR(err.text, "");
	make_valid();
}

/* One life, one death, and what comes after. Returns whether it died. */
static bool
run(unsigned dies_at)
{
	unsigned made[WRITES + 1];
	struct told told, later;
	bool died;

	memset(w.made, 0, sizeof(w.made));
	make_plan();
	(void)cw_file_remove(w.path, NULL);
	w.dies_at = dies_at;
	live();
	apply(OTHER_ID);
	died = w.dead;
	die();
	w.dies_at = 0;
	live();
	check_truth(&told);
	memcpy(made, w.made, sizeof(made));
	/* Under the same id nothing runs, if that was ever begun. */
	if (!died)
		CHECK_EQ(w.made[WRITES], 1);
	apply(OTHER_ID);
	if (w.err.code == CW_ECONFLICT)
		CHECK(memcmp(made, w.made, sizeof(made)) == 0);
	/* Under another one, what was begun is not begun again. */
	apply(THIRD_ID);
	check_truth(&later);
	for (unsigned i = 1; i <= WRITES; i++)
		if (told.states[i] != 0)
			CHECK_EQ(w.made[i], made[i]);
	die();
	rig_free(&w.rig);
	return died;
}

/* A plan whose end the journal cannot hold whole: what it keeps of it can be read. */
static void
run_long(void)
{
	struct cw_journal_record record;
	struct cw_err err = { 0 };
	char text[128];
	cJSON *kept = NULL, *one;

	test_case = "an end that is longer than what the journal keeps";
	rig_init(&w.rig);
	for (unsigned i = 1; i <= LONG; i++) {
		(void)snprintf(text, sizeof(text),
		    "Set-ADUser {\"Identity\":\"ada\",\"Title\":\"Engineer of the rank %u\"}", i);
		CHECK_EQ(rig_plan(&w.rig, text, &err), CW_OK);
	}
	one = cJSON_GetObjectItem(w.rig.plan, "entries")->child;
	cJSON_ReplaceItemInObject(one, "before", cJSON_Parse("{\"title\":[\"Nobody\"]}"));
	make_valid();
	(void)cw_file_remove(w.path, NULL);
	w.dies_at = 0;
	live();
	apply(OTHER_ID);
	CHECK_EQ(w.err.code, CW_OK);
	CHECK_EQ(cJSON_GetArraySize(cw_json_get(w.result, "entries")), LONG);
	CHECK_EQ(cw_journal_find(w.journal, OTHER_ID, &record, &err), CW_OK);
	CHECK_EQ(record.state, CW_JOURNAL_FAILED);
	CHECK_EQ(cw_json_parse(&kept, record.result, strlen(record.result), "result", &err), CW_OK);
	CHECK_STR(cw_json_str(kept, "state"), "failed");
	CHECK(cw_json_get(kept, "error") != NULL && cw_json_get(kept, "entries") == NULL);
	cJSON_Delete(kept);
	cw_journal_record_free(&record);
	die();
	rig_free(&w.rig);
}

int
main(void)
{
	char name[64];
	unsigned at = 0;

	(void)snprintf(w.path, sizeof(w.path), "test-apply-crash.db");
	test_case = name;
	do {
		(void)snprintf(name, sizeof(name), "dies at step %u", ++at);
	} while (run(at) && at < 1000 && !test_failed);
	CHECK(at > 20);
	run_long();
	cJSON_Delete(w.result);
	(void)cw_file_remove(w.path, NULL);
	(void)printf("%u deaths\n", at - 1);
	return test_failed;
}
