/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kind of change in every identity mode, and a command that writes, the bridge crashing at
 * every point of it, under every fault of the directories: it ends, what it says of the directories
 * is true, no command has its effect twice, nobody else's value is overwritten, and the password is
 * nowhere but where it belongs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "crypto/seal.h"
#include "model/world.h"
#include "os/clock.h"
#include "test.h"

/* Millions of small blocks: without remembering who freed each it takes half the time. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "quarantine_size_mb=1:malloc_context_size=2";
}

int test_failed;
const char *test_case = "";

#define LIMIT_MS (UINT64_C(30) * 3600 * 1000)
#define TWICE 3000
#define POINTS_MAX 120

#define UPDATE(set) \
	"{\"change\":\"user.update\",\"target\":{\"user\":\"ada0@lab.test\"},\"set\":{" set "}}"
#define OTHER(what) "{\"change\":\"" what "\",\"target\":{\"user\":\"ada0@lab.test\"}"
#define TITLES                                                                     \
	"\"jobTitle\":\"Countess\",\"department\":null,\"businessPhones\":[\"+44 " \
	"2\"],\"country\":\"France\""

static const struct scenario {
	const char *name;
	enum cw_identity_mode mode;
	bool in_ad, in_entra, synced;
	const char *body; /* a password.reset is not closed: reply_key is added */
} scenarios[] = {
	{ "cloud: update", CW_MODE_CLOUD, false, true, false,
	    UPDATE(TITLES ",\"usageLocation\":\"FR\"") },
	{ "cloud: disable", CW_MODE_CLOUD, false, true, false, OTHER("user.disable") "}" },
	{ "cloud: password", CW_MODE_CLOUD, false, true, false, OTHER("password.reset") },
	{ "on-prem: update", CW_MODE_ON_PREM, true, false, false, UPDATE(TITLES) },
	{ "on-prem: disable", CW_MODE_ON_PREM, true, false, false, OTHER("user.disable") "}" },
	{ "on-prem: password", CW_MODE_ON_PREM, true, false, false, OTHER("password.reset") },
	{ "hybrid-dual: update", CW_MODE_HYBRID_DUAL, true, true, false, UPDATE(TITLES) },
	{ "hybrid-dual: one value", CW_MODE_HYBRID_DUAL, true, true, false,
	    UPDATE("\"jobTitle\":\"Countess\"") },
	{ "hybrid-dual: disable", CW_MODE_HYBRID_DUAL, true, true, false,
	    OTHER("user.disable") "}" },
	{ "hybrid-dual: password", CW_MODE_HYBRID_DUAL, true, true, false,
	    OTHER("password.reset") },
	{ "hybrid-sync: update", CW_MODE_HYBRID_SYNC, true, true, true, UPDATE(TITLES) },
	{ "hybrid-sync: both ways", CW_MODE_HYBRID_SYNC, true, true, true,
	    UPDATE("\"jobTitle\":\"Countess\",\"usageLocation\":\"FR\"") },
	{ "hybrid-sync: disable", CW_MODE_HYBRID_SYNC, true, true, true,
	    OTHER("user.disable") "}" },
	{ "hybrid-sync: password", CW_MODE_HYBRID_SYNC, true, true, true, OTHER("password.reset") },
	{ "hybrid-sync: cloud user", CW_MODE_HYBRID_SYNC, false, true, false, UPDATE(TITLES) },
	{ "command", CW_MODE_ON_PREM, true, false, false,
	    "{\"command\":\"Set-ADUser\",\"parameters\":{\"Identity\":\"11223344-5566-4788-99aa-"
	    "bbccddeeff00\",\"Title\":\"Countess\"}}" },
	{ "hybrid-sync: cloud password", CW_MODE_HYBRID_SYNC, false, true, false,
	    OTHER("password.reset") },
};

static const char *const fault_names[FAULT_COUNT] = { "none", "AD lost before", "AD lost after",
	"agent died before", "agent died after", "reverted before", "reverted after", "AD refused",
	"AD down", "AD down after", "agent busy", "503 before", "503 after", "Entra refused",
	"Entra away", "Entra slow", "GET 503", "sync busy", "sync lags" };

struct run {
	struct world w;
	char id[37];
	uint8_t reply_public[32], reply_private[32];
	cJSON *ended; /* the operation, when it has */
	bool watching;
	char name[160];
};

static unsigned runs, failures;

static void
complain(struct run *t, const char *what)
{
	char *text = t->ended != NULL ? cJSON_Print(t->ended) : NULL;

	test_failed = 1;
	if (failures++ > 5)
		goto done;
	fprintf(stderr, "%s: %s\n  AD title %s, Entra title %s, passwords \"%s\" \"%s\"\n%s\n",
	    t->name, what, world_ad_value(t->w.user[0].ad, "jobTitle"),
	    world_entra_value(t->w.user[0].entra, "jobTitle"), t->w.user[0].ad_password,
	    t->w.user[0].entra_password,
	    text != NULL ? text : world_ledger_text(t->w.ledger, t->id));
done:
	cJSON_free(text);
}

/* --- following it */

static void
on_changed(void *arg, const cJSON *operation, bool finished)
{
	struct run *t = arg;
	char *text;

	if (t->w.crashed)
		return;
	if (t->w.record) {
		text = cJSON_PrintUnformatted(operation);
		(void)cw_buf_puts(&t->w.written, text);
		cJSON_free(text);
	}
	if (finished)
		t->ended = cJSON_Duplicate(operation, true);
}

/* Whoever asked asks again after a restart. */
static bool
is_over(void *arg)
{
	static const struct cw_route_watch_events events = { on_changed, NULL };
	static uint64_t life;
	struct run *t = arg;
	struct cw_route_watch *watch;

	if (!t->watching)
		life = 0;
	t->watching = true;
	if (t->ended == NULL && t->w.route != NULL && life != t->w.life && !t->w.crashed) {
		life = t->w.life;
		(void)cw_route_watch(t->w.route, &watch, t->id, &events, t, NULL);
	}
	return t->ended != NULL || t->w.broken != NULL;
}

static cJSON *
make_body(struct run *t, const struct scenario *s)
{
	char text[1024];
	struct cw_buf key;

	cw_buf_init(&key, 256);
	(void)cw_seal_keypair(t->reply_public, t->reply_private);
	(void)cw_base64_put(&key, t->reply_public, 32);
	if (s->body[strlen(s->body) - 1] == '}' && strstr(s->body, "password") == NULL)
		(void)snprintf(text, sizeof(text), "%s", s->body);
	else
		(void)snprintf(
		    text, sizeof(text), "%s,\"reply_key\":\"%s\"}", s->body, cw_buf_str(&key));
	cw_buf_free(&key);
	return cJSON_Parse(text);
}

/* --- the rules */

/* own: of Entra ID, what Active Directory does not master. */
static bool
is_as(const struct run *t, bool entra, bool own, const cJSON *set)
{
	const cJSON *one;

	cJSON_ArrayForEach (one, set) {
		const struct world_user *u = &t->w.user[0];
		const char *now = entra ? world_entra_value(u->entra, one->string)
					: world_ad_value(u->ad, one->string);
		const cJSON *v = cJSON_IsArray(one) ? one->child : one;
		const char *want = cJSON_IsString(v) ? v->valuestring
		    : cJSON_IsBool(v)                ? (cJSON_IsTrue(v) ? "true" : "false")
						     : "";

		if (!entra && strcmp(one->string, "usageLocation") == 0)
			continue;
		if (entra && own && strcmp(one->string, "usageLocation") != 0)
			continue;
		if (t->w.foreign_done && strcmp(now, WORLD_FOREIGN) == 0)
			continue; /* checked elsewhere: it must stay */
		if (strcmp(now, want) != 0)
			return false;
	}
	return true;
}

static bool
is_as_before(const struct run *t, bool entra, const cJSON *set)
{
	const struct world_user *u = &t->w.user[0];
	cJSON *wanted = cJSON_CreateObject();
	const cJSON *one;
	bool same;

	cJSON_ArrayForEach (one, set) {
		const char *was = entra ? world_entra_value(u->entra_start, one->string)
					: world_ad_value(u->ad_start, one->string);

		if (strcmp(was, "true") == 0 || strcmp(was, "false") == 0)
			cJSON_AddBoolToObject(wanted, one->string, was[0] == 't');
		else
			cJSON_AddStringToObject(wanted, one->string, was);
	}
	same = is_as(t, entra, false, wanted);
	cJSON_Delete(wanted);
	return same;
}

static cJSON *
wanted_of(const cJSON *body)
{
	const char *change = cw_json_str(body, "change");
	cJSON *set;

	if (cw_json_get(body, "set") != NULL)
		return cJSON_Duplicate(cw_json_get(body, "set"), true);
	set = cJSON_CreateObject();
	cJSON_AddBoolToObject(set, "accountEnabled", strcmp(change, "user.enable") == 0);
	return set;
}

/* What a failed operation says of a place is true. */
static void
check_words(struct run *t, const char *text, const char *place, bool entra, const cJSON *set)
{
	const char *at = strstr(text, "Nothing was changed.");
	char says[64];

	if ((entra ? t->w.user[0].entra : t->w.user[0].ad) == NULL)
		return;
	(void)snprintf(says, sizeof(says), ". %s ", place);
	if (at != NULL) {
		if (!is_as_before(t, entra, set))
			complain(t, "it says that nothing was changed");
		return;
	}
	if ((at = strstr(text, says)) == NULL) {
		if (!is_as_before(t, entra, set))
			complain(t, "it does not say what it changed");
		return;
	}
	at += strlen(says);
	if ((cw_starts_with(at, "is as it was") || cw_starts_with(at, "was set back")) &&
	    !is_as_before(t, entra, set))
		complain(t, "it says that a place is as it was");
	if (cw_starts_with(at, "has the change") && !is_as(t, entra, t->w.synced, set))
		complain(t, "it says that a place has the change");
}

static void
check_values(struct run *t, const cJSON *body)
{
	const char *state = cw_json_str(t->ended, "state"),
		   *text = cw_json_str(cw_json_get(t->ended, "error"), "message");
	cJSON *set = wanted_of(body);

	if (strcmp(state, "succeeded") == 0) {
		if ((t->w.user[0].ad != NULL && !is_as(t, false, false, set)) ||
		    (t->w.user[0].entra != NULL && !is_as(t, true, false, set)))
			complain(t, "it succeeded, and a place does not have the values");
	} else if (text == NULL) {
		complain(t, "it does not say why");
	} else {
		check_words(t, text, "Active Directory", false, set);
		check_words(t, text, "Entra ID", true, set);
	}
	if ((t->w.foreign_in_ad &&
		strcmp(world_ad_value(t->w.user[0].ad, "jobTitle"), WORLD_FOREIGN) != 0) ||
	    (t->w.foreign_in_entra &&
		strcmp(world_entra_value(
			   t->w.user[0].entra, t->w.synced ? "usageLocation" : "jobTitle"),
		    WORLD_FOREIGN) != 0))
		complain(t, "somebody else's value is gone");
	cJSON_Delete(set);
}

static bool
has_text(const struct cw_buf *b, const char *text)
{
	return memmem(cw_buf_peek(b), cw_buf_left(b), text, strlen(text)) != NULL;
}

static void
open_answer(struct run *t, char *ret, size_t size)
{
	const char *sealed =
	    cw_json_str(cw_json_get(cw_json_get(t->ended, "result"), "password"), "$sealed");
	char context[128];
	struct cw_buf box, plain;

	ret[0] = '\0';
	cw_buf_init(&box, 1024);
	cw_buf_init(&plain, 1024);
	(void)snprintf(context, sizeof(context), "causeway/password/caller/%s", t->id);
	if (sealed != NULL && cw_base64_get(&box, sealed, strlen(sealed)) == CW_OK &&
	    cw_unseal(&plain, t->reply_private, context, cw_buf_peek(&box), cw_buf_left(&box),
		NULL) == CW_OK)
		(void)snprintf(ret, size, "%s", cw_buf_str(&plain));
	cw_buf_free(&box);
	cw_buf_free(&plain);
}

static void
check_password(struct run *t)
{
	bool succeeded = strcmp(cw_json_str(t->ended, "state"), "succeeded") == 0;
	bool ad = t->w.user[0].ad != NULL, entra = t->w.user[0].entra != NULL && !t->w.synced;
	char answer[64];

	open_answer(t, answer, sizeof(answer));
	if ((t->w.user[0].ad_password[0] != '\0' &&
		has_text(&t->w.written, t->w.user[0].ad_password)) ||
	    (t->w.user[0].entra_password[0] != '\0' &&
		has_text(&t->w.written, t->w.user[0].entra_password)))
		complain(t, "the password was written down");
	if (!succeeded)
		return;
	/* The answer is in memory alone: a crash after the end, before it was told, takes it along.
	 */
	if (answer[0] == '\0' && t->w.crashes > 0)
		(void)snprintf(answer, sizeof(answer), "%s",
		    ad ? t->w.user[0].ad_password : t->w.user[0].entra_password);
	if ((ad && strcmp(t->w.user[0].ad_password, answer) != 0) ||
	    (entra && strcmp(t->w.user[0].entra_password, answer) != 0) || answer[0] == '\0')
		complain(t, "a place has another password than the answer");
	if ((ad && !t->w.user[0].ad_must_change) || (entra && !t->w.user[0].entra_must_change))
		complain(t, "it need not be changed");
}

/* Once at most, whatever it says; and what it says is true. */
static void
check_command(struct run *t)
{
	const char *state = cw_json_str(t->ended, "state");
	bool took = strcmp(world_ad_value(t->w.user[0].ad, "jobTitle"), "Analyst") != 0;

	if (t->w.ad_effects > 1)
		complain(t, "it was done twice");
	if (strcmp(state, "succeeded") == 0 && !took)
		complain(t, "it succeeded, and nothing was done");
	if (strcmp(state, "failed") == 0 && took && t->w.fault.kind != FAULT_AD_DOWN_AFTER)
		complain(t, "it failed, and was done");
}

static bool
is_ready(void *arg)
{
	const struct run *t = arg;

	return t->w.connected && t->w.route != NULL && !t->w.crashed;
}

/* Asks for it: at once, or when there is an agent. */
static bool
ask(struct run *t, const cJSON *body)
{
	struct cw_err err = { 0 };

	if (cw_json_get(body, "change") != NULL) {
		CHECK_EQ(cw_route_change(t->w.route, t->id, "tenant", "key", body, &err), CW_OK);
	} else {
		if (!world_run(&t->w, is_ready, t, 60000))
			return false;
		CHECK_EQ(cw_route_command(t->w.route, t->id, "tenant", "key", body, &err), CW_OK);
	}
	CHECK_STR(err.text, "");
	return err.code == CW_OK;
}

/* --- runs */

/* Returns how many points it came by. */
static unsigned
run(const struct scenario *s, const struct world_fault *fault, unsigned crash_at,
    unsigned crash_again, bool *struck)
{
	struct run *t = calloc(1, sizeof(*t));
	struct cw_ledger *ledger;
	cJSON *body;
	unsigned points;

	t->w = (struct world){ .mode = s->mode,
		.in_ad = s->in_ad,
		.in_entra = s->in_entra,
		.synced = s->synced,
		.any_server = strstr(s->body, "command") != NULL,
		.record = strstr(s->body, "password") != NULL,
		.fault = *fault,
		.crash_at = crash_at,
		.crash_again = crash_again };
	(void)snprintf(t->name, sizeof(t->name), "%s, %s %u%s, crash at %u and %u later", s->name,
	    fault_names[fault->kind], fault->nth,
	    fault->foreign == FOREIGN_AD          ? ", somebody else in AD"
		: fault->foreign == FOREIGN_ENTRA ? ", somebody else in Entra"
						  : "",
	    crash_at, crash_again);
	test_case = t->name;
	runs++;
	ledger = t->w.ledger = world_ledger_new(&t->w);
	t->w.ledger_crash = world_ledger_crash;
	world_init(&t->w);
	body = make_body(t, s);
	world_start(&t->w);
	if (!ask(t, body))
		complain(t, "it cannot be asked for");
	else if (!world_run(&t->w, is_over, t, LIMIT_MS) && t->ended == NULL) {
		/* Before its first turn on the disk nobody was told of it. */
		if (t->w.crashes == 0 || world_ledger_text(t->w.ledger, t->id) != NULL)
			complain(t, "it does not end");
	} else if (t->w.broken != NULL) {
		complain(t, t->w.broken);
	} else if (strstr(s->body, "command") != NULL) {
		check_command(t);
	} else if (strstr(s->body, "password") != NULL) {
		check_password(t);
	} else {
		check_values(t, body);
	}
	points = t->w.points;
	*struck = t->w.struck || t->w.foreign_done || fault->kind == FAULT_NONE;
	cJSON_Delete(body);
	cJSON_Delete(t->ended);
	world_free(&t->w);
	world_ledger_free(ledger);
	free(t);
	return points;
}

static void
crash_everywhere(const struct scenario *s, const struct world_fault *fault)
{
	bool struck, ignored;
	unsigned points = run(s, fault, 0, 0, &struck);

	if (!struck)
		return; /* it has nothing to strike here */
	if (points > POINTS_MAX)
		points = POINTS_MAX; /* it waits for a day: every wait is like the one before */
	for (unsigned at = 1; at <= points; at++)
		(void)run(s, fault, at, 0, &ignored);
}

/* Only a title is changed by somebody else; what Graph does not show nobody can take care of. */
static bool
fits(const struct scenario *s, const struct world_fault *fault)
{
	if (fault->kind == FAULT_ENTRA_AWAY)
		return false; /* a day of waiting takes too long; see test_route_change */
	return fault->foreign == FOREIGN_NONE ||
	    ((strstr(s->body, "jobTitle") != NULL || strstr(s->body, "Title\\\"") != NULL) &&
		fault->kind != FAULT_ENTRA_SLOW);
}

static void
all_faults(const struct scenario *s)
{
	for (int kind = FAULT_NONE; kind < FAULT_COUNT; kind++)
		for (unsigned nth = 1; nth <= (kind == FAULT_NONE ? 1 : 2); nth++)
			for (int foreign = FOREIGN_NONE; foreign <= FOREIGN_ENTRA; foreign++) {
				struct world_fault fault = { (enum world_fault_kind)kind, nth,
					(enum world_foreign)foreign };

				if (fits(s, &fault))
					crash_everywhere(s, &fault);
			}
}

/* Two crashes are too many for all of them: the same few every time. */
static void
crash_twice(void)
{
	uint32_t seed = 1;

	for (unsigned i = 0; i < TWICE; i++) {
		unsigned draw[6];
		bool ignored;

		for (size_t j = 0; j < CW_COUNT(draw); j++) {
			seed = seed * 1664525u + 1013904223u;
			draw[j] = seed >> 16;
		}
		const struct scenario *s = &scenarios[draw[0] % CW_COUNT(scenarios)];
		const struct world_fault fault = { (enum world_fault_kind)(draw[1] % FAULT_COUNT),
			1 + draw[2] % 2, (enum world_foreign)(draw[3] % 3) };

		if (fits(s, &fault))
			(void)run(s, &fault, 1 + draw[4] % 40, 1 + draw[5] % 40, &ignored);
	}
}

int
main(int argc, char **argv)
{
	uint64_t began = cw_clock_ms();

	for (size_t i = 0; i < CW_COUNT(scenarios); i++)
		if (argc < 2 || cw_starts_with(scenarios[i].name, argv[1]))
			all_faults(&scenarios[i]);
	if (argc < 2 || strcmp(argv[1], "twice") == 0)
		crash_twice();
	if (runs == 0) {
		fprintf(stderr, "nothing is called \"%s\"\n", argv[1]);
		return 2;
	}
	printf("route: %u runs, %u broken rules, %llu ms\n", runs, failures,
	    (unsigned long long)(cw_clock_ms() - began));
	return test_failed;
}
