#include "core/crypt/jws.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

/* clang-format off */
static const struct jws_alg algs[] = {
	/* name      kind       kty    crv        digest    half libjwt */
	{ "RS256",   JWS_PKCS1, "RSA", NULL,      "SHA256", 0,   true },
	{ "RS384",   JWS_PKCS1, "RSA", NULL,      "SHA384", 0,   true },
	{ "RS512",   JWS_PKCS1, "RSA", NULL,      "SHA512", 0,   true },
	{ "PS256",   JWS_PSS,   "RSA", NULL,      "SHA256", 0,   false },
	{ "PS384",   JWS_PSS,   "RSA", NULL,      "SHA384", 0,   false },
	{ "PS512",   JWS_PSS,   "RSA", NULL,      "SHA512", 0,   false },
	{ "ES256",   JWS_ECDSA, "EC",  "P-256",   "SHA256", 32,  true },
	{ "ES384",   JWS_ECDSA, "EC",  "P-384",   "SHA384", 48,  true },
	{ "ES512",   JWS_ECDSA, "EC",  "P-521",   "SHA512", 66,  true },
	{ "EdDSA",   JWS_EDDSA, "OKP", "Ed25519", NULL,     0,   false },
	{ "Ed25519", JWS_EDDSA, "OKP", "Ed25519", NULL,     0,   false },
};
/* clang-format on */

#define ALGS_N (sizeof(algs) / sizeof(algs[0]))

const struct jws_alg *
jws_at(size_t i)
{
	return i < ALGS_N ? &algs[i] : NULL;
}

const struct jws_alg *
jws_by_name(struct str name)
{
	for (size_t i = 0; i < ALGS_N; i++)
		if (str_eqz(name, algs[i].name))
			return &algs[i];
	return NULL;
}

uint32_t
jws_bit(const struct jws_alg *a)
{
	return UINT32_C(1) << (a - algs);
}

/* ---- verifying ---- */

/* The two numbers side by side (RFC 7518 section 3.4), as the DER that OpenSSL takes.  Bytes; 0:
 * failed. */
static size_t
to_der(const uint8_t *raw, size_t half, uint8_t **der)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM    *r = BN_bin2bn(raw, (int)half, NULL), *s = BN_bin2bn(raw + half, (int)half, NULL);
	int        n = 0;

	*der = NULL;
	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else
		n = i2d_ECDSA_SIG(sig, der);
	ECDSA_SIG_free(sig);
	return n > 0 ? (size_t)n : 0;
}

static bool
set_pss(EVP_PKEY_CTX *c, const char *digest)
{
	return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md_name(c, digest, NULL) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool
verify(const struct jws_alg *a, EVP_PKEY *key, struct str text, const uint8_t *sig, size_t n)
{
	EVP_MD_CTX   *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c = NULL; /* the digest's */
	bool          ok;

	ok = md != NULL && EVP_DigestVerifyInit_ex(md, &c, a->digest, NULL, NULL, key, NULL) == 1 &&
	     (a->kind != JWS_PSS || set_pss(c, a->digest)) &&
	     EVP_DigestVerify(md, sig, n, (const uint8_t *)text.p, text.n) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

bool
jws_verify(const struct jws_alg *a, EVP_PKEY *key, struct str text, const uint8_t *sig, size_t n)
{
	uint8_t *der;
	bool     ok;

	if (a->kind != JWS_ECDSA)
		return verify(a, key, text, sig, n);
	if (n != 2 * a->half)
		return false;
	n = to_der(sig, a->half, &der);
	ok = n > 0 && verify(a, key, text, der, n);
	OPENSSL_free(der);
	return ok;
}
