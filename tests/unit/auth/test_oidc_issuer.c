/* When a provider's keys are asked for anew, and what a sign-in is told when none of them will do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/auth/oidc/oidc_issuer.h"
#include "core/shm/issuer.h"
#include "core/shm/pause.h"
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
static const char            *algs;     /* that it lists */
static int64_t                takes_ms; /* for each answer, or the time that it is given */
static bool                   away;
static const struct uuid     *tenant;

static int64_t
stepped_ms(const struct clock *c)
{
	return c->set_ms;
}

static const struct clock_ops clock_ops = { stepped_ms, stepped_ms };
static struct clock           clock_is = { &clock_ops, 0 };

/* ---- the provider ---- */

static bool
serve(struct fetch *f, TALLOC_CTX *m, const struct fetch_request *q, struct fetch_answer *a,
    struct err *e)
{
	(void)f;
	asked++;
	*a = (struct fetch_answer) { .status = 200, .retry_after_s = -1 };
	a->took_ms = takes_ms < q->timeout_ms ? takes_ms : q->timeout_ms;
	clock_is.set_ms += a->took_ms;
	if (away || takes_ms > q->timeout_ms)
		return err_set(e, ERR_UNAVAILABLE, 0, "It does not answer.", "no answer");
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

static const struct fetch_ops fetch_ops = { serve };
static struct fetch           provider = { &fetch_ops };
static struct conf            conf;
static const struct guard     guard;
static struct env             env;
static struct auth            auth;

static int
make(void **state)
{
	(void)state;
	mem = talloc_new(NULL);
	if (mem == NULL || !segment_fixture_make(&fixture))
		return 1;
	clock_is.set_ms = INT64_C(1800000000000);
	env = (struct env) {
		.conf = &conf,
		.clock = &clock_is,
		.segment = segment_fixture_open(&fixture, 4),
	};
	auth = (struct auth) { .env = &env, .guard = &guard, .fetch = &provider };
	before = "";
	algs = "[\"RS256\"]";
	asked = 0;
	takes_ms = 0;
	away = false;
	tenant = NULL;
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
	struct oidc_ask         ask = { .tenant = tenant };
	const struct oidc_place place = {
		.issuer = ISS, .discovery = ISS "/discovery", .ask = &ask
	};
	const struct jws_alg *a = jws_by_name(str_of(alg));
	char                 *head = talloc_asprintf(mem, "{\"alg\":\"%s\",\"kid\":%s}", alg, kid);
	struct idtoken        t;
	enum oidc_reason      why;
	bool                  ok;

	if (a == NULL)
		a = jws_by_name(STR("ES256"));
	said = (struct err) { 0 };
	assert_true(idtoken_read(mem,
	    str_of(signer_token(mem, signer_key(signer_kind_of(a), which), a, head, "{}")), &t,
	    &said));
	ok = oidc_issuer_verify(&auth, mem, &place, &t, &why, &said);
	oidc_ask_end(&auth, &ask);
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
	clock_is.set_ms += 5 * MINUTE;
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
	clock_is.set_ms += 5 * MINUTE;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_KEY_UNUSABLE);
	assert_non_null(strstr(said.detail, "no key that we can use (kid \"k\", alg \"ES256\")"));
	clock_is.set_ms += 5 * MINUTE;
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
	clock_is.set_ms += OIDC_FRESH_MS + 1;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(asked, 4);
	clock_is.set_ms += OIDC_KEEP_MS;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_KEY_UNUSABLE);
}

/* Once it was seen: also when the provider cannot be asked later. */
static void
a_set_that_was_withdrawn_leaves_the_old_key_in_force_for_an_hour_at_most(void **state)
{
	static const char *const sets[] = { "", "{\"kty\":\"EC\",\"crv\":\"secp256k1\"}" };

	(void)state;
	for (size_t i = 0; i < 2 * LEN(sets); i++) {
		away = false;
		clock_is.set_ms += 2 * OIDC_KEEP_MS;
		keys = ec(0, "");
		assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
		keys = sets[i / 2];
		clock_is.set_ms += OIDC_FRESH_MS + 1;
		assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
		away = i % 2 == 1;
		clock_is.set_ms += OIDC_WITHDRAWN_MS - 1;
		assert_int_equal(judge(0, "ES256", "\"k\""),
		    away ? OIDC_OK : OIDC_KEY_UNUSABLE); /* fetched anew 2 h after the last */
		clock_is.set_ms += 1;
		assert_int_equal(
		    judge(0, "ES256", "\"k\""), away ? OIDC_UNAVAILABLE : OIDC_KEY_UNUSABLE);
	}
}

/* It may have been withdrawn as long ago as that. */
static void
a_set_that_is_empty_long_after_the_last_good_one_is_believed_at_once(void **state)
{
	(void)state;
	keys = ec(0, "");
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	keys = "";
	clock_is.set_ms += OIDC_KEEP_MS - MINUTE;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_KEY_UNUSABLE);
	keys = ec(1, "");
	clock_is.set_ms += OIDC_COOL_MS;
	assert_int_equal(judge(1, "ES256", "\"k\""), OIDC_OK);
}

static void
each_tenant_has_a_copy_of_its_own_and_pays_for_its_own_questions(void **state)
{
	static const struct uuid one = { .b = { 1 } }, other = { .b = { 2 } };

	(void)state;
	keys = ec(0, "");
	tenant = &one;
	takes_ms = 6000;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_UNAVAILABLE);
	assert_int_equal(asked, 1);
	takes_ms = 10;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_UNAVAILABLE);
	assert_int_equal(asked, 1);
	tenant = &other;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_OK);
	assert_int_equal(asked, 3);
}

static void
all_requests_of_one_sign_in_have_one_time_together(void **state)
{
	static const struct uuid one = { .b = { 1 } };
	int64_t                  began = clock_is.set_ms;

	(void)state;
	tenant = &one;
	keys = ec(0, "");
	takes_ms = 4800;
	assert_int_equal(judge(0, "ES256", "\"k\""), OIDC_UNAVAILABLE);
	assert_int_equal(clock_is.set_ms - began, OIDC_TIMEOUT_MS);
}

/* How many of 20 people get in one after the other, whose sign-ins ask twice, and how long the last
 * waits. */
static void
an_office_that_comes_to_work_waits_and_is_not_refused(void **state)
{
	static const struct {
		int64_t  each_ms, all_ms;
		unsigned waits;
	} cases[] = { { 600, 24000, 0 }, { 1000, 40000, 0 }, { 1500, 60000, 0 },
		{ 2000, 150000, 5 } };
	static const struct uuid one = { .b = { 1 } };
	struct fetch_request     q = { .method = "POST", .url = ISS };
	struct fetch_answer      answer;

	(void)state;
	keys = "";
	for (size_t i = 0; i < LEN(cases); i++) {
		int64_t  began = clock_is.set_ms += 2 * PAUSE_MAX_MS;
		unsigned waits = 0;

		takes_ms = cases[i].each_ms;
		for (int person = 0; person < 20; person++) {
			struct oidc_ask ask = { .tenant = &one };
			struct err      e = { 0 };

			for (; !oidc_ask_admit(&auth, &ask, &e); err_clear(&e), waits++) {
				assert_int_equal(e.code, ERR_BUSY);
				clock_is.set_ms += e.retry_s * 1000;
			}
			assert_true(oidc_ask_run(&auth, mem, &ask, &q, &answer, &e));
			assert_true(oidc_ask_run(&auth, mem, &ask, &q, &answer, &e));
			oidc_ask_end(&auth, &ask);
		}
		assert_int_equal(waits, cases[i].waits);
		assert_in_range(clock_is.set_ms - began, 1, cases[i].all_ms);
	}
}

/* Over an hour, whether it answers late or just within what may be borrowed. */
static void
in_the_long_run_a_slow_provider_has_a_fifth_of_a_worker(void **state)
{
	static const int64_t     each[] = { 1100, 1900, 2100, 4900, 9000 };
	static const struct uuid one = { .b = { 1 } };
	struct fetch_request     q = { .method = "POST", .url = ISS };
	struct fetch_answer      answer;

	(void)state;
	keys = "";
	for (size_t i = 0; i < LEN(each); i++) {
		int64_t end = (clock_is.set_ms += 2 * PAUSE_MAX_MS) + 3600000, worked = 0;

		takes_ms = each[i];
		while (clock_is.set_ms < end) {
			struct oidc_ask ask = { .tenant = &one };
			struct err      e = { 0 };

			if (!oidc_ask_admit(&auth, &ask, &e)) {
				clock_is.set_ms += 100;
				continue;
			}
			(void)!oidc_ask_run(&auth, mem, &ask, &q, &answer, &e);
			worked += answer.took_ms;
			oidc_ask_end(&auth, &ask);
		}
		assert_in_range(worked, 600000, 3600000 / 5 + OIDC_BORROW_MS / 4 + 5000);
	}
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
		clock_is.set_ms += 2 * OIDC_FRESH_MS;
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
		TEST(a_set_that_was_withdrawn_leaves_the_old_key_in_force_for_an_hour_at_most),
		TEST(a_set_that_is_empty_long_after_the_last_good_one_is_believed_at_once),
		TEST(each_tenant_has_a_copy_of_its_own_and_pays_for_its_own_questions),
		TEST(all_requests_of_one_sign_in_have_one_time_together),
		TEST(an_office_that_comes_to_work_waits_and_is_not_refused),
		TEST(in_the_long_run_a_slow_provider_has_a_fifth_of_a_worker),
		TEST(what_the_provider_lists_is_known_from_the_cache_too),
		TEST(documents_may_begin_with_a_byte_order_mark),
		TEST(keys_that_do_not_fit_the_cache_do_not_shut_the_rest_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
