/*
 * oidc_claims.h - what a verified ID token says (OpenID Connect Core section
 * 3.1.3.7), and what of it may be believed.  Pure: no network, no SQL.
 *
 * Whom it speaks of is the subject: `sub`, of Entra tid and oid.  E-mail
 * addresses are claims: `email_trusted` says that the provider has verified
 * this one and is configured as trusted for its domain.
 */
#ifndef BSX_AUTH_OIDC_OIDC_CLAIMS_H
#define BSX_AUTH_OIDC_OIDC_CLAIMS_H

#include "core/auth/oidc/oidc_metadata.h"
#include "core/auth/oidc/oidc_reason.h"

#define OIDC_SKEW_S  60
#define OIDC_AGE_S   3600 /* a token made longer ago is refused */
#define OIDC_FRESH_S 300  /* a sign-in at the provider that counts as fresh */

struct oidc_expect {
	const struct provider   *provider;
	const struct oidc_place *place;
	const char              *nonce; /* NULL: none was asked for, so none may stand in the token */
	int64_t                  now_s;
	bool                     no_assuming; /* what is not said of an address is not assumed, whatever is set up */
};

/* What the provider has said of the person's groups and roles. */
enum oidc_told {
	OIDC_TOLD_NOTHING, /* neither claim was sent */
	OIDC_TOLD_PART,    /* there are more than were sent */
	OIDC_TOLD_UNASKED, /* the rest could not be asked for just now */
	OIDC_TOLD_ALL
};

struct oidc_person {
	const char    *issuer, *subject;
	const char    *email;         /* compared form; NULL: none */
	bool           email_verified; /* by the provider's word, or where it is set up so, for want of one */
	bool           email_said;    /* the provider says whether it is */
	bool           email_trusted;
	const char    *name;          /* 1..200 bytes; NULL: none */
	bool           mfa;           /* the provider says it asked for two factors */
	int64_t        auth_time_s;   /* when the person last proved who it is there; 0: it does not say */
	int64_t        expires_s;     /* of the token */
	struct strings groups;        /* of `groups` and `roles`, or what is called so there */
	enum oidc_told told;          /* how many of them */
	const struct json *claims;    /* of the ID token */
};

/* False with *why set and ERR_CREDENTIALS: refused. */
MUST_USE bool oidc_claims_check(TALLOC_CTX *mem, const struct json *claims, const struct oidc_expect *x,
    struct oidc_person *out, enum oidc_reason *why, struct err *e);

#endif
