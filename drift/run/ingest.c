#include "drift/run/ingest.h"

#include <string.h>

#include "core/shm/metric.h"
#include "core/store/tenant/quota.h"
#include "core/store/tx.h"
#include "drift/run/apply.h"
#include "drift/run/golden_binding.h"
#include "drift/run/running.h"
#include "drift/run/suggestion.h"
#include "drift/run/tailing.h"
#include "drift/snapshot/retention.h"

#define SAME_NO_MORE (-126) /* e->sys: no number of the database */

/* ---- the transaction ---- */

/* The transaction's argument. */
struct writing {
	const struct ingest *in;
	struct plan         *plan;
	unsigned             tries;
};

/* There is more to do than a bare one has. */
static bool
is_too_little(const struct ingest *in, const struct plan *p)
{
	return in->snapshot->bare && (p->kind != PLAN_SAME || suggestion_is_due(in));
}

static bool
plan_anew(struct db *db, struct writing *w, struct err *e)
{
	struct config_state now;
	struct drift_config config;
	struct ingest       in = *w->in;
	struct plan        *p;

	in.read = NULL;
	if (!config_state_lock(db, w->in->mem, &w->in->config->id, &now, e) ||
	    !config_by_id(w->in->t, w->in->mem, &w->in->config->id, &config, e))
		return false;
	if (config.edition != w->in->config->edition)
		return err_set(e, ERR_UNAVAILABLE, 0,
		    "The config has just been taken over to another edition of comparing; push "
		    "again.",
		    "the edition of a config has changed under a push");
	p = plan_make(in.mem, &in, e);
	if (p == NULL)
		return false;
	talloc_free(w->plan);
	w->plan = p;
	return !is_too_little(&in, p) ||
	       err_set(e, ERR_UNAVAILABLE, SAME_NO_MORE, "The snapshot was outrun; push again.",
		   "a snapshot that was the same is not any more");
}

/* Where it is one.  What came late may need another reading at once. */
static bool
end_run(struct db *db, const struct ingest *in, const struct plan *p, struct err *e)
{
	struct run_done done = { .report = p->report.id, .snapshot = p->snapshot.id };

	if (in->run == NULL)
		return true;
	if (p->findings != NULL && p->findings->confirm_at.ms != 0) {
		done.again_ms = p->findings->confirm_at.ms - in->received_at.ms;
		if (done.again_ms <= 0)
			done.again_ms = 1;
	}
	return tailing_begin(db, in, e) && running_end(db, in->run, &done, e);
}

/* What the tenant stores for it. */
static int64_t
bytes_of(const struct plan *p)
{
	int64_t n = content_rows_bytes(&p->contents);

	for (size_t i = 0; p->kind != PLAN_SAME && i < p->seen.n; i++) {
		const struct change_row *c = &p->changes[i];

		n += (int64_t)(strlen(c->path) + strlen(c->canonical_path) + c->old_value.n +
			       c->new_value.n);
	}
	return n;
}

/* Holds the state row from its first statement on; where the state has moved on since the plan was
 * made, it is outrun. */
static bool
ingest_body(struct db *db, void *arg, struct err *e)
{
	struct writing *w = arg;
	struct plan    *p;

	if (w->tries++ > 0 && !plan_anew(db, w, e))
		return false;
	p = w->plan;
	if (!snapshot_add_next(db, &p->snapshot, &p->before, e) || !apply_plan(db, w->in, p, e) ||
	    !end_run(db, w->in, p, e) ||
	    !quota_take_push(w->in->t, w->in->received_at, bytes_of(p), e))
		return false;
	return p->kind == PLAN_LATE ? config_state_number(db, &p->after, p->before.seq, e)
				    : config_state_set(db, &p->after, &p->before, e);
}

/* A golden baseline follows its template first. */
static struct plan *
ingest_plan(const struct ingest *in, struct err *e)
{
	struct plan  *p = plan_make(in->mem, in, e);
	struct ingest again = *in;
	bool          renewed = false;

	if (p == NULL || !p->before.golden)
		return p;
	if (!golden_renew(in, &renewed, e))
		return NULL;
	again.read = NULL;
	return renewed ? plan_make(in->mem, &again, e) : p;
}

static struct plan *
ingest_write(const struct ingest *in, struct err *e)
{
	const struct snapshot_mark mark = { in->snapshot_id };
	struct writing             w = { .in = in, .plan = ingest_plan(in, e) };
	const struct tx            tx = { "ingest", ingest_body, &w, snapshot_mark(), &mark };

	if (w.plan == NULL)
		return NULL;
	if (is_too_little(in, w.plan))
		(void)err_set(e, ERR_UNAVAILABLE, SAME_NO_MORE, "The snapshot is not the same.",
		    "a snapshot that was the same needs more than to be counted");
	else if (tx_run(in->t->db, &tx, e))
		return w.plan;
	return NULL;
}

/* ---- telling of it ---- */

static void
count(const struct ingest *in, const struct plan *p, int64_t began_ns)
{
	const struct env *d = in->d->env;
	const char       *source = in->spec->source.settings->kind;
	const char       *outcome = p->kind == PLAN_SAME ? "unchanged" : p->report.status;

	metric_add(d->segment, METRIC_DRIFT_RUNS, METRIC_BY(source, outcome), 1);
	metric_observe(
	    d->segment, METRIC_DRIFT_RUN_SECONDS, METRIC_BY(source), clock_ns(d->clock) - began_ns);
	for (enum severity v = 0; p->diff != NULL && v < SEVERITY__MAX; v++)
		if (p->seen.summary.by_severity[v] > 0)
			metric_add(d->segment, METRIC_DRIFT_CHANGES, METRIC_BY(severity_name(v)),
			    (uint64_t)p->seen.summary.by_severity[v]);
}

/* Where the config's own kind is not known it was pushed to: nobody collects what does not compile.
 */
void
ingest_failed(const struct ingest *in, const struct err *e)
{
	if (err_status(e->code) < 500)
		return;
	metric_add(in->d->env->segment, METRIC_DRIFT_RUNS,
	    METRIC_BY(in->spec != NULL ? in->spec->source.settings->kind : "push", "failed"), 1);
}

static void
tell_log(const struct ingest *in, const struct plan *p, int64_t began_ns)
{
	char tenant[UUID_TEXT_MAX], config[UUID_TEXT_MAX], report[UUID_TEXT_MAX];

	uuid_print(&in->t->tenant->id, tenant);
	uuid_print(&in->config->id, config);
	uuid_print(&p->report.id, report);
	log_event(in->d->env->log, LOG_DRIFT, LOG_LEVEL_INFO, "snapshot compared",
	    LOGS("event.action", "snapshot.compare"), LOGS("event.outcome", "success"),
	    LOGI("event.duration", clock_ns(in->d->env->clock) - began_ns),
	    LOGS("organization.id", tenant), LOGS("bsx.config.id", config),
	    LOGS("bsx.report.id", report),
	    LOGS("bsx.report.status", p->kind == PLAN_SAME ? "unchanged" : p->report.status),
	    LOGI("bsx.report.changes", report_changes(&p->report)),
	    LOGI("bsx.snapshot.resources", (int64_t)in->snapshot->n));
}

/* The push is stored and answered whatever becomes of this. */
static void
drop_old(const struct ingest *in, const struct plan *p)
{
	const struct retention_after after = { .config = &in->config->id,
		.spec = in->spec,
		.seq = p->snapshot.seq,
		.written = p->kind == PLAN_SAME || p->diff == NULL ? 0 : p->seen.n };
	char                         config[UUID_TEXT_MAX];
	struct err                   e = { 0 };

	if (retention_round(in->d, in->t, in->mem, &after, &e))
		return;
	uuid_print(&in->config->id, config);
	log_event(in->d->env->log, LOG_DRIFT, LOG_LEVEL_WARN, "old snapshots were not dropped",
	    LOGS("event.action", "snapshot.retention"), LOGS("event.outcome", "failure"),
	    LOGS("bsx.config.id", config), LOGS("error.message", e.detail));
}

/* A tenant that may store no more: what its retention would take away goes all the same, and is
 * counted off. */
static void
make_room(const struct ingest *in, const struct err *refused)
{
	const struct retention_after after = { .config = &in->config->id, .spec = in->spec };
	struct err                   e = { 0 };

	bool bound = false;

	if (refused->code != ERR_QUOTA ||
	    (quota_bounds(in->t, USAGE_STORAGE, &bound, &e) && !bound))
		return;
	if (!bound || !retention_round(in->d, in->t, in->mem, &after, &e) ||
	    !retention_freed(in->t, &e))
		log_err(in->d->env->log, LOG_DRIFT, "no room was made for a snapshot", &e);
}

/* ---- a run ---- */

static bool
ingest_time(struct ingest *in, struct err *e)
{
	in->received_at.ms = clock_ms(in->d->env->clock);
	in->dated = in->collected_at.ms != 0;
	if (!in->dated)
		in->collected_at = in->received_at;
	if (in->collected_at.ms > in->received_at.ms + PUSH_AHEAD_MS)
		return err_fault(
		    e, in->mem, "/collected_at", "lies more than 5 minutes in the future");
	/* a clock that is ahead makes no history of what comes after it */
	if (in->collected_at.ms > in->received_at.ms)
		in->collected_at = in->received_at;
	if (in->collected_at.ms < 0)
		return err_fault(e, in->mem, "/collected_at", "lies before 1970");
	return true;
}

static struct plan *
ingest_run(
    struct ingest *in, const struct collected *got, const struct snapshot_head *head, struct err *e)
{
	if (!ingest_time(in, e) || !quota_ask_push(in->t, in->received_at, e))
		return NULL;
	in->snapshot = head != NULL
			   ? normal_snapshot_of_head(in->mem, in->spec, got, head, e)
			   : normal_snapshot_make(in->mem, in->t, in->spec, got, in->work, e);
	return in->snapshot != NULL ? ingest_write(in, e) : NULL;
}

/* Who knows it, and the spec, knows the next one that shows the same. */
static const struct snapshot_head *
head_of(const struct ingest *in)
{
	struct snapshot_head *h = talloc_zero(in->mem, struct snapshot_head);

	if (h == NULL)
		return NULL;
	memcpy(h->digest, in->snapshot->digest, HASH_LEN);
	h->hits = in->snapshot->hits;
	h->hits_n = compare_count(in->spec->compare);
	return h;
}

static bool
ingest(struct ingest *in, const struct collected *got, const struct snapshot_head *head,
    struct ingest_answer *a, struct err *e)
{
	int64_t      began = clock_ns(in->d->env->clock);
	struct plan *plan;

	in->snapshot_id = uuid_make(in->d->env->clock, in->d->env->rand);
	plan = ingest_run(in, got, head, e);
	if (plan == NULL) {
		make_room(in, e);
		return false;
	}
	*a = (struct ingest_answer) { .snapshot_id = in->snapshot_id,
		.report = plan->report,
		.unchanged = plan->kind == PLAN_SAME,
		.clock_behind_s = pushers_setback(plan),
		.masking = plan->masking_due,
		.masking_n = plan->masking_n,
		.notes = got->notes,
		.head = head };
	count(in, plan, began);
	tell_log(in, plan, began);
	drop_old(in, plan);
	return true;
}

bool
ingest_collected(
    struct ingest *in, const struct collected *got, struct ingest_answer *a, struct err *e)
{
	if (!ingest(in, got, NULL, a, e))
		return false;
	a->head = head_of(in);
	return true;
}

bool
ingest_same(struct ingest *in, const struct collected *got, const struct snapshot_head *head,
    bool *holds, struct ingest_answer *a, struct err *e)
{
	*holds = head->hits_n == compare_count(in->spec->compare);
	if (*holds && ingest(in, got, head, a, e))
		return true;
	*holds = false;
	return e->code == ERR_OK || (e->sys == SAME_NO_MORE && err_take(e, ERR_UNAVAILABLE));
}
