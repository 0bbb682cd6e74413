/*
 * oidc_user.h - which user of the tenant a provider's person is.
 *
 * First the identity that is known.  Then, by rules and never by a bare e-mail
 * claim: an active user with the address that the provider has verified and is
 * trusted for (allowed_domains) is linked; else, with auto_provision, an
 * account is made with the roles that the role map gives.  Of an account that
 * the provider made the role map also decides later on.  The tenant's last
 * active administrator keeps its roles; the audit trail has the attempt as a
 * failure.
 *
 * What the provider does not tell is not "none" (enum oidc_told).  Where the map
 * asks for groups and not all are told, what is told decides as it would, and
 * the roles that the account has stay: where absent_roles says keep or the rest
 * could not be asked for.  Of a person of whom groups were told once, and of
 * everybody whose groups could not be asked for, they stay OIDC_UNASKED_DAYS
 * from the first such sign-in in a row; then what is told decides alone.  So
 * nobody gains by it, and somebody who has left a group keeps its role no longer
 * than that, whatever the browser asks the provider for.  Where the provider says
 * that it was asked for less than we ask (oidc_scope.h), such a person is refused
 * at once: OIDC_SCOPE.  Of whom groups were never told, roles stay as they were
 * given here.  Who has no role then is refused: OIDC_OVERAGE, OIDC_UNAVAILABLE or
 * OIDC_NO_ROLE.
 */
#ifndef BSX_AUTH_OIDC_OIDC_USER_H
#define BSX_AUTH_OIDC_OIDC_USER_H

#include "core/auth/audit.h"
#include "core/auth/oidc/oidc_claims.h"
#include "core/store/identity/user.h"

#define OIDC_UNASKED_DAYS 7

/* What of a person decides anything here. */
enum oidc_want { OIDC_WANT_EMAIL = 1, OIDC_WANT_NAME = 2, OIDC_WANT_GROUPS = 4 };

struct oidc_who {
	const struct deed_by     *by;
	const struct provider    *provider;
	const struct oidc_person *person;
	struct identity           identity; /* set when found */
	struct user               user;     /* set when found: active */
	bool                      known;    /* the identity is */
	unsigned                  wants;    /* enum oidc_want */
	const struct json        *map;      /* group to role */
	bool                      maps;     /* some group, and not only everybody */
	bool                      kept;     /* roles stay that the provider has not told */
	bool                      withheld; /* the provider says that it was not asked for all that we ask */
	bool                      outrun;   /* the provider was changed or removed while it was asked */
};

/*
 * First in the transaction of everything that is done by the provider's word.  False with ERR_CREDENTIALS and
 * w->outrun: it is not any more what it was when it was asked.
 */
MUST_USE bool oidc_user_hold(struct oidc_who *w, struct db *db, struct err *e);

/* Whether the identity is known, and what of the person is wanted for that. */
MUST_USE bool oidc_user_look(struct oidc_who *w, struct err *e);
/* After oidc_user_look().  False with *why and ERR_CREDENTIALS: nobody, or not by these rules. */
MUST_USE bool oidc_user_find(struct oidc_who *w, enum oidc_reason *why, struct err *e);

#endif
