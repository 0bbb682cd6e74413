/*
 * accounts.h - what the routes of users, roles, sessions and tenants share.
 */
#ifndef BSX_FCGI_ACCOUNTS_H
#define BSX_FCGI_ACCOUNTS_H

#include "core/auth/user_admin.h"
#include "core/web/route.h"

struct managing managing_of(struct request *r);

/*
 * Entity tags by content: the first half is of `what` (that which changes are held against by If-Match), `also`
 * of what changes by itself.
 */
MUST_USE bool tag_set(struct request *r, const struct buf *what, int64_t also, struct err *e);
/* ERR_PRECONDITION: If-Match names another content. */
MUST_USE bool tag_match(struct request *r, const struct buf *what, struct err *e);

#endif
