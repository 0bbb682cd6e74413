/*
 * place.h - from where the people and keys of a tenant may come: its `allowed_addresses`.
 *
 * An empty list allows every address.  Each request is held against the list of its caller's tenant, and against that
 * of the tenant acted in; a session is neither begun nor refreshed from elsewhere; it is ended from
 * anywhere, and so by a refresh token that is shown twice.  What nobody is signed in for (a mailed
 * link, a token of `notify`) is no business of it.  The address is the client's behind trusted_proxies; of a trusted
 * proxy that has not said for whom it asks nothing is known, and that is not in a list.
 *
 * The way back is the platform's: its administrators are not bound by another tenant's list, and `bsxctl tenant
 * addresses` by none.
 */
#ifndef BSX_AUTH_PLACE_H
#define BSX_AUTH_PLACE_H

#include "core/auth/settings.h"
#include "core/auth/deed.h"

/* ERR_PLACE. */
MUST_USE bool place_check(struct auth *a, const struct tenant *t, const struct origin *from, struct err *e);

/* The same before a session is made or goes on; the refusal is in the trail of by->t (audit_seldom.h). */
MUST_USE bool place_check_user(const struct deed_by *by, const struct uuid *user, const char *email, struct err *e);

/* Who sets the list stays inside: else a fault that says from where the caller comes. */
MUST_USE bool place_keeps_in(TALLOC_CTX *mem, const struct settings *now, const struct origin *from, struct err *e);

#endif
