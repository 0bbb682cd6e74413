#include "drift/run/apply.h"

#include "core/store/drift/history.h"
#include "core/store/drift/schedule.h"
#include "drift/run/announcing.h"
#include "drift/run/attributing.h"
#include "drift/run/completeness.h"
#include "drift/run/daily_count.h"
#include "drift/run/masking.h"
#include "drift/run/review.h"
#include "drift/run/rule_hits.h"
#include "drift/run/settle.h"
#include "drift/run/suggestion.h"

/* When to look again, from what the plan has found; nothing left ends it. */
static bool
set_recheck(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	if (p->kind == PLAN_LATE || p->kind == PLAN_SAME)
		return true;
	if (p->after.recheck_at.ms != 0)
		return schedule_recheck_at(
		    db, &in->config->id, p->after.recheck_at, in->received_at, e);
	if (p->before.recheck_at.ms == 0 || p->kind == PLAN_AGAIN)
		return true;
	return schedule_set(db, SCHEDULE_RECHECK, &in->config->id, -1, e);
}

/* By category, as collections are. */
static struct clearing *
clearing_of(struct plan *p)
{
	struct clearing *all = talloc_zero_size(p, (p->collections.n + 1) * sizeof(all[0]));

	for (size_t i = 0; all != NULL && i < p->collections.n; i++) {
		const struct plan_collection *c = &p->collections.of[i];

		all[i] = (struct clearing) { c->category, c->was.clean,
			c->read || c->retired || c->spared };
	}
	return all;
}

/* `cleared` NULL: they are as they were. */
static void
set_clean(struct plan *p, const int64_t *cleared)
{
	for (size_t i = 0; cleared != NULL && i < p->collections.n; i++)
		p->collections.of[i].row.clean = cleared[i];
}

bool
apply_alerts(struct db *db, const struct ingest *in, struct plan *p, enum deed *deed, struct err *e)
{
	const struct plan_findings *l = p->findings;
	size_t                      n = p->diff == NULL ? 0 : p->diff->n;
	struct clearing            *clearing = clearing_of(p);
	const struct alert_scope    scope = { .env = in->d->env,
		   .t = in->t,
		   .mem = p,
		   .config_id = in->config->id,
		   .config_name = in->config->name,
		   .targets = in->spec->targets,
		   .targets_n = in->spec->targets_n,
		   .report = &p->report };
	const struct alert_input    found = { .limits = &in->spec->limits,
		   .changes = n == 0 ? NULL : p->diff->changes,
		   .texts = p->values,
		   .holds = l == NULL ? NULL : l->hold,
		   .runs = l == NULL ? NULL : l->runs,
		   .tolerated = l == NULL ? NULL : l->tolerated,
		   .n = n,
		   .flaps = in->spec->limits.flapping ? &p->stability.flaps : NULL,
		   .silence = l == NULL ? NULL : l->silence,
		   .complete = p->collections.settled,
		   .read = p->collections.any,
		   .unread = !p->collections.complete,
		   .in_order = p->kind != PLAN_LATE,
		   .again = p->kind == PLAN_AGAIN,
		   .let_go = p->collections.let_go,
		   .clean_runs = p->before.clean_runs,
		   .clearing = clearing,
		   .clearing_n = p->collections.n,
		   .incomplete_runs = p->after.incomplete_runs };
	struct alert_outcome        became = { .clean_runs = p->before.clean_runs };

	if (clearing == NULL)
		return err_memory(e);
	if (!stability_write(db, in, p, &scope, e))
		return false;
	if (p->kind != PLAN_SAME) {
		if (!alerting_apply(&scope, &found, &became, e))
			return false;
		p->report.not_alerted = became.not_alerted;
		p->waits = became.waits;
	}
	p->after.clean_runs = became.clean_runs;
	set_clean(p, became.cleared);
	if (became.go_on)
		p->after.config_version = 0;
	if (deed != NULL)
		*deed = became.deed;
	return pushers_write(in, p, &scope, e) && completeness_write(db, in, p, &scope, e) &&
	       set_recheck(db, in, p, e);
}

/* What the manifest of a snapshot out of order refers to stays as long as that snapshot. */
static bool
write_refs(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	size_t               n = in->snapshot->n;
	struct manifest_ref *refs;

	if (p->kind != PLAN_LATE)
		return true;
	refs = talloc_zero_size(p, (n + 1) * sizeof(refs[0]));
	if (refs == NULL)
		return err_memory(e);
	refs[n] = (struct manifest_ref) { p->snapshot.id, p->snapshot.manifest };
	for (size_t i = 0; i < n; i++)
		refs[i] = (struct manifest_ref) { p->snapshot.id,
			{ in->snapshot->items[i].address, HASH_LEN } };
	return history_refer(db, refs, n + 1, e);
}

bool
apply_plan(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	const struct versions ended = { p->closed, p->closed_n },
			      begun = { p->opened, p->opened_n };

	if (!rule_hits_write(db, in, p, e) || !suggestion_write(db, in, p, e))
		return false;
	if (p->kind == PLAN_SAME)
		return apply_alerts(db, in, p, NULL, e) && collections_write(db, in, p, e);
	/* Rows that are many go with what the alerts are asked for, and the rest with COMMIT. */
	return content_add(db, &p->contents, e) && write_refs(db, in, p, e) &&
	       versions_write(db, p, &ended, &begun, e) && finding_write(db, p->findings, e) &&
	       announcing_write(db, p, e) && daily_count_write(db, in, p, e) &&
	       change_add(db, p->changes, p->seen.n, e) && attributing_write(db, in, p, e) &&
	       apply_alerts(db, in, p, NULL, e) && settle_write(db, in, p, e) &&
	       report_add(db, &p->report, e) && collections_write(db, in, p, e) &&
	       collections_tell(db, in, p, e) && review_begin(db, in, p, e) &&
	       masking_write(db, in, p, e);
}
