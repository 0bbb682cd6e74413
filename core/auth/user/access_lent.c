#include "core/auth/user/access_lent.h"

#include "core/store/identity/role.h"
#include "core/store/tenant/grant.h"

struct lending {
	const struct deed_by *by;
	bool                  tenants, people; /* their names are shown */
	struct role_view     *roles;           /* that grants name: each is read once */
	size_t                n;
};

/* (*out)->name NULL: it is gone. */
static bool
role_of(struct lending *l, const struct uuid *id, const struct role_view **out, struct err *e)
{
	struct role_view *r;

	for (size_t i = 0; i < l->n; i++) {
		*out = &l->roles[i];
		if (uuid_eq(&l->roles[i].id, id))
			return true;
	}
	r = talloc_realloc(l->by->mem, l->roles, struct role_view, (unsigned)l->n + 1);
	if (r == NULL)
		return err_memory(e);
	l->roles = r;
	*out = r = &l->roles[l->n++];
	if (role_view_by_id(l->by->t, l->by->mem, id, r, e))
		return true;
	*r = (struct role_view) { .id = *id };
	return err_take(e, ERR_MISSING);
}

/* One of its roles, if that is still there, and what it permits. */
static bool
add_role(struct lending *l, const struct grant *g, struct str id, struct items *to,
    struct permissions *may, struct err *e)
{
	struct assignment      *all = to->p;
	const struct role_view *role = NULL;
	struct uuid             uuid;

	if (!uuid_parse(id, &uuid))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "roles of a grant");
	if (!role_of(l, &uuid, &role, e))
		return false;
	if (role->name == NULL)
		return true;
	permissions_add(may, role->permissions);
	all[to->n++] = (struct assignment) {
		.role = role->name,
		.role_id = role->id,
		.ends_at = g->expires_at,
		.given_by = g->given_by,
		.given_name = l->people ? g->given_name : NULL,
		.given_at = g->created_at,
	};
	return true;
}

static bool
show(struct lending *l, const struct grant *g, struct access_holder *out, struct err *e)
{
	struct permissions may = { { 0, 0 } };
	struct str         rest = str_of(g->roles), one;
	size_t             most = 1;

	for (size_t i = 0; i < rest.n; i++)
		most += rest.p[i] == ',';
	out->id = g->id;
	out->kind = ACCESS_GRANT;
	out->name = l->tenants ? g->grantee_slug : NULL;
	out->status = "active";
	out->ends_at = g->expires_at;
	out->last_used = g->used_at;
	out->created_at = g->created_at;
	out->assignments.p = talloc_zero_array(l->by->mem, struct assignment, (unsigned)most);
	if (out->assignments.p == NULL)
		return err_memory(e);
	while (rest.n > 0) {
		rest = str_cut(rest, ',', &one);
		if (!add_role(l, g, one, &out->assignments, &may, e))
			return false;
	}
	permissions_bound(&may, l->by->t->tenant);
	permissions_bound_lent(&may);
	return permission_list(l->by->mem, &may, &out->permissions, e);
}

bool
access_lent(const struct deed_by *by, struct access_others *out, struct err *e)
{
	const struct permissions *may = &by->caller->permissions;
	struct lending            l = { .by = by,
			   .tenants = permission_has(may, ACTION_READ, RESOURCE_TENANTS),
			   .people = permission_has(may, ACTION_READ, RESOURCE_USERS) };
	struct grant             *grants;

	if (!grants_counting(by->auth->database, by->mem, &by->t->tenant->id, &grants, &out->n, e))
		return false;
	out->p = talloc_zero_array(by->mem, struct access_holder, (unsigned)out->n + 1);
	if (out->p == NULL)
		return err_memory(e);
	for (size_t i = 0; i < out->n; i++)
		if (!show(&l, &grants[i], &out->p[i], e))
			return false;
	return true;
}
