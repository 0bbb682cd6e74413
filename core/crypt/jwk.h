/*
 * jwk.h - one public key of an identity provider (RFC 7517, 7518 section 6,
 * 8037), by OpenSSL.
 *
 * A key signs ID tokens here when its kind has an algorithm (jws.h), `use` and
 * `key_ops` do not speak against it, `alg` is absent or one of its kind, and
 * its public part is whole: RSA of 2,048 to 4,096 bits, a point on its curve.
 * What is written longer or shorter than it must be, by noughts in front,
 * means the same and is taken.
 */
#ifndef BSX_CRYPT_JWK_H
#define BSX_CRYPT_JWK_H

#include "core/base/buf.h"
#include "core/json/json.h"
#include "core/crypt/jws.h"

#define JWK_KID_MAX    200 /* bytes; longer ones are not kept */
#define JWK_ISSUER_MAX 512

/* Why a key is of no use here.    word        what an operator reads */
#define JWK_FAULTS(X) \
	X(JWK_GOOD,     "",         "") \
	X(JWK_FORM,     "form",     "a member is of another type than it must be") \
	X(JWK_KIND,     "kind",     "of a kind or curve that has no algorithm here") \
	X(JWK_USE,      "use",      "not for signatures") \
	X(JWK_ALG,      "alg",      "its algorithm is not taken, or not of its kind") \
	X(JWK_LENGTH,   "length",   "its kid or issuer is too long") \
	X(JWK_SHORT,    "short",    "RSA of less than 2,048 bits") \
	X(JWK_LONG,     "long",     "RSA of more than 4,096 bits") \
	X(JWK_MATERIAL, "material", "its public part is missing, malformed or weak") \
	X(JWK_MORE,     "more",     "there is no room for so many")
enum jwk_fault {
#define X(id, word, text) id,
	JWK_FAULTS(X)
#undef X
	JWK_FAULT__MAX
};

struct jwk {
	struct str            kid;    /* n == 0: has none */
	const struct jws_alg *alg;    /* the one it says; NULL: it says none */
	const struct jws_alg *kind;   /* the first of those that its kind has */
	struct str            issuer; /* the key's own (Entra); n == 0: has none */
	const struct json    *v;      /* the key itself */
};

const char    *jwk_fault_word(enum jwk_fault why);
const char    *jwk_fault_text(enum jwk_fault why);
enum jwk_fault jwk_fault_parse(struct str word); /* JWK_FORM: none of them */

/* What it says of itself, without its public part; texts point into the tree. */
enum jwk_fault jwk_read(const struct json *v, struct jwk *out);
/* Whether OpenSSL takes its public part. */
enum jwk_fault jwk_check(const struct jwk *k);
/* Both say the same of themselves and have the same public part. */
bool jwk_same(const struct jwk *a, const struct jwk *b);
/* One object with the members that are read here, and no others. */
void jwk_print(struct buf *b, const struct jwk *k);

/*
 * It verifies signatures of that algorithm: the one that it says.  Of a key that
 * says none its curve decides; of RSA it is RS256, and those of the set
 * `listed` (jws_bit), which the provider says that it signs with.
 */
bool jwk_fits(const struct jwk *k, const struct jws_alg *a, uint32_t listed);
/* SubjectPublicKeyInfo as PEM.  NULL: OpenSSL does not take it. */
char *jwk_pem(TALLOC_CTX *mem, const struct jwk *k);
/* The signature is its, by OpenSSL. */
bool jwk_verify(const struct jwk *k, const struct jws_alg *a, struct str text, const uint8_t *sig, size_t n);

#endif
