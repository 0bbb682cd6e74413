#include "core/auth/user/user_roles.h"

#include <stdio.h>
#include <string.h>

#include "core/store/identity/role.h"

static bool
add_role(const struct managing *m, struct strings names, struct role_choice *out, struct err *e)
{
	const char      *name = names.items[out->n];
	struct strings   before = { names.items, out->n };
	struct role_view role;
	char             pointer[32];

	snprintf(pointer, sizeof(pointer), "/roles/%zu", out->n);
	if (strings_have(before, name))
		return err_fault(e, m->mem, pointer, "comes twice");
	if (!role_view_by_name(m->t, m->mem, name, &role, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return err_fault(e, m->mem, pointer, "no such role");
	}
	out->ids[out->n++] = role.id;
	/* a text this program does not know grants nothing */
	permissions_add(&out->granted, role.permissions);
	return true;
}

bool
role_choice_make(
    const struct managing *m, struct strings names, struct role_choice *out, struct err *e)
{
	*out = (struct role_choice) { 0 };
	if (names.n > USER_ROLES_MAX)
		return err_fault(e, m->mem, "/roles", "at most %d", USER_ROLES_MAX);
	while (out->n < names.n)
		if (!add_role(m, names, out, e))
			return false;
	permissions_bound(&out->granted, m->t->tenant);
	return true;
}

bool
role_choice_may_grant(const struct managing *m, const struct role_choice *c, struct err *e)
{
	if (!permission_has(&m->caller->permissions, ACTION_ASSIGN, RESOURCE_ROLES))
		return err_set(e, ERR_FORBIDDEN, 0, "You do not have the permission assign:roles.",
		    "assign:roles is missing");
	if (permission_covers(&m->caller->permissions, &c->granted))
		return true;
	return err_set(e, ERR_ESCALATION, 0,
	    "Nobody can grant roles with permissions that they do not have themselves.",
	    "roles beyond the caller's permissions");
}

static bool
may_manage(const struct managing *m, const struct user *u, struct err *e)
{
	struct permissions theirs = { { 0, 0 } };
	struct strings     granted;

	if (!strings_of_lines(m->mem, u->granted, &granted, e))
		return false;
	permissions_add(&theirs, granted);
	permissions_bound(&theirs, m->t->tenant);
	if (permission_covers(&m->caller->permissions, &theirs))
		return true;
	return err_set(e, ERR_ESCALATION, 0,
	    "This user has permissions that you do not have: somebody who has them must do this.",
	    "the user may do more than the caller");
}

/* Who made a key is not changed by it: no role, address or state is won or lost by what lies in a
 * file. */
static bool
refuse_maker(const struct managing *m, const struct uuid *id, struct err *e)
{
	if (m->caller->kind != CALLER_API_KEY || !caller_is(m->caller, id))
		return true;
	return err_set(e, ERR_FORBIDDEN, 0,
	    "An API key cannot change the user who made it: sign in to do this.",
	    "the key's own maker");
}

bool
user_take(const struct managing *m, const struct uuid *id, struct user *u, struct err *e)
{
	return refuse_maker(m, id, e) && user_lock(m->t, id, e) &&
	       user_by_id(m->t, m->mem, id, u, e) && may_manage(m, u, e);
}
