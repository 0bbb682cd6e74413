/* What providers say of a person, in the shapes in which they say it; each row names the document
 * that has the shape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/oidc/claim_names.h"
#include "core/auth/oidc/oidc_person.h"
#include "core/auth/oidc/oidc_userinfo.h"
#include "core/crypt/at_hash.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
#define NOW     INT64_C(1800000000)
#define ISS     "https://id.example.org"

static TALLOC_CTX *mem;

static int
make(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	return mem == NULL;
}

static int
drop(void **state)
{
	(void)state;
	return talloc_free(mem);
}

static const struct json *
tree(const char *text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, str_of(text), &e);

	assert_non_null(v);
	return v;
}

static struct provider
provider_of(const char *kind, const char *claims, bool assume)
{
	static const char *domains[] = { "example.org" };
	char               client[] = "client", iss[] = ISS;

	return (struct provider) { .kind = talloc_strdup(mem, kind),
		.client_id = talloc_strdup(mem, client),
		.issuer = talloc_strdup(mem, iss),
		.entra_tenant_id = talloc_strdup(mem, "11111111-2222-4333-8444-555555555555"),
		.allowed_domains = { domains, 1 },
		.claims = { .text = claims },
		.assume_email_verified = assume };
}

static struct oidc_person
take(const struct provider *p, const char *token, const char *info)
{
	struct oidc_place        place = { .issuer = ISS };
	const struct oidc_expect x = { p, &place, NULL, NOW };
	struct oidc_person       who = { .claims = tree(token) };
	enum oidc_reason         why = OIDC_OK;
	struct err               e = { 0 };

	assert_true(oidc_person_take(mem, &x, NULL, &who, &why, &e));
	if (info != NULL)
		assert_true(oidc_person_take(mem, &x, tree(info), &who, &why, &e));
	return who;
}

/* ---- groups and roles ---- */

static const char *
joined(const struct strings *s)
{
	struct buf b;

	buf_make(&b, mem);
	for (size_t i = 0; i < s->n; i++)
		buf_printf(&b, "%s%s", i > 0 ? " " : "", s->items[i]);
	return b.n == 0 ? "" : b.p;
}

static const struct shape {
	const char    *document, *names, *claims, *groups;
	enum oidc_told told;
} shapes[] = {
	{ "OpenID Connect Core 5.1: any claim may be left out", NULL, "", "", OIDC_TOLD_NOTHING },
	{ "Core 5.3.2: null is as left out", NULL, "\"groups\":null", "", OIDC_TOLD_NOTHING },
	{ "Core 5.3.2: and so is the empty text", NULL, "\"groups\":\"\"", "", OIDC_TOLD_NOTHING },
	{ "an empty list is none", NULL, "\"groups\":[]", "", OIDC_TOLD_ALL },
	{ "Okta: groups claim filter", NULL, "\"groups\":[\"a\",\"b\"]", "a b", OIDC_TOLD_ALL },
	{ "a single value without its list (PingFederate, Shibboleth OP)", NULL, "\"groups\":\"a\"",
	    "a", OIDC_TOLD_ALL },
	{ "the same of roles", NULL, "\"roles\":\"r\"", "r", OIDC_TOLD_ALL },
	{ "Entra: groups and application roles are two claims", NULL,
	    "\"groups\":[\"a\"],\"roles\":[\"r\"]", "a r", OIDC_TOLD_ALL },
	{ "one is empty, the other is not sent", NULL, "\"roles\":[]", "", OIDC_TOLD_ALL },
	{ "what is no text is passed over", NULL, "\"groups\":[1,\"a\",null,{},[\"b\"]]", "a",
	    OIDC_TOLD_ALL },
	{ "a list of nothing that we understand is not none", NULL, "\"groups\":[{\"id\":1},2]", "",
	    OIDC_TOLD_NOTHING },
	{ "nor is a number", NULL, "\"groups\":7", "", OIDC_TOLD_NOTHING },
	{ "nor true", NULL, "\"groups\":true", "", OIDC_TOLD_NOTHING },
	{ "U+0000 ends no name", NULL,
	    "\"groups\":[\"a\\u0000b\",\"c\"],\"roles\":{\"d\\u0000\":true}", "c", OIDC_TOLD_ALL },
	{ "commas and blanks belong to a name", NULL, "\"groups\":\"a, b\"", "a, b",
	    OIDC_TOLD_ALL },
	{ "Keycloak: realm roles", "{\"roles\":\"realm_access.roles\"}",
	    "\"realm_access\":{\"roles\":[\"r\"]}", "r", OIDC_TOLD_ALL },
	{ "Keycloak: roles of a client whose name has dots",
	    "{\"roles\":\"/resource_access/app.example.org/roles\"}",
	    "\"resource_access\":{\"app.example.org\":{\"roles\":[\"r\"]}}", "r", OIDC_TOLD_ALL },
	{ "Cognito: cognito:groups", "{\"groups\":\"cognito:groups\"}",
	    "\"cognito:groups\":[\"a\"]", "a", OIDC_TOLD_ALL },
	{ "Auth0: namespaced claims", "{\"roles\":\"https://example.com/roles\"}",
	    "\"https://example.com/roles\":[\"r\"]", "r", OIDC_TOLD_ALL },
	{ "the same as a pointer", "{\"roles\":\"/https:~1~1example.com~1roles\"}",
	    "\"https://example.com/roles\":[\"r\"]", "r", OIDC_TOLD_ALL },
	{ "Zitadel: the roles are the members' names",
	    "{\"roles\":\"urn:zitadel:iam:org:project:roles\"}",
	    "\"urn:zitadel:iam:org:project:roles\":{\"admin\":{\"1\":\"a.example\"},\"viewer\":{"
	    "\"1\":\"a.example\"}}",
	    "admin viewer", OIDC_TOLD_ALL },
	{ "a member that is false, or is of no organisation, is not held", "{\"roles\":\"r\"}",
	    "\"r\":{\"admin\":false,\"a\":{},\"v\":true,\"n\":null,\"t\":\"x\"}", "v",
	    OIDC_TOLD_ALL },
	{ "an object of flags that are all false", NULL, "\"roles\":{\"admin\":false}", "",
	    OIDC_TOLD_ALL },
	{ "an object that is something else", NULL, "\"roles\":{\"id\":1,\"name\":\"admin\"}", "",
	    OIDC_TOLD_NOTHING },
	{ "an object without members is none", "{\"roles\":\"r\"}", "\"r\":{}", "", OIDC_TOLD_ALL },
	{ "Okta: a claim called with a dot", "{\"groups\":\"my.groups\"}", "\"my.groups\":[\"a\"]",
	    "a", OIDC_TOLD_ALL },
	{ "... comes before the path", "{\"groups\":\"my.groups\"}",
	    "\"my\":{\"groups\":[\"path\"]},\"my.groups\":[\"a\"]", "a", OIDC_TOLD_ALL },
	{ "a path leads through objects only", "{\"groups\":\"a.0\"}", "\"a\":[\"x\"]", "",
	    OIDC_TOLD_NOTHING },
	{ "RFC 6901 4: a pointer leads through lists too", "{\"groups\":\"/a/0\"}", "\"a\":[\"x\"]",
	    "x", OIDC_TOLD_ALL },
	{ "an empty step finds the member without a name", "{\"groups\":\"a..b\"}",
	    "\"a\":{\"\":{\"b\":\"x\"}}", "x", OIDC_TOLD_ALL },
	{ "and at the end of a path", "{\"groups\":\"a.\"}", "\"a\":{\"\":\"x\"}", "x",
	    OIDC_TOLD_ALL },
	{ "which is not what stands before it", "{\"groups\":\"a.\"}", "\"a\":[\"x\"]", "",
	    OIDC_TOLD_NOTHING },
	{ "nothing there", "{\"groups\":\"a.b.c\"}", "\"a\":{\"b\":1}", "", OIDC_TOLD_NOTHING },
	{ "the usual name counts no more when another is given", "{\"groups\":\"teams\"}",
	    "\"groups\":[\"a\"]", "", OIDC_TOLD_NOTHING },
	{ "Core 5.6.2: distributed claims", NULL, "\"_claim_names\":{\"groups\":\"src1\"}", "",
	    OIDC_TOLD_PART },
	{ "Entra: what overage leaves beside it", NULL,
	    "\"_claim_names\":{\"groups\":\"src1\"},\"roles\":[\"r\"]", "r", OIDC_TOLD_PART },
	{ "Entra: implicit flow", NULL, "\"hasgroups\":true", "", OIDC_TOLD_PART },
	{ "Entra: the same as a text", NULL, "\"hasgroups\":\"true\"", "", OIDC_TOLD_PART },
	{ "Entra: as a link", NULL, "\"groups:src1\":\"https://graph.example/x\"", "",
	    OIDC_TOLD_PART },
	{ "another claim is elsewhere", NULL,
	    "\"_claim_names\":{\"address\":\"src1\"},\"groups\":[]", "", OIDC_TOLD_ALL },
};

static void
expect_groups(const struct shape *s, const char *token, const char *info, const char *where)
{
	struct provider    p = provider_of("oidc", s->names, false);
	struct oidc_person who = take(&p, token, info);

	if (who.told != s->told || strcmp(joined(&who.groups), s->groups) != 0)
		fail_msg("%s, in %s: \"%s\", %d", s->document, where, joined(&who.groups),
		    (int)who.told);
}

static void
groups_and_roles_are_read_in_every_shape_from_either_document(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(shapes); i++) {
		const char *claims = talloc_asprintf(mem, "{%s}", shapes[i].claims);

		expect_groups(&shapes[i], claims, NULL, "the token");
		expect_groups(&shapes[i], "{}", claims, "UserInfo");
		expect_groups(&shapes[i], claims, claims, "both");
	}
}

static void
the_token_speaks_first_and_userinfo_where_it_says_nothing(void **state)
{
	static const struct {
		const char *token, *info, *groups;
	} cases[] = {
		{ "{\"groups\":[\"a\"]}", "{\"groups\":[\"b\"]}", "a" },
		{ "{\"groups\":[]}", "{\"groups\":[\"b\"]}", "" },
		{ "{\"groups\":null}", "{\"groups\":[\"b\"]}", "b" },
		{ "{\"groups\":[\"a\"]}", "{\"roles\":[\"r\"]}", "a" },
		{ "{\"roles\":[\"r\"]}", "{\"groups\":[\"a\"]}", "r" },
		{ "{\"hasgroups\":true}", "{\"groups\":[\"a\"]}", "" },
		{ "{\"groups\":7}", "{\"roles\":[\"r\"]}", "r" },
		{ "{}", "{\"roles\":\"r\"}", "r" },
	};
	struct provider p = provider_of("oidc", NULL, false);

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct oidc_person who = take(&p, cases[i].token, cases[i].info);

		assert_string_equal(joined(&who.groups), cases[i].groups);
	}
}

/* ---- addresses ---- */

#define A "\"email\":\"a@example.org\""
#define B "\"email\":\"b@example.org\""
#define V "\"email_verified\":"

static const struct address {
	const char *what, *token, *info;
	bool        assume;
	const char *email;
	bool        trusted, trusted_in_doubt; /* the latter: UserInfo could not be asked */
} addresses[] = {
	{ "Core 5.1", A "," V "true", NULL, false, "a@example.org", true, true },
	{ "Cognito and others: as a text", A "," V "\"true\"", NULL, false, "a@example.org", true,
	    true },
	{ "not verified", A "," V "false", NULL, false, "a@example.org", false, false },
	{ "... is believed always", A "," V "false", NULL, true, "a@example.org", false, false },
	{ "... as a text too", A "," V "\"false\"", NULL, true, "a@example.org", false, false },
	{ "... or as what nobody understands", A "," V "{}", NULL, true, "a@example.org", false,
	    false },
	{ "not said", A, NULL, false, "a@example.org", false, false },
	{ "not said, and assumed", A, NULL, true, "a@example.org", true, false },
	{ "null is not said", A "," V "null", NULL, true, "a@example.org", true, false },
	{ "assumed of an address in another domain", "\"email\":\"a@elsewhere.example\"", NULL,
	    true, "a@elsewhere.example", false, false },
	{ "no address", "", NULL, true, NULL, false, false },
	{ "Authelia: both in UserInfo only", "", A "," V "true", false, "a@example.org", true,
	    true },
	{ "UserInfo says that it is not", "", A "," V "false", true, "a@example.org", false,
	    false },
	{ "UserInfo does not say", "", A, false, "a@example.org", false, false },
	{ "UserInfo does not say, and it is assumed", "", A, true, "a@example.org", true, false },
	{ "the address in both, the word in UserInfo", A, A "," V "true", false, "a@example.org",
	    true, true },
	{ "... written otherwise", A, "\"email\":\"A@Example.ORG\"," V "true", false,
	    "a@example.org", true, true },
	{ "the word is of another address", A, B "," V "true", false, "a@example.org", false,
	    false },
	{ "... also where it is assumed", A, B "," V "true", true, "a@example.org", false, false },
	{ "a word without an address", A, V "true", false, "a@example.org", false, false },
	{ "the token's word without an address", V "true", A, false, "a@example.org", false,
	    false },
	{ "the token's no before UserInfo's yes", V "false", A "," V "true", false, "a@example.org",
	    false, false },
	{ "the same of one address", A "," V "false", A "," V "true", false, "a@example.org", false,
	    false },
	{ "the token's address first", A "," V "true", B "," V "true", false, "a@example.org", true,
	    true },
	{ "UserInfo says no, of the same address", A "," V "true", A "," V "false", false,
	    "a@example.org", false, false },
	{ "... of another", A "," V "true", B "," V "false", false, "a@example.org", false, false },
	{ "... of none", A "," V "true", V "\"false\"", false, "a@example.org", false, false },
	{ "... where it is assumed", A, B "," V "false", true, "a@example.org", false, false },
	{ "the empty text is not said", A "," V "\"\"", NULL, true, "a@example.org", true, false },
	{ "a token with what is no address", "\"email\":\"nobody\"", A "," V "true", false, NULL,
	    false, false },
};

static void
an_address_and_whether_it_is_verified_belong_together(void **state)
{
	(void)state;
	for (size_t i = 0; i < LEN(addresses); i++) {
		const struct address *c = &addresses[i];
		struct provider       p = provider_of("oidc", NULL, c->assume);
		struct oidc_person    who = take(&p, talloc_asprintf(mem, "{%s}", c->token),
                    c->info == NULL ? NULL : talloc_asprintf(mem, "{%s}", c->info));

		if (who.email_trusted != c->trusted || (who.email == NULL) != (c->email == NULL) ||
		    (c->email != NULL && strcmp(who.email, c->email) != 0))
			fail_msg("%s: %s %d", c->what, who.email, who.email_trusted);
		oidc_person_doubt(&who);
		if (who.email_trusted != c->trusted_in_doubt)
			fail_msg("%s: in doubt", c->what);
	}
}

static void
nothing_is_assumed_where_that_is_not_to_be(void **state)
{
	struct provider          p = provider_of("oidc", NULL, true);
	struct oidc_place        place = { .issuer = ISS };
	const struct oidc_expect x = { &p, &place, NULL, NOW, .no_assuming = true };
	static const char *const said[] = { "{" A "}", "{" A "," V "true}" };

	(void)state;
	for (size_t i = 0; i < LEN(said); i++) {
		struct oidc_person who = { .claims = tree(said[i]) };
		enum oidc_reason   why = OIDC_OK;
		struct err         e = { 0 };

		assert_true(oidc_person_take(mem, &x, NULL, &who, &why, &e));
		assert_int_equal(who.email_trusted, i == 1);
	}
}

static void
names_of_claims_are_followed_for_addresses_and_names_too(void **state)
{
	struct provider    p = provider_of("oidc",
	       "{\"email\":\"user.mail\",\"email_verified\":\"/user/ok\",\"name\":\"https://"
		  "example.org/name\"}",
	       false);
	struct oidc_person who = take(&p,
	    "{\"email\":\"b@example.org\",\"email_verified\":false,\"name\":\"B\","
	    "\"user\":{\"mail\":\"a@example.org\",\"ok\":1},\"https://example.org/name\":\" Ada "
	    "\"}",
	    NULL);

	(void)state;
	assert_string_equal(who.email, "a@example.org");
	assert_true(who.email_trusted);
	assert_string_equal(who.name, "Ada");
}

static void
entra_and_google_have_their_own_word_for_addresses(void **state)
{
	static const struct {
		const char *kind, *claims, *email;
		bool        trusted;
	} cases[] = {
		{ "entra", "{" A "," V "true}", "a@example.org", false },
		{ "entra", "{" A ",\"xms_edov\":true}", "a@example.org", true },
		{ "entra", "{" A ",\"xms_edov\":\"1\"}", "a@example.org", true },
		{ "entra", "{\"preferred_username\":\"a@example.org\",\"xms_edov\":true}",
		    "a@example.org", false },
		{ "google", "{" A "," V "true,\"hd\":\"example.org\"}", "a@example.org", true },
		{ "google", "{" A ",\"hd\":\"example.org\"}", "a@example.org", false },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct provider    p = provider_of(cases[i].kind, NULL, true);
		struct oidc_person who = take(&p, cases[i].claims, NULL);

		assert_string_equal(who.email, cases[i].email);
		assert_int_equal(who.email_trusted, cases[i].trusted);
	}
}

static void
a_name_that_is_no_pointer_is_told_from_one(void **state)
{
	(void)state;
	assert_true(claim_name_ok("a~2"));
	assert_true(claim_name_ok("/a~0b~1c/d"));
	assert_false(claim_name_ok("/a~"));
	assert_false(claim_name_ok("/a~0~2"));
}

/* ---- answers ---- */

static const char *
userinfo(const char *text, const char *subject)
{
	struct provider          p = provider_of("oidc", NULL, false);
	struct oidc_place        place = { .issuer = ISS };
	const struct oidc_expect x = { &p, &place, NULL, NOW };
	struct idtoken           info;
	struct err               e = { 0 };

	if (oidc_userinfo_read(mem, str_of(text), &info, &e) &&
	    oidc_userinfo_check(&info, &x, subject, &e))
		return "";
	assert_int_equal(e.code, ERR_UNAVAILABLE);
	return talloc_strdup(mem, e.detail);
}

static const char *
part(const char *text)
{
	return base64url_print(mem, (const uint8_t *)text, strlen(text));
}

static const char *
as_signed(const char *claims)
{
	return talloc_asprintf(mem, "%s.%s.%s", part("{\"alg\":\"RS256\",\"kid\":\"1\"}"),
	    part(claims), part("0123456789012345678901234567890123456789012345678901234567890123"));
}

static void
userinfo_is_of_the_person_of_the_token_or_of_no_use(void **state)
{
	static const struct {
		const char *claims, *plain, *is_signed; /* how the fault begins; "": none */
	} cases[] = {
		{ "{\"sub\":\"s\"}", "", "" },
		{ "{}", "UserInfo: of somebody else", "UserInfo: of somebody else" },
		{ "{\"sub\":\"S\"}", "UserInfo: of somebody else", "UserInfo: of somebody else" },
		{ "{\"sub\":\"s \"}", "UserInfo: of somebody else", "UserInfo: of somebody else" },
		{ "{\"sub\":\"\"}", "UserInfo: of somebody else", "UserInfo: of somebody else" },
		{ "{\"sub\":[\"s\"]}", "UserInfo: of somebody else", "UserInfo: of somebody else" },
		{ "{\"sub\":\"s\",\"sub\":\"s\"}", "UserInfo: no JSON", "UserInfo: neither" },
		{ "{\"sub\":\"s\",\"iss\":\"" ISS "\",\"aud\":\"client\",\"exp\":1800000000}", "",
		    "" },
		{ "{\"sub\":\"s\",\"iss\":\"https://evil.example\"}", "",
		    "UserInfo: signed by another" },
		{ "{\"sub\":\"s\",\"iss\":[\"" ISS "/\"]}", "", "UserInfo: signed by another" },
		{ "{\"sub\":\"s\",\"aud\":[\"other\",\"client\"]}", "", "" },
		{ "{\"sub\":\"s\",\"aud\":\"other\"}", "", "UserInfo: signed for somebody" },
		{ "{\"sub\":\"s\",\"aud\":7}", "", "UserInfo: signed for somebody" },
		{ "{\"sub\":\"s\",\"exp\":1799999940}", "", "UserInfo: has expired" },
		{ "{\"sub\":\"s\",\"exp\":1.8e9}", "", "" },
		{ "{\"sub\":\"s\",\"exp\":\"1800000300\"}", "", "UserInfo: has expired" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *plain = userinfo(cases[i].claims, "s"),
			   *sealed = userinfo(as_signed(cases[i].claims), "s");

		/* RFC 8259 section 8.1: a mark in front changes nothing */
		assert_string_equal(
		    plain, userinfo(talloc_asprintf(mem, "\xEF\xBB\xBF%s", cases[i].claims), "s"));

		if (strncmp(plain, cases[i].plain, strlen(cases[i].plain)) != 0 ||
		    (cases[i].plain[0] == '\0') != (plain[0] == '\0'))
			fail_msg("plain %s: %s", cases[i].claims, plain);
		if (strncmp(sealed, cases[i].is_signed, strlen(cases[i].is_signed)) != 0 ||
		    (cases[i].is_signed[0] == '\0') != (sealed[0] == '\0'))
			fail_msg("signed %s: %s", cases[i].claims, sealed);
	}
	for (const char *const *bad =
		 (const char *const[]) { "", "[]", "null", "a.b", "a.b.c.d.e", "{", NULL };
	     *bad != NULL; bad++)
		assert_string_not_equal(userinfo(*bad, "s"), "");
}

static void
graph_tells_all_or_nothing(void **state)
{
	static const struct {
		const char *text;
		int         n; /* -1: cannot be used */
	} cases[] = {
		{ "{\"value\":[\"a\",\"b\"]}", 2 },
		{ "{\"@odata.context\":\"x\",\"value\":[]}", 0 },
		{ "{\"value\":[\"a\"],\"@odata.nextLink\":\"https://graph.example/next\"}", -1 },
		{ "{\"value\":[\"a\\u0000b\"]}", -1 },
		{ "{\"value\":[\"a\",1]}", -1 },
		{ "{\"value\":[\"\"]}", -1 },
		{ "{\"value\":\"a\"}", -1 },
		{ "{\"value\":{\"a\":1}}", -1 },
		{ "{\"error\":{\"code\":\"Directory_ResultSizeLimitExceeded\"}}", -1 },
		{ "[\"a\"]", -1 },
		{ "<html>", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct json *ids = NULL;
		struct err         e = { 0 };
		bool               ok = oidc_graph_read(mem, str_of(cases[i].text), &ids, &e);

		assert_int_equal(ok ? (int)ids->n : -1, cases[i].n);
		assert_true(ok || e.code == ERR_UNAVAILABLE);
	}
}

static void
graph_tells_no_more_than_it_says_it_does(void **state)
{
	(void)state;
	for (int n = 11999; n <= 12001; n++) {
		const struct json *ids;
		struct err         e = { 0 };
		struct buf         b;

		buf_make(&b, mem);
		for (int i = 0; i < n; i++)
			buf_puts(&b, i == 0 ? "{\"value\":[\"a\"" : ",\"a\"");
		buf_puts(&b, "]}");
		assert_int_equal(oidc_graph_read(mem, buf_str(&b), &ids, &e), n <= 12000);
	}
}

static void
graph_is_where_the_directory_says_that_userinfo_is(void **state)
{
	static const char *const cases[][2] = {
		{ "https://graph.microsoft.com/oidc/userinfo",
		    "https://graph.microsoft.com/v1.0/me/getMemberObjects" },
		{ "https://microsoftgraph.chinacloudapi.cn/oidc/userinfo",
		    "https://microsoftgraph.chinacloudapi.cn/v1.0/me/getMemberObjects" },
		{ "http://127.0.0.1:8080?x=/", "http://127.0.0.1:8080/v1.0/me/getMemberObjects" },
		{ "https://[2001:db8::1]:8443/u",
		    "https://[2001:db8::1]:8443/v1.0/me/getMemberObjects" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++)
		assert_string_equal(oidc_graph_url(mem, cases[i][0]), cases[i][1]);
}

static void
an_access_token_is_held_against_its_hash(void **state)
{
	/* OpenID Connect Core appendix A.4 */
	const struct str token = STR("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y");

	(void)state;
	assert_true(at_hash_fits(STR("RS256"), token, STR("77QmUPtjPfzWtF2AnpK9RQ")));
	assert_true(at_hash_fits(STR("ES256"), token, STR("77QmUPtjPfzWtF2AnpK9RQ")));
	assert_false(at_hash_fits(STR("RS384"), token, STR("77QmUPtjPfzWtF2AnpK9RQ")));
	assert_false(at_hash_fits(STR("RS256"), STR("other"), STR("77QmUPtjPfzWtF2AnpK9RQ")));
	assert_false(at_hash_fits(STR("RS256"), token, STR("")));
	assert_false(at_hash_fits(STR("none"), token, STR("77QmUPtjPfzWtF2AnpK9RQ")));
	assert_false(at_hash_fits(STR(""), token, STR("77QmUPtjPfzWtF2AnpK9RQ")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(groups_and_roles_are_read_in_every_shape_from_either_document),
		TEST(the_token_speaks_first_and_userinfo_where_it_says_nothing),
		TEST(an_address_and_whether_it_is_verified_belong_together),
		TEST(nothing_is_assumed_where_that_is_not_to_be),
		TEST(names_of_claims_are_followed_for_addresses_and_names_too),
		TEST(entra_and_google_have_their_own_word_for_addresses),
		TEST(a_name_that_is_no_pointer_is_told_from_one),
		TEST(userinfo_is_of_the_person_of_the_token_or_of_no_use),
		TEST(graph_tells_all_or_nothing),
		TEST(graph_tells_no_more_than_it_says_it_does),
		TEST(graph_is_where_the_directory_says_that_userinfo_is),
		TEST(an_access_token_is_held_against_its_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
