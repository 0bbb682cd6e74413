#include "core/auth/oidc/provider.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/bound_secret.h"
#include "core/auth/ends.h"
#include "core/auth/oidc/provider_trust.h"
#include "core/shm/cache.h"
#include "core/store/identity/user.h"

/* ---- reading ---- */

bool
provider_see(const struct deed_by *by, const struct uuid *id, struct provider *out, struct err *e)
{
	return provider_by_id(by->t->db, by->mem, id, out, e);
}

bool
provider_page(const struct deed_by *by, struct page *p, struct err *e)
{
	return provider_list(by->t->db, by->mem, p, e);
}

/* ---- changing ---- */

/* What the trail tells of it: everything but the secret. */
static const struct field detail_fields[] = {
	TOLD(struct provider, name),
	TOLD(struct provider, kind),
	TOLD(struct provider, issuer),
	TOLD(struct provider, client_id),
	TOLD(struct provider, allowed_domains),
	TOLD(struct provider, auto_provision),
	TOLD(struct provider, trust_mfa),
	TOLD(struct provider, role_map),
	TOLD(struct provider, claims),
	TOLD(struct provider, authorized_parties),
	TOLD(struct provider, mfa_acr),
	TOLD(struct provider, mfa_amr),
	TOLD(struct provider, absent_roles),
	TOLD(struct provider, assume_email_verified),
	TOLD(struct provider, group_lookup),
	TOLD(struct provider, own_address),
	TOLD(struct provider, scopes),
	FIELD_END,
};
static const struct schema detail_schema = SCHEMA("ProviderDetail", struct provider, detail_fields);

static bool
run_deed(const struct provider_deed *d, tx_fn *body, void *arg, enum audit_action action,
    const struct provider *p, struct err *e)
{
	struct audit_entry entry = {
		.action = action,
		.target_id = p->id,
		.details = audit_details(d->by.mem, &detail_schema, p, e),
	};

	if (entry.details == NULL)
		return false;
	return audit_deed(&d->by, body, arg, &entry, e) ||
	       db_taken(e, "An identity provider of that name exists.");
}

static bool
check_count(const struct provider_deed *d, struct err *e)
{
	struct page p = { .want = PROVIDERS_MAX };

	if (!provider_list(d->by.t->db, d->by.mem, &p, e))
		return false;
	return p.n < PROVIDERS_MAX ||
	       err_set(e, ERR_QUOTA, 0, "There are too many identity providers.", "%zu", p.n);
}

/* Nobody changes a role, or makes another provider, until the end. */
static bool
make_body(struct db *db, void *arg, struct err *e)
{
	const struct provider_work *w = arg;

	return user_lock_admins(w->d->by.t, e) && check_count(w->d, e) && provider_may_make(w, e) &&
	       provider_add(db, w->p, e);
}

bool
provider_make(const struct provider_deed *d, const struct provider_body *in, struct provider *out,
    struct err *e)
{
	static const char   *mfa[] = { "mfa", NULL };
	struct provider_work w = { d, in, &provider_new_schema, out };

	*out = (struct provider) { .id = uuid_make(d->by.auth->env->clock, d->by.auth->env->rand),
		.mfa_amr = { mfa, 1 },
		.own_address = true,
		.created_at = { clock_ms(d->by.auth->env->clock) } };
	out->kind = talloc_strdup(d->by.mem, in->kind);
	out->absent_roles = talloc_strdup(d->by.mem, "keep");
	if (out->kind == NULL || out->absent_roles == NULL)
		return err_memory(e);
	return provider_take(&w, e) && provider_check(&w, e) &&
	       run_deed(d, make_body, &w, AUDIT_PROVIDER_CREATE, out, e);
}

/* The row is read before and written in the deed only if nobody else has changed it meanwhile. */
struct changing {
	const struct provider_deed *d;
	struct provider            *p;
	const struct provider_work *w; /* of a change */
	instant                     was;
};

/* What was begun by it, under that name. */
static bool
end_begun(const struct changing *c, enum ends_event event, const char *name, struct err *e)
{
	struct ending x = {
		.event = event, .now = { clock_ms(c->d->by.auth->env->clock) }, .provider = name
	};

	return ends_apply(c->d->by.t, &x, e);
}

/* The token endpoint is the issuer's word, and of Entra the directory's. */
static bool
check_secret(const struct provider_work *w, const struct provider *was, struct err *e)
{
	const struct secret_target targets[] = { { "issuer", was->issuer, w->p->issuer },
		{ "entra_tenant_id", was->entra_tenant_id, w->p->entra_tenant_id } };
	const struct bound_secret  s = {
		 .member = "client_secret",
		 .kept = was->client_secret.p != NULL,
		 .named = provider_given(w, "client_secret"),
		 .targets = targets,
		 .n = sizeof(targets) / sizeof(targets[0]),
	};

	return bound_secret_check(w->d->by.mem, &s, e);
}

static bool
change_body(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;
	struct provider  now;

	if (!user_lock_admins(c->d->by.t, e) ||
	    !provider_lock(db, c->d->by.mem, &c->p->id, &now, e) ||
	    (c->d->check != NULL && !c->d->check(c->d->check_arg, &now, e)))
		return false;
	if (now.updated_at.ms != c->was.ms)
		return err_set(
		    e, ERR_CONFLICT, 0, "It was changed by somebody else just now.", "outrun");
	return provider_may_change(c->w, &now, e) && check_secret(c->w, &now, e) &&
	       provider_set(db, c->p, e) &&
	       (strcmp(now.name, c->p->name) == 0 ||
		   end_begun(c, END_PROVIDER_RENAMED, now.name, e));
}

/* Callers in the cache may be of a session that has just ended. */
static void
forget_callers(const struct provider_deed *d)
{
	cache_bump_tenant(d->by.auth->env->segment, &d->by.t->tenant->id);
}

bool
provider_change(const struct provider_deed *d, const struct uuid *id,
    const struct provider_body *in, struct provider *out, struct err *e)
{
	struct provider_work w = { d, in, &provider_change_schema, out };
	struct changing      c = { .d = d, .p = out, .w = &w };

	if (!provider_by_id(d->by.t->db, d->by.mem, id, out, e))
		return false;
	c.was = out->updated_at;
	if (!provider_take(&w, e))
		return false;
	/* It is the row's entity tag, so it differs from the one before. */
	if (out->updated_at.ms <= c.was.ms)
		out->updated_at.ms = c.was.ms + 1;
	if (!provider_check(&w, e) || !run_deed(d, change_body, &c, AUDIT_PROVIDER_UPDATE, out, e))
		return false;
	forget_callers(d);
	return true;
}

static bool
remove_body(struct db *db, void *arg, struct err *e)
{
	struct changing *c = arg;

	return provider_lock(db, c->d->by.mem, &c->p->id, c->p, e) &&
	       (c->d->check == NULL || c->d->check(c->d->check_arg, c->p, e)) &&
	       provider_drop(db, c->p, e) && end_begun(c, END_PROVIDER_GONE, c->p->name, e);
}

bool
provider_remove(const struct provider_deed *d, const struct uuid *id, struct err *e)
{
	struct provider p;
	struct changing c = { .d = d, .p = &p };

	if (!provider_by_id(d->by.t->db, d->by.mem, id, &p, e) ||
	    !run_deed(d, remove_body, &c, AUDIT_PROVIDER_DELETE, &p, e))
		return false;
	forget_callers(d);
	return true;
}

char *
provider_redirect_uri(TALLOC_CTX *mem, const struct conf *conf, const struct provider *p)
{
	char id[UUID_TEXT_MAX];

	uuid_print(&p->id, id);
	return talloc_asprintf(mem, "%s%s/api/auth/oidc/%s/callback%s%s", conf->public_url,
	    conf->base_path, p->name, p->own_address ? "/" : "", p->own_address ? id : "");
}
