#include "drift/service/analytics.h"

#include <stdio.h>
#include <string.h>

#include "core/base/stat.h"
#include "core/store/drift/daily.h"
#include "drift/engine/rules.h"

#define DAYS          30
#define TOP           10
#define ANOMALY_DAYS  10 /* fewer say nothing */
#define ANOMALY_TIMES 3
#define SOON_MS       (7 * DAY_MS)

/* ---- days ---- */

/* What is asked, and what the parts share. */
struct look {
	struct tenant_db     *t;
	TALLOC_CTX           *mem;
	struct daily_filter   f;
	instant               now;
	int64_t               days;
	struct analytics_day *by_day; /* `days` of them */
};

static const char *
day_text(TALLOC_CTX *mem, int64_t day)
{
	char text[TIME_TEXT_MAX];

	time_print(day * DAY_MS, text);
	return talloc_strndup(mem, text, 10);
}

static void
count(struct severity_counts *c, const char *severity, int64_t n)
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
	TALLOC_CTX *mem = l->mem;

	l->by_day = talloc_zero_size(mem, (size_t)l->days * sizeof(l->by_day[0]));
	if (l->by_day == NULL)
		return err_memory(e);
	for (int64_t i = 0; i < l->days; i++) {
		struct analytics_day *d = &l->by_day[i];

		*d = (struct analytics_day) { day_text(mem, l->f.from + i),
			talloc_zero(mem, struct severity_counts),
			talloc_zero(mem, struct severity_counts) };
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

	if (!daily_severities(l->t, l->mem, &l->f, &rows, &n, e))
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
anomalies_find(struct look *l, const struct analytics_day *days, size_t n, struct anomalies *out,
    struct err *e)
{
	TALLOC_CTX         *mem = l->mem;
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

	if (!analytics_began(l->t, &l->f.config_id, &began, e))
		return false;
	skip = began.ms / DAY_MS - l->f.from;
	skip = skip < 0 ? 0 : skip;
	if (began.ms == 0 || l->days - skip < ANOMALY_DAYS)
		return true;
	out->anomalies = talloc_zero(l->mem, struct anomalies);
	if (out->anomalies == NULL)
		return err_memory(e);
	return anomalies_find(l, l->by_day + skip, (size_t)(l->days - skip), out->anomalies, e);
}

static bool
add_noisiest(struct look *l, struct analytics *out, struct err *e)
{
	struct daily_top      *resources, *rules;
	struct noisy_resource *noisy;
	struct noisy_rule     *judging;
	size_t                 noisy_n, judging_n;

	if (!daily_resources(l->t, l->mem, &l->f, &resources, &noisy_n, e) ||
	    !daily_rules(l->t, l->mem, &l->f, &rules, &judging_n, e))
		return false;
	noisy = talloc_zero_size(l->mem, (noisy_n + 1) * sizeof(*noisy));
	judging = talloc_zero_size(l->mem, (judging_n + 1) * sizeof(*judging));
	if (noisy == NULL || judging == NULL)
		return err_memory(e);
	for (size_t i = 0; i < noisy_n; i++)
		noisy[i] = (struct noisy_resource) { resources[i].config_id, resources[i].category,
			resources[i].label, resources[i].findings };
	for (size_t i = 0; i < judging_n; i++)
		judging[i] =
		    (struct noisy_rule) { rules[i].label, rules[i].findings, rules[i].changes };
	out->noisiest_resources = (struct items) { noisy, noisy_n };
	out->noisiest_rules = (struct items) { judging, judging_n };
	return true;
}

/* ---- work ---- */

static bool
times_make(TALLOC_CTX *mem, double *s, size_t n, struct analytics_times **out, struct err *e)
{
	if (n == 0)
		return true;
	*out = talloc_zero(mem, struct analytics_times);
	if (*out == NULL)
		return err_memory(e);
	**out = (struct analytics_times) { (int64_t)n, (int64_t)(stat_mean(s, n) + 0.5),
		(int64_t)(stat_median(s, n) + 0.5) };
	return true;
}

static bool
add_work(struct look *l, struct analytics *out, struct err *e)
{
	struct work_times *rows;
	double            *taken, *done;
	size_t             n, taken_n = 0, done_n = 0;

	if (!analytics_work(
		l->t, l->mem, &l->f.config_id, (instant) { l->f.from * DAY_MS }, &rows, &n, e))
		return false;
	taken = talloc_zero_size(l->mem, (n + 1) * sizeof(*taken));
	done = talloc_zero_size(l->mem, (n + 1) * sizeof(*done));
	if (taken == NULL || done == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		if (rows[i].acknowledged_ms >= 0)
			taken[taken_n++] = (double)rows[i].acknowledged_ms / 1000;
		if (rows[i].resolved_ms >= 0)
			done[done_n++] = (double)rows[i].resolved_ms / 1000;
	}
	return times_make(l->mem, taken, taken_n, &out->acknowledge, e) &&
	       times_make(l->mem, done, done_n, &out->resolve, e);
}

static bool
add_open(struct look *l, struct analytics *out, struct err *e)
{
	struct open_now    *o = talloc_zero(l->mem, struct open_now);
	struct open_alerts *rows;
	size_t              n;

	if (o == NULL || (o->by_severity = talloc_zero(l->mem, struct severity_counts)) == NULL ||
	    (o->by_age = talloc_zero(l->mem, struct analytics_ages)) == NULL)
		return err_memory(e);
	if (!analytics_open(l->t, l->mem, &l->f.config_id, l->now, &rows, &n, e))
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
	out->acceptances = talloc_zero(l->mem, struct acceptances);
	if (out->acceptances == NULL)
		return err_memory(e);
	return analytics_acceptances(
	    l->t, &l->f.config_id, l->now, (instant) { l->now.ms + SOON_MS }, out->acceptances, e);
}

bool
analytics_look(struct tenant_db *t, TALLOC_CTX *mem, instant now, const struct analytics_wish *in,
    struct analytics *out, struct err *e)
{
	struct look l = {
		.t = t,
		.mem = mem,
		.now = now,
		.days = in->days == 0 ? DAYS : in->days,
	};
	const int64_t       until = in->until == 0 ? now.ms / DAY_MS : in->until;
	struct drift_config c;

	l.f = (struct daily_filter) { in->config_id, until - l.days + 1, until,
		in->top == 0 ? TOP : (size_t)in->top };
	if (!uuid_is_nil(&in->config_id) && !config_by_id(t, mem, &in->config_id, &c, e))
		return false;
	return days_make(&l, out, e) && days_fill(&l, e) && add_anomalies(&l, out, e) &&
	       add_noisiest(&l, out, e) && add_work(&l, out, e) && add_open(&l, out, e) &&
	       add_acceptances(&l, out, e);
}

bool
analytics_see(
    const struct acting *a, const struct analytics_wish *in, struct analytics *out, struct err *e)
{
	return analytics_look(a->by.t, a->by.mem, acting_now(a), in, out, e);
}
