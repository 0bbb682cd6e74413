/* routes.h: passwords changed, forgotten and reset; addresses confirmed. */
#include "core/auth/attempts.h"
#include "core/auth/password/password_change.h"
#include "core/auth/user/profile.h"
#include "core/web/rate.h"
#include "fcgi/auth/auth.h"
#include "fcgi/routes.h"

#define NEW_PASSWORD                                                                               \
	.min = 1, .max = 1024, .flags = FIELD_REQUIRED | FIELD_SECRET, .format = "password",       \
	.doc = "The new password: at least 15 characters, 8 with a second factor; not a common "   \
	       "one, a name or a row of keys."
#define TOKEN                                                                                      \
	.min = 1, .max = 200, .flags = FIELD_REQUIRED | FIELD_SECRET,                              \
	.doc = "What stands behind the '=' of the mailed link; it counts once."

/* ---- PUT /api/auth/password ---- */

struct password_put {
	const char *current_password, *new_password;
};
static const struct field password_put_fields[] = {
	FIELD(struct password_put, current_password, .min = 1, .max = 1024,
	    .flags = FIELD_REQUIRED | FIELD_SECRET, .format = "password",
	    .doc = "The password until now."),
	FIELD(struct password_put, new_password, NEW_PASSWORD),
	FIELD_END,
};
static const struct schema password_put_schema =
    SCHEMA("PasswordChange", struct password_put, password_put_fields);

static bool
change(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct password_put *in = body;
	const struct deed_by       by = request_deed_by(r);

	(void)answer;
	if (!password_change(&by, in->current_password, in->new_password, e))
		return false;
	return !r->caller.by_cookie || auth_renew_device(r, e);
}

/* ---- POST /api/auth/password/forgot ---- */

struct forgot_body {
	const char *tenant, *email;
};
static const struct field forgot_body_fields[] = {
	FIELD(struct forgot_body, tenant, .min = 1, .max = 254, .flags = FIELD_REQUIRED,
	    .doc = "Short name of the tenant; case and blanks around it do not count."),
	FIELD(struct forgot_body, email, .min = 1, .max = 254, .flags = FIELD_REQUIRED,
	    .doc = "E-mail address of the account."),
	FIELD_END,
};
static const struct schema forgot_body_schema =
    SCHEMA("PasswordForgot", struct forgot_body, forgot_body_fields);

static struct page_body
forgot_page(const void *body)
{
	const struct forgot_body *in = body;

	return (struct page_body) { .tenant = in->tenant };
}

static bool
forgot(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct forgot_body *in = body;
	const struct deed_by      by = request_deed_by(r);
	uint8_t                   account[KEY_LEN];

	(void)answer;
	if (!attempts_account(r->app->auth, r->mem, in->tenant, in->email, account, e) ||
	    !rate_account(r, RATE_MAIL, (struct str) { (const char *)account, sizeof(account) }, e))
		return false;
	return password_forgot(&by, in->tenant, in->email, e);
}

/* ---- POST /api/auth/password/reset ---- */

struct reset_body {
	const char *token, *new_password;
};
static const struct field reset_body_fields[] = {
	FIELD(struct reset_body, token, TOKEN),
	FIELD(struct reset_body, new_password, NEW_PASSWORD),
	FIELD_END,
};
static const struct schema reset_body_schema =
    SCHEMA("PasswordReset", struct reset_body, reset_body_fields);

static struct page_body
reset_page(const void *body)
{
	const struct reset_body *in = body;

	return (struct page_body) { .token = in->token };
}

static bool
reset(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct reset_body *in = body;
	const struct deed_by     by = request_deed_by(r);

	(void)answer;
	return password_reset(&by, in->token, in->new_password, e);
}

/* ---- POST /api/auth/email/confirm ---- */

struct confirm_body {
	const char *token;
};
static const struct field confirm_body_fields[] = {
	FIELD(struct confirm_body, token, TOKEN),
	FIELD_END,
};
static const struct schema confirm_body_schema =
    SCHEMA("EmailConfirm", struct confirm_body, confirm_body_fields);

static struct page_body
confirm_page(const void *body)
{
	const struct confirm_body *in = body;

	return (struct page_body) { .token = in->token };
}

static bool
confirm(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct confirm_body *in = body;
	const struct deed_by       by = request_deed_by(r);

	(void)answer;
	return email_confirm(&by, in->token, e);
}

const struct route password_routes[] = {
	ROUTE_HASHES(PUT, "/api/auth/password", SIGNED_IN, RATE_LOGIN, 204, change,
	    IN(password_put), OUT_NONE,
	    "Changes one's own password; all other sessions end, this one too after five wrong "
	    "ones in a "
	    "row."),
	ROUTE_PAGES(forgot_page, POST, "/api/auth/password/forgot", ANYONE, RATE_MAIL, 202, forgot,
	    IN(forgot_body), OUT_NONE,
	    "Mails a link to choose a new password, if there is such a user; the answer never "
	    "tells."),
	ROUTE_PAGES_HASHES(reset_page, POST, "/api/auth/password/reset", ANYONE, RATE_LOGIN, 204,
	    reset, IN(reset_body), OUT_NONE,
	    "Sets a password by a mailed link, of an invitation too; all sessions end."),
	ROUTE_PAGES(confirm_page, POST, "/api/auth/email/confirm", ANYONE, RATE_LOGIN, 204, confirm,
	    IN(confirm_body), OUT_NONE,
	    "Makes a new e-mail address count by the link that was mailed to it."),
	ROUTE_END,
};
