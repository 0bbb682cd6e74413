/*
 * jwks.h - the public keys of an identity provider (RFC 7517), by OpenSSL.
 *
 * Only keys that sign ID tokens here are kept: RSA of 2,048 to 4,096 bits
 * (RS256; PS256 where the key says so), EC on P-256 (ES256), `use` absent or "sig".  Keys of another kind or
 * algorithm are passed over; a key of ours that is malformed, or two with one
 * kid, make the whole set bad, because then nobody can say which is meant.
 */
#ifndef BSX_CRYPT_JWKS_H
#define BSX_CRYPT_JWKS_H

#include "core/base/buf.h"
#include "core/base/json.h"

#define JWKS_MAX     32  /* keys that are kept; more make the set bad */
#define JWKS_KID_MAX 200 /* bytes */

struct jwk {
	struct str         kid;    /* n == 0: has none */
	const char        *alg;    /* "RS256", "PS256" or "ES256": the only one it is used with */
	struct str         issuer; /* the key's own issuer (Entra); n == 0: has none */
	const struct json *v;      /* the key itself */
};

struct jwks {
	size_t     n;
	struct jwk keys[JWKS_MAX];
};

/* Reads {"keys":[...]}; texts point into the tree.  ERR_UNAVAILABLE: bad, or no key is usable. */
MUST_USE bool jwks_read(TALLOC_CTX *mem, const struct json *v, struct jwks *out, struct err *e);
/* {"keys":[...]} with the members that jwks_read looks at, and no others. */
void jwks_print(struct buf *b, const struct jwks *ks);
/* The key of that kid and algorithm; without a kid the only key of the algorithm.  NULL: none. */
const struct jwk *jwks_find(const struct jwks *ks, struct str kid, struct str alg);
/* SubjectPublicKeyInfo as PEM.  NULL: OpenSSL does not take it. */
char *jwk_pem(TALLOC_CTX *mem, const struct jwk *k);
/* RSASSA-PSS as PS256 has it (RFC 7518 section 3.5): SHA-256, MGF1 with it, a salt of 32 bytes and no other. */
bool jwk_verify_pss(const struct jwk *k, struct str text, const uint8_t *sig, size_t n);

#endif
