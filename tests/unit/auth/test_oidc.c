/* ID tokens, keys and the state of a sign-in under way: what is taken and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "core/auth/oidc/oidc_claims.h"
#include "core/auth/oidc/oidc_state.h"
#include "core/crypt/idtoken.h"
#include "core/crypt/token_key.h"
#include "tests/unit/signer.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make, drop)
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
	struct env   env = { .clock = &clock, .rand = &rand_system, .keyring = new_keyring() },
		   other_env = env;
	struct auth       a = { .env = &env }, other = { .env = &other_env };
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
	other_env.keyring = new_keyring();
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
		TEST(a_state_counts_for_ten_minutes_and_opens_unchanged_under_its_key),
		TEST(only_a_path_of_ours_is_returned_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
