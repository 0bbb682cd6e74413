/*
 * session_begin.h - a session for somebody who has proved who it is, however:
 * the row, the tokens and the audit entry, in one deed.
 */
#ifndef BSX_AUTH_SESSION_BEGIN_H
#define BSX_AUTH_SESSION_BEGIN_H

#include "core/auth/session.h"

struct session_start {
	const char *provider;     /* "password" or the identity provider's name */
	int64_t     aal;
	int64_t     auth_time_ms; /* when the user last proved who it is */
	tx_fn      *body;         /* what else belongs to the deed; NULL: nothing */
	void       *arg;
	const char *details;      /* of the audit entry: a JSON object */
};

/* The user must be active: that is the caller's to check.  An error of `body` is handed on as it is. */
MUST_USE bool session_begin(const struct deed_by *by, const struct user *u, const struct session_start *how,
    struct session_grant *grant, struct err *e);

#endif
