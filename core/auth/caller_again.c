#include "core/auth/caller_again.h"

#include "core/auth/apikey.h"
#include "core/auth/place.h"
#include "core/auth/session.h"
#include "core/json/schema.h"
#include "core/store/identity/user.h"

static const struct field asked_fields[] = {
	FIELD(struct caller_asked, id, .doc = "Who."),
	FIELD(struct caller_asked, key, .doc = "An API key."),
	FIELD(struct caller_asked, aal, .doc = "How it was signed in."),
	FIELD(struct caller_asked, address, .flags = FIELD_NULLABLE, .doc = "From where."),
	FIELD(struct caller_asked, untold, .doc = "A proxy has not said for whom it asked."),
	FIELD_END,
};
const struct schema caller_asked_schema = SCHEMA("CallerAsked", struct caller_asked, asked_fields);

void
caller_asked_of(const struct deed_by *by, struct caller_asked *out)
{
	*out = (struct caller_asked) {
		.id = by->caller->user,
		.key = by->caller->kind == CALLER_API_KEY,
		.aal = by->caller->aal,
		.address = by->origin != NULL ? by->origin->address : NULL,
		.untold = by->origin != NULL && by->origin->untold,
	};
}

static bool
nobody(struct err *e, const char *why)
{
	return err_set(e, ERR_FORBIDDEN, 0, "Who asked for it may not do it any more.", "%s", why);
}

static bool
user_again(
    const struct deed_by *home, const struct caller_asked *asked, struct caller *out, struct err *e)
{
	const struct uuid     none = { { 0 } };
	struct session_caller s = { .user_id = asked->id, .aal = asked->aal };
	struct user           u;

	if (!user_by_id(home->t, home->mem, &asked->id, &u, e))
		return err_take(e, ERR_MISSING) && nobody(e, "the user is gone");
	if (!user_is_active(&u))
		return nobody(e, "the user is not active");
	s.email = u.email;
	s.display_name = u.display_name;
	s.status = u.status;
	s.two_factor = u.two_factor;
	s.role_names = u.role_names;
	s.granted = u.granted;
	s.roles_end = u.roles_end;
	s.created_at = u.created_at;
	return caller_of_session(home, &none, &s, out, e) &&
	       (!out->mfa_enrollment || nobody(e, "without the second factor that is asked for"));
}

bool
caller_again(
    const struct deed_by *home, const struct caller_asked *asked, struct caller *out, struct err *e)
{
	const struct origin from = { .address = asked->address, .untold = asked->untold };

	if (!place_check(home->auth, home->t->tenant, &from, e))
		return false;
	if (!asked->key)
		return user_again(home, asked, out, e);
	if (api_key_again(home, &asked->id, out, e))
		return true;
	return (err_take(e, ERR_MISSING) || err_take(e, ERR_UNAUTHENTICATED)) &&
	       nobody(e, "the API key is over");
}

bool
caller_enter(const struct deed_by *home, const struct caller *c, const char *named,
    struct caller *acting, struct deed_by *there, struct err *e)
{
	struct grant_use use;

	*acting = *c;
	*there = deed_as(home, c);
	if (!grant_find(there, str_of(named), &use, e))
		return false;
	there->caller = acting;
	if (use.tenant == NULL)
		return true;
	if (!tenant_db_open(home->auth->database, use.tenant, false, &there->t, e))
		return false;
	acting->acting = true;
	acting->platform = false;
	acting->permissions = use.permissions;
	return place_check(home->auth, use.tenant, home->origin, e) && grant_note(there, &use, e);
}
