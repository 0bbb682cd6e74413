#include "core/auth/password/password_change.h"

#include <string.h>

#include "core/auth/attempts.h"
#include "core/auth/ends.h"
#include "core/auth/ident.h"
#include "core/auth/mail/mail_link.h"
#include "core/auth/mail/mail_queue.h"
#include "core/auth/mfa/proof.h"
#include "core/auth/password/password_rules.h"
#include "core/auth/settings.h"
#include "core/crypt/password.h"
#include "core/shm/cache.h"
#include "core/shm/metric.h"
#include "core/store/identity/user_self.h"

/* ---- hashing ---- */

static void
count_hash(const struct auth *a, const char *why)
{
	metric_add(a->env->segment, METRIC_PASSWORD_HASHES, METRIC_BY(why), 1);
}

/* Hashes under a permit (see permit.h); `why` for METRIC_PASSWORD_HASHES. phc: PASSWORD_PHC_MAX
 * bytes. */
static bool
password_hash_permitted(
    const struct deed_by *by, struct str password, const char *why, char *phc, struct err *e)
{
	struct auth *a = by->auth;
	bool         ok;

	if (!auth_permit(a, by->permit, e))
		return false;
	count_hash(a, why);
	ok = password_hash(
	    password, a->env->rand, a->permits != NULL ? by->permit->scratch : NULL, phc, e);
	if (a->permits != NULL)
		permit_give(a->permits, by->permit);
	return ok;
}

/* ---- a new password in place of the old ---- */

struct setting {
	struct deed_by        by; /* without a caller: by a link, in the tenant of that */
	struct user           user;
	struct proving        proof; /* of the caller's */
	struct mail_token_row link;
	char                  phc[PASSWORD_PHC_MAX];
	int64_t               now_ms;
	bool                  outrun; /* the user or the link is not what was read */
};

static bool
outrun(struct setting *s, struct err *e)
{
	s->outrun = true;
	return err_set(e, ERR_INVALID, 0, "It was changed at the same time.", "outrun");
}

static bool
end_what_ends(struct setting *s, struct err *e)
{
	struct ending x = {
		.event = END_PASSWORD_CHANGED, .user = s->user.id, .now = { s->now_ms }
	};

	if (s->by.caller != NULL)
		x.session = s->by.caller->session;
	else
		x.event =
		    strcmp(s->link.purpose, LINK_INVITE) == 0 ? END_INVITED : END_PASSWORD_RESET;
	return ends_apply(s->by.t, &x, e);
}

static bool
tell_owner(struct setting *s, struct err *e)
{
	const struct mail_order order = { .user = s->user.id, .address = s->user.email };

	if (!mail_is_on(s->by.auth) || !user_is_active(&s->user))
		return true;
	return mail_queue(&s->by, MAIL_PASSWORD_CHANGED, &order, e);
}

static bool
set_body(struct db *db, void *arg, struct err *e)
{
	struct setting            *s = arg;
	instant                    now = { s->now_ms };
	const struct user_password in = { s->user.id, s->phc, s->user.password, s->user.email,
		s->user.status, now };
	bool                       won = true, changed;

	(void)db;
	s->outrun = false;
	if (!user_lock(s->by.t, &s->user.id, e) ||
	    (s->by.caller != NULL ? !proof_take(&s->proof, e)
				  : !mail_token_use(s->by.t, &s->link.id, now, &won, e)))
		return false;
	if (!won)
		return outrun(s, e);
	if (!user_set_password(s->by.t, &in, &changed, e))
		return false;
	if (!changed)
		return outrun(s, e);
	return end_what_ends(s, e) && tell_owner(s, e);
}

static bool
set_password(struct setting *s, struct str password, const char *why, struct audit_entry *entry,
    struct err *e)
{
	if (!password_hash_permitted(&s->by, password, why, s->phc, e) ||
	    !audit_deed(&s->by, set_body, s, entry, e))
		return false;
	cache_bump_user(s->by.auth->env->segment, &s->user.id);
	return true;
}

/* ---- by who is signed in ---- */

/* Taken in the transaction of the change. */
static bool
check_current(struct setting *s, const struct proof *shown, struct err *e)
{
	s->proof = (struct proving) { .by = &s->by, .user = &s->user };
	if (proof_check(&s->proof, shown, e))
		return true;
	if (!err_take(e, ERR_CREDENTIALS))
		return false;
	return err_fault(e, s->by.mem, "/current_password", "is not your password");
}

/* Whether it may be the user's; in the form that is hashed. */
static bool
accept_new(struct setting *s, const char *typed, struct str *password, struct err *e)
{
	const struct tenant   *t = s->by.t->tenant;
	const struct settings *set;
	struct password_about  about;

	if (!settings_of(s->by.auth, t, &set, e))
		return false;
	about = password_about(t, &s->user, set->password->min_length);
	return password_accept(s->by.mem, str_of(typed), &about, "/new_password", password, e);
}

bool
password_change(
    const struct deed_by *by, const char *current, const char *new_password, struct err *e)
{
	struct setting     s = { .by = *by, .now_ms = clock_ms(by->auth->env->clock) };
	const struct proof shown = { .password = current };
	struct audit_entry entry = { .action = AUDIT_PASSWORD_CHANGE,
		.target_id = by->caller->user };
	struct str         password;

	if (!auth_lane(by->auth, LANE_PASSWORD, e) ||
	    !user_by_id(by->t, by->mem, &by->caller->user, &s.user, e) ||
	    !accept_new(&s, new_password, &password, e) || !check_current(&s, &shown, e))
		return false;
	if (set_password(&s, password, "change", &entry, e))
		return true;
	if (!s.outrun)
		return false;
	err_clear(e);
	return err_fault(e, by->mem, "/current_password", "is not your password any more");
}

/* ---- by a mailed link ---- */

static bool
find_link(struct setting *s, const char *token, struct err *e)
{
	const char *purpose;

	if (!mail_link_find(&s->by, str_of(token), &s->link, e))
		return false;
	purpose = s->link.purpose;
	if (!user_by_id(s->by.t, s->by.mem, &s->link.user_id, &s->user, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return mail_link_refuse(s->by.mem, e);
	}
	/* it was mailed to the address of then */
	if (strcmp(s->user.email, s->link.email) == 0 &&
	    ((strcmp(purpose, LINK_RESET) == 0 && user_is_active(&s->user)) ||
		(strcmp(purpose, LINK_INVITE) == 0 && strcmp(s->user.status, "invited") == 0)))
		return true;
	return mail_link_refuse(s->by.mem, e);
}

/* The owner of the mailbox is the owner of the account: what others tried does not keep it shut. */
static void
unlock(struct setting *s)
{
	struct err why = { 0 };

	if (!attempts_forget(s->by.auth, s->by.mem, s->by.t->tenant->slug, s->user.email, &why))
		log_err(
		    s->by.auth->env->log, LOG_AUTH, "failed sign-ins could not be forgotten", &why);
}

bool
password_reset(const struct deed_by *by, const char *token, const char *new_password, struct err *e)
{
	struct setting     s = { .by = *by, .now_ms = clock_ms(by->auth->env->clock) };
	struct audit_entry entry = { .actor_kind = "anonymous" };
	struct str         password;

	s.by.caller = NULL;
	if (!auth_lane(by->auth, LANE_PASSWORD, e) || !find_link(&s, token, e) ||
	    !accept_new(&s, new_password, &password, e))
		return false;
	entry.action =
	    strcmp(s.link.purpose, LINK_INVITE) == 0 ? AUDIT_INVITE_ACCEPT : AUDIT_PASSWORD_RESET;
	entry.actor_name = s.user.email;
	entry.target_id = s.user.id;
	if (set_password(&s, password, "reset", &entry, e)) {
		unlock(&s);
		return true;
	}
	if (!s.outrun)
		return false;
	err_clear(e);
	return mail_link_refuse(by->mem, e);
}

/* ---- forgotten ---- */

struct forgetting {
	struct deed_by    by;
	struct mail_order order;
};

static bool
forgot_body(struct db *db, void *arg, struct err *e)
{
	struct forgetting *f = arg;

	(void)db;
	return mail_queue(&f->by, MAIL_RESET, &f->order, e);
}

/* Both are looked up in any case; a namesake in the platform's tenant is not who was meant. */
static bool
find_tenant(struct forgetting *f, const char *slug, struct err *e)
{
	const struct tenant *platform, *t = NULL;

	if (!tenant_by_slug(f->by.auth->database, STR(PLATFORM_SLUG), &platform, e))
		return false;
	if (!tenant_by_slug(f->by.auth->database, str_of(slug), &t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		t = NULL;
	}
	if (t == NULL || strcmp(t->status, "active") != 0) {
		f->order.nobody = true;
		t = platform;
	}
	return tenant_db_open(f->by.auth->database, t, false, &f->by.t, e);
}

bool
password_forgot(const struct deed_by *by, const char *tenant, const char *email, struct err *e)
{
	struct forgetting  f = { .by = *by };
	struct err         why = { 0 };
	struct audit_entry entry = {
		.action = AUDIT_PASSWORD_FORGOT,
		.actor_kind = "anonymous",
		.actor_name = email,
	};

	if (!ident_email(by->mem, str_of(email), &f.order.address, &why)) {
		f.order.address = "-";
		f.order.nobody = true;
	}
	return find_tenant(&f, tenant, e) && audit_deed(&f.by, forgot_body, &f, &entry, e);
}
