/* user_admin.h: ending a user's sessions, all of them or one. */
#include "core/auth/ends.h"
#include "core/auth/mfa/mfa.h"
#include "core/auth/user/user_roles.h"
#include "core/store/identity/session.h"

struct stopping {
	const struct managing *m;
	struct ending          x;
};

/* ---- all of a user ---- */

static bool
end_all_body(struct db *db, void *arg, struct err *e)
{
	struct stopping *w = arg;
	struct user      u;

	(void)db;
	return user_take(w->m, &w->x.user, &u, e) && ends_apply(w->m->t, &w->x, e);
}

bool
user_end_sessions(const struct managing *m, const struct uuid *id, struct err *e)
{
	struct stopping    w = { m, { .event = END_SESSIONS_ADMIN,
					.user = *id,
					.now = { clock_ms(m->a->env->clock) } } };
	struct audit_entry entry = { .action = AUDIT_USER_SESSIONS,
		.success = true,
		.caller = m->caller,
		.origin = m->origin,
		.target_kind = "user",
		.target_id = *id };

	if (!audit_deed(m->t, m->mem, m->a, end_all_body, &w, &entry, e))
		return false;
	if (m->a->env->segment != NULL)
		cache_bump_user(m->a->env->segment, id);
	return true;
}

/* ---- one ---- */

static bool
missing(struct err *e)
{
	return err_set(e, ERR_MISSING, 0, "Not found.", "no such session that the caller may end");
}

static bool
end_one_body(struct db *db, void *arg, struct err *e)
{
	struct stopping *w = arg;
	struct user      u;

	(void)db;
	if (w->x.event == END_SESSION_ADMIN && !user_take(w->m, &w->x.user, &u, e))
		return false;
	return ends_apply(w->m->t, &w->x, e) && (w->x.ended || missing(e));
}

bool
user_end_session(const struct managing *m, const struct uuid *session, struct err *e)
{
	struct stopping    w = { m, { .event = END_SESSION_OWN,
					.session = *session,
					.now = { clock_ms(m->a->env->clock) } } };
	struct audit_entry entry = { .action = AUDIT_SESSION_END,
		.success = true,
		.caller = m->caller,
		.origin = m->origin,
		.target_kind = "session",
		.target_id = *session };

	if (!session_owner(m->t, session, &w.x.user, e))
		return false;
	if (!uuid_eq(&w.x.user, &m->caller->user)) {
		char text[UUID_TEXT_MAX];

		if (!permission_has(&m->caller->permissions, ACTION_UPDATE, RESOURCE_USERS))
			return missing(e);
		if (!mfa_ask_fresh(m->caller, w.x.now.ms, e))
			return false;
		w.x.event = END_SESSION_ADMIN;
		uuid_print(&w.x.user, text);
		entry.details =
		    talloc_asprintf(m->mem, "{\"user\":\"%s\",\"by_admin\":true}", text);
		if (entry.details == NULL)
			return err_memory(e);
	}
	if (!audit_deed(m->t, m->mem, m->a, end_one_body, &w, &entry, e))
		return false;
	if (m->a->env->segment != NULL)
		cache_bump_session(m->a->env->segment, session);
	return true;
}
