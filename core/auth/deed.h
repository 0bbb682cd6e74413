/*
 * deed.h - who does something, where, and with what: one pointer through everything that is done for a caller.
 *
 * Of a request it is request_deed_by() (core/web/request.h); what is done by the
 * system itself has no caller and no origin, and neither has what the operator does
 * at the machine (bsxctl): who that was is `actor`, and nothing is above them.  Who signs in, or comes by a mailed
 * link, begins without a tenant: what finds it works on a copy that names it.
 */
#ifndef BSX_AUTH_DEED_H
#define BSX_AUTH_DEED_H

#include "core/auth/auth.h"
#include "core/auth/caller.h"

/* Whence it was asked, as far as the audit entry needs it: filled by the pass. */
struct origin {
	const char *address;    /* client address, text */
	const char *user_agent; /* as sent; cut to 400 bytes where it is stored */
	const char *request_id;
	bool        untold; /* the address is a trusted proxy's, which has not said for whom it asks */
};

struct deed_by {
	struct auth         *auth;
	TALLOC_CTX          *mem;    /* owns what the deed makes */
	struct tenant_db    *t;      /* where it is done, and audited; NULL: not known yet */
	const struct caller *caller; /* NULL: nobody who is signed in, or the system */
	const struct origin *origin; /* NULL: none */
	struct permit       *permit; /* kept here while a password is hashed, so that the pass can give it back; NULL: none is */
	/*
	 * Who does it where no caller does, such as "bsxctl:NAME"; NULL: each entry says.  With a caller: the operator does
	 * it by what that one may, and the trail names the operator.
	 */
	const char          *actor;
};

/* The same in another tenant, or by another caller. */
static inline struct deed_by
deed_in(const struct deed_by *by, struct tenant_db *t)
{
	struct deed_by there = *by;

	there.t = t;
	return there;
}

static inline struct deed_by
deed_as(const struct deed_by *by, const struct caller *caller)
{
	struct deed_by as = *by;

	as.caller = caller;
	return as;
}

/* Who does it, for people to read: an address, the name that a key was given, or the actor; NULL: none is known. */
static inline const char *
deed_name(const struct deed_by *by)
{
	return by->caller != NULL ? caller_own_name(by->caller) : by->actor;
}

#endif
