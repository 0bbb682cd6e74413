#include "core/auth/tenant/grant_admin.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/audit_forward.h"
#include "core/auth/give.h"
#include "core/auth/tenant/tenant_admin.h"
#include "core/store/identity/role.h"

#define DAY_MS 86400000LL

struct giving {
	const struct deed_by   *by;    /* who gives; by->t is theirs */
	struct deed_by          there; /* in the tenant that gives */
	const struct grant_new *in;
	const struct tenant    *giver, *grantee;
	struct grant            g;
	struct permissions      lent;
	struct audit_entry      entry;
};

/* Done in the name of a tenant by somebody who is not of it. */
static bool
by_platform(const struct deed_by *by, const struct uuid *tenant)
{
	return by->caller == NULL || !uuid_eq(&by->caller->tenant, tenant);
}

/* ---- what is asked ---- */

static bool
find_grantee(struct giving *w, struct err *e)
{
	struct database *d = w->by->auth->database;
	struct str       named = str_of(w->in->grantee);
	struct uuid      id;
	bool             found;

	tenant_forget(d);
	found = uuid_parse(named, &id) ? tenant_by_id(d, &id, &w->grantee, e)
				       : tenant_by_slug(d, named, &w->grantee, e);
	if (!found && !err_take(e, ERR_MISSING))
		return false;
	if (!found || strcmp(w->grantee->status, "active") != 0)
		return err_fault(e, w->by->mem, "/grantee_tenant", "is no tenant that is active");
	if (uuid_eq(&w->grantee->id, &w->giver->id))
		return err_fault(e, w->by->mem, "/grantee_tenant", "is the tenant that gives");
	return true;
}

static bool
check_end(const struct giving *w, struct err *e)
{
	int64_t now = clock_ms(w->by->auth->env->clock), end = w->in->expires_at.ms;

	if (end <= now)
		return err_fault(e, w->by->mem, "/expires_at", "is in the past");
	return end <= now + GRANT_DAYS_MAX * DAY_MS ||
	       err_fault(e, w->by->mem, "/expires_at", "is more than %d days away", GRANT_DAYS_MAX);
}

static bool
add_role(struct giving *w, size_t i, struct buf *ids, struct buf *names, struct err *e)
{
	struct role_view role;
	char             id[UUID_TEXT_MAX], pointer[32];

	snprintf(pointer, sizeof(pointer), "/roles/%zu", i);
	if (!role_view_by_name(w->there.t, w->by->mem, w->in->roles.items[i], &role, e))
		return err_take(e, ERR_MISSING) &&
		       err_fault(e, w->by->mem, pointer, "is no role of the tenant that gives");
	uuid_print(&role.id, id);
	buf_printf(ids, "%s%s", i > 0 ? "," : "", id);
	buf_printf(names, "%s%s", i > 0 ? "\n" : "", role.name);
	permissions_add_given(&w->lent, role.permissions);
	return true;
}

/* In the transaction: the roles are what they are then. */
static bool
add_roles(struct giving *w, struct err *e)
{
	struct buf ids, names;

	buf_make(&ids, w->by->mem);
	buf_make(&names, w->by->mem);
	w->lent = (struct permissions) { { 0, 0 } };
	for (size_t i = 0; i < w->in->roles.n; i++)
		if (!add_role(w, i, &ids, &names, e))
			return false;
	w->g.roles = buf_text(&ids, e);
	w->g.role_names = w->g.roles == NULL ? NULL : buf_text(&names, e);
	return w->g.role_names != NULL;
}

static bool
may(const struct giving *w, struct err *e)
{
	const struct deed_by *by = by_platform(w->by, &w->giver->id) ? w->by : &w->there;

	return by->caller == NULL ||
	       may_give_until(by, &w->lent, w->in->expires_at,
		   "Nobody lends what they do not hold themselves, or for longer than they do.", e);
}

/* ---- what is told ---- */

bool
grant_roles(TALLOC_CTX *mem, const struct grant *g, struct strings *out, struct err *e)
{
	return strings_of_lines(mem, g->role_names, out, e);
}

struct grant_told {
	const char    *tenant, *grantee_tenant;
	struct uuid    grantee_user;
	struct strings roles;
	const char    *reason;
	instant        expires_at;
};
static const struct field grant_told_fields[] = {
	TOLD(struct grant_told, tenant),
	TOLD(struct grant_told, grantee_tenant),
	TOLD_IF(struct grant_told, grantee_user),
	TOLD(struct grant_told, roles),
	TOLD(struct grant_told, reason),
	TOLD(struct grant_told, expires_at),
	FIELD_END,
};
static const struct schema grant_told_schema =
    SCHEMA("GrantTold", struct grant_told, grant_told_fields);

static const char *
details_of(TALLOC_CTX *mem, const struct grant *g, struct err *e)
{
	struct grant_told told = {
		.tenant = g->slug,
		.grantee_tenant = g->grantee_slug,
		.grantee_user = g->grantee_user,
		.reason = g->reason,
		.expires_at = g->expires_at,
	};

	return grant_roles(mem, g, &told.roles, e)
		   ? audit_details(mem, &grant_told_schema, &told, e)
		   : NULL;
}

/* Into the trails of those two that the deed is not done in, and the platform's where it did it. */
static bool
tell_others(const struct deed_by *there, const struct grant *g, const struct audit_entry *entry,
    struct err *e)
{
	const struct uuid  nobody = { { 0 } }, *here = &there->t->tenant->id;
	const struct uuid *actor = there->caller != NULL ? &there->caller->tenant : &nobody;
	const struct uuid *tied[] = { &g->tenant_id, &g->grantee_tenant, actor };

	for (size_t i = 0; i < sizeof(tied) / sizeof(tied[0]); i++) {
		bool again = i == 2 && (uuid_eq(actor, tied[0]) || uuid_eq(actor, tied[1]));

		if (again || uuid_is_nil(tied[i]) || uuid_eq(tied[i], here))
			continue;
		if (!audit_forward(there, tied[i], entry, e))
			return false;
	}
	return true;
}

/* ---- giving ---- */

static bool
give_body(struct db *db, void *arg, struct err *e)
{
	struct giving *w = arg;

	(void)db;
	if (!user_lock_admins(w->there.t, e) || !add_roles(w, e) || !may(w, e))
		return false;
	w->entry.details = details_of(w->by->mem, &w->g, e);
	return w->entry.details != NULL &&
	       grant_add(w->there.t, &w->g, by_platform(w->by, &w->giver->id), e) &&
	       tell_others(&w->there, &w->g, &w->entry, e) && grant_tell_made(&w->there, &w->g, e);
}

static bool
fill(struct giving *w, struct err *e)
{
	TALLOC_CTX *mem = w->by->mem;

	w->g = (struct grant) {
		.id = w->entry.target_id,
		.tenant_id = w->giver->id,
		.grantee_tenant = w->grantee->id,
		.grantee_user = w->in->user,
		.reason = talloc_strdup(mem, w->in->reason),
		.given_name = talloc_strdup(mem, deed_name(w->by)),
		.expires_at = w->in->expires_at,
		.slug = w->giver->slug,
		.name = w->giver->name,
		.grantee_slug = w->grantee->slug,
		.grantee_name = w->grantee->name,
	};
	if (w->by->caller != NULL)
		w->g.given_by = w->by->caller->user;
	return (w->g.reason != NULL && w->g.given_name != NULL) || err_memory(e);
}

static bool
open_giver(const struct deed_by *by, const struct uuid *id, const struct tenant **t,
    struct deed_by *there, struct err *e)
{
	struct tenant_db *db = by->t;

	if (!tenant_visible(by, id, t, e))
		return false;
	if (!uuid_eq(id, &by->t->tenant->id) &&
	    !tenant_db_open(by->auth->database, *t, true, &db, e))
		return false;
	*there = deed_in(by, db);
	return true;
}

bool
grant_make(const struct deed_by *by, const struct uuid *giver, const struct grant_new *in,
    struct grant *out, struct err *e)
{
	struct giving w = {
		.by = by,
		.in = in,
		.entry = { .action = AUDIT_GRANT_CREATE,
		    .target_id = uuid_make(by->auth->env->clock, by->auth->env->rand) },
	};

	if (!open_giver(by, giver, &w.giver, &w.there, e) || !find_grantee(&w, e) ||
	    !check_end(&w, e) || !fill(&w, e))
		return false;
	if (!audit_deed(&w.there, give_body, &w, &w.entry, e)) {
		if (e->code == ERR_CONFLICT)
			snprintf(e->pub, sizeof(e->pub),
			    "One of the two tenants is not active, or there are too many grants: "
			    "%d of this tenant that count, %d of them to that one, %d made for it "
			    "in a day.",
			    GRANTS_MOST, GRANTS_USED, GRANTS_A_DAY);
		return false;
	}
	return grant_by_id(by->auth->database, by->mem, &w.g.id, out, e);
}

/* ---- reading ---- */

bool
grants_visible(const struct deed_by *by, const struct uuid *tenant, bool received, struct page *p,
    struct err *e)
{
	const struct tenant *t;

	return tenant_visible(by, tenant, &t, e) &&
	       grant_page(by->auth->database, by->mem, tenant, received, p, e);
}

/* ---- ending ---- */

struct ending {
	struct deed_by     there;
	struct grant       g;
	bool               by_platform, by_giver;
	struct audit_entry entry;
};

/* The administrators of the tenant that gave it are told here, or where the entry is carried to. */
static bool
end_body(struct db *db, void *arg, struct err *e)
{
	struct ending *w = arg;
	const char    *who = deed_name(&w->there);

	(void)db;
	return grant_revoke(w->there.t, &w->g.id, w->by_platform, who, e) &&
	       tell_others(&w->there, &w->g, &w->entry, e) &&
	       (!w->by_giver || grant_tell_ended(&w->there, &w->g, who, e));
}

bool
grant_end(
    const struct deed_by *by, const struct uuid *tenant, const struct uuid *grant, struct err *e)
{
	struct ending        w = { .by_platform = by_platform(by, tenant) };
	const struct tenant *t;

	if (!open_giver(by, tenant, &t, &w.there, e) ||
	    !grant_by_id(by->auth->database, by->mem, grant, &w.g, e))
		return false;
	w.by_giver = uuid_eq(&w.g.tenant_id, tenant);
	if (!w.by_giver && !uuid_eq(&w.g.grantee_tenant, tenant))
		return err_set(e, ERR_MISSING, 0, "Not found.", "a grant of other tenants");
	w.entry = (struct audit_entry) {
		.action = AUDIT_GRANT_REVOKE,
		.target_id = *grant,
		.details = details_of(by->mem, &w.g, e),
	};
	if (w.entry.details == NULL)
		return false;
	if (audit_deed(&w.there, end_body, &w, &w.entry, e))
		return true;
	if (e->code == ERR_CONFLICT)
		snprintf(e->pub, sizeof(e->pub), "This grant is over.");
	return false;
}
