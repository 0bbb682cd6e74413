#include "core/auth/password/password_change.h"

#include <assert.h>
#include <string.h>

#include "core/auth/attempts.h"
#include "core/auth/audit_details.h"
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
	struct deed_by by; /* without a caller: by a link, in the tenant of that, or the operator */
	struct user    user;
	struct proving proof;       /* of the caller's */
	struct mail_token_row link; /* without a purpose: there is none */
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
is_invited(const struct user *u)
{
	return strcmp(u->status, "invited") == 0;
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
		x.event = is_invited(&s->user) ? END_INVITED : END_PASSWORD_RESET;
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

/* What allows it counts once; the operator needs nothing. */
static bool
take_proof(struct setting *s, bool *won, struct err *e)
{
	*won = true;
	if (s->by.caller != NULL)
		return proof_take(&s->proof, e);
	return s->link.purpose == NULL ||
	       mail_token_use(s->by.t, &s->link.id, (instant) { s->now_ms }, won, e);
}

static bool
set_body(struct db *db, void *arg, struct err *e)
{
	struct setting            *s = arg;
	const struct user_password in = { s->user.id, s->phc, s->user.password, s->user.email,
		s->user.status, { s->now_ms } };
	bool                       won, changed;

	(void)db;
	s->outrun = false;
	if (!user_lock(s->by.t, &s->user.id, e) || !take_proof(s, &won, e))
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
		(strcmp(purpose, LINK_INVITE) == 0 && is_invited(&s->user))))
		return true;
	return mail_link_refuse(s->by.mem, e);
}

/* Whose the account is has been shown: what others tried does not keep it shut. */
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
	entry.action = is_invited(&s.user) ? AUDIT_INVITE_ACCEPT : AUDIT_PASSWORD_RESET;
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

/* ---- by the operator ---- */

static bool
find_enabled(const struct deed_by *by, const struct uuid *id, struct user *u, struct err *e)
{
	assert(by->caller == NULL);
	if (!user_by_id(by->t, by->mem, id, u, e))
		return false;
	return user_is_active(u) || is_invited(u) ||
	       err_set(e, ERR_CONFLICT, 0, "The user is disabled: enable the user first.",
		   "a password of a disabled user");
}

static bool
can_put(struct setting *s, const struct uuid *user, const char *new_password, struct str *password,
    struct err *e)
{
	return find_enabled(&s->by, user, &s->user, e) &&
	       (new_password == NULL || accept_new(s, new_password, password, e));
}

bool
password_can_put(
    const struct deed_by *by, const struct uuid *user, const char *new_password, struct err *e)
{
	struct setting s = { .by = *by };
	struct str     password;

	return can_put(&s, user, new_password, &password, e);
}

bool
password_put(
    const struct deed_by *by, const struct uuid *user, const char *new_password, struct err *e)
{
	struct setting     s = { .by = *by, .now_ms = clock_ms(by->auth->env->clock) };
	struct audit_entry entry = { .action = AUDIT_PASSWORD_RESET, .target_id = *user };
	struct str         password;

	if (!can_put(&s, user, new_password, &password, e))
		return false;
	if (set_password(&s, password, "reset", &entry, e)) {
		unlock(&s);
		return true;
	}
	if (!s.outrun)
		return false;
	err_clear(e);
	return err_set(
	    e, ERR_CONFLICT, 0, "The user was changed at the same time: try again.", "outrun");
}

struct offering {
	const struct deed_by *by;
	struct user           user;
	const char          **link; /* NULL: it is mailed */
};

static bool
offer_body(struct db *db, void *arg, struct err *e)
{
	struct offering       *o = arg;
	bool                   invited = is_invited(&o->user);
	const struct mail_link in = {
		.purpose = invited ? LINK_INVITE : LINK_RESET,
		.email = o->user.email,
		.life_s = invited ? LINK_INVITE_S : LINK_RESET_S,
	};
	const struct mail_order order = { .user = o->user.id, .address = o->user.email };
	const char             *token;

	(void)db;
	if (o->link == NULL)
		return mail_queue(o->by, invited ? MAIL_INVITE : MAIL_RESET, &order, e);
	if (!mail_link_make(o->by, &o->user, &in, &token, e))
		return false;
	if (token == NULL)
		return err_set(e, ERR_CONFLICT, 0,
		    "The user was changed at the same time: try again.", "outrun");
	*o->link = mail_link_url(o->by, in.purpose, token, e);
	return *o->link != NULL;
}

struct offer_told {
	const char *way;
};
static const struct field offer_told_fields[] = {
	TOLD(struct offer_told, way),
	FIELD_END,
};
static const struct schema offer_told = SCHEMA("OfferTold", struct offer_told, offer_told_fields);

static bool
can_offer(
    const struct deed_by *by, const struct uuid *id, bool mailed, struct user *u, struct err *e)
{
	if (mailed && !mail_is_on(by->auth))
		return err_set(e, ERR_CONFLICT, 0, "This installation sends no mail.", "no smtp");
	return find_enabled(by, id, u, e);
}

bool
password_can_offer(const struct deed_by *by, const struct uuid *user, bool mailed, struct err *e)
{
	struct user u;

	return can_offer(by, user, mailed, &u, e);
}

bool
password_offer(const struct deed_by *by, const struct uuid *user, const char **link, struct err *e)
{
	struct offering         o = { .by = by, .link = link };
	const struct offer_told told = { link != NULL ? "link" : "mail" };
	struct audit_entry      entry = { .action = AUDIT_PASSWORD_FORGOT, .target_id = *user };

	if (!can_offer(by, user, link == NULL, &o.user, e))
		return false;
	entry.details = audit_details(by->mem, &offer_told, &told, e);
	return entry.details != NULL && audit_deed(by, offer_body, &o, &entry, e);
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
