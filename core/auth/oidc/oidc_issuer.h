/*
 * oidc_issuer.h - a provider's description and keys, from the shared segment or
 * fetched: one refresher and a cool-down per issuer and host (core/shm/issuer).
 *
 * Fresh for an hour; after that the next one to claim it fetches it anew while
 * the others go on with what is there, for at most a day when it cannot be
 * fetched.  A token that no key of it verifies (a kid that nobody knows, a key
 * that was changed under its kid) may make us ask again, at most every five
 * minutes.
 */
#ifndef BSX_AUTH_OIDC_OIDC_ISSUER_H
#define BSX_AUTH_OIDC_OIDC_ISSUER_H

#include "core/auth/auth.h"
#include "core/auth/oidc/oidc_claims.h"
#include "core/crypt/idtoken.h"

#define OIDC_FRESH_MS      (60 * 60 * 1000)
#define OIDC_KEEP_MS       (24 * 60 * 60 * 1000)
#define OIDC_COOL_MS       (5 * 60 * 1000) /* between fetches of an issuer that is known */
#define OIDC_COOL_FIRST_MS (30 * 1000)     /* while it is not */
#define OIDC_TIMEOUT_MS    5000            /* of one request, or less by outbound.timeout_s */
#define OIDC_DOCUMENT_MAX  (128 * 1024)    /* bytes of an answer */

/* ERR_UNAVAILABLE: there is none, and it cannot be fetched now. */
MUST_USE bool oidc_issuer_metadata(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place,
    bool again, struct oidc_metadata *out, struct err *e);
/* The token is signed by a key of the place that may sign for it; false with *why, or with a failure. */
MUST_USE bool oidc_issuer_verify(struct auth *a, TALLOC_CTX *mem, const struct oidc_place *place,
    const struct idtoken *t, enum oidc_reason *why, struct err *e);
/* Milliseconds for one request to a provider. */
int64_t oidc_timeout_ms(const struct auth *a);

/*
 * A provider that answers slowly holds a worker, and a tenant chooses its
 * providers: after a request of more than OIDC_SLOW_MS nothing is asked for the
 * same tenant for four times as long, so that it has a fifth of a worker at most.
 * All tenants together have LANE_PROVIDER; it may not be asked either when that is full.
 */
#define OIDC_SLOW_MS 1000
bool oidc_may_ask(struct auth *a, TALLOC_CTX *mem, const struct uuid *tenant);
void oidc_took(struct auth *a, const struct uuid *tenant, int64_t took_ms);

#endif
