#include "core/crypt/jwks.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#define MODULUS_MIN  256 /* bytes: 2,048 bits */
#define MODULUS_MAX  512
#define EXPONENT_MAX 4
#define COORD_LEN    32
#define ISSUER_MAX   512

static bool
bad(struct err *e, const char *why)
{
	return err_set(
	    e, ERR_UNAVAILABLE, 0, "The identity provider's keys cannot be used.", "jwks: %s", why);
}

static struct str
text_of(const struct json *v, const char *name)
{
	const struct json *m = json_get(v, name);

	return m != NULL && m->type == JSON_STRING ? m->text : (struct str) { NULL, 0 };
}

/* ---- to PEM ---- */

static bool
decode(const struct json *v, const char *name, uint8_t *out, size_t max, size_t *n)
{
	struct str text = text_of(v, name);

	return text.n > 0 && base64url_parse(text, out, max, n) && *n > 0;
}

static OSSL_PARAM *
rsa_params(const struct json *v)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM     *params = NULL;
	uint8_t         modulus[MODULUS_MAX], exponent[EXPONENT_MAX];
	size_t          n_n = 0, e_n = 0;
	BIGNUM         *n = NULL, *x = NULL;

	if (decode(v, "n", modulus, sizeof(modulus), &n_n) &&
	    decode(v, "e", exponent, sizeof(exponent), &e_n) && n_n >= MODULUS_MIN &&
	    modulus[0] != 0) {
		n = BN_bin2bn(modulus, (int)n_n, NULL);
		x = BN_bin2bn(exponent, (int)e_n, NULL);
	}
	/* an exponent of 1 would let everybody sign */
	if (b != NULL && n != NULL && x != NULL && BN_is_odd(n) && BN_is_odd(x) && !BN_is_one(x) &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
	    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, x) == 1)
		params = OSSL_PARAM_BLD_to_param(b);
	OSSL_PARAM_BLD_free(b);
	BN_free(n);
	BN_free(x);
	return params;
}

static OSSL_PARAM *
ec_params(const struct json *v)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	OSSL_PARAM     *params = NULL;
	uint8_t         point[1 + 2 * COORD_LEN] = { 4 }; /* SEC 1: uncompressed */
	size_t          x_n = 0, y_n = 0;

	if (b != NULL && decode(v, "x", point + 1, COORD_LEN, &x_n) && x_n == COORD_LEN &&
	    decode(v, "y", point + 1 + COORD_LEN, COORD_LEN, &y_n) && y_n == COORD_LEN &&
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)) == 1)
		params = OSSL_PARAM_BLD_to_param(b);
	OSSL_PARAM_BLD_free(b);
	return params;
}

/* A point that is not on the curve is refused here. */
static EVP_PKEY *
make_key(const struct jwk *k)
{
	bool          rsa = strcmp(k->alg, "ES256") != 0;
	OSSL_PARAM   *params = rsa ? rsa_params(k->v) : ec_params(k->v);
	EVP_PKEY_CTX *c =
	    params == NULL ? NULL : EVP_PKEY_CTX_new_from_name(NULL, rsa ? "RSA" : "EC", NULL);
	EVP_PKEY *pkey = NULL;

	if (c != NULL && EVP_PKEY_fromdata_init(c) == 1 &&
	    EVP_PKEY_fromdata(c, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
		pkey = NULL;
	EVP_PKEY_CTX_free(c);
	OSSL_PARAM_free(params);
	return pkey;
}

bool
jwk_verify_pss(const struct jwk *k, struct str text, const uint8_t *sig, size_t n)
{
	EVP_PKEY     *pkey = make_key(k);
	EVP_MD_CTX   *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c = NULL; /* the digest's */
	bool          ok;

	ok = pkey != NULL && md != NULL &&
	     EVP_DigestVerifyInit(md, &c, EVP_sha256(), NULL, pkey) == 1 &&
	     EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
	     EVP_PKEY_CTX_set_rsa_mgf1_md(c, EVP_sha256()) == 1 &&
	     EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1 &&
	     EVP_DigestVerify(md, sig, n, (const uint8_t *)text.p, text.n) == 1;
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(pkey);
	return ok;
}

char *
jwk_pem(TALLOC_CTX *mem, const struct jwk *k)
{
	EVP_PKEY *pkey = make_key(k);
	BIO      *bio = pkey == NULL ? NULL : BIO_new(BIO_s_mem());
	char     *text = NULL, *p = NULL;
	long      n;

	if (bio != NULL && PEM_write_bio_PUBKEY(bio, pkey) == 1) {
		n = BIO_get_mem_data(bio, &p);
		if (n > 0)
			text = talloc_strndup(mem, p, (size_t)n);
	}
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return text;
}

/* ---- reading ---- */

/* Absent is what the kind of key says; another algorithm is another key.  PS256 is for a key that says so only. */
static const char *
alg_of(const struct json *v)
{
	struct str  kty = text_of(v, "kty"), alg = text_of(v, "alg"), use = text_of(v, "use");
	const char *own = NULL;

	if (str_eqz(kty, "RSA"))
		own = str_eqz(alg, "PS256") ? "PS256" : "RS256";
	else if (str_eqz(kty, "EC") && str_eqz(text_of(v, "crv"), "P-256"))
		own = "ES256";
	if (own == NULL || (json_get(v, "alg") != NULL && !str_eqz(alg, own)) ||
	    (json_get(v, "use") != NULL && !str_eqz(use, "sig")))
		return NULL;
	return own;
}

static bool
has_kid(const struct jwks *ks, struct str kid)
{
	for (size_t i = 0; i < ks->n; i++)
		if (str_eq(ks->keys[i].kid, kid))
			return true;
	return false;
}

static bool
take_key(TALLOC_CTX *mem, const struct json *v, struct jwks *out, struct err *e)
{
	struct jwk k = { .kid = text_of(v, "kid"), .issuer = text_of(v, "issuer"), .v = v };
	char      *pem;

	k.alg = alg_of(v);
	if (k.alg == NULL)
		return true;
	if (k.kid.n > JWKS_KID_MAX || k.issuer.n > ISSUER_MAX ||
	    (json_get(v, "issuer") != NULL && k.issuer.n == 0))
		return bad(e, "a member is malformed");
	if (k.kid.n > 0 && has_kid(out, k.kid))
		return bad(e, "two keys have one kid");
	if (out->n == JWKS_MAX)
		return bad(e, "too many keys");
	pem = jwk_pem(mem, &k);
	if (pem == NULL)
		return bad(e, "a key is malformed, too short or too long");
	talloc_free(pem);
	out->keys[out->n++] = k;
	return true;
}

bool
jwks_read(TALLOC_CTX *mem, const struct json *v, struct jwks *out, struct err *e)
{
	const struct json *keys = json_get(v, "keys");

	out->n = 0;
	if (keys == NULL || keys->type != JSON_ARRAY)
		return bad(e, "no array of keys");
	for (uint32_t i = 0; i < keys->n; i++)
		if (keys->items[i].type == JSON_OBJECT && !take_key(mem, &keys->items[i], out, e))
			return false;
	return out->n > 0 || bad(e, "no usable key");
}

void
jwks_print(struct buf *b, const struct jwks *ks)
{
	static const char *const members[] = { "kty", "crv", "kid", "alg", "use", "issuer", "n",
		"e", "x", "y" };

	buf_puts(b, "{\"keys\":[");
	for (size_t i = 0; i < ks->n; i++) {
		bool first = true;

		buf_puts(b, i > 0 ? ",{" : "{");
		for (size_t j = 0; j < sizeof(members) / sizeof(members[0]); j++) {
			struct str text = text_of(ks->keys[i].v, members[j]);

			if (text.p == NULL)
				continue;
			buf_printf(b, first ? "\"%s\":" : ",\"%s\":", members[j]);
			buf_json(b, text);
			first = false;
		}
		buf_putc(b, '}');
	}
	buf_puts(b, "]}");
}

const struct jwk *
jwks_find(const struct jwks *ks, struct str kid, struct str alg)
{
	const struct jwk *found = NULL;

	for (size_t i = 0; i < ks->n; i++) {
		const struct jwk *k = &ks->keys[i];

		if (!str_eqz(alg, k->alg) || (kid.n > 0 && !str_eq(kid, k->kid)))
			continue;
		if (found != NULL)
			return NULL;
		found = k;
	}
	return found;
}
