/* onboard.h: what the administrator comes back with, and is told. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"
#include "core/auth/operation.h"
#include "core/shm/wake.h"
#include "core/store/drift/config_template.h"
#include "drift/template/consent.h"
#include "drift/template/onboard.h"

struct answering {
	struct deed_by               by; /* in the tenant that asked */
	const struct onboard_answer *in;
	struct onboarding            row;
	struct operation_new         work; /* id nil: nothing is to be done */
	char                         text[UUID_TEXT_MAX];
	bool                         outrun, busy;
};

/* ---- what is told ---- */

static void
tell(struct onboard_told *out, bool good, bool more, const char *title, const char *text)
{
	*out = (struct onboard_told) { title, text, more, good };
}

#define CLOSE "You can close this page; who has sent you the link sees what has come of it."
static void
tell_row(const struct answering *x, struct onboard_told *out)
{
	const struct onboarding *o = &x->row;

	const int64_t now = clock_ms(x->by.auth->env->clock);
	const bool    soon = now - o->answered_at.ms < ONBOARD_LOOKS_MS;

	if (x->busy)
		tell(out, false, false, "Too many are being checked at this moment",
		    "Open the link that you were sent again in a minute.");
	else if (strcmp(o->state, "checking") == 0 || strcmp(o->state, "applying") == 0)
		tell(out, true, soon, "Access is being checked",
		    soon ? "This takes a moment, and the page looks again by itself."
			 : "This takes longer than usual. " CLOSE);
	else if (strcmp(o->state, "done") == 0)
		tell(out, true, false, "Done: the directory is being watched", CLOSE);
	else if (strcmp(o->state, "failed") == 0)
		tell(out, false, false, "It could not be set up",
		    "You need do nothing: who has sent you the link sees why.");
	else
		tell(out, false, false, "The directory has not let us in",
		    o->why == NULL ? "Open the link that you were sent." : o->why);
}

/* ---- what it is about ---- */

static bool
gone(struct err *e, const char *why)
{
	return err_set(e, ERR_MISSING, 0,
	    "This link is none of ours, or was taken back: ask for another.", "%s", why);
}

static bool
find(struct answering *x, const struct deed_by *by, struct consent_state *state, struct err *e)
{
	const struct tenant *t;

	if (x->in->state == NULL ||
	    !consent_state_open(by->auth, by->mem, str_of(x->in->state), state))
		return gone(e, "no state of ours");
	if (!tenant_by_id(by->auth->database, &state->owner, &t, e))
		return err_take(e, ERR_MISSING) && gone(e, "its tenant is gone");
	if (strcmp(t->status, "active") != 0)
		return gone(e, "its tenant is not active");
	x->by = *by;
	x->by.caller = NULL;
	if (!tenant_db_open(by->auth->database, t, false, &x->by.t, e))
		return false;
	return onboarding_by_id(x->by.t->db, by->mem, &state->id, &x->row, e) ||
	       (err_take(e, ERR_MISSING) && gone(e, "no such onboarding"));
}

/* ---- what it says ---- */

static bool
consents(const struct onboard_answer *in)
{
	return in->error == NULL && in->tenant != NULL && in->admin_consent != NULL &&
	       strcasecmp(in->admin_consent, "true") == 0;
}

/* NULL: it is to be looked at. */
static const char *
refusal(struct answering *x, struct err *e)
{
	const struct onboard_answer *in = x->in;

	if (in->error != NULL)
		return consent_refusal(x->by.mem, in->error, in->description, e);
	if (!consents(in) || !directory_is_id(in->tenant))
		return "The answer says neither that an administrator has consented nor why not.";
	if (directory_is_id(x->row.directory) && strcasecmp(in->tenant, x->row.directory) != 0)
		return "Consent was given in another directory than the link is for: sign in with "
		       "an administrator of that one.";
	return NULL;
}

struct answer_told {
	const char *tenant, *directory, *reason;
};
static const struct field answer_fields[] = {
	TOLD(struct answer_told, tenant),
	TOLD(struct answer_told, directory),
	TOLD_IF(struct answer_told, reason),
	FIELD_END,
};
static const struct schema answer_told =
    SCHEMA("OnboardAnswerTold", struct answer_told, answer_fields);

static bool
has_room(struct db *db, struct answering *x, struct err *e)
{
	struct onboarding_load load;

	if (!ctemplate_hold(db, e) || !onboarding_load_of(db, x->row.answered_at, &load, e))
		return false;
	x->busy = load.checking >= ONBOARD_CHECKS_MAX;
	return !x->busy ||
	       err_set(e, ERR_CONFLICT, 0, "Too many are being checked.", "ONBOARD_CHECKS_MAX");
}

static bool
consent_body(struct db *db, void *arg, struct err *e)
{
	const struct onboarding_step s = { .from = "waiting", .counts = true };
	struct answering            *x = arg;
	bool                         done;

	if (!has_room(db, x, e) || !onboarding_move(db, &x->row, &s, &done, e))
		return false;
	x->outrun = !done;
	if (!done)
		return err_set(e, ERR_CONFLICT, 0, "It was answered at the same time.", "outrun");
	return operation_begin(&x->by, &x->work, e);
}

/* What was answered meanwhile counts more. */
static bool
refusal_body(struct db *db, void *arg, struct err *e)
{
	const struct onboarding_step s = { .from = "waiting" };
	const struct answering      *x = arg;
	bool                         done;

	return onboarding_move(db, &x->row, &s, &done, e);
}

static void
begin_work(struct answering *x)
{
	const struct env *env = x->by.auth->env;

	uuid_print(&x->row.id, x->text);
	x->work = (struct operation_new) {
		.id = uuid_make(env->clock, env->rand),
		.kind = OPERATION_ONBOARDING,
		.tenant = x->row.tenant_id,
		.total = 2,
		.step = "asks the directory",
		.input = str_of(x->text),
		.asked_name = x->row.asked_name,
	};
	x->row.state = "checking";
	x->row.answered = x->in->tenant;
	x->row.why = NULL;
}

static bool
again(struct answering *x, struct err *e)
{
	return onboarding_by_id(x->by.t->db, x->by.mem, &x->row.id, &x->row, e);
}

static bool
take_consent(struct answering *x, struct audit_entry *entry, struct err *e)
{
	begin_work(x);
	if (audit_deed(&x->by, consent_body, x, entry, e)) {
		wake_raise(x->by.auth->env->segment);
		return true;
	}
	return (x->outrun || x->busy) && err_take(e, ERR_CONFLICT) && again(x, e);
}

/* Whoever has the link may say so as often as they like: it is no deed. */
static bool
take_refusal(struct answering *x, const char *why, struct audit_entry *entry, struct err *e)
{
	const struct tx tx = { .name = "onboarding", .body = refusal_body, .arg = x };

	x->row.why = why;
	entry->failed = true;
	return tx_run(x->by.t->db, &tx, e) && audit_seldom(&x->by, entry, why, NULL, e) &&
	       again(x, e);
}

static bool
take(struct answering *x, struct err *e)
{
	const char        *why = refusal(x, e);
	struct answer_told told = { x->row.tenant, x->row.directory, why };
	struct audit_entry entry = {
		.action = AUDIT_ONBOARDING_ANSWER, .actor_kind = "anonymous", .target_id = x->row.id
	};

	if (e->code != ERR_OK)
		return false;
	x->row.answered_at = (instant) { clock_ms(x->by.auth->env->clock) };
	entry.details = audit_details(x->by.mem, &answer_told, &told, e);
	if (entry.details == NULL)
		return false;
	return why == NULL ? take_consent(x, &entry, e) : take_refusal(x, why, &entry, e);
}

bool
onboard_answer(const struct deed_by *by, const struct onboard_answer *in, struct onboard_told *out,
    struct err *e)
{
	struct answering     x = { .in = in };
	struct consent_state state;
	const int64_t        now = clock_ms(by->auth->env->clock);

	if (!find(&x, by, &state, e))
		return false;
	if (strcmp(x.row.state, "waiting") == 0 && x.row.ends_at.ms <= now) {
		tell(out, false, false, "The link is over",
		    "Ask who has sent it to you for another.");
		return true;
	}
	/* the page looks again: it has nothing to say */
	if (strcmp(x.row.state, "waiting") == 0 && (in->error != NULL || in->tenant != NULL) &&
	    !take(&x, e))
		return false;
	tell_row(&x, out);
	return true;
}
