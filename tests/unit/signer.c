#include "tests/unit/signer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

static const char *const curves[SIGNER_KINDS] = { NULL, "P-256", "P-384", "P-521", "Ed25519" };

static EVP_PKEY *
make(enum signer_kind kind)
{
	if (kind == SIGNER_RSA)
		return EVP_RSA_gen(2048U);
	if (kind == SIGNER_ED25519)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[kind]);
}

EVP_PKEY *
signer_key(enum signer_kind kind, unsigned which)
{
	static EVP_PKEY *keys[SIGNER_KINDS][2];

	if (keys[kind][which] == NULL)
		keys[kind][which] = make(kind);
	assert_true(keys[kind][which] != NULL);
	return keys[kind][which];
}

static char *
number(TALLOC_CTX *mem, EVP_PKEY *key, const char *name, int pad)
{
	uint8_t raw[512];
	BIGNUM *n = NULL;
	int     len;

	assert_true(EVP_PKEY_get_bn_param(key, name, &n) == 1);
	len = pad > 0 ? BN_bn2binpad(n, raw, pad) : BN_bn2bin(n, raw);
	BN_free(n);
	assert_true(len > 0);
	return base64url_print(mem, raw, (size_t)len);
}

char *
signer_members(TALLOC_CTX *mem, EVP_PKEY *key, enum signer_kind kind)
{
	uint8_t raw[32];
	size_t  n = sizeof(raw);
	int     len = (EVP_PKEY_get_bits(key) + 7) / 8;

	if (kind == SIGNER_RSA)
		return talloc_asprintf(mem, "\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"%s\"",
		    number(mem, key, OSSL_PKEY_PARAM_RSA_N, 0),
		    number(mem, key, OSSL_PKEY_PARAM_RSA_E, 0));
	if (kind == SIGNER_ED25519) {
		assert_true(EVP_PKEY_get_raw_public_key(key, raw, &n) == 1);
		return talloc_asprintf(mem, "\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"%s\"",
		    base64url_print(mem, raw, n));
	}
	return talloc_asprintf(mem, "\"kty\":\"EC\",\"crv\":\"%s\",\"x\":\"%s\",\"y\":\"%s\"",
	    curves[kind], number(mem, key, OSSL_PKEY_PARAM_EC_PUB_X, len),
	    number(mem, key, OSSL_PKEY_PARAM_EC_PUB_Y, len));
}

enum signer_kind
signer_kind_of(const struct jws_alg *a)
{
	for (int i = SIGNER_P256; i < SIGNER_KINDS; i++)
		if (a->crv != NULL && strcmp(a->crv, curves[i]) == 0)
			return (enum signer_kind)i;
	return SIGNER_RSA;
}

/* DER to the two numbers side by side. */
static size_t
to_raw(uint8_t *sig, size_t n, size_t half)
{
	const uint8_t *p = sig;
	ECDSA_SIG     *s = d2i_ECDSA_SIG(NULL, &p, (long)n);

	assert_true(s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), sig, (int)half) > 0 &&
		    BN_bn2binpad(ECDSA_SIG_get0_s(s), sig + half, (int)half) > 0);
	ECDSA_SIG_free(s);
	return 2 * half;
}

char *
signer_sign(TALLOC_CTX *mem, EVP_PKEY *key, const struct jws_alg *a, const char *text)
{
	EVP_MD_CTX   *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c = NULL;
	uint8_t       sig[600];
	size_t        n = sizeof(sig);

	assert_true(EVP_DigestSignInit_ex(md, &c, a->digest, NULL, NULL, key, NULL) == 1);
	if (a->kind == JWS_PSS)
		assert_true(EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
			    EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1);
	assert_true(EVP_DigestSign(md, sig, &n, (const uint8_t *)text, strlen(text)) == 1);
	EVP_MD_CTX_free(md);
	return base64url_print(mem, sig, a->kind == JWS_ECDSA ? to_raw(sig, n, a->half) : n);
}

char *
signer_token(
    TALLOC_CTX *mem, EVP_PKEY *key, const struct jws_alg *a, const char *head, const char *claims)
{
	char *text =
	    talloc_asprintf(mem, "%s.%s", base64url_print(mem, (const uint8_t *)head, strlen(head)),
		base64url_print(mem, (const uint8_t *)claims, strlen(claims)));

	return talloc_asprintf(mem, "%s.%s", text, signer_sign(mem, key, a, text));
}

/* ---- as a sign-in does it ---- */

const struct json *
signer_tree(TALLOC_CTX *mem, const char *text)
{
	struct err         e = { 0 };
	const struct json *v = json_parse(mem, str_of(text), &e);

	if (v == NULL)
		fail_msg("%s: %s", e.pub, text);
	return v;
}

char *
signer_jwk(TALLOC_CTX *mem, enum signer_kind kind, unsigned which, const char *more)
{
	return talloc_asprintf(
	    mem, "{%s%s}", signer_members(mem, signer_key(kind, which), kind), more);
}

bool
signer_read(TALLOC_CTX *mem, const char *keys, struct jwks *ks)
{
	struct err e = { 0 };
	bool       ok =
	    jwks_read(signer_tree(mem, talloc_asprintf(mem, "{\"keys\":[%s]}", keys)), ks, &e);

	assert_true(ok);
	return ks->n > 0;
}

bool
signer_verify(TALLOC_CTX *mem, const struct jwks *ks, const char *text, uint32_t listed)
{
	const struct jwk *keys[JWKS_TRIES];
	struct idtoken    t;
	struct err        e = { 0 };
	size_t            n;

	if (!idtoken_read(mem, str_of(text), &t, &e)) {
		assert_int_equal(e.code, ERR_CREDENTIALS);
		return false;
	}
	n = jwks_match(ks, t.kid, t.jws, listed, keys);
	for (size_t i = 0; i < n; i++) {
		if (idtoken_verify(mem, &t, keys[i], &e))
			return true;
		assert_true(err_take(&e, ERR_CREDENTIALS));
	}
	return false;
}
