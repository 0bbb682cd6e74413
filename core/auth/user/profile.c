#include "core/auth/user/profile.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/ident.h"
#include "core/auth/mail/mail_link.h"
#include "core/auth/mail/mail_queue.h"
#include "core/auth/mfa/mfa.h"
#include "core/shm/cache.h"
#include "core/store/identity/user_self.h"

#define DISPLAY_NAME_MAX 200

struct updating {
	const struct deed_by *by;
	struct user           user;
	const char           *name;  /* NULL: stays */
	const char           *email; /* NULL: stays; in its compared form */
	bool                  kept;  /* the present address was asked for */
	int64_t               now_ms;
};

struct address_told {
	const struct text_change *email;
	const char               *address_change; /* "taken_back" */
};
static const struct field address_told_fields[] = {
	TOLD_ITEM_IF(struct address_told, email, &text_change_schema),
	TOLD_IF(struct address_told, address_change),
	FIELD_END,
};
static const struct schema address_told =
    SCHEMA("AddressTold", struct address_told, address_told_fields);

static bool
address_details(
    TALLOC_CTX *mem, const char *from, const char *to, const char **details, struct err *e)
{
	const struct text_change  change = { from, to };
	const struct address_told told = { .email = &change };

	*details = audit_details(mem, &address_told, &told, e);
	return *details != NULL;
}

static bool
taken_back_details(TALLOC_CTX *mem, const char **details, struct err *e)
{
	const struct address_told told = { .address_change = "taken_back" };

	*details = audit_details(mem, &address_told, &told, e);
	return *details != NULL;
}

/* ---- what is asked for ---- */

static bool
take_name(struct updating *u, const char *typed, struct err *e)
{
	struct str name = str_trim(str_of(typed));

	if (name.n == 0 || name.n > DISPLAY_NAME_MAX || memchr(name.p, '\n', name.n) != NULL)
		return err_fault(
		    e, u->by->mem, "/display_name", "must be one line of 1 to 200 bytes");
	u->name = str_dup(u->by->mem, name);
	return u->name != NULL || err_memory(e);
}

/* With nobody having signed in just now, a session left open must not be enough to take the
 * account. */
static bool
is_fresh(const struct updating *u, struct err *e)
{
	if (mfa_is_fresh(u->by->caller, u->now_ms))
		return true;
	return err_set(e, ERR_STEP_UP, 0, "Prove again who you are to change your address.",
	    "signed in too long ago, or with one factor of two");
}

static bool
take_email(struct updating *u, const char *typed, struct err *e)
{
	struct err why = { 0 }, none = { 0 };
	bool       known = ident_email(u->by->mem, str_of(typed), &u->email, &none);

	if (known && strcmp(u->email, u->user.email) == 0) {
		u->email = NULL;
		u->kept = true;
		return true;
	}
	if (!ident_new_email(u->by->mem, str_of(typed), &u->email, &why))
		return err_fault(e, u->by->mem, "/email", "%s", why.pub);
	if (!mail_is_on(u->by->auth))
		return err_fault(e, u->by->mem, "/email",
		    "cannot be changed: this installation sends no mail to confirm it");
	return is_fresh(u, e);
}

/* ---- the deed ---- */

static bool
queue_both(struct updating *u, struct err *e)
{
	struct mail_order order = {
		.user = u->user.id, .address = u->user.email, .other = u->email
	};

	return user_email_epoch(u->by->t, &u->user.id, &order.change, e) &&
	       mail_queue(u->by, MAIL_EMAIL_NOTICE, &order, e) &&
	       mail_queue(u->by, MAIL_EMAIL_CONFIRM, &order, e);
}

static bool
end_by(struct updating *u, enum ends_event event, struct err *e)
{
	struct ending x = { .event = event, .user = u->user.id, .now = { u->now_ms } };

	return ends_apply(u->by->t, &x, e);
}

static bool
update_body(struct db *db, void *arg, struct err *e)
{
	struct updating *u = arg;

	(void)db;
	if (u->name != NULL &&
	    (!user_set_display_name(u->by->t, &u->user.id, u->name, (instant) { u->now_ms }, e) ||
		!end_by(u, END_NAME_CHANGED, e)))
		return false;
	if (u->kept)
		return end_by(u, END_EMAIL_KEPT, e);
	return u->email == NULL || (end_by(u, END_EMAIL_ASKED, e) && queue_both(u, e));
}

bool
profile_update(const struct deed_by *by, const struct profile *in, struct err *e)
{
	const struct caller *caller = by->caller;
	const struct env    *env = by->auth->env;
	struct updating      u = { .by = by, .now_ms = clock_ms(env->clock) };
	struct audit_entry   entry = { .target_id = caller->user };

	if (!user_by_id(by->t, by->mem, &caller->user, &u.user, e) ||
	    (in->display_name != NULL && !take_name(&u, in->display_name, e)) ||
	    (in->email != NULL && !take_email(&u, in->email, e)))
		return false;
	if (u.name == NULL && u.email == NULL && !u.kept)
		return true;
	if (u.kept && !taken_back_details(by->mem, &entry.details, e))
		return false;
	entry.action = u.email != NULL ? AUDIT_EMAIL_REQUEST : AUDIT_PROFILE_UPDATE;
	if ((u.email != NULL &&
		!address_details(by->mem, u.user.email, u.email, &entry.details, e)) ||
	    !audit_deed(by, update_body, &u, &entry, e))
		return false;
	cache_bump_user(env->segment, &caller->user);
	return true;
}

/* ---- the link was used ---- */

struct confirming {
	struct deed_by        by;
	struct mail_token_row link;
	instant               now;
	struct audit_entry    entry;
};

static bool
confirm_body(struct db *db, void *arg, struct err *e)
{
	struct confirming *c = arg;
	struct ending x = { .event = END_EMAIL_CHANGED, .user = c->link.user_id, .now = c->now };
	struct user   was;
	bool          won, changed = false;

	(void)db;
	if (!user_lock(c->by.t, &c->link.user_id, e) ||
	    !user_by_id(c->by.t, c->by.mem, &c->link.user_id, &was, e) ||
	    !address_details(c->by.mem, was.email, c->link.email, &c->entry.details, e) ||
	    !mail_token_use(c->by.t, &c->link.id, c->now, &won, e))
		return false;
	if (!won)
		return mail_link_refuse(c->by.mem, e);
	if (!user_set_email(c->by.t, &c->link.user_id, c->link.email, c->now, &changed, e))
		return false;
	return changed ? ends_apply(c->by.t, &x, e) : mail_link_refuse(c->by.mem, e);
}

bool
email_confirm(const struct deed_by *by, const char *token, struct err *e)
{
	const struct env *env = by->auth->env;
	struct confirming c = {
		.by = *by,
		.now = { clock_ms(env->clock) },
		.entry = { .action = AUDIT_EMAIL_CHANGE, .actor_kind = "anonymous" },
	};

	if (!mail_link_find(&c.by, str_of(token), &c.link, e))
		return false;
	if (strcmp(c.link.purpose, LINK_EMAIL) != 0)
		return mail_link_refuse(by->mem, e);
	c.entry.actor_name = c.link.email;
	c.entry.target_id = c.link.user_id;
	if (!audit_deed(&c.by, confirm_body, &c, &c.entry, e)) {
		if (!err_take(e, ERR_CONFLICT))
			return false;
		return err_set(
		    e, ERR_CONFLICT, 0, "Another user has this address.", "address taken");
	}
	cache_bump_user(env->segment, &c.link.user_id);
	return true;
}
