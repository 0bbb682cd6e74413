/*
 * session.h - a session's life: granted by a sign-in, carried by an access
 * token, renewed by rotating its refresh token, ended.
 *
 * Refresh token: base64url(tenant tag | session | generation | pepper version |
 * HMAC(pepper, all before)).  Rotating is one conditional UPDATE; who comes
 * with the last generation within 30 s gets the same successor again (parallel
 * tabs, a lost answer), later it is reuse: the session ends.
 */
#ifndef BSX_AUTH_SESSION_H
#define BSX_AUTH_SESSION_H

#include "core/auth/audit.h"
#include "core/store/identity/session.h"
#include "core/store/identity/user.h"

#define SESSION_TOUCH_MS  60000 /* last use is noted no more often */
#define REFRESH_GRACE_S   30
#define REFRESH_TOKEN_LEN 91

/* What a client gets; strings are children of `mem`. */
struct session_grant {
	struct caller        caller;
	const struct tenant *tenant;
	const char          *access_token;
	const char          *refresh_token;
	int64_t              access_end_ms;
	const char          *return_to; /* not NULL: where a sign-in that waited for its second factor was to lead to */
	uint64_t             device_epoch; /* of the user: what makes a device known (device.h) */
	bool                 same_device;  /* the device that asked is known, and stays the one it is */
	const char          *mfa_token; /* not NULL: no session yet, a second factor is due; the rest is not set */
};

/* Makes both tokens for the session that grant->caller and grant->tenant name. */
MUST_USE bool session_grant_tokens(struct auth *a, TALLOC_CTX *mem, uint64_t generation,
    struct session_grant *grant, struct err *e);
/*
 * A refresh token as it was shown.  `of`: the session it must belong to, NULL: any.  Both of its
 * users: ERR_UNAUTHENTICATED, or ERR_REFRESH_REUSED once the session has been ended for it.
 */
struct refresh_shown {
	struct str         token;
	const struct uuid *of;
};
MUST_USE bool session_refresh(const struct deed_by *by, const struct refresh_shown *shown,
    struct session_grant *grant, struct err *e);
/* The tenant of the session that it names, if that lives and gave it out last, or before that; changes nothing. */
MUST_USE bool session_by_refresh(const struct deed_by *by, const struct refresh_shown *shown,
    struct uuid *tenant, struct err *e);
/* Ends the session that it names, as session_end does: for whose access token has run out. */
MUST_USE bool session_end_by_refresh(const struct deed_by *by, const struct refresh_shown *shown, bool all,
    struct err *e);
/* Ends the caller's session, or all of its user's; it is over for every process when this returns. */
MUST_USE bool session_end(const struct deed_by *by, bool all, struct err *e);

/* The caller's user's that live, newest first; the caller's own is marked. */
MUST_USE bool session_page(const struct deed_by *by, struct page *p, struct err *e);

/* A row as the tenant's settings allow it now, whatever held when it began. */
MUST_USE bool session_bound(struct auth *a, const struct tenant *t, struct session_caller *s, struct err *e);
/* The caller that a session row of by->t makes. */
MUST_USE bool caller_of_session(const struct deed_by *by, const struct uuid *session,
    const struct session_caller *s, struct caller *c, struct err *e);
/* The user a caller is: from the caller itself, or read when it does not hold everything. */
MUST_USE bool caller_user(struct tenant_db *t, TALLOC_CTX *mem, const struct caller *c, struct user *u, struct err *e);

#endif
