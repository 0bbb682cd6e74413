/*
 * access_lent.h - people and keys of other tenants in the access review: each grant that counts is one holder.
 */
#ifndef BSX_AUTH_USER_ACCESS_LENT_H
#define BSX_AUTH_USER_ACCESS_LENT_H

#include "core/auth/user/access_review.h"

/* GRANTS_MOST (core/store/tenant/grant.h) at most. */
MUST_USE bool access_lent(const struct deed_by *by, struct access_others *out, struct err *e);

#endif
