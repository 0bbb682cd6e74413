#include "core/auth/user/role_work.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/give.h"
#include "core/auth/settings.h"
#include "core/base/unicode.h"
#include "core/json/json.h"
#include "core/store/identity/identity.h"
#include "core/store/tenant/grant.h"

#define TEXTS 200 /* bytes of a sentence for the client */

/* ---- its name ---- */

static bool
is_same(TALLOC_CTX *mem, struct str folded, const char *name, bool *same, struct err *e)
{
	struct str other;

	if (!unicode_identifier(mem, str_of(name), &other, e))
		return false;
	*same = str_eq(folded, other);
	return true;
}

static bool
refuse_built_in(struct role_work *w, struct str folded, struct err *e)
{
	bool same = false;

	for (const struct built_in_role *b = built_in_roles; b->name != NULL; b++) {
		if (!is_same(w->by->mem, folded, b->name, &same, e))
			return false;
		if (same)
			return err_fault(
			    e, w->by->mem, "/name", "is that of the built-in role %s", b->name);
	}
	return true;
}

static bool
refuse_taken(struct role_work *w, struct str folded, struct err *e)
{
	struct page             p = { .want = ROLES_MAX + 20 };
	const struct role_view *all;
	bool                    same = false;

	if (!role_page(w->by, &p, e))
		return false;
	all = p.rows;
	for (size_t i = 0; i < p.n; i++) {
		if (uuid_eq(&all[i].id, &w->was.id))
			continue;
		if (!is_same(w->by->mem, folded, all[i].name, &same, e))
			return false;
		if (same)
			return err_set(e, ERR_CONFLICT, 0, "A role of this name exists.",
			    "a role's name is taken");
	}
	return true;
}

static bool
fill_name(struct role_work *w, struct err *e)
{
	TALLOC_CTX *mem = w->by->mem;
	struct str  name, folded;
	struct err  why = { 0 };

	w->now.name = w->was.name;
	if (w->in->name == NULL || (w->was.name != NULL && strcmp(w->in->name, w->was.name) == 0))
		return true;
	if (!unicode_name(mem, str_of(w->in->name), ROLE_NAME_MAX, &name, &why)) {
		*e = why;
		return why.code == ERR_INVALID ? err_fault(e, mem, "/name", "%s", why.pub) : false;
	}
	w->now.name = str_dup(mem, name);
	if (w->now.name == NULL)
		return err_memory(e);
	return unicode_identifier(mem, name, &folded, e) && refuse_built_in(w, folded, e) &&
	       refuse_taken(w, folded, e);
}

/* ---- what it permits ---- */

static void
check_permission(struct role_work *w, size_t i, struct err *e)
{
	const struct strings before = { w->in->permissions.items, i };
	struct permissions   one = { { 0, 0 } };
	const char          *text = w->in->permissions.items[i];
	char                 pointer[40];

	snprintf(pointer, sizeof(pointer), "/permissions/%zu", i);
	if (!permission_add(&one, text))
		err_fault(e, w->by->mem, pointer, "not a permission of the form action:resource");
	else if (strings_have(before, text))
		err_fault(e, w->by->mem, pointer, "comes twice");
}

static bool
fill_permissions(struct role_work *w, struct err *e)
{
	w->now.permissions = w->was.permissions;
	if (w->in->set_permissions)
		w->now.permissions = w->in->permissions;
	for (size_t i = 0; w->in->set_permissions && i < w->in->permissions.n; i++)
		check_permission(w, i, e);
	if (e->code != ERR_OK)
		return false;
	/* a text this program does not know grants nothing */
	permissions_add_given(&w->before, w->was.permissions);
	if (!w->in->drop)
		permissions_add(&w->after, w->now.permissions);
	permissions_bound(&w->before, w->by->t->tenant);
	permissions_bound(&w->after, w->by->t->tenant);
	return true;
}

/* ---- who has it, and where it is named ---- */

static bool
count_maps(struct role_work *w, const char *name, struct err *e)
{
	struct page            p = { .want = PROVIDERS_MAX };
	const struct provider *all;

	if (!provider_list(w->by->t->db, w->by->mem, &p, e))
		return false;
	all = p.rows;
	for (size_t i = 0; i < p.n; i++) {
		const struct json *map = json_parse(w->by->mem, str_of(all[i].role_map.text), e);
		bool               names = false;

		if (map == NULL)
			return false;
		for (uint32_t j = 0; map->type == JSON_OBJECT && j < map->n; j++)
			names |=
			    map->items[j].type == JSON_STRING && str_eqz(map->items[j].text, name);
		w->maps += names;
	}
	return true;
}

/* Of the registry's row as it is now: whoever changes it waits for the same lock. */
static bool
see_policy(struct role_work *w, const char *name, struct err *e)
{
	const struct tenant   *t;
	const struct settings *s;

	tenant_forget(w->by->auth->database);
	if (!tenant_by_id(w->by->auth->database, &w->by->t->tenant->id, &t, e) ||
	    !settings_of(w->by->auth, t, &s, e))
		return false;
	w->in_policy = strings_have(s->mfa->required_for, name);
	return true;
}

static bool
see_use(struct role_work *w, struct err *e)
{
	return role_count_holders(w->by->t, &w->was.id, &w->holders, e) &&
	       grant_has_role(
		   w->by->auth->database, &w->by->t->tenant->id, &w->was.id, &w->lent, e);
}

bool
role_work_fill(struct role_work *w, struct err *e)
{
	w->now = w->was;
	w->before = w->after = (struct permissions) { { 0, 0 } };
	w->holders = w->maps = 0;
	w->lent = false;
	if (!fill_name(w, e) || !fill_permissions(w, e))
		return false;
	if (w->in->description != NULL)
		w->now.description = talloc_strdup(w->by->mem, w->in->description);
	if (w->now.description == NULL)
		return err_memory(e);
	return (w->was.name == NULL || see_use(w, e)) &&
	       count_maps(w, w->was.name != NULL ? w->was.name : w->now.name, e) &&
	       see_policy(w, w->was.name != NULL ? w->was.name : w->now.name, e);
}

/* ---- whether it may be ---- */

static bool
in_use(const struct role_work *w, const char *what, struct err *e)
{
	char pub[TEXTS];

	snprintf(pub, sizeof(pub),
	    "%s. Users with it: %llu; identity providers whose role_map names it: %zu%s%s.", what,
	    (unsigned long long)w->holders, w->maps,
	    w->in_policy ? "; mfa.required_for names it" : "",
	    w->lent ? "; another tenant is granted it" : "");
	return err_set(e, ERR_IN_USE, 0, pub, "a role in use");
}

static bool
keep_names(const struct role_work *w, struct err *e)
{
	bool renamed = w->was.name != NULL && strcmp(w->was.name, w->now.name) != 0;

	if (w->was.name == NULL && w->maps > 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "The role_map of an identity provider names a role of this name already.",
		    "a role that a map would give at once");
	if (w->in->drop && (w->holders > 0 || w->maps > 0 || w->in_policy || w->lent))
		return in_use(w, "It cannot be deleted", e);
	return !renamed || (w->maps == 0 && !w->in_policy) || in_use(w, "It keeps its name", e);
}

/* Whoever has it is given what it permits more. */
static bool
may_widen(const struct role_work *w, struct err *e)
{
	if (permission_covers(&w->before, &w->after) ||
	    (w->holders == 0 && w->maps == 0 && !w->lent))
		return true;
	return may_give_by(w->by, ACTION_ASSIGN, RESOURCE_ROLES,
		   "Others have this role: what it permits more is given to them, which needs the "
		   "permission assign:roles.",
		   e) &&
	       may_give_until(w->by, &w->after, (instant) { 0 },
		   "Others have this role, for good: nobody gives for longer than they hold.", e);
}

bool
role_work_may(const struct role_work *w, struct err *e)
{
	if (w->was.built_in)
		return err_set(e, ERR_BUILT_IN_ROLE, 0,
		    "Built-in roles cannot be changed: make one of your own.", "a built-in role");
	return may_give(w->by, &w->before,
		   "This role has permissions that you do not have: somebody who has them must do "
		   "this.",
		   e) &&
	       may_give(w->by, &w->after,
		   "Nobody makes a role with permissions that they do not have themselves.", e) &&
	       may_widen(w, e) && keep_names(w, e);
}
