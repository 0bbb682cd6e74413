/*
 * oidc_exchange.h - the two requests of the code flow: the address to which the
 * browser is sent, and the code for an ID token at the token endpoint.
 */
#ifndef BSX_AUTH_OIDC_OIDC_EXCHANGE_H
#define BSX_AUTH_OIDC_OIDC_EXCHANGE_H

#include "core/auth/deed.h"
#include "core/auth/oidc/oidc_issuer.h"
#include "core/auth/oidc/oidc_scope.h"
#include "core/auth/oidc/oidc_state.h"

#define OIDC_TOKEN_ANSWER_MAX (64 * 1024) /* bytes */

/* The nonce of a state as it goes into the request and comes back in the token. */
char *oidc_nonce(TALLOC_CTX *mem, const struct oidc_state *s);

/* What the token endpoint gave: children of by->mem. */
struct oidc_tokens {
	const struct json *answer;
	struct str id_token;
	struct str access_token; /* of type Bearer; n == 0: none that can be used */
	struct oidc_granted granted; /* of the scopes that are asked for */
};

/* A code that came back, and all it is given out for. */
struct oidc_code {
	const struct provider      *provider;
	const struct oidc_metadata *metadata;
	const struct oidc_state    *state;
	const char                 *code; /* NULL: of the first request, which asks for one */
};

/* Where the browser is sent to ask for a code; x->code is not looked at. */
MUST_USE bool oidc_authorize_url(const struct deed_by *by, const struct oidc_code *x, const char **url, struct err *e);
/* The code for tokens.  False with *why: refused or unreachable. */
MUST_USE bool oidc_exchange(const struct deed_by *by, const struct oidc_code *x, struct oidc_ask *ask,
    struct oidc_tokens *out, enum oidc_reason *why, struct err *e);

#endif
