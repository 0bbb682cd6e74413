#include "core/auth/user/user_roles.h"

#include <stdio.h>
#include <string.h>

bool
role_see(const struct deed_by *by, const struct uuid *id, struct role_view *out, struct err *e)
{
	return role_view_by_id(by->t, by->mem, id, out, e);
}

bool
role_page(const struct deed_by *by, struct page *p, struct err *e)
{
	return role_list(by->t, by->mem, p, e);
}

/* ---- granting ---- */

static bool
add_role(const struct deed_by *by, struct strings names, struct role_choice *out, struct err *e)
{
	const char      *name = names.items[out->n];
	struct strings   before = { names.items, out->n };
	struct role_view role;
	char             pointer[32];

	snprintf(pointer, sizeof(pointer), "/roles/%zu", out->n);
	if (strings_have(before, name))
		return err_fault(e, by->mem, pointer, "comes twice");
	if (!role_view_by_name(by->t, by->mem, name, &role, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_fault(e, by->mem, pointer, "no such role");
	}
	out->ids[out->n++] = role.id;
	/* a text this program does not know grants nothing */
	permissions_add(&out->granted, role.permissions);
	return true;
}

bool
role_choice_make(
    const struct deed_by *by, struct strings names, struct role_choice *out, struct err *e)
{
	*out = (struct role_choice) { 0 };
	if (names.n > USER_ROLES_MAX)
		return err_fault(e, by->mem, "/roles", "at most %d", USER_ROLES_MAX);
	while (out->n < names.n)
		if (!add_role(by, names, out, e))
			return false;
	permissions_bound(&out->granted, by->t->tenant);
	return true;
}

bool
role_choice_may_grant(const struct deed_by *by, const struct role_choice *c, struct err *e)
{
	if (!permission_has(&by->caller->permissions, ACTION_ASSIGN, RESOURCE_ROLES))
		return err_set(e, ERR_FORBIDDEN, 0, "You do not have the permission assign:roles.",
		    "assign:roles is missing");
	if (permission_covers(&by->caller->permissions, &c->granted))
		return true;
	return err_set(e, ERR_ESCALATION, 0,
	    "Nobody can grant roles with permissions that they do not have themselves.",
	    "roles beyond the caller's permissions");
}

static bool
may_manage(const struct deed_by *by, const struct user *u, struct err *e)
{
	struct permissions theirs = { { 0, 0 } };
	struct strings     granted;

	if (!strings_of_lines(by->mem, u->granted, &granted, e))
		return false;
	permissions_add(&theirs, granted);
	permissions_bound(&theirs, by->t->tenant);
	if (permission_covers(&by->caller->permissions, &theirs))
		return true;
	return err_set(e, ERR_ESCALATION, 0,
	    "This user has permissions that you do not have: somebody who has them must do this.",
	    "the user may do more than the caller");
}

/* Who made a key is not changed by it: no role, address or state is won or lost by what lies in a
 * file. */
static bool
refuse_maker(const struct deed_by *by, const struct uuid *id, struct err *e)
{
	if (by->caller->kind != CALLER_API_KEY || !caller_is(by->caller, id))
		return true;
	return err_set(e, ERR_FORBIDDEN, 0,
	    "An API key cannot change the user who made it: sign in to do this.",
	    "the key's own maker");
}

bool
user_take(const struct deed_by *by, const struct uuid *id, struct user *u, struct err *e)
{
	return refuse_maker(by, id, e) && user_lock(by->t, id, e) &&
	       user_by_id(by->t, by->mem, id, u, e) && may_manage(by, u, e);
}
