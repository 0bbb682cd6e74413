/*
 * metric.h - counters and histograms of all processes of this host, and their
 * Prometheus text.
 *
 * A series is made on first use in an open-addressing table of fixed size
 * (METRIC_SERIES_MAX); when it is full further new series are dropped and
 * counted in bsx_metric_series_dropped_total.  So label values come from closed
 * sets (route patterns, status codes, error codes), never from a client.
 */
#ifndef BSX_SHM_METRIC_H
#define BSX_SHM_METRIC_H

#include "core/base/buf.h"
#include "core/shm/segment.h"

#define METRIC_SERIES_MAX 4096
#define METRIC_LABELS_N   3   /* of one metric */
#define METRIC_LABELS_MAX 160 /* bytes of the values of one series, each with its NUL */

/*      id                         name                                type         help, and the names of its labels */
#define METRICS(X) \
	X(METRIC_BUILD_INFO,        "bsx_build_info",                   "gauge",     "Version of this build; always 1.", "version") \
	X(METRIC_HTTP_REQUESTS,     "bsx_http_requests_total",          "counter",   "Requests answered, by route, method and status.", "route", "method", "status") \
	X(METRIC_HTTP_SECONDS,      "bsx_http_request_duration_seconds", "histogram", "Time from the start of a request to the end of its answer, by route.", "route") \
	X(METRIC_AUTH_ATTEMPTS,     "bsx_auth_attempts_total",          "counter",   "Sign-in attempts, by method and outcome.", "method", "outcome") \
	X(METRIC_PASSWORD_HASHES,   "bsx_password_hashes_total",        "counter",   "Password hashes computed, by what for.", "for") \
	X(METRIC_RATE_LIMITED,      "bsx_rate_limited_total",           "counter",   "Requests refused by a rate class.", "class") \
	X(METRIC_DB_SECONDS,        "bsx_db_query_duration_seconds",    "histogram", "Time of one database statement, by statement.", "statement") \
	X(METRIC_DB_CONNECTIONS,    "bsx_db_connections",               "gauge",     "Open database connections of all processes, by kind.", "kind") \
	X(METRIC_CACHE_HITS,        "bsx_cache_hits_total",             "counter",   "Answers from a cache.", "cache") \
	X(METRIC_CACHE_MISSES,      "bsx_cache_misses_total",           "counter",   "Look-ups a cache could not answer.", "cache") \
	X(METRIC_DRIFT_RUNS,        "bsx_drift_runs_total",             "counter",   "Comparisons of a snapshot with its baseline, by source and outcome.", "source", "outcome") \
	X(METRIC_DRIFT_RUN_SECONDS, "bsx_drift_run_duration_seconds",   "histogram", "Time of one comparison, by source.", "source") \
	X(METRIC_SOURCE_REQUESTS,   "bsx_source_requests_total",        "counter",   "Requests to sources, by source and outcome.", "source", "outcome") \
	X(METRIC_SOURCE_SECONDS,    "bsx_source_request_duration_seconds", "histogram", "Time of one request to a source, by source.", "source") \
	X(METRIC_SOURCE_THROTTLED,  "bsx_source_throttled_total",       "counter",   "Requests that a source has put off, by source.", "source") \
	X(METRIC_SOURCE_BYTES,      "bsx_source_bytes_total",           "counter",   "Bytes of sources' answers, unpacked, by source.", "source") \
	X(METRIC_DRIFT_CHANGES,     "bsx_drift_changes_total",          "counter",   "Changes found, by severity.", "severity") \
	X(METRIC_OUTBOX_PENDING,    "bsx_outbox_pending",               "gauge",     "Deliveries waiting.", NULL) \
	X(METRIC_OUTBOX_OLDEST,     "bsx_outbox_oldest_seconds",        "gauge",     "Age of the oldest waiting delivery.", NULL) \
	X(METRIC_AUDIT_BEHIND,      "bsx_audit_feed_behind",            "gauge",     "Channels that are told an audit trail and have not had all of it for a minute.", NULL) \
	X(METRIC_AUDIT_ENTRIES,     "bsx_audit_feed_behind_entries",    "gauge",     "Entries that the slowest of them has not had.", NULL) \
	X(METRIC_AUDIT_OLDEST,      "bsx_audit_feed_behind_seconds",    "gauge",     "Since when the slowest of them has not had all.", NULL) \
	X(METRIC_DELIVERIES,        "bsx_deliveries_total",             "counter",   "Delivery attempts, by kind and outcome.", "kind", "outcome") \
	X(METRIC_DRIFTD_AGE,        "bsx_driftd_heartbeat_age_seconds", "gauge",     "Time since the daemon last said it is alive.", NULL) \
	X(METRIC_ERRORS,            "bsx_errors_total",                 "counter",   "Internal errors, by code and place.", "code", "place") \
	X(METRIC_LOG_DROPPED,       "bsx_log_dropped_total",            "counter",   "Log lines that could not be written.", NULL) \
	X(METRIC_WORKERS_DIED,      "bsx_workers_died_total",           "counter",   "Workers killed by a signal.", "signal", "program") \
	X(METRIC_SERIES_DROPPED,    "bsx_metric_series_dropped_total",  "counter",   "New series that did not fit the table.", NULL)
enum metric {
#define X(id, ...) id,
	METRICS(X)
#undef X
	METRIC__MAX
};

/*
 * The values of a metric's labels, in the order of its row; one that is NULL or left out is not there,
 * which for Prometheus is the same as empty.  They may be any text: printing escapes them.
 *
 *	metric_add(s, METRIC_HTTP_REQUESTS, METRIC_BY("/api/users", "GET", "200"), 1);
 */
#define METRIC_BY(...) ((const char *const[METRIC_LABELS_N]) { __VA_ARGS__ })

/* `s` NULL: nobody counts.  `by` NULL: no labels. */
void metric_add(struct segment *s, enum metric m, const char *const *by, uint64_t n);
void metric_set(struct segment *s, enum metric m, const char *const *by, double value); /* gauges */
void metric_observe(struct segment *s, enum metric m, const char *const *by, int64_t ns); /* histograms */
/* Text exposition format 0.0.4 with HELP and TYPE of every metric, series sorted; with bsx_build_info. */
void metric_print(struct buf *b, const struct segment *s);
/* Shared counter for struct log_options.dropped. */
_Atomic uint64_t *metric_log_dropped(struct segment *s);

#endif
