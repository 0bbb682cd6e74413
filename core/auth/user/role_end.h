/*
 * role_end.h - takes away the rows of roles that have ended: they count no more since that instant (assignment.h), and
 * here the tenant's trail is told of it, once.
 *
 * Whoever takes the row away tells: both are one transaction.
 */
#ifndef BSX_AUTH_USER_ROLE_END_H
#define BSX_AUTH_USER_ROLE_END_H

#include "core/auth/deed.h"

/* In the tenant by->t; *n counts. */
MUST_USE bool roles_end(const struct deed_by *by, size_t *n, struct err *e);

/*
 * In the next TENANT_PAGE tenants after *after, which moves on; *ended: those were the last.  A tenant that fails is
 * logged and passed by.
 */
MUST_USE bool roles_end_page(struct auth *a, struct uuid *after, bool *ended, struct err *e);

#endif
