#include "core/auth/mfa/proof.h"

#include <stdio.h>
#include <string.h>

#include "core/auth/attempts.h"
#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/ident.h"
#include "core/auth/mfa/recovery.h"
#include "core/base/secret.h"
#include "core/crypt/password.h"
#include "core/crypt/totp.h"
#include "core/shm/cache.h"
#include "core/shm/metric.h"
#include "core/store/identity/session.h"

#define HOUR_MS 3600000

static const struct field proof_told_fields[] = {
	TOLD_IF(struct proof_told, method),
	TOLD_IF(struct proof_told, reason),
	FIELD_END,
};
const struct schema proof_told = SCHEMA("ProofTold", struct proof_told, proof_told_fields);

struct recovery_told {
	int64_t left;
};
static const struct field recovery_told_fields[] = {
	TOLD(struct recovery_told, left),
	FIELD_END,
};
static const struct schema recovery_told =
    SCHEMA("RecoveryTold", struct recovery_told, recovery_told_fields);

static void
count(const struct proving *p, const char *outcome)
{
	metric_add(
	    p->by->auth->env->segment, METRIC_AUTH_ATTEMPTS, METRIC_BY(p->method, outcome), 1);
}

/* ---- through a session ---- */

static void
address_entry(const struct proving *p, struct audit_entry *entry)
{
	entry->actor_kind = "anonymous";
	entry->actor_name = p->user->email;
	entry->target_id = p->user->id;
}

static const struct uuid *
session_of(const struct proving *p)
{
	return p->by->caller != NULL && p->by->caller->kind == CALLER_SESSION
		   ? &p->by->caller->session
		   : NULL;
}

/* Inside a transaction: the session's end and its entry, if it bears no more. */
static bool
end_worn(struct db *db, void *arg, struct err *e)
{
	struct proving    *p = arg;
	const struct uuid *session = session_of(p);
	struct ending      x = { .event = END_WRONG_PROOFS,
		     .user = p->user->id,
		     .now = { clock_ms(p->by->auth->env->clock) } };
	bool               ended = false;

	(void)db;
	p->end.target_id = (struct uuid) { 0 };
	if (session == NULL)
		return true;
	x.session = *session;
	if (!session_revoke_worn(p->by->t, session, x.now, &ended, e))
		return false;
	if (!ended)
		return true;
	if (!ends_apply(p->by->t, &x, e))
		return false;
	p->end =
	    (struct audit_entry) { .id = uuid_make(p->by->auth->env->clock, p->by->auth->env->rand),
		    .action = AUDIT_SESSION_END,
		    .target_id = *session,
		    .details = audit_details(p->by->mem, &proof_told,
			&(struct proof_told) { .reason = "wrong_proofs" }, e) };
	return p->end.details != NULL && audit_append(p->by, &p->end, e);
}

/* The trail has the failure, and the end that it may be. */
static bool
write_failure(struct proving *p, const char *why, struct err *e)
{
	struct audit_entry entry = { .action = AUDIT_FACTOR_FAIL, .failed = true };

	address_entry(p, &entry);
	entry.details =
	    audit_details(p->by->mem, &proof_told, &(struct proof_told) { p->method, why }, e);
	if (entry.details == NULL)
		return false;
	if (!audit_deed(p->by, end_worn, p, &entry, e))
		return false;
	if (!uuid_is_nil(&p->end.target_id))
		audit_log(p->by, &p->end);
	return true;
}

static bool
session_over(struct proving *p, struct err *e)
{
	cache_bump_session(p->by->auth->env->segment, session_of(p));
	return err_set(e, ERR_UNAUTHENTICATED, 0,
	    "Too many wrong passwords or codes: the session has ended. Sign in again.",
	    "%d wrong proofs through one session", SESSION_TRIES);
}

/* Until it is known to be right it counts as wrong: many at once win nothing. */
static bool
count_in_session(struct proving *p, struct err *e)
{
	const struct uuid *session = session_of(p);
	bool               may;

	if (session == NULL)
		return true;
	if (!session_try(p->by->t, session, &may, e))
		return false;
	return may || (write_failure(p, "session_ended", e) && session_over(p, e));
}

/* Its own try does not count: it is right, or it was not looked at. */
static bool
uncount_in_session(struct proving *p, struct err *e)
{
	const struct uuid *session = session_of(p);

	return session == NULL || session_untry(p->by->t, session, e);
}

/* ---- no ---- */

static bool
count_failure(struct proving *p, struct err *e)
{
	p->wrong = true;
	if (session_of(p) == NULL || strcmp(p->method, "password") != 0)
		return true;
	return attempts_wrong(p->by->auth, p->by->mem, p->by->t->tenant->slug, p->user->email,
	    p->by->origin->address, e);
}

static bool
refuse(struct proving *p, const char *why, struct err *e)
{
	if (!count_failure(p, e) || !write_failure(p, why, e))
		return false;
	count(p, "failure");
	if (!uuid_is_nil(&p->end.target_id))
		return session_over(p, e);
	if (strcmp(p->method, "password") == 0)
		return err_set(e, ERR_CREDENTIALS, 0, "The password is wrong.", "%s", why);
	return err_set(
	    e, ERR_CODE, 0, "The code is wrong, or was used before.", "%s: %s", p->method, why);
}

static bool
refuse_tries(struct proving *p, int64_t now_ms, struct err *e)
{
	int64_t wait_ms = p->factor.tries_since.ms + HOUR_MS - now_ms;

	count(p, "throttled");
	err_set(e, ERR_ATTEMPTS, 0, "Too many wrong codes. Wait before the next one.",
	    "%d tries within an hour", PROOF_TRIES_PER_HOUR);
	e->retry_s = wait_ms > 0 && wait_ms <= HOUR_MS ? (int)((wait_ms + 999) / 1000) : 1;
	return false;
}

/* Counted before it is looked at: tries at the same time are all counted. */
static bool
count_try(struct proving *p, struct err *e)
{
	int64_t now = clock_ms(p->by->auth->env->clock);
	bool    may;

	if (!factor_count_try(p->by->t, &p->user->id, (instant) { now },
		(instant) { now - HOUR_MS }, PROOF_TRIES_PER_HOUR, &may, e))
		return false;
	return may || refuse_tries(p, now, e);
}

/* ---- checking ---- */

static bool
check_code(struct proving *p, struct err *e)
{
	struct blob sealed = p->pending ? p->factor.pending : p->factor.secret;
	struct str  secret;
	bool        match = false;

	if (sealed.p == NULL)
		return refuse(p, "no_factor", e);
	if (!count_try(p, e) ||
	    !tenant_open(p->by->t, p->by->mem,
		(struct sealed_place) { "users", "2fa_secret", &p->user->id }, sealed, &secret,
		e) ||
	    !totp_check(secret, str_of(p->shown->code), clock_ms(p->by->auth->env->clock), &match,
		&p->step, e))
		return false;
	if (!match)
		return refuse(p, "wrong_code", e);
	if (!p->pending && p->step <= p->factor.last_step)
		return refuse(p, "replayed_code", e);
	return true;
}

/* The permit is held for the hash only. */
static bool
compare(struct proving *p, struct str password, bool *match, struct err *e)
{
	struct permits *ps = p->by->auth->permits;
	const char     *phc = p->user->password;
	bool            stale, ok;

	if (!auth_permit(p->by->auth, p->by->permit, e))
		return false;
	ok = password_verify(password, phc != NULL ? phc : password_decoy(), p->by->permit->scratch,
	    match, &stale, e);
	if (ps != NULL)
		permit_give(ps, p->by->permit);
	return ok;
}

static bool
check_password(struct proving *p, struct err *e)
{
	struct str password;
	struct err why = { 0 };
	bool       match = false;

	/* before the try is counted */
	if (!auth_lane(p->by->auth, LANE_PASSWORD, e) || !count_try(p, e))
		return false;
	if (!ident_password(p->by->mem, str_of(p->shown->password), &password, &why))
		return refuse(p, "wrong_password", e);
	if (!compare(p, password, &match, e))
		return false;
	return match || refuse(p, "wrong_password", e);
}

static bool
check(struct proving *p, const struct proof *shown, struct err *e)
{
	if (shown->code != NULL)
		return check_code(p, e);
	if (shown->recovery_code == NULL)
		return check_password(p, e);
	p->used =
	    (struct audit_entry) { .id = uuid_make(p->by->auth->env->clock, p->by->auth->env->rand),
		    .action = AUDIT_RECOVERY_USED };
	address_entry(p, &p->used);
	return p->factor.enabled || refuse(p, "no_factor", e);
}

static const char *
method_of(const struct proof *shown)
{
	if (shown->code != NULL)
		return "totp";
	return shown->recovery_code != NULL ? "recovery_code" : "password";
}

/* A recovery code is right once it was taken, everything else now. */
bool
proof_check(struct proving *p, const struct proof *shown, struct err *e)
{
	struct err why = { 0 };

	p->shown = shown;
	p->outrun = NULL;
	p->wrong = false;
	p->method = method_of(shown);
	if (!factor_by_user(p->by->t, p->by->mem, &p->user->id, &p->factor, e) ||
	    !count_in_session(p, e))
		return false;
	if (check(p, shown, e))
		return shown->recovery_code != NULL || uncount_in_session(p, e);
	if (!p->wrong && !uncount_in_session(p, &why))
		log_err(p->by->auth->env->log, LOG_SYSTEM,
		    "a try that was none could not be taken back", &why);
	return false;
}

/* ---- taking ---- */

static bool
outrun(struct proving *p, const char *why, struct err *e)
{
	p->outrun = why;
	return err_set(e, ERR_CODE, 0, "The code is wrong, or was used before.", "%s", why);
}

static bool
take_recovery(struct proving *p, struct err *e)
{
	bool    used;
	int64_t left;

	if (!recovery_use(p->by, &p->user->id, str_of(p->shown->recovery_code), &used, e))
		return false;
	if (!used)
		return outrun(p, "wrong_code", e);
	if (!recovery_left(p->by->t, p->by->mem, &p->user->id, &left, e) ||
	    !factor_forget_tries(p->by->t, &p->user->id, e))
		return false;
	p->used.details =
	    audit_details(p->by->mem, &recovery_told, &(struct recovery_told) { left }, e);
	return p->used.details != NULL && audit_append(p->by, &p->used, e);
}

static bool
take(struct proving *p, struct err *e)
{
	bool taken = false;

	if (p->shown->password != NULL)
		return factor_forget_tries(p->by->t, &p->user->id, e);
	if (p->shown->recovery_code != NULL)
		return take_recovery(p, e);
	if (p->pending) {
		if (!factor_enable(p->by->t, &p->user->id, p->factor.pending, p->step, &taken, e))
			return false;
		return taken || outrun(p, "set_up_again", e);
	}
	if (!factor_take_step(p->by->t, &p->user->id, p->factor.secret, p->step, &taken, e))
		return false;
	return taken || outrun(p, "replayed_code", e);
}

bool
proof_take(struct proving *p, struct err *e)
{
	const struct uuid *session = session_of(p);

	p->outrun = NULL;
	return take(p, e) && (session == NULL || session_forget_tries(p->by->t, session, e));
}

void
proof_taken(struct proving *p)
{
	count(p, "success");
	if (p->shown->recovery_code != NULL)
		audit_log(p->by, &p->used);
}

bool
proof_not_taken(struct proving *p, struct err *e)
{
	if (p->outrun == NULL || e->code != ERR_CODE)
		return false;
	err_clear(e);
	return refuse(p, p->outrun, e);
}

/* ---- the usual deed ---- */

struct deed {
	struct proving *p;
	tx_fn          *body;
	void           *arg;
};

static bool
deed_body(struct db *db, void *arg, struct err *e)
{
	struct deed *d = arg;

	return proof_take(d->p, e) && (d->body == NULL || d->body(db, d->arg, e));
}

bool
proof_deed(struct proving *p, tx_fn *body, void *arg, struct audit_entry *entry, struct err *e)
{
	struct deed d = { p, body, arg };

	if (!audit_deed(p->by, deed_body, &d, entry, e))
		return proof_not_taken(p, e);
	proof_taken(p);
	return true;
}
