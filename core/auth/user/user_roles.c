#include "core/auth/user/user_roles.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/give.h"

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

/* ---- choosing ---- */

struct choosing {
	const struct deed_by     *by;
	const struct role_wishes *in;
	const struct user        *was;
	struct role_choice       *out;
	instant                   now;
};

static const struct assignment *
held_already(const struct user *was, const char *role)
{
	const struct assignment *all = was == NULL ? NULL : was->assignments.p;

	for (size_t i = 0; was != NULL && i < was->assignments.n; i++)
		if (strcmp(all[i].role, role) == 0)
			return &all[i];
	return NULL;
}

static bool
fault(const struct choosing *c, const char *member, const char *text, struct err *e)
{
	char pointer[40];

	snprintf(pointer, sizeof(pointer), "/%s/%zu%s", c->in->ends ? "assignments" : "roles",
	    c->out->n, c->in->ends ? member : "");
	return err_fault(e, c->by->mem, pointer, "%s", text);
}

/* Names alone leave the ends as they are. */
static void
fill_assignment(const struct choosing *c, const struct role_wish *wish, struct assignment *a)
{
	const struct assignment *held = held_already(c->was, wish->role);
	const struct caller     *caller = c->by->caller;

	if (held != NULL && (!c->in->ends || held->ends_at.ms == wish->ends_at.ms)) {
		a->ends_at = held->ends_at;
		a->given_by = held->given_by;
		a->given_name = held->given_name;
		a->given_at = held->given_at;
		return;
	}
	c->out->same = false;
	a->is_new = true;
	a->ends_at = wish->ends_at;
	a->given_at = c->now;
	a->given_name = c->by->actor;
	if (caller == NULL)
		return;
	a->given_by = caller->user;
	/* what a key is called is for those with read:api_keys */
	a->given_name = caller->kind == CALLER_API_KEY ? "API key" : caller->name;
}

static bool
add_role(struct choosing *c, struct err *e)
{
	struct role_choice     *out = c->out;
	const struct role_wish *wish = &c->in->all[out->n];
	const struct strings    before = { out->names, out->n };
	struct assignment      *a = &out->all[out->n];
	struct role_view        role;

	if (strings_have(before, wish->role))
		return fault(c, "/role", "comes twice", e);
	if (!role_view_by_name(c->by->t, c->by->mem, wish->role, &role, e))
		return err_take(e, ERR_MISSING) && fault(c, "/role", "no such role", e);
	*a = (struct assignment) { .role = role.name, .role_id = role.id };
	fill_assignment(c, wish, a);
	if (a->ends_at.ms != 0 && a->ends_at.ms <= c->now.ms)
		return fault(c, "/until", "must be in the future", e);
	out->names[out->n++] = role.name;
	permissions_add_given(&out->granted, role.permissions);
	return true;
}

bool
role_choice_make(const struct deed_by *by, const struct role_wishes *in, const struct user *was,
    struct role_choice *out, struct err *e)
{
	struct choosing c = { by, in, was, out, { clock_ms(by->auth->env->clock) } };
	struct strings  names = { out->names, 0 };

	*out = (struct role_choice) { .same = true };
	if (in->n > USER_ROLES_MAX)
		return err_fault(
		    e, by->mem, in->ends ? "/assignments" : "/roles", "at most %d", USER_ROLES_MAX);
	while (out->n < in->n)
		if (!add_role(&c, e))
			return false;
	names.n = out->n;
	permissions_bound(&out->granted, by->t->tenant);
	out->same = out->same && was != NULL && strings_same(was->roles, names);
	return true;
}

/* ---- giving ---- */

/* What is given anew lasts no longer than what the caller holds. */
static bool
may_grant_so_long(const struct deed_by *by, const struct assignment *a, struct err *e)
{
	struct permissions want = { { 0, 0 } };
	struct role_view   role;

	if (!role_view_by_name(by->t, by->mem, a->role, &role, e))
		return false;
	permissions_add_given(&want, role.permissions);
	return may_give_until(by, &want, a->ends_at,
	    "Nobody can grant a role for longer than they hold its permissions themselves.", e);
}

bool
role_choice_may_grant(const struct deed_by *by, const struct role_choice *c, struct err *e)
{
	if (!may_give_by(by, ACTION_ASSIGN, RESOURCE_ROLES,
		"You do not have the permission assign:roles.", e) ||
	    !may_give(by, &c->granted,
		"Nobody can grant roles with permissions that they do not have themselves.", e))
		return false;
	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].is_new && !may_grant_so_long(by, &c->all[i], e))
			return false;
	return true;
}

bool
role_choice_put(
    const struct deed_by *by, const struct uuid *user, const struct role_choice *c, struct err *e)
{
	const struct assignments all = { *user, c->all, c->n };

	return assignments_put(by->t, by->mem, &all, e);
}

/* Who made a key is not changed by it: no role, address or state is won or lost by what lies in a
 * file. */
static bool
refuse_maker(const struct deed_by *by, const struct uuid *id, struct err *e)
{
	if (!caller_is(by->caller, id) || by->caller->kind != CALLER_API_KEY)
		return true;
	return err_set(e, ERR_FORBIDDEN, 0,
	    "An API key cannot change the user who made it: sign in to do this.",
	    "the key's own maker");
}

bool
user_may_change(const struct deed_by *by, const struct user *u, struct err *e)
{
	return refuse_maker(by, &u->id, e) &&
	       may_give_lines(by, u->granted,
		   "This user has permissions that you do not have: somebody who has them must do "
		   "this.",
		   e);
}

bool
user_take(const struct deed_by *by, const struct uuid *id, struct user *u, struct err *e)
{
	return refuse_maker(by, id, e) && user_lock(by->t, id, e) &&
	       user_by_id(by->t, by->mem, id, u, e) && user_may_change(by, u, e);
}

/* ---- telling ---- */

static const struct field end_fields[] = {
	TOLD(struct assignment, role),
	FIELD_AS(struct assignment, ends_at, "until", .flags = FIELD_NULLABLE),
	FIELD_END,
};
static const struct schema end_schema = SCHEMA("RoleEndTold", struct assignment, end_fields);
static const struct field  ends_told_fields[] = {
	 TOLD_ITEM_IF(struct ends_told, from, &end_schema),
	 TOLD_ITEM_IF(struct ends_told, to, &end_schema),
	 FIELD_END,
};
const struct schema ends_told_schema = SCHEMA("RoleEndsTold", struct ends_told, ends_told_fields);
