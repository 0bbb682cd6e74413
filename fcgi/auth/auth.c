#include "fcgi/auth/auth.h"

#include <string.h>

#include "core/auth/mfa/mfa.h"
#include "core/auth/password/login.h"
#include "core/auth/user/profile.h"
#include "core/auth/user/user_admin.h"
#include "core/base/hash.h"
#include "core/web/rate.h"
#include "fcgi/auth/waiting.h"
#include "fcgi/routes.h"

/* ---- POST /api/auth/login, POST /api/auth/refresh: one answer ---- */

static const struct field tenant_brief_fields[] = {
	FIELD(struct tenant_brief, id, .doc = "Number of the tenant."),
	FIELD(struct tenant_brief, slug, .doc = "Its short name, as typed at sign-in."),
	FIELD(struct tenant_brief, name, .doc = "Its name."),
	FIELD_END,
};
static const struct schema tenant_brief_schema =
    SCHEMA("TenantBrief", struct tenant_brief, tenant_brief_fields);

static const struct field session_fields[] = {
	FIELD(struct session, user, .item = &user_schema, .doc = "Who has signed in."),
	FIELD(struct session, tenant, .item = &tenant_brief_schema, .doc = "Where."),
	FIELD(struct session, permissions, .doc = "What the user may do, as action:resource."),
	FIELD(struct session, csrf_token,
	    .doc = "Value of X-CSRF-Token for changes that the access cookie authenticates."),
	FIELD(struct session, expires_at, .doc = "End of the access token."),
	FIELD(struct session, idle_expires_at, .doc = "End of the session if it is not used."),
	FIELD(struct session, absolute_expires_at, .doc = "End of the session in any case."),
	FIELD(struct session, mfa_enrollment_required, .flags = FIELD_OMIT_ZERO,
	    .doc = "True: only a second factor can be set up until there is one."),
	FIELD(struct session, return_to, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"After the second factor of a sign-in by a provider: the path it was to lead to."),
	FIELD(struct session, access_token, .flags = FIELD_OMIT_ZERO,
	    .doc = "With delivery body only: the access token, a JWT."),
	FIELD(struct session, refresh_token, .flags = FIELD_OMIT_ZERO,
	    .doc = "With delivery body only: the refresh token; it counts once."),
	FIELD_END,
};
const struct schema session_schema = SCHEMA("Session", struct session, session_fields);

static struct tenant_brief *
tenant_brief_of(TALLOC_CTX *mem, const struct tenant *t, struct err *e)
{
	struct tenant_brief *b = talloc(mem, struct tenant_brief);

	if (b == NULL)
		err_memory(e);
	else
		*b = (struct tenant_brief) { t->id, t->slug, t->name };
	return b;
}

static bool
csrf_of(struct request *r, const struct uuid *session, const char **out, struct err *e)
{
	char *text = talloc_zero_array(r->mem, char, CSRF_TOKEN_MAX);

	*out = text;
	if (text == NULL)
		return err_memory(e);
	return caller_csrf(r->app->auth, session, text, e);
}

static bool
user_of(struct request *r, const struct tenant *t, const struct caller *c, struct user **out,
    struct err *e)
{
	*out = talloc_zero(r->mem, struct user);
	if (*out == NULL)
		return err_memory(e);
	if (r->db == NULL && !request_enter(r, t, e))
		return false;
	return caller_user(r->db, r->mem, c, *out, e);
}

static int64_t
seconds_until(const struct request *r, int64_t end_ms)
{
	return (end_ms - clock_ms(r->app->env->clock) + 999) / 1000;
}

/* Both for as long as the session: a refresh cookie counts beside the access cookie only, also one
 * that has run out. */
bool
auth_put_cookies(struct request *r, const struct session_grant *g, struct err *e)
{
	int64_t age_s = seconds_until(r, g->caller.absolute_ms);

	return reply_cookie(r, "bsx_access", g->access_token, age_s, e) &&
	       reply_cookie(r, "bsx_refresh", g->refresh_token, age_s, e);
}

bool
auth_answer(struct request *r, const struct session_grant *g, bool in_body, struct session *out,
    struct err *e)
{
	const struct caller *c = &g->caller;

	out->expires_at.ms = g->access_end_ms;
	out->idle_expires_at.ms = c->idle_ms;
	out->absolute_expires_at.ms = c->absolute_ms;
	out->mfa_enrollment_required = c->mfa_enrollment;
	out->return_to = g->return_to;
	out->tenant = tenant_brief_of(r->mem, g->tenant, e);
	if (out->tenant == NULL || !user_of(r, g->tenant, c, &out->user, e) ||
	    !permission_list(r->mem, &c->permissions, &out->permissions, e) ||
	    !csrf_of(r, &c->session, &out->csrf_token, e))
		return false;
	if (!in_body)
		return auth_put_cookies(r, g, e);
	out->access_token = g->access_token;
	out->refresh_token = g->refresh_token;
	return true;
}

/* ---- a sign-in: the session, or what is still to be shown ---- */

#define SIGN_IN(m, wire, ...)                                                                      \
	FIELD_AS(struct sign_in, session.m, wire, .flags = FIELD_OMIT_ZERO, __VA_ARGS__)
static const struct field sign_in_fields[] = {
	SIGN_IN(user, "user", .item = &user_schema, .doc = "Who has signed in."),
	SIGN_IN(tenant, "tenant", .item = &tenant_brief_schema, .doc = "Where."),
	SIGN_IN(permissions, "permissions", .doc = "What the user may do, as action:resource."),
	SIGN_IN(csrf_token, "csrf_token",
	    .doc = "Value of X-CSRF-Token for changes that the access cookie authenticates."),
	SIGN_IN(expires_at, "expires_at", .doc = "End of the access token."),
	SIGN_IN(idle_expires_at, "idle_expires_at", .doc = "End of the session if it is not used."),
	SIGN_IN(
	    absolute_expires_at, "absolute_expires_at", .doc = "End of the session in any case."),
	SIGN_IN(mfa_enrollment_required, "mfa_enrollment_required",
	    .doc = "True: only a second factor can be set up until there is one."),
	SIGN_IN(access_token, "access_token",
	    .doc = "With delivery body only: the access token, a JWT."),
	SIGN_IN(refresh_token, "refresh_token",
	    .doc = "With delivery body only: the refresh token; it counts once."),
	FIELD(struct sign_in, mfa_required, .flags = FIELD_OMIT_ZERO,
	    .doc = "True: no session yet, POST /api/auth/2fa/verify is next."),
	FIELD(struct sign_in, mfa_token, .flags = FIELD_OMIT_ZERO,
	    .doc = "For that; it lives 5 minutes and bears 10 tries."),
	FIELD(struct sign_in, methods, .flags = FIELD_OMIT_ZERO, .doc = "What may be shown there."),
	FIELD_END,
};
const struct schema sign_in_schema = SCHEMA("SignIn", struct sign_in, sign_in_fields);

static bool
answer_challenge(struct request *r, const struct session_grant *g, bool in_body,
    struct sign_in *out, struct err *e)
{
	out->mfa_required = true;
	out->mfa_token = g->mfa_token;
	out->methods = mfa_methods(true, false);
	return in_body || waiting_put(r, g->mfa_token, e);
}

/* A session has all of its members, empty ones too: only what is still to be shown leaves them out.
 */
static bool
answer_begun(struct request *r, const struct session_grant *g, bool in_body, struct sign_in *out,
    struct err *e)
{
	if (!auth_answer(r, g, in_body, &out->session, e))
		return false;
	buf_make(&r->out, r->mem);
	r->content_type = "application/json";
	return schema_encode(&r->out, &session_schema, &out->session, e);
}

bool
auth_answer_sign_in(struct request *r, const struct session_grant *g, bool in_body,
    struct sign_in *out, struct err *e)
{
	return g->mfa_token != NULL ? answer_challenge(r, g, in_body, out, e)
				    : answer_begun(r, g, in_body, out, e);
}

struct login_body {
	const char *tenant, *email, *password, *recovery_code, *delivery;
};
static const char *const  deliveries[] = { "cookie", "body", NULL };
static const struct field login_body_fields[] = {
	FIELD(struct login_body, tenant, .min = 1, .max = 254, .flags = FIELD_REQUIRED,
	    .doc = "Short name of the tenant; case and blanks around it do not count."),
	FIELD(struct login_body, email, .min = 1, .max = 254, .flags = FIELD_REQUIRED,
	    .doc = "E-mail address of the account."),
	FIELD(struct login_body, password, .min = 1, .max = 1024,
	    .flags = FIELD_REQUIRED | FIELD_SECRET, .format = "password", .doc = "Its password."),
	FIELD(struct login_body, recovery_code, .min = 1, .max = RECOVERY_MAX,
	    .flags = FIELD_SECRET,
	    .doc = "One of its recovery codes, in place of a second step: with it the sign-in "
		   "passes also while others have made the account wait."),
	FIELD(struct login_body, delivery, .choices = deliveries,
	    .doc = "How the tokens are given: as cookies (default) or in the body."),
	FIELD_END,
};
static const struct schema login_body_schema =
    SCHEMA("Login", struct login_body, login_body_fields);

static bool
wants_body(const struct login_body *in)
{
	return str_eqz(str_of(in->delivery), "body");
}

static struct page_body
login_page(const void *body)
{
	const struct login_body *in = body;

	return (struct page_body) { .tenant = in->tenant, .cookie = !wants_body(in) };
}

/*
 * A known device, and a recovery code, has a budget beside the account's: strangers cannot use up
 * its owner's.
 */
static bool
charge_account(struct request *r, const struct login_body *in, struct device *device, struct err *e)
{
	const char *code = in->recovery_code;
	uint8_t     key[KEY_LEN + HASH_LEN] = { 0 };
	bool        bad;

	if (!attempts_account(r->app->auth, r->mem, in->tenant, in->email, key, e))
		return false;
	device_read(r->app->auth, key, request_cookie(r, "bsx_device", &bad), device);
	memcpy(key + KEY_LEN, device->id, DEVICE_ID_LEN); /* zeros when it is not known */
	if (code != NULL)
		hash_sha256(code, strlen(code), key + KEY_LEN);
	return rate_account(r, RATE_LOGIN, (struct str) { (const char *)key, sizeof(key) }, e);
}

/* As the device that asks, or as a new one. */
static bool
put_device(
    struct request *r, const struct tenant *t, const struct user *u, bool same, struct err *e)
{
	struct auth  *a = r->app->auth;
	struct device device = { .known = false };
	uint8_t       account[KEY_LEN];
	const char   *text;
	bool          bad;

	if (!attempts_account(a, r->mem, t->slug, u->email, account, e))
		return false;
	if (same)
		device_read(a, account, request_cookie(r, "bsx_device", &bad), &device);
	if (!device_is_of(&device, &u->id, u->device_epoch))
		device = (struct device) { .user = u->id, .epoch = u->device_epoch };
	return device_print(a, r->mem, account, &device, &text, e) &&
	       reply_cookie(r, "bsx_device", text, DEVICE_LIFE_S, e);
}

bool
auth_remember_device(struct request *r, const struct session_grant *g, struct err *e)
{
	struct user u = { .id = g->caller.user, .device_epoch = g->device_epoch };

	u.email = talloc_strdup(r->mem, g->caller.name);
	return u.email != NULL ? put_device(r, g->tenant, &u, g->same_device, e) : err_memory(e);
}

bool
auth_renew_device(struct request *r, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct user          u;

	return user_see(&by, &r->caller.user, &u, e) && put_device(r, r->db->tenant, &u, false, e);
}

static bool
login(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct login_body *in = body;
	struct device            device;
	bool                     in_body = wants_body(in);
	const struct login       who = {
		      .tenant = in->tenant,
		      .email = in->email,
		      .password = in->password,
		      .recovery_code = in->recovery_code,
		      .device = &device,
		      .in_body = in_body,
	};
	const struct deed_by by = request_deed_by(r);
	struct session_grant g = { 0 };

	if (!charge_account(r, in, &device, e) || !login_password(&by, &who, &g, e))
		return false;
	if (!in_body && g.mfa_token == NULL && !auth_remember_device(r, &g, e))
		return false;
	return auth_answer_sign_in(r, &g, in_body, answer, e);
}

struct refresh_body {
	const char *refresh_token;
};
static const struct field refresh_body_fields[] = {
	FIELD(struct refresh_body, refresh_token, .min = 1, .max = 200, .flags = FIELD_SECRET,
	    .doc = "The refresh token; left out when it comes as a cookie."),
	FIELD_END,
};
static const struct schema refresh_body_schema =
    SCHEMA("Refresh", struct refresh_body, refresh_body_fields);

static bool
has_token(const struct refresh_body *in)
{
	return in != NULL && in->refresh_token != NULL;
}

static struct page_body
refresh_page(const void *body)
{
	const struct refresh_body *in = body;

	return (struct page_body) {
		.token = has_token(in) ? in->refresh_token : NULL,
		.cookie = !has_token(in),
	};
}

static bool
refresh(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct refresh_body *in = body;
	struct session_grant       g = { 0 };
	const struct deed_by       by = request_deed_by(r);
	struct refresh_shown       shown = { 0 };
	struct uuid                of;
	bool                       in_body = has_token(in);

	if (in_body)
		shown.token = str_of(in->refresh_token);
	else if (!request_refresh_cookie(r, &shown.token, &of, e))
		return false;
	else
		shown.of = &of; /* nil: a refresh cookie that comes alone is of no session */
	return session_refresh(&by, &shown, &g, e) && auth_answer(r, &g, in_body, answer, e);
}

/* ---- GET /api/auth/me ---- */

struct me_session {
	struct uuid id;
	instant     auth_time;
	int64_t     aal;
	instant     idle_expires_at, absolute_expires_at;
};
static const struct field me_session_fields[] = {
	FIELD(struct me_session, id, .doc = "Number of the session."),
	FIELD(struct me_session, auth_time, .doc = "When the user last proved who it is."),
	FIELD(struct me_session, aal, .doc = "1: one factor; 2: two factors."),
	FIELD(struct me_session, idle_expires_at, .doc = "End of the session if it is not used."),
	FIELD(struct me_session, absolute_expires_at, .doc = "End of the session in any case."),
	FIELD_END,
};
static const struct schema me_session_schema =
    SCHEMA("CurrentSession", struct me_session, me_session_fields);

struct me {
	struct user         *user;
	struct tenant_brief *tenant, *acting_tenant;
	struct strings       permissions;
	const char          *csrf_token;
	struct me_session   *session;
	bool                 mfa_enrollment_required;
};
static const struct field me_fields[] = {
	FIELD(struct me, user, .item = &user_schema, .doc = "Who is signed in."),
	FIELD(struct me, tenant, .item = &tenant_brief_schema, .doc = "The user's tenant."),
	FIELD(struct me, acting_tenant, .item = &tenant_brief_schema, .flags = FIELD_NULLABLE,
	    .doc = "The tenant acted in, when it is another one."),
	FIELD(struct me, permissions, .doc = "What the user may do, as action:resource."),
	FIELD(struct me, csrf_token,
	    .doc = "Value of X-CSRF-Token for changes that the access cookie authenticates."),
	FIELD(struct me, session, .item = &me_session_schema, .doc = "The session."),
	FIELD(struct me, mfa_enrollment_required, .flags = FIELD_OMIT_ZERO,
	    .doc = "True: only a second factor can be set up until there is one."),
	FIELD_END,
};
static const struct schema me_schema = SCHEMA("Me", struct me, me_fields);

static bool
me(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct caller *c = &r->caller;
	struct me           *out = answer;

	(void)body;
	out->tenant = tenant_brief_of(r->mem, r->db->tenant, e);
	out->session = talloc(r->mem, struct me_session);
	if (out->tenant == NULL || out->session == NULL)
		return err_memory(e);
	*out->session = (struct me_session) { c->session, { c->auth_time_ms }, c->aal,
		{ c->idle_ms }, { c->absolute_ms } };
	if (r->acted != NULL) {
		out->acting_tenant = tenant_brief_of(r->mem, r->acted, e);
		if (out->acting_tenant == NULL)
			return false;
	}
	out->mfa_enrollment_required = c->mfa_enrollment;
	out->csrf_token = c->csrf;
	return user_of(r, r->db->tenant, c, &out->user, e) &&
	       permission_list(r->mem, &c->permissions, &out->permissions, e);
}

/* ---- PUT /api/auth/me ---- */

struct me_update {
	const char *display_name, *email;
};
static const struct field me_update_fields[] = {
	FIELD(struct me_update, display_name, .min = 1, .max = 200, .flags = FIELD_SEEN,
	    .doc = "Name shown to others."),
	FIELD(struct me_update, email, .min = 3, .max = 254,
	    .doc =
		"New e-mail address; it counts once the link mailed to it is used. Needs a sign-in "
		"of the last five minutes."),
	FIELD_END,
};
static const struct schema me_update_schema =
    SCHEMA("MeUpdate", struct me_update, me_update_fields);

static bool
me_put(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct me_update *in = body;
	const struct profile    p = { in->display_name, in->email };
	const struct deed_by    by = request_deed_by(r);

	if (!profile_update(&by, &p, e))
		return false;
	r->caller.whole = false; /* the name is read again */
	return me(r, NULL, answer, e);
}

/* ---- POST /api/auth/logout ---- */

struct logout_query {
	bool all;
};
static const struct field logout_query_fields[] = {
	FIELD(struct logout_query, all, .doc = "True: all sessions of the user end."),
	FIELD_END,
};
static const struct schema logout_query_schema =
    SCHEMA("LogoutQuery", struct logout_query, logout_query_fields);

/* The worst that a planted cookie does here is to end the session of who planted it. */
static bool
end_by_cookie(struct request *r, bool all, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct refresh_shown shown = { 0 };
	struct uuid          of;

	if (!request_refresh_cookie(r, &shown.token, &of, e))
		return false;
	if (!uuid_is_nil(&of))
		shown.of = &of;
	return session_end_by_refresh(&by, &shown, all, e);
}

static bool
logout(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct logout_query *q = r->query;
	const struct deed_by       by = request_deed_by(r);
	bool                       all = q != NULL && q->all, ended;

	(void)body;
	(void)answer;
	ended = by.caller == NULL ? end_by_cookie(r, all, e) : session_end(&by, all, e);
	return ended && reply_cookie(r, "bsx_access", "", 0, e) &&
	       reply_cookie(r, "bsx_refresh", "", 0, e);
}

const struct route auth_routes[] = {
	ROUTE_PAGES_HASHES(login_page, POST, "/api/auth/login", ANYONE, RATE_LOGIN, 200, login,
	    IN(login_body), OUT(sign_in),
	    "Signs in with tenant, e-mail address and password; a second factor may be due then."),
	ROUTE_PAGES(refresh_page, POST, "/api/auth/refresh", ANYONE, RATE_REFRESH, 200, refresh,
	    IN(refresh_body), OUT(session),
	    "Renews a session: gives new tokens for a refresh token, which counts once."),
	ROUTE(GET, "/api/auth/me", SIGNED_IN, RATE_READ, 200, me, IN_NONE, OUT(me),
	    "Tells who is signed in, and what that user may do."),
	ROUTE(PUT, "/api/auth/me", SIGNED_IN, RATE_WRITE, 200, me_put, IN(me_update), OUT(me),
	    "Changes one's own name, or asks for another e-mail address, which a step-up may be "
	    "due for."),
	ROUTE_Q(POST, "/api/auth/logout", logout_query, LEAVING, RATE_WRITE, 204, logout, IN_NONE,
	    OUT_NONE, "Ends the session at once, or all of the user's."),
	ROUTE_END,
};
