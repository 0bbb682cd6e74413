/* user_admin.h: making or inviting a user, once for each key of the client. */
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ident.h"
#include "core/auth/mail/mail_queue.h"
#include "core/auth/once.h"
#include "core/auth/password/password_rules.h"
#include "core/auth/settings.h"
#include "core/auth/user/user_roles.h"
#include "core/crypt/password.h"
#include "core/store/tenant/quota.h"

struct making {
	const struct deed_by  *by;
	const struct user_new *in;
	struct user            user;
	struct role_choice     roles;
	struct once            once;
};

/* ---- the key: made once ---- */

static bool
replay(struct making *w, bool *done, struct user *out, struct err *e)
{
	const struct deed_by *by = w->by;
	struct uuid           made;

	if (!once_find(&w->once, by, done, &made, e) || !*done)
		return e->code == ERR_OK;
	*done = user_by_id(by->t, by->mem, &made, out, e);
	if (*done || e->code != ERR_MISSING)
		return *done;
	err_clear(e);
	return err_set(e, ERR_CONFLICT, 0, "The user that this Idempotency-Key made is deleted.",
	    "idempotency key of a deleted user");
}

/* ---- the password ---- */

static bool
check_password(const struct making *w, struct str *password, struct err *e)
{
	const struct deed_by  *by = w->by;
	const struct settings *s;
	struct password_about  about;

	if (!settings_of(by->auth, by->t->tenant, &s, e))
		return false;
	about = password_about(by->t->tenant, &w->user, s->password->min_length);
	return password_accept(by->mem, str_of(w->in->password), &about, "/password", password, e);
}

/* The permit is held for the hash only. */
static bool
hash_password(struct making *w, struct str password, struct err *e)
{
	struct auth *a = w->by->auth;
	bool         ok;

	w->user.password = talloc_zero_array(w->by->mem, char, PASSWORD_PHC_MAX);
	if (w->user.password == NULL)
		return err_memory(e);
	if (!auth_permit(a, w->by->permit, e))
		return false;
	ok = password_hash(password, a->env->rand,
	    a->permits != NULL ? w->by->permit->scratch : NULL, w->user.password, e);
	if (a->permits != NULL)
		permit_give(a->permits, w->by->permit);
	return ok;
}

/* ---- making ---- */

static bool
fill_user(struct making *w, struct err *e)
{
	const struct deed_by *by = w->by;
	struct str            name = str_trim(str_of(w->in->display_name));
	const char           *email;
	struct err            why = { 0 };

	if (name.n == 0)
		return err_fault(e, by->mem, "/display_name", "is empty");
	if (!ident_new_email(by->mem, str_of(w->in->email), &email, &why)) {
		*e = why;
		return why.code == ERR_INVALID ? err_fault(e, by->mem, "/email", "%s", why.pub)
					       : false;
	}
	w->user.email = talloc_strdup(by->mem, email);
	w->user.display_name = str_dup(by->mem, name);
	w->user.status = talloc_strdup(by->mem, w->in->password != NULL ? "active" : "invited");
	return (w->user.email != NULL && w->user.display_name != NULL && w->user.status != NULL) ||
	       err_memory(e);
}

/* Before the password is hashed, and again when nobody changes a role any more. */
static bool
choose_roles(struct making *w, struct err *e)
{
	return role_choice_make(w->by, &w->in->roles, NULL, &w->roles, e) &&
	       (w->roles.n == 0 || role_choice_may_grant(w->by, &w->roles, e));
}

/* The operator is not held up by what the operator allows. */
static bool
count_it(const struct making *w, struct err *e)
{
	bool counted;

	return w->by->caller != NULL ? quota_take(w->by->t, USAGE_USERS, e)
				     : usage_take(w->by->t->db, USAGE_USERS, 0, &counted, e);
}

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct making        *w = arg;
	const struct deed_by *by = w->by;

	(void)db;
	return user_lock_admins(by->t, e) && once_mark(&w->once, by, e) && choose_roles(w, e) &&
	       count_it(w, e) && user_add(by->t, &w->user, e) &&
	       role_choice_put(by, &w->user.id, &w->roles, e) &&
	       (w->in->password != NULL ||
		   invite_send(by, &w->user, by->caller != NULL ? by->caller->name : by->actor, e));
}

struct made_told {
	const char             *email;
	struct strings          roles;
	const struct ends_told *ends;
};
static const struct field made_told_fields[] = {
	TOLD(struct made_told, email),
	TOLD(struct made_told, roles),
	TOLD_ITEM_IF(struct made_told, ends, &ends_told_schema),
	FIELD_END,
};
static const struct schema made_told = SCHEMA("MadeTold", struct made_told, made_told_fields);

static const char *
made_details(struct making *w, struct err *e)
{
	const struct ends_told ends = { .to = { w->roles.all, w->roles.n } };
	const struct made_told told = { w->user.email, { w->roles.names, w->roles.n },
		w->in->roles.ends ? &ends : NULL };

	return audit_details(w->by->mem, &made_told, &told, e);
}

/* Both keys of the tables are the client's affair: its own Idempotency-Key in parallel, or the
 * address. */
static bool
explain(struct making *w, struct user *out, struct err *e)
{
	bool done;

	if (!db_was_duplicate(e) || !replay(w, &done, out, e))
		return false;
	return done || err_set(e, ERR_CONFLICT, 0, "An account with this e-mail address exists.",
			   "duplicate address");
}

static bool
make(struct making *w, struct user *out, struct err *e)
{
	const struct deed_by *by = w->by;
	struct audit_entry    entry = { .action = AUDIT_USER_CREATE, .target_id = w->user.id };
	struct str            password;
	bool                  tried = false;

	if (!fill_user(w, e) || !choose_roles(w, e) ||
	    (w->in->password != NULL &&
		(!check_password(w, &password, e) || !hash_password(w, password, e))))
		return false;
	entry.details = made_details(w, e);
	if (entry.details == NULL)
		return false;
	while (!audit_deed(by, make_body, w, &entry, e))
		if (!quota_has_room(by->t, USAGE_USERS, &tried, e))
			return explain(w, out, e);
	return user_by_id(by->t, by->mem, &w->user.id, out, e);
}

bool
user_make(const struct deed_by *by, const struct user_new *in, struct user *out, struct err *e)
{
	struct making w = { .by = by,
		.in = in,
		.once = { .kind = "user", .key = in->idempotency_key, .body = in->body } };
	bool          done;

	w.user.id = uuid_make(by->auth->env->clock, by->auth->env->rand);
	w.user.created_at.ms = clock_ms(by->auth->env->clock);
	once_begin(&w.once, by, &w.user.id, w.user.created_at);
	if (!replay(&w, &done, out, e))
		return false;
	return done || make(&w, out, e);
}
