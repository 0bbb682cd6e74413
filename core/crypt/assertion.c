#include "core/crypt/assertion.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/json/schema.h"

/* ---- PEM ---- */

/* Nobody is asked for a passphrase. */
static int
no_passphrase(char *buf, int size, int writing, void *arg)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static BIO *
reader_of(const char *pem)
{
	size_t n = strlen(pem);

	return n > 0 && n < (1 << 20) ? BIO_new_mem_buf(pem, (int)n) : NULL;
}

static X509 *
certificate_of(const char *pem)
{
	BIO  *in = reader_of(pem);
	X509 *x = in == NULL ? NULL : PEM_read_bio_X509(in, NULL, no_passphrase, NULL);

	BIO_free(in);
	return x;
}

static EVP_PKEY *
key_of(const char *pem)
{
	BIO      *in = reader_of(pem);
	EVP_PKEY *k = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);

	BIO_free(in);
	return k;
}

static struct assertion_fault
fault_of(X509 *x, EVP_PKEY *k)
{
	if (x == NULL)
		return (struct assertion_fault) { false, "must be a certificate in PEM" };
	if (k == NULL)
		return (struct assertion_fault) { true,
			"must be a private key in PEM, without a passphrase" };
	if (EVP_PKEY_get_base_id(k) != EVP_PKEY_RSA || EVP_PKEY_get_bits(k) < 2048 ||
	    EVP_PKEY_get_bits(k) > 4096)
		return (struct assertion_fault) { true, "must be RSA of 2048 to 4096 bits" };
	if (X509_check_private_key(x, k) != 1)
		return (struct assertion_fault) { true, "is not that of the certificate" };
	return (struct assertion_fault) { false, NULL };
}

struct assertion_fault
assertion_fault(const char *certificate, const char *private_key)
{
	X509                  *x = certificate_of(certificate);
	EVP_PKEY              *k = key_of(private_key);
	struct assertion_fault fault = fault_of(x, k);

	X509_free(x);
	EVP_PKEY_free(k);
	return fault;
}

/* ---- the two parts that are signed ---- */

struct header {
	const char *alg, *typ, *thumbprint;
};
static const struct field header_fields[] = {
	FIELD(struct header, alg),
	FIELD(struct header, typ),
	FIELD_AS(struct header, thumbprint, "x5t#S256"),
	FIELD_END,
};
static const struct schema header_schema = SCHEMA("AssertionHeader", struct header, header_fields);

struct claims {
	const char *aud, *iss, *sub, *jti;
	int64_t     nbf, iat, exp;
};
static const struct field claim_fields[] = {
	FIELD(struct claims, aud),
	FIELD(struct claims, iss),
	FIELD(struct claims, sub),
	FIELD(struct claims, jti),
	FIELD(struct claims, nbf),
	FIELD(struct claims, iat),
	FIELD(struct claims, exp),
	FIELD_END,
};
static const struct schema claims_schema = SCHEMA("AssertionClaims", struct claims, claim_fields);

static bool
put_part(TALLOC_CTX *mem, struct buf *out, const struct schema *s, const void *in, struct err *e)
{
	struct buf b;
	char      *text;

	buf_make(&b, mem);
	if (!schema_encode(&b, s, in, e) || !buf_ok(&b))
		return err_memory(e);
	text = base64url_print(mem, (const uint8_t *)b.p, b.n);
	if (text == NULL)
		return err_memory(e);
	buf_puts(out, text);
	return true;
}

static bool
put_signed_text(TALLOC_CTX *mem, const struct assertion *a, X509 *x, struct buf *out, struct err *e)
{
	uint8_t       digest[EVP_MAX_MD_SIZE];
	unsigned      n = 0;
	struct header h = { a->alg, "JWT", NULL };
	struct claims c = { a->audience, a->client_id, a->client_id, a->id, a->now_s - 60, a->now_s,
		a->now_s + ASSERTION_LIVES_S };

	if (X509_digest(x, EVP_sha256(), digest, &n) != 1)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "a certificate has no hash");
	h.thumbprint = base64url_print(mem, digest, n);
	if (h.thumbprint == NULL || !put_part(mem, out, &header_schema, &h, e))
		return err_memory(e);
	buf_putc(out, '.');
	return put_part(mem, out, &claims_schema, &c, e);
}

/* ---- signing ---- */

static bool
sign(EVP_PKEY *k, const char *alg, const struct buf *text, uint8_t *sig, size_t *n)
{
	EVP_MD_CTX   *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c = NULL;
	bool          ok;

	ok = md != NULL && EVP_DigestSignInit(md, &c, EVP_sha256(), NULL, k) == 1;
	if (ok && strcmp(alg, "PS256") == 0)
		ok = EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
		     EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1;
	ok = ok && EVP_DigestSign(md, sig, n, (const uint8_t *)text->p, text->n) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

static char *
make(TALLOC_CTX *mem, const struct assertion *a, X509 *x, EVP_PKEY *k, struct err *e)
{
	struct assertion_fault fault = fault_of(x, k);
	uint8_t                sig[512];
	size_t                 n = sizeof sig;
	struct buf             b;
	char                  *text = NULL;

	buf_make_secret(&b, mem);
	if (fault.what != NULL) {
		(void)err_set(e, ERR_INVALID, 0, "The certificate or its private key is no good.",
		    "assertion: %s %s", fault.key ? "the key" : "the certificate", fault.what);
		return NULL;
	}
	if (!put_signed_text(mem, a, x, &b, e) || !buf_ok(&b))
		return NULL;
	if (!sign(k, a->alg, &b, sig, &n)) {
		(void)err_set(e, ERR_INTERNAL, 0, "internal error", "an assertion is not signed");
		return NULL;
	}
	text = base64url_print(mem, sig, n);
	if (text == NULL) {
		(void)err_memory(e);
		return NULL;
	}
	buf_putc(&b, '.');
	buf_puts(&b, text);
	return buf_text(&b, e);
}

char *
assertion_make(TALLOC_CTX *mem, const struct assertion *a, struct err *e)
{
	X509     *x = certificate_of(a->certificate);
	EVP_PKEY *k = key_of(a->private_key);
	char     *text = make(mem, a, x, k, e);

	X509_free(x);
	EVP_PKEY_free(k);
	return text;
}
