/* routes.h: reports and their changes. */
#include <string.h>

#include "drift/engine/control.h"
#include "drift/service/intent.h"
#include "fcgi/drift/report.h"
#include "fcgi/routes.h"

/* ---- reports ---- */

static const struct field summary_fields[] = {
	FIELD(struct report_summary, created, .doc = "Changes that created something."),
	FIELD(struct report_summary, modified, .doc = "Changes that modified something."),
	FIELD(struct report_summary, deleted, .doc = "Changes that deleted something."),
	FIELD(struct report_summary, moved,
	    .doc = "Elements that moved, in arrays whose order counts."),
	FIELD(struct report_summary, by_severity, .doc = "Object: severity to how many."),
	FIELD_END,
};
const struct schema report_summary_schema =
    SCHEMA("DriftSummary", struct report_summary, summary_fields);

static const struct field report_out_fields[] = {
	FIELD(struct report_out, id, .doc = "Number of the report."),
	FIELD(struct report_out, config_id, .doc = "Its config."),
	FIELD(struct report_out, snapshot_id, .doc = "The snapshot that was compared."),
	FIELD(struct report_out, baseline_id, .flags = FIELD_NULLABLE,
	    .doc = "The snapshot it was compared with."),
	FIELD(struct report_out, status, .doc = "baseline, clean, drifted, incomplete or failed."),
	FIELD(struct report_out, started_at, .doc = "When the comparison began."),
	FIELD(struct report_out, finished_at, .doc = "When it ended."),
	FIELD(
	    struct report_out, summary, .item = &report_summary_schema, .doc = "Counted changes."),
	FIELD(struct report_out, score, .doc = "Sum of the drift_severities' weights."),
	FIELD(struct report_out, max_severity, .flags = FIELD_NULLABLE, .doc = "null: no change."),
	FIELD(struct report_out, incomplete,
	    .doc = "Collections that should have been compared, and were not: [{category, why}], "
		   "at most 100."),
	FIELD(struct report_out, incomplete_more, .flags = FIELD_OMIT_ZERO,
	    .doc = "How many more there are."),
	FIELD(struct report_out, accepted,
	    .doc = "Changes whose value is accepted; not in the summary."),
	FIELD(struct report_out, held, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Collections whose loss waits for the next snapshot: [{category, removed, of}]."),
	FIELD(struct report_out, anomaly, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"With thresholds.anomaly, of the collection that stands out most among those that "
		"were read: {anomalous, changes, runs, reason, median?, mad?, limit?, needs?, "
		"category?}; needs while there are too few runs, category where the config has "
		"several."),
	FIELD(struct report_out, not_alerted, .flags = FIELD_OMIT_ZERO,
	    .doc = "Why nothing was sent, or not of everything: {code, reason, held_back?: "
		   "[{code, changes, reason}]}, with the threshold and the numbers held against it "
		   "beside the reason, e.g. {\"code\": \"below_min_score\", \"score\": 4, "
		   "\"min_score\": 16, \"reason\": ...}."),
	FIELD(struct report_out, suppressed, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Silences and maintenance windows that covered changes: [{by: kind:id, changes}]."),
	FIELD(struct report_out, shortened, .flags = FIELD_OMIT_ZERO, .doc = SHORTENED_DOC),
	FIELD(struct report_out, notes, .flags = FIELD_OMIT_ZERO, .doc = NOTES_DOC),
	FIELD(struct report_out, collections, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"What the snapshot says of each collection: [{category, state, entered?, unread?, "
		"baseline_id?}]: how far it was read, whether it has entered the baseline by this "
		"snapshot, whether the config says that it is not read, and the snapshot that it "
		"was compared with. What stands here not was not in the snapshot, and keeps its "
		"last reading."),
	FIELD(struct report_out, controls, .flags = FIELD_OMIT_ZERO,
	    .doc = "Controls of CIS, SCuBA and NIST that the rules of its changes name, at most "
		   "1,000."),
	FIELD(struct report_out, renamed, .flags = FIELD_OMIT_ZERO,
	    .doc = "Created resources among them that are like a deleted one of their category: "
		   "renamed_from."),
	FIELD(struct report_out, first_look, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"What in the first readings of collections would be high or critical, had each "
		"value just been set to what it is: {critical, high, changes: [{category, key, "
		"path, severity, rule, reason}], more}, worst first, at most 100, and how many "
		"more there are. Nobody is alerted: who approves the baseline says that it was "
		"seen. The same of the first reading after its rules or rule_packs have changed."),
	FIELD(struct report_out, pending, .item = &pending_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of the answer to POST .../accept: that it waits for a second person."),
	FIELD_END,
};
const struct schema report_out_schema = SCHEMA("DriftReport", struct report_out, report_out_fields);

bool
report_show(TALLOC_CTX *mem, const struct report *in, struct report_out *out, struct err *e)
{
	*out = (struct report_out) {
		.id = in->id,
		.config_id = in->config_id,
		.snapshot_id = in->snapshot_id,
		.baseline_id = in->baseline_id,
		.status = in->status,
		.started_at = in->started_at,
		.finished_at = in->finished_at,
		.summary = talloc_zero(mem, struct report_summary),
		.score = in->score,
		.max_severity = in->max_severity,
		.incomplete = in->incomplete,
		.incomplete_more = in->incomplete_more,
		.accepted = in->accepted,
		.held = in->held,
		.anomaly = in->anomaly,
		.suppressed = in->suppressed,
		.shortened = in->shortened,
		.notes = in->notes,
		.collections = in->collections,
		.controls = in->controls,
		.renamed = in->renamed,
		.first_look = in->first_look,
		.not_alerted = in->not_alerted,
	};
	if (out->summary == NULL)
		return err_memory(e);
	*out->summary = (struct report_summary) {
		.created = in->created,
		.modified = in->modified,
		.deleted = in->deleted,
		.moved = in->moved,
		.by_severity = in->by_severity,
	};
	return true;
}

struct report_query {
	struct list_query page;
	struct uuid       config_id;
	const char       *status;
};
static const char *const  report_statuses[] = { "baseline", "clean", "drifted", "incomplete",
	 "failed", NULL };
static const struct field report_query_fields[] = {
	LIST_FIELDS(struct report_query, "Most items of one answer."),
	FIELD(
	    struct report_query, config_id, .flags = FIELD_NULLABLE, .doc = "Only of this config."),
	FIELD(struct report_query, status, .choices = report_statuses,
	    .doc = "Only with this status."),
	FIELD_END,
};
static const struct schema report_query_schema =
    SCHEMA("ReportQuery", struct report_query, report_query_fields);

static bool
fetch_reports(struct request *r, struct list_page *p, struct err *e)
{
	const struct report_query *q = r->query;
	const struct report_filter f = {
		.config_id = q->config_id,
		.status = q->status,
	};
	const struct acting *a = acting_of(r, e);

	return a != NULL && report_page(a, &f, &p->page, e);
}

static bool
show_report(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)p;
	return report_show(r->mem, row, out, e);
}
static const struct list_ops report_list_ops = {
	fetch_reports,
	LIST_OF(struct report, id),
	show_report,
};

static bool
get_report(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct report        row;

	(void)body;
	return a != NULL && report_see(a, &r->id0, &row, e) && report_show(r->mem, &row, answer, e);
}

/* ---- changes ---- */

static const struct field acceptance_fields[] = {
	FIELD(struct acceptance_out, reason, .doc = "Why."),
	FIELD(struct acceptance_out, owner,
	    .doc = "Who accepted: an address, or key:NAME of an API key."),
	FIELD(struct acceptance_out, expires_at, .flags = FIELD_NULLABLE,
	    .doc = "When it reopens; null: never."),
	FIELD_END,
};
static const struct schema acceptance_schema =
    SCHEMA("DriftAcceptance", struct acceptance_out, acceptance_fields);

struct announced_out {
	struct uuid intent_id;
	const char *verdict;
};
static const struct field announced_fields[] = {
	FIELD(struct announced_out, intent_id, .doc = "The announcement."),
	FIELD(struct announced_out, verdict,
	    .doc =
		"as_announced: its value, by its actor; waiting: its value, as long as a log may "
		"still say who made it; unconfirmed: so it was announced, and accepting it "
		"needs a second person; lapsed: so it was announced, by somebody who may accept "
		"nothing any more; unknown_actor: its value, and nobody is known to have "
		"made it; other_actor; other_value; other_place: something else of the object."),
	FIELD_END,
};
static const struct schema announced_schema =
    SCHEMA("DriftAnnounced", struct announced_out, announced_fields);

static const struct field change_out_fields[] = {
	FIELD(struct change_out, id, .doc = "Number of the change."),
	FIELD(struct change_out, report_id, .doc = "Its report."),
	FIELD(struct change_out, resource, .item = &change_resource_schema, .doc = "Where."),
	FIELD(struct change_out, op,
	    .doc = "created, deleted, modified or moved: to another place in an array whose order "
		   "counts, the old and new value are its indices."),
	FIELD(struct change_out, path,
	    .doc = "JSON Pointer into the new value, into the old one when deleted; empty: the "
		   "whole."),
	CHANGE_FIELDS(struct change_out),
	FIELD(struct change_out, text_diff, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Of two texts of several lines, or too long: the lines that differ, as a unified "
		"diff, shortened where there are many. Only with read:snapshots."),
	FIELD(struct change_out, fingerprint,
	    .doc = "Identity of the finding, without values; withheld with a step of the path."),
	FIELD(struct change_out, value_hash, .doc = "Tells one new value from another" VIEW_DOC),
	FIELD(struct change_out, status,
	    .doc = "detected, acknowledged, in_progress, resolved, ignored or accepted."),
	FIELD(struct change_out, suppressed_by, .flags = FIELD_OMIT_ZERO,
	    .doc = "The silence or maintenance window that covered it in this report: kind:id."),
	FIELD(struct change_out, rule_place, .flags = FIELD_OMIT_ZERO,
	    .doc = "JSON Pointer from path to the place inside that the rule decided by; absent: "
		   "the change's own."),
	FIELD(struct change_out, judged, .flags = FIELD_OMIT_ZERO,
	    .doc = "partly: the rules cost more than one snapshot may, and not every place inside "
		   "it was judged; absent: wholly."),
	FIELD(struct change_out, controls, .flags = FIELD_OMIT_ZERO,
	    .doc = "Controls of CIS, SCuBA and NIST that the rule names."),
	FIELD(struct change_out, renamed_from, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a created resource: key of the deleted one of its category that it is like "
		   "in 8 of 10 values or more. For display only: both are counted, judged and "
		   "decided about each by itself."),
	FIELD(struct change_out, renamed_severity, .flags = FIELD_OMIT_ZERO,
	    .doc = "With renamed_from: the worst of both changes and of what differs inside."),
	FIELD(struct change_out, attribution,
	    .doc = "Who did it, as far as known. Of what driftd reads: {confidence: exact, object, "
		   "none "
		   "or pending, actors: [{kind: user, app, api_key, system or anonymous, id, name, "
		   "address, at, activity, correlation_id}]}, the newest first, at most 10; who "
		   "quotes "
		   "a value of the change is withheld without read:snapshots. Of what is pushed: "
		   "{actor, source}, as the push said. null: nobody was asked."),
	FIELD(struct change_out, announced, .item = &announced_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "What an announced change of its object has to do with it."),
	FIELD(struct change_out, acceptance, .item = &acceptance_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a single accepted change: who, why, until when."),
	FIELD(struct change_out, pending, .item = &pending_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a single change: that accepting it waits for a second person, by itself or "
		   "with its config's baseline; nothing of it counts yet."),
	FIELD(struct change_out, assigned_to, .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "Of a single change: user who works on it."),
	FIELD(struct change_out, history, .item = &event_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Of a single change: what happened to the finding, whatever its value."),
	FIELD_END,
};
const struct schema change_out_schema = SCHEMA("DriftChange", struct change_out, change_out_fields);

static bool
show_value(const struct acting *a, const struct change_row *c, enum change_side side,
    struct raw_json *out, bool *truncated, struct err *e)
{
	struct str text;

	if (!change_value(a, c, side, &text, truncated, e))
		return false;
	if (text.p == NULL)
		return true;
	out->text = str_dup(a->by.mem, text);
	return out->text != NULL || err_memory(e);
}

/* A fingerprint is made of the path, and could be found again like a value's hash. */
static bool
show_place(
    const struct acting *a, const struct change_row *c, struct change_out *out, struct err *e)
{
	struct str path, canonical;
	struct str place = STR("");
	bool       hidden;

	if (c->rule_place != NULL &&
	    !view_path(a->by.mem, a->view, str_of(c->rule_place), &place, NULL, e))
		return false;
	out->rule_place = place.n > 0 ? place.p : NULL;
	if (!view_path(a->by.mem, a->view, str_of(c->path), &path, NULL, e) ||
	    !view_path(a->by.mem, a->view, str_of(c->canonical_path), &canonical, &hidden, e))
		return false;
	out->path = path.p;
	out->canonical_path = canonical.p;
	if (hidden)
		out->fingerprint = view_hash(a->view, out->fingerprint);
	return true;
}

static const char *
hex_of(TALLOC_CTX *mem, struct blob b)
{
	char *text = talloc_size(mem, 2 * b.n + 1);

	if (text != NULL)
		hex_print(b.p, b.n, text);
	return text;
}

static bool
show_lines(const struct acting *a, const struct change_row *c, struct raw_json *out, struct err *e)
{
	struct str text;

	if (!change_lines(a, c, &text, e))
		return false;
	if (text.p == NULL)
		return true;
	out->text = str_dup(a->by.mem, text);
	return out->text != NULL || err_memory(e);
}

static bool
show_announced(
    const struct acting *a, const struct change_row *c, struct announced_out **out, struct err *e)
{
	struct announced_out found;

	if (!intent_of_mark(c->announced, &found.verdict, &found.intent_id))
		return true;
	*out = talloc_memdup(a->by.mem, &found, sizeof(found));
	return *out != NULL || err_memory(e);
}

bool
change_show(
    const struct acting *a, const struct change_row *c, struct change_out *out, struct err *e)
{
	*out = (struct change_out) {
		.id = c->id,
		.report_id = c->report_id,
		.resource = talloc_zero(a->by.mem, struct change_resource),
		.op = c->op,
		.severity = c->severity,
		.rule = c->rule,
		.reason = c->reason,
		.fingerprint = hex_of(a->by.mem, c->fingerprint),
		.value_hash = view_hash(a->view,
		    change_value_hash(a, &c->config_id, c->fingerprint.p, c->value_hash.p)),
		.status = c->status,
		.suppressed_by = c->suppressed_by,
		.judged = c->judged,
		.renamed_from = c->renamed_from,
		.renamed_severity = c->renamed_severity,
		.controls = c->controls,
	};
	if (out->resource == NULL || out->fingerprint == NULL || out->value_hash == NULL)
		return err_memory(e);
	*out->resource = (struct change_resource) { c->category, c->key };
	if (!show_announced(a, c, &out->announced, e))
		return false;
	return show_place(a, c, out, e) && change_maker(a, c, &out->attribution.text, e) &&
	       show_value(a, c, CHANGE_OLD, &out->old_value, &out->old_value_truncated, e) &&
	       show_value(a, c, CHANGE_NEW, &out->new_value, &out->new_value_truncated, e) &&
	       show_lines(a, c, &out->text_diff, e);
}

struct change_query {
	struct list_query page;
	const char       *severity, *status, *category, *control;
};
static const struct field change_query_fields[] = {
	LIST_FIELDS(struct change_query, "Most items of one answer."),
	FIELD(struct change_query, severity, .choices = drift_severities,
	    .doc = "Only of this severity."),
	FIELD(struct change_query, status, .choices = finding_statuses,
	    .doc = "Only with this status."),
	FIELD(struct change_query, category, .min = 1, .max = RESOURCE_CATEGORY_MAX,
	    .doc = "Only of this category."),
	FIELD(struct change_query, control, .min = 1, .max = CONTROL_MAX,
	    .doc = "Only by rules that name this control."),
	FIELD_END,
};
static const struct schema change_query_schema =
    SCHEMA("ChangeQuery", struct change_query, change_query_fields);

static struct change_filter
changes_of(const struct request *r)
{
	const struct change_query *q = r->query;

	return (struct change_filter) {
		.report_id = r->id0,
		.severity = q->severity,
		.status = q->status,
		.category = q->category,
		.control = q->control,
	};
}

static bool
fetch_changes(struct request *r, struct list_page *p, struct err *e)
{
	const struct change_filter f = changes_of(r);
	const struct acting       *a = acting_of(r, e);

	p->with = a;
	return a != NULL && change_page(a, &f, &p->page, e);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)r;
	return change_show(p->with, row, out, e);
}
static const struct list_ops change_list_ops = {
	fetch_changes,
	LIST_OF(struct change_row, id),
	show_row,
};

static bool
list_changes(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct change_query *q = r->query;
	enum export_kind           as = export_wanted(r);
	const struct acting       *a = acting_of(r, e);
	struct change_filter       f;
	struct report              report;
	struct uuid                after;

	(void)body;
	if (a == NULL || !list_cursor_read(q->page.cursor, &after, e) ||
	    !report_see(a, &r->id0, &report, e))
		return false;
	if (as == EXPORT_JSON)
		return list_answer(r, &change_list_ops, q->page.cursor, answer, e);
	f = changes_of(r);
	return as == EXPORT_PATCH ? export_patch(r, a, &report, e)
				  : export_csv(r, a, &f, &after, e);
}

const struct route report_routes[] = {
	ROUTE_LIST("/api/drift/reports", report_query, ALLOW(READ, DRIFT), &report_list_ops,
	    OUT_LIST(report_out), "Lists reports, newest first."),
	ROUTE(GET, "/api/drift/reports/{id}", ALLOW(READ, DRIFT), RATE_READ, 200, get_report,
	    IN_NONE, OUT(report_out), "Shows a report."),
	ROUTE_Q_ALSO(GET, "/api/drift/reports/{id}/changes", change_query, export_types,
	    ALLOW(READ, DRIFT), RATE_READ, 200, list_changes, IN_NONE, OUT_LIST(change_out),
	    "Lists a report's changes in its order; as a JSON Patch on {category: {key: value}} or "
	    "a table when Accept says so. The patch needs read:snapshots. An export that breaks "
	    "off ends with a line that has error."),
	ROUTE_END,
};
