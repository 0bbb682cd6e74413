/* ID tokens, keys, descriptions and the state of a sign-in under way: what is taken and what is
 * not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "core/auth/oidc_claims.h"
#include "core/auth/oidc_state.h"
#include "core/crypt/idtoken.h"
#include "core/crypt/token_key.h"
#include "tests/unit/signer.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
#define NOW     INT64_C(1800000000)
#define ISS     "https://id.example.org"
#define TID     "11111111-2222-4333-8444-555555555555"
#define OID     "66666666-7777-4888-9999-aaaaaaaaaaaa"

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

static struct token_key *
new_key(void)
{
	struct err        e = { 0 };
	struct token_key *k = token_key_make(mem, &e);

	assert_non_null(k);
	return k;
}

static char *
signed_by(const struct token_key *k, const char *head, const char *claims)
{
	uint8_t raw[TOKEN_SIG_LEN];
	char   *input =
	    talloc_asprintf(mem, "%s.%s", base64url_print(mem, (const uint8_t *)head, strlen(head)),
		base64url_print(mem, (const uint8_t *)claims, strlen(claims)));

	assert_true(token_key_sign(k, str_of(input), raw));
	return talloc_asprintf(mem, "%s.%s", input, base64url_print(mem, raw, sizeof(raw)));
}

static char *
head_of(const struct token_key *k)
{
	return talloc_asprintf(mem, "{\"alg\":\"ES256\",\"kid\":\"%s\"}", token_key_kid(k));
}

static bool
read_keys(const char *text, struct jwks *ks)
{
	struct err e = { 0 };
	bool       ok = jwks_read(tree(text), ks, &e);

	assert_true(ok || e.code == ERR_UNAVAILABLE);
	return ok;
}

static char *
set_of(const struct token_key *k)
{
	return talloc_asprintf(mem, "{\"keys\":[%s]}", token_key_jwk(mem, k));
}

/* ---- signatures ---- */

static bool
is_signed(const struct jwks *ks, const char *text)
{
	return signer_verify(mem, ks, text, 0);
}

static void
a_token_is_taken_when_the_providers_key_signed_it(void **state)
{
	struct token_key *k = new_key(), *other = new_key();
	struct jwks       ks;

	(void)state;
	assert_true(read_keys(set_of(k), &ks));
	assert_true(is_signed(&ks, signed_by(k, head_of(k), "{\"sub\":\"x\"}")));
	assert_true(is_signed(
	    &ks, signed_by(k, "{\"alg\":\"ES256\",\"typ\":\"JWT\"}", "{}"))); /* the only key */
	assert_false(is_signed(&ks, signed_by(other, head_of(k), "{}")));
	assert_false(is_signed(&ks, signed_by(other, head_of(other), "{}")));
}

static void
a_header_that_says_anything_else_is_refused_before_any_cryptography(void **state)
{
	struct token_key        *k = new_key();
	struct jwks              ks;
	static const char *const heads[] = { "{}", "[]", "\"x\"", "{\"alg\":\"none\"}",
		"{\"alg\":\"HS256\"}", "{\"alg\":\"ES384\"}", "{\"alg\":\"es256\"}",
		"{\"alg\":[\"ES256\"]}", "{\"alg\":\"ES256\",\"alg\":\"ES256\"}",
		"{\"alg\":\"ES256\",\"kid\":[]}", "{\"alg\":\"ES256\",\"kid\":7}",
		"{\"alg\":\"ES256\",\"typ\":7}", "{\"alg\":null}", "{\"alg\":\"\"}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", "{\"alg\":\"ES256\",\"crit\":[]}",
		"{\"alg\":\"ES256\",\"b64\":false}", "{\"alg\":\"ES256\",\"zip\":\"DEF\"}",
		"{\"alg\":\"RS256\"}", "{\"alg\":\"ES256\"" };

	(void)state;
	assert_true(read_keys(set_of(k), &ks));
	for (size_t i = 0; i < LEN(heads); i++)
		assert_false(is_signed(&ks, signed_by(k, heads[i], "{}")));
}

/* RFC 7515 sections 4.1.4 and 4.1.9, RFC 7519 section 5.1. */
static void
what_a_header_may_say_or_leave_out_changes_nothing(void **state)
{
	static const char *const more[] = { "", ",\"typ\":\"JWT\"", ",\"typ\":\"jwt\"",
		",\"typ\":\"application/JWT\"", ",\"typ\":null", ",\"kid\":null", ",\"kid\":\"\"",
		",\"jku\":\"https://evil.example\",\"x5u\":7,\"x5t\":\"x\",\"cty\":\"JWT\"",
		",\"jwk\":{\"kty\":\"oct\",\"k\":\"\"}" };
	struct token_key        *k = new_key();
	struct jwks              ks;

	(void)state;
	assert_true(read_keys(set_of(k), &ks));
	for (size_t i = 0; i < LEN(more); i++)
		assert_true(is_signed(&ks,
		    signed_by(k, talloc_asprintf(mem, "{\"alg\":\"ES256\"%s}", more[i]), "{}")));
}

static void
another_form_of_a_good_token_is_refused(void **state)
{
	struct token_key        *k = new_key();
	struct jwks              ks;
	char                    *good, *bad;
	static const char *const tails[] = { ".", "=", " ", "\n", ".x", "A" };

	(void)state;
	assert_true(read_keys(set_of(k), &ks));
	good = signed_by(k, head_of(k), "{\"sub\":\"x\"}");
	assert_true(is_signed(&ks, good));
	for (size_t i = 0; i < LEN(tails); i++)
		assert_false(is_signed(&ks, talloc_asprintf(mem, "%s%s", good, tails[i])));
	for (size_t i = 0; i < strlen(good); i++) {
		bad = talloc_strdup(mem, good);
		bad[i] = bad[i] == 'A' ? 'B' : 'A';
		assert_false(is_signed(&ks, bad));
	}
	assert_false(is_signed(&ks, signed_by(k, head_of(k), "[]")));
	assert_false(is_signed(&ks, signed_by(k, head_of(k), "{\"a\":1,\"a\":2}")));
	assert_false(is_signed(&ks, ""));
	assert_false(is_signed(&ks, ".."));
}

/* ---- keys ---- */

static void
a_printed_set_reads_back_as_it_was(void **state)
{
	char       *jwk = token_key_jwk(mem, new_key());
	struct jwks ks, again;
	struct buf  b, c;

	(void)state;
	jwk[strlen(jwk) - 1] = '\0';
	assert_true(read_keys(
	    talloc_asprintf(mem, "{\"keys\":[%s,\"issuer\":\"" ISS "\",\"x5c\":[\"zz\"]}]}", jwk),
	    &ks));
	buf_make(&b, mem);
	jwks_print(&b, &ks, 4096);
	assert_true(read_keys(b.p, &again));
	buf_make(&c, mem);
	jwks_print(&c, &again, 4096);
	assert_string_equal(b.p, c.p);
	assert_true(str_eqz(again.keys[0].issuer, ISS));
	assert_null(strstr(b.p, "x5c"));
}

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
		"\"authorization_response_iss_parameter_supported\":true}"),
	    &place, &m, &e));
	assert_true(oidc_metadata_read_keys(mem, str_of(set_of(new_key())), &m, &e));
	assert_true(oidc_metadata_print(mem, &m, &text, &e));
	assert_true(oidc_metadata_load(mem, text, &again, &e));
	assert_string_equal(again.authorization_endpoint, "https://a.example/a?x=1");
	assert_string_equal(again.token_endpoint, "https://a.example/t");
	assert_string_equal(again.userinfo_endpoint, "https://a.example/u");
	assert_true(again.secret_post && again.iss_parameter);
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
	bool                     ok = oidc_claims_check(mem, tree(claims), &x, out, &why, &e);

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

/* ---- the state ---- */

static int64_t
stepped_ms(const struct clock *c)
{
	return c->set_ms;
}

static const struct clock_ops stepped_ops = { stepped_ms, stepped_ms };

static struct keyring *
new_keyring(void)
{
	char            path[64];
	struct err      e = { 0 };
	struct keyring *k;

	snprintf(path, sizeof(path), "/tmp/bsx-test-keyring.%d", (int)getpid());
	unlink(path);
	assert_true(keyring_create(path, &rand_system, &e));
	k = keyring_open(mem, path, &e);
	unlink(path);
	assert_non_null(k);
	return k;
}

static void
a_state_counts_for_ten_minutes_and_opens_unchanged_under_its_key(void **state)
{
	struct clock clock = { &stepped_ops, 1000000 };
	struct auth  a = { .clock = &clock, .rand = &rand_system, .keyring = new_keyring() },
		    other = a;
	struct oidc_state s = { .begun_ms = 1000000, .login = true, .return_to = "/x?y=1" }, out;
	struct err        e = { 0 };
	char             *cookie;

	(void)state;
	rand_fill(&rand_system, s.state, sizeof(s.state));
	cookie = oidc_state_close(&a, mem, &s, &e);
	assert_non_null(cookie);
	assert_true(oidc_state_open(&a, mem, str_of(cookie), &out));
	assert_memory_equal(out.state, s.state, sizeof(s.state));
	assert_string_equal(out.return_to, "/x?y=1");
	assert_true(out.login);
	clock.set_ms += OIDC_STATE_S * 1000 - 1;
	assert_true(oidc_state_counts(&a, &out));
	clock.set_ms += 1;
	assert_false(oidc_state_counts(&a, &out));
	assert_true(oidc_state_open(&a, mem, str_of(cookie), &out)); /* and says where to go on */
	clock.set_ms = 1000000 - 1001;
	assert_false(oidc_state_counts(&a, &out));
	clock.set_ms = 1000000;
	other.keyring = new_keyring();
	assert_false(oidc_state_open(&other, mem, str_of(cookie), &out));
	for (size_t i = 0; i < strlen(cookie); i++) {
		char was = cookie[i];

		cookie[i] = was == 'A' ? 'B' : 'A';
		assert_false(oidc_state_open(&a, mem, str_of(cookie), &out));
		cookie[i] = was;
	}
	assert_false(oidc_state_open(&a, mem, STR(""), &out));
}

static void
only_a_path_of_ours_is_returned_to(void **state)
{
	static const char *const good[] = { "/", "/a", "/a/b?c=d#e", "/%2F%2Fx" };
	static const char *const bad[] = { "", "a", "//a", "/\\a", "/a\\b", "/a b", "/a\n", "/\x7f",
		"/\xc3\xa4", "https://a" };

	(void)state;
	for (size_t i = 0; i < LEN(good); i++)
		assert_true(oidc_return_ok(good[i]));
	for (size_t i = 0; i < LEN(bad); i++)
		assert_false(oidc_return_ok(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_token_is_taken_when_the_providers_key_signed_it),
		TEST(a_header_that_says_anything_else_is_refused_before_any_cryptography),
		TEST(what_a_header_may_say_or_leave_out_changes_nothing),
		TEST(another_form_of_a_good_token_is_refused),
		TEST(a_printed_set_reads_back_as_it_was),
		TEST(where_a_provider_is_comes_from_its_row),
		TEST(a_description_and_its_keys_survive_the_cache),
		TEST(an_address_is_believed_by_rules_only),
		TEST(the_skew_is_a_minute_and_not_more),
		TEST(a_token_is_for_us_and_asked_for_by_us_or_by_who_may),
		TEST(a_second_factor_is_what_the_tenant_says_it_is),
		TEST(google_is_one_issuer_in_two_spellings_and_rules_by_domain),
		TEST(entra_is_keyed_on_directory_and_object_and_tells_when_it_does_not_tell_all),
		TEST(a_state_counts_for_ten_minutes_and_opens_unchanged_under_its_key),
		TEST(only_a_path_of_ours_is_returned_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
