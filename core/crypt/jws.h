/*
 * jws.h - the signature algorithms of ID tokens: one row each, and what a key
 * of it must be (RFC 7518 section 3.1, RFC 8037, RFC 9864).
 *
 * Nothing but public keys: `none` and the HMAC family are no rows, so that no
 * token can turn a public key into a shared secret.
 */
#ifndef BSX_CRYPT_JWS_H
#define BSX_CRYPT_JWS_H

#include <openssl/types.h>

#include "core/base/err.h"
#include "core/base/str.h"

#define JWS_SIG_MIN  64  /* bytes: ES256, Ed25519 */
#define JWS_SIG_MAX  512 /* RSA of 4,096 bits */
#define JWS_NAME_MAX 16  /* bytes of a name, with its NUL */

enum jws_kind { JWS_PKCS1, JWS_PSS, JWS_ECDSA, JWS_EDDSA };

struct jws_alg {
	const char   *name;   /* as `alg` has it */
	enum jws_kind kind;
	const char   *kty;
	const char   *crv;    /* NULL: RSA, which has none */
	const char   *digest; /* as OpenSSL names it; NULL: the signature's own */
	size_t        half;   /* bytes of r, of s and of a coordinate; 0: not ECDSA */
	bool          libjwt; /* libjwt verifies it */
};

/* NULL: no such algorithm, or none that is taken. */
const struct jws_alg *jws_by_name(struct str name);
/* By place in the table; NULL: there are no more. */
const struct jws_alg *jws_at(size_t i);
/* The bit of an algorithm in a set of them. */
uint32_t jws_bit(const struct jws_alg *a);
/* By OpenSSL.  RSASSA-PSS with a salt as long as the digest and no other (RFC 7518 section 3.5). */
bool jws_verify(const struct jws_alg *a, EVP_PKEY *key, struct str text, const uint8_t *sig, size_t n);

#endif
