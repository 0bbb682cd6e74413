/* user_admin.h: users locked out, by failed sign-ins or without their second factor. */
#include "core/auth/attempts.h"
#include "core/auth/ends.h"
#include "core/auth/user/user_roles.h"
#include "core/store/identity/factor.h"

/* ---- locked out by failed sign-ins ---- */

struct rescue {
	const struct deed_by *by;
	struct uuid           id;
};

/* Forgotten in the control schema first: what is audited has happened. */
static bool
unlock_body(struct db *db, void *arg, struct err *e)
{
	const struct rescue  *w = arg;
	const struct deed_by *by = w->by;
	struct user           u;

	(void)db;
	return user_take(by, &w->id, &u, e) &&
	       attempts_forget(by->auth, by->mem, by->t->tenant->slug, u.email, e);
}

bool
user_unlock(const struct deed_by *by, const struct uuid *id, struct err *e)
{
	struct rescue      w = { by, *id };
	struct audit_entry entry = { .action = AUDIT_USER_UNLOCK, .target_id = *id };

	return audit_deed(by, unlock_body, &w, &entry, e);
}

/* ---- without the second factor ---- */

static bool
reset_body(struct db *db, void *arg, struct err *e)
{
	const struct rescue  *w = arg;
	const struct deed_by *by = w->by;
	struct ending         x = {
			.event = END_FACTOR_RESET, .user = w->id, .now = { clock_ms(by->auth->env->clock) }
	};
	struct user u;
	bool        found;

	(void)db;
	return user_take(by, &w->id, &u, e) && factor_drop(by->t, &w->id, &found, e) &&
	       ends_apply(by->t, &x, e);
}

bool
user_reset_factor(const struct deed_by *by, const struct uuid *id, struct err *e)
{
	struct rescue      w = { by, *id };
	struct audit_entry entry = { .action = AUDIT_FACTOR_RESET, .target_id = *id };

	/* a session left open, or a key of one's own, is no proof */
	if (caller_is(by->caller, id))
		return err_set(e, ERR_CONFLICT, 0,
		    "Your own second factor is given up with a code of it: disable it instead.",
		    "a reset of the caller's own factor");
	if (!audit_deed(by, reset_body, &w, &entry, e))
		return false;
	cache_bump_user(by->auth->env->segment, id);
	return true;
}
