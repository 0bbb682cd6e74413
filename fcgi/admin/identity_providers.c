/* routes.h: identity providers, as administrators set them up. */
#include "core/auth/oidc/provider.h"
#include "core/web/etag.h"
#include "fcgi/routes.h"

struct provider_out {
	struct uuid               id;
	const char               *name, *kind, *client_id, *issuer, *entra_tenant_id, *redirect_uri;
	bool                      has_secret;
	struct strings            allowed_domains;
	struct raw_json           role_map;
	bool                      auto_provision, trust_mfa;
	const struct claim_names *claims;
	struct strings            authorized_parties, mfa_acr, mfa_amr, scopes;
	const char               *absent_roles;
	bool                      assume_email_verified, group_lookup, own_address;
	instant                   created_at, updated_at;
};
static const struct field provider_out_fields[] = {
	FIELD(struct provider_out, id, .doc = "Number of the provider."),
	FIELD(struct provider_out, name, .doc = "Name in its addresses."),
	FIELD(struct provider_out, kind, .doc = "google, entra or oidc."),
	FIELD(struct provider_out, client_id, .doc = "This installation's number at the provider."),
	FIELD(struct provider_out, has_secret,
	    .doc = "Whether a client secret is kept; it is never shown."),
	FIELD(struct provider_out, issuer, .flags = FIELD_NULLABLE, .doc = "Null: the kind's own."),
	FIELD(struct provider_out, entra_tenant_id, .flags = FIELD_NULLABLE,
	    .doc = "Of kind entra: the directory whose users may sign in."),
	FIELD(struct provider_out, redirect_uri,
	    .doc = "The address to be registered at the provider."),
	FIELD(struct provider_out, allowed_domains,
	    .doc = "E-mail domains for which the provider is trusted."),
	FIELD(struct provider_out, role_map,
	    .doc = "Group or application role to the name of a role."),
	FIELD(struct provider_out, auto_provision, .doc = "Whether unknown people get an account."),
	FIELD(struct provider_out, trust_mfa, .doc = "Whether its second factor counts here."),
	FIELD(struct provider_out, claims, .item = &claim_names_schema, .flags = FIELD_NULLABLE,
	    .doc = "Which claims say what; null: the usual ones."),
	FIELD(struct provider_out, authorized_parties,
	    .doc = "Further client ids that may stand in azp."),
	FIELD(struct provider_out, mfa_acr,
	    .doc = "Values of acr that say a second factor was asked for."),
	FIELD(struct provider_out, mfa_amr, .doc = "The same of amr."),
	FIELD(struct provider_out, absent_roles,
	    .doc = "keep or remove: roles of a known person whose groups it does not tell."),
	FIELD(struct provider_out, assume_email_verified,
	    .doc = "Whether an address counts as verified when it does not say."),
	FIELD(struct provider_out, own_address,
	    .doc = "Whether redirect_uri has the provider's number in it, so that no answer for it "
		   "can be brought to a provider of the same name elsewhere."),
	FIELD(struct provider_out, group_lookup,
	    .doc = "Whether groups beyond the token are asked of Microsoft Graph."),
	FIELD(struct provider_out, scopes,
	    .doc = "Scopes that are asked for beside openid, email and profile."),
	FIELD(struct provider_out, created_at, .doc = "When it was made."),
	FIELD(struct provider_out, updated_at, .doc = "When it was last changed."),
	FIELD_END,
};
static const struct schema provider_out_schema =
    SCHEMA("IdentityProvider", struct provider_out, provider_out_fields);

static bool
show(struct request *r, const struct provider *p, struct provider_out *out, struct err *e)
{
	struct claim_names *names = talloc_zero(r->mem, struct claim_names);

	if (names == NULL)
		return err_memory(e);
	if (!claim_names_read(r->mem, p->claims, names, e))
		return false;
	*out = (struct provider_out) {
		.id = p->id,
		.name = p->name,
		.kind = p->kind,
		.client_id = p->client_id,
		.issuer = p->issuer,
		.entra_tenant_id = p->entra_tenant_id,
		.redirect_uri = provider_redirect_uri(r->mem, r->app->env->conf, p),
		.has_secret = p->client_secret.p != NULL,
		.allowed_domains = p->allowed_domains,
		.role_map = p->role_map,
		.auto_provision = p->auto_provision,
		.trust_mfa = p->trust_mfa,
		.claims = p->claims.text == NULL ? NULL : names,
		.authorized_parties = p->authorized_parties,
		.mfa_acr = p->mfa_acr,
		.mfa_amr = p->mfa_amr,
		.absent_roles = p->absent_roles,
		.assume_email_verified = p->assume_email_verified,
		.group_lookup = p->group_lookup,
		.own_address = p->own_address,
		.scopes = p->scopes,
		.created_at = p->created_at,
		.updated_at = p->updated_at,
	};
	return out->redirect_uri != NULL || err_memory(e);
}

static struct etag_state
state_of(const struct provider *p)
{
	return etag_number((uint64_t)p->updated_at.ms);
}

static bool
show_one(struct request *r, const struct provider *p, void *answer, struct err *e)
{
	return etag_set(r, state_of(p), e) && show(r, p, answer, e);
}

static bool
fetch_providers(struct request *r, struct list_page *p, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	return provider_page(&by, &p->page, e);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)p;
	return show(r, row, out, e);
}
static const struct list_ops provider_list_ops = {
	fetch_providers,
	LIST_OF(struct provider, id),
	show_row,
};

static bool
get_one(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct provider      p;

	(void)body;
	return provider_see(&by, &r->id0, &p, e) && show_one(r, &p, answer, e);
}

/* ---- changes ---- */

static bool
if_match(void *arg, const struct provider *p, struct err *e)
{
	return etag_may_change(arg, state_of(p), e);
}

static struct provider_deed
deed_of(struct request *r)
{
	return (struct provider_deed) { request_deed_by(r), if_match, r };
}

static bool
make(struct request *r, const void *body, void *answer, struct err *e)
{
	struct provider_deed d = deed_of(r);
	struct provider      p;

	return provider_make(&d, body, &p, e) && show_one(r, &p, answer, e);
}

static bool
change(struct request *r, const void *body, void *answer, struct err *e)
{
	struct provider_deed d = deed_of(r);
	struct provider      p;

	return provider_change(&d, &r->id0, body, &p, e) && show_one(r, &p, answer, e);
}

static bool
drop(struct request *r, const void *body, void *answer, struct err *e)
{
	struct provider_deed d = deed_of(r);

	(void)body;
	(void)answer;
	return provider_remove(&d, &r->id0, e);
}

const struct route identity_provider_routes[] = {
	ROUTE_LIST("/api/identity-providers", list_query, ALLOW(READ, SETTINGS), &provider_list_ops,
	    OUT_LIST(provider_out), "Lists the tenant's identity providers, newest first."),
	ROUTE(POST, "/api/identity-providers", ALLOW_FRESH(UPDATE, SETTINGS), RATE_WRITE, 201, make,
	    IN(provider_new), OUT(provider_out), "Sets an identity provider up."),
	ROUTE(GET, "/api/identity-providers/{id}", ALLOW(READ, SETTINGS), RATE_READ, 200, get_one,
	    IN_NONE, OUT_TAGGED(provider_out), "Shows one identity provider."),
	ROUTE(PUT, "/api/identity-providers/{id}", ALLOW_FRESH(UPDATE, SETTINGS), RATE_WRITE, 200,
	    change, IN(provider_change), OUT(provider_out),
	    "Changes the members it names.  More than it has is believed of a provider with "
	    "allowed_domains, or by which anybody has signed in, if the caller holds all that an "
	    "administrator holds; to take trust away asks for nothing more."),
	ROUTE(DELETE_, "/api/identity-providers/{id}", ALLOW_FRESH(UPDATE, SETTINGS), RATE_WRITE,
	    204, drop, IN_NONE, OUT_NONE,
	    "Removes an identity provider; its sessions end at once."),
	ROUTE_END,
};
