/*
 * oidc_issuer.h - a provider's description and keys, from the shared segment or
 * fetched: one refresher and a cool-down per issuer and host (core/shm/issuer).
 * Each tenant has its own: what it asks for, how slowly that comes and what gives
 * way to it is nothing to another one that uses the same provider.
 *
 * Fresh for an hour; after that the next one to claim it fetches it anew while
 * the others go on with what is there, for at most a day when it cannot be
 * fetched.  A token that no key of it verifies (a kid that nobody knows, a key
 * that was changed under its kid) may make us ask again, at most every five
 * minutes.  A set that has no key of use is not believed at once, but where the
 * last good one is of late, and for an hour.
 */
#ifndef BSX_AUTH_OIDC_OIDC_ISSUER_H
#define BSX_AUTH_OIDC_OIDC_ISSUER_H

#include "core/auth/auth.h"
#include "core/auth/oidc/oidc_ask.h"
#include "core/auth/oidc/oidc_claims.h"
#include "core/crypt/idtoken.h"

#define OIDC_FRESH_MS      (60 * 60 * 1000)
#define OIDC_KEEP_MS       (24 * 60 * 60 * 1000)
#define OIDC_COOL_MS       (5 * 60 * 1000) /* between fetches of an issuer that is known */
#define OIDC_COOL_FIRST_MS (30 * 1000)     /* while it is not */
#define OIDC_WITHDRAWN_MS  (60 * 60 * 1000) /* that a set without a key of use leaves the one before it in force */
#define OIDC_DOCUMENT_MAX  (128 * 1024)    /* bytes of an answer */

/* ERR_UNAVAILABLE: there is none, and it cannot be fetched now; ERR_BUSY: nor may it be asked just now. */
MUST_USE bool oidc_issuer_metadata(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place,
    bool again, struct oidc_metadata *out, struct err *e);
/* The token is signed by a key of the place that may sign for it; false with *why, or with a failure. */
MUST_USE bool oidc_issuer_verify(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place,
    const struct idtoken *t, enum oidc_reason *why, struct err *e);

#endif
