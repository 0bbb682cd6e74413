/*
 * accounts.h - what the routes of users, roles, sessions and tenants share.
 */
#ifndef BSX_FCGI_ADMIN_ACCOUNTS_H
#define BSX_FCGI_ADMIN_ACCOUNTS_H

#include "core/auth/user/user_admin.h"
#include "core/web/etag.h"
#include "core/web/route.h"

struct managing managing_of(struct request *r);

#endif
