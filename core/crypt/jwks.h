/*
 * jwks.h - the public keys of an identity provider as a set (RFC 7517 section 5).
 *
 * A key that is of no use here is passed over, never the set with it; why is
 * kept for those who run the provider.  Of two that are the same one is kept;
 * of two different ones with one kid both, each of which may have signed.
 *
 * Bounded: JWKS_LOOK_MAX keys are looked at, JWKS_MAX kept in the order of the
 * set, JWKS_TRIES tried for one token, JWKS_LEFT_MAX of those passed over named.
 */
#ifndef BSX_CRYPT_JWKS_H
#define BSX_CRYPT_JWKS_H

#include "core/crypt/jwk.h"

#define JWKS_MAX      32
#define JWKS_LOOK_MAX 256
#define JWKS_LEFT_MAX 8
#define JWKS_TRIES    4

/* One that was passed over. */
struct jwks_left {
	struct str     kid; /* at most JWK_KID_MAX bytes of it */
	enum jwk_fault why;
};

struct jwks {
	size_t           n;
	struct jwk       keys[JWKS_MAX];
	size_t           left_n;
	struct jwks_left left[JWKS_LEFT_MAX]; /* but for those that are not for signatures */
};

/* Reads {"keys":[...]}; texts point into the tree.  ERR_UNAVAILABLE: it is no set. n may be 0. */
MUST_USE bool jwks_read(const struct json *v, struct jwks *out, struct err *e);
/*
 * The set as jwks_load() takes it, of at most `max` bytes: the last keys that
 * do not fit are left out of `ks` too.
 */
void jwks_print(struct buf *b, struct jwks *ks, size_t max);
/* What jwks_print() wrote: nothing is checked by OpenSSL anew. */
MUST_USE bool jwks_load(const struct json *v, struct jwks *out, struct err *e);

/*
 * The keys that may have signed a token of this algorithm: those of its kid; if
 * none has it, those without a kid; for a token without one, all.  How many.
 */
size_t jwks_match(const struct jwks *ks, struct str kid, const struct jws_alg *a, uint32_t listed,
    const struct jwk *out[static JWKS_TRIES]);
/* The key of that kid that was passed over; NULL: none is known. */
const struct jwks_left *jwks_left_out(const struct jwks *ks, struct str kid);

#endif
