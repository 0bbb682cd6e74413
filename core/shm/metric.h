/*
 * metric.h - counters and histograms of all processes of this host, and their
 * Prometheus text.
 *
 * A series is made on first use in an open-addressing table of fixed size
 * (METRIC_SERIES_MAX); when it is full further new series are dropped and
 * counted in bsx_metric_series_dropped_total.  Label values come from closed
 * sets (route patterns, status codes, error codes), never from a client.
 */
#ifndef BSX_SHM_METRIC_H
#define BSX_SHM_METRIC_H

#include "core/base/buf.h"
#include "core/shm/segment.h"

#define METRIC_SERIES_MAX 4096
#define METRIC_LABELS_MAX 160 /* bytes of `k="v",k="v"` */

/*      id                          name                               type       help */
#define METRICS(X) \
	X(METRIC_BUILD_INFO,       "bsx_build_info",                   "gauge",     "Version of this build; always 1.") \
	X(METRIC_HTTP_REQUESTS,    "bsx_http_requests_total",          "counter",   "Requests answered, by route, method and status.") \
	X(METRIC_HTTP_SECONDS,     "bsx_http_request_duration_seconds","histogram", "Time from the start of a request to the end of its answer, by route.") \
	X(METRIC_AUTH_ATTEMPTS,    "bsx_auth_attempts_total",          "counter",   "Sign-in attempts, by method and outcome.") \
	X(METRIC_PASSWORD_HASHES,  "bsx_password_hashes_total",        "counter",   "Password hashes computed, by what for.") \
	X(METRIC_RATE_LIMITED,     "bsx_rate_limited_total",           "counter",   "Requests refused by a rate class.") \
	X(METRIC_DB_SECONDS,       "bsx_db_query_duration_seconds",    "histogram", "Time of one database statement, by statement.") \
	X(METRIC_DB_CONNECTIONS,   "bsx_db_connections",               "gauge",     "Open database connections of all processes, by kind.") \
	X(METRIC_CACHE_HITS,       "bsx_cache_hits_total",             "counter",   "Answers from a cache.") \
	X(METRIC_CACHE_MISSES,     "bsx_cache_misses_total",           "counter",   "Look-ups a cache could not answer.") \
	X(METRIC_DRIFT_RUNS,       "bsx_drift_runs_total",             "counter",   "Comparisons of a snapshot with its baseline, by source and outcome.") \
	X(METRIC_DRIFT_RUN_SECONDS,"bsx_drift_run_duration_seconds",   "histogram", "Time of one comparison, by source.") \
	X(METRIC_DRIFT_CHANGES,    "bsx_drift_changes_total",          "counter",   "Changes found, by severity.") \
	X(METRIC_OUTBOX_PENDING,   "bsx_outbox_pending",               "gauge",     "Deliveries waiting.") \
	X(METRIC_OUTBOX_OLDEST,    "bsx_outbox_oldest_seconds",        "gauge",     "Age of the oldest waiting delivery.") \
	X(METRIC_DELIVERIES,       "bsx_deliveries_total",             "counter",   "Delivery attempts, by kind and outcome.") \
	X(METRIC_DRIFTD_AGE,       "bsx_driftd_heartbeat_age_seconds", "gauge",     "Time since the daemon last said it is alive.") \
	X(METRIC_ERRORS,           "bsx_errors_total",                 "counter",   "Internal errors, by code and place.") \
	X(METRIC_LOG_DROPPED,      "bsx_log_dropped_total",            "counter",   "Log lines that could not be written.") \
	X(METRIC_WORKERS_DIED,     "bsx_workers_died_total",           "counter",   "Workers killed by a signal.") \
	X(METRIC_SERIES_DROPPED,   "bsx_metric_series_dropped_total",  "counter",   "New series that did not fit the table.")
enum metric {
#define X(id, name, type, help) id,
	METRICS(X)
#undef X
	METRIC__MAX
};

/* `labels` is text like route="/api/users",status="200" (values escaped by buf_prom). */
void metric_add(struct segment *s, enum metric m, const char *labels, uint64_t n);
void metric_set(struct segment *s, enum metric m, const char *labels, double value); /* gauges */
void metric_observe(struct segment *s, enum metric m, const char *labels, int64_t ns); /* histograms */
/* Text exposition format 0.0.4 with HELP and TYPE of every metric, series sorted; with bsx_build_info. */
void metric_print(struct buf *b, const struct segment *s);
/* Shared counter for struct log_options.dropped. */
_Atomic uint64_t *metric_log_dropped(struct segment *s);

#endif
