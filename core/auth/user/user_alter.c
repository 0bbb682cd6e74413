/* user_admin.h: changing and erasing a user, with what ends by it. */
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/ident.h"
#include "core/auth/user/key_maker.h"
#include "core/auth/user/user_last.h"
#include "core/auth/user/user_roles.h"
#include "core/json/schema.h"

struct altering {
	const struct deed_by     *by;
	struct uuid               id;
	const struct user_change *in;
	struct audit_entry        entry;
	struct role_choice roles; /* that it is to have; those it has where none were named */
	struct user        was, now;
	const struct key_effects *keys; /* what becomes of the user's API keys; NULL: nothing */
};

/* ---- inside the transaction ---- */

/* When the first of them ends; 0: none does. */
static instant
first_end(const struct role_choice *c)
{
	instant first = { 0 };

	for (size_t i = 0; i < c->n; i++)
		if (c->all[i].ends_at.ms != 0 && (first.ms == 0 || c->all[i].ends_at.ms < first.ms))
			first = c->all[i].ends_at;
	return first;
}

/* From here on nobody else changes this user, or takes an administrator away, until the end. */
static bool
read_locked(struct altering *w, struct err *e)
{
	const struct deed_by *by = w->by;

	return user_lock_admins(by->t, e) && user_take(by, &w->id, &w->was, e) &&
	       (w->in->check == NULL || w->in->check(w->in->check_arg, &w->was, e));
}

/* Whoever finds a session open must not take the account with it: the mailbox has to agree. */
static bool
keep_own_email(const struct altering *w, struct err *e)
{
	if (!caller_is(w->by->caller, &w->id) || strcmp(w->was.email, w->now.email) == 0)
		return true;
	return err_fault(e, w->by->mem, "/email",
	    "is your own: change it by PUT /api/auth/me, which mails a link to the new address");
}

struct user_told {
	const struct text_change *email, *display_name, *status;
	const struct list_change *roles;
	const struct ends_told   *ends;
	const struct key_effects *keys;
};
static const struct field user_told_fields[] = {
	TOLD_ITEM_IF(struct user_told, email, &text_change_schema),
	TOLD_ITEM_IF(struct user_told, display_name, &text_change_schema),
	TOLD_ITEM_IF(struct user_told, status, &text_change_schema),
	TOLD_ITEM_IF(struct user_told, roles, &list_change_schema),
	TOLD_ITEM_IF(struct user_told, ends, &ends_told_schema),
	TOLD_ITEM_IF(struct user_told, keys, &key_effects_schema),
	FIELD_END,
};
static const struct schema user_told = SCHEMA("UserTold", struct user_told, user_told_fields);

static bool
tell_changes(struct altering *w, struct err *e)
{
	const struct user       *was = &w->was, *now = &w->now;
	const struct list_change roles = { was->roles, now->roles };
	const struct ends_told   ends = { was->assignments, now->assignments };
	struct text_change       email, name, status;
	const struct user_told   told = {
		  .email = text_change(&email, was->email, now->email),
		  .display_name = text_change(&name, was->display_name, now->display_name),
		  .status = text_change(&status, was->status, now->status),
		  .roles = strings_same(was->roles, now->roles) ? NULL : &roles,
		  .ends = w->roles.same || (was->roles_end.ms == 0 && now->roles_end.ms == 0) ? NULL
											      : &ends,
		  .keys = w->keys,
	};

	w->entry.details = audit_details(w->by->mem, &user_told, &told, e);
	return w->entry.details != NULL;
}

struct erased_told {
	const char               *email;
	const struct key_effects *keys;
};
static const struct field erased_told_fields[] = {
	TOLD(struct erased_told, email),
	TOLD_ITEM_IF(struct erased_told, keys, &key_effects_schema),
	FIELD_END,
};
static const struct schema erased_told =
    SCHEMA("ErasedTold", struct erased_told, erased_told_fields);

/* One that is stored may be from before the rules: a client that sends it back changes nothing. */
static bool
fill_email(struct altering *w, struct err *e)
{
	TALLOC_CTX *mem = w->by->mem;
	struct str  typed = str_of(w->in->email);
	const char *email;
	struct err  none = { 0 }, why = { 0 };

	if (w->in->email == NULL ||
	    (ident_email(mem, typed, &email, &none) && strcmp(email, w->was.email) == 0))
		return true;
	if (ident_new_email(mem, typed, &email, &why)) {
		w->now.email = talloc_strdup(mem, email);
		return w->now.email != NULL || err_memory(e);
	}
	if (why.code == ERR_INVALID)
		return err_fault(e, mem, "/email", "%s", why.pub);
	*e = why;
	return false;
}

static bool
choose_roles(struct altering *w, struct err *e)
{
	struct role_choice *c = &w->roles;

	c->same = true;
	if (!w->in->set_roles)
		return true;
	if (!role_choice_make(w->by, &w->in->roles, &w->was, c, e))
		return false;
	w->now.roles = (struct strings) { c->names, c->n };
	w->now.assignments = (struct items) { c->all, c->n };
	w->now.roles_end = first_end(c);
	return true;
}

static bool
fill_now(struct altering *w, struct err *e)
{
	const struct user_change *in = w->in;
	TALLOC_CTX               *mem = w->by->mem;

	w->now = w->was;
	if (!fill_email(w, e))
		return false;
	if (in->display_name != NULL)
		w->now.display_name = talloc_strdup(mem, in->display_name);
	if (in->status != NULL)
		w->now.status = talloc_strdup(mem, in->status);
	return ((w->now.display_name != NULL && w->now.status != NULL) || err_memory(e)) &&
	       choose_roles(w, e);
}

static bool
set_roles(struct altering *w, struct err *e)
{
	const struct deed_by *by = w->by;

	return w->roles.same || (role_choice_may_grant(by, &w->roles, e) &&
				    role_choice_put(by, &w->id, &w->roles, e));
}

/* Names what becomes of them; what ends, ends_apply ends.  A role that comes to end takes nothing
 * away yet. */
static bool
see_to_keys(struct altering *w, struct err *e)
{
	const struct deed_by *by = w->by;

	w->keys = NULL;
	if (user_is_active(&w->was) && !user_is_active(&w->now))
		return keys_leave(by, &w->id, &w->keys, e);
	return strings_same(w->was.roles, w->now.roles) || keys_narrow(by, &w->was, &w->keys, e);
}

static bool
end_what_ends(const struct altering *w, enum ends_event event, struct err *e)
{
	struct ending x = {
		.event = event, .user = w->id, .now = { clock_ms(w->by->auth->env->clock) }
	};

	return ends_apply(w->by->t, &x, e);
}

/* One change may be several events. */
static bool
end_by_changes(const struct altering *w, struct err *e)
{
	const struct user *was = &w->was, *now = &w->now;
	const struct {
		bool            happened;
		enum ends_event event;
	} all[] = {
		{ strcmp(was->display_name, now->display_name) != 0, END_NAME_CHANGED },
		{ strcmp(was->email, now->email) != 0, END_EMAIL_SET },
		{ !w->roles.same, END_ROLES },
		{ user_is_active(now) && !user_is_active(was), END_ENABLED },
		{ strcmp(was->status, now->status) != 0 && !user_is_active(now), END_DISABLED },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].happened && !end_what_ends(w, all[i].event, e))
			return false;
	return true;
}

static bool
alter_body(struct db *db, void *arg, struct err *e)
{
	struct altering      *w = arg;
	const struct deed_by *by = w->by;

	(void)db;
	return read_locked(w, e) && fill_now(w, e) && keep_own_email(w, e) &&
	       user_keep_an_admin(by->t, &w->was, user_is_lasting_admin(&w->now), e) &&
	       set_roles(w, e) &&
	       user_set(by->t, &w->now, (instant) { clock_ms(by->auth->env->clock) }, e) &&
	       see_to_keys(w, e) && end_by_changes(w, e) && tell_changes(w, e);
}

static bool
erase_body(struct db *db, void *arg, struct err *e)
{
	struct altering   *w = arg;
	struct erased_told told;

	(void)db;
	if (!read_locked(w, e) || !user_keep_an_admin(w->by->t, &w->was, false, e) ||
	    !keys_leave(w->by, &w->id, &w->keys, e) || !end_what_ends(w, END_DELETED, e) ||
	    !user_drop(w->by->t, &w->id, e))
		return false;
	told = (struct erased_told) { w->was.email, w->keys };
	w->entry.details = audit_details(w->by->mem, &erased_told, &told, e);
	return w->entry.details != NULL;
}

/* ---- around it ---- */

static void
begin(struct altering *w, const struct deed_by *by, const struct uuid *id,
    const struct user_change *in, enum audit_action action)
{
	*w = (struct altering) { .by = by, .id = *id, .in = in };
	w->entry = (struct audit_entry) { .action = action, .target_id = *id };
}

static bool
run(struct altering *w, tx_fn *body, struct err *e)
{
	const struct deed_by *by = w->by;

	if (audit_deed(by, body, w, &w->entry, e)) {
		cache_bump_user(by->auth->env->segment, &w->id);
		return true;
	}
	return db_taken(e, "An account with this e-mail address exists.");
}

/* In the forms in which they are kept. */
static bool
clean(const struct deed_by *by, struct user_change *in, struct err *e)
{
	struct str name = str_trim(str_of(in->display_name));

	if (in->display_name != NULL && name.n == 0)
		return err_fault(e, by->mem, "/display_name", "is empty");
	if (in->display_name != NULL) {
		in->display_name = str_dup(by->mem, name);
		if (in->display_name == NULL)
			return err_memory(e);
	}
	return true;
}

/* The user as it is now, with what became of its keys. */
static bool
tell(const struct altering *w, struct user *out, struct err *e)
{
	return user_by_id(w->by->t, w->by->mem, &w->id, out, e) &&
	       key_effects_shown(w->by, w->keys, &out->keys, e);
}

bool
user_alter(const struct deed_by *by, const struct uuid *id, const struct user_change *in,
    struct user *out, struct err *e)
{
	struct user_change change = *in;
	struct altering    w;

	begin(&w, by, id, &change, AUDIT_USER_UPDATE);
	return clean(by, &change, e) && run(&w, alter_body, e) && tell(&w, out, e);
}

bool
user_erase(
    const struct deed_by *by, const struct uuid *id, const struct user_change *check, struct err *e)
{
	struct altering w;

	begin(&w, by, id, check, AUDIT_USER_DELETE);
	return run(&w, erase_body, e);
}
