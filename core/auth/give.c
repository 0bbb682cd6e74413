#include "core/auth/give.h"

#include <string.h>

#include "core/auth/apikey.h"
#include "core/store/identity/role.h"
#include "core/store/identity/user.h"

/* What somebody holds for that long; 0: for good.  NOW: at this instant, which is what they may do.
 */
#define NOW ((instant) { 1 })

/* The roles that do not end before. */
static bool
add_lasting(const struct deed_by *by, const struct user *u, instant until, struct permissions *out,
    struct err *e)
{
	const struct assignment *all = u->assignments.p;
	struct role_view         role;

	for (size_t i = 0; i < u->assignments.n; i++) {
		instant ends = all[i].ends_at;

		if (ends.ms != 0 && (until.ms == 0 || ends.ms < until.ms))
			continue;
		if (!role_view_by_name(by->t, by->mem, all[i].role, &role, e))
			return false;
		permissions_add(out, role.permissions);
	}
	return true;
}

/* Whoever is gone or disabled meanwhile holds nothing, and neither does a key of theirs. */
static bool
held_by_user(const struct deed_by *by, const struct uuid *id, instant until,
    struct permissions *out, struct err *e)
{
	struct strings texts;
	struct user    u;

	if (!user_by_id(by->t, by->mem, id, &u, e))
		return err_take(e, ERR_MISSING);
	if (!user_is_active(&u))
		return true;
	if (!strings_of_lines(by->mem, u.granted, &texts, e))
		return false;
	if (until.ms == NOW.ms)
		permissions_add(out, texts);
	else if (!add_lasting(by, &u, until, out, e))
		return false;
	permissions_bound(out, by->t->tenant);
	return true;
}

/* A personal one holds what its maker does. */
static bool
held_by_key(const struct deed_by *by, instant until, struct permissions *out, struct err *e)
{
	struct permissions maker = { { 0, 0 } };
	struct api_key     k;

	if (!api_key_by_id(by->t, by->mem, &by->caller->user, &k, e))
		return err_take(e, ERR_MISSING);
	if (k.orphaned && strcmp(k.kind, KEY_SERVICE) != 0)
		return true;
	if (!api_key_permissions(by->mem, by->t->tenant, &k, k.granted, out, e))
		return false;
	if (until.ms == NOW.ms || strcmp(k.kind, KEY_SERVICE) == 0)
		return true;
	if (!held_by_user(by, &k.created_by, until, &maker, e))
		return false;
	permissions_intersect(out, &maker);
	return true;
}

static bool
held(const struct deed_by *by, instant until, struct permissions *out, struct err *e)
{
	*out = (struct permissions) { { 0, 0 } };
	if (by->caller == NULL) {
		*out = (struct permissions) { { UINT64_MAX, UINT64_MAX } };
		return true;
	}
	if (by->caller->kind == CALLER_API_KEY
		? !held_by_key(by, until, out, e)
		: !held_by_user(by, &by->caller->user, until, out, e))
		return false;
	permissions_intersect(out, &by->caller->permissions);
	return true;
}

bool
may_give(const struct deed_by *by, const struct permissions *want, const char *pub, struct err *e)
{
	return may_give_until(by, want, NOW, pub, e);
}

bool
may_give_until(const struct deed_by *by, const struct permissions *want, instant until,
    const char *pub, struct err *e)
{
	struct permissions have, bound = *want;

	if (!held(by, until, &have, e))
		return false;
	permissions_bound(&bound, by->t->tenant);
	return permission_covers(&have, &bound) ||
	       err_set(e, ERR_ESCALATION, 0, pub, "more, or for longer, than the caller holds");
}

bool
may_give_lines(const struct deed_by *by, const char *lines, const char *pub, struct err *e)
{
	struct permissions want = { { 0, 0 } };
	struct strings     texts;

	if (!strings_of_lines(by->mem, lines, &texts, e))
		return false;
	permissions_add_given(&want, texts);
	return may_give(by, &want, pub, e);
}

bool
may_give_by(
    const struct deed_by *by, enum action a, enum resource_kind r, const char *pub, struct err *e)
{
	struct permissions have;
	char               text[PERMISSION_TEXT_MAX];

	permission_print(a, r, text);
	return held(by, NOW, &have, e) &&
	       (permission_has(&have, a, r) ||
		   err_set(e, ERR_FORBIDDEN, 0, pub, "%s is missing", text));
}

bool
user_may(const struct deed_by *by, const struct uuid *user, enum action a, enum resource_kind r,
    bool *yes, struct err *e)
{
	struct permissions have = { { 0, 0 } };

	if (!held_by_user(by, user, NOW, &have, e))
		return false;
	*yes = permission_has(&have, a, r);
	return true;
}
