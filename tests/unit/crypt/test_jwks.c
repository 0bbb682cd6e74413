/* Providers' sets of keys as they are: odd keys beside good ones, many, and several of one kid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/crypt/idtoken.h"
#include "tests/unit/mem.h"
#include "tests/unit/signer.h"

/* ---- odd keys ---- */

static char *
bytes(size_t n, uint8_t first, uint8_t last)
{
	uint8_t *p = talloc_zero_size(mem, n);

	memset(p, 0x5A, n);
	p[0] = first;
	p[n - 1] = last;
	return base64url_print(mem, p, n);
}

static char *
rsa(size_t n, uint8_t last, const char *e)
{
	return talloc_asprintf(mem, "{\"kty\":\"RSA\",\"kid\":\"odd\",\"n\":\"%s\",\"e\":\"%s\"}",
	    bytes(n, 0xA5, last), e);
}

#define ED(x)           "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"odd\",\"x\":\"" x "\"}"
#define ODD(kind, more) signer_jwk(mem, kind, 1, ",\"kid\":\"odd\"" more)

static void
an_odd_key_is_passed_over_and_never_its_set(void **state)
{
	const struct {
		const char    *from, *key;
		enum jwk_fault why;
	} cases[] = {
		/* section 5: the implementation does not understand the kty, or members are missing
		 */
		{ "7517 5: another kind", "{\"kty\":\"AKP\",\"kid\":\"odd\",\"pub\":\"AAAA\"}",
		    JWK_KIND },
		{ "7517 5: no kind", "{\"kid\":\"odd\"}", JWK_KIND },
		{ "7517 5: an empty key", "{}", JWK_KIND },
		{ "7517 5: no object", "7", JWK_FORM },
		{ "7517 5: null", "null", JWK_FORM },
		{ "7517 5: a list", "[]", JWK_FORM },
		{ "7517 5: a text", "\"odd\"", JWK_FORM },
		{ "7518 6.3.1: RSA without a modulus",
		    "{\"kty\":\"RSA\",\"kid\":\"odd\",\"e\":\"AQAB\"}", JWK_MATERIAL },
		{ "7518 6.3.1: RSA without an exponent",
		    talloc_asprintf(
			mem, "{\"kty\":\"RSA\",\"kid\":\"odd\",\"n\":\"%s\"}", bytes(256, 0xA5, 1)),
		    JWK_MATERIAL },
		{ "7517 4.7: a certificate only",
		    "{\"kty\":\"RSA\",\"kid\":\"odd\",\"x5c\":[\"MIIB\"]}", JWK_MATERIAL },
		{ "7518 6.2.1: EC without y",
		    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"odd\",\"x\":\"AAAA\"}",
		    JWK_MATERIAL },
		{ "7518 6.2.1: EC without a curve",
		    "{\"kty\":\"EC\",\"kid\":\"odd\",\"x\":\"AAAA\",\"y\":\"AAAA\"}", JWK_KIND },
		{ "8037 2: OKP without x", "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"odd\"}",
		    JWK_MATERIAL },
		/* members of another type */
		{ "7517 4.1: kty is a number", "{\"kty\":1,\"kid\":\"odd\"}", JWK_FORM },
		{ "7517 4.2: use is a list", ODD(SIGNER_P256, ",\"use\":[\"sig\"]"), JWK_FORM },
		{ "7517 4.3: key_ops is a text", ODD(SIGNER_P256, ",\"key_ops\":\"verify\""),
		    JWK_FORM },
		{ "7517 4.5: kid is a number", signer_jwk(mem, SIGNER_P256, 1, ",\"kid\":7"),
		    JWK_FORM },
		{ "7518 6.3.1: n is a list",
		    "{\"kty\":\"RSA\",\"kid\":\"odd\",\"n\":[],\"e\":\"AQAB\"}", JWK_MATERIAL },
		{ "an issuer that is a number", ODD(SIGNER_P256, ",\"issuer\":7"), JWK_FORM },
		{ "an issuer that is empty", ODD(SIGNER_P256, ",\"issuer\":\"\""), JWK_FORM },
		/* for something else */
		{ "7517 4.2: for encryption", ODD(SIGNER_P256, ",\"use\":\"enc\""), JWK_USE },
		{ "7517 4.2: for another use", ODD(SIGNER_P256, ",\"use\":\"tls\""), JWK_USE },
		{ "7517 4.3: for signing only", ODD(SIGNER_P256, ",\"key_ops\":[\"sign\"]"),
		    JWK_USE },
		{ "7517 4.3: for wrapping", ODD(SIGNER_P256, ",\"key_ops\":[\"wrapKey\",7]"),
		    JWK_USE },
		{ "7517 4.3: for nothing", ODD(SIGNER_P256, ",\"key_ops\":[]"), JWK_USE },
		{ "7518 4: RSA for encryption", ODD(SIGNER_RSA, ",\"alg\":\"RSA-OAEP\""), JWK_ALG },
		{ "7518 6.4: symmetric",
		    "{\"kty\":\"oct\",\"kid\":\"odd\",\"k\":\"AAAA\",\"alg\":\"HS256\"}",
		    JWK_KIND },
		/* another family */
		{ "7518 3.1: RSA for ES256", ODD(SIGNER_RSA, ",\"alg\":\"ES256\""), JWK_ALG },
		{ "7518 3.1: EC for RS256", ODD(SIGNER_P256, ",\"alg\":\"RS256\""), JWK_ALG },
		{ "7518 3.4: P-256 for ES384", ODD(SIGNER_P256, ",\"alg\":\"ES384\""), JWK_ALG },
		{ "8037 3.1: EC for EdDSA", ODD(SIGNER_P256, ",\"alg\":\"EdDSA\""), JWK_ALG },
		{ "7518 3.2: RSA for HS256", ODD(SIGNER_RSA, ",\"alg\":\"HS256\""), JWK_ALG },
		{ "7518 3.6: RSA for none", ODD(SIGNER_RSA, ",\"alg\":\"none\""), JWK_ALG },
		{ "8812 3.1: secp256k1",
		    "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"kid\":\"odd\",\"x\":\"AAAA\",\"y\":"
		    "\"AAAA\"}",
		    JWK_KIND },
		{ "8037 3.2: X25519",
		    "{\"kty\":\"OKP\",\"crv\":\"X25519\",\"kid\":\"odd\",\"x\":\"AAAA\"}",
		    JWK_KIND },
		{ "8037 3.1: Ed448",
		    "{\"kty\":\"OKP\",\"crv\":\"Ed448\",\"kid\":\"odd\",\"x\":\"AAAA\"}",
		    JWK_KIND },
		/* lengths */
		{ "7518 3.3: RSA of 1,024 bits", rsa(128, 1, "AQAB"), JWK_SHORT },
		{ "7518 3.3: RSA of 2,040 bits", rsa(255, 1, "AQAB"), JWK_SHORT },
		{ "RSA of 4,104 bits", rsa(513, 1, "AQAB"), JWK_LONG },
		{ "RSA of 8,192 bits", rsa(1024, 1, "AQAB"), JWK_LONG },
		{ "RSA of 65,536 bits", rsa(8192, 1, "AQAB"), JWK_LONG },
		{ "RSA of nought",
		    talloc_asprintf(mem,
			"{\"kty\":\"RSA\",\"kid\":\"odd\",\"n\":\"%s\",\"e\":\"AQAB\"}",
			bytes(1, 0, 0)),
		    JWK_SHORT },
		{ "7517 4.5: a kid of 201 bytes",
		    signer_jwk(
			mem, SIGNER_P256, 1, talloc_asprintf(mem, ",\"kid\":\"odd%0198d\"", 0)),
		    JWK_LENGTH },
		{ "an issuer of 513 bytes", ODD(SIGNER_P256, ",\"issuer\":\"x"),
		    JWK_LENGTH }, /* made below */
		/* weak or malformed */
		{ "an even modulus", rsa(256, 2, "AQAB"), JWK_MATERIAL },
		{ "8017 3.1: the exponent 1", rsa(256, 1, "AQ"), JWK_MATERIAL },
		{ "8017 3.1: the exponent 0", rsa(256, 1, "AA"), JWK_MATERIAL },
		{ "8017 3.1: an even exponent", rsa(256, 1, "Ag"), JWK_MATERIAL },
		{ "an exponent of 9 bytes", rsa(256, 1, "AQAAAAAAAAAB"), JWK_MATERIAL },
		{ "an exponent as long as a modulus", rsa(256, 1, bytes(256, 0xA5, 1)),
		    JWK_MATERIAL },
		{ "7515 2: base64 with padding", rsa(256, 1, "AQAB===="), JWK_MATERIAL },
		{ "7515 2: base64 that is not base64url", rsa(256, 1, "A+/B"), JWK_MATERIAL },
		{ "7518 6.2.1.2: a point off the curve",
		    talloc_asprintf(mem,
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"odd\",\"x\":\"%s\",\"y\":\"%"
			"s\"}",
			bytes(32, 1, 1), bytes(32, 1, 1)),
		    JWK_MATERIAL },
		{ "7518 6.2.1.2: coordinates that are too long",
		    talloc_asprintf(mem,
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"odd\",\"x\":\"%s\",\"y\":\"%"
			"s\"}",
			bytes(33, 1, 1), bytes(33, 1, 1)),
		    JWK_MATERIAL },
		{ "8037 2: 31 bytes", talloc_asprintf(mem, ED("%s"), bytes(31, 1, 1)),
		    JWK_MATERIAL },
		{ "8037 2: 33 bytes", talloc_asprintf(mem, ED("%s"), bytes(33, 1, 1)),
		    JWK_MATERIAL },
		{ "8032 5.1: the neutral point", ED("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		    JWK_MATERIAL },
		{ "8032 5.1: the neutral point, with a sign",
		    ED("AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAIA"), JWK_MATERIAL },
		{ "8032 5.1: a point of order 4", ED("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
		    JWK_MATERIAL },
		{ "8032 5.1: a point of order 8", ED("xxdqcD1N2E-6PAt2DRBnDyogU_osOczGTsf9d5KsA3o"),
		    JWK_MATERIAL },
		{ "8032 5.1: another of order 8", ED("JuiVj8KyJ7BFw_SJ8u-Y8NXfrAXTxjM5sTgCiG1T_AU"),
		    JWK_MATERIAL },
		{ "8032 5.1.3: beyond the prime",
		    ED("7v________________________________________38"), JWK_MATERIAL },
	};
	const struct jws_alg *a = jws_by_name(STR("ES256"));
	char                 *good = signer_jwk(mem, SIGNER_P256, 0, ",\"kid\":\"good\"");
	char                 *token = signer_token(
			    mem, signer_key(SIGNER_P256, 0), a, "{\"alg\":\"ES256\",\"kid\":\"good\"}", "{}");

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		char       *odd = talloc_strdup(mem, cases[i].key);
		bool        told = cases[i].why != JWK_USE;
		struct jwks ks;

		if (strstr(cases[i].from, "issuer of 513") != NULL) {
			odd[strlen(odd) - 1] = '\0';
			odd = talloc_asprintf(mem, "%s%0512d\"}", odd, 0);
		}
		for (int order = 0; order < 2; order++) {
			if (!signer_read(mem,
				talloc_asprintf(
				    mem, "%s,%s", order ? good : odd, order ? odd : good),
				&ks))
				fail_msg("%s: spoils the set", cases[i].from);
			assert_int_equal(ks.n, 1);
			assert_true(signer_verify(mem, &ks, token, 0));
			assert_int_equal(ks.left_n, told);
			if (told && ks.left[0].why != cases[i].why)
				fail_msg("%s: %s", cases[i].from, jwk_fault_word(ks.left[0].why));
		}
		assert_false(signer_read(mem, odd, &ks));
	}
}

static void
what_is_legal_if_odd_is_taken(void **state)
{
	const struct {
		const char *from, *more;
	} cases[] = {
		{ "7517 4: unknown members",
		    ",\"foo\":{\"bar\":[1]},\"x5c\":[\"zz\"],\"x5t\":7,\"x5u\":null" },
		{ "what is null is not there",
		    ",\"kid\":null,\"alg\":null,\"use\":null,\"key_ops\":null,\"issuer\":null" },
		{ "7517 4.2: for signatures", ",\"use\":\"sig\"" },
		{ "7517 4.3: for verifying", ",\"key_ops\":[\"verify\"]" },
		{ "7517 4.3: for both",
		    ",\"key_ops\":[\"sign\",\"verify\",\"x\"],\"use\":\"sig\"" },
		{ "7517 4.5: without a kid", "" },
		{ "7517 4.5: an empty kid", ",\"kid\":\"\"" },
		{ "7517 4.5: a kid of 200 bytes", NULL },
		{ "7517 4.5: a kid of other letters", ",\"kid\":\"\\u00e4\\u0000\\\"\\u202e\"" },
	};

	(void)state;
	for (int kind = 0; kind < SIGNER_KINDS; kind++) {
		for (size_t i = 0; i < LEN(cases); i++) {
			const char *more = cases[i].more;
			struct jwks ks;

			if (more == NULL)
				more = talloc_asprintf(mem, ",\"kid\":\"%0200d\"", 0);
			if (!signer_read(
				mem, signer_jwk(mem, (enum signer_kind)kind, 0, more), &ks))
				fail_msg("%s", cases[i].from);
			assert_int_equal(ks.n, 1);
			assert_int_equal(ks.left_n, 0);
		}
	}
}

/* Libraries of signed numbers put a nought in front (RFC 7518 section 6.3.1.1), others drop
 * noughts. */
static void
noughts_in_front_of_a_number_change_nothing(void **state)
{
	const struct jws_alg *rs = jws_by_name(STR("RS256"));
	EVP_PKEY             *key = signer_key(SIGNER_RSA, 0);
	char                 *token = signer_token(mem, key, rs, "{\"alg\":\"RS256\"}", "{}");
	const struct json    *v = signer_tree(mem, signer_jwk(mem, SIGNER_RSA, 0, ""));
	uint8_t               raw[257] = { 0 };
	struct jwks           ks;
	size_t                n;

	(void)state;
	assert_true(base64url_parse(json_get(v, "n")->text, raw + 1, sizeof(raw) - 1, &n));
	assert_true(signer_read(mem,
	    talloc_asprintf(mem, "{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AAEAAQ\"}",
		base64url_print(mem, raw, n + 1)),
	    &ks));
	assert_true(signer_verify(mem, &ks, token, 0));
	/* the point of P-256 whose x begins with a nought byte, that of RFC 7515 with a nought more
	 */
	assert_true(signer_read(mem,
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AH_Nzidw9sRdQYPL7m_bS3tYBzM1e-"
	    "nvE7rPbjx70VRF\","
	    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}",
	    &ks));
}

/* ---- sets ---- */

static void
one_kid_may_name_keys_of_several_kinds_and_of_one(void **state)
{
	const struct jws_alg *a;
	char                 *set = talloc_strdup(mem, "");
	struct jwks           ks;

	(void)state;
	for (unsigned which = 0; which < 2; which++)
		for (int kind = 0; kind < SIGNER_KINDS; kind++)
			set = talloc_asprintf(mem, "%s%s%s", set, *set == '\0' ? "" : ",",
			    signer_jwk(mem, (enum signer_kind)kind, which, ",\"kid\":\"k\""));
	set = talloc_asprintf(mem, "%s,%s", set, set); /* each twice: the same key is one */
	assert_true(signer_read(mem, set, &ks));
	assert_int_equal(ks.n, 2 * SIGNER_KINDS);
	for (size_t i = 0; (a = jws_at(i)) != NULL; i++)
		for (unsigned which = 0; which < 2; which++)
			assert_true(signer_verify(mem, &ks,
			    signer_token(mem, signer_key(signer_kind_of(a), which), a,
				talloc_asprintf(mem, "{\"alg\":\"%s\",\"kid\":\"k\"}", a->name),
				"{}"),
			    jws_bit(a)));
}

/* RFC 7517 section 4.5: the member is optional, of the key and of the token. */
static void
a_kid_is_followed_where_it_is_known(void **state)
{
	static const struct {
		const char *mine, *other, *token; /* kids; NULL: none */
		bool        taken;
	} cases[] = {
		{ "a", "b", "a", true },
		{ "a", "b", "b", false },
		{ "a", "b", "c", false },
		{ "a", "b", NULL, true },
		{ NULL, "b", "b", false },
		{ NULL, "b", "c", true },
		{ NULL, "b", NULL, true },
		{ NULL, NULL, "c", true },
		{ NULL, NULL, NULL, true },
		{ "A", "b", "a", false },
	};
	const struct jws_alg *a = jws_by_name(STR("ES256"));

	(void)state;
	for (size_t i = 0; i < LEN(cases); i++) {
		const char *kids[3] = { cases[i].mine, cases[i].other, cases[i].token };
		char       *parts[3];
		struct jwks ks;

		for (size_t j = 0; j < 3; j++)
			parts[j] = kids[j] == NULL
				       ? talloc_strdup(mem, "")
				       : talloc_asprintf(mem, ",\"kid\":\"%s\"", kids[j]);
		assert_true(signer_read(mem,
		    talloc_asprintf(mem, "%s,%s", signer_jwk(mem, SIGNER_P256, 1, parts[1]),
			signer_jwk(mem, SIGNER_P256, 0, parts[0])),
		    &ks));
		assert_int_equal(
		    signer_verify(mem, &ks,
			signer_token(mem, signer_key(SIGNER_P256, 0), a,
			    talloc_asprintf(mem, "{\"alg\":\"ES256\"%s}", parts[2]), "{}"),
			0),
		    cases[i].taken);
	}
}

/* As many keys as there are, of 2,048 bits, and the good one at that place. */
static char *
many(size_t n, size_t good_at, const char *odd)
{
	char *set = talloc_strdup(mem, "");

	for (size_t i = 0; i < n; i++) {
		char *one =
		    i == good_at ? signer_jwk(mem, SIGNER_P256, 0, ",\"kid\":\"good\"")
		    : odd != NULL
			? talloc_strdup(mem, odd)
			: talloc_asprintf(mem,
			      "{\"kty\":\"RSA\",\"kid\":\"k%zu\",\"n\":\"%s\",\"e\":\"AQAB\"}", i,
			      bytes(256, 0xA5, (uint8_t)(2 * i + 1)));
		set = talloc_asprintf_append(set, "%s%s", i > 0 ? "," : "", one);
	}
	return set;
}

static void
of_many_keys_those_are_kept_that_are_of_use(void **state)
{
	struct jwks ks;

	(void)state;
	assert_true(signer_read(mem, many(33, 0, NULL), &ks));
	assert_int_equal(ks.n, JWKS_MAX);
	assert_int_equal(ks.left_n, 1);
	assert_int_equal(ks.left[0].why, JWK_MORE);
	/* those that are of no use take no room, up to the bound */
	assert_true(signer_read(
	    mem, many(JWKS_LOOK_MAX, JWKS_LOOK_MAX - 1, "{\"kty\":\"RSA\",\"n\":\"AA\"}"), &ks));
	assert_int_equal(ks.n, 1);
	assert_int_equal(ks.left_n, JWKS_LEFT_MAX);
	assert_false(signer_read(mem, many(JWKS_LOOK_MAX + 1, JWKS_LOOK_MAX, "{}"), &ks));
	assert_false(signer_read(mem, "", &ks));
}

static void
what_does_not_fit_is_left_out_from_the_end_and_the_rest_comes_back(void **state)
{
	struct err e = { 0 };

	(void)state;
	for (size_t max = 700; max < 24576; max += 997) {
		struct jwks ks, again;
		struct buf  b, c;

		assert_true(signer_read(mem, many(40, 0, NULL), &ks));
		buf_make(&b, mem);
		jwks_print(&b, &ks, max);
		assert_true(b.n <= max);
		if (ks.n != JWKS_MAX && ks.n * 400 + 800 < max)
			fail_msg("%zu keys in %zu bytes, %zu", ks.n, max, b.n);
		assert_true(jwks_load(signer_tree(mem, b.p), &again, &e));
		assert_int_equal(again.n, ks.n);
		assert_int_equal(again.left_n, ks.left_n);
		buf_make(&c, mem);
		jwks_print(&c, &again, max);
		assert_string_equal(b.p, c.p);
	}
}

static void
why_a_key_was_passed_over_is_known_by_its_kid(void **state)
{
	struct jwks ks, again;
	struct err  e = { 0 };
	struct buf  b;

	(void)state;
	assert_true(signer_read(mem,
	    talloc_asprintf(mem, "%s,%s", signer_jwk(mem, SIGNER_P256, 0, ",\"kid\":\"good\""),
		rsa(128, 1, "AQAB")),
	    &ks));
	buf_make(&b, mem);
	jwks_print(&b, &ks, 4096);
	assert_true(jwks_load(signer_tree(mem, b.p), &again, &e));
	assert_null(jwks_left_out(&again, STR("good")));
	assert_null(jwks_left_out(&again, STR("")));
	assert_non_null(jwks_left_out(&again, STR("odd")));
	assert_int_equal(jwks_left_out(&again, STR("odd"))->why, JWK_SHORT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_odd_key_is_passed_over_and_never_its_set),
		TEST(what_is_legal_if_odd_is_taken),
		TEST(noughts_in_front_of_a_number_change_nothing),
		TEST(one_kid_may_name_keys_of_several_kinds_and_of_one),
		TEST(a_kid_is_followed_where_it_is_known),
		TEST(of_many_keys_those_are_kept_that_are_of_use),
		TEST(what_does_not_fit_is_left_out_from_the_end_and_the_rest_comes_back),
		TEST(why_a_key_was_passed_over_is_known_by_its_kid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
