#include "core/crypt/token_key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "core/base/secret.h"

#define KEYS_MAX    16
#define POINT_LEN   65 /* 0x04, X, Y (SEC 1 uncompressed) */
#define COORD_LEN   32
#define DER_MAX     80 /* of an ECDSA signature on P-256: 72 */
#define KEY_DER_MAX 4096

struct token_key {
	EVP_PKEY *pkey;
	bool      whole; /* with its private half */
	char      x[BASE64URL_LEN(COORD_LEN) + 1], y[BASE64URL_LEN(COORD_LEN) + 1];
	char      kid[TOKEN_KID_LEN + 1];
};

struct token_keys {
	size_t            n;
	struct token_key *keys[KEYS_MAX];
};

static bool
broken(struct err *e, const char *what)
{
	return err_set(e, ERR_INTERNAL, 0, "internal error", "token key: %s", what);
}

static int
key_free(struct token_key *k)
{
	EVP_PKEY_free(k->pkey); /* wipes the private half */
	return 0;
}

static bool
print_into(TALLOC_CTX *mem, const uint8_t *in, size_t n, char *out, size_t out_n)
{
	char *text = base64url_print(mem, in, n);

	if (text == NULL || strlen(text) + 1 != out_n)
		return false;
	memcpy(out, text, out_n);
	talloc_free(text);
	return true;
}

/* RFC 7638 section 3.2: the required members of an EC key, in lexicographic order. */
static bool
fill_kid(struct token_key *k)
{
	uint8_t hash[HASH_LEN];
	char   *text = talloc_asprintf(
	      k, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", k->x, k->y);

	if (text == NULL)
		return false;
	hash_sha256(text, strlen(text), hash);
	talloc_free(text);
	return print_into(k, hash, sizeof(hash), k->kid, sizeof(k->kid));
}

/* Takes `pkey` (also when it fails). */
static struct token_key *
wrap(TALLOC_CTX *mem, EVP_PKEY *pkey, bool whole, struct err *e)
{
	struct token_key *k = talloc_zero(mem, struct token_key);
	uint8_t           point[POINT_LEN];
	char              group[32] = "";
	size_t            n = 0;

	if (k == NULL) {
		EVP_PKEY_free(pkey);
		err_memory(e);
		return NULL;
	}
	k->pkey = pkey;
	k->whole = whole;
	talloc_set_destructor(k, key_free);
	if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(pkey, group, sizeof(group), &n) != 1 ||
	    strcmp(group, SN_X9_62_prime256v1) != 0 ||
	    EVP_PKEY_get_octet_string_param(
		pkey, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &n) != 1 ||
	    n != POINT_LEN || point[0] != POINT_CONVERSION_UNCOMPRESSED) {
		broken(e, "not a P-256 key");
		talloc_free(k);
		return NULL;
	}
	if (!print_into(k, point + 1, COORD_LEN, k->x, sizeof(k->x)) ||
	    !print_into(k, point + 1 + COORD_LEN, COORD_LEN, k->y, sizeof(k->y)) || !fill_kid(k)) {
		err_memory(e);
		talloc_free(k);
		return NULL;
	}
	return k;
}

struct token_key *
token_key_make(TALLOC_CTX *mem, struct err *e)
{
	EVP_PKEY *pkey = EVP_EC_gen("P-256");

	if (pkey == NULL) {
		broken(e, "cannot be generated");
		return NULL;
	}
	return wrap(mem, pkey, true, e);
}

const char *
token_key_kid(const struct token_key *k)
{
	return k->kid;
}

char *
token_key_jwk(TALLOC_CTX *mem, const struct token_key *k)
{
	return talloc_asprintf(mem,
	    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\",\"use\":\"sig\","
	    "\"alg\":\"ES256\",\"kid\":\"%s\"}",
	    k->x, k->y, k->kid);
}

bool
token_key_export(TALLOC_CTX *mem, const struct token_key *k, struct blob *der, struct err *e)
{
	PKCS8_PRIV_KEY_INFO *info = k->whole ? EVP_PKEY2PKCS8(k->pkey) : NULL;
	int                  n = info == NULL ? -1 : i2d_PKCS8_PRIV_KEY_INFO(info, NULL);
	uint8_t             *out = NULL, *end;
	bool                 ok = false;

	if (n <= 0) {
		broken(e, "has no private half to export");
		goto done;
	}
	out = end = secret_alloc(mem, (size_t)n);
	if (out == NULL) {
		err_memory(e);
		goto done;
	}
	ok = i2d_PKCS8_PRIV_KEY_INFO(info, &end) == n;
	if (!ok) {
		talloc_free(out);
		broken(e, "cannot be exported");
		goto done;
	}
	*der = (struct blob) { out, (size_t)n };
done:
	PKCS8_PRIV_KEY_INFO_free(info);
	return ok;
}

static EVP_PKEY *
read_pkcs8(struct blob der)
{
	const uint8_t       *p = der.p;
	PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)der.n);
	EVP_PKEY            *pkey = NULL;

	if (info != NULL && p == der.p + der.n)
		pkey = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	return pkey;
}

/* Also reads a SubjectPublicKeyInfo: a key of which only the public half is known can still check.
 */
struct token_key *
token_key_import(TALLOC_CTX *mem, struct blob der, struct err *e)
{
	const uint8_t *p = der.p;
	EVP_PKEY      *pkey;
	bool           whole;

	if (der.n == 0 || der.n > KEY_DER_MAX) {
		broken(e, "malformed");
		return NULL;
	}
	pkey = read_pkcs8(der);
	whole = pkey != NULL;
	if (pkey == NULL)
		pkey = d2i_PUBKEY(NULL, &p, (long)der.n);
	if (pkey == NULL || (!whole && p != der.p + der.n)) {
		EVP_PKEY_free(pkey);
		broken(e, "malformed");
		return NULL;
	}
	return wrap(mem, pkey, whole, e);
}

struct token_keys *
token_keys_make(TALLOC_CTX *mem)
{
	return talloc_zero(mem, struct token_keys);
}

bool
token_keys_add(struct token_keys *ks, struct token_key *k, struct err *e)
{
	/* The same key again is no fault: keys are loaded more than once. */
	if (token_keys_by_kid(ks, str_of(k->kid)) != NULL) {
		talloc_free(k);
		return true;
	}
	if (ks->n == KEYS_MAX) {
		talloc_free(k);
		return broken(e, "more than 16 in a set");
	}
	ks->keys[ks->n++] = talloc_move(ks, &k);
	return true;
}

const struct token_key *
token_keys_by_kid(const struct token_keys *ks, struct str kid)
{
	for (size_t i = 0; i < ks->n; i++)
		if (str_eqz(kid, ks->keys[i]->kid))
			return ks->keys[i];
	return NULL;
}

size_t
token_keys_count(const struct token_keys *ks)
{
	return ks->n;
}

const struct token_key *
token_keys_at(const struct token_keys *ks, size_t i)
{
	return i < ks->n ? ks->keys[i] : NULL;
}

/* DER SEQUENCE { r, s } -> r || s. */
static bool
der_to_raw(const uint8_t *der, size_t n, uint8_t raw[static TOKEN_SIG_LEN])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
	bool ok = sig != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, COORD_LEN) == COORD_LEN &&
		  BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + COORD_LEN, COORD_LEN) == COORD_LEN;

	ECDSA_SIG_free(sig);
	return ok;
}

static bool
raw_to_der(const uint8_t raw[static TOKEN_SIG_LEN], uint8_t der[static DER_MAX], size_t *n)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM    *r = BN_bin2bn(raw, COORD_LEN, NULL);
	BIGNUM    *s = BN_bin2bn(raw + COORD_LEN, COORD_LEN, NULL);
	int        len = -1;

	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else if (i2d_ECDSA_SIG(sig, NULL) <= DER_MAX) {
		len = i2d_ECDSA_SIG(sig, &der);
	}
	ECDSA_SIG_free(sig);
	*n = len > 0 ? (size_t)len : 0;
	return len > 0;
}

bool
token_key_sign(const struct token_key *k, struct str text, uint8_t raw[static TOKEN_SIG_LEN])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);
	uint8_t       hash[HASH_LEN], der[DER_MAX];
	size_t        n = sizeof(der);
	bool          ok;

	hash_sha256(text.p, text.n, hash);
	ok = c != NULL && k->whole && EVP_PKEY_sign_init(c) == 1 &&
	     EVP_PKEY_sign(c, der, &n, hash, sizeof(hash)) == 1 && der_to_raw(der, n, raw);
	EVP_PKEY_CTX_free(c);
	return ok;
}

bool
token_key_verify(
    const struct token_key *k, struct str text, const uint8_t raw[static TOKEN_SIG_LEN])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(k->pkey, NULL);
	uint8_t       hash[HASH_LEN], der[DER_MAX];
	size_t        n;
	bool          ok;

	hash_sha256(text.p, text.n, hash);
	ok = c != NULL && raw_to_der(raw, der, &n) && EVP_PKEY_verify_init(c) == 1 &&
	     EVP_PKEY_verify(c, der, n, hash, sizeof(hash)) == 1;
	EVP_PKEY_CTX_free(c);
	return ok;
}
