/* provider_work.h: a provider's row, taken from the body of a request. */
#include <string.h>

#include "core/auth/oidc/oidc_scope.h"
#include "core/auth/oidc/provider_trust.h"
#include "core/auth/oidc/provider_work.h"

#define DOMAINS_MAX 50
#define PARTIES_MAX 20
#define VALUES_MAX  20

static const char *const kinds[] = { "google", "entra", "oidc", NULL };
static const char *const absences[] = { "keep", "remove", NULL };

#define SHARED_FIELDS                                                                              \
	FIELD(struct provider_body, issuer, .min = 8, .max = 400, .flags = FIELD_NULLABLE,         \
	    .doc = "Of kind oidc: its issuer.  Of google and entra: another host than their own "  \
		   "(national clouds)."),                                                          \
	    FIELD(struct provider_body, entra_tenant_id, .min = 36, .max = 36,                     \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Of kind entra: the directory whose users may sign in."),                   \
	    FIELD(struct provider_body, allowed_domains, .max = DOMAINS_MAX,                       \
		.doc = "E-mail domains for which the provider is trusted: verified addresses are " \
		       "linked to users.  None: nobody is linked any more; those whom it knows "   \
		       "go on signing in, of kind google from any domain."),                       \
	    FIELD(struct provider_body, role_map,                                                  \
		.doc = "Object: group or application role to the name of a role; * stands for "    \
		       "everybody.  One that gives any role needs assign:roles."),                 \
	    FIELD(struct provider_body, auto_provision,                                            \
		.doc = "True: unknown people get an account; needs create:users."),                \
	    FIELD(struct provider_body, trust_mfa,                                                 \
		.doc = "True: a second factor that the provider says it asked for counts here."),  \
	    FIELD(struct provider_body, claims, .item = &claim_names_schema,                       \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Which claims say what; null: the usual ones.  A name is a JSON Pointer "   \
		       "when it begins with /, else the claim called so, else with dots the path " \
		       "to it: realm_access.roles, cognito:groups, https://example.com/roles.  "   \
		       "Replaced as a whole."),                                                    \
	    FIELD(struct provider_body, authorized_parties, .max = PARTIES_MAX,                    \
		.doc =                                                                             \
		    "Further client ids that may stand in azp of a token that is for client_id, "  \
		    "such as the telephone application of the same provider."),                    \
	    FIELD(struct provider_body, mfa_acr, .max = VALUES_MAX,                                \
		.doc = "Values of acr that say a second factor was asked for; they count with "    \
		       "trust_mfa only."),                                                         \
	    FIELD(struct provider_body, mfa_amr, .max = VALUES_MAX,                                \
		.doc = "The same of amr; a new provider has mfa alone."),                          \
	    FIELD(struct provider_body, absent_roles, .choices = absences,                         \
		.doc = "What becomes of the roles of a known person when the provider tells "      \
		       "neither groups nor roles, or not all of them.  keep (unless said): "       \
		       "they stay and are never more; of a person of whom it told them once "      \
		       "for 7 days from the first such sign-in in a row, also when the "           \
		       "person has left the group.  remove: only what it tells counts.  "          \
		       "Groups that could not be asked for just then (UserInfo, Graph) keep "      \
		       "roles for 7 days either way.  Sent and empty is no roles either way; "     \
		       "null or an empty text is not sent.  Groups and roles count as the ID "     \
		       "token tells them; as UserInfo does when the token tells neither."),        \
	    FIELD(struct provider_body, assume_email_verified,                                     \
		.doc =                                                                             \
		    "True: an address of allowed_domains counts as verified when the provider "    \
		    "does not say whether it is (null or an empty text is not said).  For "        \
		    "providers that never say: it is not assumed where the description lists "     \
		    "email_verified in claims_supported, or the token endpoint's scope lacks "     \
		    "email; false, in the ID token or in UserInfo, is believed always.  Risk: "    \
		    "where people may enter addresses themselves, anybody there can sign in as "   \
		    "any user here; and a provider that does say it, but lists neither, can be "   \
		    "made by the person's browser not to say it.  Of kind oidc only."),            \
	    FIELD(struct provider_body, group_lookup,                                              \
		.doc = "True: of people who are in more groups than fit into a token, the groups " \
		       "are asked of Microsoft Graph; the application needs the delegated right "  \
		       "User.Read.  Of kind entra only."),                                         \
	    FIELD(struct provider_body, scopes, .max = OIDC_SCOPES_MAX,                            \
		.doc =                                                                             \
		    "Scopes to ask for beside openid, email and profile, such as the one that "    \
		    "groups hang by; groups is asked for by itself where the provider lists it "   \
		    "in scopes_supported and role_map names a group.  1 to 100 characters each; "  \
		    "offline_access is refused.  Of kind oidc only."),                             \
	    FIELD_END

static const struct field provider_new_fields[] = {
	FIELD(struct provider_body, name, .min = 1, .max = PROVIDER_NAME_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SEEN,
	    .doc = "Name in its addresses: a-z, 0-9 and -; unique."),
	FIELD(struct provider_body, kind, .choices = kinds, .flags = FIELD_REQUIRED,
	    .doc = "google, entra or oidc."),
	FIELD(struct provider_body, client_id, .min = 1, .max = PROVIDER_CLIENT_MAX,
	    .flags = FIELD_REQUIRED, .doc = "This installation's number at the provider."),
	FIELD(struct provider_body, client_secret, .min = 1, .max = PROVIDER_SECRET_MAX,
	    .flags = FIELD_NULLABLE | FIELD_SECRET, .doc = "Its secret there; never shown again."),
	SHARED_FIELDS
};
static const struct field provider_change_fields[] = {
	FIELD(struct provider_body, name, .min = 1, .max = PROVIDER_NAME_MAX, .flags = FIELD_SEEN,
	    .doc = "Name in its addresses: a-z, 0-9 and -; unique."),
	FIELD(struct provider_body, client_id, .min = 1, .max = PROVIDER_CLIENT_MAX,
	    .doc = "This installation's number at the provider."),
	FIELD(struct provider_body, client_secret, .min = 1, .max = PROVIDER_SECRET_MAX,
	    .flags = FIELD_NULLABLE | FIELD_SECRET,
	    .doc =
		"Its secret there; never shown again.  To be named, or null, with another issuer "
		"or entra_tenant_id: it goes there."),
	FIELD(struct provider_body, own_address,
	    .doc =
		"True: redirect_uri gets the provider's number, for a provider from before there "
		"were such; the new address is to be registered there first.  It is not taken "
		"back, and another issuer or entra_tenant_id brings it too."),
	SHARED_FIELDS
};
const struct schema provider_new_schema =
    SCHEMA_GIVEN("IdentityProviderNew", struct provider_body, provider_new_fields, given);
const struct schema provider_change_schema =
    SCHEMA_GIVEN("IdentityProviderChange", struct provider_body, provider_change_fields, given);

bool
provider_given(const struct provider_work *w, const char *name)
{
	return (w->in->given & schema_bit(w->schema, name)) != 0;
}

static bool
put_text(const struct provider_work *w, const char *name, const char *in, char **out, struct err *e)
{
	if (!provider_given(w, name))
		return true;
	*out = in == NULL ? NULL : talloc_strdup(w->d->by.mem, in);
	return in == NULL || *out != NULL || err_memory(e);
}

static void
lower(char *z)
{
	for (; *z != '\0'; z++)
		if (*z >= 'A' && *z <= 'Z')
			*z = (char)(*z - 'A' + 'a');
}

static bool
put_list(const struct provider_work *w, const char *name, const struct strings *in,
    struct strings *out, struct err *e)
{
	bool folded = strcmp(name, "allowed_domains") == 0;

	if (!provider_given(w, name))
		return true;
	*out =
	    (struct strings) { talloc_zero_array(w->d->by.mem, const char *, (unsigned)in->n + 1),
		    0 };
	if (out->items == NULL)
		return err_memory(e);
	for (; out->n < in->n; out->n++) {
		char *z = talloc_strdup(w->d->by.mem, in->items[out->n]);

		if (z == NULL)
			return err_memory(e);
		if (folded)
			lower(z);
		out->items[out->n] = z;
	}
	return true;
}

static bool
put_lists(const struct provider_work *w, struct err *e)
{
	const struct provider_body *in = w->in;
	struct provider            *p = w->p;

	return put_list(w, "allowed_domains", &in->allowed_domains, &p->allowed_domains, e) &&
	       put_list(
		   w, "authorized_parties", &in->authorized_parties, &p->authorized_parties, e) &&
	       put_list(w, "mfa_acr", &in->mfa_acr, &p->mfa_acr, e) &&
	       put_list(w, "mfa_amr", &in->mfa_amr, &p->mfa_amr, e) &&
	       put_list(w, "scopes", &in->scopes, &p->scopes, e);
}

/* What is told of people, and what is made of it. */
static bool
put_claims(const struct provider_work *w, struct err *e)
{
	const struct provider_body *in = w->in;
	struct provider            *p = w->p;

	if (provider_given(w, "claims") &&
	    !claim_names_print(w->d->by.mem, in->claims, &p->claims, e))
		return false;
	if (provider_given(w, "assume_email_verified"))
		p->assume_email_verified = in->assume_email_verified;
	if (provider_given(w, "group_lookup"))
		p->group_lookup = in->group_lookup;
	return put_text(w, "absent_roles", in->absent_roles, &p->absent_roles, e);
}

static bool
put_role_map(const struct provider_work *w, struct err *e)
{
	struct buf b;

	buf_make(&b, w->d->by.mem);
	if (provider_given(w, "role_map") && w->in->role_map.tree != NULL &&
	    w->in->role_map.tree->type != JSON_NULL)
		json_print(&b, w->in->role_map.tree);
	else if (provider_given(w, "role_map") || w->p->role_map.text == NULL)
		buf_puts(&b, "{}");
	else
		return true;
	w->p->role_map = (struct raw_json) { .text = b.p };
	return buf_ok(&b) || err_memory(e);
}

static bool
put_secret(const struct provider_work *w, struct err *e)
{
	if (!provider_given(w, "client_secret"))
		return true;
	w->p->client_secret = (struct blob) { NULL, 0 };
	return w->in->client_secret == NULL ||
	       tenant_seal(w->d->by.t, w->d->by.mem,
		   (struct sealed_place) { "identity_providers", "client_secret", &w->p->id },
		   str_of(w->in->client_secret), &w->p->client_secret, e);
}

/* Whoever is told a new place registers the address there anew: it is the safer one then. */
static bool
put_address(const struct provider_work *w, const struct provider *was, struct err *e)
{
	if (provider_given(w, "own_address") && !w->in->own_address && was->own_address)
		return err_fault(e, w->d->by.mem, "/own_address", "is not taken back");
	w->p->own_address = w->p->own_address || w->in->own_address ||
			    provider_text_differs(was->issuer, w->p->issuer) ||
			    provider_text_differs(was->entra_tenant_id, w->p->entra_tenant_id);
	return true;
}

bool
provider_take(const struct provider_work *w, struct err *e)
{
	const struct provider was = *w->p;

	if (!put_text(w, "name", w->in->name, &w->p->name, e) ||
	    !put_text(w, "client_id", w->in->client_id, &w->p->client_id, e) ||
	    !put_text(w, "issuer", w->in->issuer, &w->p->issuer, e) ||
	    !put_text(w, "entra_tenant_id", w->in->entra_tenant_id, &w->p->entra_tenant_id, e) ||
	    !put_lists(w, e) || !put_role_map(w, e) || !put_claims(w, e) || !put_secret(w, e))
		return false;
	if (w->p->entra_tenant_id != NULL)
		lower(w->p->entra_tenant_id);
	if (provider_given(w, "auto_provision"))
		w->p->auto_provision = w->in->auto_provision;
	if (provider_given(w, "trust_mfa"))
		w->p->trust_mfa = w->in->trust_mfa;
	if (!put_address(w, &was, e))
		return false;
	w->p->updated_at.ms = clock_ms(w->d->by.auth->env->clock);
	return true;
}
