#include "core/auth/place.h"

#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"

static bool
is_inside(const struct settings *s, const struct origin *from)
{
	struct addr a;

	if (s->allowed.n == 0)
		return true;
	return from != NULL && !from->untold && addr_parse(str_of(from->address), &a) &&
	       cidr_list_match(&s->allowed, &a);
}

bool
place_check(struct auth *a, const struct tenant *t, const struct origin *from, struct err *e)
{
	const struct settings *s;

	if (!settings_of(a, t, &s, e))
		return false;
	return is_inside(s, from) ||
	       err_set(e, ERR_PLACE, 0,
		   "This tenant may not be used from your address: its administrators have "
		   "said from where.",
		   "allowed_addresses of tenant %s", t->slug);
}

struct place_told {
	const char *reason;
};
static const struct field place_told_fields[] = {
	TOLD(struct place_told, reason),
	FIELD_END,
};
static const struct schema place_told = SCHEMA("PlaceTold", struct place_told, place_told_fields);

bool
place_check_user(
    const struct deed_by *by, const struct uuid *user, const char *email, struct err *e)
{
	const struct place_told told = { err_wire(ERR_PLACE) };
	struct audit_entry      entry = {
		     .action = AUDIT_SESSION_FAIL,
		     .failed = true,
		     .actor_kind = "anonymous",
		     .actor_name = email,
		     .target_id = *user,
	};
	struct err why = { 0 };

	if (place_check(by->auth, by->t->tenant, by->origin, e))
		return true;
	if (e->code != ERR_PLACE)
		return false;
	entry.details = audit_details(by->mem, &place_told, &told, &why);
	if (entry.details == NULL || !audit_seldom(by, &entry, told.reason, NULL, &why))
		*e = why;
	return false;
}

bool
place_keeps_in(
    TALLOC_CTX *mem, const struct settings *now, const struct origin *from, struct err *e)
{
	static const char pointer[] = "/settings/allowed_addresses";

	if (is_inside(now, from))
		return true;
	if (from == NULL || from->untold || *from->address == '\0')
		return err_fault(
		    e, mem, pointer, "would lock you out: from where you come is not known here");
	return err_fault(e, mem, pointer,
	    "would lock you out: your own address, %s, is in none of them", from->address);
}
