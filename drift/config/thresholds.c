/* spec.h: the thresholds of a config, as limits. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "drift/config/spec_priv.h"

static int64_t
given(int64_t n, int64_t otherwise)
{
	return n > 0 ? n : otherwise;
}

static void
set_plain(struct limits *l, const struct spec_thresholds *in)
{
	l->min_severity = SEVERITY_LOW;
	if (in->min_severity != NULL)
		(void)severity_parse(str_of(in->min_severity), &l->min_severity);
	if (l->min_severity < SEVERITY_LOW)
		l->min_severity = SEVERITY_LOW;
	l->min_changes = in->min_changes;
	l->min_score = in->min_score;
	l->for_runs = given(in->for_runs, 1);
	l->clear_runs = given(in->clear_runs, 1);
	l->max_removed_percent = given(in->max_removed_percent, SUSPICIOUS_PERCENT);
	l->blind_after = given(in->blind_after, BLIND_AFTER);
	l->review_after_days = given(in->review_after_days, REVIEW_AFTER_DAYS);
}

/* A number from `least` to `most`; not given: *out stays. */
static bool
set_number(struct drift_spec *s, const struct raw_json *v, const char *pointer, double least,
    double most, double *out, struct err *e)
{
	char *text, *end;

	if (v->tree == NULL || v->tree->type == JSON_NULL)
		return true;
	if (v->tree->type != JSON_NUMBER)
		return err_fault(e, s, pointer, "must be a number");
	text = talloc_strndup(s, v->tree->text.p, v->tree->text.n);
	if (text == NULL)
		return err_memory(e);
	*out = strtod(text, &end);
	talloc_free(text);
	if (isfinite(*out) && *out >= least && *out <= most)
		return true;
	return most < HUGE_VAL
		   ? err_fault(e, s, pointer, "must be from %g to %g", least, most)
		   : err_fault(e, s, pointer, "must not be negative, and within reason");
}

static bool
set_flapping(struct drift_spec *s, const struct spec_flapping *in, struct err *e)
{
	struct limits *l = &s->limits;

	if (in == NULL)
		return true;
	l->flapping = true;
	l->flap_low = given(in->low, FLAP_LOW);
	l->flap_high = given(in->high, FLAP_HIGH);
	return l->flap_low < l->flap_high
		   ? true
		   : err_fault(e, s, "/thresholds/flapping/low", "must be below high (%lld, %lld)",
			 (long long)l->flap_low, (long long)l->flap_high);
}

static bool
set_anomaly(struct drift_spec *s, const struct spec_anomaly *in, struct err *e)
{
	struct limits *l = &s->limits;

	if (in == NULL)
		return true;
	l->anomaly = true;
	l->anomaly_k = ANOMALY_K;
	l->anomaly_runs = given(in->runs, ANOMALY_RUNS);
	l->anomaly_floor = given(in->floor, ANOMALY_FLOOR);
	return set_number(s, &in->k, "/thresholds/anomaly/k", 1, 100, &l->anomaly_k, e);
}

static bool
one_tolerance(struct drift_spec *s, const struct spec_tolerance *in, size_t i, struct tolerance *t,
    struct err *e)
{
	char path[64], abs[64], pct[64];

	snprintf(path, sizeof(path), "/thresholds/tolerance/%zu/path", i);
	snprintf(abs, sizeof(abs), "/thresholds/tolerance/%zu/abs", i);
	snprintf(pct, sizeof(pct), "/thresholds/tolerance/%zu/pct", i);
	*t = (struct tolerance) { .abs = -1,
		.pct = -1,
		.text = in->path,
		.category = in->category == NULL ? STR("") : str_of(in->category) };
	if (!pattern_compile(s, str_of(in->path), path, &t->path, e) ||
	    !set_number(s, &in->abs, abs, 0, HUGE_VAL, &t->abs, e) ||
	    !set_number(s, &in->pct, pct, 0, HUGE_VAL, &t->pct, e))
		return false;
	return t->abs >= 0 || t->pct >= 0 || err_fault(e, s, path, "needs abs or pct beside it");
}

bool
spec_limits(struct drift_spec *s, struct err *e)
{
	static const struct spec_thresholds none;
	const struct spec_thresholds       *in = s->body.thresholds;
	const struct spec_tolerance        *list;
	struct limits                      *l = &s->limits;

	in = in == NULL ? &none : in;
	list = in->tolerance.p;
	set_plain(l, in);
	l->deleted_runs = s->source.ops->collect != NULL && !s->source.ops->current ? 2 : 1;
	l->tolerance_n = in->tolerance.n;
	l->tolerance = talloc_zero_size(s, (l->tolerance_n + 1) * sizeof(l->tolerance[0]));
	if (l->tolerance == NULL)
		return err_memory(e);
	for (size_t i = 0; i < l->tolerance_n; i++)
		if (!one_tolerance(s, &list[i], i, &l->tolerance[i], e))
			return false;
	return set_flapping(s, in->flapping, e) && set_anomaly(s, in->anomaly, e);
}
