#include "drift/driftd/intent_due.h"

#include "core/auth/audit.h"
#include "core/auth/audit_details.h"
#include "core/store/drift/intent.h"

#define AGAIN_S 300 /* as long as it is not known who made what may be it */

struct looking {
	struct deed_by         by;
	const struct schedule *claim;
	struct intent          row;
	int64_t                again_s; /* 0: it is over */
};

struct missed_told {
	const char *owner, *reason, *ticket;
	struct uuid config;
};
static const struct field missed_told_fields[] = {
	TOLD(struct missed_told, config),
	TOLD(struct missed_told, owner),
	TOLD(struct missed_told, reason),
	TOLD_IF(struct missed_told, ticket),
	FIELD_END,
};
static const struct schema missed_told =
    SCHEMA("IntentMissed", struct missed_told, missed_told_fields);

static bool
miss_body(struct db *db, void *arg, struct err *e)
{
	const struct looking *l = arg;
	const instant         now = { clock_ms(l->by.auth->env->clock) };
	bool                  done;

	if (!intent_miss(db, &l->row.id, now, &done, e))
		return false;
	if (!done)
		return err_set(e, ERR_CONFLICT, 0, "internal error", "it has come meanwhile");
	return schedule_done(db, l->claim, e);
}

static bool
miss(struct looking *l, struct err *e)
{
	const struct missed_told told = { l->row.owner, l->row.reason, l->row.ticket,
		l->row.config_id };
	struct audit_entry       entry = {
		      .action = AUDIT_INTENT_MISS, .actor_name = "driftd", .target_id = l->row.id
	};

	entry.details = audit_details(l->by.mem, &missed_told, &told, e);
	return entry.details != NULL && audit_deed(&l->by, miss_body, l, &entry, e);
}

static bool
go_on_body(struct db *db, void *arg, struct err *e)
{
	const struct looking *l = arg;

	return schedule_done(db, l->claim, e) &&
	       (l->again_s == 0 ||
		   schedule_set(db, SCHEDULE_INTENT, &l->claim->ref, l->again_s, e));
}

/* What is read of a source may say for a while yet who made it. */
static bool
look(struct looking *l, bool *missed, struct err *e)
{
	const instant now = { clock_ms(l->by.auth->env->clock) };
	bool          waits = false;

	*missed = false;
	if (l->row.fulfilled_at.ms != 0 || l->row.ended_at.ms != 0 || l->row.missed_at.ms != 0)
		return true;
	if (l->row.ends_at.ms > now.ms) {
		l->again_s = (l->row.ends_at.ms - now.ms) / 1000 + 1;
		return true;
	}
	if (now.ms - l->row.ends_at.ms < INTENT_LINGERS_MS &&
	    !intent_waits(l->by.t->db, &l->row, &waits, e))
		return false;
	l->again_s = waits ? AGAIN_S : 0;
	*missed = !waits;
	return true;
}

bool
intent_due(
    void *arg, struct tenant_db *t, TALLOC_CTX *mem, const struct schedule *claim, struct err *e)
{
	struct looking  l = { .by = { .auth = arg, .mem = mem, .t = t }, .claim = claim };
	const struct tx go_on = { "intent", go_on_body, &l, NULL, NULL };
	bool            missed;

	if (!intent_by_id(t->db, mem, &claim->ref, &l.row, e))
		return err_take(e, ERR_MISSING) && tx_run(t->db, &go_on, e);
	if (!look(&l, &missed, e))
		return false;
	if (missed && miss(&l, e))
		return true;
	if (missed && !err_take(e, ERR_CONFLICT))
		return false;
	return tx_run(t->db, &go_on, e);
}
