#include "core/auth/oidc/oidc_attempt.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/mfa/challenge.h"
#include "core/base/unicode.h"
#include "core/shm/metric.h"

#define STALE_MS   (OIDC_FRESH_S * 1000 + 1000)
#define WORD_BYTES 64

bool
oidc_refuse(struct oidc_attempt *s, enum oidc_reason why, struct err *e)
{
	s->out->why = why;
	return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.", "%s", oidc_reason_word(why));
}

static void
count(const struct oidc_attempt *s, bool ok)
{
	const char *outcome = !ok                               ? "failure"
			      : s->out->grant.mfa_token == NULL ? "success"
								: "challenge";

	metric_add(s->by.auth->env->segment, METRIC_AUTH_ATTEMPTS,
	    METRIC_BY(s->google ? "google" : "oidc", outcome), 1);
}

bool
oidc_open_tenant(struct auth *a, const char *slug, struct tenant_db **t, struct err *e)
{
	const struct tenant *row;

	if (!tenant_by_slug(a->database, str_of(slug), &row, e))
		return false;
	if (strcmp(row->status, "active") != 0)
		return err_set(
		    e, ERR_MISSING, 0, "There is nothing here.", "the tenant is not active");
	return tenant_db_open(a->database, row, false, t, e);
}

/* ---- tokens ---- */

void
oidc_will_ask(struct oidc_attempt *s)
{
	s->ask.tenant = &s->by.t->tenant->id;
	s->place.ask = &s->ask;
}

bool
oidc_check_token(struct oidc_attempt *s, struct str text, const char *nonce, struct err *e)
{
	struct oidc_expect x = { &s->provider, &s->place, nonce,
		clock_ms(s->by.auth->env->clock) / 1000, s->no_assuming };

	oidc_will_ask(s);
	if (!idtoken_read(s->by.mem, text, &s->token, e)) {
		if (e->code == ERR_CREDENTIALS)
			s->out->why = OIDC_TOKEN_FORM;
		return false;
	}
	return oidc_issuer_verify(s->by.auth, s->by.mem, &s->place, &s->token, &s->out->why, e) &&
	       oidc_claims_check(s->by.mem, s->token.claims, &x, &s->person, &s->out->why, e);
}

/* Why, for whoever set the provider up: the person at the keyboard can do nothing about it. */
static void
log_no_auth_time(const struct oidc_attempt *s)
{
	if (s->by.auth->env->log == NULL)
		return;
	log_event(s->by.auth->env->log, LOG_AUTH, LOG_LEVEL_WARN,
	    strcmp(s->provider.kind, "entra") == 0
		? "A sign-in anew was asked for, and the ID token has no auth_time: add the "
		  "optional claim auth_time to the ID token of the application in Entra."
		: "A sign-in anew was asked for, and the ID token has no auth_time, which "
		  "OpenID Connect Core section 3.1.2.1 asks of a provider for max_age.",
	    LOGS("bsx.provider", s->provider.name));
}

/*
 * When the person last proved who it is: by the provider's word alone.  That we
 * asked for a sign-in there proves nothing: the question went by the person's
 * browser.  Without that word it does not count as fresh.
 */
static bool
auth_time(struct oidc_attempt *s, int64_t *ms, struct err *e)
{
	int64_t now = clock_ms(s->by.auth->env->clock), said = s->person.auth_time_s * 1000;
	bool    asked = s->state.login;

	if (said > 0) {
		*ms = said < now ? said : now;
		if (asked && now - *ms > OIDC_FRESH_S * 1000)
			return oidc_refuse(s, OIDC_STALE, e);
		return true;
	}
	if (asked) {
		log_no_auth_time(s);
		return oidc_refuse(s, OIDC_STALE, e);
	}
	*ms = now - STALE_MS;
	return true;
}

/* ---- the session ---- */

static bool
session_body(struct db *db, void *arg, struct err *e)
{
	struct oidc_attempt *s = arg;
	instant              now = { clock_ms(s->by.auth->env->clock) };
	instant              end = { (s->person.expires_s + OIDC_SKEW_S) * 1000 };

	s->who.identity.last_login = now;
	return oidc_user_hold(&s->who, db, e) &&
	       (!s->google || oidc_mark_take(db, s->mark, end, e)) &&
	       identity_touch(db, &s->who.identity, e);
}

struct sign_in_told {
	const char *method, *provider, *subject;
	const char *unasked;
	const char *roles;
	const char *reason, *alg, *kid; /* of a refusal, and what the token said of its signature */
};
static const struct field sign_in_told_fields[] = {
	TOLD(struct sign_in_told, method),
	TOLD_IF(struct sign_in_told, provider),
	TOLD_IF(struct sign_in_told, subject),
	TOLD_IF(struct sign_in_told, unasked),
	TOLD_IF(struct sign_in_told, roles),
	TOLD_IF(struct sign_in_told, reason),
	TOLD_IF(struct sign_in_told, alg),
	TOLD_IF(struct sign_in_told, kid),
	FIELD_END,
};
static const struct schema sign_in_told =
    SCHEMA("SignInTold", struct sign_in_told, sign_in_told_fields);

/* Whoever sent the token chose the words. */
static const char *
word_of(const struct oidc_attempt *s, struct str text)
{
	return text.n == 0 ? NULL : unicode_clean(s->by.mem, text, WORD_BYTES);
}

static const char *
details_of(struct oidc_attempt *s, const char *reason, struct err *e)
{
	struct sign_in_told told = {
		.method = s->google ? "google" : "oidc",
		.provider = s->found ? s->provider.name : NULL,
		.subject = s->person.subject,
		.unasked = s->unasked,
		.roles = s->who.kept ? "kept" : NULL,
		.reason = reason,
	};

	if (reason != NULL) {
		told.alg = word_of(s, s->token.alg);
		told.kid = word_of(s, s->token.kid);
	}
	return audit_details(s->by.mem, &sign_in_told, &told, e);
}

/* The session then counts from its second factor on. */
static bool
challenge(struct oidc_attempt *s, const struct session_start *how, struct err *e)
{
	const struct challenge c = { .user = &s->who.user,
		.provider = how->provider,
		.in_body = s->in_body,
		.return_to = s->out->return_to,
		.body = how->body,
		.arg = how->arg,
		.details = how->details };

	return challenge_make(&s->by, &c, &s->out->grant, e);
}

static bool
grant(struct oidc_attempt *s, const struct session_start *how, struct err *e)
{
	if (s->who.user.two_factor && how->aal < 2)
		return challenge(s, how, e);
	return session_begin(&s->by, &s->who.user, how, &s->out->grant, e);
}

bool
oidc_begin_session(struct oidc_attempt *s, struct err *e)
{
	bool                 mfa = s->provider.trust_mfa && s->person.mfa;
	struct session_start how = {
		.provider = s->provider.name, .aal = mfa ? 2 : 1, .body = session_body, .arg = s
	};

	how.details = details_of(s, NULL, e);
	if (!auth_time(s, &how.auth_time_ms, e) || how.details == NULL)
		return false;
	if (grant(s, &how, e))
		return true;
	if (s->who.outrun)
		s->out->why = OIDC_STATE;
	return s->google && db_was_duplicate(e) && oidc_refuse(s, OIDC_REPLAY, e);
}

bool
oidc_look(struct oidc_attempt *s, struct err *e)
{
	s->who = (struct oidc_who) {
		.by = &s->by,
		.provider = &s->provider,
		.person = &s->person,
	};
	return oidc_user_look(&s->who, e);
}

/* The refusal's own entry; a trail that cannot be written is a failure. */
static bool
write_refusal(struct oidc_attempt *s, struct err *e)
{
	struct err         why = *e;
	struct audit_entry entry = {
		.action = AUDIT_SESSION_FAIL,
		.failed = true,
		.actor_kind = "anonymous",
		.actor_name = s->person.email,
	};

	err_clear(e);
	entry.details = details_of(s, oidc_reason_word(s->out->why), e);
	if (s->who.user.email != NULL)
		entry.target_id = s->who.user.id;
	if (entry.details == NULL || !audit_deed(&s->by, NULL, NULL, &entry, e)) {
		s->out->why = OIDC_OK;
		return false;
	}
	*e = why;
	return false;
}

bool
oidc_end(struct oidc_attempt *s, bool ok, struct err *e)
{
	oidc_ask_end(s->by.auth, &s->ask);
	if (s->out->again || e->code == ERR_BUSY)
		return ok;
	count(s, ok);
	return ok || (s->by.t != NULL && s->out->why != OIDC_OK ? write_refusal(s, e) : false);
}
