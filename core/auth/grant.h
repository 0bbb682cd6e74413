/*
 * grant.h - acting in another tenant: what a caller may do there.
 *
 * Somebody acts by the grants that the other tenant has given to their own, or to them alone (a key only by those to its
 * tenant).  They may do what the roles named there permit at this instant, as far as it is lent at all
 * (permissions_bound_lent), and never more than they may at home.  Nothing of it is kept: each request asks, so a grant
 * that was revoked, or is over, counts no more anywhere; nor does a role that was narrowed.
 *
 * They give nothing on: who is no user of that tenant holds nothing there that could be given (give.h).
 */
#ifndef BSX_AUTH_GRANT_H
#define BSX_AUTH_GRANT_H

#include "core/auth/deed.h"
#include "core/store/identity/role.h"

/* Roles of the tenant that gives, as grants of it name them: each is read once. */
struct grant_roles {
	struct tenant_db *there;
	TALLOC_CTX       *mem;
	bool (*see)(void *arg, const struct role_view *role, struct err *e); /* each that is there; NULL: nobody looks */
	void             *arg;
	struct role_view *read; /* begins as NULL */
	size_t            n;
};
/* Adds what `ids` (struct grant) lend at this instant to *out; one that is gone lends nothing. */
MUST_USE bool grant_lends(struct grant_roles *r, const char *ids, struct permissions *out, struct err *e);

struct grant_use {
	const struct tenant *tenant;      /* acted in, valid until database_tidy(); NULL: it is the caller's own */
	struct uuid          grant;       /* the one that lasts longest */
	struct permissions   permissions; /* what is lent, within what the caller holds */
};

/*
 * `named` is a short name or an id.  ERR_FORBIDDEN with one sentence: no such tenant, not active, nothing granted; with
 * another: a role needs a second factor there, and the session was begun without one.
 */
MUST_USE bool grant_find(const struct deed_by *by, struct str named, struct grant_use *out, struct err *e);
/* Noted in that tenant's trail and in the grant, now and then (audit_seldom.h). */
MUST_USE bool grant_note(const struct deed_by *by, const struct grant_use *use, struct err *e);

#endif
