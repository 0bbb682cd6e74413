/* routes.h: signing in by an identity provider. */
#include <string.h>

#include "core/auth/oidc/oidc.h"
#include "fcgi/auth/auth.h"
#include "fcgi/auth/oidc_tabs.h"
#include "fcgi/auth/waiting.h"
#include "fcgi/routes.h"

/* ---- GET /api/auth/providers ---- */

struct providers_query {
	const char *tenant;
};
static const struct field providers_query_fields[] = {
	FIELD(struct providers_query, tenant, .min = 1, .max = 254, .flags = FIELD_REQUIRED,
	    .doc = "Short name of the tenant; case and "
		   "blanks around it do not count."),
	FIELD_END,
};
static const struct schema providers_query_schema =
    SCHEMA("ProvidersQuery", struct providers_query, providers_query_fields);

struct sign_in_provider {
	const char *name, *kind;
};
static const struct field sign_in_provider_fields[] = {
	FIELD(struct sign_in_provider, name, .doc = "Name in the address of its sign-in."),
	FIELD(struct sign_in_provider, kind, .doc = "google, entra or oidc."),
	FIELD_END,
};
static const struct schema sign_in_provider_schema =
    SCHEMA("SignInProvider", struct sign_in_provider, sign_in_provider_fields);

static bool
list_providers(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct providers_query *q = r->query;
	const struct deed_by          by = request_deed_by(r);
	struct sign_in_provider      *out;
	struct oidc_offer             offer;

	(void)body;
	if (q == NULL)
		return err_fault(e, r->mem, "/tenant", "is required");
	if (!oidc_offered(&by, q->tenant, &offer, e))
		return false;
	r->db = offer.t;
	out = talloc_zero_array(r->mem, struct sign_in_provider, (unsigned)offer.n + 1);
	if (out == NULL)
		return err_memory(e);
	for (size_t i = 0; i < offer.n; i++)
		out[i] =
		    (struct sign_in_provider) { offer.providers[i].name, offer.providers[i].kind };
	*(struct items *)answer = (struct items) { out, offer.n };
	return true;
}

/* The browser is told a code that the console has a sentence for; the rest is in the log. */
static bool
go_with_error(struct request *r, enum oidc_reason why, struct err *e)
{
	const char *code = why != OIDC_OK ? oidc_reason_code(why) : err_wire(e->code);
	char       *location = talloc_asprintf(
		  r->mem, "%s/?error=%s&request_id=%s", r->app->env->conf->base_path, code, r->id);

	if ((why == OIDC_OK && e->code != ERR_PLACE) || why == OIDC_UNAVAILABLE)
		log_err(r->app->env->log, LOG_AUTH,
		    "a sign-in at an identity provider could not be finished", e);
	err_clear(e);
	return location != NULL ? reply_header(r, "Location", location, e) : err_memory(e);
}

#define LATER_MAX_S 10

/* Nothing has been used up: the browser comes again by itself, and holds nobody up meanwhile. */
static bool
go_later(struct request *r, const struct err *busy)
{
	int s = busy->retry_s < 1 ? 1 : busy->retry_s;

	r->refresh_s = s < LATER_MAX_S ? s : LATER_MAX_S;
	return false;
}

/* ---- GET /api/auth/oidc/{provider}/start ---- */

struct start_query {
	const char *tenant, *return_to, *prompt;
};
static const char *const  prompts[] = { "login", NULL };
static const struct field start_query_fields[] = {
	FIELD(struct start_query, tenant, .min = 1, .max = 254, .flags = FIELD_REQUIRED,
	    .doc = "Short name of the tenant; case and "
		   "blanks around it do not count."),
	FIELD(struct start_query, return_to, .min = 1, .max = OIDC_RETURN_MAX,
	    .doc = "Path to go to afterwards; begins with one /. Default /."),
	FIELD(struct start_query, prompt, .choices = prompts,
	    .doc = "login: the person shall sign in anew there, so that it counts as a fresh "
		   "sign-in here."),
	FIELD_END,
};
static const struct schema start_query_schema =
    SCHEMA("SignInStartQuery", struct start_query, start_query_fields);

static bool
start(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct start_query *q = r->query;
	struct oidc_begin         in = { .login = q != NULL && q->prompt != NULL };
	const struct deed_by      by = request_deed_by(r);
	struct oidc_begun         out;

	(void)body;
	(void)answer;
	if (q == NULL)
		return err_fault(e, r->mem, "/tenant", "is required");
	in.tenant = q->tenant;
	in.provider = str_dup(r->mem, r->ids[0]);
	in.return_to = q->return_to != NULL
			   ? q->return_to
			   : talloc_asprintf(r->mem, "%s/", r->app->env->conf->base_path);
	if (in.provider == NULL || in.return_to == NULL)
		return err_memory(e);
	if (!oidc_return_ok(in.return_to))
		return err_set(e, ERR_BAD_REQUEST, 0,
		    "return_to must be a path of this installation.", "return_to");
	if (!oidc_begin(&by, &in, &out, e) && e->code == ERR_BUSY)
		return go_later(r, e);
	if (e->code != ERR_OK)
		return out.why != OIDC_OK && go_with_error(r, out.why, e);
	return oidc_tabs_put(r, &out, e) && reply_header(r, "Location", out.location, e);
}

/* ---- GET /api/auth/oidc/{provider}/callback[/{id}] ---- */

/* Into the session, or to the page that asks for the second factor. */
static bool
go_on(struct request *r, const struct oidc_result *out, struct err *e)
{
	const char *location = out->return_to, *digits;

	if (out->again)
		return reply_header(r, "Location", location, e);
	if (out->grant.mfa_token == NULL)
		return auth_put_cookies(r, &out->grant, e) &&
		       reply_header(r, "Location", location, e);
	if (!waiting_put_tab(r, out->grant.mfa_token, &digits, e))
		return false;
	location =
	    talloc_asprintf(r->mem, "%s/?mfa=1&sign_in=%s", r->app->env->conf->base_path, digits);
	return location != NULL ? reply_header(r, "Location", location, e) : err_memory(e);
}

struct callback_query {
	const char *state, *code, *error, *iss;
};
static const struct field callback_query_fields[] = {
	FIELD(struct callback_query, state, .max = 200, .doc = "What the request carried."),
	FIELD(struct callback_query, code, .max = 4000, .doc = "The authorization code."),
	FIELD(struct callback_query, error, .max = 200, .doc = "Why there is none."),
	FIELD(struct callback_query, iss, .max = 1000, .doc = "Who answers."),
	FIELD_END,
};
static const struct schema callback_query_schema =
    SCHEMA("SignInCallbackQuery", struct callback_query, callback_query_fields);

/* What is refused for itself does not come back; what failed by us, or has been ended already, may.
 */
static bool
is_over(enum oidc_reason why)
{
	return why != OIDC_OK && why != OIDC_REPLAY;
}

static bool
callback(struct request *r, const void *body, void *answer, struct err *e)
{
	static const struct callback_query none = { 0 };
	const struct callback_query       *q = r->query != NULL ? r->query : &none;
	struct oidc_answer                 in = {
				.state = q->state,
				.code = q->code,
				.error = q->error,
				.iss = q->iss,
	};
	const struct deed_by by = request_deed_by(r);
	struct oidc_result   out;
	struct uuid          tenant;
	const char          *cookie;
	bool                 ok, over;

	(void)body;
	(void)answer;
	in.provider = str_dup(r->mem, r->ids[0]);
	in.id = r->id1;
	if (in.provider == NULL)
		return err_memory(e);
	cookie = oidc_tabs_find(r, str_of(q->state), &in.cookie);
	if (in.cookie.n > 0 && oidc_tabs_signed_in(r, &tenant))
		in.signed_in = &tenant;
	ok = oidc_finish(&by, &in, &out, e);
	if (out.t != NULL)
		r->db = out.t;
	if (ok)
		return go_on(r, &out, e);
	if (e->code == ERR_BUSY)
		return go_later(r, e);
	over = is_over(out.why);
	return go_with_error(r, out.why, e) && (!over || reply_cookie(r, cookie, "", 0, e));
}

/* ---- POST /api/auth/google-login ---- */

struct google_body {
	const char *tenant, *credential, *nonce, *delivery;
};
static const char *const  deliveries[] = { "cookie", "body", NULL };
static const struct field google_body_fields[] = {
	FIELD(struct google_body, tenant, .min = 1, .max = 254, .flags = FIELD_REQUIRED,
	    .doc = "Short name of the tenant; case and "
		   "blanks around it do not count."),
	FIELD(struct google_body, credential, .min = 1, .max = 16384,
	    .flags = FIELD_REQUIRED | FIELD_SECRET,
	    .doc = "The ID token that Google's button gave to the page; it counts once."),
	FIELD(struct google_body, nonce, .min = 1, .max = 255, .flags = FIELD_NULLABLE,
	    .doc = "The nonce that the page gave to the button, if it did."),
	FIELD(struct google_body, delivery, .choices = deliveries,
	    .doc = "How the tokens are given: as cookies (default) or in the body."),
	FIELD_END,
};
static const struct schema google_body_schema =
    SCHEMA("GoogleLogin", struct google_body, google_body_fields);

static struct page_body
page_of(const void *body)
{
	const struct google_body *in = body;

	return (struct page_body) {
		.tenant = in->tenant,
		.cookie = !str_eqz(str_of(in->delivery), "body"),
	};
}

static bool
google_login(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct google_body    *b = body;
	bool                         in_body = str_eqz(str_of(b->delivery), "body");
	const struct oidc_credential in = { b->tenant, b->credential, b->nonce, in_body };
	const struct deed_by         by = request_deed_by(r);
	struct oidc_result           out;
	bool                         ok = oidc_google(&by, &in, &out, e);

	if (out.t != NULL)
		r->db = out.t;
	return ok && auth_answer_sign_in(r, &out.grant, in_body, answer, e);
}

const struct route oidc_routes[] = {
	ROUTE_Q(GET, "/api/auth/providers", providers_query, ANYONE, RATE_READ, 200, list_providers,
	    IN_NONE, OUT_LIST(sign_in_provider),
	    "Lists a tenant's identity providers for a sign-in page."),
	ROUTE_Q(GET, "/api/auth/oidc/{provider}/start", start_query, ANYONE, RATE_LOGIN, 302, start,
	    IN_NONE, OUT_NONE,
	    "Sends a browser to an identity provider to sign in there. 503 with a Refresh field: "
	    "the provider cannot be asked just now, and the browser comes again by itself."),
	ROUTE_QO(GET, "/api/auth/oidc/{provider}/callback/{id}", callback_query, ANYONE, RATE_LOGIN,
	    302, callback, IN_NONE, OUT_NONE,
	    "Where the identity provider sends the browser back to; opens the session, or asks for "
	    "the second factor; what comes again leads a browser that is signed in on. 503 with a "
	    "Refresh field: as at its start; nothing is used up."),
	ROUTE_QO(GET, "/api/auth/oidc/{provider}/callback", callback_query, ANYONE, RATE_LOGIN, 302,
	    callback, IN_NONE, OUT_NONE,
	    "The same for providers whose address has no number yet (own_address false)."),
	ROUTE_PAGES(page_of, POST, "/api/auth/google-login", ANYONE, RATE_LOGIN, 200, google_login,
	    IN(google_body), OUT(sign_in),
	    "Signs in with an ID token of Google that the page was given; a second factor may be "
	    "due then."),
	ROUTE_END,
};
