#include "core/crypt/jwk.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#define MODULUS_MIN  256 /* bytes: 2,048 bits */
#define MODULUS_MAX  512
#define EXPONENT_MAX 8 /* of a long modulus OpenSSL takes no more */
#define COORD_MAX    66
#define ED_LEN       32
#define NUMBER_MAX                                                                                 \
	1100 /* bytes of any number that is looked at: the longest RSA anybody has, and noughts */

static const struct {
	const char *word, *text;
} faults[JWK_FAULT__MAX] = {
#define X(id, word, text) [id] = { word, text },
	JWK_FAULTS(X)
#undef X
};

const char *
jwk_fault_word(enum jwk_fault why)
{
	return faults[why].word;
}

const char *
jwk_fault_text(enum jwk_fault why)
{
	return faults[why].text;
}

enum jwk_fault
jwk_fault_parse(struct str word)
{
	for (int i = JWK_GOOD + 1; i < JWK_FAULT__MAX; i++)
		if (str_eqz(word, faults[i].word))
			return (enum jwk_fault)i;
	return JWK_FORM;
}

/* ---- what it says of itself ---- */

/* What is null is not there: so do writers put it who have a place for every member. */
static const struct json *
member(const struct json *v, const char *name)
{
	const struct json *m = json_get(v, name);

	return m == NULL || m->type == JSON_NULL ? NULL : m;
}

/* False: it is there and no text. */
static bool
take_text(const struct json *v, const char *name, struct str *out)
{
	const struct json *m = member(v, name);

	*out = m != NULL && m->type == JSON_STRING ? m->text : (struct str) { NULL, 0 };
	return m == NULL || m->type == JSON_STRING;
}

static struct str
text_of(const struct json *v, const char *name)
{
	struct str text;

	(void)take_text(v, name, &text);
	return text;
}

static bool
is_of_kind(const struct jws_alg *a, struct str kty, struct str crv)
{
	return str_eqz(kty, a->kty) && (a->crv == NULL || str_eqz(crv, a->crv));
}

static const struct jws_alg *
kind_of(struct str kty, struct str crv)
{
	const struct jws_alg *a;

	for (size_t i = 0; (a = jws_at(i)) != NULL; i++)
		if (is_of_kind(a, kty, crv))
			return a;
	return NULL;
}

/* RFC 7517 sections 4.2 and 4.3: what is absent allows everything. */
static enum jwk_fault
check_use(const struct json *v)
{
	const struct json *ops = member(v, "key_ops");
	struct str         use;
	bool               verifies = ops == NULL;

	if (!take_text(v, "use", &use) || (ops != NULL && ops->type != JSON_ARRAY))
		return JWK_FORM;
	for (uint32_t i = 0; ops != NULL && i < ops->n; i++)
		verifies |=
		    ops->items[i].type == JSON_STRING && str_eqz(ops->items[i].text, "verify");
	return verifies && (use.p == NULL || str_eqz(use, "sig")) ? JWK_GOOD : JWK_USE;
}

enum jwk_fault
jwk_read(const struct json *v, struct jwk *out)
{
	struct str     kty, crv, alg;
	enum jwk_fault use;

	*out = (struct jwk) { .v = v };
	if (v->type != JSON_OBJECT || !take_text(v, "kid", &out->kid) ||
	    !take_text(v, "kty", &kty) || !take_text(v, "crv", &crv) ||
	    !take_text(v, "alg", &alg) || !take_text(v, "issuer", &out->issuer) ||
	    (out->issuer.p != NULL && out->issuer.n == 0))
		return JWK_FORM;
	use = check_use(v);
	if (use != JWK_GOOD)
		return use;
	out->kind = kind_of(kty, crv);
	if (out->kind == NULL)
		return JWK_KIND;
	out->alg = alg.p == NULL ? NULL : jws_by_name(alg);
	if (alg.p != NULL && (out->alg == NULL || !is_of_kind(out->alg, kty, crv)))
		return JWK_ALG;
	return out->kid.n > JWK_KID_MAX || out->issuer.n > JWK_ISSUER_MAX ? JWK_LENGTH : JWK_GOOD;
}

bool
jwk_fits(const struct jwk *k, const struct jws_alg *a, uint32_t listed)
{
	if (k->kind->crv != NULL)
		return a->crv != NULL && strcmp(k->kind->crv, a->crv) == 0;
	if (k->alg != NULL)
		return k->alg == a;
	return a->crv == NULL && (a == k->kind || (listed & jws_bit(a)) != 0);
}

static const char *const members[] = { "kty", "crv", "kid", "alg", "issuer", "n", "e", "x", "y" };
#define MEMBERS_N (sizeof(members) / sizeof(members[0]))

bool
jwk_same(const struct jwk *a, const struct jwk *b)
{
	for (size_t i = 0; i < MEMBERS_N; i++)
		if (!str_eq(text_of(a->v, members[i]), text_of(b->v, members[i])))
			return false;
	return true;
}

void
jwk_print(struct buf *b, const struct jwk *k)
{
	bool first = true;

	buf_putc(b, '{');
	for (size_t i = 0; i < MEMBERS_N; i++) {
		struct str text = text_of(k->v, members[i]);

		if (text.p == NULL)
			continue;
		buf_printf(b, first ? "\"%s\":" : ",\"%s\":", members[i]);
		buf_json(b, text);
		first = false;
	}
	buf_putc(b, '}');
}

/* ---- its public part ---- */

/* A number without the noughts in front of it; what is longer than `max` then is JWK_LONG. */
static enum jwk_fault
take_number(const struct json *v, const char *name, uint8_t *out, size_t max, size_t *n)
{
	uint8_t    raw[NUMBER_MAX];
	struct str text = text_of(v, name);
	size_t     len = 0, from = 0;

	if (text.n == 0)
		return JWK_MATERIAL;
	if (text.n > BASE64URL_LEN(sizeof(raw)))
		return JWK_LONG;
	if (!base64url_parse(text, raw, sizeof(raw), &len))
		return JWK_MATERIAL;
	while (from < len && raw[from] == 0)
		from++;
	*n = len - from;
	if (*n > max)
		return JWK_LONG;
	memcpy(out, raw + from, *n);
	return JWK_GOOD;
}

/* An exponent of 1 would let everybody sign. */
static bool
is_whole(const BIGNUM *n, const BIGNUM *e)
{
	return n != NULL && e != NULL && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e);
}

/* The builder borrows what it is given until it is done. */
static enum jwk_fault
build(OSSL_PARAM_BLD *b, bool ok, OSSL_PARAM **out)
{
	*out = ok ? OSSL_PARAM_BLD_to_param(b) : NULL;
	return *out != NULL ? JWK_GOOD : JWK_MATERIAL;
}

static enum jwk_fault
rsa_params(const struct json *v, OSSL_PARAM_BLD *b, OSSL_PARAM **out)
{
	uint8_t        modulus[MODULUS_MAX], exponent[EXPONENT_MAX];
	size_t         n_n, e_n;
	BIGNUM        *n, *e;
	enum jwk_fault why = take_number(v, "n", modulus, sizeof(modulus), &n_n);

	if (why != JWK_GOOD)
		return why;
	if (n_n < MODULUS_MIN)
		return JWK_SHORT;
	if (take_number(v, "e", exponent, sizeof(exponent), &e_n) != JWK_GOOD)
		return JWK_MATERIAL;
	n = BN_bin2bn(modulus, (int)n_n, NULL);
	e = BN_bin2bn(exponent, (int)e_n, NULL);
	why = build(b,
	    is_whole(n, e) && OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) == 1 &&
		OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e) == 1,
	    out);
	BN_free(n);
	BN_free(e);
	return why;
}

static enum jwk_fault
ec_params(const struct json *v, const struct jws_alg *kind, OSSL_PARAM_BLD *b, OSSL_PARAM **out)
{
	static const char *const axes[] = { "x", "y" };
	uint8_t                  point[1 + 2 * COORD_MAX] = { 4 }; /* SEC 1: uncompressed */
	uint8_t                  raw[COORD_MAX];
	size_t                   n;

	for (size_t i = 0; i < 2; i++) {
		if (take_number(v, axes[i], raw, kind->half, &n) != JWK_GOOD)
			return JWK_MATERIAL;
		memcpy(point + 1 + (i + 1) * kind->half - n, raw, n);
	}
	return build(b,
	    OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, kind->crv, 0) == 1 &&
		OSSL_PARAM_BLD_push_octet_string(
		    b, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * kind->half) == 1,
	    out);
}

/*
 * Points of small order (RFC 8032 section 5.1, RFC 7748 section 6.1): what they
 * sign anybody can sign.  Their y without the sign of x; a y beyond the prime
 * is none at all.
 */
static bool
is_weak(const uint8_t p[static ED_LEN])
{
	static const char *const weak[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	};
	char    text[2 * ED_LEN + 1];
	uint8_t y[ED_LEN];
	bool    high = true; /* 2^255 - 19 and more, little-endian */

	memcpy(y, p, ED_LEN);
	y[ED_LEN - 1] &= 0x7F;
	for (size_t i = 1; i < ED_LEN; i++)
		high = high && y[i] == (i == ED_LEN - 1 ? 0x7F : 0xFF);
	if (high && y[0] >= 0xED)
		return true;
	hex_print(y, ED_LEN, text);
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (strcmp(text, weak[i]) == 0)
			return true;
	return false;
}

static enum jwk_fault
ed_params(const struct json *v, OSSL_PARAM_BLD *b, OSSL_PARAM **out)
{
	uint8_t point[ED_LEN];
	size_t  n;

	if (!base64url_parse(text_of(v, "x"), point, ED_LEN, &n) || n != ED_LEN || is_weak(point))
		return JWK_MATERIAL;
	return build(b,
	    OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, ED_LEN) == 1, out);
}

static enum jwk_fault
make_params(const struct jwk *k, OSSL_PARAM **out)
{
	OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
	enum jwk_fault  why = JWK_MATERIAL;

	*out = NULL;
	if (b == NULL)
		return why;
	if (k->kind->kind == JWS_ECDSA)
		why = ec_params(k->v, k->kind, b, out);
	else if (k->kind->kind == JWS_EDDSA)
		why = ed_params(k->v, b, out);
	else
		why = rsa_params(k->v, b, out);
	OSSL_PARAM_BLD_free(b);
	return why;
}

/* OpenSSL refuses a point that is not on its curve. */
static enum jwk_fault
make_key(const struct jwk *k, EVP_PKEY **out)
{
	const char    *type = k->kind->kind == JWS_EDDSA ? "ED25519" : k->kind->kty;
	OSSL_PARAM    *params;
	enum jwk_fault why = make_params(k, &params);
	EVP_PKEY_CTX  *c = params == NULL ? NULL : EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

	*out = NULL;
	if (c != NULL && EVP_PKEY_fromdata_init(c) == 1 &&
	    EVP_PKEY_fromdata(c, out, EVP_PKEY_PUBLIC_KEY, params) != 1)
		*out = NULL;
	EVP_PKEY_CTX_free(c);
	OSSL_PARAM_free(params);
	return why == JWK_GOOD && *out == NULL ? JWK_MATERIAL : why;
}

enum jwk_fault
jwk_check(const struct jwk *k)
{
	EVP_PKEY      *pkey;
	enum jwk_fault why = make_key(k, &pkey);

	EVP_PKEY_free(pkey);
	return why;
}

bool
jwk_verify(
    const struct jwk *k, const struct jws_alg *a, struct str text, const uint8_t *sig, size_t n)
{
	EVP_PKEY *pkey;
	bool      ok;

	if (!jwk_fits(k, a, jws_bit(a)))
		return false;
	ok = make_key(k, &pkey) == JWK_GOOD && jws_verify(a, pkey, text, sig, n);
	EVP_PKEY_free(pkey);
	return ok;
}

char *
jwk_pem(TALLOC_CTX *mem, const struct jwk *k)
{
	EVP_PKEY *pkey;
	BIO      *bio = make_key(k, &pkey) == JWK_GOOD ? BIO_new(BIO_s_mem()) : NULL;
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
