/* routes.h: a config's baseline, shown and set. */
#include <stdio.h>
#include <string.h>

#include "core/store/drift/snapshot.h"
#include "drift/run/golden_binding.h"
#include "fcgi/drift/compare.h"
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

struct baseline_out {
	struct uuid       config_id;
	const char       *mode;
	struct uuid       snapshot_id;
	bool              approved;
	instant           collected_at;
	struct bound_out *golden;
	struct items      history; /* struct event_out */
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
	FIELD(struct baseline_out, history, .item = &event_out_schema,
	    .doc = "How the baseline was set, and followed its template."),
	FIELD_END,
};
static const struct schema baseline_out_schema =
    SCHEMA("DriftBaseline", struct baseline_out, baseline_out_fields);

struct baseline_in {
	struct uuid           snapshot_id;
	struct golden_choice *golden;
};
static const struct field baseline_in_fields[] = {
	FIELD(struct baseline_in, snapshot_id, .flags = FIELD_NULLABLE,
	    .doc = "A complete snapshot of this config; this or `golden`."),
	FIELD(struct baseline_in, golden, .item = &golden_choice_schema, .flags = FIELD_NULLABLE,
	    .doc =
		"A golden baseline, rendered for this config. Places that the config masks it does "
		"not watch: they are named in `not_compared`."),
	FIELD_END,
};
static const struct schema baseline_in_schema =
    SCHEMA("DriftBaselineSet", struct baseline_in, baseline_in_fields);

/* ---- showing ---- */

/* Names stay. */
static bool
show_variables(
    struct request *r, struct view v, const struct json *given, struct raw_json *out, struct err *e)
{
	struct buf b;

	out->tree = given;
	if (v.values || given == NULL)
		return true;
	buf_make(&b, r->mem);
	buf_putc(&b, '{');
	for (uint32_t i = 0; i < given->n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		buf_json(&b, given->names[i]);
		buf_puts(&b, ":" VIEW_WITHHELD_JSON);
	}
	buf_putc(&b, '}');
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
show_terms(struct request *r, struct view v, const struct golden_binding *b, struct bound_out *out,
    struct err *e)
{
	struct golden_terms terms;

	if (!golden_terms_of(r->db, r->mem, b, &terms, e))
		return false;
	for (size_t i = 0; i < terms.n; i++)
		view_raw(v, &terms.differences[i].value);
	out->differences = (struct items) { terms.differences, terms.n };
	out->not_compared_more = terms.left_out_more;
	return left_out_show(r->mem, terms.left_out, terms.left_out_n, &out->not_compared, e) &&
	       show_variables(r, v, terms.variables, &out->variables, e);
}

static bool
show_bound(struct request *r, struct view v, const struct snapshot *s, struct bound_out **to,
    struct err *e)
{
	struct bound_out     *out = talloc_zero(r->mem, struct bound_out);
	struct golden_binding b;
	struct golden         g;
	bool                  foreign;

	if (out == NULL)
		return err_memory(e);
	if (!golden_binding_of(r->db->db, r->mem, &r->id0, &b, e) ||
	    !golden_find(r->db, r->mem, &b.golden_id, &g, &foreign, e))
		return err_note(e, "showing what a config is bound to");
	*out = (struct bound_out) { .id = g.id,
		.name = g.name,
		.owner = golden_owner(r, foreign),
		.version = b.golden_version,
		.newest_version = g.version,
		.other_categories = s->rendered,
		.stale = b.stale_why,
		.bound_by = b.bound_by,
		.bound_at = b.bound_at };
	*to = out;
	return show_terms(r, v, &b, out, e);
}

static const char *
mode_of(const struct drift_spec *spec, const struct config_state *state)
{
	if (state->golden)
		return "golden";
	return spec->mode == BASELINE_PREVIOUS ? "previous" : "pinned";
}

static bool
baseline_show(struct request *r, struct view v, const struct drift_spec *spec,
    struct baseline_out *out, struct err *e)
{
	const struct blob   subject = { r->id0.b, sizeof(r->id0.b) };
	struct config_state state;
	struct snapshot     s;

	if (!config_state_by_id(r->db->db, r->mem, &r->id0, &state, e))
		return false;
	*out = (struct baseline_out) { .config_id = r->id0,
		.mode = mode_of(spec, &state),
		.approved = state.baseline_approved };
	out->snapshot_id = spec->mode == BASELINE_PREVIOUS && !uuid_is_nil(&state.baseline_snapshot)
			       ? state.snapshot_id
			       : state.baseline_snapshot;
	if (!history_show(r, &r->id0, subject, &out->history, e))
		return false;
	if (uuid_is_nil(&out->snapshot_id))
		return true;
	if (!snapshot_by_id(r->db, r->mem, &out->snapshot_id, &s, e))
		return false;
	out->collected_at = s.collected_at;
	return !state.golden || show_bound(r, v, &s, &out->golden, e);
}

static const struct drift_spec *
spec_here(struct request *r, struct drift_config *c, struct err *e)
{
	struct drift *d = drift_of(r->app, e);

	if (d == NULL || !config_by_id(r->db, r->mem, &r->id0, c, e))
		return NULL;
	return spec_of(d, r->db, c, &r->work, e);
}

static bool
get_baseline(struct request *r, const void *body, void *answer, struct err *e)
{
	struct drift_config      c;
	const struct drift_spec *spec = spec_here(r, &c, e);

	(void)body;
	return spec != NULL && baseline_show(r, view_of(r), spec, answer, e);
}

/* ---- a snapshot ---- */

bool
snapshot_complete(TALLOC_CTX *mem, const struct snapshot *s, bool *complete, struct err *e)
{
	struct json *tree = json_parse(mem, str_of(s->collections), e);

	if (tree == NULL)
		return false;
	*complete = true;
	for (uint32_t i = 0; i < tree->n; i++)
		*complete = *complete && str_eqz(tree->items[i].text, "complete");
	return true;
}

struct baseline_deed {
	struct request    *r;
	struct golden_bind was; /* what is let go, if anything */
	struct snapshot    s;
};

/* A snapshot on its way holds the state row: it is compared with one baseline or the other. */
static bool
baseline_body(struct db *db, void *arg, struct err *e)
{
	const struct baseline_deed *d = arg;
	struct request             *r = d->r;
	struct config_state         state;
	struct snapshot             s;

	/* retention may have dropped it meanwhile */
	return config_state_lock(db, r->mem, &d->s.config_id, &state, e) &&
	       snapshot_by_id(r->db, r->mem, &d->s.id, &s, e) &&
	       config_baseline_set(db, &d->s.config_id, &d->s.id, d->s.seq, e) &&
	       golden_unbind(db, &d->was, &state, e) &&
	       golden_tell(db, r->app->drift->env, &d->s.config_id, r->caller.name,
		   state.golden ? "golden" : "pinned", "pinned", "A snapshot was set.", e);
}

static bool
set_snapshot(struct request *r, const struct uuid *id, const struct drift_config *c,
    const struct drift_spec *spec, struct err *e)
{
	struct baseline_deed d = { .r = r,
		.was = { .d = r->app->drift,
		    .t = r->db,
		    .mem = r->mem,
		    .config = c,
		    .spec = spec,
		    .now = { clock_ms(r->app->env->clock) } } };
	bool                 complete;

	if (!snapshot_by_id(r->db, r->mem, id, &d.s, e) || !uuid_eq(&d.s.config_id, &r->id0) ||
	    d.s.rendered != NULL) {
		if (e->code != ERR_OK && e->code != ERR_MISSING)
			return false;
		err_clear(e);
		return err_fault(e, r->mem, "/snapshot_id", "no such snapshot of this config");
	}
	if (!snapshot_complete(r->mem, &d.s, &complete, e))
		return false;
	if (!complete)
		return err_fault(e, r->mem, "/snapshot_id",
		    "the snapshot is incomplete: what was not read cannot be approved");
	return drift_deed(
	    r, baseline_body, &d, &(struct drift_told) { AUDIT_BASELINE_SET, r->id0, c->name }, e);
}

/* ---- a template ---- */

static bool
golden_details(
    TALLOC_CTX *mem, const char *config, const struct golden *g, const char **out, struct err *e)
{
	char       id[UUID_TEXT_MAX];
	struct buf b;

	uuid_print(&g->id, id);
	buf_make(&b, mem);
	buf_puts(&b, "{\"name\":");
	buf_json(&b, str_of(config));
	buf_printf(
	    &b, ",\"golden_id\":\"%s\",\"version\":%llu}", id, (unsigned long long)g->version);
	*out = b.p;
	return buf_ok(&b) || err_memory(e);
}

static bool
set_golden(struct request *r, const struct golden_choice *in, const struct drift_config *c,
    const struct drift_spec *spec, struct err *e)
{
	const struct deed_by by = request_deed_by(r);
	struct golden_bind   b = { .d = r->app->drift,
		  .t = r->db,
		  .mem = r->mem,
		  .work = &r->work,
		  .config = c,
		  .spec = spec,
		  .actor = r->caller.name,
		  .now = { clock_ms(r->app->env->clock) },
		  .from = "pinned" };
	struct audit_entry   entry = { .action = AUDIT_BASELINE_SET, .target_id = r->id0 };

	return golden_bind_make(&b, in, e) &&
	       golden_details(r->mem, c->name, &b.golden, &entry.details, e) &&
	       audit_deed(&by, golden_bind_body, &b, &entry, e);
}

/* What was shown without values is not sent back as if they were those. */
static bool
refuse_withheld(struct request *r, const struct golden_choice *in, struct err *e)
{
	const struct json              *given = in->variables.tree;
	const struct golden_difference *d = in->differences.p;
	char                            at[64];

	for (uint32_t i = 0; given != NULL && given->type == JSON_OBJECT && i < given->n; i++)
		if (!view_refuse(r, &given->items[i], "/golden/variables", e))
			return false;
	for (size_t i = 0; i < in->differences.n; i++) {
		snprintf(at, sizeof(at), "/golden/differences/%zu/value", i);
		if (!view_refuse(r, d[i].value.tree, at, e))
			return false;
	}
	return true;
}

static bool
set_baseline(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct baseline_in *in = body;
	struct drift_config       c;
	const struct drift_spec  *spec = spec_here(r, &c, e);

	if (spec == NULL)
		return false;
	if (uuid_is_nil(&in->snapshot_id) == (in->golden == NULL))
		return err_fault(e, r->mem, "", "needs either snapshot_id or golden");
	if (spec->mode == BASELINE_PREVIOUS)
		return err_set(e, ERR_CONFLICT, 0,
		    "The baseline of this config follows the previous snapshot; it is not set.",
		    "mode previous");
	if (in->golden != NULL &&
	    (!refuse_withheld(r, in->golden, e) || !view_demand(view_of(r),
						       "Each value of a template that is equal "
						       "tells what is watched: to bind a config to "
						       "one needs the permission read:snapshots.",
						       e)))
		return false;
	return (in->golden == NULL ? set_snapshot(r, &in->snapshot_id, &c, spec, e)
				   : set_golden(r, in->golden, &c, spec, e)) &&
	       baseline_show(r, view_of(r), spec, answer, e);
}

const struct route baseline_routes[] = {
	ROUTE(GET, "/api/drift/configs/{id}/baseline", ALLOW(READ, DRIFT), RATE_READ, 200,
	    get_baseline, IN_NONE, OUT(baseline_out),
	    "Shows what the next snapshot is compared with."),
	ROUTE(PUT, "/api/drift/configs/{id}/baseline", ALLOW(UPDATE, DRIFT), RATE_WRITE, 200,
	    set_baseline, IN(baseline_in), OUT(baseline_out),
	    "Approves a snapshot as the baseline, or binds the config to a golden one, which needs "
	    "read:snapshots."),
	ROUTE_END,
};
