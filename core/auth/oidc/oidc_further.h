/*
 * oidc_further.h - what an ID token leaves open and the sign-in needs is asked
 * with the access token: of the provider's UserInfo endpoint, or of Microsoft
 * Graph (Entra's groups beyond the token; its UserInfo has nothing that its
 * token has not).  One request at most, never cached.
 *
 * It never refuses a sign-in by itself: what could not be asked stays missing,
 * and is not assumed (oidc_person_doubt).
 */
#ifndef BSX_AUTH_OIDC_OIDC_FURTHER_H
#define BSX_AUTH_OIDC_OIDC_FURTHER_H

#include "core/auth/oidc/oidc_exchange.h"
#include "core/auth/oidc/oidc_user.h"

struct oidc_further {
	const struct oidc_expect   *x;
	const struct oidc_metadata *m;
	const struct oidc_tokens   *tokens;
	struct str                  alg;     /* of the ID token */
	bool                        asked;   /* set: it has taken its time */
	const char                 *failed;  /* set: "userinfo" or "graph", which could not be asked; NULL: neither */
};

/* Fills w->person by what w->wants.  False: a failure of ours. */
MUST_USE bool oidc_further_ask(struct oidc_further *f, struct oidc_who *w, struct oidc_person *p, struct err *e);

#endif
