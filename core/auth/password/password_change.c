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
count_hash(const struct auth *a, const char *labels)
{
	if (a->env->segment != NULL)
		metric_add(a->env->segment, METRIC_PASSWORD_HASHES, labels, 1);
}

/* Hashes under a permit (see permit.h); `labels` for METRIC_PASSWORD_HASHES. phc: PASSWORD_PHC_MAX
 * bytes. */
static bool
password_hash_permitted(struct auth *a, struct permit *permit, struct str password,
    const char *labels, char *phc, struct err *e)
{
	bool ok;

	if (!auth_permit(a, permit, e))
		return false;
	count_hash(a, labels);
	ok = password_hash(
	    password, a->env->rand, a->permits != NULL ? permit->scratch : NULL, phc, e);
	if (a->permits != NULL)
		permit_give(a->permits, permit);
	return ok;
}

/* ---- a new password in place of the old ---- */

struct setting {
	struct auth          *a;
	TALLOC_CTX           *mem;
	struct tenant_db     *t;
	struct user           user;
	const struct caller  *caller; /* NULL: by a link */
	struct proving        proof;  /* of the caller's */
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

	if (s->caller != NULL)
		x.session = s->caller->session;
	else
		x.event =
		    strcmp(s->link.purpose, LINK_INVITE) == 0 ? END_INVITED : END_PASSWORD_RESET;
	return ends_apply(s->t, &x, e);
}

static bool
tell_owner(struct setting *s, struct err *e)
{
	const struct mail_order order = { .user = s->user.id, .address = s->user.email };

	if (!mail_is_on(s->a) || !user_is_active(&s->user))
		return true;
	return mail_queue(s->a, s->t, s->mem, MAIL_PASSWORD_CHANGED, &order, e);
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
	if (!user_lock(s->t, &s->user.id, e) ||
	    (s->caller != NULL ? !proof_take(&s->proof, e)
			       : !mail_token_use(s->t, &s->link.id, now, &won, e)))
		return false;
	if (!won)
		return outrun(s, e);
	if (!user_set_password(s->t, &in, &changed, e))
		return false;
	if (!changed)
		return outrun(s, e);
	return end_what_ends(s, e) && tell_owner(s, e);
}

static bool
set_password(struct setting *s, struct permit *permit, struct str password, const char *labels,
    struct audit_entry *entry, struct err *e)
{
	if (!password_hash_permitted(s->a, permit, password, labels, s->phc, e) ||
	    !audit_deed(s->t, s->mem, s->a, set_body, s, entry, e))
		return false;
	if (s->a->env->segment != NULL)
		cache_bump_user(s->a->env->segment, &s->user.id);
	return true;
}

/* ---- by who is signed in ---- */

/* Taken in the transaction of the change. */
static bool
check_current(struct setting *s, const struct proof *shown, const struct origin *origin,
    struct permit *permit, struct err *e)
{
	s->proof = (struct proving) { .a = s->a,
		.mem = s->mem,
		.t = s->t,
		.user = &s->user,
		.caller = s->caller,
		.origin = origin,
		.permit = permit };
	if (proof_check(&s->proof, shown, e))
		return true;
	if (!err_take(e, ERR_CREDENTIALS))
		return false;
	return err_fault(e, s->mem, "/current_password", "is not your password");
}

bool
password_change(struct auth *a, TALLOC_CTX *mem, struct tenant_db *t, const struct caller *caller,
    const struct origin *origin, struct permit *permit, const char *current,
    const char *new_password, struct err *e)
{
	struct setting s = {
		.a = a, .mem = mem, .t = t, .caller = caller, .now_ms = clock_ms(a->env->clock)
	};
	const struct proof     shown = { .password = current };
	struct audit_entry     entry = { .action = AUDIT_PASSWORD_CHANGE,
		    .success = true,
		    .caller = caller,
		    .origin = origin,
		    .target_kind = "user",
		    .target_id = caller->user };
	const struct settings *settings;
	struct password_about  about;
	struct str             password;

	if (!auth_lane(a, LANE_PASSWORD, e) || !user_by_id(t, mem, &caller->user, &s.user, e))
		return false;
	if (!settings_of(a, t->tenant, &settings, e))
		return false;
	about = password_about(t->tenant, &s.user);
	if (!password_accept(mem, settings->password->min_length, str_of(new_password), &about,
		"/new_password", &password, e) ||
	    !check_current(&s, &shown, origin, permit, e))
		return false;
	if (set_password(&s, permit, password, "for=\"change\"", &entry, e))
		return true;
	if (!s.outrun)
		return false;
	err_clear(e);
	return err_fault(e, mem, "/current_password", "is not your password any more");
}

/* ---- by a mailed link ---- */

static bool
find_link(struct setting *s, const char *token, struct err *e)
{
	const char *purpose;

	if (!mail_link_find(s->a, s->mem, str_of(token), &s->t, &s->link, e))
		return false;
	purpose = s->link.purpose;
	if (!user_by_id(s->t, s->mem, &s->link.user_id, &s->user, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return mail_link_refuse(s->mem, e);
	}
	/* it was mailed to the address of then */
	if (strcmp(s->user.email, s->link.email) == 0 &&
	    ((strcmp(purpose, LINK_RESET) == 0 && user_is_active(&s->user)) ||
		(strcmp(purpose, LINK_INVITE) == 0 && strcmp(s->user.status, "invited") == 0)))
		return true;
	return mail_link_refuse(s->mem, e);
}

/* The owner of the mailbox is the owner of the account: what others tried does not keep it shut. */
static void
unlock(struct setting *s)
{
	struct err why = { 0 };

	if (!attempts_forget(s->a, s->mem, s->t->tenant->slug, s->user.email, &why))
		log_err(s->a->env->log, LOG_AUTH, "failed sign-ins could not be forgotten", &why);
}

bool
password_reset(struct auth *a, TALLOC_CTX *mem, const char *token, const char *new_password,
    const struct origin *origin, struct permit *permit, struct err *e)
{
	struct setting     s = { .a = a, .mem = mem, .now_ms = clock_ms(a->env->clock) };
	struct audit_entry entry = {
		.success = true, .actor_kind = "anonymous", .origin = origin, .target_kind = "user"
	};

	const struct settings *settings;
	struct password_about  about;
	struct str             password;

	if (!auth_lane(a, LANE_PASSWORD, e) || !find_link(&s, token, e))
		return false;
	if (!settings_of(a, s.t->tenant, &settings, e))
		return false;
	about = password_about(s.t->tenant, &s.user);
	if (!password_accept(mem, settings->password->min_length, str_of(new_password), &about,
		"/new_password", &password, e))
		return false;
	entry.action =
	    strcmp(s.link.purpose, LINK_INVITE) == 0 ? AUDIT_INVITE_ACCEPT : AUDIT_PASSWORD_RESET;
	entry.actor_name = s.user.email;
	entry.target_id = s.user.id;
	if (set_password(&s, permit, password, "for=\"reset\"", &entry, e)) {
		unlock(&s);
		return true;
	}
	if (!s.outrun)
		return false;
	err_clear(e);
	return mail_link_refuse(mem, e);
}

/* ---- forgotten ---- */

struct forgetting {
	struct auth      *a;
	TALLOC_CTX       *mem;
	struct tenant_db *t;
	struct mail_order order;
};

static bool
forgot_body(struct db *db, void *arg, struct err *e)
{
	struct forgetting *f = arg;

	(void)db;
	return mail_queue(f->a, f->t, f->mem, MAIL_RESET, &f->order, e);
}

/* Both are looked up in any case; a namesake in the platform's tenant is not who was meant. */
static bool
find_tenant(struct forgetting *f, const char *slug, struct err *e)
{
	const struct tenant *platform, *t = NULL;

	if (!tenant_by_slug(f->a->database, STR(PLATFORM_SLUG), &platform, e))
		return false;
	if (!tenant_by_slug(f->a->database, str_of(slug), &t, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		t = NULL;
	}
	if (t == NULL || strcmp(t->status, "active") != 0) {
		f->order.nobody = true;
		t = platform;
	}
	return tenant_db_open(f->a->database, t, false, &f->t, e);
}

bool
password_forgot(struct auth *a, TALLOC_CTX *mem, const char *tenant, const char *email,
    const struct origin *origin, struct err *e)
{
	struct forgetting  f = { .a = a, .mem = mem };
	struct err         why = { 0 };
	struct audit_entry entry = { .action = AUDIT_PASSWORD_FORGOT,
		.success = true,
		.actor_kind = "anonymous",
		.actor_name = email,
		.origin = origin,
		.target_kind = "user" };

	if (!ident_email(mem, str_of(email), &f.order.address, &why)) {
		f.order.address = "-";
		f.order.nobody = true;
	}
	return find_tenant(&f, tenant, e) && audit_deed(f.t, mem, a, forgot_body, &f, &entry, e);
}
