#include "drift/service/acting.h"

#include "core/auth/audit_details.h"
#include "core/auth/audit_seldom.h"
#include "core/base/unicode.h"

#define NAME_MAX_BYTES 254 /* of the columns that keep it */

static const char *
name_of(const struct deed_by *by, struct err *e)
{
	const struct caller *c = by->caller;
	const struct tenant *home;
	char                *name;

	if (!c->acting)
		return c->name;
	if (!tenant_by_id(by->auth->database, &c->tenant, &home, e))
		return NULL;
	name = talloc_asprintf(by->mem, "tenant:%s/%s", home->slug, c->name);
	name = name == NULL ? NULL : unicode_clean(by->mem, str_of(name), NAME_MAX_BYTES);
	if (name == NULL)
		err_memory(e);
	return name;
}

struct acting *
acting_make(const struct deed_by *by, struct drift *d, struct work *work, struct err *e)
{
	struct acting *a;

	if (by->auth == NULL || by->t == NULL || by->caller == NULL || d == NULL || work == NULL) {
		err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a deed that lacks who, where or how");
		return NULL;
	}
	a = talloc_zero(by->mem, struct acting);
	if (a == NULL) {
		err_memory(e);
		return NULL;
	}
	a->by = *by;
	a->name = name_of(by, e);
	if (a->name == NULL)
		return NULL;
	a->drift = d;
	a->work = work;
	a->view.values = permission_has(&by->caller->permissions, ACTION_READ, RESOURCE_SNAPSHOTS);
	a->view.trail = permission_has(&by->caller->permissions, ACTION_READ, RESOURCE_AUDIT);
	return a;
}

bool
acting_holds(const struct acting *a, uint64_t revision, struct err *e)
{
	return a->holds == NULL || a->holds(a->holds_arg, revision, e);
}

bool
acting_spend(struct db *db, const struct acting *a, struct err *e)
{
	if (a->spends == NULL || alert_answer_add(db, a->spends, e))
		return true;
	if (e->code != ERR_CONFLICT)
		return false;
	err_clear(e);
	return err_set(e, ERR_CONFLICT, 0, "This link was used before, and counts once.",
	    "an answer link that was used meanwhile");
}

instant
acting_now(const struct acting *a)
{
	return (instant) { clock_ms(a->drift->env->clock) };
}

struct uuid
acting_id(const struct acting *a)
{
	return uuid_make(a->drift->env->clock, a->drift->env->rand);
}

char *
acting_copy(const struct acting *a, const char *text)
{
	return talloc_strdup(a->by.mem, text);
}

const struct drift_spec *
acting_spec(const struct acting *a, const struct drift_config *c, struct err *e)
{
	return spec_of(a->drift, a->by.t, c, a->work, e);
}

/* ---- deeds ---- */

struct name_told {
	const char *name;
};
static const struct field name_told_fields[] = {
	TOLD(struct name_told, name),
	FIELD_END,
};
static const struct schema name_told = SCHEMA("NameTold", struct name_told, name_told_fields);

struct alert_scope
acting_alerts(const struct acting *a, const struct drift_config *c, const struct drift_spec *spec)
{
	return (struct alert_scope) { .env = a->drift->env,
		.t = a->by.t,
		.mem = a->by.mem,
		.config_id = c->id,
		.config_name = acting_copy(a, c->name),
		.targets = spec->targets,
		.targets_n = spec->targets_n };
}

bool
acting_deed(const struct acting *a, tx_fn *body, void *arg, const struct audit_entry *entry,
    const char *name, struct err *e)
{
	struct audit_entry named = *entry;

	named.details = audit_details(a->by.mem, &name_told, &(struct name_told) { name }, e);
	return named.details != NULL && audit_deed(&a->by, body, arg, &named, e);
}

bool
acting_note(const struct acting *a, enum audit_action action, const struct uuid *target,
    const struct schema *s, const void *told, struct err *e)
{
	struct audit_entry entry = { .action = action, .target_id = *target };

	entry.details = audit_details(a->by.mem, s, told, e);
	return entry.details != NULL && audit_seldom(&a->by, &entry, entry.details, NULL, e);
}

/* ---- who sees values ---- */

bool
view_demand(struct view v, const char *what, struct err *e)
{
	return v.values || err_set(e, ERR_FORBIDDEN, 0, what, "values without read:snapshots");
}

bool
view_refuse(TALLOC_CTX *mem, const struct json *value, const char *pointer, struct err *e)
{
	if (value == NULL || value->type != JSON_STRING || !str_eqz(value->text, VIEW_WITHHELD))
		return true;
	return err_fault(e, mem, pointer,
	    "is what those see who may not see the value: leave out what is to stay as it is");
}
