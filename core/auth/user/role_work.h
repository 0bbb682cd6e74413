/*
 * role_work.h - what the files of role_admin share: a role as it is to be, and whether it may become so.
 */
#ifndef BSX_AUTH_USER_ROLE_WORK_H
#define BSX_AUTH_USER_ROLE_WORK_H

#include "core/auth/user/role_admin.h"

struct role_work {
	const struct deed_by     *by;
	const struct role_change *in;
	struct role_view          was, now;
	struct permissions        before, after; /* bound to the tenant */
	uint64_t                  holders;       /* users for whom it counts */
	size_t                    maps;          /* providers whose role_map names it */
	bool                      in_policy;     /* mfa.required_for names it */
	bool                      lent;          /* to people of another tenant */
};

/* Fills the rest from by, in and was: `now` in the forms that are kept.  ERR_INVALID with faults; ERR_CONFLICT. */
MUST_USE bool role_work_fill(struct role_work *w, struct err *e);
/* The change, or with in->drop the end, may be made by this caller. */
MUST_USE bool role_work_may(const struct role_work *w, struct err *e);

#endif
