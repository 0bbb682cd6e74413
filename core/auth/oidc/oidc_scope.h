/*
 * oidc_scope.h - what a provider is asked to tell (scope, RFC 6749 section 3.3;
 * OpenID Connect Core section 5.4), and what of that it granted.  Pure.
 *
 * The question passes through the person's own browser, who may take words out
 * of it.  The token endpoint's answer says what was granted when that is not
 * what it was asked for (RFC 6749 section 5.1): as it came there, so an answer
 * without `scope` proves nothing, and one that lacks a word is no fault either.
 * It only takes away the benefit of the doubt; see oidc_user.h and oidc_person.h.
 */
#ifndef BSX_AUTH_OIDC_OIDC_SCOPE_H
#define BSX_AUTH_OIDC_OIDC_SCOPE_H

#include "core/auth/oidc/oidc_metadata.h"

#define OIDC_SCOPE_MAX  100 /* bytes of one */
#define OIDC_SCOPES_MAX 10  /* a provider's own, in addition */

struct oidc_granted {
	bool email; /* it may tell the address and whether it is verified */
	bool all;   /* nothing is known to be missing of what lets it tell groups */
};

/* A scope-token, and none that asks for access without the person. */
bool oidc_scope_ok(const char *scope);
/* Those asked for, each once: ours, the provider's own, and `groups` where it offers that and the role map needs it. */
MUST_USE bool oidc_scope_make(TALLOC_CTX *mem, const struct provider *p, const struct oidc_metadata *m,
    struct strings *out, struct err *e);
/* `answer`: `scope` of the token endpoint's answer; NULL: it has none. */
struct oidc_granted oidc_scope_granted(const struct provider *p, const struct strings *asked,
    const struct json *answer);

#endif
