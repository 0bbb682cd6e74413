/* Looking back: how much drifts, what, and how it was worked on. */
#include "drift/service/analytics.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

/* ---- answers ---- */

static const struct field counts_fields[] = {
	FIELD(struct severity_counts, total, .doc = "All of them."),
	FIELD(struct severity_counts, info, .doc = "Of severity info."),
	FIELD(struct severity_counts, low, .doc = "Of severity low."),
	FIELD(struct severity_counts, medium, .doc = "Of severity medium."),
	FIELD(struct severity_counts, high, .doc = "Of severity high."),
	FIELD(struct severity_counts, critical, .doc = "Of severity critical."),
	FIELD_END,
};
static const struct schema counts_schema =
    SCHEMA("SeverityCounts", struct severity_counts, counts_fields);

static const struct field day_fields[] = {
	FIELD(struct analytics_day, day, .doc = "Date, UTC."),
	FIELD(struct analytics_day, findings, .item = &counts_schema,
	    .doc = "New: seen for the first time with its value, or again after it was resolved."),
	FIELD(struct analytics_day, changes, .item = &counts_schema,
	    .doc = "Counted by the day's reports: what stays is counted in each of them."),
	FIELD_END,
};
static const struct schema day_schema = SCHEMA("AnalyticsDay", struct analytics_day, day_fields);

static const struct field noisy_resource_fields[] = {
	FIELD(struct noisy_resource, config_id, .doc = "Its config."),
	FIELD(struct noisy_resource, category, .doc = "Collection."),
	FIELD(struct noisy_resource, key, .doc = "Key in it."),
	FIELD(struct noisy_resource, findings, .doc = "New findings in these days."),
	FIELD_END,
};
static const struct schema noisy_resource_schema =
    SCHEMA("AnalyticsResource", struct noisy_resource, noisy_resource_fields);

static const struct field noisy_rule_fields[] = {
	FIELD(struct noisy_rule, rule, .doc = "The rule."),
	FIELD(struct noisy_rule, findings, .doc = "New findings that it judged in these days."),
	FIELD(struct noisy_rule, changes, .doc = "Changes counted by the reports."),
	FIELD_END,
};
static const struct schema noisy_rule_schema =
    SCHEMA("AnalyticsRule", struct noisy_rule, noisy_rule_fields);

static const struct field times_fields[] = {
	FIELD(struct analytics_times, alerts,
	    .doc = "Alerts opened in these days to which it happened."),
	FIELD(struct analytics_times, mean_s, .doc = "Mean time from the opening."),
	FIELD(struct analytics_times, median_s, .doc = "Median of the same."),
	FIELD_END,
};
static const struct schema times_schema =
    SCHEMA("AnalyticsTimes", struct analytics_times, times_fields);

static const struct field ages_fields[] = {
	FIELD_AS(struct analytics_ages, n[0], "under_1h", .doc = "Open for less than an hour."),
	FIELD_AS(struct analytics_ages, n[1], "under_1d", .doc = "An hour to a day."),
	FIELD_AS(struct analytics_ages, n[2], "under_7d", .doc = "A day to 7 days."),
	FIELD_AS(struct analytics_ages, n[3], "under_30d", .doc = "7 to 30 days."),
	FIELD_AS(struct analytics_ages, n[4], "older", .doc = "30 days and more."),
	FIELD_END,
};
static const struct schema ages_schema =
    SCHEMA("AnalyticsAges", struct analytics_ages, ages_fields);

static const struct field open_fields[] = {
	FIELD(struct open_now, by_severity, .item = &counts_schema, .doc = "Alerts open now."),
	FIELD(struct open_now, by_age, .item = &ages_schema, .doc = "The same by their age."),
	FIELD_END,
};
static const struct schema open_schema = SCHEMA("AnalyticsOpen", struct open_now, open_fields);

static const struct field anomaly_day_fields[] = {
	FIELD(struct anomaly_day, day, .doc = "Date, UTC."),
	FIELD(struct anomaly_day, findings, .doc = "New findings of that day."),
	FIELD_END,
};
static const struct schema anomaly_day_schema =
    SCHEMA("AnalyticsAnomalyDay", struct anomaly_day, anomaly_day_fields);

static const struct field anomalies_fields[] = {
	FIELD(struct anomalies, median, .doc = "Median of the new findings of a day."),
	FIELD(struct anomalies, mad, .doc = "Median of the distances from it."),
	FIELD(struct anomalies, threshold, .doc = "median + 3 x mad, a mad below 1 taken as 1."),
	FIELD(struct anomalies, days, .item = &anomaly_day_schema, .doc = "Days above it."),
	FIELD_END,
};
static const struct schema anomalies_schema =
    SCHEMA("AnalyticsAnomalies", struct anomalies, anomalies_fields);

static const struct field acceptances_fields[] = {
	FIELD(struct acceptances, total, .doc = "Values accepted now."),
	FIELD(struct acceptances, without_end, .doc = "Of those: never reopened by time."),
	FIELD(struct acceptances, expiring, .doc = "Of those: reopened within 7 days."),
	FIELD(struct acceptances, expired,
	    .doc = "Of those: past their end, reopened by the next comparison."),
	FIELD_END,
};
static const struct schema acceptances_schema =
    SCHEMA("AnalyticsAcceptances", struct acceptances, acceptances_fields);

static const struct field analytics_fields[] = {
	FIELD(struct analytics, days, .doc = "How many days, today among them."),
	FIELD(struct analytics, from, .doc = "First day, UTC."),
	FIELD(struct analytics, until, .doc = "Last day: today, UTC."),
	FIELD(struct analytics, by_day, .item = &day_schema, .doc = "Each day, the oldest first."),
	FIELD(struct analytics, noisiest_resources, .item = &noisy_resource_schema,
	    .doc = "Resources with the most new findings."),
	FIELD(struct analytics, noisiest_rules, .item = &noisy_rule_schema,
	    .doc = "Rules that judged the most new findings."),
	FIELD(struct analytics, acknowledge, .item = &times_schema, .flags = FIELD_NULLABLE,
	    .doc = "Time until somebody took up an alert; null: nobody did."),
	FIELD(struct analytics, resolve, .item = &times_schema, .flags = FIELD_NULLABLE,
	    .doc = "Time until an alert was resolved, by a person or by system; null: none was."),
	FIELD(struct analytics, open_alerts, .item = &open_schema, .doc = "Alerts open now."),
	FIELD(struct analytics, anomalies, .item = &anomalies_schema, .flags = FIELD_NULLABLE,
	    .doc =
		"Days with unusually many new findings, among the days since the first config was "
		"made; null: fewer than 10 days."),
	FIELD(
	    struct analytics, acceptances, .item = &acceptances_schema, .doc = "Accepted values."),
	FIELD_END,
};
static const struct schema analytics_schema =
    SCHEMA("Analytics", struct analytics, analytics_fields);

static const struct field analytics_query_fields[] = {
	FIELD(struct analytics_wish, days, .min = 1, .max = 365,
	    .doc = "How many days back, today among them; 30 when absent."),
	FIELD(struct analytics_wish, top, .min = 1, .max = 100,
	    .doc = "Most resources and rules; 10 when absent."),
	FIELD(struct analytics_wish, config_id, .flags = FIELD_NULLABLE,
	    .doc = "Only of this config."),
	FIELD_END,
};
static const struct schema analytics_query_schema =
    SCHEMA("AnalyticsQuery", struct analytics_wish, analytics_query_fields);

static bool
get_analytics(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body;
	return a != NULL && analytics_see(a, r->query, answer, e);
}

const struct route analytics_routes[] = {
	ROUTE_Q(GET, "/api/drift/analytics", analytics_query, ALLOW(READ, DRIFT), RATE_READ, 200,
	    get_analytics, IN_NONE, OUT(analytics),
	    "How much drifts by day and severity, what drifts most, and how alerts were worked on; "
	    "days are UTC."),
	ROUTE_END,
};
