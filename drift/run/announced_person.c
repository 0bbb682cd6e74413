/* announced_set.h: may who announced it accept it now? */
#include <string.h>

#include "core/auth/caller.h"
#include "core/auth/grant.h"
#include "core/store/identity/apikey.h"
#include "core/store/identity/user.h"
#include "core/store/tenant/grant.h"
#include "drift/run/announced_set.h"

#define ELSEWHERE "tenant:" /* as their names begin (drift/service/acting.h) */

static bool
of_user(const struct announced_set *s, TALLOC_CTX *mem, const struct uuid *id,
    struct permissions *out, struct err *e)
{
	struct tenant_db *t = s->in->t;
	struct strings    granted;
	struct user       u;

	if (!user_by_id(t, mem, id, &u, e))
		return err_take(e, ERR_MISSING);
	if (!user_is_active(&u) || u.granted == NULL)
		return true;
	if (!strings_of_lines(mem, u.granted, &granted, e))
		return false;
	permissions_add(out, granted);
	permissions_bound(out, t->tenant);
	return true;
}

/* Of a service key its name is known, and no more: one that is made in its place goes on for it. */
static bool
of_keys(const struct announced_set *s, TALLOC_CTX *mem, const char *name, struct permissions *out,
    struct err *e)
{
	struct tenant_db *t = s->in->t;
	struct api_key   *keys;
	size_t            n;

	if (!api_key_named(t, mem, name, s->in->received_at, &keys, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		permissions_add(out, keys[i].scopes);
	permissions_bound(out, t->tenant);
	return true;
}

/* `name` is SLUG/NAME.  What they may do at home is not asked: who lends it looks to whom. */
static bool
of_grants(const struct announced_set *s, TALLOC_CTX *mem, const char *name, const struct uuid *user,
    struct permissions *out, struct err *e)
{
	struct database     *d = s->in->d->database;
	struct grant_roles   roles = { .there = s->in->t, .mem = mem };
	struct grant_asked   asked = { .user = *user, .id = s->in->t->tenant->id };
	const struct tenant *home;
	struct grant_lent   *lent;
	struct str           slug;
	size_t               n;

	str_cut(str_of(name), '/', &slug);
	if (d == NULL)
		return true;
	if (!tenant_by_slug(d, slug, &home, e))
		return err_take(e, ERR_MISSING);
	asked.home = home->id;
	if (!grants_lent(d, mem, &asked, &lent, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!grant_lends(&roles, lent[i].roles, out, e))
			return false;
	return true;
}

static bool
ask(const struct announced_set *s, const struct intent *i, bool *may, struct err *e)
{
	const struct uuid *person = &i->person_id;
	const struct str   owner = str_of(i->owner);
	struct permissions p = { { 0, 0 } };
	TALLOC_CTX        *tmp = talloc_new(s->mem);
	bool               ok = true;

	if (tmp == NULL)
		return err_memory(e);
	if (str_starts(owner, ELSEWHERE))
		ok = of_grants(s, tmp, i->owner + strlen(ELSEWHERE), person, &p, e);
	else if (!uuid_is_nil(person))
		ok = of_user(s, tmp, person, &p, e);
	else if (str_starts(owner, CALLER_KEY_PREFIX))
		ok = of_keys(s, tmp, i->owner + strlen(CALLER_KEY_PREFIX), &p, e);
	talloc_free(tmp);
	*may = permission_has(&p, ACTION_UPDATE, RESOURCE_DRIFT);
	return ok;
}

static bool
are_same(const struct intent *a, const struct intent *b)
{
	return uuid_eq(&a->person_id, &b->person_id) && strcmp(a->owner, b->owner) == 0;
}

bool
announced_may(struct announced_set *s, struct announced *a, bool *may, struct err *e)
{
	for (size_t i = 0; !a->asked && i < s->n; i++)
		if (s->all[i].asked && are_same(s->all[i].row, a->row)) {
			a->may = s->all[i].may;
			a->asked = true;
		}
	if (!a->asked && !ask(s, a->row, &a->may, e))
		return false;
	a->asked = true;
	*may = a->may;
	return true;
}
