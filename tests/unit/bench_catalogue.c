/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the catalogue costs on the hot path: looking a name up, binding a call,
 * turning a filter. A figure a line, as scripts/bench prints them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/err.h"
#include "catalogue/catalogue.h"
#include "catalogue/filter.h"
#include "os/clock.h"

static volatile size_t sink; /* so that nothing is left out */

static void
print(const char *name, const char *unit, double value)
{
	printf("{\"bench\":\"catalogue\",\"name\":\"%s\",\"value\":%.3f,\"unit\":\"%s\","
	       "\"better\":\"lower\"}\n",
	    name, value, unit);
}

/* The properties of a user as a server gives them out. */
static const char *const properties[] = { "DistinguishedName", "Enabled", "GivenName", "Name",
	"ObjectClass", "ObjectGUID", "SamAccountName", "SID", "Surname", "UserPrincipalName",
	"title", "department", "mail", "whenCreated", "memberOf", "lastLogonTimestamp",
	"msDS-User-Account-Control-Computed", "PasswordLastSet", "PropertyNames", "unicodePwd" };

static void
bench_secret(unsigned rounds)
{
	uint64_t start = cw_clock_ns();

	for (unsigned i = 0; i < rounds; i++)
		for (size_t k = 0; k < CW_COUNT(properties); k++)
			sink += cw_catalogue_attribute_is_secret(properties[k]);
	print("is a property a secret", "ns",
	    (double)(cw_clock_ns() - start) / rounds / (double)CW_COUNT(properties));
}

static void
bench_find(unsigned rounds)
{
	uint64_t start = cw_clock_ns();
	size_t n;
	const struct cw_catalogue_command *all = cw_catalogue_all(&n);

	for (unsigned i = 0; i < rounds; i++)
		for (size_t k = 0; k < n; k++)
			sink += cw_catalogue_find(all[k].name)->write;
	print("find a command", "ns", (double)(cw_clock_ns() - start) / rounds / (double)n);
}

static void
bench_bind(const char *name, const char *command, const char *json, unsigned rounds)
{
	cJSON *parameters = cJSON_Parse(json);
	uint64_t start = cw_clock_ns();

	for (unsigned i = 0; i < rounds; i++) {
		struct cw_catalogue_call *call;
		const struct cw_psrp_command *c;
		struct cw_err err;

		if (cw_catalogue_bind(&call, command, parameters, &err) < 0 ||
		    cw_catalogue_call_command(call, &c, "dc1", &err) < 0) {
			fprintf(stderr, "bench_catalogue: %s: %s\n", command, err.text);
			exit(1);
		}
		sink += c->argument_count;
		cw_catalogue_call_free(call);
	}
	print(name, "us", (double)(cw_clock_ns() - start) / rounds / 1000);
	cJSON_Delete(parameters);
}

static void
bench_filter(unsigned rounds)
{
	static const char text[] = "Enabled -eq $true -and (Department -like 'Eng*' -or Title -eq "
				   "'CTO') -and LastLogonDate -lt '2026-01-01'";
	struct cw_filter_scope scope = { .kind = cw_catalogue_find("Get-ADUser")->kind };
	struct cw_err err;
	struct cw_buf out;
	uint64_t start = cw_clock_ns();

	cw_buf_init(&out, 8 * CW_FILTER_MAX);
	for (unsigned i = 0; i < rounds; i++) {
		cw_buf_clear(&out);
		sink +=
		    (size_t)cw_filter_from_powershell(&out, text, sizeof(text) - 1, &scope, &err);
	}
	cw_buf_free(&out);
	print(
	    "a filter of four comparisons", "us", (double)(cw_clock_ns() - start) / rounds / 1000);
}

int
main(int argc, char **argv)
{
	unsigned rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;

	bench_secret(rounds);
	bench_find(rounds / 10 + 1);
	bench_bind("bind a read by identity", "Get-ADUser",
	    "{\"Identity\":\"ada\",\"Properties\":[\"title\",\"mail\"]}", rounds);
	bench_bind("bind a write of five properties", "Set-ADUser",
	    "{\"Identity\":\"CN=Ada "
	    "Lovelace,OU=Staff,DC=lab,DC=test\",\"Title\":\"CTO\",\"Office\":\"1\","
	    "\"Replace\":{\"info\":\"x\",\"otherTelephone\":[\"1\",\"2\"],\"pwdLastSet\":0}}",
	    rounds);
	bench_filter(rounds);
	return 0;
}
