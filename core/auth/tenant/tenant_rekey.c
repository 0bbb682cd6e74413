#include "core/auth/tenant/tenant_rekey.h"

#include "core/auth/audit_details.h"
#include "core/auth/sealed_refused.h"

struct rekey_told {
	int64_t data_key;
};
static const struct field rekey_told_fields[] = {
	TOLD(struct rekey_told, data_key),
	FIELD_END,
};
static const struct schema rekey_told = SCHEMA("RekeyTold", struct rekey_told, rekey_told_fields);

bool
tenant_rekey(const struct deed_by *by, const char *actor_name, struct data_keys *now, struct err *e)
{
	struct database   *d = by->auth->database;
	const struct uuid  id = by->t->tenant->id;
	struct rekey_told  told;
	struct audit_entry entry = { .action = AUDIT_KEY_ROTATE,
		.actor_name = actor_name,
		.target_kind = "data_key",
		.target_id = id };

	if (!data_keys_state(d, &id, now, e))
		return false;
	if (now->n > 1)
		return true;
	told.data_key = (int64_t)now->newest + 1;
	entry.details = audit_details(by->mem, &rekey_told, &told, e);
	return entry.details != NULL && audit_deed(by, NULL, NULL, &entry, e) &&
	       data_keys_add(d, &id, e) && data_keys_state(d, &id, now, e);
}

/* ---- driftd's side ---- */

static bool
stops(void *arg, const struct reseal_pass *p, const char *table)
{
	const struct rekey_turn *t = arg;

	(void)p, (void)table;
	return t->stop(t->arg);
}

/* The database has it: sealed_refused_note(). */
static void
refused(void *arg, const char *table, const char *column, const struct uuid *row)
{
	(void)arg, (void)table, (void)column, (void)row;
}

static void
say(const struct rekey_turn *t, const struct tenant *row)
{
	const struct reseal_pass *p = &t->pass;

	log_event(t->auth->env->log, LOG_SYSTEM, LOG_LEVEL_INFO,
	    "what a tenant has sealed with a former data key was sealed with the newest one",
	    LOGS("event.action", "data_key.rotate"),
	    LOGS("event.outcome", p->refused > 0 ? "failure" : "success"),
	    LOGS("bsx.tenant", row->slug), LOGI("bsx.values", (int64_t)p->sealed),
	    LOGI("bsx.refused", (int64_t)p->refused), LOGI("bsx.keys", (int64_t)p->destroyed));
}

/* The pass of the next one that is due; *none: there is none. */
static bool
begin(struct rekey_turn *t, bool *none, struct err *e)
{
	struct data_keys now;

	for (;;) {
		if (!data_keys_several(t->auth->database, &t->after, &t->after, e))
			return false;
		*none = uuid_is_nil(&t->after);
		if (*none)
			return true;
		if (!data_keys_state(t->auth->database, &t->after, &now, e))
			return false;
		if (now.age_s < RESEAL_SETTLE_S)
			continue; /* not every process seals with it */
		t->pass = (struct reseal_pass) { .tenant = t->after, .settled = true };
		return true;
	}
}

static bool
go_on(struct rekey_turn *t, struct err *e)
{
	const struct reseal_watch w = { stops, refused, t };
	const struct tenant      *row;
	struct tenant_db         *tdb;

	if (!tenant_by_id(t->auth->database, &t->pass.tenant, &row, e)) {
		t->pass.ended = true;
		return err_take(e, ERR_MISSING);
	}
	t->pass.ended = !tenant_stands(row);
	if (t->pass.ended)
		return true;
	if (!tenant_db_open(t->auth->database, row, true, &tdb, e) ||
	    !reseal_walk(t->auth->database, tdb, &w, &t->pass, e))
		return false;
	if (t->pass.ended)
		say(t, row);
	return true;
}

bool
tenant_rekey_turn(struct rekey_turn *t, bool *ended, struct err *e)
{
	bool ok = true;

	*ended = false;
	while (ok && !*ended && !t->stop(t->arg)) {
		if (uuid_is_nil(&t->pass.tenant)) {
			ok = begin(t, ended, e);
			continue;
		}
		ok = go_on(t, e);
		if (!ok || t->pass.ended) /* what fails is begun anew by the next walk */
			t->pass = (struct reseal_pass) { 0 };
		database_tidy(t->auth->database);
		sealed_refused_note(t->auth);
	}
	return ok;
}
