#include "fcgi/auth/waiting.h"

#include <string.h>

#define COOKIE "bsx_mfa"

bool
waiting_put(struct request *r, const char *token, struct err *e)
{
	return reply_cookie(r, COOKIE, token, WAITING_S, e);
}

bool
waiting_put_tab(struct request *r, const char *token, const char **digits, struct err *e)
{
	static const struct cookie_bound bound = { .kind = COOKIE, .most = WAITING_MAX };
	char                             name[COOKIE_NAME_MAX];

	cookie_name_of(COOKIE, str_of(token), name);
	*digits = talloc_strdup(r->mem, name + strlen(COOKIE "_"));
	if (*digits == NULL)
		return err_memory(e);
	return reply_cookie_room(r, &bound, 0, e) && reply_cookie(r, name, token, WAITING_S, e) &&
	       waiting_put(r, token, e);
}

/* A cookie comes by itself: the browser must say who sent it. */
bool
waiting_token(struct request *r, const struct waiting *w, struct str *token, struct err *e)
{
	char name[COOKIE_NAME_MAX] = COOKIE;
	bool bad = false;

	*token = str_of(w->token);
	if (w->token != NULL)
		return true;
	if (w->digits != NULL && !cookie_name_by(COOKIE, str_of(w->digits), name))
		return err_fault(e, r->mem, "/sign_in", "is not what the address said");
	*token = request_cookie(r, name, &bad);
	if (bad || token->n == 0)
		return err_set(e, ERR_UNAUTHENTICATED, 0,
		    "There is no sign-in that waits. Begin one.", "%s",
		    bad ? "the mfa cookie came twice" : "no mfa token");
	return request_same_origin(r, true, e);
}

bool
waiting_drop(struct request *r, struct str token, struct err *e)
{
	char       name[COOKIE_NAME_MAX];
	bool       bad;
	struct str latest = request_cookie(r, COOKIE, &bad), own;

	cookie_name_of(COOKIE, token, name);
	own = request_cookie(r, name, &bad);
	if (own.n > 0 && !reply_cookie(r, name, "", 0, e))
		return false;
	return (latest.n > 0 && !str_eq(latest, token)) || reply_cookie(r, COOKIE, "", 0, e);
}
