#include "core/auth/grant.h"

#include <string.h>

#include "core/auth/audit_seldom.h"
#include "core/auth/settings.h"
#include "core/store/tenant/grant.h"

#define SLUG_MAX 63

static bool
refuse(struct err *e, const char *why)
{
	return err_set(e, ERR_FORBIDDEN, 0, "You may not act in that tenant.", "%s", why);
}

struct finding {
	const struct deed_by *by;
	struct grant_use     *use;
	struct tenant_db     *there;
	const struct strings *need_factor; /* roles that need a second factor there */
};

/* As it would be asked for; one's own is told by name or id. */
static bool
read_name(
    const struct deed_by *by, struct str named, struct grant_asked *in, bool *own, struct err *e)
{
	const struct caller *c = by->caller;
	const struct tenant *home;

	*in = (struct grant_asked) { .home = c->tenant };
	if (c->kind == CALLER_SESSION)
		in->user = c->user;
	if (!tenant_by_id(by->auth->database, &c->tenant, &home, e))
		return false;
	if (uuid_parse(named, &in->id)) {
		*own = uuid_eq(&in->id, &c->tenant);
		return true;
	}
	*own = str_eqz(named, home->slug);
	if (named.n > SLUG_MAX || memchr(named.p, '\0', named.n) != NULL || !str_is_utf8(named))
		return refuse(e, "no short name of a tenant");
	in->slug = str_dup(by->mem, named);
	return in->slug != NULL || err_memory(e);
}

/* ---- what roles lend ---- */

/* (*out)->name NULL: it is gone. */
static bool
role_of(struct grant_roles *r, struct str id, const struct role_view **out, struct err *e)
{
	struct role_view *read;
	struct uuid       uuid;

	if (!uuid_parse(id, &uuid))
		return err_set(e, ERR_INTERNAL, 0, "internal error", "roles of a grant");
	for (size_t i = 0; i < r->n; i++) {
		*out = &r->read[i];
		if (uuid_eq(&r->read[i].id, &uuid))
			return true;
	}
	read = talloc_realloc(r->mem, r->read, struct role_view, (unsigned)r->n + 1);
	if (read == NULL)
		return err_memory(e);
	r->read = read;
	*out = read = &read[r->n++];
	if (role_view_by_id(r->there, r->mem, &uuid, read, e))
		return true;
	*read = (struct role_view) { .id = uuid };
	return err_take(e, ERR_MISSING);
}

bool
grant_lends(struct grant_roles *r, const char *ids, struct permissions *out, struct err *e)
{
	struct permissions      lent = { { 0, 0 } };
	const struct role_view *role = NULL;
	struct str              rest = str_of(ids), one;

	while (rest.n > 0) {
		rest = str_cut(rest, ',', &one);
		if (!role_of(r, one, &role, e))
			return false;
		if (role->name == NULL)
			continue;
		permissions_add(&lent, role->permissions);
		if (r->see != NULL && !r->see(r->arg, role, e))
			return false;
	}
	permissions_bound(&lent, r->there->tenant);
	permissions_bound_lent(&lent);
	permissions_join(out, &lent);
	return true;
}

/* ---- acting ---- */

static bool
ask_factor(void *arg, const struct role_view *role, struct err *e)
{
	const struct finding *f = arg;
	const struct caller  *c = f->by->caller;

	if (c->kind != CALLER_SESSION || c->aal >= 2 || !strings_have(*f->need_factor, role->name))
		return true;
	return err_set(e, ERR_FORBIDDEN, 0,
	    "That tenant asks for a second factor from who acts there: sign in with one.",
	    "mfa.required_for of the tenant acted in");
}

static bool
open_there(struct finding *f, const struct uuid *id, struct err *e)
{
	struct database       *d = f->by->auth->database;
	const struct settings *s;

	if (!tenant_by_id(d, id, &f->use->tenant, e) ||
	    !tenant_db_open(d, f->use->tenant, false, &f->there, e))
		return e->code == ERR_MISSING ? refuse((err_clear(e), e), "not active") : false;
	if (!settings_of(f->by->auth, f->use->tenant, &s, e))
		return false;
	f->need_factor = &s->mfa->required_for;
	return true;
}

bool
grant_find(const struct deed_by *by, struct str named, struct grant_use *out, struct err *e)
{
	struct finding     f = { .by = by, .use = out };
	struct grant_roles roles;
	struct grant_asked in;
	struct grant_lent *lent;
	size_t             n;
	bool               own = false;

	*out = (struct grant_use) { 0 };
	if (!read_name(by, named, &in, &own, e))
		return false;
	if (own)
		return true;
	if (!grants_lent(by->auth->database, by->mem, &in, &lent, &n, e))
		return false;
	if (n == 0)
		return refuse(e, "no cross-tenant grant");
	out->grant = lent[0].id;
	if (!open_there(&f, &lent[0].tenant_id, e))
		return false;
	roles = (struct grant_roles) { f.there, by->mem, ask_factor, &f, NULL, 0 };
	for (size_t i = 0; i < n; i++)
		if (!grant_lends(&roles, lent[i].roles, &out->permissions, e))
			return false;
	permissions_intersect(&out->permissions, &by->caller->permissions);
	return true;
}

bool
grant_note(const struct deed_by *by, const struct grant_use *use, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_GRANT_USE, .target_id = use->grant };
	bool               written;

	return audit_seldom(by, &entry, NULL, &written, e) &&
	       (!written || grant_used(by->auth->database, &use->grant, e));
}
