#include "core/auth/oidc/oidc_user.h"

#include <string.h>

#include "core/auth/oidc/oidc_roles.h"
#include "core/base/mailbox.h"
#include "core/base/unicode.h"
#include "core/store/tenant/quota.h"

bool
oidc_user_refuse(enum oidc_reason why, enum oidc_reason *out, struct err *e)
{
	*out = why;
	return err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.", "%s", oidc_reason_word(why));
}

/* ---- known ---- */

static bool
use_known(struct oidc_who *w, enum oidc_reason *why, struct err *e)
{
	if (!user_is_active(&w->user))
		return oidc_user_refuse(OIDC_INACTIVE, why, e);
	return !w->identity.provisioned || oidc_roles_sync(w, why, e);
}

/* An identity whose user has been deleted is nobody's: it is dropped. */
static bool
find_known(struct oidc_who *w, struct err *e)
{
	const struct identity key = { .provider_id = w->provider->id,
		.issuer = w->person->issuer,
		.subject = w->person->subject };

	w->identity = key;
	w->known = identity_find(w->by->t->db, w->by->mem, &w->identity, e) &&
		   user_by_id(w->by->t, w->by->mem, &w->identity.user_id, &w->user, e);
	if (w->known)
		return true;
	if (!err_take(e, ERR_MISSING) || !identity_drop(w->by->t->db, &key, e))
		return false;
	w->identity = key;
	return true;
}

bool
oidc_user_look(struct oidc_who *w, struct err *e)
{
	bool made;

	if (!oidc_roles_read(w, e) || !find_known(w, e))
		return false;
	made = w->known ? w->identity.provisioned : w->provider->auto_provision;
	w->wants = (w->known ? 0 : OIDC_WANT_EMAIL) | (!w->known && made ? OIDC_WANT_NAME : 0) |
		   (made && w->maps ? OIDC_WANT_GROUPS : 0);
	return true;
}

/* ---- new ---- */

static bool
link_body(struct db *db, void *arg, struct err *e)
{
	struct oidc_writing *x = arg;

	return identity_add(db, &x->w->identity, e);
}

static bool
provision_body(struct db *db, void *arg, struct err *e)
{
	struct oidc_writing *x = arg;

	return quota_take(x->w->by->t, USAGE_USERS, e) && user_add(x->w->by->t, &x->w->user, e) &&
	       oidc_roles_put(x->w, x->roles, e) && identity_add(db, &x->w->identity, e);
}

static bool
link_user(struct oidc_who *w, enum oidc_reason *why, struct err *e)
{
	if (!user_is_active(&w->user))
		return oidc_user_refuse(OIDC_INACTIVE, why, e);
	w->identity.user_id = w->user.id;
	if (oidc_deed(w, link_body, NULL, AUDIT_IDENTITY_LINK, e))
		return true;
	/* the provider knows this user by another subject already */
	return db_was_duplicate(e) && oidc_user_refuse(OIDC_TAKEN, why, e);
}

/*
 * The directory is Entra's word for who belongs to the organisation; of others
 * only a verified address in a trusted domain is.
 */
static bool
may_provision(const struct oidc_who *w)
{
	const struct oidc_person *p = w->person;
	const struct strings     *allowed = &w->provider->allowed_domains;
	const char               *domain = p->email == NULL ? NULL : strrchr(p->email, '@') + 1;

	if (p->email == NULL || mailbox_fault(str_of(p->email)) != NULL)
		return false;
	if (strcmp(w->provider->kind, "entra") != 0)
		return p->email_trusted;
	for (size_t i = 0; i < allowed->n; i++)
		if (str_caseeqz(str_of(domain), allowed->items[i]))
			return true;
	return allowed->n == 0;
}

static bool
fill_user(struct oidc_who *w, struct err *e)
{
	const struct oidc_person *p = w->person;
	struct str named = str_of(unicode_is_unseen(str_of(p->name)) ? p->email : p->name), name;

	if (!unicode_nfc(w->by->mem, named, &name, e))
		return false;
	w->user = (struct user) { .id = uuid_make(w->by->auth->env->clock, w->by->auth->env->rand),
		.created_at = { clock_ms(w->by->auth->env->clock) } };
	w->user.email = talloc_strdup(w->by->mem, p->email);
	w->user.display_name = unicode_clean(w->by->mem, name, 200);
	w->user.status = talloc_strdup(w->by->mem, "active");
	if (w->user.email == NULL || w->user.display_name == NULL || w->user.status == NULL)
		return err_memory(e);
	w->identity.user_id = w->user.id;
	w->identity.provisioned = true;
	oidc_roles_note_told(w);
	return true;
}

static bool
provision(struct oidc_who *w, enum oidc_reason *why, struct err *e)
{
	struct oidc_roles r;
	bool              tried = false;

	if (!may_provision(w))
		return oidc_user_refuse(OIDC_UNVERIFIED, why, e);
	if (!oidc_roles_map(w, &r, e) || !fill_user(w, e))
		return false;
	if (r.n == 0)
		return oidc_user_refuse(oidc_roles_why_none(w), why, e);
	while (!oidc_deed(w, provision_body, &r, AUDIT_USER_CREATE, e))
		if (!quota_has_room(w->by->t, USAGE_USERS, &tried, e))
			/* somebody else was first, or has it */
			return db_was_duplicate(e) && oidc_user_refuse(OIDC_TAKEN, why, e);
	return user_by_id(w->by->t, w->by->mem, &w->identity.user_id, &w->user, e);
}

static bool
find_new(struct oidc_who *w, enum oidc_reason *why, struct err *e)
{
	const struct oidc_person *p = w->person;

	w->identity.created_at.ms = w->identity.last_login.ms = clock_ms(w->by->auth->env->clock);
	if (p->email_trusted) {
		if (user_by_email(w->by->t, w->by->mem, p->email, &w->user, e))
			return link_user(w, why, e);
		if (!err_take(e, ERR_MISSING))
			return false;
	}
	if (w->provider->auto_provision)
		return provision(w, why, e);
	return oidc_user_refuse(p->email_trusted ? OIDC_UNKNOWN : OIDC_UNVERIFIED, why, e);
}

bool
oidc_user_find(struct oidc_who *w, enum oidc_reason *why, struct err *e)
{
	bool ok;

	*why = OIDC_OK;
	ok = w->known ? use_known(w, why, e) : find_new(w, why, e);
	if (w->outrun)
		*why = OIDC_STATE;
	return ok;
}
