/*
 * Access tokens: what we sign we accept, libjwt accepts it too, and every forgery
 * known from the field is refused.  Forgeries are signed with a real key where
 * the signature is not the point.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jwt.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core/base/hash.h"
#include "core/json/json.h"
#include "core/crypt/token.h"
#include "core/crypt/token_key.h"

#define LEN(a)  (sizeof(a) / sizeof *(a))
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_mem, free_mem)

#define ISS "https://drift.example.org"
#define NOW 1800000000

static TALLOC_CTX        *mem;
static struct token_key  *key;
static struct token_keys *keys;

static int64_t
stepped_ms(const struct clock *c)
{
	return c->set_ms;
}

static const struct clock_ops stepped_ops = { stepped_ms, stepped_ms };
static struct clock           now = { &stepped_ops, INT64_C(1000) * NOW };

static const struct token_claims claims = {
	.iss = ISS,
	.aud = ISS,
	.tenant = { { 1 } },
	.user = { { 2 } },
	.session = { { 3 } },
	.jti = { { 4 } },
	.iat = NOW,
	.exp = NOW + 600,
	.auth_time = NOW - 60,
	.aal = 2,
};

static int
make_mem(void **state)
{
	struct err e = { 0 };

	(void)state;
	mem = talloc_new(NULL);
	key = token_key_make(mem, &e);
	keys = token_keys_make(mem);
	now.set_ms = INT64_C(1000) * NOW;
	return key == NULL || keys == NULL || !token_keys_add(keys, key, &e);
}

static int
free_mem(void **state)
{
	(void)state;
	talloc_free(mem);
	return 0;
}

static char *
b64(const char *text)
{
	return base64url_print(mem, (const uint8_t *)text, strlen(text));
}

static char *
sign_text(const char *text)
{
	uint8_t raw[TOKEN_SIG_LEN];

	assert_true(token_key_sign(key, str_of(text), raw));
	return talloc_asprintf(mem, "%s.%s", text, base64url_print(mem, raw, sizeof(raw)));
}

/* A token of any header and claims, with a good signature by `key`. */
static char *
forge(const char *header, const char *body)
{
	return sign_text(talloc_asprintf(mem, "%s.%s", b64(header), b64(body)));
}

static char *
good_header(void)
{
	return talloc_asprintf(
	    mem, "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", token_key_kid(key));
}

#define SUB  "\"sub\":\"02000000-0000-0000-0000-000000000000\""
#define TID  "\"tid\":\"01000000-0000-0000-0000-000000000000\""
#define SID  "\"sid\":\"03000000-0000-0000-0000-000000000000\""
#define JTI  "\"jti\":\"04000000-0000-0000-0000-000000000000\""
#define WHO  SUB "," TID "," SID "," JTI
#define FROM "\"iss\":\"" ISS "\",\"aud\":\"" ISS "\""
#define WHEN "\"iat\":1800000000,\"exp\":1800000600,\"auth_time\":1799999940,\"aal\":2"

static bool
accepts(struct str token, bool *unknown)
{
	struct token_claims out;
	struct err          e = { 0 };
	bool                ok =
	    token_check(mem, &(struct token_expect) { keys, ISS, &now }, token, &out, unknown, &e);

	if (!ok) {
		assert_int_equal(e.code, ERR_UNAUTHENTICATED);
		assert_string_equal(e.pub, "The access token is not valid.");
	}
	return ok;
}

static bool
is_accepted(const char *token)
{
	bool unknown;

	return accepts(str_of(token), &unknown) && !unknown;
}

static char *
good(void)
{
	struct err e = { 0 };
	char      *t = token_sign(mem, key, &claims, &e);

	assert_non_null(t);
	return t;
}

static void
what_is_signed_is_read_back(void **state)
{
	struct token_claims out;
	struct err          e = { 0 };
	bool                unknown;
	char               *t = good();

	(void)state;
	assert_true(token_check(
	    mem, &(struct token_expect) { keys, ISS, &now }, str_of(t), &out, &unknown, &e));
	assert_string_equal(out.iss, ISS);
	assert_string_equal(out.aud, ISS);
	assert_true(uuid_eq(&out.tenant, &claims.tenant));
	assert_true(uuid_eq(&out.user, &claims.user));
	assert_true(uuid_eq(&out.session, &claims.session));
	assert_true(uuid_eq(&out.jti, &claims.jti));
	assert_int_equal(out.iat, claims.iat);
	assert_int_equal(out.exp, claims.exp);
	assert_int_equal(out.auth_time, claims.auth_time);
	assert_int_equal(out.aal, 2);
	assert_true(strlen(t) < TOKEN_MAX);
	/* A signature of ECDSA has random length in DER and a fixed one here. */
	for (int i = 0; i < 300; i++)
		assert_true(is_accepted(good()));
}

/* The public half as PEM, which is what libjwt reads. */
static char *
public_pem(void)
{
	struct blob    der;
	struct err     e = { 0 };
	const uint8_t *p;
	EVP_PKEY      *pkey;
	BIO           *bio = BIO_new(BIO_s_mem());
	char          *text, *out;
	long           n;

	assert_true(token_key_export(mem, key, &der, &e));
	p = der.p;
	pkey = d2i_AutoPrivateKey(NULL, &p, (long)der.n);
	assert_non_null(pkey);
	assert_int_equal(PEM_write_bio_PUBKEY(bio, pkey), 1);
	n = BIO_get_mem_data(bio, &text);
	out = talloc_strndup(mem, text, (size_t)n);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return out;
}

/*
 * libjwt 1.10 refuses every typ but JWT, so the same claims and key are signed
 * under that one: what it then checks is our base64url and our signature.
 */
static void
libjwt_accepts_what_we_sign(void **state)
{
	char  *pem = public_pem(), *ours = good(), *body, *t;
	jwt_t *jwt = NULL;

	(void)state;
	assert_int_not_equal(
	    jwt_decode(&jwt, ours, (const unsigned char *)pem, (int)strlen(pem)), 0);
	body = strchr(ours, '.') + 1;
	*strchr(body, '.') = '\0';
	t = talloc_asprintf(mem, "%s.%s", b64("{\"alg\":\"ES256\",\"typ\":\"JWT\"}"), body);
	t = sign_text(t);
	assert_int_equal(jwt_decode(&jwt, t, (const unsigned char *)pem, (int)strlen(pem)), 0);
	assert_int_equal(jwt_get_alg(jwt), JWT_ALG_ES256);
	assert_string_equal(jwt_get_grant(jwt, "iss"), ISS);
	assert_string_equal(jwt_get_grant(jwt, "sub"), "02000000-0000-0000-0000-000000000000");
	assert_int_equal(jwt_get_grant_int(jwt, "exp"), NOW + 600);
	jwt_free(jwt);
	assert_false(is_accepted(t));
	t[strlen(t) - 10] = t[strlen(t) - 10] == 'A' ? 'B' : 'A';
	assert_int_not_equal(jwt_decode(&jwt, t, (const unsigned char *)pem, (int)strlen(pem)), 0);
}

static void
a_change_of_any_letter_is_refused(void **state)
{
	char  *t = good();
	size_t n = strlen(t);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		char was = t[i];

		t[i] = was == 'A' ? 'B' : 'A';
		assert_false(is_accepted(t));
		t[i] = '=';
		assert_false(is_accepted(t));
		t[i] = was;
	}
	for (size_t i = 0; i < n; i++) {
		bool unknown;

		assert_false(accepts((struct str) { t, i }, &unknown));
	}
	assert_true(is_accepted(t));
}

static void
a_second_spelling_of_a_token_is_refused(void **state)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char  *t = good();
	size_t last = strlen(t) - 1;
	size_t at = (size_t)(strchr(alphabet, t[last]) - alphabet);

	(void)state;
	/* 64 bytes end in a letter of which four bits are unused. */
	assert_int_equal(at % 16, 0);
	for (size_t i = 1; i < 16; i++) {
		t[last] = alphabet[at + i];
		assert_false(is_accepted(t));
	}
	t[last] = alphabet[at];
	assert_true(is_accepted(t));
	assert_false(is_accepted(talloc_asprintf(mem, "%s=", t)));
	assert_false(is_accepted(talloc_asprintf(mem, "%s==", t)));
	assert_false(is_accepted(talloc_asprintf(mem, "%s.", t)));
	assert_false(is_accepted(talloc_asprintf(mem, ".%s", t)));
	assert_false(is_accepted(talloc_asprintf(mem, " %s", t)));
	assert_false(is_accepted(talloc_asprintf(mem, "%s\n", t)));
	assert_false(is_accepted(talloc_asprintf(mem, "%s.%s", t, t)));
}

static void
headers_of_another_kind_are_refused(void **state)
{
	static const char *const rows[] = {
		"{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"None\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"es256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":[\"ES256\"],\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"typ\":\"application/at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"typ\":\"AT+JWT\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"typ\":null,\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"kid\":\"%s\"}",
		"{\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":[\"%s\"]}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"crit\":[\"exp\"]}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"jwk\":{}}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\",\"b64\":false}",
		"{\"alg\":\"none\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"\\u0061lg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
		"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"",
		"[\"ES256\",\"at+jwt\",\"%s\"]",
		"\"%s\"",
		"{\"alg\":\"ES256\\u0000\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}",
	};

	(void)state;
	assert_true(is_accepted(forge(good_header(), "{" FROM "," WHO "," WHEN "}")));
	for (size_t i = 0; i < LEN(rows); i++) {
		struct str mark = str_of(strstr(rows[i], "%s"));
		char      *h = talloc_asprintf(mem, "%.*s%s%s", (int)(mark.p - rows[i]), rows[i],
			 token_key_kid(key), mark.p + 2);

		assert_false(is_accepted(forge(h, "{" FROM "," WHO "," WHEN "}")));
	}
}

/* The public key as an HMAC secret: the classic confusion of algorithms. */
static void
hs256_with_the_public_key_is_refused(void **state)
{
	char *pem = public_pem();
	char *header = talloc_asprintf(
	    mem, "{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"%s\"}", token_key_kid(key));
	char *text = talloc_asprintf(mem, "%s.%s", b64(header), b64("{" FROM "," WHO "," WHEN "}"));
	uint8_t mac[HASH_LEN];

	(void)state;
	hash_hmac((const uint8_t *)pem, strlen(pem), text, strlen(text), mac);
	assert_false(is_accepted(
	    talloc_asprintf(mem, "%s.%s", text, base64url_print(mem, mac, sizeof(mac)))));
}

static void
degenerate_signatures_are_refused(void **state)
{
	char *text =
	    talloc_asprintf(mem, "%s.%s", b64(good_header()), b64("{" FROM "," WHO "," WHEN "}"));
	uint8_t raw[TOKEN_SIG_LEN] = { 0 };

	(void)state;
	assert_false(is_accepted(talloc_asprintf(mem, "%s.", text)));
	assert_false(is_accepted(talloc_asprintf(mem, "%s.AAAA", text)));
	for (unsigned fill = 0; fill < 256;
	     fill += 85) { /* r = s = 0: CVE-2022-21449; and >= the order */
		memset(raw, (int)fill, sizeof(raw));
		assert_false(is_accepted(
		    talloc_asprintf(mem, "%s.%s", text, base64url_print(mem, raw, sizeof(raw)))));
	}
}

static void
claims_that_are_missing_or_wrong_are_refused(void **state)
{
	static const char *const rows[] = {
		"{}",
		"[]",
		"null",
		"{" FROM "," WHO "," WHEN,
		"{" WHO "," WHEN "}",
		"{\"iss\":\"" ISS "\"," WHO "," WHEN "}",
		"{\"aud\":\"" ISS "\"," WHO "," WHEN "}",
		"{\"iss\":\"https://evil.example\",\"aud\":\"" ISS "\"," WHO "," WHEN "}",
		"{\"iss\":\"" ISS "\",\"aud\":\"https://evil.example\"," WHO "," WHEN "}",
		"{\"iss\":\"" ISS "/\",\"aud\":\"" ISS "\"," WHO "," WHEN "}",
		"{\"iss\":\"" ISS "\",\"aud\":[\"" ISS "\"]," WHO "," WHEN "}",
		"{" FROM "," TID "," SID "," JTI "," WHEN "}",
		"{" FROM "," SUB "," SID "," JTI "," WHEN "}",
		"{" FROM "," SUB "," TID "," JTI "," WHEN "}",
		"{" FROM "," SUB "," TID "," SID "," WHEN "}",
		"{" FROM ",\"sub\":\"admin\"," TID "," SID "," JTI "," WHEN "}",
		"{" FROM ",\"sub\":\"00000000-0000-0000-0000-000000000000\"," TID "," SID "," JTI
		"," WHEN "}",
		"{" FROM "," WHO "," WHEN "," SUB "}",
		"{" FROM "," WHO "," WHEN ",\"exp\":9999999999}",
		"{" FROM "," WHO ",\"exp\":1800000600,\"auth_time\":1799999940,\"aal\":2}",
		"{" FROM "," WHO ",\"iat\":1800000000,\"auth_time\":1799999940,\"aal\":2}",
		"{" FROM "," WHO ",\"iat\":1800000000,\"exp\":1800000600,\"aal\":2}",
		"{" FROM "," WHO ",\"iat\":1800000000,\"exp\":1800000600,\"auth_time\":1799999940}",
		"{" FROM "," WHO
		",\"iat\":1800000000,\"exp\":1800000600,\"auth_time\":1799999940,\"aal\":3}",
		"{" FROM "," WHO
		",\"iat\":1800000000,\"exp\":1800000600,\"auth_time\":1799999940,\"aal\":0}",
		"{" FROM "," WHO
		",\"iat\":1800000000,\"exp\":\"1800000600\",\"auth_time\":1799999940,\"aal\":2}",
		"{" FROM "," WHO
		",\"iat\":1800000000,\"exp\":1.9e9,\"auth_time\":1799999940,\"aal\":2}",
		"{" FROM "," WHO
		",\"iat\":1800000000,\"exp\":18000006000000000000,\"auth_time\":1,\"aal\":2}",
		"{" FROM "," WHO
		",\"iat\":-1,\"exp\":1800000600,\"auth_time\":1799999940,\"aal\":2}",
		"{" FROM "," WHO
		",\"iat\":1700000000,\"exp\":1800000000,\"auth_time\":1700000000,\"aal\":2}",
		"{" FROM "," WHO
		",\"iat\":1800000031,\"exp\":1800000600,\"auth_time\":1799999940,\"aal\":2}",
		"{" FROM "," WHO "," WHEN ",\"nbf\":1800000031}",
		"{" FROM "," WHO "," WHEN ",\"nbf\":\"1800000000\"}",
		"{" FROM "," WHO "," WHEN ",\"nbf\":null}",
	};
	static const char *const fine[] = {
		"{" FROM "," WHO "," WHEN ",\"nbf\":1800000030}",
		"{" FROM "," WHO "," WHEN ",\"more\":{\"of\":[1]}}",
		"{" FROM "," WHO
		",\"iat\":1800000030,\"exp\":1800000600,\"auth_time\":1799999940,\"aal\":1}",
	};

	(void)state;
	for (size_t i = 0; i < LEN(rows); i++)
		assert_false(is_accepted(forge(good_header(), rows[i])));
	for (size_t i = 0; i < LEN(fine); i++)
		assert_true(is_accepted(forge(good_header(), fine[i])));
}

static void
a_token_ends_on_its_second(void **state)
{
	char *t = good();

	(void)state;
	now.set_ms = INT64_C(1000) * (NOW + 600) - 1;
	assert_true(is_accepted(t));
	now.set_ms = INT64_C(1000) * (NOW + 600);
	assert_false(is_accepted(t));
	now.set_ms = INT64_C(1000) * (NOW - TOKEN_SKEW_S);
	assert_true(is_accepted(t));
	now.set_ms = INT64_C(1000) * (NOW - TOKEN_SKEW_S) - 1000;
	assert_false(is_accepted(t));
}

static void
an_unknown_kid_is_told_apart(void **state)
{
	struct err        e = { 0 };
	struct token_key *other = token_key_make(mem, &e);
	char             *t = token_sign(mem, other, &claims, &e);
	bool              unknown = false;

	(void)state;
	assert_false(accepts(str_of(t), &unknown));
	assert_true(unknown);
	/* What cannot be one of ours is not looked for. */
	assert_false(
	    accepts(str_of(forge("{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"../../etc\"}",
			"{" FROM "," WHO "," WHEN "}")),
		&unknown));
	assert_false(unknown);
	/* Another's signature under our kid. */
	t = talloc_asprintf(mem, "%s%s", b64(good_header()), strchr(t, '.'));
	assert_false(accepts(str_of(t), &unknown));
	assert_false(unknown);
	assert_true(token_keys_add(keys, other, &e));
	assert_true(is_accepted(token_sign(mem, other, &claims, &e)));
	assert_true(is_accepted(good()));
}

static void
long_tokens_are_refused_unread(void **state)
{
	struct token_claims big = claims;
	char               *text = talloc_zero_size(mem, TOKEN_MAX + 2);
	struct err          e = { 0 };
	bool                unknown;

	(void)state;
	memset(text, 'A', TOKEN_MAX + 1);
	text[10] = text[20] = '.';
	assert_false(accepts((struct str) { text, TOKEN_MAX + 1 }, &unknown));
	assert_false(accepts((struct str) { text, TOKEN_MAX }, &unknown));
	assert_false(accepts((struct str) { NULL, 0 }, &unknown));
	text[10] = text[20] = 'A';
	big.iss = big.aud = text;
	assert_null(token_sign(mem, key, &big, &e));
	assert_int_equal(e.code, ERR_INTERNAL);
}

/* The key of RFC 7515 appendix A.3; its thumbprint computed from RFC 7638 section 3. */
static const uint8_t rfc7515_a3[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce,
	0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42,
	0x00, 0x04, 127, 205, 206, 39, 112, 246, 196, 93, 65, 131, 203, 238, 111, 219, 75, 123, 88,
	7, 51, 53, 123, 233, 239, 19, 186, 207, 110, 60, 123, 209, 84, 69, 199, 241, 68, 205, 27,
	189, 155, 126, 135, 44, 223, 237, 185, 238, 185, 244, 179, 105, 93, 110, 169, 11, 36, 173,
	138, 70, 35, 40, 133, 136, 229, 173 };

static void
the_vector_of_rfc_7515_verifies(void **state)
{
	static const char signed_text[] =
	    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
	    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
	static const char sig[] = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
				  "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
	struct err        e = { 0 };
	struct token_key *k =
	    token_key_import(mem, (struct blob) { rfc7515_a3, sizeof(rfc7515_a3) }, &e);
	uint8_t     raw[TOKEN_SIG_LEN], sha[HASH_LEN];
	struct blob der;
	char       *canonical;
	size_t      n;

	(void)state;
	assert_non_null(k);
	assert_true(base64url_parse(str_of(sig), raw, sizeof(raw), &n));
	assert_true(token_key_verify(k, str_of(signed_text), raw));
	raw[63] ^= 1;
	assert_false(token_key_verify(k, str_of(signed_text), raw));
	/* Only its public half is known: it signs nothing and exports nothing. */
	assert_false(token_key_sign(k, str_of(signed_text), raw));
	assert_false(token_key_export(mem, k, &der, &e));
	canonical = talloc_asprintf(mem, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":"
					 "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
					 "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}");
	hash_sha256(canonical, strlen(canonical), sha);
	assert_string_equal(token_key_kid(k), base64url_print(mem, sha, sizeof(sha)));
}

static void
a_key_survives_export_and_import(void **state)
{
	struct err         e = { 0 };
	struct blob        der;
	struct token_key  *again;
	struct token_keys *other = token_keys_make(mem);
	const struct json *jwk;

	(void)state;
	assert_true(token_key_export(mem, key, &der, &e));
	again = token_key_import(mem, der, &e);
	assert_non_null(again);
	assert_string_equal(token_key_kid(again), token_key_kid(key));
	assert_true(is_accepted(token_sign(mem, again, &claims, &e)));
	jwk = json_parse(mem, str_of(token_key_jwk(mem, again)), &e);
	assert_non_null(jwk);
	assert_true(str_eqz(json_get(jwk, "kid")->text, token_key_kid(key)));
	assert_true(str_eqz(json_get(jwk, "alg")->text, "ES256"));
	assert_null(json_get(jwk, "d"));
	for (size_t i = 0; i < der.n; i++)
		assert_null(token_key_import(mem, (struct blob) { der.p, i }, &e));
	assert_true(token_keys_add(other, again, &e));
	assert_int_equal(token_keys_count(other), 1);
	assert_ptr_equal(token_keys_at(other, 0), again);
	assert_null(token_keys_at(other, 1));
}

static void
keys_of_other_curves_are_refused(void **state)
{
	static const char *const curves[] = { "P-384", "P-521", "secp256k1" };

	(void)state;
	for (size_t i = 0; i < LEN(curves); i++) {
		struct err e = { 0 };
		EVP_PKEY  *pkey = EVP_EC_gen(curves[i]);
		uint8_t   *der = NULL;
		int        n = i2d_PUBKEY(pkey, &der);

		assert_true(n > 0);
		assert_null(token_key_import(mem, (struct blob) { der, (size_t)n }, &e));
		assert_int_equal(e.code, ERR_INTERNAL);
		OPENSSL_free(der);
		EVP_PKEY_free(pkey);
	}
}

static void
a_set_holds_sixteen_keys_once_each(void **state)
{
	struct err        e = { 0 };
	struct blob       der;
	struct token_key *same;

	(void)state;
	assert_true(token_key_export(mem, key, &der, &e));
	same = token_key_import(mem, der, &e);
	assert_true(token_keys_add(keys, same, &e));
	assert_int_equal(token_keys_count(keys), 1);
	for (int i = 1; i < 16; i++)
		assert_true(token_keys_add(keys, token_key_make(mem, &e), &e));
	assert_false(token_keys_add(keys, token_key_make(mem, &e), &e));
	assert_int_equal(token_keys_count(keys), 16);
	assert_ptr_equal(token_keys_by_kid(keys, str_of(token_key_kid(key))), key);
	assert_null(token_keys_by_kid(keys, STR("")));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_signed_is_read_back),
		TEST(libjwt_accepts_what_we_sign),
		TEST(a_change_of_any_letter_is_refused),
		TEST(a_second_spelling_of_a_token_is_refused),
		TEST(headers_of_another_kind_are_refused),
		TEST(hs256_with_the_public_key_is_refused),
		TEST(degenerate_signatures_are_refused),
		TEST(claims_that_are_missing_or_wrong_are_refused),
		TEST(a_token_ends_on_its_second),
		TEST(an_unknown_kid_is_told_apart),
		TEST(long_tokens_are_refused_unread),
		TEST(the_vector_of_rfc_7515_verifies),
		TEST(a_key_survives_export_and_import),
		TEST(keys_of_other_curves_are_refused),
		TEST(a_set_holds_sixteen_keys_once_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
