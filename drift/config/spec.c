#include "drift/config/spec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/config/pack.h"

#define REFUSED_DOC "Not available in this version: a config that names it is refused."

static const char *const severities[] = {
#define X(id, wire, weight) wire,
	SEVERITIES(X)
#undef X
	    NULL
};

/* ---- what the API takes ---- */

static const char *const modes_new[] = { "pinned", "previous", NULL };
static const char *const modes[] = { "pinned", "previous", "golden", NULL };
static const char *const kinds[] = { "push", NULL };

static const struct field selector_fields[] = {
	FIELD(struct spec_selector, resources, .min = 0, .max = 1024, .flags = FIELD_REQUIRED,
	    .doc = "JSON Pointer to the array of resources."),
	FIELD(struct spec_selector, key, .min = 1, .max = 256, .flags = FIELD_REQUIRED,
	    .doc = "Member of each element that is its key."),
	FIELD(struct spec_selector, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Category of all of them; document when absent."),
	FIELD_END,
};
static const struct schema selector_schema =
    SCHEMA("DriftSelector", struct spec_selector, selector_fields);

static const struct field source_fields[] = {
	FIELD(struct spec_source, kind, .choices = kinds, .flags = FIELD_REQUIRED,
	    .doc = "Where snapshots come from: they are pushed."),
	FIELD(struct spec_source, selector, .item = &selector_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "How a document is cut into resources."),
	FIELD_END,
};
const struct schema spec_source_schema = SCHEMA("DriftSource", struct spec_source, source_fields);

static const struct field baseline_fields[] = {
	FIELD(struct spec_baseline, mode, .choices = modes, .flags = FIELD_REQUIRED,
	    .doc = "pinned: the first complete snapshot until another is set; previous: the one "
		   "before; golden: rendered from a template, which is bound by PUT "
		   ".../baseline, not here."),
	FIELD_END,
};
const struct schema spec_baseline_schema =
    SCHEMA("DriftBaselineMode", struct spec_baseline, baseline_fields);

/* Of a config that is not there yet: nothing is bound to it. */
static const struct field baseline_new_fields[] = {
	FIELD(struct spec_baseline, mode, .choices = modes_new, .flags = FIELD_REQUIRED,
	    .doc = "pinned: the first complete snapshot until another is set; previous: the one "
		   "before. A template is bound by PUT .../baseline once the config is there."),
	FIELD_END,
};
static const struct schema spec_baseline_new_schema =
    SCHEMA("DriftBaselineModeNew", struct spec_baseline, baseline_new_fields);

#define REFUSED(T, m) FIELD(T, m, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO, .doc = REFUSED_DOC)
static const struct field tolerance_fields[] = {
	FIELD(struct spec_tolerance, path, .min = 0, .max = PATTERN_TEXT_MAX,
	    .flags = FIELD_REQUIRED, .doc = "JSON Pointer; a step may be * or **."),
	FIELD(struct spec_tolerance, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO, .doc = "Only in this category."),
	FIELD(struct spec_tolerance, abs, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Number: by how much."),
	FIELD(struct spec_tolerance, pct, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Number: by how many percent of the baseline's; either is enough."),
	FIELD_END,
};
static const struct schema tolerance_schema =
    SCHEMA("DriftTolerance", struct spec_tolerance, tolerance_fields);
static const struct field flapping_fields[] = {
	FIELD(struct spec_flapping, low, .min = 1, .max = 99,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Percent below which it has calmed; 25 when absent."),
	FIELD(struct spec_flapping, high, .min = 2, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Percent from which on it flaps; 50 when absent."),
	FIELD_END,
};
static const struct schema flapping_schema =
    SCHEMA("DriftFlapping", struct spec_flapping, flapping_fields);
static const struct field anomaly_fields[] = {
	FIELD(struct spec_anomaly, k, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Number from 1 to 100: so many MADs above the median; 5 when absent."),
	FIELD(struct spec_anomaly, runs, .min = ANOMALY_NEEDS, .max = ANOMALY_RUNS_MAX,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Runs looked back on; 20 when absent. Nothing is unusual before the tenth."),
	FIELD(struct spec_anomaly, floor, .min = 1, .max = 50000,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "So many changes above the median at least, whatever the MAD; 10 when absent."),
	FIELD_END,
};
static const struct schema anomaly_schema =
    SCHEMA("DriftAnomaly", struct spec_anomaly, anomaly_fields);
static const struct field threshold_fields[] = {
	FIELD(struct spec_thresholds, min_severity, .choices = severities, .flags = FIELD_NULLABLE,
	    .doc = "Changes below it raise no alert; low when absent. info never alerts."),
	FIELD(struct spec_thresholds, min_changes, .min = 1, .max = 50000,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Fewer findings open no alert; an open one goes on."),
	FIELD(struct spec_thresholds, min_score, .min = 1, .max = 1000000,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Findings of a lower score together open no alert; an open one goes on."),
	FIELD(struct spec_thresholds, tolerance, .max = 100, .item = &tolerance_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Numbers that may move about the baseline's without an alert."),
	FIELD(struct spec_thresholds, for_runs, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "A finding alerts once it is in so many reports in a row."),
	FIELD(struct spec_thresholds, clear_runs, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "An alert ends after so many complete snapshots in a row without findings."),

	FIELD(struct spec_thresholds, max_removed_percent, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "More of a collection gone at once waits for the next snapshot; 50 when absent, "
		   "100: never."),
	FIELD(struct spec_thresholds, blind_after, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "The config is blind after so many incomplete snapshots in a row, or after "
		   "expect_every_s so many times without a complete one; 3 when absent."),
	FIELD(struct spec_thresholds, flapping, .item = &flapping_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "A finding whose state changes in so many percent of the last 20 steps between "
		   "checks, the newest weighing half as much again as the oldest, is told of as "
		   "flapping, and again when it has calmed. Not looked at when absent."),
	FIELD(struct spec_thresholds, anomaly, .item = &anomaly_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "A run with more changes than median + max(k * MAD, floor) of the runs before "
		   "opens an alert of kind anomaly. Not looked at when absent."),
	FIELD_END,
};
const struct schema spec_thresholds_schema =
    SCHEMA("DriftThresholds", struct spec_thresholds, threshold_fields);

static const struct field alert_fields[] = {
	FIELD(struct spec_alert, channel_id, .flags = FIELD_REQUIRED, .doc = "Channel to tell."),
	FIELD(struct spec_alert, min_severity, .choices = severities,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Alerts below it are not sent there; all when absent."),
	FIELD_END,
};
const struct schema spec_alert_schema = SCHEMA("DriftAlertTarget", struct spec_alert, alert_fields);

#define RETENTION_MAX_S ((int64_t)100 * 366 * 86400)
#define BODY(required, baseline_schema)                                                            \
	FIELD(struct spec_body, name, .min = 1, .max = 200, .flags = required | FIELD_SEEN,        \
	    .doc = "Name, unique."),                                                               \
	    FIELD(struct spec_body, source, .item = &spec_source_schema, .flags = required,        \
		.doc = "Where snapshots come from."),                                              \
	    FIELD(struct spec_body, baseline, .item = &baseline_schema, .flags = FIELD_NULLABLE,   \
		.doc = "What a snapshot is compared with."),                                       \
	    FIELD(struct spec_body, compare, .flags = FIELD_NULLABLE,                              \
		.doc = "How values are compared: {arrays, normalise}."),                           \
	    FIELD(struct spec_body, rules, .flags = FIELD_NULLABLE,                                \
		.doc = "Severity rules; the first that matches decides."),                         \
	    FIELD(struct spec_body, rule_packs, .max = PACKS_MAX, .flags = FIELD_NULLABLE,         \
		.doc = "Rule packs of the installation, after the config's own rules."),           \
	    FIELD(struct spec_body, thresholds, .item = &spec_thresholds_schema,                   \
		.flags = FIELD_NULLABLE, .doc = "What raises an alert."),                          \
	    FIELD(struct spec_body, alerts, .max = 20, .item = &spec_alert_schema,                 \
		.flags = FIELD_NULLABLE, .doc = "Channels that are told."),                        \
	    FIELD(struct spec_body, expect_every_s, .min = 1, .max = 2678400,                      \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "A complete snapshot is expected so often; without one in "                 \
		       "blind_after times that, the config is blind."),                            \
	    REFUSED(struct spec_body, schedule),                                                   \
	    FIELD(struct spec_body, retention_s, .min = 1, .max = RETENTION_MAX_S,                 \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Snapshots are dropped after so many seconds; the baseline and the newest " \
		       "stay. null: never."),                                                      \
	    FIELD_END
static const struct field create_fields[] = { BODY(FIELD_REQUIRED, spec_baseline_new_schema) };
static const struct field update_fields[] = { BODY(0, spec_baseline_schema) };
const struct schema       drift_config_create_schema =
    SCHEMA_GIVEN("DriftConfigCreate", struct spec_body, create_fields, given);
const struct schema drift_config_update_schema =
    SCHEMA_GIVEN("DriftConfigUpdate", struct spec_body, update_fields, given);

/* ---- the text ---- */

/* Members that make the spec, in the order they are stored. */
static const char *const members[] = { "source", "baseline", "compare", "rules", "rule_packs",
	"thresholds", "alerts", "schedule", "expect_every_s", "retention_s" };

static void
merge_into(struct buf *b, const struct json *old, const struct json *body)
{
	const struct json *v;
	bool               first = true;

	buf_putc(b, '{');
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		v = json_get(body, members[i]);
		if (v == NULL && old != NULL)
			v = json_get(old, members[i]);
		if (v == NULL || v->type == JSON_NULL)
			continue;
		if (!first)
			buf_putc(b, ',');
		first = false;
		buf_json(b, str_of(members[i]));
		buf_putc(b, ':');
		json_print(b, v);
	}
	buf_putc(b, '}');
}

char *
spec_merge(TALLOC_CTX *mem, const char *old, const struct json *body, struct err *e)
{
	struct json *tree = NULL;
	struct buf   b;

	if (old != NULL) {
		tree = json_parse(mem, str_of(old), e);
		if (tree == NULL)
			return NULL;
	}
	buf_make(&b, mem);
	merge_into(&b, tree, body);
	talloc_free(tree);
	if (!buf_ok(&b)) {
		err_memory(e);
		return NULL;
	}
	return b.p;
}

/* ---- what this version does not do ---- */

static void
refuse(
    TALLOC_CTX *mem, const struct raw_json *v, const char *pointer, const char *what, struct err *e)
{
	if (v->tree != NULL && v->tree->type != JSON_NULL)
		err_fault(
		    e, mem, pointer, "%s is not available in this version; leave it out", what);
}

static bool
refuse_unbuilt(TALLOC_CTX *mem, const struct spec_body *b, struct err *e)
{
	if (b->source == NULL)
		return err_fault(e, mem, "/source", "is required");
	refuse(mem, &b->schedule, "/schedule", "a schedule", e);
	return e->code == ERR_OK;
}

/* ---- compiling ---- */

static bool
set_selector(struct drift_spec *s, struct err *e)
{
	const struct spec_selector *in = s->body.source->selector;

	if (in == NULL)
		return true;
	s->selector = talloc_zero(s, struct resource_selector);
	if (s->selector == NULL)
		return err_memory(e);
	*s->selector = (struct resource_selector) { str_of(in->resources), str_of(in->key),
		str_of(in->category) };
	if (in->resources[0] != '\0' && in->resources[0] != '/')
		return err_fault(e, s, "/source/selector/resources", "must be a JSON Pointer");
	return true;
}

static void
set_words(struct drift_spec *s)
{
	const struct spec_body *b = &s->body;

	s->mode = b->baseline != NULL && strcmp(b->baseline->mode, "previous") == 0
		      ? BASELINE_PREVIOUS
		      : BASELINE_PINNED;
	s->retention_s = b->retention_s;
	s->expect_every_s = b->expect_every_s;
}

/* ---- thresholds ---- */

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

static bool
set_limits(struct drift_spec *s, struct err *e)
{
	static const struct spec_thresholds none;
	const struct spec_thresholds       *in = s->body.thresholds;
	const struct spec_tolerance        *list;
	struct limits                      *l = &s->limits;

	in = in == NULL ? &none : in;
	list = in->tolerance.p;
	set_plain(l, in);
	l->tolerance_n = in->tolerance.n;
	l->tolerance = talloc_zero_size(s, (l->tolerance_n + 1) * sizeof(l->tolerance[0]));
	if (l->tolerance == NULL)
		return err_memory(e);
	for (size_t i = 0; i < l->tolerance_n; i++)
		if (!one_tolerance(s, &list[i], i, &l->tolerance[i], e))
			return false;
	return set_flapping(s, in->flapping, e) && set_anomaly(s, in->anomaly, e);
}

static bool
set_targets(struct drift_spec *s, struct err *e)
{
	const struct spec_alert *in = s->body.alerts.p;

	s->targets_n = s->body.alerts.n;
	s->targets = talloc_zero_size(s, (s->targets_n + 1) * sizeof(s->targets[0]));
	if (s->targets == NULL)
		return err_memory(e);
	for (size_t i = 0; i < s->targets_n; i++) {
		s->targets[i] = (struct alert_target) { in[i].channel_id, SEVERITY_LOW };
		if (in[i].min_severity != NULL)
			(void)severity_parse(
			    str_of(in[i].min_severity), &s->targets[i].min_severity);
	}
	return true;
}

/* A member given as null is none. */
static const struct json *
given_tree(const struct raw_json *v)
{
	return v->tree == NULL || v->tree->type == JSON_NULL ? NULL : v->tree;
}

/* Keys of resources are kept readable, so nothing masked can be one. */
static bool
check_selector(struct drift_spec *s, struct err *e)
{
	struct str category;

	if (s->selector == NULL)
		return true;
	category = s->selector->category.n > 0 ? s->selector->category : RESOURCE_CATEGORY_DOCUMENT;
	return !compare_masks(s->compare, category, s->selector->key) ||
	       err_fault(
		   e, s, "/source/selector/key", "names a member that is masked, and keys are not");
}

static bool
compile_engine(struct drift_spec *s, const struct drift *d, const struct tenant_db *t,
    struct work *work, struct err *e)
{
	const struct rule_pack **packs;
	size_t                   n = s->body.rule_packs.n;

	if (!packs_load(s, d->env->conf->rules_dir, &s->body.rule_packs, &packs, e))
		return false;
	s->compare =
	    compare_compile(s, given_tree(&s->body.compare), packs, n, t->address_key, work, e);
	if (s->compare == NULL || !check_selector(s, e))
		return false;
	s->rules = rules_compile(s, given_tree(&s->body.rules), packs, n, work, e);
	return s->rules != NULL;
}

/* The name stands beside the spec, not in it. */
static bool
decode(struct drift_spec *s, const char *text, struct err *e)
{
	char        *copy = talloc_strdup(s, text);
	struct json *tree;

	if (copy == NULL)
		return err_memory(e);
	tree = json_parse(s, str_of(copy), e);
	return tree != NULL && schema_decode(s, &drift_config_update_schema, tree, &s->body, e);
}

/* Faults belong to the spec's subtree, which goes: the caller's memory gets a copy. */
static void
move_faults(TALLOC_CTX *mem, struct err *e)
{
	struct fault *old = e->faults;
	struct fault *copy, **at = &e->faults;

	e->faults = NULL;
	for (; old != NULL; old = old->next) {
		copy = talloc_zero(mem, struct fault);
		if (copy == NULL)
			return;
		copy->pointer = talloc_strdup(copy, old->pointer);
		copy->detail = talloc_strdup(copy, old->detail);
		if (copy->pointer == NULL || copy->detail == NULL)
			return;
		*at = copy;
		at = &copy->next;
	}
}

struct drift_spec *
spec_compile(TALLOC_CTX *mem, const struct drift *d, const struct tenant_db *t, const char *text,
    struct work *work, struct err *e)
{
	struct drift_spec *s = talloc_zero(mem, struct drift_spec);

	if (s == NULL) {
		err_memory(e);
		return NULL;
	}
	if (decode(s, text, e) && refuse_unbuilt(s, &s->body, e) && set_selector(s, e) &&
	    set_targets(s, e) && set_limits(s, e) && compile_engine(s, d, t, work, e)) {
		set_words(s);
		return s;
	}
	move_faults(mem, e);
	talloc_free(s);
	return NULL;
}
