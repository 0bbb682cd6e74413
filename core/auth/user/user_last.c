#include "core/auth/user/user_last.h"

bool
user_is_lasting_admin(const struct user *u)
{
	return user_is_active(u) && user_has_lasting(u, "admin");
}

bool
user_keep_an_admin(struct tenant_db *t, const struct user *was, bool stays, struct err *e)
{
	uint64_t others = 0;

	if (stays || !user_is_lasting_admin(was))
		return true;
	if (!user_count_other_admins(t, &was->id, &others, e))
		return false;
	return others > 0 ||
	       err_set(e, ERR_LAST_ADMIN, 0, "This is the last active administrator of the tenant.",
		   "the last administrator");
}
