#include "core/auth/key_rotation.h"

#include <string.h>

#include "core/auth/audit.h"
#include "core/auth/audit_details.h"

#define ACCESS_MAX_S 3600 /* longest life of an access token: the limit of session.access_s */
#define OLD_S        60 /* a process that has not read the keys again still signs with the old one */
#define KEEP_S       (ACCESS_MAX_S + OLD_S + TOKEN_SKEW_S)

/* ---- the turn ---- */

static bool
is_due(const struct auth *a, const struct signing_turn *t, enum rotation_when when)
{
	if (when == ROTATE_WHEN_DUE)
		return t->active_s >= a->env->conf->keys_rotate_s &&
		       t->published_s >= ROTATE_PUBLISHED_S;
	return t->published_s >= ROTATE_PUBLISHED_S || when == ROTATE_FORCED;
}

/* The state with a successor, which is made when there is none. */
static bool
prepare(struct auth *a, TALLOC_CTX *mem, struct signing_turn *t, struct err *e)
{
	if (!signing_turn_get(a->database, mem, t, e))
		return err_note(e, "looking for the active signing key");
	if (t->successor != NULL)
		return true;
	return signing_turn_prepare(a->database, t->active, e) &&
	       signing_turn_get(a->database, mem, t, e);
}

static bool
turn(struct auth *a, TALLOC_CTX *mem, enum rotation_when when, bool *turned, struct err *e)
{
	struct signing_turn before, after;

	if (!prepare(a, mem, &before, e))
		return false;
	if (before.successor == NULL || !is_due(a, &before, when))
		return when == ROTATE_WHEN_DUE ||
		       err_set(e, ERR_CONFLICT, 0,
			   "The next key is not published long enough: services that keep our keys "
			   "would refuse its tokens.",
			   "published for %lld s", (long long)before.published_s);
	if (!signing_turn_make(a->database, &before, KEEP_S, e) || !prepare(a, mem, &after, e))
		return false;
	*turned = strcmp(before.active, after.active) != 0;
	return true;
}

/* ---- the audit ---- */

static const struct field turn_told_fields[] = {
	TOLD(struct signing_turned, kid),
	TOLD(struct signing_turned, retired),
	FIELD_END,
};
static const struct schema turn_told = SCHEMA("TurnTold", struct signing_turned, turn_told_fields);

/* An entry that is there already was written by who died before saying so. */
static bool
write_entry(
    const struct deed_by *by, const struct signing_turned *t, const char *actor, struct err *e)
{
	struct audit_entry entry = {
		.id = t->audit_id,
		.action = AUDIT_KEY_ROTATE,
		.actor_name = actor,
		.details = audit_details(by->mem, &turn_told, t, e),
	};

	if (entry.details == NULL)
		return false;
	if (!audit_deed(by, NULL, NULL, &entry, e)) {
		if (!err_take(e, ERR_CONFLICT))
			return false;
	}
	return signing_turned_audited(by->auth->database, t, e);
}

static bool
audit(struct auth *a, TALLOC_CTX *mem, const char *actor, struct err *e)
{
	const struct tenant   *row;
	struct deed_by         by = { .auth = a, .mem = mem };
	struct signing_turned *list;
	size_t                 n = 0;

	if (!signing_turned_get(a->database, mem, &list, &n, e))
		return false;
	if (n == 0)
		return true;
	if (!tenant_by_slug(a->database, STR("platform"), &row, e) ||
	    !tenant_db_open(a->database, row, true, &by.t, e))
		return err_note(e, "the turn of signing keys is audited in the tenant platform");
	for (size_t i = 0; i < n; i++)
		if (!write_entry(&by, &list[i], actor, e))
			return false;
	return true;
}

bool
rotation_keys(
    struct auth *a, enum rotation_when when, const char *actor, bool *turned, struct err *e)
{
	TALLOC_CTX *mem = talloc_new(NULL);
	bool        made = false, ok;

	if (mem == NULL)
		return err_memory(e);
	ok = turn(a, mem, when, &made, e) && audit(a, mem, actor, e) &&
	     signing_keys_drop_ended(a->database, e);
	if (turned != NULL)
		*turned = made;
	talloc_free(mem);
	return ok;
}
