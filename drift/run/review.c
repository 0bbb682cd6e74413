#include "drift/run/review.h"

#include <stdio.h>
#include <string.h>

#include "core/store/drift/schedule.h"
#include "drift/alert/condition.h"

static int64_t
allowed_s(const struct drift_spec *spec)
{
	return spec->limits.review_after_days * 86400;
}

bool
review_begin(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	if (p->kind != PLAN_NEXT || in->spec->mode == BASELINE_PREVIOUS ||
	    strcmp(p->report.status, "baseline") != 0)
		return true;
	return schedule_set(db, SCHEDULE_REVIEW, &in->config->id, allowed_s(in->spec), e);
}

static bool
tell(const struct recheck *r, const struct drift_config *c, const struct drift_spec *spec,
    struct err *e)
{
	const struct alert_scope a = { .env = r->d->env,
		.t = r->t,
		.mem = r->mem,
		.config_id = c->id,
		.config_name = c->name,
		.targets = spec->targets,
		.targets_n = spec->targets_n };
	char                     text[128];

	snprintf(text, sizeof(text),
	    "its baseline is what was read first, and nobody has approved it in %lld day%s",
	    (long long)spec->limits.review_after_days,
	    spec->limits.review_after_days == 1 ? "" : "s");
	return condition_open(&a, CONDITION_REVIEW, text, e);
}

/* Seconds that are left, by the instant of its snapshot; *over: it is approved, or goes on by
 * itself. */
static bool
look(const struct recheck *r, const struct drift_spec *spec, int64_t *left, bool *over,
    struct err *e)
{
	struct config_state state;
	struct snapshot     s;

	*over = true;
	if (!config_state_by_id(r->t->db, r->mem, &r->claim->ref, &state, e))
		return false;
	if (state.baseline_approved || state.golden || spec->mode == BASELINE_PREVIOUS ||
	    uuid_is_nil(&state.baseline_snapshot))
		return true;
	if (!snapshot_by_id(r->t, r->mem, &state.baseline_snapshot, &s, e))
		return err_take(e, ERR_MISSING);
	*over = false;
	*left = allowed_s(spec) - (clock_ms(r->d->env->clock) - s.received_at.ms) / 1000;
	return true;
}

bool
review_due(struct db *db, const struct recheck *r, struct err *e)
{
	const struct drift_spec *spec;
	struct config_state      state;
	struct drift_config      c;
	int64_t                  left = 0;
	bool                     over;

	/* The lock first: who approves it meanwhile has done so, or ends what is told here. */
	if (!config_state_lock(db, r->mem, &r->claim->ref, &state, e) ||
	    !config_by_id(r->t, r->mem, &r->claim->ref, &c, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return schedule_done(db, r->claim, e); /* dropped: only the claim ends */
	}
	spec = spec_of(r->d, r->t, &c, r->work, e);
	if (spec == NULL || !look(r, spec, &left, &over, e) ||
	    (!over && left <= 0 && !tell(r, &c, spec, e)) || !schedule_done(db, r->claim, e))
		return false;
	/* The config may give more days than it did. */
	return over || left <= 0 || schedule_set(db, SCHEDULE_REVIEW, &r->claim->ref, left, e);
}

bool
review_over(const struct alert_scope *a, struct err *e)
{
	return condition_close(a, CONDITION_REVIEW, "The baseline was approved.", e);
}
