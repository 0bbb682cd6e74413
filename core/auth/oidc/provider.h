/*
 * provider.h - identity providers as administrators set them up: this is the
 * deed, provider_body the members of a request, provider_check the rules,
 * provider_trust who may.
 *
 * A provider opens accounts and sessions, so setting one up is granting: nobody
 * maps a role that they do not hold, and who trusts a provider for a domain
 * (it may then sign in as any user of that domain), or changes whose word
 * counts for those whom it knows, must hold what an admin holds.  The client
 * secret is sealed and never read out again.
 */
#ifndef BSX_AUTH_OIDC_PROVIDER_H
#define BSX_AUTH_OIDC_PROVIDER_H

#include "core/auth/audit.h"
#include "core/auth/oidc/claim_names.h"
#include "core/json/schema.h"
#include "core/store/identity/identity.h"

/* What a client sends; in a change only what is given counts. */
struct provider_body {
	const char     *name, *kind, *client_id, *client_secret, *issuer, *entra_tenant_id;
	struct strings  allowed_domains;
	struct raw_json role_map;
	bool            auto_provision, trust_mfa;
	const struct claim_names *claims;
	struct strings  authorized_parties, mfa_acr, mfa_amr, scopes;
	const char     *absent_roles;
	bool            assume_email_verified, group_lookup, own_address;
	uint64_t        given;
};
extern const struct schema provider_new_schema, provider_change_schema;

/* Who asks for what. */
struct provider_deed {
	struct deed_by by;
	/* Called with the row as it stands, inside the transaction of a change: false refuses it. NULL: none. */
	bool (*check)(void *arg, const struct provider *p, struct err *e);
	void          *check_arg;
};

MUST_USE bool provider_see(const struct deed_by *by, const struct uuid *id, struct provider *out, struct err *e);
/* Newest first. */
MUST_USE bool provider_page(const struct deed_by *by, struct page *p, struct err *e);

MUST_USE bool provider_make(const struct provider_deed *d, const struct provider_body *in, struct provider *out,
    struct err *e);
MUST_USE bool provider_change(const struct provider_deed *d, const struct uuid *id, const struct provider_body *in,
    struct provider *out, struct err *e);
/* Its sessions end at once on this host, elsewhere within revocation_lag. */
MUST_USE bool provider_remove(const struct provider_deed *d, const struct uuid *id, struct err *e);

/* The address that the provider must be told to send people back to. */
char *provider_redirect_uri(TALLOC_CTX *mem, const struct conf *conf, const struct provider *p);

#endif
