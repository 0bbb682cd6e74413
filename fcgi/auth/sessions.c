/* routes.h: one's own sessions. */
#include "core/auth/user/user_admin.h"
#include "core/store/identity/session.h"
#include "fcgi/routes.h"

static bool
list_sessions(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct list_query *q = r->query;
	int64_t                  limit = q == NULL ? 0 : q->limit;
	instant                  now = { clock_ms(r->app->env->clock) };
	struct session_item     *items;
	struct uuid              after;
	size_t                   n;

	(void)body;
	if (!list_cursor_read(q == NULL ? NULL : q->cursor, &after, e) ||
	    !session_list(
		r->db, r->mem, &r->caller.user, now, &after, list_rows(limit), &items, &n, e))
		return false;
	for (size_t i = 0; i < n; i++)
		items[i].current = uuid_eq(&items[i].id, &r->caller.session);
	return list_answer(
	    r, answer, items, n, sizeof(*items), offsetof(struct session_item, id), limit, e);
}

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
	ROUTE_Q(GET, "/api/auth/sessions", list_query, SIGNED_IN, RATE_READ, 200, list_sessions,
	    IN_NONE, OUT_LIST(session_item), "Lists the user's own sessions, newest first."),
	ROUTE(DELETE_, "/api/auth/sessions/{id}", SIGNED_IN, RATE_WRITE, 204, end_session, IN_NONE,
	    OUT_NONE,
	    "Ends one of the user's own sessions at once; with update:users, and a step-up, also "
	    "another user's."),
	ROUTE_END,
};
