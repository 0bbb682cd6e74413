/*
 * user_admin.h - users as the admin tool makes them.
 */
#ifndef BSX_AUTH_USER_ADMIN_H
#define BSX_AUTH_USER_ADMIN_H

#include "core/auth/auth.h"

/*
 * Makes an active user with a password and one role by its name, audited as
 * actor "system".  An existing e-mail is ERR_CONFLICT.
 */
MUST_USE bool user_add_first(struct tenant_db *t, TALLOC_CTX *mem, const struct database_deps *deps,
    const char *email, const char *display_name, struct str password, const char *role, struct err *e);

#endif
