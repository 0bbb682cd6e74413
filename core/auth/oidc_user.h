/*
 * oidc_user.h - which user of the tenant a provider's person is.
 *
 * First the identity that is known.  Then, by rules and never by a bare e-mail
 * claim: an active user with the address that the provider has verified and is
 * trusted for (allowed_domains) is linked; else, with auto_provision, an
 * account is made with the roles that the role map gives.  Of an account that
 * the provider made the role map also decides later on; when the token does not
 * tell all groups nothing is mapped and the sign-in is refused (OIDC_OVERAGE).
 * The tenant's last active administrator keeps its roles; the audit trail has
 * the attempt as a failure.
 */
#ifndef BSX_AUTH_OIDC_USER_H
#define BSX_AUTH_OIDC_USER_H

#include "core/auth/audit.h"
#include "core/auth/oidc_claims.h"
#include "core/store/user.h"

struct oidc_who {
	struct auth              *a;
	TALLOC_CTX               *mem;
	struct tenant_db         *t;
	const struct provider    *provider;
	const struct oidc_person *person;
	const struct origin      *origin;
	struct identity           identity; /* set when found */
	struct user               user;     /* set when found: active */
};

/* False with *why and ERR_CREDENTIALS: nobody, or not by these rules. */
MUST_USE bool oidc_user_find(struct oidc_who *w, enum oidc_reason *why, struct err *e);

#endif
