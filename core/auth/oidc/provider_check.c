/* provider_work.h: whether a row may stand. */
#include <string.h>

#include "core/auth/oidc/oidc_scope.h"
#include "core/auth/oidc/provider_work.h"
#include "core/net/guard.h"

#define GROUPS_MAX 100
#define GROUP_MAX  200 /* bytes of a group's name */
#define VALUE_MAX  255 /* bytes of a client id, an acr or an amr */

static bool
consists_of(const char *z, const char *letters)
{
	return *z != '\0' && strspn(z, letters) == strlen(z);
}

#define LETTERS_DIGITS "abcdefghijklmnopqrstuvwxyz0123456789"

/* "password" is what sessions without a provider are called. */
static void
check_name(const struct provider_work *w, struct err *e)
{
	const char *name = w->p->name;

	if (!consists_of(name, LETTERS_DIGITS "-") || name[0] == '-' ||
	    strcmp(name, "password") == 0)
		err_fault(
		    e, w->d->by.mem, "/name", "must be of a-z, 0-9 and -, and not \"password\"");
	for (const char *p = w->p->client_id; *p != '\0'; p++)
		if (*p < ' ' || *p > '~') {
			err_fault(e, w->d->by.mem, "/client_id", "must be visible ASCII");
			return;
		}
}

static void
check_issuer(const struct provider_work *w, struct err *e)
{
	struct err why = { 0 };

	if (w->p->issuer == NULL && strcmp(w->p->kind, "oidc") == 0)
		err_fault(e, w->d->by.mem, "/issuer", "is required of this kind");
	if (w->p->issuer == NULL)
		return;
	if (strchr(w->p->issuer, '?') != NULL)
		err_fault(e, w->d->by.mem, "/issuer", "has no query");
	else if (!guard_url(w->d->by.auth->guard, w->p->issuer, &why))
		err_fault(e, w->d->by.mem, "/issuer", "%s", why.pub);
}

static void
check_directory(const struct provider_work *w, struct err *e)
{
	const char *id = w->p->entra_tenant_id;
	bool        entra = strcmp(w->p->kind, "entra") == 0;
	struct uuid u;

	if (!entra && id != NULL)
		err_fault(e, w->d->by.mem, "/entra_tenant_id", "is for the kind entra only");
	else if (entra && id == NULL)
		err_fault(e, w->d->by.mem, "/entra_tenant_id", "is required of this kind");
	else if (entra && (!uuid_parse(str_of(id), &u) || uuid_is_nil(&u)))
		err_fault(e, w->d->by.mem, "/entra_tenant_id", "must be the directory's GUID");
	else if (entra && strcmp(id, ENTRA_PERSONAL) == 0)
		err_fault(e, w->d->by.mem, "/entra_tenant_id",
		    "is the directory of personal accounts, which is nobody's");
}

static void
check_domains(const struct provider_work *w, struct err *e)
{
	const struct strings *d = &w->p->allowed_domains;

	for (size_t i = 0; i < d->n; i++) {
		const char *z = d->items[i];

		if (strlen(z) > 253 || !consists_of(z, LETTERS_DIGITS "-.") || z[0] == '.' ||
		    strchr(z, '.') == NULL || z[strlen(z) - 1] == '.')
			err_fault(
			    e, w->d->by.mem, "/allowed_domains", "\"%s\" is no domain name", z);
	}
	/* anybody may have an account there */
	if (w->p->auto_provision && d->n == 0 && strcmp(w->p->kind, "entra") != 0)
		err_fault(e, w->d->by.mem, "/allowed_domains", "is required with auto_provision");
}

static void
check_values(
    const struct provider_work *w, const char *member, const struct strings *values, struct err *e)
{
	for (size_t i = 0; i < values->n; i++)
		if (values->items[i][0] == '\0' || strlen(values->items[i]) > VALUE_MAX)
			err_fault(
			    e, w->d->by.mem, member, "must be texts of 1 to %d bytes", VALUE_MAX);
}

/* Google and Entra say of addresses what they say, in claims of their own. */
static bool
check_claims(const struct provider_work *w, struct err *e)
{
	bool               own = strcmp(w->p->kind, "oidc") != 0;
	struct claim_names n;

	if (!claim_names_read(w->d->by.mem, w->p->claims, &n, e))
		return false;
	const struct {
		const char *pointer, *name;
		bool        address;
	} all[] = { { "/claims/email", n.email, true },
		{ "/claims/email_verified", n.email_verified, true },
		{ "/claims/name", n.name, false }, { "/claims/groups", n.groups, false },
		{ "/claims/roles", n.roles, false } };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i].name != NULL && own && all[i].address)
			err_fault(e, w->d->by.mem, all[i].pointer, "is for the kind oidc only");
		else if (all[i].name != NULL && !claim_name_ok(all[i].name))
			err_fault(e, w->d->by.mem, all[i].pointer,
			    "is no JSON Pointer: ~ stands before 0 or 1 only");
	}
	if (own && w->p->assume_email_verified)
		err_fault(e, w->d->by.mem, "/assume_email_verified", "is for the kind oidc only");
	if (strcmp(w->p->kind, "entra") != 0 && w->p->group_lookup)
		err_fault(e, w->d->by.mem, "/group_lookup", "is for the kind entra only");
	check_values(w, "/authorized_parties", &w->p->authorized_parties, e);
	check_values(w, "/mfa_acr", &w->p->mfa_acr, e);
	check_values(w, "/mfa_amr", &w->p->mfa_amr, e);
	return true;
}

/* The person is there when we ask: nothing is asked for that goes on without. */
static void
check_scopes(const struct provider_work *w, struct err *e)
{
	const struct strings *s = &w->p->scopes;

	if (s->n > 0 && strcmp(w->p->kind, "oidc") != 0)
		err_fault(e, w->d->by.mem, "/scopes", "is for the kind oidc only");
	for (size_t i = 0; i < s->n; i++)
		if (!oidc_scope_ok(s->items[i]))
			err_fault(e, w->d->by.mem, "/scopes",
			    "must be of 1 to %d visible ASCII characters but \" and \\, without "
			    "blanks, and not offline_access, which is never asked for",
			    OIDC_SCOPE_MAX);
}

static bool
check_role_map(const struct provider_work *w, struct err *e)
{
	const struct json *map = json_parse(w->d->by.mem, str_of(w->p->role_map.text), e);

	if (map == NULL)
		return false;
	if (map->type != JSON_OBJECT || map->n > GROUPS_MAX)
		return err_fault(e, w->d->by.mem, "/role_map",
		    "must be an object of at most %d members", GROUPS_MAX);
	for (uint32_t i = 0; i < map->n; i++)
		if (map->items[i].type != JSON_STRING || map->names[i].n == 0 ||
		    map->names[i].n > GROUP_MAX)
			return err_fault(
			    e, w->d->by.mem, "/role_map", "must map group names to role names");
	if (w->p->auto_provision && map->n == 0)
		return err_fault(e, w->d->by.mem, "/role_map", "is required with auto_provision");
	return true;
}

bool
provider_check(const struct provider_work *w, struct err *e)
{
	check_name(w, e);
	check_issuer(w, e);
	check_directory(w, e);
	check_domains(w, e);
	check_scopes(w, e);
	return check_claims(w, e) && e->code == ERR_OK && check_role_map(w, e);
}
