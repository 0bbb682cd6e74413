/* Looking back: how much drifts, what, and how it was worked on. */
#include <stdio.h>
#include <string.h>

#include "core/base/stat.h"
#include "core/store/drift/analytics.h"
#include "core/store/drift/config.h"
#include "core/store/drift/daily.h"
#include "drift/engine/rules.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

#define DAYS          30
#define TOP           10
#define ANOMALY_DAYS  10 /* fewer say nothing */
#define ANOMALY_TIMES 3
#define SOON_MS       (7 * DAY_MS)

/* ---- answers ---- */

struct counts {
	int64_t total, info, low, medium, high, critical;
};
static const struct field counts_fields[] = {
	FIELD(struct counts, total, .doc = "All of them."),
	FIELD(struct counts, info, .doc = "Of severity info."),
	FIELD(struct counts, low, .doc = "Of severity low."),
	FIELD(struct counts, medium, .doc = "Of severity medium."),
	FIELD(struct counts, high, .doc = "Of severity high."),
	FIELD(struct counts, critical, .doc = "Of severity critical."),
	FIELD_END,
};
static const struct schema counts_schema = SCHEMA("SeverityCounts", struct counts, counts_fields);

struct day_out {
	const char    *day;
	struct counts *findings, *changes;
};
static const struct field day_fields[] = {
	FIELD(struct day_out, day, .doc = "Date, UTC."),
	FIELD(struct day_out, findings, .item = &counts_schema,
	    .doc = "New: seen for the first time with its value, or again after it was resolved."),
	FIELD(struct day_out, changes, .item = &counts_schema,
	    .doc = "Counted by the day's reports: what stays is counted in each of them."),
	FIELD_END,
};
static const struct schema day_schema = SCHEMA("AnalyticsDay", struct day_out, day_fields);

struct resource_out {
	struct uuid config_id;
	char       *category, *key;
	int64_t     findings;
};
static const struct field noisy_resource_fields[] = {
	FIELD(struct resource_out, config_id, .doc = "Its config."),
	FIELD(struct resource_out, category, .doc = "Collection."),
	FIELD(struct resource_out, key, .doc = "Key in it."),
	FIELD(struct resource_out, findings, .doc = "New findings in these days."),
	FIELD_END,
};
static const struct schema noisy_resource_schema =
    SCHEMA("AnalyticsResource", struct resource_out, noisy_resource_fields);

struct rule_out {
	char   *rule;
	int64_t findings, changes;
};
static const struct field noisy_rule_fields[] = {
	FIELD(struct rule_out, rule, .doc = "The rule."),
	FIELD(struct rule_out, findings, .doc = "New findings that it judged in these days."),
	FIELD(struct rule_out, changes, .doc = "Changes counted by the reports."),
	FIELD_END,
};
static const struct schema noisy_rule_schema =
    SCHEMA("AnalyticsRule", struct rule_out, noisy_rule_fields);

struct times_out {
	int64_t alerts, mean_s, median_s;
};
static const struct field times_fields[] = {
	FIELD(struct times_out, alerts, .doc = "Alerts opened in these days to which it happened."),
	FIELD(struct times_out, mean_s, .doc = "Mean time from the opening."),
	FIELD(struct times_out, median_s, .doc = "Median of the same."),
	FIELD_END,
};
static const struct schema times_schema = SCHEMA("AnalyticsTimes", struct times_out, times_fields);

struct ages_out {
	int64_t n[AGES];
};
static const struct field ages_fields[] = {
	FIELD_AS(struct ages_out, n[0], "under_1h", .doc = "Open for less than an hour."),
	FIELD_AS(struct ages_out, n[1], "under_1d", .doc = "An hour to a day."),
	FIELD_AS(struct ages_out, n[2], "under_7d", .doc = "A day to 7 days."),
	FIELD_AS(struct ages_out, n[3], "under_30d", .doc = "7 to 30 days."),
	FIELD_AS(struct ages_out, n[4], "older", .doc = "30 days and more."),
	FIELD_END,
};
static const struct schema ages_schema = SCHEMA("AnalyticsAges", struct ages_out, ages_fields);

struct open_out {
	struct counts   *by_severity;
	struct ages_out *by_age;
};
static const struct field open_fields[] = {
	FIELD(struct open_out, by_severity, .item = &counts_schema, .doc = "Alerts open now."),
	FIELD(struct open_out, by_age, .item = &ages_schema, .doc = "The same by their age."),
	FIELD_END,
};
static const struct schema open_schema = SCHEMA("AnalyticsOpen", struct open_out, open_fields);

struct anomaly_day {
	const char *day;
	int64_t     findings;
};
static const struct field anomaly_day_fields[] = {
	FIELD(struct anomaly_day, day, .doc = "Date, UTC."),
	FIELD(struct anomaly_day, findings, .doc = "New findings of that day."),
	FIELD_END,
};
static const struct schema anomaly_day_schema =
    SCHEMA("AnalyticsAnomalyDay", struct anomaly_day, anomaly_day_fields);

struct anomalies {
	struct raw_json median, mad, threshold;
	struct items    days;
};
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

struct analytics {
	int64_t             days;
	const char         *from, *until;
	struct items        by_day, noisiest_resources, noisiest_rules;
	struct times_out   *acknowledge, *resolve;
	struct open_out    *open_alerts;
	struct anomalies   *anomalies;
	struct acceptances *acceptances;
};
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

struct analytics_query {
	int64_t     days, top;
	struct uuid config_id;
};
static const struct field analytics_query_fields[] = {
	FIELD(struct analytics_query, days, .min = 1, .max = 365,
	    .doc = "How many days back, today among them; 30 when absent."),
	FIELD(struct analytics_query, top, .min = 1, .max = 100,
	    .doc = "Most resources and rules; 10 when absent."),
	FIELD(struct analytics_query, config_id, .flags = FIELD_NULLABLE,
	    .doc = "Only of this config."),
	FIELD_END,
};
static const struct schema analytics_query_schema =
    SCHEMA("AnalyticsQuery", struct analytics_query, analytics_query_fields);

/* ---- days ---- */

/* What is asked, and what the parts share. */
struct look {
	struct request     *r;
	struct daily_filter f;
	instant             now;
	int64_t             days, today;
	size_t              top;
	struct day_out     *by_day; /* `days` of them */
};

static const char *
day_text(TALLOC_CTX *mem, int64_t day)
{
	char text[TIME_TEXT_MAX];

	time_print(day * DAY_MS, text);
	return talloc_strndup(mem, text, 10);
}

static void
count(struct counts *c, const char *severity, int64_t n)
{
	enum severity v = SEVERITY_INFO;
	int64_t      *of[] = { &c->info, &c->low, &c->medium, &c->high, &c->critical };

	if (!severity_parse(str_of(severity), &v) || (size_t)v >= sizeof(of) / sizeof(of[0]))
		return;
	*of[v] += n;
	c->total += n;
}

static bool
days_make(struct look *l, struct analytics *out, struct err *e)
{
	TALLOC_CTX *mem = l->r->mem;

	l->by_day = talloc_zero_size(mem, (size_t)l->days * sizeof(l->by_day[0]));
	if (l->by_day == NULL)
		return err_memory(e);
	for (int64_t i = 0; i < l->days; i++) {
		struct day_out *d = &l->by_day[i];

		*d = (struct day_out) { day_text(mem, l->f.from + i),
			talloc_zero(mem, struct counts), talloc_zero(mem, struct counts) };
		if (d->day == NULL || d->findings == NULL || d->changes == NULL)
			return err_memory(e);
	}
	out->days = l->days;
	out->from = l->by_day[0].day;
	out->until = l->by_day[l->days - 1].day;
	out->by_day = (struct items) { l->by_day, (size_t)l->days };
	return true;
}

static bool
days_fill(struct look *l, struct err *e)
{
	struct daily_severity *rows;
	size_t                 n;

	if (!daily_severities(l->r->db, l->r->mem, &l->f, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		int64_t at = rows[i].day - l->f.from;

		if (at < 0 || at >= l->days)
			continue; /* another host's clock is ahead */
		count(l->by_day[at].findings, rows[i].severity, rows[i].findings);
		count(l->by_day[at].changes, rows[i].severity, rows[i].changes);
	}
	return true;
}

/* ---- what stands out ---- */

static bool
number_text(TALLOC_CTX *mem, double v, struct raw_json *out, struct err *e)
{
	out->text = talloc_asprintf(mem, "%.1f", v);
	return out->text != NULL ? true : err_memory(e);
}

static bool
anomalies_find(
    struct look *l, const struct day_out *days, size_t n, struct anomalies *out, struct err *e)
{
	TALLOC_CTX         *mem = l->r->mem;
	double             *v = talloc_zero_size(mem, n * sizeof(*v)), median, mad, threshold;
	struct anomaly_day *found = talloc_zero_size(mem, n * sizeof(*found));

	if (v == NULL || found == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++)
		v[i] = (double)days[i].findings->total;
	mad = stat_mad(v, n, &median);
	threshold = median + ANOMALY_TIMES * (mad < 1 ? 1 : mad);
	out->days.p = found;
	for (size_t i = 0; i < n; i++)
		if ((double)days[i].findings->total > threshold)
			found[out->days.n++] =
			    (struct anomaly_day) { days[i].day, days[i].findings->total };
	return number_text(mem, median, &out->median, e) && number_text(mem, mad, &out->mad, e) &&
	       number_text(mem, threshold, &out->threshold, e);
}

/* Days before anything was watched are not quiet days. */
static bool
add_anomalies(struct look *l, struct analytics *out, struct err *e)
{
	instant began;
	int64_t skip;

	if (!analytics_began(l->r->db, &l->f.config_id, &began, e))
		return false;
	skip = began.ms / DAY_MS - l->f.from;
	skip = skip < 0 ? 0 : skip;
	if (began.ms == 0 || l->days - skip < ANOMALY_DAYS)
		return true;
	out->anomalies = talloc_zero(l->r->mem, struct anomalies);
	if (out->anomalies == NULL)
		return err_memory(e);
	return anomalies_find(l, l->by_day + skip, (size_t)(l->days - skip), out->anomalies, e);
}

static bool
add_noisiest(struct look *l, struct analytics *out, struct err *e)
{
	struct request      *r = l->r;
	struct daily_top    *resources, *rules;
	struct resource_out *a;
	struct rule_out     *b;
	size_t               a_n, b_n;

	if (!daily_resources(r->db, r->mem, &l->f, l->top, &resources, &a_n, e) ||
	    !daily_rules(r->db, r->mem, &l->f, l->top, &rules, &b_n, e))
		return false;
	a = talloc_zero_size(r->mem, (a_n + 1) * sizeof(*a));
	b = talloc_zero_size(r->mem, (b_n + 1) * sizeof(*b));
	if (a == NULL || b == NULL)
		return err_memory(e);
	for (size_t i = 0; i < a_n; i++)
		a[i] = (struct resource_out) { resources[i].config_id, resources[i].category,
			resources[i].label, resources[i].findings };
	for (size_t i = 0; i < b_n; i++)
		b[i] = (struct rule_out) { rules[i].label, rules[i].findings, rules[i].changes };
	out->noisiest_resources = (struct items) { a, a_n };
	out->noisiest_rules = (struct items) { b, b_n };
	return true;
}

/* ---- work ---- */

static bool
times_make(TALLOC_CTX *mem, double *s, size_t n, struct times_out **out, struct err *e)
{
	if (n == 0)
		return true;
	*out = talloc_zero(mem, struct times_out);
	if (*out == NULL)
		return err_memory(e);
	**out = (struct times_out) { (int64_t)n, (int64_t)(stat_mean(s, n) + 0.5),
		(int64_t)(stat_median(s, n) + 0.5) };
	return true;
}

static bool
add_work(struct look *l, struct analytics *out, struct err *e)
{
	struct request    *r = l->r;
	struct work_times *rows;
	double            *taken, *done;
	size_t             n, taken_n = 0, done_n = 0;

	if (!analytics_work(
		r->db, r->mem, &l->f.config_id, (instant) { l->f.from * DAY_MS }, &rows, &n, e))
		return false;
	taken = talloc_zero_size(r->mem, (n + 1) * sizeof(*taken));
	done = talloc_zero_size(r->mem, (n + 1) * sizeof(*done));
	if (taken == NULL || done == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].acknowledged_ms >= 0)
			taken[taken_n++] = (double)rows[i].acknowledged_ms / 1000;
		if (rows[i].resolved_ms >= 0)
			done[done_n++] = (double)rows[i].resolved_ms / 1000;
	}
	return times_make(r->mem, taken, taken_n, &out->acknowledge, e) &&
	       times_make(r->mem, done, done_n, &out->resolve, e);
}

static bool
add_open(struct look *l, struct analytics *out, struct err *e)
{
	struct request     *r = l->r;
	struct open_out    *o = talloc_zero(r->mem, struct open_out);
	struct open_alerts *rows;
	size_t              n;

	if (o == NULL || (o->by_severity = talloc_zero(r->mem, struct counts)) == NULL ||
	    (o->by_age = talloc_zero(r->mem, struct ages_out)) == NULL)
		return err_memory(e);
	if (!analytics_open(r->db, r->mem, &l->f.config_id, l->now, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		count(o->by_severity, rows[i].severity, rows[i].n);
		if (rows[i].age >= 0 && rows[i].age < AGES)
			o->by_age->n[rows[i].age] += rows[i].n;
	}
	out->open_alerts = o;
	return true;
}

static bool
add_acceptances(struct look *l, struct analytics *out, struct err *e)
{
	out->acceptances = talloc_zero(l->r->mem, struct acceptances);
	if (out->acceptances == NULL)
		return err_memory(e);
	return analytics_acceptances(l->r->db, &l->f.config_id, l->now,
	    (instant) { l->now.ms + SOON_MS }, out->acceptances, e);
}

static bool
get_analytics(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct analytics_query *q = r->query;
	struct analytics             *out = answer;
	struct drift_config           c;
	struct look                   l = { .r = r,
				  .now = { clock_ms(r->app->env->clock) },
				  .days = q->days == 0 ? DAYS : q->days,
				  .top = q->top == 0 ? TOP : (size_t)q->top };

	(void)body;
	l.f = (struct daily_filter) { q->config_id, l.now.ms / DAY_MS - l.days + 1 };
	if (!uuid_is_nil(&q->config_id) && !config_by_id(r->db, r->mem, &q->config_id, &c, e))
		return false;
	return days_make(&l, out, e) && days_fill(&l, e) && add_anomalies(&l, out, e) &&
	       add_noisiest(&l, out, e) && add_work(&l, out, e) && add_open(&l, out, e) &&
	       add_acceptances(&l, out, e);
}

const struct route analytics_routes[] = {
	ROUTE_Q(GET, "/api/drift/analytics", analytics_query, ALLOW(READ, DRIFT), RATE_READ, 200,
	    get_analytics, IN_NONE, OUT(analytics),
	    "How much drifts by day and severity, what drifts most, and how alerts were worked on; "
	    "days are UTC."),
	ROUTE_END,
};
