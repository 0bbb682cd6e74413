#include "core/auth/give.h"

#include <string.h>

#include "core/auth/apikey.h"
#include "core/store/identity/user.h"

/* Whoever is gone or disabled meanwhile holds nothing, and neither does a key of theirs. */
static bool
held_by_user(const struct deed_by *by, struct permissions *out, struct err *e)
{
	struct strings texts;
	struct user    u;

	if (!user_by_id(by->t, by->mem, &by->caller->user, &u, e))
		return err_take(e, ERR_MISSING);
	if (!user_is_active(&u))
		return true;
	if (!strings_of_lines(by->mem, u.granted, &texts, e))
		return false;
	permissions_add(out, texts);
	permissions_bound(out, by->t->tenant);
	return true;
}

static bool
held_by_key(const struct deed_by *by, struct permissions *out, struct err *e)
{
	struct api_key k;

	if (!api_key_by_id(by->t, by->mem, &by->caller->user, &k, e))
		return err_take(e, ERR_MISSING);
	if (k.orphaned && strcmp(k.kind, KEY_SERVICE) != 0)
		return true;
	return api_key_permissions(by->mem, by->t->tenant, &k, k.granted, out, e);
}

static bool
held_now(const struct deed_by *by, struct permissions *out, struct err *e)
{
	*out = (struct permissions) { { 0, 0 } };
	if (by->caller == NULL) {
		*out = (struct permissions) { { UINT64_MAX, UINT64_MAX } };
		return true;
	}
	if (by->caller->kind == CALLER_API_KEY ? !held_by_key(by, out, e)
					       : !held_by_user(by, out, e))
		return false;
	permissions_intersect(out, &by->caller->permissions);
	return true;
}

bool
may_give(const struct deed_by *by, const struct permissions *want, const char *pub, struct err *e)
{
	struct permissions have, bound = *want;

	if (!held_now(by, &have, e))
		return false;
	permissions_bound(&bound, by->t->tenant);
	return permission_covers(&have, &bound) ||
	       err_set(e, ERR_ESCALATION, 0, pub, "more than the caller holds");
}

bool
may_give_lines(const struct deed_by *by, const char *lines, const char *pub, struct err *e)
{
	struct permissions want = { { 0, 0 } };
	struct strings     texts;

	if (!strings_of_lines(by->mem, lines, &texts, e))
		return false;
	permissions_add(&want, texts);
	return may_give(by, &want, pub, e);
}

bool
may_give_by(
    const struct deed_by *by, enum action a, enum resource_kind r, const char *pub, struct err *e)
{
	struct permissions have;
	char               text[PERMISSION_TEXT_MAX];

	permission_print(a, r, text);
	return held_now(by, &have, e) &&
	       (permission_has(&have, a, r) ||
		   err_set(e, ERR_FORBIDDEN, 0, pub, "%s is missing", text));
}
