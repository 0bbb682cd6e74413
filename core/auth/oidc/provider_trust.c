/* provider_trust.h: what of a provider's row says whose word counts, and who may let it count for
 * more. */
#include "core/auth/oidc/provider_trust.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/give.h"
#include "core/store/identity/user.h"

#define TEXTS 200 /* bytes of a sentence for the client */

/* ---- how a member widens ---- */

static const void *
at(const struct provider *p, size_t offset)
{
	return (const char *)p + offset;
}

bool
provider_text_differs(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a != b : strcmp(a, b) != 0;
}

static bool
never(const struct provider *was, const struct provider *is, size_t offset)
{
	(void)was;
	(void)is;
	(void)offset;
	return false;
}

static bool
text_changes(const struct provider *was, const struct provider *is, size_t offset)
{
	return provider_text_differs(
	    *(char *const *)at(was, offset), *(char *const *)at(is, offset));
}

static bool
json_changes(const struct provider *was, const struct provider *is, size_t offset)
{
	const struct raw_json *a = at(was, offset), *b = at(is, offset);

	return provider_text_differs(a->text, b->text);
}

static bool
flag_changes(const struct provider *was, const struct provider *is, size_t offset)
{
	return *(const bool *)at(was, offset) != *(const bool *)at(is, offset);
}

static bool
turned_on(const struct provider *was, const struct provider *is, size_t offset)
{
	return !*(const bool *)at(was, offset) && *(const bool *)at(is, offset);
}

static bool
list_grows(const struct provider *was, const struct provider *is, size_t offset)
{
	const struct strings *a = at(was, offset), *b = at(is, offset);

	for (size_t i = 0; i < b->n; i++)
		if (!strings_have(*a, b->items[i]))
			return true;
	return false;
}

static bool
list_changes(const struct provider *was, const struct provider *is, size_t offset)
{
	return !strings_same(
	    *(const struct strings *)at(was, offset), *(const struct strings *)at(is, offset));
}

/* Where none is named, accounts of any domain do at Google, and of the directory to be made. */
static bool
domains_widen(const struct provider *was, const struct provider *is, size_t offset)
{
	bool any =
	    is->allowed_domains.n == 0 && (strcmp(is->kind, "google") == 0 || is->auto_provision);

	return (any && was->allowed_domains.n > 0) || list_grows(was, is, offset);
}

static bool
starts_keeping(const struct provider *was, const struct provider *is, size_t offset)
{
	return text_changes(was, is, offset) &&
	       strcmp(*(char *const *)at(is, offset), "remove") != 0;
}

static const struct json *
map_of(TALLOC_CTX *mem, const struct raw_json *map)
{
	struct err         ignored = { 0 };
	const struct json *v = json_parse(mem, str_of(map->text), &ignored);

	return v != NULL && v->type == JSON_OBJECT ? v : NULL;
}

/* The role that the group is mapped to; n == 0: none. */
static struct str
mapped(const struct json *map, struct str group)
{
	for (uint32_t i = 0; i < map->n; i++)
		if (str_eq(map->names[i], group) && map->items[i].type == JSON_STRING)
			return map->items[i].text;
	return (struct str) { NULL, 0 };
}

static bool
gives_more(const struct json *was, const struct json *is)
{
	for (uint32_t i = 0; i < is->n; i++)
		if (!str_eq(mapped(was, is->names[i]), is->items[i].text))
			return true;
	/* Without a map nobody's roles are looked at again: they stay, also of who has left. */
	return is->n == 0 && was->n > 0;
}

static bool
map_widens(const struct provider *was, const struct provider *is, size_t offset)
{
	TALLOC_CTX        *mem = talloc_new(NULL);
	const struct json *a = map_of(mem, at(was, offset)), *b = map_of(mem, at(is, offset));
	bool               more = a == NULL || b == NULL || gives_more(a, b);

	talloc_free(mem);
	return more;
}

/* ---- the table ---- */

#define ROW(m, how) .member = #m, .at = offsetof(struct provider, m), .widens = (how)
const struct provider_trust provider_trust[] = {
	/* codes that are meant for its old address come to whoever takes that over */
	{ ROW(name, text_changes) },
	{ ROW(kind, text_changes) },
	{ ROW(client_id, text_changes) },
	{ ROW(client_secret, never) }, /* ours, towards the provider */
	{ ROW(issuer, text_changes) },
	{ ROW(entra_tenant_id, text_changes) },
	{ ROW(allowed_domains, domains_widen) },
	{ ROW(role_map, map_widens) },
	{ ROW(auto_provision, turned_on) },
	{ ROW(trust_mfa, turned_on) },
	{ ROW(claims, json_changes) },
	{ ROW(authorized_parties, list_grows) },
	{ ROW(scopes, list_changes) }, /* what is asked for is told */
	{ ROW(mfa_acr, list_grows) },
	{ ROW(mfa_amr, list_grows) },
	{ ROW(absent_roles, starts_keeping) },
	{ ROW(assume_email_verified, turned_on) },
	{ ROW(own_address, never) },
	{ ROW(group_lookup, flag_changes) }, /* off: what is not told any more may be kept */
	{ NULL, 0, NULL },
};
#undef ROW

const char *
provider_widens(const struct provider *was, const struct provider *is)
{
	for (const struct provider_trust *row = provider_trust; row->member != NULL; row++)
		if (row->widens(was, is, row->at))
			return row->member;
	return NULL;
}

/* ---- who may ---- */

static bool
may_give_role(const struct provider_work *w, const char *role, const char *pub, struct err *e)
{
	struct permissions want = { { 0, 0 } };
	struct mapped_role r;
	struct strings     texts;

	if (!mapped_role_by_name(w->d->by.t->db, w->d->by.mem, role, &r, e) ||
	    !strings_of_lines(w->d->by.mem, r.granted, &texts, e))
		return false;
	permissions_add_given(&want, texts);
	return may_give_until(&w->d->by, &want, (instant) { 0 }, pub, e); /* a map has no end */
}

/* Whoever signs in by it may be an administrator. */
static bool
may_trust(const struct provider_work *w, const char *member, struct err *e)
{
	char pub[TEXTS];

	snprintf(pub, sizeof(pub),
	    "%s says whose word counts when users sign in: who changes that holds all that an "
	    "administrator holds.",
	    member);
	return may_give_role(w, "admin", pub, e) || err_note(e, "changing %s", member);
}

static bool
may_grant(const struct provider_work *w, struct str name, struct err *e)
{
	char *role = str_dup(w->d->by.mem, name);

	if (role == NULL)
		return err_memory(e);
	if (may_give_role(w, role, "You cannot give what you do not hold.", e))
		return true;
	return err_take(e, ERR_MISSING) &&
	       err_fault(e, w->d->by.mem, "/role_map", "there is no role \"%s\"", role);
}

static bool
may_give_all(const struct provider_work *w, struct err *e)
{
	const struct json *map = json_parse(w->d->by.mem, str_of(w->p->role_map.text), e);

	if (map == NULL)
		return false;
	for (uint32_t i = 0; i < map->n; i++)
		if (!may_grant(w, map->items[i].text, e))
			return false;
	if (map->n > 0 && !may_give_by(&w->d->by, ACTION_ASSIGN, RESOURCE_ROLES,
			      "A role_map that gives roles needs the permission assign:roles.", e))
		return false;
	return !w->p->auto_provision ||
	       may_give_by(&w->d->by, ACTION_CREATE, RESOURCE_USERS,
		   "auto_provision true makes users: it needs the permission create:users.", e);
}

bool
provider_may_make(const struct provider_work *w, struct err *e)
{
	return (w->p->allowed_domains.n == 0 || may_trust(w, "allowed_domains", e)) &&
	       may_give_all(w, e);
}

bool
provider_may_change(const struct provider_work *w, const struct provider *was, struct err *e)
{
	const char *member = provider_widens(was, w->p);
	bool        known = true;

	if (member == NULL)
		return true;
	if (was->allowed_domains.n == 0 && w->p->allowed_domains.n == 0 &&
	    !identity_known(w->d->by.t->db, &w->p->id, &known, e))
		return false;
	return (!known || may_trust(w, member, e)) && may_give_all(w, e);
}
