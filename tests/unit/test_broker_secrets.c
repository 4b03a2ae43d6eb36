/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fills a plan's slots: given, sealed for just this slot, or made here and told
 * to one reader alone.
 */
#include <stdlib.h>

#include "test.h"
#include "base/json.h"
#include "base/str.h"
#include "broker/apply_secrets.h"
#include "crypto/password.h"
#include "crypto/seal.h"

int test_failed;
const char *test_case = "";

#define AGENT "22222222-2222-4222-8222-222222222222"
#define OPERATION "33333333-3333-4333-8333-333333333333"
#define PLAN                                                                                   \
	"{\"operation\":\"" OPERATION "\",\"entries\":[{\"entry\":1,\"parameters\":{\"Name\":" \
	"\"Ada Lovelace\"}}],\"slots\":[{\"slot\":1,\"entry\":1,\"parameter\":"                \
	"\"AccountPassword\"}]}"

static uint8_t agent_public[CW_SEAL_KEY], agent_private[CW_SEAL_KEY], reply_public[CW_SEAL_KEY],
    reply_private[CW_SEAL_KEY];

static cJSON *
base64_of(const void *p, size_t n)
{
	struct cw_buf text;
	cJSON *json;

	cw_buf_init(&text, 8192);
	CHECK_EQ(cw_base64_put(&text, p, n), CW_OK);
	json = cJSON_CreateString(cw_buf_str(&text));
	cw_buf_free(&text);
	return json;
}

static cJSON *
sealed(const uint8_t *to, const char *operation, const char *parameter)
{
	char context[CW_SEAL_CONTEXT_MAX];
	cJSON *o = cJSON_CreateObject();
	struct cw_buf box;

	cw_buf_init(&box, 4096);
	cw_seal_secret_context(context, AGENT, operation, parameter);
	CHECK_EQ(cw_seal(&box, to, context, "Geheim-1", 8, NULL), CW_OK);
	cJSON_AddItemToObject(o, "$sealed", base64_of(cw_buf_peek(&box), cw_buf_left(&box)));
	cw_buf_free(&box);
	return o;
}

/* given is deleted. */
static int
read_given(struct apply_secrets *ret, cJSON *given, struct cw_err *err)
{
	const struct cw_broker broker = { .config = {
					      .agent = AGENT, .seal_private = agent_private } };
	cJSON *plan = cJSON_Parse(PLAN);
	int r = apply_secrets_read(ret, &broker, plan, given, err);

	cJSON_Delete(plan);
	cJSON_Delete(given);
	return r;
}

static cJSON *
with(cJSON *secret)
{
	cJSON *given = cJSON_CreateObject();

	cJSON_AddItemToObject(given, "1", secret);
	return given;
}

static void
check_filled(const char *name, cJSON *secret)
{
	struct apply_secrets s;
	struct cw_err err = { 0 };

	test_case = name;
	CHECK_EQ(read_given(&s, with(secret), &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK_EQ(s.count, 1);
	CHECK_STR(s.count == 1 ? s.list[0].text : "", "Geheim-1");
	CHECK(s.told == NULL);
	apply_secrets_free(&s);
}

static void
check_refused(const char *name, cJSON *given)
{
	struct apply_secrets s;
	struct cw_err err = { 0 };

	test_case = name;
	CHECK_EQ(read_given(&s, given, &err), CW_EINVAL);
	CHECK(strstr(err.text, "slot 1, -AccountPassword of entry 1, is not filled") != NULL);
	CHECK(strstr(err.text, "Geheim") == NULL);
	CHECK_EQ(s.count, 0);
	apply_secrets_free(&s);
}

static void
test_made(void)
{
	cJSON *generate = cJSON_CreateObject(), *given;
	struct apply_secrets s;
	struct cw_err err = { 0 };
	struct cw_buf box, plain;
	const char *text;

	test_case = "made here";
	cJSON_AddTrueToObject(generate, "$generate");
	given = with(generate);
	cJSON_AddItemToObject(given, "reply_key", base64_of(reply_public, sizeof(reply_public)));
	CHECK_EQ(read_given(&s, given, &err), CW_OK);
	CHECK_STR(err.text, "");
	CHECK_EQ(s.list[0].len, CW_PASSWORD_LENGTH);
	text = cw_json_str(cw_json_get(s.told, "1"), "$sealed");
	CHECK(text != NULL);
	if (text == NULL)
		return;
	cw_buf_init(&box, 4096);
	cw_buf_init(&plain, 4096);
	CHECK_EQ(cw_base64_get(&box, text, strlen(text)), CW_OK);
	CHECK_EQ(cw_unseal(&plain, reply_private, "causeway/password/caller/" OPERATION,
		     cw_buf_peek(&box), cw_buf_left(&box), &err),
	    CW_OK);
	CHECK_STR(cw_buf_str(&plain), s.list[0].text);
	cw_buf_free(&box);
	cw_buf_free(&plain);
	apply_secrets_free(&s);
}

int
main(void)
{
	cJSON *generate = cJSON_CreateObject();

	CHECK_EQ(cw_seal_keypair(agent_public, agent_private), CW_OK);
	CHECK_EQ(cw_seal_keypair(reply_public, reply_private), CW_OK);
	check_filled("in clear", cJSON_CreateString("Geheim-1"));
	check_filled("sealed", sealed(agent_public, OPERATION, "AccountPassword"));
	check_refused("not given", cJSON_CreateObject());
	check_refused("nothing is given", NULL);
	check_refused(
	    "sealed to somebody else", with(sealed(reply_public, OPERATION, "AccountPassword")));
	check_refused(
	    "sealed for another operation", with(sealed(agent_public, AGENT, "AccountPassword")));
	check_refused(
	    "sealed for another parameter", with(sealed(agent_public, OPERATION, "NewPassword")));
	check_refused("no secret", with(cJSON_CreateNumber(1)));
	cJSON_AddTrueToObject(generate, "$generate");
	check_refused("made, and nobody to tell", with(generate));
	test_made();
	return test_failed;
}
