/* Every signature algorithm with every kind of key, and what is neither. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/idtoken.h"
#include "tests/unit/mem.h"
#include "tests/unit/signer.h"

/* A signature that the key can make, under a header that says `a`. */
static char *
token_of(enum signer_kind kind, const struct jws_alg *a)
{
	const struct jws_alg *real = a;

	for (size_t i = 0; signer_kind_of(real) != kind; i++)
		real = jws_at(i);
	return signer_token(mem, signer_key(kind, 0), real,
	    talloc_asprintf(mem, "{\"alg\":\"%s\",\"kid\":\"k\"}", a->name), "{\"sub\":\"x\"}");
}

static bool
is_twin(const struct jws_alg *a, const struct jws_alg *b)
{
	return a == b || (a->kind == JWS_EDDSA && b->kind == JWS_EDDSA);
}

static void
an_algorithm_is_taken_with_a_key_of_its_kind_that_does_not_say_another(void **state)
{
	const struct jws_alg *a, *b;
	unsigned              cases = 0, taken = 0;

	(void)state;
	for (size_t i = 0; (a = jws_at(i)) != NULL; i++) {
		for (int kind = 0; kind < SIGNER_KINDS; kind++) {
			char *token = token_of((enum signer_kind)kind, a);
			bool  own = (int)signer_kind_of(a) == kind;

			for (size_t j = 0; (b = jws_at(j)) != NULL; j++, cases++) {
				struct jwks ks;
				bool        read = signer_read(mem,
					   signer_jwk(mem, (enum signer_kind)kind, 0,
					       talloc_asprintf(
						   mem, ",\"kid\":\"k\",\"alg\":\"%s\"", b->name)),
					   &ks);
				bool got = read && signer_verify(mem, &ks, token, ~UINT32_C(0));

				assert_int_equal(read, (int)signer_kind_of(b) == kind);
				assert_int_equal(got, read && own && is_twin(a, b));
				taken += got;
			}
		}
	}
	assert_int_equal(cases, 11 * 5 * 11);
	assert_int_equal(taken, 6 + 3 + 2 * 2);
}

static void
of_an_rsa_key_that_says_none_it_is_rs256_and_what_the_provider_lists(void **state)
{
	const struct jws_alg *a;

	(void)state;
	for (size_t i = 0; (a = jws_at(i)) != NULL; i++) {
		enum signer_kind kind = signer_kind_of(a);
		char            *token = token_of(kind, a);
		bool             always = kind != SIGNER_RSA || strcmp(a->name, "RS256") == 0;
		struct jwks      ks;

		assert_true(signer_read(mem, signer_jwk(mem, kind, 0, ",\"kid\":\"k\""), &ks));
		assert_int_equal(signer_verify(mem, &ks, token, 0), always);
		assert_int_equal(signer_verify(mem, &ks, token, ~jws_bit(a)), always);
		assert_true(signer_verify(mem, &ks, token, jws_bit(a)));
		assert_true(signer_read(
		    mem, signer_jwk(mem, kind, 1, ",\"kid\":\"k\""), &ks)); /* of another pair */
		assert_false(signer_verify(mem, &ks, token, jws_bit(a)));
	}
}

static void
no_byte_of_a_token_can_be_changed_whatever_the_algorithm(void **state)
{
	const struct jws_alg *a;

	(void)state;
	for (size_t i = 0; (a = jws_at(i)) != NULL; i++) {
		enum signer_kind kind = signer_kind_of(a);
		char            *token = token_of(kind, a);
		size_t           n = strlen(token);
		struct jwks      ks;

		assert_true(signer_read(mem, signer_jwk(mem, kind, 0, ",\"kid\":\"k\""), &ks));
		assert_true(signer_verify(mem, &ks, token, jws_bit(a)));
		for (size_t at = 0; at < n; at += 1 + n / 100) {
			char was = token[at];

			token[at] = was == 'A' ? 'B' : 'A';
			assert_false(signer_verify(mem, &ks, token, jws_bit(a)));
			token[at] = was;
		}
		token[n - 4] = '\0';
		assert_false(signer_verify(mem, &ks, token, jws_bit(a)));
	}
}

/* The numbers of an ECDSA signature as DER, or with one of them nought: RFC 7518 section 3.4 has
 * neither. */
static void
an_ecdsa_signature_is_two_numbers_of_full_length(void **state)
{
	const struct jws_alg *a;

	(void)state;
	for (size_t i = 0; (a = jws_at(i)) != NULL; i++) {
		enum signer_kind kind = signer_kind_of(a);
		EVP_PKEY        *key = signer_key(kind, 0);
		char       *head = talloc_asprintf(mem, "{\"alg\":\"%s\"}", a->name), *token, *cut;
		uint8_t     noughts[132] = { 0 };
		struct jwks ks;

		if (a->half == 0)
			continue;
		assert_true(signer_read(mem, signer_jwk(mem, kind, 0, ""), &ks));
		token = signer_token(mem, key, a, head, "{}");
		assert_true(signer_verify(mem, &ks, token, 0));
		cut = talloc_strndup(mem, token, (size_t)(strrchr(token, '.') - token));
		assert_false(signer_verify(mem, &ks,
		    talloc_asprintf(mem, "%s.%s", cut, base64url_print(mem, noughts, 2 * a->half)),
		    0));
		for (size_t n = 64; n <= 132; n++)
			assert_false(signer_verify(mem, &ks,
			    talloc_asprintf(mem, "%s.%s", cut, base64url_print(mem, noughts, n)),
			    0));
	}
}

static void
what_is_no_row_of_the_table_is_no_algorithm(void **state)
{
	static const char *const names[] = { "none", "None", "HS256", "HS384", "HS512", "RS1",
		"RS255", "rs256", "ES256K", "Ed448", "EDDSA", "ed25519", "ESP256", "RSA-OAEP",
		"dir", "" };

	(void)state;
	for (size_t i = 0; i < LEN(names); i++) {
		struct idtoken t;
		struct err     e = { 0 };
		char          *token = signer_token(mem, signer_key(SIGNER_RSA, 0), jws_at(0),
			     talloc_asprintf(mem, "{\"alg\":\"%s\"}", names[i]), "{}");
		struct jwks    ks;

		assert_null(jws_by_name(str_of(names[i])));
		assert_true(signer_read(mem, signer_jwk(mem, SIGNER_RSA, 0, ""), &ks));
		assert_false(signer_verify(mem, &ks, token, ~UINT32_C(0)));
		if (idtoken_read(mem, str_of(token), &t, &e)) {
			assert_null(t.jws);
			assert_false(idtoken_verify(mem, &t, &ks.keys[0], &e));
		}
	}
}

static void
the_examples_of_the_standards_verify(void **state)
{
	static const struct {
		const char *from, *key, *alg, *text, *sig;
	} cases[] = {
		{ "RFC 7515 appendix A.3",
		    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":"
		    "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
		    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
		    "ES256",
		    "eyJhbGciOiJFUzI1NiJ9."
		    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
		    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
		    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
		    "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q" },
		{ "RFC 7515 appendix A.4",
		    "{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":"
		    "\"AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOn"
		    "YG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk\",\"y\":\"ADSmRA43Z1DSNx_"
		    "RvcLI87cdL07l6jQyyBXMoxVg_l2Th"
		    "-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2\"}",
		    "ES512", "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA",
		    "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-"
		    "KGDKB34XO0aw_7Xdt"
		    "AG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukO"
		    "XolLzeO_Jn" },
		{ "RFC 8037 appendix A.4",
		    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_"
		    "7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}",
		    "EdDSA", "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
		    "hgyY0il_MGCjP0JzlnLWG1PPOt7-"
		    "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg" },
	};

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const struct jws_alg *a = jws_by_name(str_of(cases[i].alg));
		uint8_t               sig[JWS_SIG_MAX];
		struct jwks           ks;
		size_t                n;

		if (!signer_read(mem, cases[i].key, &ks))
			fail_msg("%s: the key", cases[i].from);
		assert_true(base64url_parse(str_of(cases[i].sig), sig, sizeof(sig), &n));
		if (!jwk_verify(&ks.keys[0], a, str_of(cases[i].text), sig, n))
			fail_msg("%s", cases[i].from);
		sig[n / 2] ^= 1;
		assert_false(jwk_verify(&ks.keys[0], a, str_of(cases[i].text), sig, n));
	}
}

/* libjwt's reader of claims refuses what JSON allows; the signature is good. */
static void
claims_that_libjwt_cannot_read_are_verified_all_the_same(void **state)
{
	static const char *const claims[] = { "{\"big\":123456789012345678901234567890}",
		"{\"small\":1e-400}", "{\"large\":1e400}", "{\"nul\":\"\\u0000\"}" };
	const struct jws_alg    *a;

	(void)state;
	for (size_t i = 0; (a = jws_at(i)) != NULL; i++) {
		enum signer_kind kind = signer_kind_of(a);
		struct jwks      ks;

		assert_true(signer_read(mem, signer_jwk(mem, kind, 0, ""), &ks));
		for (size_t j = 0; j < LEN(claims); j++)
			assert_true(signer_verify(mem, &ks,
			    signer_token(mem, signer_key(kind, 0), a,
				talloc_asprintf(mem, "{\"alg\":\"%s\"}", a->name), claims[j]),
			    jws_bit(a)));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_algorithm_is_taken_with_a_key_of_its_kind_that_does_not_say_another),
		TEST(of_an_rsa_key_that_says_none_it_is_rs256_and_what_the_provider_lists),
		TEST(no_byte_of_a_token_can_be_changed_whatever_the_algorithm),
		TEST(an_ecdsa_signature_is_two_numbers_of_full_length),
		TEST(what_is_no_row_of_the_table_is_no_algorithm),
		TEST(the_examples_of_the_standards_verify),
		TEST(claims_that_libjwt_cannot_read_are_verified_all_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
