/*
 * oidc_exchange.h - the two requests of the code flow: the address to which the
 * browser is sent, and the code for an ID token at the token endpoint.
 */
#ifndef BSX_AUTH_OIDC_OIDC_EXCHANGE_H
#define BSX_AUTH_OIDC_OIDC_EXCHANGE_H

#include "core/auth/oidc/oidc_issuer.h"
#include "core/auth/oidc/oidc_scope.h"
#include "core/auth/oidc/oidc_state.h"

#define OIDC_TOKEN_ANSWER_MAX (64 * 1024) /* bytes */

/* The nonce of a state as it goes into the request and comes back in the token. */
char *oidc_nonce(TALLOC_CTX *mem, const struct oidc_state *s);

MUST_USE bool oidc_authorize_url(struct auth *a, TALLOC_CTX *mem, const struct provider *p,
    const struct oidc_metadata *m, const struct oidc_state *s, const char **url, struct err *e);

/* What the token endpoint gave: children of `mem`. */
struct oidc_tokens {
	struct str id_token;
	struct str access_token; /* of type Bearer; n == 0: none that can be used */
	struct oidc_granted granted; /* of the scopes that are asked for */
};

/* False with *why: refused or unreachable. */
MUST_USE bool oidc_exchange(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct provider *p,
    const struct oidc_metadata *m, const struct oidc_state *s, const char *code,
    struct oidc_ask *ask, struct oidc_tokens *out, enum oidc_reason *why, struct err *e);

#endif
