/* routes.h: a config's baseline, shown and set. */
#include "drift/service/baseline.h"
#include "fcgi/drift/compare.h"
#include "fcgi/drift/pending.h"
#include "fcgi/routes.h"

/* ---- what is answered ---- */

struct bound_out {
	struct uuid     id;
	const char     *name, *owner;
	uint64_t        version, newest_version;
	struct raw_json variables;
	struct items    differences,
	    not_compared; /* struct golden_difference; as compare names them */
	int64_t     not_compared_more;
	const char *other_categories, *stale, *bound_by;
	instant     bound_at;
};
static const struct field bound_fields[] = {
	FIELD(struct bound_out, id, .doc = "The golden baseline."),
	FIELD(struct bound_out, name, .doc = "Its name."),
	FIELD(struct bound_out, owner, .doc = "tenant, or platform: a shared one."),
	FIELD(struct bound_out, version, .doc = "The version in force."),
	FIELD(struct bound_out, newest_version,
	    .doc = "The newest; the next snapshot takes it, unless `stale` says why not."),
	FIELD(struct bound_out, variables,
	    .doc = "Object: name to the value that was given" VIEW_DOC),
	FIELD(struct bound_out, differences, .item = &golden_difference_schema,
	    .doc = "What this config has otherwise, on purpose; values are " VIEW_WITHHELD
		   " without read:snapshots."),
	FIELD(struct bound_out, not_compared, .item = &left_out_schema,
	    .doc = "Places of the template that the config masks: they are not watched by a golden "
		   "baseline, since what is equal to what somebody has said would tell the value. "
		   "The first 100; none where it was rendered by an earlier version."),
	FIELD(struct bound_out, not_compared_more, .flags = FIELD_OMIT_ZERO,
	    .doc = "How many more there are."),
	FIELD(struct bound_out, other_categories,
	    .doc = "Resources of categories that the template does not name: report or ignore."),
	FIELD(struct bound_out, stale, .flags = FIELD_NULLABLE,
	    .doc = "Why the newest version could not be taken; null: it could."),
	FIELD(struct bound_out, bound_by,
	    .doc = "Who bound the config to it: an address, or key:NAME of an API key."),
	FIELD(struct bound_out, bound_at, .doc = "When."),
	FIELD_END,
};
static const struct schema bound_schema =
    SCHEMA("DriftBaselineGolden", struct bound_out, bound_fields);

static const struct schema look_schema =
    SCHEMA("DriftFirstLookChange", struct look_change, look_change_fields);
struct look_out {
	int64_t      critical, high, more;
	struct items changes;
};
static const struct field look_out_fields[] = {
	FIELD(struct look_out, critical, .doc = "How many would be critical."),
	FIELD(struct look_out, high, .doc = "How many would be high."),
	FIELD(struct look_out, changes, .item = &look_schema, .doc = "Worst first, at most 100."),
	FIELD(struct look_out, more, .doc = "How many more there are than are listed."),
	FIELD_END,
};
static const struct schema look_out_schema =
    SCHEMA("DriftFirstLook", struct look_out, look_out_fields);

struct baseline_out {
	struct uuid         config_id;
	const char         *mode;
	struct uuid         snapshot_id;
	bool                approved;
	instant             collected_at;
	struct bound_out   *golden;
	struct look_out    *first_look;
	struct pending_out *pending;
	struct items        history;
};
static const struct field baseline_out_fields[] = {
	FIELD(struct baseline_out, config_id, .doc = "The config."),
	FIELD(struct baseline_out, mode, .doc = "pinned, previous or golden."),
	FIELD(struct baseline_out, snapshot_id, .flags = FIELD_NULLABLE,
	    .doc = "Snapshot the next one is compared with; null before the first complete one. "
		   "In mode golden the template as it is rendered for this config."),
	FIELD(struct baseline_out, approved, .doc = "Somebody has set it; the first one is not."),
	FIELD(struct baseline_out, collected_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was read, or rendered."),
	FIELD(struct baseline_out, golden, .item = &bound_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "In mode golden: what it is rendered from."),
	FIELD(struct baseline_out, first_look, .item = &look_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "What in the first readings would be high or critical, had each value just been "
		   "set to what it is, and nobody has approved; absent: nothing."),
	FIELD(struct baseline_out, pending, .item = &pending_out_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "What is asked to be the baseline, and waits for a second person."),
	FIELD(struct baseline_out, history, .item = &event_out_schema,
	    .doc = "How the baseline was set, and followed its template."),
	FIELD_END,
};
static const struct schema baseline_out_schema =
    SCHEMA("DriftBaseline", struct baseline_out, baseline_out_fields);

struct baseline_in {
	struct uuid           snapshot_id;
	struct golden_choice *golden;
	struct approve_in    *approve;
	const char           *reason;
};
static const struct field baseline_in_fields[] = {
	FIELD(struct baseline_in, snapshot_id, .flags = FIELD_NULLABLE,
	    .doc = "A snapshot of this config; this or `golden`. It becomes the baseline of the "
		   "collections that it has read completely; the others keep theirs."),
	FIELD(struct baseline_in, golden, .item = &golden_choice_schema, .flags = FIELD_NULLABLE,
	    .doc =
		"A golden baseline, rendered for this config. Places that the config masks it does "
		"not watch: they are named in `not_compared`."),
	FIELD(struct baseline_in, approve, .item = &approve_in_schema, .flags = FIELD_NULLABLE,
	    .doc = "With `snapshot_id`: that what is to be reviewed was; 409 where it was not, and "
		   "there is something."),
	FIELD(struct baseline_in, reason, .min = 1, .max = 1000, .flags = FIELD_SEEN,
	    .doc = "With `snapshot_id`: why; kept in the audit log, and shown to the second person "
		   "where it waits for one."),
	FIELD_END,
};
static const struct schema baseline_in_schema =
    SCHEMA("DriftBaselineSet", struct baseline_in, baseline_in_fields);

/* ---- showing ---- */

/* Names stay. */
static bool
variables_show(
    const struct acting *a, const struct json *given, struct raw_json *out, struct err *e)
{
	struct buf b;

	out->tree = given;
	if (a->view.values || given == NULL)
		return true;
	buf_make(&b, a->by.mem);
	buf_putc(&b, '{');
	for (uint32_t i = 0; i < given->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		buf_json(&b, given->names[i]);
		buf_puts(&b, ":" VIEW_WITHHELD_JSON);
	}
	buf_putc(&b, '}');
	out->text = buf_text(&b, e);
	return out->text != NULL;
}

static bool
terms_show(const struct acting *a, struct golden_terms *terms, struct bound_out *out, struct err *e)
{
	for (size_t i = 0; i < terms->n; i++)
		view_raw(a->view, &terms->differences[i].value);
	out->differences = (struct items) { terms->differences, terms->n };
	out->not_compared_more = terms->left_out_more;
	return left_out_show(
		   a->by.mem, terms->left_out, terms->left_out_n, &out->not_compared, e) &&
	       variables_show(a, terms->variables, &out->variables, e);
}

static bool
bound_show(const struct acting *a, struct baseline_bound *b, struct bound_out **to, struct err *e)
{
	struct bound_out *out = talloc_zero(a->by.mem, struct bound_out);

	if (out == NULL)
		return err_memory(e);
	*out = (struct bound_out) {
		.id = b->golden.id,
		.name = b->golden.name,
		.owner = golden_owner(a, b->foreign),
		.version = b->binding.golden_version,
		.newest_version = b->golden.version,
		.other_categories = b->other_categories,
		.stale = b->binding.stale_why,
		.bound_by = b->binding.bound_by,
		.bound_at = b->binding.bound_at,
	};
	*to = out;
	return terms_show(a, &b->terms, out, e);
}

static bool
answer_baseline(struct request *r, const struct acting *a, const struct baseline_seen *b,
    struct baseline_out *out, struct err *e)
{
	*out = (struct baseline_out) {
		.config_id = r->id0,
		.mode = b->mode,
		.snapshot_id = b->snapshot_id,
		.approved = b->approved,
		.collected_at = b->collected_at,
	};
	if (b->look != NULL) {
		out->first_look = talloc_zero(r->mem, struct look_out);
		if (out->first_look == NULL)
			return err_memory(e);
		*out->first_look = (struct look_out) {
			.critical = b->look->critical,
			.high = b->look->high,
			.more = b->look->critical + b->look->high - (int64_t)b->look->changes_n,
			.changes = { b->look->changes, b->look->changes_n },
		};
	}
	if (!uuid_is_nil(&b->waits.id)) {
		out->pending = talloc_zero(r->mem, struct pending_out);
		if (out->pending == NULL)
			return err_memory(e);
		pending_show(a, &b->waits, out->pending);
	}
	return events_show(r->mem, b->events, b->events_n, &out->history, e) &&
	       (b->bound == NULL || bound_show(a, b->bound, &out->golden, e));
}

/* ---- handlers ---- */

static bool
get_baseline(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);
	struct baseline_seen seen;

	(void)body;
	return a != NULL && baseline_see(a, &r->id0, &seen, e) &&
	       answer_baseline(r, a, &seen, answer, e);
}

static bool
put_baseline(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct baseline_in  *in = body;
	const struct baseline_wish wish = { in->snapshot_id, in->golden,
		in->approve != NULL && in->approve->reviewed, in->reason };
	const struct acting       *a = acting_of(r, e);
	struct baseline_seen       seen;

	if (a == NULL || !baseline_set(a, &r->id0, &wish, &seen, e) ||
	    !answer_baseline(r, a, &seen, answer, e))
		return false;
	if (seen.asked)
		r->status = 202;
	return true;
}

const struct route baseline_routes[] = {
	ROUTE(GET, "/api/drift/configs/{id}/baseline", ALLOW(READ, DRIFT), RATE_READ, 200,
	    get_baseline, IN_NONE, OUT(baseline_out),
	    "Shows what the next snapshot is compared with."),
	{ ROUTE_Y(PUT, "/api/drift/configs/{id}/baseline", NULL, ALLOW(UPDATE, DRIFT), RATE_WRITE,
	      200, put_baseline, IN(baseline_in), OUT(baseline_out),
	      "Approves a snapshot as the baseline, or binds the config to a golden one, which "
	      "needs read:snapshots. " PENDING_DOC),
	    .statuses = pending_statuses },
	ROUTE_END,
};
