/* user_admin.h: ending a user's sessions, all of them or one. */
#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/mfa/mfa.h"
#include "core/auth/user/user_roles.h"
#include "core/store/identity/session.h"

struct stopping {
	const struct deed_by *by;
	struct ending         x;
};

/* ---- all of a user ---- */

static bool
end_all_body(struct db *db, void *arg, struct err *e)
{
	struct stopping *w = arg;
	struct user      u;

	(void)db;
	return user_take(w->by, &w->x.user, &u, e) && ends_apply(w->by->t, &w->x, e);
}

bool
user_end_sessions(const struct deed_by *by, const struct uuid *id, struct err *e)
{
	struct stopping    w = { by, { .event = END_SESSIONS_ADMIN,
					 .user = *id,
					 .now = { clock_ms(by->auth->env->clock) } } };
	struct audit_entry entry = { .action = AUDIT_USER_SESSIONS, .target_id = *id };

	if (!audit_deed(by, end_all_body, &w, &entry, e))
		return false;
	cache_bump_user(by->auth->env->segment, id);
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
	if (w->x.event == END_SESSION_ADMIN && !user_take(w->by, &w->x.user, &u, e))
		return false;
	return ends_apply(w->by->t, &w->x, e) && (w->x.ended || missing(e));
}

struct ended_told {
	struct uuid user;
	bool        by_admin;
};
static const struct field ended_told_fields[] = {
	TOLD(struct ended_told, user),
	TOLD(struct ended_told, by_admin),
	FIELD_END,
};
static const struct schema ended_told = SCHEMA("EndedTold", struct ended_told, ended_told_fields);

bool
user_end_session(const struct deed_by *by, const struct uuid *session, struct err *e)
{
	struct stopping    w = { by, { .event = END_SESSION_OWN,
					 .session = *session,
					 .now = { clock_ms(by->auth->env->clock) } } };
	struct audit_entry entry = { .action = AUDIT_SESSION_END, .target_id = *session };

	if (!session_owner(by->t, session, &w.x.user, e))
		return false;
	if (!uuid_eq(&w.x.user, &by->caller->user)) {
		if (!permission_has(&by->caller->permissions, ACTION_UPDATE, RESOURCE_USERS))
			return missing(e);
		if (!mfa_ask_fresh(by->caller, w.x.now.ms, e))
			return false;
		w.x.event = END_SESSION_ADMIN;
		entry.details =
		    audit_details(by->mem, &ended_told, &(struct ended_told) { w.x.user, true }, e);
		if (entry.details == NULL)
			return false;
	}
	if (!audit_deed(by, end_one_body, &w, &entry, e))
		return false;
	cache_bump_session(by->auth->env->segment, session);
	return true;
}
