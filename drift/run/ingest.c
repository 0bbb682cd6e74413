#include "drift/run/ingest.h"

#include <stdio.h>
#include <string.h>

#include "core/shm/metric.h"
#include "core/store/drift/history.h"
#include "core/store/tx.h"
#include "drift/run/completeness.h"
#include "drift/run/daily_count.h"
#include "drift/run/golden_binding.h"
#include "drift/run/masking.h"
#include "drift/run/plan.h"
#include "drift/run/recheck.h"
#include "drift/run/rule_hits.h"
#include "drift/snapshot/retention.h"

#define SOURCE "push"

/* The transaction's argument. */
struct writing {
	const struct ingest *in;
	struct plan         *plan;
};

/* ---- the transaction ---- */

bool
ingest_alerts(
    struct db *db, const struct ingest *in, struct plan *p, enum deed *deed, struct err *e)
{
	const struct plan_findings *l = p->findings;
	size_t                      n = p->diff == NULL ? 0 : p->diff->n;
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
		   .flaps = in->spec->limits.flapping ? &p->trend.flaps : NULL,
		   .silence = l == NULL ? NULL : l->silence,
		   .complete = p->complete,
		   .in_order = p->kind != PLAN_LATE,
		   .again = p->kind == PLAN_AGAIN,
		   .clean_runs = p->before.clean_runs,
		   .incomplete_runs = p->after.incomplete_runs };
	struct alert_outcome        became = { .clean_runs = p->before.clean_runs };

	if (!trend_write(db, in, p, &scope, e))
		return false;
	if (p->kind != PLAN_SAME) {
		if (!alerting_apply(&scope, &found, &became, e))
			return false;
		p->report.not_alerted = became.not_alerted;
	}
	p->after.clean_runs = became.clean_runs;
	if (became.go_on)
		p->after.config_version = 0;
	if (deed != NULL)
		*deed = became.deed;
	return completeness_write(db, in, p, &scope, e) && recheck_set(db, in, p, e);
}

/* What the manifest of a snapshot out of order refers to stays as long as that snapshot. */
static bool
write_refs(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	size_t               n = in->snap->n;
	struct manifest_ref *refs;

	if (p->kind != PLAN_LATE)
		return true;
	refs = talloc_zero_size(p, (n + 1) * sizeof(refs[0]));
	if (refs == NULL)
		return err_memory(e);
	refs[n] = (struct manifest_ref) { p->snapshot.id, p->snapshot.manifest };
	for (size_t i = 0; i < n; i++)
		refs[i] = (struct manifest_ref) { p->snapshot.id,
			{ in->snap->items[i].address, HASH_LEN } };
	return history_refer(db, refs, n + 1, e);
}

static bool
write_plan(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	if (!snapshot_add(db, &p->snapshot, e))
		return false;
	if (!rule_hits_write(db, in, p, e))
		return false;
	if (p->kind == PLAN_SAME)
		return ingest_alerts(db, in, p, NULL, e);
	return content_add(db, &p->contents, e) && write_refs(db, in, p, e) &&
	       versions_close(db, p->closed, p->closed_n, e) &&
	       versions_open(db, p->opened, p->opened_n, e) && finding_write(db, p->findings, e) &&
	       ingest_alerts(db, in, p, NULL, e) && daily_count_write(db, in, p, e) &&
	       report_add(db, &p->report, e) &&
	       change_add(db, p->changes, p->diff == NULL ? 0 : p->diff->n, e) &&
	       masking_write(db, in, p, e);
}

static bool
ingest_body(struct db *db, void *arg, struct err *e)
{
	struct writing     *w = arg;
	struct config_state now;
	struct plan        *p;
	bool                done = false, ok;

	if (!config_state_lock(db, w->in->mem, &w->in->config->id, &now, e))
		return false;
	if (!plan_fits(w->plan, &now)) {
		p = plan_make(w->in->mem, w->in, e);
		if (p == NULL)
			return false;
		talloc_free(w->plan);
		w->plan = p;
	}
	p = w->plan;
	if (!write_plan(db, w->in, p, e))
		return false;
	ok = p->kind == PLAN_LATE ? config_state_number(db, &p->after, p->before.seq, &done, e)
				  : config_state_set(db, &p->after, p->before.seq, &done, e);
	if (!ok)
		return false;
	return done ? true : tx_again(e);
}

/* A golden baseline follows its template first. */
static struct plan *
ingest_plan(const struct ingest *in, struct err *e)
{
	struct plan *p = plan_make(in->mem, in, e);
	bool         renewed = false;

	if (p == NULL || !p->before.golden)
		return p;
	if (!golden_renew(in->d, in->t, in->mem, in->config, in->spec, &renewed, in->work, e))
		return NULL;
	return renewed ? plan_make(in->mem, in, e) : p;
}

static struct plan *
ingest_write(const struct ingest *in, struct err *e)
{
	const struct snapshot_mark mark = { in->snapshot_id };
	struct writing             w = { .in = in, .plan = ingest_plan(in, e) };
	const struct tx            tx = { "ingest", ingest_body, &w, snapshot_mark(), &mark };

	if (w.plan == NULL || !tx_run(in->t->db, &tx, e))
		return NULL;
	return w.plan;
}

/* ---- repeats ---- */

static void
hash_body(const struct tenant_db *t, const struct push *p, uint8_t out[static HASH_LEN])
{
	char                  head[TIME_TEXT_MAX + 32];
	uint8_t               body[HASH_LEN];
	struct hash_hmac_ctx *h;

	hash_hmac(t->address_key, sizeof(t->address_key), p->body.p, p->body.n, body);
	snprintf(head, sizeof(head), "%lld ", (long long)p->collected_at.ms);
	h = hash_hmac_make(NULL, t->address_key, sizeof(t->address_key));
	if (h == NULL) { /* still tells bodies apart */
		memcpy(out, body, HASH_LEN);
		return;
	}
	hash_hmac_add(h, head, strlen(head));
	hash_hmac_add(h, body, sizeof(body));
	if (p->actor != NULL)
		hash_hmac_add(h, p->actor, strlen(p->actor));
	hash_hmac_end(h, out);
}

/* *found: the key was used before and *a is its answer. */
static bool
find_repeat(struct tenant_db *t, TALLOC_CTX *mem, const struct push *p, const uint8_t *hash,
    struct push_answer *a, bool *found, struct err *e)
{
	struct snapshot s;

	*found = false;
	if (p->idempotency_key == NULL)
		return true;
	if (!snapshot_by_key(t, mem, &p->config_id, p->idempotency_key, &s, e)) {
		if (!err_take(e, ERR_MISSING))
			return false;
		return true;
	}
	if (s.body_hash.n != HASH_LEN || memcmp(s.body_hash.p, hash, HASH_LEN) != 0)
		return err_set(e, ERR_CONFLICT, 0,
		    "This Idempotency-Key was used with another body.",
		    "idempotency key with another body");
	*found = true;
	a->snapshot_id = s.id;
	a->repeated = true;
	if (!report_by_id(t, mem, &s.report_id, &a->report, e))
		return false;
	a->unchanged = !uuid_eq(&a->report.snapshot_id, &s.id);
	return true;
}

/* ---- what came ---- */

static bool
ingest_time(TALLOC_CTX *mem, struct ingest *in, instant collected_at, struct err *e)
{
	in->received_at.ms = clock_ms(in->d->env->clock);
	in->collected_at = collected_at.ms == 0 ? in->received_at : collected_at;
	if (in->collected_at.ms > in->received_at.ms + PUSH_AHEAD_MS)
		return err_fault(e, mem, "/collected_at", "lies more than 5 minutes in the future");
	if (in->collected_at.ms < 0)
		return err_fault(e, mem, "/collected_at", "lies before 1970");
	return true;
}

static bool
ingest_prepare(struct ingest *in, const struct push *p, struct err *e)
{
	struct collected got = { 0 };
	bool             ok = p->in != NULL
				  ? push_collect(in->mem, p->in, in->spec->selector, &got, e)
				  : push_collect_document(in->mem, p->document, in->spec->selector, &got, e);

	if (!ok ||
	    !ingest_time(in->mem, in, p->in != NULL ? p->in->collected_at : p->collected_at, e))
		return false;
	in->actor = p->in != NULL ? p->in->actor : p->actor;
	in->snap = snap_make(in->mem, in->t, in->spec, &got, in->work, e);
	return in->snap != NULL;
}

/* ---- telling of it ---- */

static void
count(const struct ingest *in, const struct plan *p, int64_t began_ns)
{
	const struct env *d = in->d->env;
	const char       *outcome = p->kind == PLAN_SAME ? "unchanged" : p->report.status;
	char              labels[METRIC_LABELS_MAX];

	if (d->segment == NULL)
		return;
	snprintf(labels, sizeof(labels), "source=\"%s\",outcome=\"%s\"", SOURCE, outcome);
	metric_add(d->segment, METRIC_DRIFT_RUNS, labels, 1);
	metric_observe(d->segment, METRIC_DRIFT_RUN_SECONDS, "source=\"" SOURCE "\"",
	    clock_ns(d->clock) - began_ns);
	for (enum severity v = 0; p->diff != NULL && v < SEVERITY__MAX; v++) {
		if (p->diff->summary.by_severity[v] == 0)
			continue;
		snprintf(labels, sizeof(labels), "severity=\"%s\"", severity_name(v));
		metric_add(d->segment, METRIC_DRIFT_CHANGES, labels,
		    (uint64_t)p->diff->summary.by_severity[v]);
	}
}

static void
count_failure(const struct env *d, const struct err *e)
{
	if (d->segment != NULL && err_status(e->code) >= 500)
		metric_add(
		    d->segment, METRIC_DRIFT_RUNS, "source=\"" SOURCE "\",outcome=\"failed\"", 1);
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
	    LOGI("bsx.report.changes", p->report.created + p->report.modified + p->report.deleted),
	    LOGI("bsx.snapshot.resources", (int64_t)in->snap->n));
}

/* The push is stored and answered whatever becomes of this. */
static void
drop_old(const struct ingest *in, const struct plan *p)
{
	char       config[UUID_TEXT_MAX];
	struct err e = { 0 };

	if (retention_round(in->d, in->t, in->mem, in->config, in->spec, p->snapshot.seq,
		p->kind == PLAN_SAME || p->diff == NULL ? 0 : p->diff->n, &e))
		return;
	uuid_print(&in->config->id, config);
	log_event(in->d->env->log, LOG_DRIFT, LOG_LEVEL_WARN, "old snapshots were not dropped",
	    LOGS("event.action", "snapshot.retention"), LOGS("event.outcome", "failure"),
	    LOGS("bsx.config.id", config), LOGS("error.message", e.detail));
}

static bool
ingest_run(struct ingest *in, const struct push *p, struct push_answer *a, struct err *e)
{
	int64_t      began = clock_ns(in->d->env->clock);
	struct plan *plan;

	in->snapshot_id = uuid_make(in->d->env->clock, in->d->env->rand);
	if (!ingest_prepare(in, p, e))
		return false;
	plan = ingest_write(in, e);
	if (plan == NULL)
		return false;
	a->snapshot_id = in->snapshot_id;
	a->report = plan->report;
	a->unchanged = plan->kind == PLAN_SAME;
	a->masking = plan->masking_due;
	a->masking_n = plan->masking_n;
	count(in, plan, began);
	tell_log(in, plan, began);
	drop_old(in, plan);
	return true;
}

bool
ingest_push(struct drift *d, struct tenant_db *t, TALLOC_CTX *mem, const struct push *p,
    struct push_answer *a, struct err *e)
{
	uint8_t             hash[HASH_LEN];
	struct drift_config config;
	struct ingest       in = { .d = d,
		      .t = t,
		      .mem = mem,
		      .work = p->work,
		      .permits = p->permits,
		      .config = &config,
		      .idempotency_key = p->idempotency_key,
		      .pushed_by = p->pushed_by,
		      .pusher = p->pusher,
		      .body_hash = { hash, HASH_LEN } };
	bool                found;

	memset(a, 0, sizeof(*a));
	hash_body(t, p, hash);
	if (!config_by_id(t, mem, &p->config_id, &config, e) ||
	    !find_repeat(t, mem, p, hash, a, &found, e))
		return false;
	if (found)
		return true;
	in.spec = spec_of(d, t, &config, p->work, e);
	if (in.spec != NULL && ingest_run(&in, p, a, e))
		return true;
	count_failure(d->env, e);
	/* Two at the same time with one key: the other one has answered. */
	if (e->code != ERR_CONFLICT || p->idempotency_key == NULL)
		return false;
	err_clear(e);
	if (!find_repeat(t, mem, p, hash, a, &found, e))
		return false;
	return found ? true
		     : err_set(e, ERR_CONFLICT, 0, "Conflict.", "a snapshot's key was taken");
}
