/*
 * user_last.h - the last administrator: there is always an active user with the role admin that does not end.
 */
#ifndef BSX_AUTH_USER_USER_LAST_H
#define BSX_AUTH_USER_USER_LAST_H

#include "core/auth/user/user_admin.h"

/* Is one that counts for this. */
bool user_is_lasting_admin(const struct user *u);
/*
 * Who is one, and stays none, needs another beside (ERR_LAST_ADMIN).  In the transaction of the change, after
 * user_lock_admins(): two cannot both count the other one.
 */
MUST_USE bool user_keep_an_admin(struct tenant_db *t, const struct user *was, bool stays, struct err *e);

#endif
