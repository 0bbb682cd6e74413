/* routes.h: second factors, and proving again who one is. */
#include "core/auth/mfa/challenge.h"
#include "core/auth/mfa/mfa.h"
#include "core/web/rate.h"
#include "fcgi/auth/auth.h"
#include "fcgi/auth/waiting.h"
#include "fcgi/routes.h"

#define CODE_MAX 64 /* bytes: digits of other scripts have up to four; with blanks between */

/* ---- POST /api/auth/2fa/verify ---- */

struct verify_body {
	const char *mfa_token, *sign_in, *code, *recovery_code;
};
static const struct field verify_body_fields[] = {
	FIELD(struct verify_body, mfa_token, .min = 1, .max = 200, .flags = FIELD_SECRET,
	    .doc = "Of the sign-in; left out when it comes as a cookie."),
	FIELD(struct verify_body, sign_in, .min = COOKIE_DIGITS, .max = COOKIE_DIGITS,
	    .doc = "Where it comes as a cookie: which of the browser's sign-ins it is, as the "
		   "address said to which a provider's sign-in led. Left out: the latest."),
	FIELD(struct verify_body, code, .min = 1, .max = CODE_MAX, .flags = FIELD_SECRET,
	    .doc = "What the authenticator app shows; either this or recovery_code."),
	FIELD(struct verify_body, recovery_code, .min = 1, .max = RECOVERY_MAX,
	    .flags = FIELD_SECRET, .doc = "One of the recovery codes."),
	FIELD_END,
};
static const struct schema verify_body_schema =
    SCHEMA("SecondFactor", struct verify_body, verify_body_fields);

static struct page_body
page_of(const void *body)
{
	const struct verify_body *in = body;

	return (struct page_body) { .token = in->mfa_token, .cookie = in->mfa_token == NULL };
}

static bool
refuse_both(struct request *r, struct err *e)
{
	return err_fault(
	    e, r->mem, "/code", "is required, or recovery_code; not more than one of them");
}

static bool
verify(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct verify_body *in = body;
	const struct waiting      which = { in->mfa_token, in->sign_in };
	struct challenge_shown    shown = { .proof = { .code = in->code,
						.recovery_code = in->recovery_code, },
		   .body_only = r->guest, };
	const struct deed_by by = request_deed_by(r);
	struct session_grant g = { 0 };
	bool                 in_body = false;

	if ((in->code == NULL) == (in->recovery_code == NULL))
		return refuse_both(r, e);
	if (!waiting_token(r, &which, &shown.token, e) ||
	    !rate_account(r, RATE_MFA, shown.token, e) ||
	    !challenge_answer(&by, &shown, &g, &in_body, e) ||
	    !auth_answer(r, &g, in_body, answer, e))
		return false;
	return in_body || (auth_remember_device(r, &g, e) && waiting_drop(r, shown.token, e));
}

/* ---- POST /api/auth/2fa/setup, enable, recovery-codes, disable ---- */

static const struct field mfa_setup_fields[] = {
	FIELD(struct mfa_setup, secret, .doc = "To be typed into an authenticator app (base32)."),
	FIELD(struct mfa_setup, otpauth_uri, .doc = "The same as the address that apps open."),
	FIELD(struct mfa_setup, qr_svg, .doc = "The same as a QR code to scan (SVG)."),
	FIELD_END,
};
static const struct schema mfa_setup_schema =
    SCHEMA("FactorSetup", struct mfa_setup, mfa_setup_fields);

static bool
setup(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct deed_by by = request_deed_by(r);

	(void)body;
	return mfa_setup(&by, answer, e);
}

struct enable_body {
	const char *code;
};
static const struct field enable_body_fields[] = {
	FIELD(struct enable_body, code, .min = 1, .max = CODE_MAX,
	    .flags = FIELD_REQUIRED | FIELD_SECRET,
	    .doc = "What the authenticator app shows for the new secret."),
	FIELD_END,
};
static const struct schema enable_body_schema =
    SCHEMA("FactorEnable", struct enable_body, enable_body_fields);

struct codes {
	struct strings recovery_codes;
};
static const struct field codes_fields[] = {
	FIELD(struct codes, recovery_codes,
	    .doc = "Shown this once; each signs in once without the app."),
	FIELD_END,
};
static const struct schema codes_schema = SCHEMA("RecoveryCodes", struct codes, codes_fields);

static bool
enable(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct enable_body *in = body;
	struct codes             *out = answer;
	const struct deed_by      by = request_deed_by(r);

	return mfa_enable(&by, in->code, &out->recovery_codes, e);
}

static bool
renew_codes(struct request *r, const void *body, void *answer, struct err *e)
{
	struct codes        *out = answer;
	const struct deed_by by = request_deed_by(r);

	(void)body;
	return mfa_renew_codes(&by, &out->recovery_codes, e);
}

struct disable_body {
	const char *password, *code, *recovery_code;
};
static const struct field disable_body_fields[] = {
	FIELD(struct disable_body, password, .min = 1, .max = 1024, .flags = FIELD_SECRET,
	    .format = "password", .doc = "The user's password; required of who has one."),
	FIELD(struct disable_body, code, .min = 1, .max = CODE_MAX, .flags = FIELD_SECRET,
	    .doc = "What the authenticator app shows; either this or recovery_code."),
	FIELD(struct disable_body, recovery_code, .min = 1, .max = RECOVERY_MAX,
	    .flags = FIELD_SECRET, .doc = "One of the recovery codes."),
	FIELD_END,
};
static const struct schema disable_body_schema =
    SCHEMA("FactorDisable", struct disable_body, disable_body_fields);

static bool
disable(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct disable_body *in = body;
	const struct proof   second = { .code = in->code, .recovery_code = in->recovery_code };
	const struct deed_by by = request_deed_by(r);

	(void)answer;
	if ((in->code == NULL) == (in->recovery_code == NULL))
		return refuse_both(r, e);
	return mfa_disable(&by, in->password, &second, e);
}

/* ---- POST /api/auth/step-up ---- */

static const struct field proof_fields[] = {
	FIELD(struct proof, code, .min = 1, .max = CODE_MAX, .flags = FIELD_SECRET,
	    .doc = "What the authenticator app shows."),
	FIELD(struct proof, recovery_code, .min = 1, .max = RECOVERY_MAX, .flags = FIELD_SECRET,
	    .doc = "One of the recovery codes, instead."),
	FIELD(struct proof, password, .min = 1, .max = 1024, .flags = FIELD_SECRET,
	    .format = "password", .doc = "The password, of who has no second factor."),
	FIELD_END,
};
static const struct schema proof_schema = SCHEMA("StepUp", struct proof, proof_fields);

struct stepped_up {
	instant auth_time;
};
static const struct field stepped_up_fields[] = {
	FIELD(struct stepped_up, auth_time, .doc = "When the user last proved who it is: now."),
	FIELD_END,
};
static const struct schema stepped_up_schema =
    SCHEMA("SteppedUp", struct stepped_up, stepped_up_fields);

static bool
step_up(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct proof  *in = body;
	struct stepped_up   *out = answer;
	const struct deed_by by = request_deed_by(r);
	int shown = (in->code != NULL) + (in->recovery_code != NULL) + (in->password != NULL);

	if (shown > 1)
		return err_fault(e, r->mem, "", "one of the members only");
	return mfa_step_up(&by, in, &out->auth_time, e);
}

const struct route factor_routes[] = {
	ROUTE_PAGES(page_of, POST, "/api/auth/2fa/verify", ANYONE, RATE_MFA, 200, verify,
	    IN(verify_body), OUT(session), "Ends a sign-in with the second factor."),
	ROUTE(POST, "/api/auth/2fa/setup", SIGNED_IN_FRESH, RATE_MFA, 200, setup, IN_NONE,
	    OUT(mfa_setup), "Makes a secret for an authenticator app; it counts once enabled."),
	ROUTE(POST, "/api/auth/2fa/enable", SIGNED_IN, RATE_MFA, 200, enable, IN(enable_body),
	    OUT(codes),
	    "Puts the secret of the setup in force, and ends the user's other sessions."),
	ROUTE(POST, "/api/auth/2fa/disable", SIGNED_IN_FRESH, RATE_MFA, 204, disable,
	    IN(disable_body), OUT_NONE,
	    "Gives the second factor up, and ends the user's other sessions; five wrong proofs in "
	    "a row end "
	    "this one."),
	ROUTE(POST, "/api/auth/2fa/recovery-codes", SIGNED_IN_FRESH, RATE_MFA, 200, renew_codes,
	    IN_NONE, OUT(codes), "Makes new recovery codes; earlier ones count no more."),
	ROUTE_HASHES(POST, "/api/auth/step-up", SIGNED_IN, RATE_MFA, 200, step_up, IN(proof),
	    OUT(stepped_up),
	    "Proves again who is signed in, for what needs that; five wrong proofs in a row end "
	    "the session."),
	ROUTE_END,
};
