/*
 * accounts.h - what the routes of users, roles, sessions and tenants share.
 */
#ifndef BSX_FCGI_ACCOUNTS_H
#define BSX_FCGI_ACCOUNTS_H

#include "core/auth/user_admin.h"
#include "core/web/route.h"

#define ACCOUNTS_PAGE 50

struct managing managing_of(struct request *r);

/*
 * Entity tags by content: the first half is of `what` (that which changes are held against by If-Match), `also`
 * of what changes by itself.
 */
MUST_USE bool tag_set(struct request *r, const struct buf *what, int64_t also, struct err *e);
/* ERR_PRECONDITION: If-Match names another content. */
MUST_USE bool tag_match(struct request *r, const struct buf *what, struct err *e);

/* Lists ask for one row more than the page holds; `size` and `id_offset` of a row. */
size_t list_rows(int64_t limit);
MUST_USE bool list_answer(struct request *r, struct items *out, void *rows, size_t n, size_t size, size_t id_offset,
    int64_t limit, struct err *e);

#endif
