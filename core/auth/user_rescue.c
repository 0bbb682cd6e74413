#include "core/auth/attempts.h"
#include "core/auth/mfa.h"
#include "core/auth/user_roles.h"

/* ---- locked out by failed sign-ins ---- */

struct unlocking {
	const struct managing *m;
	struct uuid            id;
};

/* Forgotten in the control schema first: what is audited has happened. */
static bool
unlock_body(struct db *db, void *arg, struct err *e)
{
	const struct unlocking *w = arg;
	const struct managing  *m = w->m;
	struct user             u;

	(void)db;
	return user_lock(m->t, &w->id, e) && user_by_id(m->t, m->mem, &w->id, &u, e) &&
	       user_may_manage(m, &u, e) &&
	       attempts_forget(m->a, m->mem, m->t->tenant->slug, u.email, e);
}

bool
user_unlock(const struct managing *m, const struct uuid *id, struct err *e)
{
	struct unlocking   w = { m, *id };
	struct audit_entry entry = { .action = AUDIT_USER_UNLOCK,
		.success = true,
		.caller = m->caller,
		.origin = m->origin,
		.target_kind = "user",
		.target_id = *id };

	return audit_deed(m->t, m->mem, m->a, unlock_body, &w, &entry, e);
}

/* ---- without the second factor ---- */

bool
user_reset_factor(const struct managing *m, const struct uuid *id, struct err *e)
{
	struct mfa  f = { m->a, m->mem, m->t, m->caller, m->origin, NULL };
	struct user u;

	/* a session left open, or a key of one's own, is no proof */
	if (uuid_eq(id, &m->caller->user))
		return err_set(e, ERR_CONFLICT, 0,
		    "Your own second factor is given up with a code of it: disable it instead.",
		    "a reset of the caller's own factor");
	return user_by_id(m->t, m->mem, id, &u, e) && user_may_manage(m, &u, e) &&
	       mfa_reset(&f, id, e);
}
