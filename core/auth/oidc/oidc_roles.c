/* oidc_user.h: the roles that a provider's role map gives, and what is done by its word, with its
 * entry. */
#include <string.h>

#include "core/auth/audit_details.h"
#include "core/auth/ends.h"
#include "core/auth/oidc/oidc_roles.h"
#include "core/auth/user/key_maker.h"
#include "core/shm/cache.h"

#define ROLE_ADMIN "admin"
#define ROLES_MAX  16 /* of one user by a role map */
#define DAY_MS     (24 * 60 * 60 * INT64_C(1000))
#define EVERYBODY  "*" /* a group of the role map that all are in */

/* ---- roles ---- */

bool
oidc_roles_read(struct oidc_who *w, struct err *e)
{
	w->map = json_parse(w->by->mem, str_of(w->provider->role_map.text), e);
	if (w->map == NULL)
		return false;
	if (w->map->type != JSON_OBJECT)
		return err_set(e, ERR_INTERNAL, 0, "internal error", "the role map is no object");
	for (uint32_t i = 0; i < w->map->n; i++)
		w->maps |= !str_eqz(w->map->names[i], EVERYBODY);
	return true;
}

static bool
is_in(const struct oidc_person *p, struct str group)
{
	for (size_t i = 0; i < p->groups.n; i++)
		if (str_eqz(group, p->groups.items[i]))
			return true;
	return str_eqz(group, EVERYBODY);
}

static bool
has_role(const struct oidc_roles *r, struct str name)
{
	for (size_t i = 0; i < r->n; i++)
		if (str_eqz(name, r->all[i].name))
			return true;
	return false;
}

/* A role that has been deleted since gives nothing. */
static bool
add_role(struct oidc_who *w, struct str name, struct oidc_roles *r, struct err *e)
{
	char *z = str_dup(w->by->mem, name);

	if (z == NULL)
		return err_memory(e);
	if (has_role(r, name) || r->n == r->max)
		return true;
	if (mapped_role_by_name(w->by->t->db, w->by->mem, z, &r->all[r->n], e))
		r->n++;
	return e->code == ERR_OK || err_take(e, ERR_MISSING);
}

/* The roles that the account has stay, in front; see oidc_user.h. */
static bool
add_kept(struct oidc_who *w, struct oidc_roles *r, struct err *e)
{
	for (size_t i = 0; w->kept && i < w->user.roles.n; i++)
		if (!add_role(w, str_of(w->user.roles.items[i]), r, e))
			return false;
	return true;
}

bool
oidc_roles_map(struct oidc_who *w, struct oidc_roles *r, struct err *e)
{
	size_t kept = w->kept ? w->user.roles.n : 0;

	*r = (struct oidc_roles) { .max = kept + ROLES_MAX };
	r->all = talloc_zero_array(w->by->mem, struct mapped_role, (unsigned)r->max);
	if (r->all == NULL)
		return err_memory(e);
	if (!add_kept(w, r, e))
		return false;
	r->kept = r->n;
	for (uint32_t i = 0; i < w->map->n; i++)
		if (w->map->items[i].type == JSON_STRING && is_in(w->person, w->map->names[i]) &&
		    !add_role(w, w->map->items[i].text, r, e))
			return false;
	return true;
}

/* What the map gives does not end; who gave it first is kept. */
static struct assignment
as_given(struct oidc_who *w, const struct mapped_role *role, const struct assignment *was)
{
	if (was != NULL && was->ends_at.ms == 0)
		return *was;
	return (struct assignment) { .role_id = role->id,
		.given_name = w->provider->name,
		.given_at = { clock_ms(w->by->auth->env->clock) } };
}

bool
oidc_roles_put(struct oidc_who *w, const struct oidc_roles *r, struct err *e)
{
	struct assignment *have,
	    *all = talloc_zero_array(w->by->mem, struct assignment, (unsigned)r->n + 1);
	struct assignments put = { w->user.id, all, r->n };
	size_t             n;

	if (all == NULL)
		return err_memory(e);
	if (!assignment_list(w->by->t, w->by->mem, &w->user.id, &have, &n, e))
		return false;
	for (size_t i = 0; i < r->n; i++) {
		const struct assignment *was = NULL;

		for (size_t j = 0; j < n && was == NULL; j++)
			if (uuid_eq(&have[j].role_id, &r->all[i].id))
				was = &have[j];
		all[i] = was != NULL && i < r->kept ? *was : as_given(w, &r->all[i], was);
	}
	return assignments_put(w->by->t, w->by->mem, &put, e);
}

enum oidc_reason
oidc_roles_why_none(const struct oidc_who *w)
{
	static const enum oidc_reason reasons[] = { [OIDC_TOLD_NOTHING] = OIDC_NO_ROLE,
		[OIDC_TOLD_PART] = OIDC_OVERAGE,
		[OIDC_TOLD_UNASKED] = OIDC_UNAVAILABLE,
		[OIDC_TOLD_ALL] = OIDC_NO_ROLE };

	return w->maps ? reasons[w->person->told] : OIDC_NO_ROLE;
}

struct identity_told {
	const char               *provider, *subject;
	struct strings            roles, had; /* `had`: before, those that a sign-in changes */
	const struct key_effects *keys;
};
static const struct field identity_told_fields[] = {
	TOLD(struct identity_told, provider),
	TOLD(struct identity_told, subject),
	FIELD_END,
};
static const struct schema identity_told =
    SCHEMA("IdentityTold", struct identity_told, identity_told_fields);
static const struct field roles_told_fields[] = {
	TOLD(struct identity_told, provider),
	TOLD(struct identity_told, subject),
	TOLD(struct identity_told, roles),
	TOLD_IF(struct identity_told, had),
	TOLD_ITEM_IF(struct identity_told, keys, &key_effects_schema),
	FIELD_END,
};
static const struct schema roles_told =
    SCHEMA("RolesTold", struct identity_told, roles_told_fields);

/* `r` NULL: nothing was done about roles. */
static const char *
details_of(
    struct oidc_who *w, const struct oidc_roles *r, const struct key_effects *keys, struct err *e)
{
	TALLOC_CTX          *mem = w->by->mem;
	size_t               n = r != NULL ? r->n : 0;
	const char         **names = talloc_array(mem, const char *, (unsigned)n + 1);
	struct identity_told told = { w->provider->name, w->person->subject, { names, n },
		w->user.roles, keys };

	if (names == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = r->all[i].name;
	return audit_details(mem, r != NULL ? &roles_told : &identity_told, &told, e);
}

/* ---- deeds ---- */

bool
oidc_user_hold(struct oidc_who *w, struct db *db, struct err *e)
{
	bool holds;

	if (!provider_hold(db, w->provider, &holds, e))
		return false;
	w->outrun = !holds;
	return holds || err_set(e, ERR_CREDENTIALS, 0, "Sign-in failed.",
			    "the provider was changed or removed meanwhile");
}

static bool
held_body(struct db *db, void *arg, struct err *e)
{
	struct oidc_writing *x = arg;

	return oidc_user_hold(x->w, db, e) && x->body(db, x, e);
}

bool
oidc_deed(struct oidc_who *w, tx_fn *body, struct oidc_roles *roles, enum audit_action action,
    struct err *e)
{
	struct oidc_writing x = { w, body, roles, NULL };
	struct audit_entry  entry = { .action = action,
		 .actor_name = w->provider->name,
		 .target_id = w->user.id,
		 .details = details_of(w, roles, NULL, e) };

	x.entry = &entry;
	return entry.details != NULL && audit_deed(w->by, held_body, &x, &entry, e);
}

/* ---- roles that have changed ---- */

static bool
has_admin(const struct oidc_roles *r)
{
	return has_role(r, STR(ROLE_ADMIN));
}

/* Nobody else takes an administrator away until the end. */
static bool
is_last_admin(struct oidc_who *w, bool *last, struct err *e)
{
	uint64_t others = 0;

	if (!user_lock_admins(w->by->t, e) ||
	    !user_count_other_admins(w->by->t, &w->identity.user_id, &others, e))
		return false;
	*last = others == 0 && user_has_lasting(&w->user, ROLE_ADMIN);
	return true;
}

/* As when an administrator changes roles: the entry names the personal keys that may do less now.
 */
static bool
name_keys(struct oidc_writing *x, struct err *e)
{
	struct oidc_who          *w = x->w;
	const struct key_effects *keys;

	if (!keys_narrow(w->by, &w->user, &keys, e))
		return false;
	x->entry->details = details_of(w, x->roles, keys, e);
	return x->entry->details != NULL;
}

/* Roles that stay are those of this moment: one that an administrator has just taken away does not
 * come back. */
static bool
read_again(struct oidc_writing *x, struct err *e)
{
	struct oidc_who *w = x->w;

	return user_lock_admins(w->by->t, e) &&
	       user_by_id(w->by->t, w->by->mem, &w->identity.user_id, &w->user, e) &&
	       oidc_roles_map(w, x->roles, e);
}

/* The last administrator stays one, whatever the provider says; that it said so is on record. */
static bool
roles_body(struct db *db, void *arg, struct err *e)
{
	struct oidc_writing *x = arg;
	struct ending        ends = { .event = END_ROLES,
		       .user = x->w->user.id,
		       .now = { clock_ms(x->w->by->auth->env->clock) } };
	bool                 last = false;

	if (x->w->kept && !read_again(x, e))
		return false;
	if (!has_admin(x->roles) && !is_last_admin(x->w, &last, e))
		return false;
	x->entry->failed = last;
	if (last) {
		x->w->identity.told_at.ms =
		    clock_ms(x->w->by->auth->env->clock); /* what was told once stays */
		return true;
	}
	/* a refusal may follow, which writes nothing of the identity */
	return oidc_roles_put(x->w, x->roles, e) && ends_apply(x->w->by->t, &ends, e) &&
	       identity_touch(db, &x->w->identity, e) && name_keys(x, e);
}

/* ---- of who is known ---- */

static bool
same_roles(const struct user *u, const struct oidc_roles *r)
{
	if (u->roles.n != r->n)
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(u->roles.items[i], r->all[i].name) != 0)
			return false;
	return true;
}

static bool
is_told(const struct oidc_person *p)
{
	return p->told == OIDC_TOLD_ALL || p->groups.n > 0;
}

void
oidc_roles_note_told(struct oidc_who *w)
{
	w->identity.told_at.ms =
	    w->maps && is_told(w->person) ? clock_ms(w->by->auth->env->clock) : 0;
}

/* Since when what was told once has not been, or could not be asked for; 0: that is not so. */
static int64_t
untold_since(struct oidc_who *w, int64_t now)
{
	int64_t *since = &w->identity.unasked_since.ms;

	if (!w->maps || w->person->told == OIDC_TOLD_ALL ||
	    (w->person->told != OIDC_TOLD_UNASKED && w->identity.told_at.ms == 0))
		*since = 0;
	else if (*since == 0)
		*since = now;
	return *since;
}

/* What is not told of a known person is not "none"; since when that has been so is written with the
 * sign-in. */
static bool
keeps_roles(struct oidc_who *w)
{
	int64_t now = clock_ms(w->by->auth->env->clock), since = untold_since(w, now);
	bool    keep = w->maps && w->person->told != OIDC_TOLD_ALL &&
		    (w->person->told == OIDC_TOLD_UNASKED ||
			strcmp(w->provider->absent_roles, "keep") == 0) &&
		    (since == 0 || now - since < OIDC_UNASKED_DAYS * DAY_MS);

	if (!keep || is_told(w->person))
		oidc_roles_note_told(w);
	return keep;
}

/* Who asks a provider for less than we do hides what it would tell. */
static bool
hides(const struct oidc_who *w)
{
	return w->withheld && w->maps && w->person->told != OIDC_TOLD_ALL &&
	       w->identity.told_at.ms != 0;
}

static bool
write_roles(struct oidc_who *w, struct oidc_roles *r, struct err *e)
{
	if (!oidc_deed(w, roles_body, r, AUDIT_IDENTITY_ROLES, e))
		return false;
	cache_bump_user(w->by->auth->env->segment, &w->user.id);
	return user_by_id(w->by->t, w->by->mem, &w->identity.user_id, &w->user, e);
}

bool
oidc_roles_sync(struct oidc_who *w, enum oidc_reason *why, struct err *e)
{
	struct oidc_roles r;

	if (w->map->n == 0)
		return true;
	if (hides(w))
		return oidc_user_refuse(OIDC_SCOPE, why, e);
	w->kept = keeps_roles(w);
	if (!oidc_roles_map(w, &r, e) || (!same_roles(&w->user, &r) && !write_roles(w, &r, e)))
		return false;
	return r.n > 0 || oidc_user_refuse(oidc_roles_why_none(w), why, e);
}
