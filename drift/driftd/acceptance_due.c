#include "drift/driftd/acceptance_due.h"

#include <string.h>

#include "core/auth/audit.h"
#include "core/auth/audit_details.h"
#include "core/store/drift/acceptance.h"
#include "drift/run/golden_binding.h"

#define LOOK_S 60

struct looking {
	struct deed_by         by;
	const struct schedule *claim;
	struct acceptance      row;
	const char            *why; /* it ends; NULL: it goes on */
	struct finding_target *rows;
	size_t                 n;
};

/* ---- whether it ends ---- */

static bool
look_baseline(struct db *db, struct looking *l, struct err *e)
{
	struct config_state state;

	if (!config_state_by_id(db, l->by.mem, &l->row.config_id, &state, e)) {
		l->why = "the config is no more";
		return err_take(e, ERR_MISSING);
	}
	if (!uuid_eq(&state.baseline_snapshot, &l->row.baseline_id))
		l->why = "the baseline is another";
	return true;
}

static bool
look(struct db *db, struct looking *l, struct err *e)
{
	const instant now = { clock_ms(l->by.auth->env->clock) };

	l->why = NULL;
	if (!acceptance_findings(db, l->by.mem, &l->row.id, &l->rows, &l->n, e))
		return false;
	if (strcmp(l->row.kind, ACCEPTANCE_CHANGES) != 0) {
		if (!look_baseline(db, l, e))
			return false;
	} else if (l->n == 0) {
		l->why = "the value is another";
	} else if (l->row.expires_at.ms != 0 && l->row.expires_at.ms <= now.ms) {
		l->why = "the time until which it was to be accepted is over";
	}
	if (l->row.ends_at.ms <= now.ms)
		l->why = "nobody has confirmed it in time";
	return true;
}

/* ---- ending ---- */

static bool
note_findings(struct db *db, const struct looking *l, struct err *e)
{
	const struct env     *env = l->by.auth->env;
	struct finding_event *v = talloc_zero_size(l->by.mem, (l->n + 1) * sizeof(v[0]));

	if (v == NULL)
		return err_memory(e);
	for (size_t i = 0; i < l->n; i++)
		v[i] = (struct finding_event) { .id = uuid_make(env->clock, env->rand),
			.config_id = l->rows[i].row.config_id,
			.subject = l->rows[i].row.fingerprint,
			.value_hash = l->rows[i].row.value_hash,
			.at = { clock_ms(env->clock) },
			.actor = "system",
			.from_status = l->rows[i].row.status,
			.to_status = l->rows[i].row.status,
			.note = "That it was asked to be accepted has ended." };
	return l->n == 0 || finding_event_add(db, v, l->n, e);
}

static bool
end_body(struct db *db, void *arg, struct err *e)
{
	struct looking *l = arg;
	bool            done;

	return acceptance_drop(db, &l->row.id, &done, e) && note_findings(db, l, e) &&
	       (uuid_is_nil(&l->row.config_id) ||
		   golden_tell(db, l->by.auth->env, &l->row.config_id, "system", "pinned", "pinned",
		       "That a snapshot was asked to be the baseline has ended.", e)) &&
	       schedule_done(db, l->claim, e);
}

struct ended_told {
	const char *kind, *why, *asked_by;
};
static const struct field ended_told_fields[] = {
	TOLD(struct ended_told, kind),
	TOLD(struct ended_told, why),
	TOLD(struct ended_told, asked_by),
	FIELD_END,
};
static const struct schema ended_told =
    SCHEMA("AcceptanceEnded", struct ended_told, ended_told_fields);

static bool
end(struct looking *l, struct err *e)
{
	const struct ended_told told = { l->row.kind, l->why, l->row.asked_name };
	struct audit_entry      entry = {
		     .action = AUDIT_ACCEPTANCE_END, .actor_name = "driftd", .target_id = l->row.id
	};

	entry.details = audit_details(l->by.mem, &ended_told, &told, e);
	return entry.details != NULL && audit_deed(&l->by, end_body, l, &entry, e);
}

/* ---- ---- */

static bool
go_on_body(struct db *db, void *arg, struct err *e)
{
	const struct looking *l = arg;

	return schedule_done(db, l->claim, e) &&
	       (uuid_is_nil(&l->row.id) ||
		   schedule_set(db, SCHEDULE_ACCEPTANCE, &l->row.id, LOOK_S, e));
}

bool
acceptance_due(
    void *arg, struct tenant_db *t, TALLOC_CTX *mem, const struct schedule *claim, struct err *e)
{
	struct looking  l = { .by = { .auth = arg, .mem = mem, .t = t }, .claim = claim };
	const struct tx go_on = { "acceptance", go_on_body, &l, NULL, NULL };

	if (!acceptance_by_id(t->db, mem, &claim->ref, &l.row, e)) {
		l.row = (struct acceptance) { 0 };
		return err_take(e, ERR_MISSING) && tx_run(t->db, &go_on, e);
	}
	if (!look(t->db, &l, e))
		return false;
	return l.why == NULL ? tx_run(t->db, &go_on, e) : end(&l, e);
}
