#include "drift/run/recheck.h"

#include <string.h>

#include "core/store/tx.h"
#include "drift/run/announcing.h"
#include "drift/run/apply.h"
#include "drift/run/daily_count.h"
#include "drift/run/golden_binding.h"
#include "drift/run/raising.h"
#include "drift/run/takeover.h"

static bool
write_report(struct db *db, const struct ingest *in, struct plan *p, enum deed deed, struct err *e)
{
	const struct plan_findings *l = p->findings;

	if (deed == DEED_NONE && (l == NULL || (l->put_n == 0 && l->fresh_n == 0)) &&
	    !raising_is_new(p)) {
		/* what this comparison says otherwise is for the next snapshot's report */
		p->after.report_id = p->before.report_id;
		p->after.state = p->before.state;
		p->after.config_version = 0;
		return true;
	}
	return report_add(db, &p->report, e) && change_add(db, p->changes, p->seen.n, e) &&
	       daily_count_write(db, in, p, e);
}

static bool
look_again(struct db *db, const struct ingest *in, bool *goes_on, struct err *e)
{
	struct plan *p = plan_again(in->mem, in, e);
	enum deed    deed;

	if (p == NULL || !finding_write(db, p->findings, e) || !announcing_write(db, p, e) ||
	    !apply_alerts(db, in, p, &deed, e) || !write_report(db, in, p, deed, e) ||
	    !collections_write(db, in, p, e) || !config_state_set(db, &p->after, &p->before, e))
		return false;
	*goes_on = p->after.recheck_at.ms != 0;
	/* a snapshot on its way that has read the row before is planned again */
	return config_outrun(db, &in->config->id, e);
}

/* *found false: there is nothing to look at. */
static bool
newest(struct ingest *in, const struct config_state *state, struct snapshot *s, bool *found,
    struct err *e)
{
	struct report report;

	*found = false;
	if (uuid_is_nil(&state->report_id) || uuid_is_nil(&state->snapshot_id))
		return true;
	if (!report_by_id(in->t, in->mem, &state->report_id, &report, e))
		return false;
	if (strcmp(report.status, "baseline") == 0)
		return true;
	if (!snapshot_by_id(in->t, in->mem, &state->snapshot_id, s, e))
		return false;
	in->snapshot = normal_snapshot_of_stored(in->t, in->mem, s, e);
	if (in->snapshot == NULL)
		return false;
	in->snapshot_id = s->id;
	in->collected_at = s->collected_at;
	in->actor = s->actor;
	*found = true;
	return true;
}

static struct ingest
recheck_of(const struct recheck *r, const struct drift_config *config)
{
	return (struct ingest) { .d = r->d,
		.t = r->t,
		.mem = r->mem,
		.work = r->work,
		.config = config,
		.received_at = { clock_ms(r->d->env->clock) } };
}

bool
recheck_renew(const struct recheck *r, struct err *e)
{
	struct drift_config   config;
	struct ingest         in = recheck_of(r, &config);
	const struct takeover over = { r->d, r->t, r->mem, r->work, r->claim->ref };
	bool                  renewed;

	/* under the edition of now, so that nothing is told by names that end */
	if (!takeover(&over, e) || !config_by_id(r->t, r->mem, &r->claim->ref, &config, e))
		return err_take(e, ERR_MISSING);
	in.spec = spec_of(r->d, r->t, &config, r->work, e);
	return in.spec != NULL && golden_renew(&in, &renewed, e);
}

bool
recheck_body(struct db *db, const struct recheck *r, struct err *e)
{
	struct drift_config config;
	struct snapshot     s;
	struct ingest       in = recheck_of(r, &config);
	struct config_state state;
	bool                found, goes_on = false;

	/* The lock first: what is read after it is as the deed before left it. */
	if (!config_state_lock(db, r->mem, &r->claim->ref, &state, e) ||
	    !config_by_id(r->t, r->mem, &r->claim->ref, &config, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return schedule_done(db, r->claim, e); /* dropped: only the claim ends */
	}
	in.spec = spec_of(r->d, r->t, &config, r->work, e);
	if (in.spec == NULL || !newest(&in, &state, &s, &found, e) ||
	    (found && !look_again(db, &in, &goes_on, e)))
		return false;
	return goes_on || schedule_done(db, r->claim, e);
}
