/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Objects as the directory gives them: which name is which, and which are protected.
 */
#include "test.h"
#include "base/buf.h"
#include "base/err.h"
#include "broker/lookup.h"
#include "powershell/clixml.h"

int test_failed;
const char *test_case;

#define GUID "267ab1aa-9a35-4ba5-890e-d8af0cbc2542"
#define SID "S-1-5-21-1-2-3-"
/* name, DN, class, account, RID, more */
#define ROW(dn, class, account, sid, more)                                                  \
	"<Obj RefId=\"0\"><Props><S N=\"DistinguishedName\">" dn "</S><S N=\"Name\">n</S>"  \
	"<S N=\"ObjectClass\">" class "</S><G N=\"ObjectGUID\">" GUID "</G>"                \
				      "<S N=\"sAMAccountName\">" account                    \
				      "</S><Obj N=\"objectSid\" RefId=\"1\"><ToString>" sid \
				      "</ToString><Props><S N=\"Value\">" sid               \
				      "</S></Props></Obj>" more "</Props></Obj>"
#define USER(dn, sid, more) ROW(dn, "user", "ada", sid, more)
#define MEMBER(groups) "<Obj N=\"memberOf\" RefId=\"2\"><LST>" groups "</LST></Obj>"
#define DOMAIN                                                                       \
	"<Obj RefId=\"0\"><Props><S N=\"DistinguishedName\">DC=lab,DC=test</S>"      \
	"<Obj N=\"DomainSID\" RefId=\"1\"><ToString>S-1-5-21-1-2-3</ToString></Obj>" \
	"<S N=\"DomainControllersContainer\">OU=Domain "                             \
	"Controllers,DC=lab,DC=test</S></Props></Obj>"

static const struct {
	const char *name, *row;
	bool protected, place; /* as a target; as a place */
} rows[] = {
	{ "a person", USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104", ""), false, false },
	{ "one in ordinary groups",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104",
		MEMBER("<S>CN=Engineering,OU=Groups,DC=lab,DC=test</S>")),
	    false, false },
	{ "an administrator by membership",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104",
		MEMBER("<S>CN=Engineering,OU=Groups,DC=lab,DC=test</S>"
		       "<S>cn=domain admins,cn=Users,DC=lab,DC=test</S>")),
	    true, false },
	{ "by a nested group",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104",
		MEMBER("<S>CN=Nested,OU=Groups,DC=lab,DC=test</S>")),
	    true, false },
	{ "by one group that is no list",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104",
		"<S N=\"memberOf\">CN=Nested,OU=Groups,DC=lab,DC=test</S>"),
	    true, false },
	{ "by the primary group",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104",
		"<I32 N=\"primaryGroupID\">512</I32>"),
	    true, false },
	{ "an ordinary primary group",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104",
		"<I32 N=\"primaryGroupID\">513</I32>"),
	    false, false },
	{ "marked by adminCount",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104", "<I32 N=\"adminCount\">1</I32>"),
	    true, false },
	{ "adminCount taken back",
	    USER("CN=Ada,OU=Staff,DC=lab,DC=test", SID "1104", "<I32 N=\"adminCount\">0</I32>"),
	    false, false },
	{ "Administrator, renamed and moved", USER("CN=Bob,OU=Staff,DC=lab,DC=test", SID "500", ""),
	    true, false },
	{ "krbtgt", USER("CN=krbtgt,CN=Users,DC=lab,DC=test", SID "502", ""), true, false },
	{ "a RID that only begins so", USER("CN=x,OU=Staff,DC=lab,DC=test", SID "5000", ""), false,
	    false },
	{ "Enterprise Admins of the forest's root",
	    ROW("CN=Enterprise Admins,CN=Users,DC=lab,DC=test", "group", "EA", "S-1-5-21-9-9-9-519",
		""),
	    true, false },
	{ "a built-in group",
	    ROW("CN=Users,CN=Builtin,DC=lab,DC=test", "group", "Users", "S-1-5-32-545", ""), true,
	    true },
	{ "a controller's account",
	    ROW("CN=DC9,OU=Servers,DC=lab,DC=test", "computer", "DC9$", SID "1200",
		"<I32 N=\"userAccountControl\">532480</I32>"),
	    true, false },
	{ "a server",
	    ROW("CN=S1,OU=Servers,DC=lab,DC=test", "computer", "S1$", SID "1201",
		"<I32 N=\"userAccountControl\">4096</I32>"),
	    false, false },
	{ "in the controllers' OU",
	    ROW("CN=x,OU=Domain Controllers,DC=lab,DC=test", "computer", "x$", SID "1300", ""),
	    true, true },
	{ "the controllers' OU",
	    ROW("OU=Domain Controllers,DC=lab,DC=test", "organizationalUnit", "", "", ""), true,
	    true },
	{ "the domain", ROW("DC=lab,DC=test", "domainDNS", "", "S-1-5-21-1-2-3", ""), true, false },
	{ "AdminSDHolder",
	    ROW("CN=AdminSDHolder,CN=System,DC=lab,DC=test", "container", "", "", ""), true, true },
	{ "a container of that name elsewhere",
	    ROW("CN=System,OU=Staff,DC=lab,DC=test", "container", "", "", ""), false, false },
	{ "the configuration",
	    ROW("CN=Sites,CN=Configuration,DC=lab,DC=test", "container", "", "", ""), true, true },
	{ "the schema",
	    ROW("CN=Title,CN=Schema,CN=Configuration,DC=lab,DC=test", "attributeSchema", "", "",
		""),
	    true, true },
	{ "another domain", USER("CN=x,OU=Staff,DC=other,DC=test", SID "1104", ""), true, true },
	{ "one whose domain ends alike", USER("CN=x,DC=evillab,DC=test", SID "1104", ""), true,
	    true },
	{ "this agent's own account",
	    ROW("CN=svc,OU=Staff,DC=lab,DC=test", "user", "svc", SID "1400", ""), true, false },
	{ "this agent's computer",
	    ROW("CN=HOST,OU=Servers,DC=lab,DC=test", "computer", "HOST$", SID "1401", ""), true,
	    false },
	{ "an OU", ROW("OU=Staff,DC=lab,DC=test", "organizationalUnit", "", "", ""), false, false },
};

static struct cw_clixml *reader;
static struct cw_ps_arena *arena;

static const struct cw_ps_value *
value(const char *xml)
{
	const struct cw_ps_value *v = NULL;
	struct cw_err err = { 0 };

	cw_ps_arena_reset(arena);
	CHECK_EQ(cw_clixml_read(reader, &v, arena, xml, strlen(xml), &err), CW_OK);
	CHECK_STR(err.text, "");
	return v;
}

static void
make_domain(struct broker_domain *d)
{
	static const char *const found[] = {
		ROW("CN=Domain Admins,CN=Users,DC=lab,DC=test", "group", "Domain Admins", SID "512",
		    ""),
		ROW("CN=Nested,OU=Groups,DC=lab,DC=test", "group", "Nested", SID "1500", ""),
		ROW("CN=svc,OU=Staff,DC=lab,DC=test", "user", "svc", SID "1400", ""),
		ROW("CN=HOST,OU=Servers,DC=lab,DC=test", "computer", "HOST$", SID "1401", ""),
		ROW("CN=DnsAdmins,CN=Users,DC=lab,DC=test", "group", "DnsAdmins", SID "1101", ""),
	};
	struct cw_err err = { 0 };

	CHECK_EQ(broker_domain_read(d, value(DOMAIN), &err), CW_OK);
	for (size_t i = 0; i < CW_COUNT(found); i++)
		CHECK_EQ(broker_domain_add(d, value(found[i]), "svc", "HOST$", &err), CW_OK);
	CHECK_EQ(d->group_count, 3);
	CHECK_EQ(d->own_count, 2);
}

static void
test_protected(const struct broker_domain *d)
{
	struct broker_object o;
	struct cw_err err = { 0 };

	for (size_t i = 0; i < CW_COUNT(rows); i++) {
		test_case = rows[i].name;
		CHECK_EQ(broker_object_read(&o, d, value(rows[i].row), &err), CW_OK);
		CHECK_EQ(o.protected != NULL, rows[i].protected);
		CHECK_EQ(broker_place_protected(d, &o) != NULL, rows[i].place);
		CHECK_STR(o.guid, GUID);
		broker_object_free(&o);
	}
}

static void
test_broken_rows(const struct broker_domain *d)
{
	static const char *const broken[] = {
		"<S>x</S>",
		"<Obj RefId=\"0\"><Props><S N=\"Name\">n</S></Props></Obj>",
		ROW("not a name", "user", "a", SID "1", ""),
		ROW("CN=x,DC=lab,DC=test", "", "a", SID "1", ""),
	};
	struct broker_domain other = { 0 };
	struct broker_object o;
	struct cw_err err = { 0 };

	for (size_t i = 0; i < CW_COUNT(broken); i++) {
		test_case = broken[i];
		CHECK_EQ(broker_object_read(&o, d, value(broken[i]), &err), CW_EPROTO);
		CHECK_EQ(broker_domain_read(&other, value(broken[i]), &err), CW_EPROTO);
	}
}

/* --- names */

static const struct {
	const char *command, *parameter, *text;
	const char *filter; /* NULL: it is not looked up */
	const char *row;
	bool matches;
} names[] = {
	{ "Set-ADUser", "Identity", "ada", "(|(sAMAccountName=ada))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), true },
	{ "Set-ADUser", "Identity", "ADA", "(|(sAMAccountName=ADA))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), true },
	{ "Set-ADUser", "Identity", "adam", "(|(sAMAccountName=adam))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), false },
	{ "Set-ADUser", "Identity", "a(b)", "(|(sAMAccountName=a\\28b\\29))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), false },
	{ "Set-ADUser", "Identity", GUID,
	    "(|(objectGUID=\\aa\\b1\\7a\\26\\35\\9a\\a5\\4b\\89\\0e\\d8\\af\\0c\\bc\\25\\42))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), true },
	{ "Set-ADUser", "Identity", "S-1-5-32-544",
	    "(|(objectSid=\\01\\02\\00\\00\\00\\00\\00\\05\\20\\00\\00\\00\\20\\02\\00\\00))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), false },
	{ "Set-ADUser", "Identity", SID "1", NULL, USER("CN=Ada,DC=lab,DC=test", SID "1", ""),
	    true },
	{ "Set-ADUser", "Identity", "CN=Ada,DC=lab,DC=test",
	    "(|(distinguishedName=CN=Ada,DC=lab,DC=test))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), true },
	{ "Set-ADUser", "Identity", "pc$", "(|(sAMAccountName=pc$))",
	    ROW("CN=pc,DC=lab,DC=test", "computer", "pc$", SID "1", ""), false },
	{ "Set-ADComputer", "Identity", "pc", "(|(sAMAccountName=pc$))",
	    ROW("CN=pc,DC=lab,DC=test", "computer", "PC$", SID "1", ""), true },
	{ "Set-ADComputer", "Identity", "pc", "(|(sAMAccountName=pc$))",
	    ROW("CN=pc,DC=lab,DC=test", "computer", "pc", SID "1", ""), false },
	{ "Enable-ADAccount", "Identity", "pc", "(|(sAMAccountName=pc$)(sAMAccountName=pc))",
	    ROW("CN=pc,DC=lab,DC=test", "computer", "pc$", SID "1", ""), true },
	{ "Add-ADGroupMember", "Members", "ada", "(|(sAMAccountName=ada$)(sAMAccountName=ada))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), true },
	{ "Set-ADGroup", "Identity", "ada", "(|(sAMAccountName=ada))",
	    USER("CN=Ada,DC=lab,DC=test", SID "1", ""), false },
	{ "Set-ADUser", "Identity", "b\xc3\xb6rje", "(|(sAMAccountName=b\xc3\xb6rje))",
	    ROW("CN=B,DC=lab,DC=test", "user", "borje", SID "1", ""), true },
	{ "New-ADUser", "Path", "OU=Staff,DC=lab,DC=test",
	    "(|(distinguishedName=OU=Staff,DC=lab,DC=test))",
	    ROW("OU=Staff,DC=lab,DC=test", "organizationalUnit", "", "", ""), true },
};

static void
test_names(const struct broker_domain *d)
{
	struct broker_object o;
	struct cw_err err = { 0 };
	struct cw_buf b;
	size_t to;

	cw_buf_init(&b, 65536);
	for (size_t i = 0; i < CW_COUNT(names); i++) {
		struct lookup_name n = { .parameter = cw_catalogue_parameter_find(
					     cw_catalogue_find(names[i].command),
					     names[i].parameter),
			.text = names[i].text };

		test_case = names[i].text;
		lookup_classify(&n);
		cw_buf_clear(&b);
		CHECK_EQ(lookup_filter(&b, &n, 1, 0, &to, &err), CW_OK);
		CHECK_EQ(to, 1);
		if (names[i].filter != NULL)
			CHECK_STR(cw_buf_str(&b), names[i].filter);
		CHECK_EQ(broker_object_read(&o, d, value(names[i].row), &err), CW_OK);
		lookup_match(&n, 0, 1, &o, 3);
		lookup_settle(&n, 0, 1);
		CHECK_EQ(n.state, names[i].matches ? LOOKUP_FOUND : LOOKUP_MISSING);
		if (names[i].matches)
			CHECK_EQ(n.object, 3);
		lookup_match(&n, 0, 1, &o, 4);
		if (names[i].matches)
			CHECK_EQ(n.state, LOOKUP_SEVERAL);
		broker_object_free(&o);
	}
	cw_buf_free(&b);
}

/* Names that only the directory can compare are asked for alone. */
static void
test_foreign(void)
{
	const struct cw_catalogue_parameter *p =
	    cw_catalogue_parameter_find(cw_catalogue_find("Set-ADUser"), "Identity");
	struct lookup_name n[4] = { { .parameter = p, .text = "a" },
		{ .parameter = p, .text = "\xc3\xb6" }, { .parameter = p, .text = "b" },
		{ .parameter = p, .text = "c" } };
	size_t at = 0, to, wanted[] = { 1, 2, 4 };
	struct cw_err err = { 0 };
	struct cw_buf b;

	test_case = "names that the directory compares";
	cw_buf_init(&b, 65536);
	for (size_t i = 0; i < CW_COUNT(n); i++)
		lookup_classify(&n[i]);
	for (size_t i = 0; i < CW_COUNT(wanted); i++) {
		CHECK_EQ(lookup_filter(&b, n, 4, at, &to, &err), CW_OK);
		CHECK_EQ(to, wanted[i]);
		at = to;
	}
	cw_buf_free(&b);
}

static void
test_filters(const struct broker_domain *d)
{
	static const char *const whoever[] = { "(adminCount>=1)", "(objectSid=S-1-5-21-1-2-3-500)",
		"(objectSid=S-1-5-21-1-2-3-512)", "(primaryGroupID=512)", "(sAMAccountName=svc)",
		"(memberOf=CN=Nested,OU=Groups,DC=lab,DC=test)" };
	struct cw_err err = { 0 };
	struct cw_buf b;

	test_case = "filters";
	cw_buf_init(&b, 65536);
	CHECK_EQ(broker_domain_filter(&b, d, "svc", "HOST$", &err), CW_OK);
	CHECK(strstr(cw_buf_str(&b), "(objectSid=S-1-5-21-1-2-3-512)") != NULL);
	CHECK(strstr(cw_buf_str(&b), "(sAMAccountName=HOST$)") != NULL);
	cw_buf_clear(&b);
	CHECK_EQ(broker_domain_filter_nested(&b, d, &err), CW_OK);
	CHECK(
	    strstr(cw_buf_str(&b),
		"(memberOf:1.2.840.113556.1.4.1941:=CN=Nested,OU=Groups,DC=lab,DC=test)") != NULL);
	cw_buf_clear(&b);
	CHECK_EQ(broker_domain_filter_all(&b, d, "svc", "HOST$", &err), CW_OK);
	for (size_t i = 0; i < CW_COUNT(whoever); i++)
		CHECK(strstr(cw_buf_str(&b), whoever[i]) != NULL);
	cw_buf_free(&b);
}

int
main(void)
{
	struct broker_domain d = { 0 };

	CHECK_EQ(cw_clixml_new(&reader), CW_OK);
	CHECK_EQ(cw_ps_arena_new(&arena, CW_PS_ARENA_MAX), CW_OK);
	make_domain(&d);
	test_protected(&d);
	test_broken_rows(&d);
	test_names(&d);
	test_foreign();
	test_filters(&d);
	broker_domain_free(&d);
	cw_clixml_free(reader);
	cw_ps_arena_free(arena);
	return test_failed;
}
