/* user_admin.h: making or inviting a user, once for each key of the client. */
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ident.h"
#include "core/auth/mail/mail_queue.h"
#include "core/auth/password/password_rules.h"
#include "core/auth/settings.h"
#include "core/auth/user/user_roles.h"
#include "core/base/hash.h"
#include "core/base/secret.h"
#include "core/crypt/password.h"

#define KIND "user"

struct making {
	const struct deed_by  *by;
	const struct user_new *in;
	struct user            user;
	struct role_choice     roles;
	struct idempotency     mark;
	uint8_t                mac[HASH_LEN];
};

/* ---- the key: made once ---- */

static bool
replay(struct making *w, bool *done, struct user *out, struct err *e)
{
	const struct deed_by *by = w->by;
	struct idempotency    have;

	*done = false;
	if (w->in->idempotency_key == NULL)
		return true;
	if (!idempotency_find(
		by->t, by->mem, &by->caller->user, KIND, w->in->idempotency_key, &have, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	if (have.body_mac.n != HASH_LEN || !secret_eq(have.body_mac.p, w->mac, HASH_LEN))
		return err_set(e, ERR_CONFLICT, 0,
		    "This Idempotency-Key was used with another body.",
		    "idempotency key with another body");
	*done = user_by_id(by->t, by->mem, &have.made_id, out, e);
	if (*done || e->code != ERR_MISSING)
		return *done;
	err_clear(e);
	return err_set(e, ERR_CONFLICT, 0, "The user that this Idempotency-Key made is deleted.",
	    "idempotency key of a deleted user");
}

static void
prepare_mark(struct making *w)
{
	const struct deed_by *by = w->by;

	hash_hmac(
	    by->t->address_key, sizeof(by->t->address_key), w->in->body.p, w->in->body.n, w->mac);
	w->mark = (struct idempotency) { .actor_id = by->caller->user,
		.kind = KIND,
		.key = w->in->idempotency_key,
		.body_mac = { w->mac, sizeof(w->mac) },
		.made_id = w->user.id,
		.created_at = w->user.created_at };
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

static bool
make_body(struct db *db, void *arg, struct err *e)
{
	struct making        *w = arg;
	const struct deed_by *by = w->by;

	(void)db;
	return (w->in->idempotency_key == NULL || idempotency_add(by->t, &w->mark, e)) &&
	       user_add(by->t, &w->user, e) &&
	       user_set_roles(by->t, &w->user.id, w->roles.ids, w->roles.n, e) &&
	       (w->in->password != NULL || invite_send(by, &w->user, by->caller->name, e));
}

struct made_told {
	const char    *email;
	struct strings roles;
};
static const struct field made_told_fields[] = {
	TOLD(struct made_told, email),
	TOLD(struct made_told, roles),
	FIELD_END,
};
static const struct schema made_told = SCHEMA("MadeTold", struct made_told, made_told_fields);

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

	if (!fill_user(w, e) || !role_choice_make(by, w->in->roles, &w->roles, e) ||
	    (w->roles.n > 0 && !role_choice_may_grant(by, &w->roles, e)) ||
	    (w->in->password != NULL &&
		(!check_password(w, &password, e) || !hash_password(w, password, e))))
		return false;
	entry.details = audit_details(
	    by->mem, &made_told, &(struct made_told) { w->user.email, w->in->roles }, e);
	if (entry.details == NULL)
		return false;
	if (!audit_deed(by, make_body, w, &entry, e))
		return explain(w, out, e);
	return user_by_id(by->t, by->mem, &w->user.id, out, e);
}

bool
user_make(const struct deed_by *by, const struct user_new *in, struct user *out, struct err *e)
{
	struct making w = { .by = by, .in = in };
	bool          done;

	w.user.id = uuid_make(by->auth->env->clock, by->auth->env->rand);
	w.user.created_at.ms = clock_ms(by->auth->env->clock);
	prepare_mark(&w);
	if (!replay(&w, &done, out, e))
		return false;
	return done || make(&w, out, e);
}
