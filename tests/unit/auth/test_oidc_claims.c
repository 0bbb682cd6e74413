/* What a provider's description says of it and an ID token's claims of a person: what is believed
 * and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/oidc/oidc_claims.h"
#include "tests/unit/mem.h"
#include "tests/unit/signer.h"

#define NOW INT64_C(1800000000)
#define ISS "https://id.example.org"
#define TID "11111111-2222-4333-8444-555555555555"
#define OID "66666666-7777-4888-9999-aaaaaaaaaaaa"

/* ---- descriptions ---- */

static struct strings authorized, mfa_amr, mfa_acr; /* of every provider */

static struct provider
provider_of(char *kind, char *issuer)
{
	static char        client[] = "client", tid[] = TID;
	static const char *domains[] = { "example.org" };

	return (struct provider) { .kind = kind,
		.client_id = client,
		.issuer = issuer,
		.entra_tenant_id = strcmp(kind, "entra") == 0 ? tid : NULL,
		.allowed_domains = { domains, 1 },
		.authorized_parties = authorized,
		.mfa_amr = mfa_amr,
		.mfa_acr = mfa_acr };
}

static struct oidc_place
place_of(const struct provider *p)
{
	struct oidc_place place;
	struct err        e = { 0 };

	assert_true(oidc_place_make(mem, p, &place, &e));
	return place;
}

static void
where_a_provider_is_comes_from_its_row(void **state)
{
	char google[] = "google", entra[] = "entra", oidc[] = "oidc",
	     us[] = "https://login.microsoftonline.us/", issuer[] = "https://x.example/";
	struct provider   p = provider_of(google, NULL);
	struct oidc_place place = place_of(&p);

	(void)state;
	assert_string_equal(place.issuer, "https://accounts.google.com");
	assert_string_equal(place.issuer_too, "accounts.google.com");
	assert_string_equal(
	    place.discovery, "https://accounts.google.com/.well-known/openid-configuration");
	p = provider_of(entra, NULL);
	place = place_of(&p);
	assert_string_equal(place.issuer, "https://login.microsoftonline.com/" TID "/v2.0");
	assert_true(
	    oidc_place_names(&place, STR("https://login.microsoftonline.com/{tenantid}/v2.0")));
	assert_false(
	    oidc_place_names(&place, STR("https://login.microsoftonline.com/common/v2.0")));
	p = provider_of(entra, us);
	place = place_of(&p);
	assert_string_equal(place.issuer, "https://login.microsoftonline.us/" TID "/v2.0");
	p = provider_of(oidc, issuer);
	place = place_of(&p);
	assert_string_equal(place.issuer, "https://x.example/");
	assert_string_equal(place.discovery, "https://x.example/.well-known/openid-configuration");
	assert_null(place.issuer_too);
}

static void
a_description_and_its_keys_survive_the_cache(void **state)
{
	char                        oidc[] = "oidc", issuer[] = ISS;
	struct provider             p = provider_of(oidc, issuer);
	struct oidc_place           place = place_of(&p);
	static struct oidc_metadata m, again;
	struct err                  e = { 0 };
	struct str                  text;

	(void)state;
	assert_true(oidc_metadata_read(mem,
	    STR("{\"issuer\":\"" ISS "\",\"authorization_endpoint\":\"https://a.example/a?x=1\","
		"\"token_endpoint\":\"https://a.example/t\",\"jwks_uri\":\"https://a.example/k\","
		"\"userinfo_endpoint\":\"https://a.example/u\","
		"\"token_endpoint_auth_methods_supported\":[\"client_secret_post\"],"
		"\"scopes_supported\":[\"openid\",\"groups\"],"
		"\"claims_supported\":[\"email_verified\"],"
		"\"authorization_response_iss_parameter_supported\":true}"),
	    &place, &m, &e));
	assert_true(oidc_metadata_read_keys(mem,
	    str_of(talloc_asprintf(mem, "{\"keys\":[%s]}", signer_jwk(mem, SIGNER_P256, 0, ""))),
	    &m, &e));
	assert_true(oidc_metadata_print(mem, &m, &text, &e));
	assert_true(oidc_metadata_load(mem, text, &again, &e));
	assert_string_equal(again.authorization_endpoint, "https://a.example/a?x=1");
	assert_string_equal(again.token_endpoint, "https://a.example/t");
	assert_string_equal(again.userinfo_endpoint, "https://a.example/u");
	assert_true(again.secret_post && again.iss_parameter);
	assert_true(again.groups_scope && again.says_verified);
	assert_int_equal(again.keys.n, 1);
}

/* ---- claims ---- */

static enum oidc_reason
judge(char *kind, const char *claims, struct oidc_person *out)
{
	char                     issuer[] = ISS;
	struct provider          p = provider_of(kind, strcmp(kind, "oidc") == 0 ? issuer : NULL);
	struct oidc_place        place = place_of(&p);
	const struct oidc_expect x = { &p, &place, "n1", NOW };
	struct err               e = { 0 };
	enum oidc_reason         why;
	bool ok = oidc_claims_check(mem, signer_tree(mem, claims), &x, out, &why, &e);

	assert_true(ok == (why == OIDC_OK));
	assert_true(ok || e.code == ERR_CREDENTIALS);
	return why;
}

#define BASE                                                                                       \
	"\"aud\":\"client\",\"iat\":1799999990,\"exp\":1800000300,\"nonce\":\"n1\",\"sub\":\"s\""
#define NOW_TIMES  "\"iat\":1799999990,\"exp\":1800000300,"
#define OIDC(more) "{\"iss\":\"" ISS "\"," BASE more "}"

static void
an_address_is_believed_by_rules_only(void **state)
{
	static const struct {
		const char *claims;
		bool        trusted;
	} cases[] = {
		{ OIDC(",\"email\":\"a@example.org\",\"email_verified\":true"), true },
		{ OIDC(",\"email\":\"A@EXAMPLE.ORG\",\"email_verified\":\"true\""), true },
		{ OIDC(",\"email\":\"a@example.org\",\"email_verified\":false"), false },
		{ OIDC(",\"email\":\"a@example.org\""), false },
		{ OIDC(",\"email\":\"a@sub.example.org\",\"email_verified\":true"), false },
		{ OIDC(",\"email\":\"a@example.org@evil.example\",\"email_verified\":true"),
		    false },
		{ OIDC(",\"email\":\"a@example.org.\",\"email_verified\":true"), false },
		{ OIDC(",\"email\":[\"a@example.org\"],\"email_verified\":true"), false },
		{ OIDC(",\"preferred_username\":\"a@example.org\",\"email_verified\":true"),
		    false },
	};
	char oidc[] = "oidc";

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct oidc_person who;

		assert_int_equal(judge(oidc, cases[i].claims, &who), OIDC_OK);
		assert_int_equal(who.email_trusted, cases[i].trusted);
	}
}

static void
the_skew_is_a_minute_and_not_more(void **state)
{
	static const struct {
		const char      *times;
		enum oidc_reason why;
	} cases[] = {
		{ "\"iat\":1799999999,\"exp\":1799999941", OIDC_OK },
		{ "\"iat\":1799999999,\"exp\":1799999940", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000060,\"exp\":1800000300", OIDC_OK },
		{ "\"iat\":1800000061,\"exp\":1800000300", OIDC_TOKEN_TIME },
		{ "\"iat\":1799996340,\"exp\":1800000300", OIDC_OK },
		{ "\"iat\":1799996339,\"exp\":1800000300", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000000,\"exp\":1e99", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000000,\"exp\":9223372036854775807", OIDC_TOKEN_TIME },
		{ "\"iat\":-1,\"exp\":1800000300", OIDC_TOKEN_TIME },
		/* RFC 7519 section 2: a number, however it is written */
		{ "\"iat\":1799999999.5,\"exp\":1799999941.999", OIDC_OK },
		{ "\"iat\":1.799999999e9,\"exp\":1.7999999405E+09", OIDC_TOKEN_TIME },
		{ "\"iat\":1.799999999e9,\"exp\":1.8000003E+09", OIDC_OK },
		{ "\"iat\":1800000000,\"exp\":\"1800000300\"", OIDC_TOKEN_TIME },
		{ "\"iat\":\"NaN\",\"exp\":1800000300", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000000,\"exp\":1e999999999", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000000,\"exp\":1800000300000", OIDC_TOKEN_TIME },
		/* both are required (OpenID Connect Core section 2) */
		{ "\"iat\":0,\"exp\":1800000300", OIDC_TOKEN_TIME },
		{ "\"iat\":null,\"exp\":1800000300", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000000,\"exp\":null", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000000,\"exp\":0", OIDC_TOKEN_TIME },
		{ "\"iat\":1800000000", OIDC_TOKEN_TIME },
#define BOTH "\"iat\":1800000000,\"exp\":1800000300,"
		{ BOTH "\"nbf\":0", OIDC_OK },
		{ BOTH "\"nbf\":null", OIDC_OK },
		{ BOTH "\"nbf\":1800000060.9", OIDC_OK },
		{ BOTH "\"nbf\":1800000061", OIDC_TOKEN_TIME },
		{ BOTH "\"nbf\":-1", OIDC_TOKEN_TIME },
		{ BOTH "\"nbf\":\"0\"", OIDC_TOKEN_TIME },
		{ BOTH "\"auth_time\":0", OIDC_OK },
		{ BOTH "\"auth_time\":null", OIDC_OK },
		{ BOTH "\"auth_time\":1.79e9", OIDC_OK },
		{ BOTH "\"auth_time\":1800000061", OIDC_TOKEN_TIME },
		{ BOTH "\"auth_time\":false", OIDC_TOKEN_TIME },
		{ BOTH "\"auth_time\":1e9999", OIDC_TOKEN_TIME },
	};
	char oidc[] = "oidc";

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct oidc_person who;

		assert_int_equal(judge(oidc,
				     talloc_asprintf(mem,
					 "{\"iss\":\"" ISS
					 "\",\"aud\":\"client\",\"nonce\":\"n1\",\"sub\":\"s\",%s}",
					 cases[i].times),
				     &who),
		    cases[i].why);
	}
}

/* OpenID Connect Core section 3.1.3.7, 3 to 5. */
static void
a_token_is_for_us_and_asked_for_by_us_or_by_who_may(void **state)
{
	static const char *const auds[] = { "\"client\"", "[\"client\"]", "[\"client\",\"x\"]",
		"[\"phone\",\"client\"]", "\"phone\"", "[\"phone\"]", "[]", "7", "null",
		"\"Client\"" };
	static const char *const azps[] = { NULL, "\"client\"", "\"phone\"", "\"watch\"", "\"x\"",
		"\"\"", "null", "7", "[\"client\"]", "\"CLIENT\"" };
	static const char       *parties[] = { "phone", "watch" };
	char                     oidc[] = "oidc";

	(void)state;
	for (size_t i = 0; i < LEN(auds); i++) {
		for (size_t j = 0; j < LEN(azps); j++) {
			for (size_t n = 0; n <= LEN(parties); n++) {
				bool  for_us = i < 4, by_us = j == 1 || (j == 0 && i < 2);
				bool  by_other = (j == 2 && n >= 1) || (j == 3 && n == 2);
				char *azp = azps[j] == NULL
						? talloc_strdup(mem, "")
						: talloc_asprintf(mem, ",\"azp\":%s", azps[j]);
				struct oidc_person who;

				authorized = (struct strings) { parties, n };
				assert_int_equal(
				    judge(oidc,
					talloc_asprintf(mem,
					    "{\"iss\":\"" ISS "\",\"aud\":%s%s," NOW_TIMES
					    "\"nonce\":\"n1\",\"sub\":\"s\"}",
					    auds[i], azp),
					&who),
				    for_us && (by_us || by_other) ? OIDC_OK : OIDC_TOKEN_AUDIENCE);
			}
		}
	}
	authorized = (struct strings) { NULL, 0 };
}

/* OpenID Connect Core section 2, RFC 8176. */
static void
a_second_factor_is_what_the_tenant_says_it_is(void **state)
{
	static const struct {
		const char *claims;
		bool by_amr, by_acr; /* counts with mfa_amr [mfa, hwk], mfa_acr [phrh, urn:x:2] */
	} cases[] = {
		{ "", false, false },
		{ ",\"amr\":[\"pwd\",\"mfa\"]", true, false },
		{ ",\"amr\":[\"hwk\"]", true, false },
		{ ",\"amr\":\"mfa\"", true, false },
		{ ",\"amr\":\"pwd mfa\"", false, false },
		{ ",\"amr\":[\"pwd\"]", false, false },
		{ ",\"amr\":[\"MFA\"]", false, false },
		{ ",\"amr\":[\"\"]", false, false },
		{ ",\"amr\":[[\"mfa\"],7,null]", false, false },
		{ ",\"amr\":{\"mfa\":true}", false, false },
		{ ",\"amr\":null", false, false },
		{ ",\"amr\":[\"phrh\"]", false, false },
		{ ",\"acr\":\"phrh\"", false, true },
		{ ",\"acr\":\"urn:x:2\"", false, true },
		{ ",\"acr\":\"urn:x:20\"", false, false },
		{ ",\"acr\":\"mfa\"", false, false },
		{ ",\"acr\":[\"phrh\"]", false, false },
		{ ",\"acr\":2", false, false },
		{ ",\"acr\":\"\"", false, false },
		{ ",\"acr\":null", false, false },
		{ ",\"acr\":\"phrh\",\"amr\":\"hwk\"", true, true },
		{ ",\"acr_values\":\"phrh\",\"mfa\":true", false, false },
	};
	static const char *amr[] = { "mfa", "hwk" }, *acr[] = { "phrh", "urn:x:2" };
	char               oidc[] = "oidc";

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		for (size_t n = 0; n < 4; n++) {
			struct oidc_person who;

			mfa_amr = (struct strings) { amr, n & 1 ? 2 : 0 };
			mfa_acr = (struct strings) { acr, n & 2 ? 2 : 0 };
			assert_int_equal(
			    judge(oidc,
				talloc_asprintf(
				    mem, "{\"iss\":\"" ISS "\"," BASE "%s}", cases[i].claims),
				&who),
			    OIDC_OK);
			assert_int_equal(
			    who.mfa, (cases[i].by_amr && (n & 1)) || (cases[i].by_acr && (n & 2)));
		}
	}
	mfa_amr = mfa_acr = (struct strings) { NULL, 0 };
}

static void
google_is_one_issuer_in_two_spellings_and_rules_by_domain(void **state)
{
	static const struct {
		const char      *claims;
		enum oidc_reason why;
	} cases[] = {
		{ "{\"iss\":\"https://accounts.google.com\"," BASE ",\"hd\":\"example.org\"}",
		    OIDC_OK },
		{ "{\"iss\":\"accounts.google.com\"," BASE ",\"hd\":\"example.org\"}", OIDC_OK },
		{ "{\"iss\":\"http://accounts.google.com\"," BASE ",\"hd\":\"example.org\"}",
		    OIDC_TOKEN_ISSUER },
		{ "{\"iss\":\"accounts.google.com\"," BASE "}", OIDC_DOMAIN },
		{ "{\"iss\":\"accounts.google.com\"," BASE ",\"hd\":\"other.example\"}",
		    OIDC_DOMAIN },
		{ "{\"iss\":\"accounts.google.com\"," BASE
		  ",\"email\":\"a@gmail.com\",\"email_verified\":true}",
		    OIDC_DOMAIN },
	};
	char google[] = "google";

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		struct oidc_person who;

		assert_int_equal(judge(google, cases[i].claims, &who), cases[i].why);
		if (cases[i].why == OIDC_OK)
			assert_string_equal(who.issuer, "https://accounts.google.com");
	}
}

#define MS(tid, more)                                                                              \
	"{\"iss\":\"https://login.microsoftonline.com/" TID "/v2.0\",\"tid\":\"" tid               \
	"\",\"oid\":\"" OID "\",\"ver\":\"2.0\"," BASE more "}"

static void
entra_is_keyed_on_directory_and_object_and_tells_when_it_does_not_tell_all(void **state)
{
	char               entra[] = "entra";
	struct oidc_person who;

	(void)state;
	assert_int_equal(
	    judge(entra, MS(TID, ",\"groups\":[\"g\"],\"roles\":[\"r\"]"), &who), OIDC_OK);
	assert_string_equal(who.subject, TID "." OID);
	assert_int_equal(who.groups.n, 2);
	assert_int_equal(who.told, OIDC_TOLD_ALL);
	assert_int_equal(
	    judge(entra, MS("99999999-2222-4333-8444-555555555555", ""), &who), OIDC_DIRECTORY);
	assert_int_equal(
	    judge(entra, MS(TID, ",\"_claim_names\":{\"groups\":\"src1\"}"), &who), OIDC_OK);
	assert_int_equal(who.told, OIDC_TOLD_PART);
	assert_int_equal(judge(entra, MS(TID, ",\"hasgroups\":true"), &who), OIDC_OK);
	assert_int_equal(who.told, OIDC_TOLD_PART);
	assert_int_equal(
	    judge(entra, MS(TID, ",\"email\":\"a@example.org\",\"email_verified\":true"), &who),
	    OIDC_OK);
	assert_false(who.email_trusted); /* not its word for it */
	assert_int_equal(
	    judge(entra, MS(TID, ",\"email\":\"a@example.org\",\"xms_edov\":true"), &who), OIDC_OK);
	assert_true(who.email_trusted);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(where_a_provider_is_comes_from_its_row),
		TEST(a_description_and_its_keys_survive_the_cache),
		TEST(an_address_is_believed_by_rules_only),
		TEST(the_skew_is_a_minute_and_not_more),
		TEST(a_token_is_for_us_and_asked_for_by_us_or_by_who_may),
		TEST(a_second_factor_is_what_the_tenant_says_it_is),
		TEST(google_is_one_issuer_in_two_spellings_and_rules_by_domain),
		TEST(entra_is_keyed_on_directory_and_object_and_tells_when_it_does_not_tell_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
