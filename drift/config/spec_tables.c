/* spec.h: what the API takes, and the text that is kept of it. */
#include "drift/config/spec.h"

#include "drift/config/pack.h"

static const char *const severities[] = {
#define X(id, wire, weight) wire,
	SEVERITIES(X)
#undef X
	    NULL
};

static const char *const modes_new[] = { "pinned", "previous", NULL };
static const char *const modes[] = { "pinned", "previous", "golden", NULL };

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
	    .doc =
		"Runs looked back on, of those that read the collection; 20 when absent. Nothing "
		"is unusual before the tenth."),
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
	    .doc = "An alert ends once each collection that had findings has been read completely "
		   "so many times "
		   "in a row without any."),

	FIELD(struct spec_thresholds, max_removed_percent, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "More of a collection gone at once waits for the next snapshot; 50 when absent, "
		   "100: never."),
	FIELD(struct spec_thresholds, blind_after, .min = 1, .max = 100,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc =
		"A collection is blind after so many readings in a row that were not complete, "
		"after as many pushes without it by the key that read it last, or after "
		"expect_every_s so many times without a complete one; 3 when absent. One that was "
		"read completely and is forbidden now is blind at once."),
	FIELD(struct spec_thresholds, review_after_days, .min = 1, .max = 365,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "A baseline that nobody has approved after so many days is told of once; 7 when "
		   "absent."),
	FIELD(struct spec_thresholds, flapping, .item = &flapping_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "A finding whose state changes in so many percent of the last 20 steps between "
		   "checks, the newest weighing half as much again as the oldest, is told of as "
		   "flapping, and again when it has calmed. Not looked at when absent."),
	FIELD(struct spec_thresholds, anomaly, .item = &anomaly_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc =
		"A collection with more changes than median + max(k * MAD, floor) of the runs that "
		"read it before opens an alert of kind anomaly. Not looked at when absent."),
	FIELD_END,
};
const struct schema spec_thresholds_schema =
    SCHEMA("DriftThresholds", struct spec_thresholds, threshold_fields);

static const struct field alert_fields[] = {
	FIELD(struct spec_alert, channel_id, .flags = FIELD_REQUIRED, .doc = "Channel to tell."),
	FIELD(struct spec_alert, min_severity, .choices = severities,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Alerts below it are not sent there; that one has fallen below it is told once. "
		   "All "
		   "when absent."),
	FIELD(struct spec_alert, tell_ends, .flags = FIELD_OMIT_ZERO,
	    .doc = "Also told of the end of one finding while others of the alert go on."),
	FIELD_AS(struct spec_alert, tell_makers, "tell_attributed", .flags = FIELD_OMIT_ZERO,
	    .doc = "Also told, once for an alert, when it becomes known after it was told who made "
		   "its changes (drift.alert.attributed)."),
	FIELD(struct spec_alert, tell_work, .choices = work_choices,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO, .doc = WORK_DOC),
	FIELD(struct spec_alert, repeat_min_s, .min = 1, .max = 86400,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Least seconds between events in which nothing but a number has changed; what "
		   "comes sooner is told with the next. 300 when absent."),
	FIELD_END,
};
const struct schema spec_alert_schema = SCHEMA("DriftAlertTarget", struct spec_alert, alert_fields);

static const struct field unread_fields[] = {
	FIELD(struct spec_unread, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .flags = FIELD_REQUIRED, .doc = "The collection."),
	FIELD(struct spec_unread, reason, .min = 1, .max = 500,
	    .flags = FIELD_REQUIRED | FIELD_SEEN, .doc = "Why it is not read, for people."),
	FIELD(struct spec_unread, retired, .flags = FIELD_OMIT_ZERO,
	    .doc = "It is no more and will not come again: what was found in it ends, and nothing "
		   "waits for its next reading. Without it what was found last stands until it is "
		   "read. One that is read all the same is held against its baseline."),
	FIELD_END,
};
const struct schema spec_unread_schema = SCHEMA("DriftUnread", struct spec_unread, unread_fields);

#define RETENTION_MAX_S ((int64_t)100 * 366 * 86400)
#define BODY(required, baseline_schema)                                                            \
	FIELD(struct spec_body, name, .min = 1, .max = 200, .flags = required | FIELD_SEEN,        \
	    .doc = "Name, unique."),                                                               \
	    FIELD(struct spec_body, source, .item = &source_schema, .flags = required,             \
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
	    FIELD(struct spec_body, alerts, .max = SPEC_TARGETS_MAX, .item = &spec_alert_schema,   \
		.flags = FIELD_NULLABLE, .doc = "Channels that are told."),                        \
	    FIELD(struct spec_body, unread, .max = UNREAD_MAX, .item = &spec_unread_schema,        \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Collections that are not read, for want of a licence or a right: they "    \
		       "make no report incomplete and the config not blind. One that comes "       \
		       "completely all the same is compared."),                                    \
	    FIELD(struct spec_body, expect_every_s, .min = 1, .max = 2678400,                      \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Each collection is expected so often, completely; without that in "        \
		       "blind_after times as long, it is blind."),                                 \
	    FIELD(struct spec_body, schedule, .item = &schedule_spec_schema,                       \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "When the source is collected, where it is of a kind that collects."),      \
	    FIELD(struct spec_body, retention_s, .min = 1, .max = RETENTION_MAX_S,                 \
		.flags = FIELD_NULLABLE,                                                           \
		.doc = "Snapshots and reports are dropped after so many seconds; the baseline "    \
		       "and the newest stay. null: never, unless the tenant's "                    \
		       "settings.retention says so; of both the shorter counts."),                 \
	    FIELD_END
static const struct field create_fields[] = { BODY(FIELD_REQUIRED, spec_baseline_new_schema) };
static const struct field update_fields[] = { BODY(0, spec_baseline_schema) };
const struct schema       drift_config_create_schema =
    SCHEMA_GIVEN("DriftConfigCreate", struct spec_body, create_fields, given);
const struct schema drift_config_update_schema =
    SCHEMA_GIVEN("DriftConfigUpdate", struct spec_body, update_fields, given);

/* ---- the text ---- */

/* In the order of the table; the name, which is first there, stands beside the spec. */
static void
merge_into(struct buf *b, const struct json *old, const struct json *body)
{
	const struct json *v;
	bool               first = true;

	buf_putc(b, '{');
	for (const struct field *f = update_fields + 1; f->name != NULL; f++) {
		v = json_get(body, f->name);
		if (v == NULL && old != NULL)
			v = json_get(old, f->name);
		if (v == NULL || v->type == JSON_NULL)
			continue;
		if (!first)
			buf_putc(b, ',');
		first = false;
		buf_json(b, str_of(f->name));
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

/* ---- showing ---- */

/* The members that decode one by one. */
static bool
understood(TALLOC_CTX *mem, const struct json *tree, struct json *out, struct err *e)
{
	*out = (struct json) { .type = JSON_OBJECT };
	out->items = talloc_array(mem, struct json, tree->n + 1);
	out->names = talloc_array(mem, struct str, tree->n + 1);
	if (out->items == NULL || out->names == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < tree->n; i++) {
		struct json      one = { .type = JSON_OBJECT, .n = 1 };
		struct spec_body b;
		struct err       why = { 0 };

		one.items = &tree->items[i];
		one.names = &tree->names[i];
		if (schema_decode(mem, &drift_config_update_schema, &one, &b, &why)) {
			out->items[out->n] = tree->items[i];
			out->names[out->n++] = tree->names[i];
		} else if (why.code != ERR_INVALID) {
			*e = why;
			return false;
		}
	}
	return true;
}

/* A source of a kind that is not known here. */
static bool
name_source(TALLOC_CTX *mem, const struct json *tree, struct spec_body *b, struct err *e)
{
	const struct json *source = json_get(tree, "source"),
			  *kind = source == NULL ? NULL : json_get(source, "kind");
	struct str named = kind != NULL && kind->type == JSON_STRING ? kind->text : STR("unknown");

	b->source = talloc_zero(mem, struct source_settings);
	if (b->source == NULL)
		return err_memory(e);
	b->source->kind = str_dup(mem, named);
	return b->source->kind != NULL || err_memory(e);
}

bool
spec_read(TALLOC_CTX *mem, const char *text, struct spec_body *out, struct err *e)
{
	const struct schema *s = &drift_config_update_schema;
	const struct json   *tree = json_parse(mem, str_of(text), e);
	struct json          known;
	struct err           why = { 0 };

	if (tree == NULL || tree->type != JSON_OBJECT) {
		err_clear(e); /* what is stored is no fault of the request */
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a stored config is no JSON object");
	}
	if (schema_decode(mem, s, tree, out, &why))
		return true;
	if (why.code != ERR_INVALID) {
		*e = why;
		return false;
	}
	return understood(mem, tree, &known, e) && schema_decode(mem, s, &known, out, e) &&
	       (out->source != NULL || name_source(mem, tree, out, e));
}

bool
spec_schedule(TALLOC_CTX *mem, const char *text, struct schedule_plan *out, struct err *e)
{
	struct spec_body b;
	struct err       why = { 0 };

	*out = (struct schedule_plan) { 0 };
	if (!spec_read(mem, text, &b, e))
		return false;
	if (schedule_compile(mem, b.schedule, out, &why))
		return true;
	*out = (struct schedule_plan) { 0 };
	if (why.code == ERR_INVALID)
		return true;
	*e = why;
	return false;
}
