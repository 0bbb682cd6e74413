/* routes.h: one's own sessions. */
#include "core/auth/session.h"
#include "core/auth/user/user_admin.h"
#include "fcgi/routes.h"

static bool
fetch_sessions(struct request *r, struct list_page *p, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	return session_page(&by, &p->page, e);
}
static const struct list_ops session_list_ops = { fetch_sessions,
	LIST_OF(struct session_item, id) };

static bool
end_session(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	(void)answer;
	if (!user_end_session(&by, &r->id0, e))
		return false;
	if (!uuid_eq(&r->id0, &r->caller.session))
		return true;
	return reply_cookie(r, "bsx_access", "", 0, e) && reply_cookie(r, "bsx_refresh", "", 0, e);
}

const struct route session_routes[] = {
	ROUTE_LIST("/api/auth/sessions", list_query, SIGNED_IN, &session_list_ops,
	    OUT_LIST(session_item), "Lists the user's own sessions, newest first."),
	ROUTE(DELETE_, "/api/auth/sessions/{id}", SIGNED_IN, RATE_WRITE, 204, end_session, IN_NONE,
	    OUT_NONE,
	    "Ends one of the user's own sessions at once; with update:users, and a step-up, also "
	    "another user's."),
	ROUTE_END,
};
