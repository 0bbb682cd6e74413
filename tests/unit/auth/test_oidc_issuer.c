/* When a provider's keys are asked for anew, and what a sign-in is told when none of them will do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/oidc/oidc_issuer.h"
#include "core/shm/issuer.h"
#include "tests/unit/segment_fixture.h"
#include "tests/unit/signer.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
#define ISS     "https://id.example.org"
#define MINUTE  60000

static TALLOC_CTX            *mem;
static struct segment_fixture fixture;
static const char            *keys;   /* what the provider publishes */
static const char            *before; /* what stands before its documents */
static unsigned               asked;
static const char            *algs; /* that it lists */

/* ---- the provider ---- */

static bool
serve(struct fetch *f, TALLOC_CTX *m, const struct fetch_request *q, struct fetch_answer *a,
    struct err *e)
{
	(void)f;
	(void)e;
	asked++;
	*a = (struct fetch_answer) { .status = 200, .retry_after_s = -1 };
	if (strcmp(q->url, ISS "/keys") == 0)
		a->body = str_of(talloc_asprintf(m, "%s{\"keys\":[%s]}", before, keys));
	else
		a->body = str_of(talloc_asprintf(m,
		    "%s{\"issuer\":\"" ISS "\",\"authorization_endpoint\":\"" ISS "/a\","
		    "\"token_endpoint\":\"" ISS "/t\",\"jwks_uri\":\"" ISS "/keys\","
		    "\"id_token_signing_alg_values_supported\":%s}",
		    before, algs));
	return true;
}

static int64_t
stepped_ms(const struct clock *c)
{
	return c->set_ms;
}

static const struct fetch_ops fetch_ops = { serve };
static const struct clock_ops clock_ops = { stepped_ms, stepped_ms };
static struct fetch           provider = { &fetch_ops };
static struct clock           now = { &clock_ops, 0 };
static struct conf            conf;
static const struct guard     guard;
static struct auth            auth;

static int
make(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	if (mem == NULL || !segment_fixture_make(&fixture))
		return 1;
	now.set_ms = INT64_C(1800000000000);
	auth = (struct auth) { .conf = &conf, .clock = &now, .guard = &guard, .fetch = &provider };
	auth.segment = segment_fixture_open(&fixture, 4);
	before = "";
	algs = "[\"RS256\"]";
	asked = 0;
	return 0;
}

static int
drop(void **state)
{
	(void)state;
	talloc_free(mem);
	return !segment_fixture_free(&fixture);
}

static struct err said;

static enum oidc_reason
judge(unsigned which, const char *alg, const char *kid)
{
	const struct oidc_place place = { .issuer = ISS, .discovery = ISS "/discovery" };
	const struct jws_alg   *a = jws_by_name(str_of(alg));
	char            *head = talloc_asprintf(mem, "{\"alg\":\"%s\",\"kid\":%s}", alg, kid);
	struct idtoken   t;
	enum oidc_reason why;
	bool             ok;

	if (a == NULL)
		a = jws_by_name(STR("ES256"));
	said = (struct err) { 0 };
	assert_true(idtoken_read(mem,
	    str_of(signer_token(mem, signer_key(signer_kind_of(a), which), a, head, "{}")), &t,
	    &said));
	ok = oidc_issuer_verify(&auth, mem, &place, &t, &why, &said);
	assert_int_equal(ok, why == OIDC_OK && said.code == ERR_OK);
	return why;
}

static char *
ec(unsigned which, const char *more)
{
	return signer_jwk(mem, SIGNER_P256, which, more);
}

/* ---- */

static void
a_key_that_was_changed_under_its_kid_is_asked_for_anew_every_five_minutes(void **state)
{
	(void)state;
	keys = ec(0, ",\"kid\":\"k\"");
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(asked, 2);
	keys = ec(1, ",\"kid\":\"k\"");
	for (int i = 0; i < 20; i++)
		assert_int_equal(judge(1, "ES256", "\"k\""), OIDC_TOKEN_SIGNATURE);
	assert_int_equal(asked, 2);
	now.set_ms += 5 * MINUTE;
	assert_int_equal(judge(1, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(asked, 4);
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_TOKEN_SIGNATURE);
	assert_int_equal(asked, 4);
}

static void
an_algorithm_that_is_not_taken_asks_nobody(void **state)
{
	static const char *const names[] = { "none", "HS256", "HS512", "ES256K", "Ed448", "x" };

	(void)state;
	keys = ec(0, "");
	for (size_t i = 0; i < LEN(names); i++) {
		assert_int_equal(judge(0, names[i], "\"k\""), OIDC_TOKEN_ALG);
		assert_non_null(strstr(said.detail, names[i]));
	}
	assert_int_equal(asked, 0);
}

static void
it_is_told_which_key_is_missing_and_why(void **state)
{
	(void)state;
	keys = talloc_asprintf(mem,
	    "%s,%s,{\"kty\":\"RSA\",\"kid\":\"short\",\"n\":\"%s\",\"e\":\"AQAB\"}",
	    ec(0, ",\"kid\":\"k\""),
	    ec(1, ",\"kid\":\"other\",\"issuer\":\"https://else.example\""), "wwww");
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(judge(0, "ES256", "\"strange\""), OIDC_TOKEN_KEY);
	assert_string_equal(
	    said.detail, "ID token: no key that we can use (kid \"strange\", alg \"ES256\")");
	assert_int_equal(judge(0, "RS512", "\"k\""), OIDC_TOKEN_KEY);
	assert_non_null(strstr(said.detail, "RS512"));
	assert_int_equal(judge(0, "RS256", "\"short\""), OIDC_KEY_UNUSABLE);
	assert_non_null(strstr(said.detail, "less than 2,048 bits (kid \"short\""));
	assert_int_equal(judge(1, "ES256", "\"other\""), OIDC_TOKEN_KEY);
	assert_non_null(strstr(said.detail, "another issuer"));
	/* of a long word no more than is needed */
	assert_int_equal(judge(0, "ES256", talloc_asprintf(mem, "\"%02000d\"", 7)), OIDC_TOKEN_KEY);
	assert_true(strlen(said.detail) < 160);
}

static void
without_a_usable_key_nobody_gets_in_and_the_reason_is_told(void **state)
{
	(void)state;
	keys = "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"kid\":\"bitcoin\"}";
	assert_int_equal(judge(0, "ES256", "\"bitcoin\""), OIDC_KEY_UNUSABLE);
	assert_non_null(
	    strstr(said.detail, "kind or curve that has no algorithm here (kid \"bitcoin\""));
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_KEY_UNUSABLE);
	keys = "";
	now.set_ms += 5 * MINUTE;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_KEY_UNUSABLE);
	assert_non_null(strstr(said.detail, "no key that we can use (kid \"k\", alg \"ES256\")"));
	now.set_ms += 5 * MINUTE;
	keys = ec(0, "");
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
}

static void
a_set_that_is_empty_for_a_moment_does_not_take_the_place_of_a_good_one(void **state)
{
	(void)state;
	keys = ec(0, "");
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	keys = "";
	now.set_ms += OIDC_FRESH_MS + 1;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(asked, 4);
	now.set_ms += OIDC_KEEP_MS;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_KEY_UNUSABLE);
}

static void
what_the_provider_lists_is_known_from_the_cache_too(void **state)
{
	static const char *const lists[] = { "[\"PS256\",7,null,\"x\"]", "[\"RS256\"]", "\"PS256\"",
		"null", "{}" };
	static const bool        taken[] = { true, false, true, false, false };

	(void)state;
	keys = signer_jwk(mem, SIGNER_RSA, 0, ",\"kid\":\"k\"");
	for (size_t i = 0; i < LEN(lists); i++) {
		algs = lists[i];
		now.set_ms += 2 * OIDC_FRESH_MS;
		asked = 0;
		for (int j = 0; j < 2; j++) {
			assert_int_equal(judge(0, "RS256", "\"k\""), OIDC_OK);
			assert_int_equal(
			    judge(0, "PS256", "\"k\""), taken[i] ? OIDC_OK : OIDC_TOKEN_KEY);
		}
		assert_int_equal(asked, 2);
	}
}

static void
documents_may_begin_with_a_byte_order_mark(void **state)
{
	(void)state;
	before = "\xEF\xBB\xBF";
	keys = ec(0, "");
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
}

/* 32 RSA keys of 4,096 bits take more than an entry of the cache has room for. */
static void
keys_that_do_not_fit_the_cache_do_not_shut_the_rest_out(void **state)
{
	char *set = talloc_strdup(mem, ec(0, ",\"kid\":\"k\""));

	(void)state;
	for (int i = 0; i < 40; i++) {
		char n[684];

		memset(n, 'A' + i % 26, sizeof(n) - 1);
		n[0] = 'w';
		memcpy(n + sizeof(n) - 3, i % 2 ? "Aw" : "ww", 3);
		set = talloc_asprintf_append(set,
		    ",{\"kty\":\"RSA\",\"kid\":\"%d-%0150d\",\"n\":\"%s\",\"e\":\"AQAB\"}", i, 0,
		    n);
	}
	keys = set;
	for (int i = 0; i < 3; i++)
		assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(asked, 2);
	assert_int_equal(
	    judge(0, "RS256", talloc_asprintf(mem, "\"39-%0150d\"", 0)), OIDC_TOKEN_KEY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_key_that_was_changed_under_its_kid_is_asked_for_anew_every_five_minutes),
		TEST(an_algorithm_that_is_not_taken_asks_nobody),
		TEST(it_is_told_which_key_is_missing_and_why),
		TEST(without_a_usable_key_nobody_gets_in_and_the_reason_is_told),
		TEST(a_set_that_is_empty_for_a_moment_does_not_take_the_place_of_a_good_one),
		TEST(what_the_provider_lists_is_known_from_the_cache_too),
		TEST(documents_may_begin_with_a_byte_order_mark),
		TEST(keys_that_do_not_fit_the_cache_do_not_shut_the_rest_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
