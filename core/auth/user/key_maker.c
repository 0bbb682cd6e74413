#include "core/auth/user/key_maker.h"

#include <string.h>

#include "core/auth/apikey.h"

static bool
list_keys(const struct deed_by *by, const struct uuid *user, struct api_key **keys, size_t *n,
    struct err *e)
{
	const struct api_key_filter f = { .created_by = *user };
	struct page                 p = { .want = KEY_EFFECTS_MAX + 1 };

	if (!api_key_list(by->t, by->mem, &f, &p, e))
		return false;
	*keys = p.rows;
	*n = p.n;
	return true;
}

static bool
lists_make(TALLOC_CTX *mem, size_t n, struct key_effects *x, struct err *e)
{
	struct items *lists[] = { &x->ended, &x->narrowed, &x->orphaned };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		lists[i]->p = talloc_zero_array(mem, struct key_brief, (unsigned)n + 1);
		if (lists[i]->p == NULL)
			return err_memory(e);
	}
	return true;
}

static void
put(struct items *list, const struct api_key *k)
{
	((struct key_brief *)list->p)[list->n++] = (struct key_brief) { k->id, k->name, k->prefix };
}

/* What the key could do as the user was, and can no more as the user is. */
static bool
is_narrowed(const struct deed_by *by, const struct api_key *k, const struct user *was,
    const struct user *now, bool *yes, struct err *e)
{
	struct permissions before, after;

	if (!api_key_permissions(by->mem, by->t->tenant, k, was->granted, &before, e) ||
	    !api_key_permissions(by->mem, by->t->tenant, k, now->granted, &after, e))
		return false;
	*yes = !permission_covers(&after, &before);
	return true;
}

/* `was` NULL: the user leaves. */
static bool
sort_keys(const struct deed_by *by, const struct uuid *user, const struct user *was,
    const struct user *now, const struct key_effects **out, struct err *e)
{
	struct key_effects *x = talloc_zero(by->mem, struct key_effects);
	struct api_key     *keys;
	size_t              n;

	*out = NULL;
	if (x == NULL)
		return err_memory(e);
	if (!list_keys(by, user, &keys, &n, e) || !lists_make(by->mem, n, x, e))
		return false;
	for (size_t i = 0; i < n && i < KEY_EFFECTS_MAX; i++) {
		bool service = strcmp(keys[i].kind, KEY_SERVICE) == 0, less = false;

		if (was == NULL)
			put(service ? &x->orphaned : &x->ended, &keys[i]);
		else if (!service && !is_narrowed(by, &keys[i], was, now, &less, e))
			return false;
		else if (less)
			put(&x->narrowed, &keys[i]);
	}
	x->more = n > KEY_EFFECTS_MAX;
	if (x->ended.n + x->narrowed.n + x->orphaned.n > 0)
		*out = x;
	return true;
}

bool
keys_leave(const struct deed_by *by, const struct uuid *user, const struct key_effects **out,
    struct err *e)
{
	return sort_keys(by, user, NULL, NULL, out, e);
}

bool
keys_narrow(
    const struct deed_by *by, const struct user *was, const struct key_effects **out, struct err *e)
{
	struct user now;

	return user_by_id(by->t, by->mem, &was->id, &now, e) &&
	       sort_keys(by, &was->id, was, &now, out, e);
}

static bool
take_names(TALLOC_CTX *mem, struct items *list, struct err *e)
{
	const struct key_brief *all = list->p;
	struct key_brief *bare = talloc_zero_array(mem, struct key_brief, (unsigned)list->n + 1);

	if (bare == NULL)
		return err_memory(e);
	for (size_t i = 0; i < list->n; i++)
		bare[i].id = all[i].id;
	list->p = bare;
	return true;
}

bool
key_effects_shown(const struct deed_by *by, const struct key_effects *all,
    const struct key_effects **out, struct err *e)
{
	struct key_effects *x;

	*out = all;
	if (all == NULL || by->caller == NULL ||
	    permission_has(&by->caller->permissions, ACTION_READ, RESOURCE_API_KEYS))
		return true;
	x = talloc_memdup(by->mem, all, sizeof(*all));
	if (x == NULL)
		return err_memory(e);
	*out = x;
	return take_names(by->mem, &x->ended, e) && take_names(by->mem, &x->narrowed, e) &&
	       take_names(by->mem, &x->orphaned, e);
}
