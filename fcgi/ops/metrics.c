/* routes.h: metrics, for Prometheus. */
#include "core/health/health.h"
#include "core/shm/metric.h"
#include "fcgi/routes.h"

/* Gauges that only the database knows; without it the last values stand. */
static bool
refresh(struct request *r, struct err *e)
{
	struct health_facts f = { 0 };

	if (!health_gauges(r->app->database, r->mem, &f, e))
		return false;
	if (f.driftd_heartbeat_age_ms >= 0)
		metric_set(r->app->env->segment, METRIC_DRIFTD_AGE, NULL,
		    (double)f.driftd_heartbeat_age_ms / 1000);
	metric_set(r->app->env->segment, METRIC_OUTBOX_PENDING, NULL, (double)f.outbox_pending);
	metric_set(
	    r->app->env->segment, METRIC_OUTBOX_OLDEST, NULL, (double)f.outbox_oldest_ms / 1000);
	metric_set(r->app->env->segment, METRIC_AUDIT_BEHIND, NULL, (double)f.audit_behind);
	metric_set(r->app->env->segment, METRIC_AUDIT_ENTRIES, NULL, (double)f.audit_entries);
	metric_set(
	    r->app->env->segment, METRIC_AUDIT_OLDEST, NULL, (double)f.audit_oldest_ms / 1000);
	return true;
}

static bool
get_metrics(struct request *r, const void *body, void *answer, struct err *e)
{
	struct err inner = { 0 };

	(void)body, (void)answer, (void)e;
	if (!refresh(r, &inner))
		log_err(r->app->env->log, LOG_SYSTEM, "metrics without the database", &inner);
	metric_print(&r->out, r->app->env->segment);
	return true;
}

const struct route metrics_routes[] = {
	ROUTE(GET, "/metrics", METRICS_READER, RATE_READ, 200, get_metrics, IN_NONE,
	    OUT_RAW("text/plain; version=0.0.4; charset=utf-8"),
	    "Counters and histograms of this host in Prometheus' text format."),
	ROUTE_END,
};
