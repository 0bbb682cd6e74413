#include "core/auth/mfa.h"
#include "core/auth/user_roles.h"
#include "core/store/session.h"

struct ending {
	const struct managing *m;
	struct uuid            user;    /* whose; nil: the caller's own */
	struct uuid            session; /* of the one that ends */
	instant                now;
	const char            *reason;
};

/* ---- all of a user ---- */

static bool
end_all_body(struct db *db, void *arg, struct err *e)
{
	struct ending *w = arg;
	struct user    u;

	(void)db;
	return user_take(w->m, &w->user, &u, e) &&
	       session_revoke_all(w->m->t, &w->user, w->now, w->reason, e);
}

bool
user_end_sessions(const struct managing *m, const struct uuid *id, struct err *e)
{
	struct ending w = {
		.m = m, .user = *id, .now = { clock_ms(m->a->clock) }, .reason = "revoked_by_admin"
	};
	struct audit_entry entry = { .action = AUDIT_USER_SESSIONS,
		.success = true,
		.caller = m->caller,
		.origin = m->origin,
		.target_kind = "user",
		.target_id = *id };

	if (!audit_deed(m->t, m->mem, m->a, end_all_body, &w, &entry, e))
		return false;
	if (m->a->segment != NULL)
		cache_bump_user(m->a->segment, id);
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
	struct ending *w = arg;
	struct user    u;
	bool           ended;

	(void)db;
	if (!uuid_is_nil(&w->user) && !user_take(w->m, &w->user, &u, e))
		return false;
	return session_revoke(w->m->t, &w->session, w->now, w->reason, &ended, e) &&
	       (ended || missing(e));
}

bool
user_end_session(const struct managing *m, const struct uuid *session, struct err *e)
{
	struct ending      w = { .m = m,
		     .session = *session,
		     .now = { clock_ms(m->a->clock) },
		     .reason = "ended_by_user" };
	struct audit_entry entry = { .action = AUDIT_SESSION_END,
		.success = true,
		.caller = m->caller,
		.origin = m->origin,
		.target_kind = "session",
		.target_id = *session };
	struct uuid        owner;

	if (!session_owner(m->t, session, &owner, e))
		return false;
	if (!uuid_eq(&owner, &m->caller->user)) {
		char text[UUID_TEXT_MAX];

		if (!permission_has(&m->caller->permissions, ACTION_UPDATE, RESOURCE_USERS))
			return missing(e);
		if (!mfa_ask_fresh(m->caller, w.now.ms, e))
			return false;
		w.user = owner;
		w.reason = "revoked_by_admin";
		uuid_print(&owner, text);
		entry.details =
		    talloc_asprintf(m->mem, "{\"user\":\"%s\",\"by_admin\":true}", text);
		if (entry.details == NULL)
			return err_memory(e);
	}
	if (!audit_deed(m->t, m->mem, m->a, end_one_body, &w, &entry, e))
		return false;
	if (m->a->segment != NULL)
		cache_bump_session(m->a->segment, session);
	return true;
}
