/* routes.h: drift configs. */
#include <stdio.h>
#include <string.h>

#include "core/store/alert/channel.h"
#include "core/store/drift/rule_hits.h"
#include "core/store/drift/schedule.h"
#include "core/web/etag.h"
#include "drift/run/completeness.h"
#include "drift/run/golden_binding.h"
#include "fcgi/drift/drift.h"
#include "fcgi/routes.h"

/* A config as it is answered. */
struct config_out {
	struct uuid             id, config_id, tenant_id;
	const char             *name;
	struct source_settings *source;
	struct spec_baseline   *baseline;
	struct raw_json         compare, rules;
	struct strings          rule_packs;
	struct spec_thresholds *thresholds;
	struct items            alerts;
	int64_t                 retention_s;
	int64_t                 expect_every_s;
	int64_t                 dead_rules;
	char                   *state;
	instant                 last_run, last_snapshot_at;
	uint64_t                version;
	instant                 created_at, updated_at;
};
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
	FIELD(struct config_out, thresholds, .item = &spec_thresholds_schema,
	    .doc = "What raises an alert."),
	FIELD(struct config_out, alerts, .item = &spec_alert_schema,
	    .doc = "Channels that are told."),
	FIELD(struct config_out, retention_s, .flags = FIELD_OMIT_ZERO,
	    .doc = "Snapshots are dropped after so many seconds; absent: never."),
	FIELD(struct config_out, expect_every_s, .flags = FIELD_OMIT_ZERO,
	    .doc = "A complete snapshot is expected so often; absent: nothing is awaited."),
	FIELD(struct config_out, dead_rules, .flags = FIELD_OMIT_ZERO,
	    .doc = "Rules of its own that left out or changed nothing in the last 20 snapshots "
		   "(GET .../rules names them); absent: none, and in lists."),
	FIELD(struct config_out, state, .doc = "new, ok, drifted or blind."),
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

static bool
config_show(struct request *r, const struct config_row *in, struct config_out *out, struct err *e)
{
	const struct drift_config *c = &in->config;
	struct json               *tree = json_parse(r->mem, str_of(c->spec), e);
	struct spec_body           b;

	if (tree == NULL || !schema_decode(r->mem, &drift_config_update_schema, tree, &b, e)) {
		err_clear(e); /* what is stored is no fault of the request */
		return err_set(
		    e, ERR_INTERNAL, 0, "internal error", "a stored config does not decode");
	}
	if (!defaults(r->mem, &b, e))
		return false;
	if (in->golden || strcmp(b.baseline->mode, "golden") == 0) /* what is, not what was named */
		b.baseline->mode = in->golden ? "golden" : "pinned";
	*out = (struct config_out) { .id = c->id,
		.config_id = c->id,
		.tenant_id = r->db->tenant->id,
		.name = c->name,
		.source = b.source,
		.baseline = b.baseline,
		.compare = b.compare,
		.rules = b.rules,
		.rule_packs = b.rule_packs,
		.thresholds = b.thresholds,
		.alerts = b.alerts,
		.retention_s = b.retention_s,
		.expect_every_s = b.expect_every_s,
		.state = in->state,
		.last_run = in->last_run_at,
		.last_snapshot_at = in->collected_at,
		.version = c->version,
		.created_at = c->created_at,
		.updated_at = c->updated_at };
	return true;
}

static bool
config_load(struct request *r, struct config_row *row, struct err *e)
{
	struct config_state s;

	if (!config_by_id(r->db, r->mem, &r->id0, &row->config, e) ||
	    !config_state_by_id(r->db->db, r->mem, &r->id0, &s, e))
		return false;
	row->state = s.state;
	row->last_run_at = s.last_run_at;
	row->collected_at = s.collected_at;
	row->golden = s.golden;
	return true;
}

/* A change is held against the version alone: a run is none. */
static bool
set_etag(struct request *r, const struct config_row *row, struct err *e)
{
	return etag_set(r, etag_number(row->config.version), e);
}

/* ---- reading ---- */

/*
 * As many as are wanted, or fewer: what a config says may be as long as a body, and a page holds no
 * more than PAGE_BYTES of that and what one more read brings.
 */
#define PAGE_BYTES ((size_t)8 << 20)
#define PAGE_READ  51 /* a page of the default size, and the row that tells of more */
static bool
fetch_configs(struct request *r, struct list_page *p, struct err *e)
{
	struct config_row *rows = talloc_zero_size(r->mem, (p->want + 1) * sizeof(*rows)), *some;
	struct uuid        after = p->after;
	size_t             bytes = 0, got = PAGE_READ;

	if (rows == NULL)
		return err_memory(e);
	while (p->n < p->want && got == PAGE_READ && bytes < PAGE_BYTES) {
		got = p->want - p->n < PAGE_READ ? p->want - p->n : PAGE_READ;
		if (!config_list(r->db, r->mem, &after, got, &some, &got, e))
			return false;
		for (size_t i = 0; i < got; i++) {
			rows[p->n++] = some[i];
			bytes += strlen(some[i].config.spec);
			after = some[i].config.id;
		}
	}
	p->more = p->n < p->want && got == PAGE_READ;
	return list_rows(p, rows);
}

static bool
show_row(struct request *r, const struct list_page *p, const void *row, void *out, struct err *e)
{
	(void)p;
	return config_show(r, row, out, e);
}
static const struct list_ops config_list_ops = { fetch_configs,
	LIST_OF(struct config_row, config.id), show_row };

static bool
get_config(struct request *r, const void *body, void *answer, struct err *e)
{
	struct config_out *out = answer;
	struct config_row  row;

	(void)body;
	return config_load(r, &row, e) && set_etag(r, &row, e) && config_show(r, &row, out, e) &&
	       rules_dead(r, &out->dead_rules, e);
}

/* ---- writing ---- */

struct config_change {
	struct drift_config config;
	bool                done;
	TALLOC_CTX         *mem;
	const char         *by;
	int64_t             await_s; /* a complete snapshot; 0: for none */
};

static bool
channels_exist(struct request *r, const struct drift_spec *s, struct err *e)
{
	char           pointer[64];
	struct channel c;

	for (size_t i = 0; i < s->targets_n; i++) {
		if (channel_by_id(r->db->db, r->mem, &s->targets[i].channel_id, &c, e))
			continue;
		if (!err_take(e, ERR_MISSING))
			return false;
		snprintf(pointer, sizeof(pointer), "/alerts/%zu/channel_id", i);
		return err_fault(e, r->mem, pointer, "no such channel");
	}
	return true;
}

/* The whole config as it would be, checked and compiled once before it is stored. */
static bool
check_spec(struct request *r, const char *was, struct config_change *c, struct err *e)
{
	struct drift            *d = drift_of(r->app, e);
	const struct drift_spec *s;

	if (d == NULL)
		return false;
	s = spec_compile(r->mem, d, r->db, c->config.spec, &r->work, e);
	if (s == NULL)
		return false;
	c->await_s = s->expect_every_s * s->limits.blind_after;
	return channels_exist(r, s, e) && config_values_check(r, was, c->config.spec, e);
}

/* From now on, also after a change: nobody is blamed for the time before. */
static bool
await_beat(struct db *db, const struct config_change *c, struct err *e)
{
	return schedule_set(db, SCHEDULE_BEAT, &c->config.id, c->await_s == 0 ? -1 : c->await_s, e);
}

/* A template is bound, and let go, by PUT .../baseline alone. */
static bool
check_golden(struct request *r, const struct schema *s, const struct spec_body *in, bool bound,
    struct err *e)
{
	bool named = (in->given & schema_bit(s, "baseline")) != 0;
	bool golden = in->baseline != NULL && strcmp(in->baseline->mode, "golden") == 0;

	if (golden && !bound)
		return err_fault(e, r->mem, "/baseline/mode",
		    "a golden baseline is bound by PUT .../baseline, once the config is there");
	if (named && bound && !golden)
		return err_set(e, ERR_CONFLICT, 0,
		    "The config is bound to a golden baseline: set a snapshot as its baseline "
		    "first.",
		    "another mode for a bound config");
	return true;
}

static bool
add_body(struct db *db, void *arg, struct err *e)
{
	const struct config_change *c = arg;

	return config_add(db, &c->config, e) && (c->await_s == 0 || await_beat(db, c, e));
}

static bool
make_config(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct spec_body *in = body;
	struct config_change    c = {
		   .config = { .id = uuid_make(r->app->env->clock, r->app->env->rand), .version = 1 }
	};
	struct config_row row = { 0 };

	c.config.name = talloc_strdup(r->mem, in->name);
	c.config.spec = spec_merge(r->mem, NULL, r->json, e);
	c.config.created_at.ms = c.config.updated_at.ms = clock_ms(r->app->env->clock);
	if (c.config.spec == NULL || !check_golden(r, &drift_config_create_schema, in, false, e) ||
	    !check_spec(r, NULL, &c, e))
		return false;
	if (c.config.name == NULL)
		return err_memory(e);
	if (!drift_deed(r, add_body, &c,
		&(struct drift_told) { AUDIT_CONFIG_CREATE, c.config.id, in->name }, e))
		return db_taken(e, "A config of that name exists.");
	row.config = c.config;
	row.state = talloc_strdup(r->mem, "new");
	return set_etag(r, &row, e) && config_show(r, &row, answer, e);
}

static bool
set_body(struct db *db, void *arg, struct err *e)
{
	struct config_change *c = arg;

	if (!config_set(db, &c->config, &c->done, e))
		return false;
	return c->done ? await_beat(db, c, e)
		       : err_set(e, ERR_CONFLICT, 0, "The config was changed at the same time.",
			     "the version was outrun");
}

static bool
change_config(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct spec_body *in = body;
	struct config_row       row;
	struct config_change    c = { 0 };

	if (!config_load(r, &row, e) || !etag_may_change(r, etag_number(row.config.version), e) ||
	    !check_golden(r, &drift_config_update_schema, in, row.golden, e))
		return false;
	c.config = row.config;
	if (in->name != NULL)
		c.config.name = talloc_strdup(r->mem, in->name);
	c.config.spec = spec_merge(r->mem, row.config.spec, r->json, e);
	c.config.updated_at.ms = clock_ms(r->app->env->clock);
	if (c.config.spec == NULL || !check_spec(r, row.config.spec, &c, e))
		return false;
	if (c.config.name == NULL)
		return err_memory(e);
	if (!drift_deed(r, set_body, &c,
		&(struct drift_told) { AUDIT_CONFIG_UPDATE, c.config.id, c.config.name }, e))
		return db_taken(e, "A config of that name exists.");
	row.config = c.config;
	row.config.version++;
	return set_etag(r, &row, e) && config_show(r, &row, answer, e);
}

static bool
drop_body(struct db *db, void *arg, struct err *e)
{
	struct config_change *c = arg;

	if (!golden_forget(db, c->mem, &c->config.id, e) ||
	    !config_drop(
		db, &c->config.id, c->config.version, c->config.updated_at, c->by, &c->done, e))
		return false;
	return c->done
		   ? rule_hits_drop(db, &c->config.id, e) && await_beat(db, c, e) && /* no more */
			 schedule_set(db, SCHEDULE_RECHECK, &c->config.id, -1, e)
		   : err_set(e, ERR_CONFLICT, 0, "The config was changed at the same time.",
			 "the version was outrun");
}

static bool
drop_config(struct request *r, const void *body, void *answer, struct err *e)
{
	struct config_change c = { .mem = r->mem, .by = r->caller.name };

	(void)body;
	(void)answer;
	if (!config_by_id(r->db, r->mem, &r->id0, &c.config, e) ||
	    !etag_may_change(r, etag_number(c.config.version), e))
		return false;
	c.config.updated_at.ms = clock_ms(r->app->env->clock);
	return drift_deed(r, drop_body, &c,
	    &(struct drift_told) { AUDIT_CONFIG_DELETE, c.config.id, c.config.name }, e);
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
