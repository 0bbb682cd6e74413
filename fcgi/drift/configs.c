/* routes.h: drift configs. */
#include <string.h>

#include "core/web/etag.h"
#include "drift/service/config.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

/* What the runs of a config whose source is collected are at. */
struct run_standing_out {
	struct uuid run_id;
	const char *state, *reason, *remedy;
	instant     started_at, finished_at;
	int64_t     failures;
	bool        held;
};
static const struct field standing_fields[] = {
	FIELD(struct run_standing_out, run_id, .flags = FIELD_NULLABLE,
	    .doc = "The newest run that was begun; null: none was."),
	FIELD(struct run_standing_out, state, .flags = FIELD_NULLABLE, .doc = "Its state."),
	FIELD(struct run_standing_out, reason, .flags = FIELD_NULLABLE,
	    .doc = "Why it came to nothing."),
	FIELD(struct run_standing_out, remedy, .flags = FIELD_NULLABLE,
	    .doc = "What to do about it."),
	FIELD(struct run_standing_out, started_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was begun first."),
	FIELD(struct run_standing_out, finished_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was over."),
	FIELD(struct run_standing_out, failures,
	    .doc = "Runs in a row that came to nothing; each puts the next one off."),
	FIELD(struct run_standing_out, held,
	    .doc = "What is wrong does not get better by itself: it is tried once an hour, later "
		   "once a day, until the config changes or somebody asks for a run."),
	FIELD_END,
};
static const struct schema standing_schema =
    SCHEMA("DriftConfigRuns", struct run_standing_out, standing_fields);

/* A config as it is answered. */
struct config_out {
	struct uuid             id, config_id, tenant_id;
	const char             *name;
	struct source_settings *source;
	struct spec_baseline   *baseline;
	struct raw_json         compare, rules;
	struct strings          rule_packs;
	struct raw_json         suggested_packs;
	struct spec_thresholds *thresholds;
	struct items            alerts;
	struct items          unread, collections; /* struct spec_unread; struct collection_seen */
	int64_t               retention_s;
	int64_t               expect_every_s;
	struct schedule_spec *schedule;
	struct run_standing_out *collecting;
	instant                  next_run_at;
	int64_t                  dead_rules;
	struct refused_seen     *last_refused;
	char                    *state;
	instant                  last_run, last_snapshot_at;
	uint64_t                 version;
	instant                  created_at, updated_at;
};
static const struct field collection_fields[] = {
	FIELD(struct collection_seen, category, .doc = "The collection."),
	FIELD(struct collection_seen, state,
	    .doc = "How far it was read last: complete, partial, failed, forbidden or throttled; "
		   "failed also when it is left out by the key that read it last."),
	FIELD(struct collection_seen, unread, .flags = FIELD_OMIT_ZERO,
	    .doc = "Why it is not read, as the config says."),
	FIELD(struct collection_seen, blind,
	    .doc = "It was not read completely for too long, and the config does not say why."),
	FIELD(struct collection_seen, blind_since, .flags = FIELD_OMIT_ZERO, .doc = "Since when."),
	FIELD(struct collection_seen, held, .flags = FIELD_OMIT_ZERO,
	    .doc = "Much of it is gone at once: its next complete reading decides."),
	FIELD(struct collection_seen, incomplete_runs, .flags = FIELD_OMIT_ZERO,
	    .doc = "Readings in a row that were not complete."),
	FIELD(struct collection_seen, left_out, .flags = FIELD_OMIT_ZERO,
	    .doc = "Pushes in a row of the key that read it last in which it was not."),
	FIELD(struct collection_seen, complete_at, .flags = FIELD_NULLABLE,
	    .doc = "When it was last read completely, to a minute; null: never."),
	FIELD(struct collection_seen, read_at, .flags = FIELD_NULLABLE,
	    .doc =
		"When its newest reading was collected, complete or not, to a minute where pushes "
		"have no date; null: nobody has read it."),
	FIELD(struct collection_seen, baseline_id, .flags = FIELD_NULLABLE,
	    .doc = "Snapshot that it is compared with; null: it has not entered the baseline, or "
		   "that is a golden one."),
	FIELD_END,
};
static const struct schema collection_schema =
    SCHEMA("DriftCollection", struct collection_seen, collection_fields);

static const struct field refused_fields[] = {
	FIELD(struct refused_seen, at, .doc = "When."),
	FIELD(struct refused_seen, code, .doc = "Code of the answer."),
	FIELD(struct refused_seen, why, .doc = "What it said, without what was pushed."),
	FIELD(struct refused_seen, pushed_by,
	    .doc = "Whose credential: an address, or key:NAME of an API key."),
	FIELD(struct refused_seen, runs,
	    .doc = "How many of that credential were refused in a row, counting one in ten "
		   "seconds; 0: one was taken since."),
	FIELD_END,
};
static const struct schema refused_schema =
    SCHEMA("DriftRefused", struct refused_seen, refused_fields);

static const struct field config_out_fields[] = {
	FIELD(struct config_out, id, .doc = "Number of the config."),
	FIELD(struct config_out, config_id, .doc = "The same."),
	FIELD(struct config_out, tenant_id, .doc = "Its tenant."),
	FIELD(struct config_out, name, .doc = "Name, unique."),
	FIELD(
	    struct config_out, source, .item = &source_schema, .doc = "Where snapshots come from."),
	FIELD(struct config_out, baseline, .item = &spec_baseline_schema,
	    .doc = "What a snapshot is compared with."),
	FIELD(struct config_out, compare, .doc = "How values are compared."),
	FIELD(struct config_out, rules, .doc = "Severity rules."),
	FIELD(struct config_out, rule_packs, .doc = "Rule packs of the installation."),
	FIELD(struct config_out, suggested_packs, .flags = FIELD_OMIT_ZERO,
	    .doc = "Rule packs that its first snapshot looks like, what suits most first; gone "
		   "once rule_packs names any, absent before the first snapshot."),
	FIELD(struct config_out, thresholds, .item = &spec_thresholds_schema,
	    .doc = "What raises an alert."),
	FIELD(struct config_out, alerts, .item = &spec_alert_schema,
	    .doc = "Channels that are told."),
	FIELD(struct config_out, unread, .item = &spec_unread_schema, .flags = FIELD_OMIT_ZERO,
	    .doc = "Collections that are not read, and why."),
	FIELD(struct config_out, collections, .item = &collection_schema, .flags = FIELD_OMIT_ZERO,
	    .doc =
		"Each collection that was read, or should have been; absent: none, in lists, and "
		"in what a change answers."),
	FIELD(struct config_out, retention_s, .flags = FIELD_OMIT_ZERO,
	    .doc = "Snapshots and reports are dropped after so many seconds; absent: only by the "
		   "tenant's settings.retention."),
	FIELD(struct config_out, expect_every_s, .flags = FIELD_OMIT_ZERO,
	    .doc = "A complete snapshot is expected so often; absent: nothing is awaited."),
	FIELD(struct config_out, schedule, .item = &schedule_spec_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "When it is collected; absent: only when somebody asks, or it is pushed to."),
	FIELD(struct config_out, collecting, .item = &standing_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "What its newest run came to, or that it goes on (state running); absent: its "
		   "source is pushed, and in what a change answers."),
	FIELD(struct config_out, next_run_at, .flags = FIELD_OMIT_ZERO,
	    .doc = "When it is collected next; absent: not by itself, and in what a change "
		   "answers."),
	FIELD(struct config_out, dead_rules, .flags = FIELD_OMIT_ZERO,
	    .doc = "Rules of its own that left out or changed nothing in the last 20 snapshots "
		   "(GET .../rules names them); absent: none, and in lists."),
	FIELD(struct config_out, last_refused, .item = &refused_schema,
	    .flags = FIELD_NULLABLE | FIELD_OMIT_ZERO,
	    .doc = "The last push that was refused, such as 413 or 422: nothing of it is stored. "
		   "From thresholds.blind_after in a row of one credential on, an alert of kind "
		   "blind says so. Absent: none in 30 days, in lists, and in what a change "
		   "answers."),
	FIELD(struct config_out, state,
	    .doc =
		"new, ok, unreviewed (as ok, but what the first readings have to be reviewed was "
		"not, as first_look of GET .../baseline shows), drifted or blind."),
	FIELD(struct config_out, last_run, .flags = FIELD_NULLABLE,
	    .doc = "When a snapshot was last compared."),
	FIELD(struct config_out, last_snapshot_at, .flags = FIELD_NULLABLE,
	    .doc = "When the newest snapshot was collected."),
	FIELD(struct config_out, version, .doc = "Raised by every change."),
	FIELD(struct config_out, created_at, .doc = "When it was made."),
	FIELD(struct config_out, updated_at, .doc = "When it was last changed."),
	FIELD_END,
};
static const struct schema config_out_schema =
    SCHEMA("DriftConfig", struct config_out, config_out_fields);

/* ---- showing ---- */

static bool
defaults(TALLOC_CTX *mem, struct spec_body *b, struct err *e)
{
	if (b->baseline == NULL) {
		b->baseline = talloc_zero(mem, struct spec_baseline);
		if (b->baseline == NULL)
			return err_memory(e);
		b->baseline->mode = "pinned";
	}
	if (b->thresholds == NULL)
		b->thresholds = talloc_zero(mem, struct spec_thresholds);
	if (b->thresholds == NULL)
		return err_memory(e);
	if (b->thresholds->min_severity == NULL)
		b->thresholds->min_severity = "low";
	if (b->compare.tree == NULL)
		b->compare.text = "{}";
	if (b->rules.tree == NULL)
		b->rules.text = "[]";
	return true;
}

/* Absent where its source is pushed. */
static bool
show_runs(TALLOC_CTX *mem, const struct run_standing *s, struct config_out *out, struct err *e)
{
	if (uuid_is_nil(&s->config_id))
		return true;
	out->next_run_at = s->next_at;
	out->collecting = talloc(mem, struct run_standing_out);
	if (out->collecting == NULL)
		return err_memory(e);
	*out->collecting = (struct run_standing_out) {
		.run_id = s->run_id,
		.state = s->state,
		.reason = s->reason,
		.remedy = s->remedy,
		.started_at = s->started_at,
		.finished_at = s->finished_at,
		.failures = s->failures,
		.held = s->held,
	};
	return true;
}

static bool
config_show(struct request *r, const struct config_row *in, struct config_out *out, struct err *e)
{
	const struct drift_config *c = &in->config;
	struct spec_body           b;

	if (!spec_read(r->mem, c->spec, &b, e) || !defaults(r->mem, &b, e))
		return false;
	if (in->golden || strcmp(b.baseline->mode, "golden") == 0) /* what is, not what was named */
		b.baseline->mode = in->golden ? "golden" : "pinned";
	*out = (struct config_out) {
		.id = c->id,
		.config_id = c->id,
		.tenant_id = r->db->tenant->id,
		.name = c->name,
		.source = b.source,
		.baseline = b.baseline,
		.compare = b.compare,
		.rules = b.rules,
		.rule_packs = b.rule_packs,
		.suggested_packs =
		    b.rule_packs.n > 0 ? (struct raw_json) { 0 } : c->suggested_packs,
		.thresholds = b.thresholds,
		.alerts = b.alerts,
		.unread = b.unread,
		.retention_s = b.retention_s,
		.expect_every_s = b.expect_every_s,
		.schedule = b.schedule,
		.state = in->state,
		.last_run = in->last_run_at,
		.last_snapshot_at = in->collected_at,
		.version = c->version,
		.created_at = c->created_at,
		.updated_at = c->updated_at,
	};
	return show_runs(r->mem, &in->runs, out, e);
}

/* A change is held against the version alone: a run is none. */
static bool
answer_config(struct request *r, const struct config_row *row, void *answer, struct err *e)
{
	return etag_set(r, etag_number(row->config.version), e) && config_show(r, row, answer, e);
}

/* ---- handlers ---- */

static bool
fetch_configs(struct request *r, struct list_page *p, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	return a != NULL && config_page(a, &p->page, e);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)p;
	return config_show(r, row, out, e);
}
static const struct list_ops config_list_ops = {
	fetch_configs,
	LIST_OF(struct config_row, config.id),
	show_row,
};

static bool
show_refused(struct request *r, const struct acting *a, struct config_out *out, struct err *e)
{
	struct refused_seen *seen = talloc_zero(r->mem, struct refused_seen);
	bool                 any;

	if (seen == NULL)
		return err_memory(e);
	if (!config_refused(a, &r->id0, seen, &any, e))
		return false;
	out->last_refused = any ? seen : NULL;
	return true;
}

static bool
get_config(struct request *r, const void *body, void *answer, struct err *e)
{
	struct config_out      *out = answer;
	struct config_row       row;
	struct collection_seen *collections;
	const struct acting    *a = acting_of(r, e);
	size_t                  n;

	(void)body;
	if (a == NULL || !config_see(a, &r->id0, &row, e) || !answer_config(r, &row, answer, e) ||
	    !config_collections(a, &r->id0, &collections, &n, e))
		return false;
	out->collections = (struct items) { collections, n };
	return show_refused(r, a, out, e) && config_dead_rules(a, &r->id0, &out->dead_rules, e);
}

static bool
make_config(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct config_wish wish = { .body = body, .text = r->json };
	struct config_row        row;
	const struct acting     *a = acting_of(r, e);

	return a != NULL && config_make(a, &wish, &row, e) && answer_config(r, &row, answer, e);
}

static bool
change_config(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct config_wish wish = { .body = body, .text = r->json };
	struct config_row        row;
	const struct acting     *a = acting_of(r, e);

	return a != NULL && config_alter(a, &r->id0, &wish, &row, e) &&
	       answer_config(r, &row, answer, e);
}

static bool
drop_config(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct acting *a = acting_of(r, e);

	(void)body, (void)answer;
	return a != NULL && config_erase(a, &r->id0, e);
}

const struct route config_routes[] = {
	ROUTE_LIST("/api/drift/configs", list_query, ALLOW(READ, DRIFT), &config_list_ops,
	    OUT_LIST(config_out), "Lists drift configs, newest first."),
	ROUTE(POST, "/api/drift/configs", ALLOW(CREATE, DRIFT), RATE_WRITE, 201, make_config,
	    IN(drift_config_create), OUT(config_out),
	    "Makes a drift config. "
	    "To name a channel that is told values needs read:snapshots."),
	ROUTE(GET, "/api/drift/configs/{id}", ALLOW(READ, DRIFT), RATE_READ, 200, get_config,
	    IN_NONE, OUT_TAGGED(config_out), "Shows a drift config and its state."),
	ROUTE(PUT, "/api/drift/configs/{id}", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200, change_config,
	    IN(drift_config_update), OUT(config_out),
	    "Changes the members it names; null takes one away. Another channel that is told "
	    "values, and another source.selector, compare, rules, rule_packs or "
	    "thresholds.tolerance, need read:snapshots."),
	ROUTE(DELETE_, "/api/drift/configs/{id}", ALLOW(DELETE, DRIFT), RATE_WRITE, 204,
	    drop_config, IN_NONE, OUT_NONE,
	    "Drops a config with its snapshots and reports; its alerts are resolved."),
	ROUTE_END,
};
