#include "core/auth/user/access_lent.h"

#include "core/auth/grant.h"
#include "core/store/tenant/grant.h"

struct lending {
	const struct deed_by *by;
	bool                  tenants, people; /* their names are shown */
	struct grant_roles    roles;
	const struct grant   *grant; /* the one at hand */
	struct items         *to;    /* its roles */
};

static bool
add_role(void *arg, const struct role_view *role, struct err *e)
{
	const struct lending *l = arg;
	const struct grant   *g = l->grant;
	struct assignment    *all = l->to->p;

	(void)e;
	all[l->to->n++] = (struct assignment) {
		.role = role->name,
		.role_id = role->id,
		.ends_at = g->expires_at,
		.given_by = g->given_by,
		.given_name = l->people ? g->given_name : NULL,
		.given_at = g->created_at,
	};
	return true;
}

static size_t
count_roles(const char *ids)
{
	size_t n = 1;

	for (; *ids != '\0'; ids++)
		n += *ids == ',';
	return n;
}

static bool
show(struct lending *l, const struct grant *g, struct access_holder *out, struct err *e)
{
	struct permissions may = { { 0, 0 } };

	out->id = g->id;
	out->kind = ACCESS_GRANT;
	out->name = l->tenants ? g->grantee_slug : NULL;
	out->only_user = g->grantee_user;
	out->status = "active";
	out->ends_at = g->expires_at;
	out->last_used = g->used_at;
	out->created_at = g->created_at;
	out->assignments.p =
	    talloc_zero_array(l->by->mem, struct assignment, (unsigned)count_roles(g->roles));
	if (out->assignments.p == NULL)
		return err_memory(e);
	l->grant = g;
	l->to = &out->assignments;
	return grant_lends(&l->roles, g->roles, &may, e) &&
	       permission_list(l->by->mem, &may, &out->permissions, e);
}

bool
access_lent(const struct deed_by *by, struct access_others *out, struct err *e)
{
	const struct permissions *may = &by->caller->permissions;
	struct lending            l = { .by = by,
			   .tenants = permission_has(may, ACTION_READ, RESOURCE_TENANTS),
			   .people = permission_has(may, ACTION_READ, RESOURCE_USERS) };
	struct grant             *grants;

	l.roles = (struct grant_roles) { by->t, by->mem, add_role, &l, NULL, 0 };
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
