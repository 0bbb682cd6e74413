#include "core/auth/oidc/oidc_person.h"

#include <string.h>

#include "core/auth/ident.h"
#include "core/auth/oidc/claim_names.h"
#include "core/base/unicode.h"

#define NAME_BYTES 200

struct taking {
	TALLOC_CTX               *mem;
	const struct oidc_expect *x;
	const struct json        *token, *info;
	struct claim_names        names;
	struct oidc_person       *out;
	struct err               *e;
};

static bool
is_kind(const struct taking *t, const char *kind)
{
	return strcmp(t->x->provider->kind, kind) == 0;
}

/* By the configured name, else the usual one. */
static const struct json *
find(const struct json *claims, const char *name, const char *usual)
{
	return claim_find(claims, name != NULL ? name : usual);
}

static struct str
text_of(const struct json *v)
{
	return v != NULL && v->type == JSON_STRING ? v->text : (struct str) { NULL, 0 };
}

static bool
is_true(const struct json *v)
{
	if (v == NULL)
		return false;
	return v->type == JSON_TRUE ||
	       (v->type == JSON_STRING && (str_eqz(v->text, "true") || str_eqz(v->text, "1"))) ||
	       (v->type == JSON_NUMBER && str_eqz(v->text, "1"));
}

/* ---- addresses ---- */

static bool
is_allowed(const struct taking *t, struct str domain)
{
	const struct strings *allowed = &t->x->provider->allowed_domains;

	for (size_t i = 0; i < allowed->n; i++)
		if (domain.n > 0 && str_caseeqz(domain, allowed->items[i]))
			return true;
	return false;
}

static struct str
domain_of(const char *email)
{
	const char *at = email == NULL ? NULL : strrchr(email, '@');

	return str_of(at == NULL ? NULL : at + 1);
}

/* In its compared form; NULL: it is none. */
static const char *
address_of(const struct taking *t, struct str text)
{
	struct err  ignored = { 0 };
	const char *out = NULL;

	return text.n > 0 && ident_email(t->mem, text, &out, &ignored) ? out : NULL;
}

/* Entra's `email` may be anything; so may be preferred_username: neither is ever trusted by itself.
 */
static void
take_entra_email(const struct taking *t)
{
	struct str email = text_of(claim_find(t->token, "email"));
	struct str name = text_of(claim_find(t->token, "preferred_username"));

	t->out->email = address_of(t, email.n > 0 ? email : name);
	t->out->email_said = true;
	t->out->email_verified =
	    t->out->email != NULL && email.n > 0 && is_true(claim_find(t->token, "xms_edov"));
}

/* It says "no", of whatever address: that is believed everywhere. */
static bool
denies(const struct json *says)
{
	return says != NULL && !is_true(says);
}

static bool
may_assume(const struct taking *t)
{
	return t->x->provider->assume_email_verified && is_kind(t, "oidc") && !t->x->no_assuming;
}

static void
take_email(const struct taking *t)
{
	const struct json *in_token = find(t->token, t->names.email, "email");
	const struct json *in_info = find(t->info, t->names.email, "email");
	const struct json *token_says = find(t->token, t->names.email_verified, "email_verified");
	const struct json *info_says = find(t->info, t->names.email_verified, "email_verified");
	const char        *other = address_of(t, text_of(in_info));
	bool               same;

	t->out->email = in_token != NULL ? address_of(t, text_of(in_token)) : other;
	t->out->email_said = token_says != NULL || info_says != NULL;
	same = t->out->email != NULL && other != NULL && strcmp(t->out->email, other) == 0;
	t->out->email_verified =
	    (in_token != NULL && token_says != NULL) || (same && is_true(info_says));
	t->out->email_verified |= !t->out->email_said && may_assume(t);
	t->out->email_verified &=
	    t->out->email != NULL && !denies(token_says) && !denies(info_says);
}

/*
 * Of a Google account only the Workspace domain (hd) says who rules it; an
 * address is Google's own to vouch for when it is of that domain or gmail.com.
 */
static bool
check_google(const struct taking *t)
{
	struct str hd = text_of(json_get(t->token, "hd")), domain = domain_of(t->out->email);
	bool       personal = hd.n == 0 && t->out->email_verified && str_eqz(domain, "gmail.com");

	t->out->email_trusted &= hd.n > 0 || personal;
	return t->x->provider->allowed_domains.n == 0 || is_allowed(t, hd) ||
	       (personal && is_allowed(t, domain));
}

/* ---- name, groups and roles ---- */

static bool
take_name(const struct taking *t)
{
	struct str name = str_trim(text_of(find(t->token, t->names.name, "name")));

	if (name.n == 0)
		name = str_trim(text_of(find(t->info, t->names.name, "name")));
	if (name.n == 0)
		return true;
	t->out->name = unicode_clean(t->mem, name, NAME_BYTES);
	return t->out->name != NULL || err_memory(t->e);
}

static bool
take_list(const struct taking *t, const struct json *claims, const char *name, const char *usual,
    bool *told)
{
	const struct json *list = find(claims, name, usual);

	return list == NULL || claim_list(t->mem, list, &t->out->groups, told, t->e);
}

/* More than fit are replaced by a pointer to another service: that is not "no groups". */
static bool
is_elsewhere(const struct json *claims)
{
	const struct json *names = json_get(claims, "_claim_names");

	return is_true(json_get(claims, "hasgroups")) || json_get(claims, "groups:src1") != NULL ||
	       json_get(names, "groups") != NULL || json_get(names, "roles") != NULL;
}

static bool
take_groups_of(const struct taking *t, const struct json *claims)
{
	bool told = false;

	t->out->groups = (struct strings) { NULL, 0 };
	if (!take_list(t, claims, t->names.groups, "groups", &told) ||
	    !take_list(t, claims, t->names.roles, "roles", &told))
		return false;
	if (is_elsewhere(claims))
		t->out->told = OIDC_TOLD_PART;
	else
		t->out->told = told ? OIDC_TOLD_ALL : OIDC_TOLD_NOTHING;
	return true;
}

/* UserInfo is not asked at each sign-in, so it adds nothing to a token that tells either. */
static bool
take_groups(const struct taking *t)
{
	if (!take_groups_of(t, t->token))
		return false;
	return t->out->told != OIDC_TOLD_NOTHING || t->info == NULL || take_groups_of(t, t->info);
}

bool
oidc_person_take(TALLOC_CTX *mem, const struct oidc_expect *x, const struct json *info,
    struct oidc_person *out, enum oidc_reason *why, struct err *e)
{
	struct taking t = {
		.mem = mem, .x = x, .token = out->claims, .info = info, .out = out, .e = e
	};

	if (!claim_names_read(mem, x->provider->claims, &t.names, e))
		return false;
	if (is_kind(&t, "entra"))
		take_entra_email(&t);
	else
		take_email(&t);
	out->email_trusted = out->email_verified && is_allowed(&t, domain_of(out->email));
	if (is_kind(&t, "google") && !check_google(&t)) {
		*why = OIDC_DOMAIN;
		return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.", "ID token: %s",
		    oidc_reason_word(*why));
	}
	return take_name(&t) && take_groups(&t);
}

void
oidc_person_doubt(struct oidc_person *p)
{
	if (!p->email_said)
		p->email_verified = p->email_trusted = false;
	if (p->told != OIDC_TOLD_ALL)
		p->told = OIDC_TOLD_UNASKED;
}

bool
oidc_person_add_groups(
    TALLOC_CTX *mem, const struct json *list, struct oidc_person *p, struct err *e)
{
	bool told = false;

	if (!claim_list(mem, list, &p->groups, &told, e))
		return false;
	p->told = OIDC_TOLD_ALL;
	return true;
}
