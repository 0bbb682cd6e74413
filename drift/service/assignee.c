#include "drift/service/assignee.h"

#include "core/store/identity/user.h"
#include "core/store/tenant/grant.h"

static bool
acts_here(const struct acting *a, const struct uuid *id)
{
	const struct caller *c = a->by.caller;

	return c->acting && c->kind == CALLER_SESSION && uuid_eq(&c->user, id);
}

static bool
is_lent(const struct acting *a, const struct uuid *id, bool *yes, struct err *e)
{
	struct grant *list;
	size_t        n;

	*yes = false;
	if (!grants_counting(a->by.auth->database, a->by.mem, &a->by.t->tenant->id, &list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		*yes = *yes || uuid_eq(&list[i].grantee_user, id);
	return true;
}

bool
assignee_check(const struct acting *a, const struct uuid *id, struct err *e)
{
	struct user u;
	bool        lent;

	if (uuid_is_nil(id) || acts_here(a, id))
		return true;
	if (user_by_id(a->by.t, a->by.mem, id, &u, e))
		return user_is_active(&u) ||
		       err_fault(e, a->by.mem, "/assigned_to", "is a user who cannot sign in");
	if (!err_take(e, ERR_MISSING) || !is_lent(a, id, &lent, e))
		return false;
	return lent || err_fault(e, a->by.mem, "/assigned_to",
			   "is no user of this tenant, nor somebody who acts here by a grant");
}
