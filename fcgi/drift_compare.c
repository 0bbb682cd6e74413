#include <string.h>

#include "drift/run/golden.h"
#include "drift/run/sides.h"
#include "drift/run/values.h"
#include "fcgi/drift.h"
#include "fcgi/routes.h"

#define SHOWN_MAX   2000      /* changes of one answer */
#define SHOWN_BYTES (8 << 20) /* of their paths and values: no more are shown behind that */

/* ---- what is compared ---- */

struct golden_side {
	struct uuid     id;
	struct raw_json variables;
};
static const struct field golden_side_fields[] = {
	FIELD(struct golden_side, id, .flags = FIELD_REQUIRED, .doc = "A golden baseline."),
	FIELD(struct golden_side, variables, .doc = "Object: name of a variable to its value."),
	FIELD_END
};
static const struct schema golden_side_schema =
    SCHEMA("CompareGolden", struct golden_side, golden_side_fields);

struct compare_side {
	struct uuid         snapshot_id;
	struct raw_json     value;
	struct golden_side *golden;
};
static const struct field  side_fields[] = { FIELD(struct compare_side, snapshot_id,
						 .flags = FIELD_NULLABLE,
						 .doc = "A stored snapshot of this tenant."),
	 FIELD(struct compare_side, value, .doc = "Or a document."),
	 FIELD(struct compare_side, golden, .item = &golden_side_schema, .flags = FIELD_NULLABLE,
	     .doc = "Or a golden baseline, rendered with these variables."),
	 FIELD_END };
static const struct schema side_schema = SCHEMA("CompareSide", struct compare_side, side_fields);

struct compare_in {
	struct compare_side *left, *right;
	struct raw_json      compare, rules;
	struct strings       rule_packs;
};
static const struct field  compare_in_fields[] = { FIELD(struct compare_in, left,
						       .item = &side_schema, .flags = FIELD_REQUIRED,
						       .doc = "The old side."),
	 FIELD(struct compare_in, right, .item = &side_schema, .flags = FIELD_REQUIRED,
	     .doc = "The new side."),
	 FIELD(struct compare_in, compare, .flags = FIELD_NULLABLE,
	     .doc = "How values are compared; as in the config of a snapshot when absent."),
	 FIELD(struct compare_in, rules, .flags = FIELD_NULLABLE,
	     .doc = "Severity rules; as in the config of a snapshot when absent."),
	 FIELD(struct compare_in, rule_packs, .max = 16, .flags = FIELD_NULLABLE,
	     .doc = "Rule packs; those of the config of a snapshot when absent."),
	 FIELD_END };
static const struct schema compare_in_schema =
    SCHEMA("DriftCompare", struct compare_in, compare_in_fields);

/* ---- what is answered ---- */

struct compared_change {
	struct change_resource *resource;
	const char             *op;
	char                   *path, *canonical_path;
	struct raw_json         old_value, new_value;
	bool                    old_value_truncated, new_value_truncated;
	const char             *severity, *rule, *reason;
	const char             *fingerprint, *value_hash;
};
static const struct field compared_fields[] = {
	FIELD(struct compared_change, resource, .item = &change_resource_schema, .doc = "Where."),
	FIELD(struct compared_change, op, .doc = "created, deleted or modified."),
	FIELD(struct compared_change, path,
	    .doc = "JSON Pointer into the new value, into the old one when deleted."),
	FIELD(struct compared_change, canonical_path,
	    .doc = "The same with elements by identity, not position."),
	FIELD(struct compared_change, old_value, .flags = FIELD_OMIT_ZERO,
	    .doc = "Absent when created or too long."),
	FIELD(struct compared_change, new_value, .flags = FIELD_OMIT_ZERO,
	    .doc = "Absent when deleted or too long."),
	FIELD(struct compared_change, old_value_truncated, .flags = FIELD_OMIT_ZERO,
	    .doc = "It was longer than 16 KiB."),
	FIELD(struct compared_change, new_value_truncated, .flags = FIELD_OMIT_ZERO,
	    .doc = "It was longer than 16 KiB."),
	FIELD(struct compared_change, severity, .doc = "info, low, medium, high or critical."),
	FIELD(struct compared_change, rule, .doc = "The rule that decided."),
	FIELD(struct compared_change, reason, .doc = "Its reason."),
	FIELD(struct compared_change, fingerprint, .doc = "Identity of the finding."),
	FIELD(struct compared_change, value_hash, .doc = "Tells one new value from another."),
	FIELD_END
};
static const struct schema compared_schema =
    SCHEMA("ComparedChange", struct compared_change, compared_fields);

struct compare_out {
	struct items           changes;
	struct report_summary *summary;
	int64_t                score;
	bool                   more;
	struct raw_json        incomplete;
	int64_t                shortened;
};
static const struct field compare_out_fields[] = {
	FIELD(struct compare_out, changes, .item = &compared_schema,
	    .doc = "The changes from left to right: the first 2,000, fewer where their paths and "
		   "values come to more than 8 MiB."),
	FIELD(struct compare_out, summary, .item = &report_summary_schema,
	    .doc = "All of them, counted."),
	FIELD(struct compare_out, score, .doc = "Sum of the severities' weights."),
	FIELD(struct compare_out, more, .doc = "There are more changes than are shown."),
	FIELD(struct compare_out, incomplete,
	    .doc = "Categories left out: not completely read on one of the sides."),
	FIELD(struct compare_out, shortened, .flags = FIELD_OMIT_ZERO, .doc = SHORTENED_DOC),
	FIELD_END
};
static const struct schema compare_out_schema =
    SCHEMA("DriftCompared", struct compare_out, compare_out_fields);

/* ---- the spec ---- */

static bool
read_snapshot(struct request *r, const struct compare_side *in, const char *pointer,
    struct snapshot *s, struct err *e)
{
	bool by_id = !uuid_is_nil(&in->snapshot_id);

	if (by_id + (in->value.tree != NULL) + (in->golden != NULL) != 1)
		return err_fault(e, r->mem, pointer, "needs either snapshot_id, value or golden");
	return !by_id || snapshot_by_id(r->db, r->mem, &in->snapshot_id, s, e);
}

/* That of the first snapshot's config, with what the body says instead. */
static struct drift_spec *
spec_here(
    struct request *r, const struct snapshot *left, const struct snapshot *right, struct err *e)
{
	const struct snapshot *s = !uuid_is_nil(&left->id) ? left : right;
	struct drift          *d = drift_of(r->app, e);
	struct drift_config    c = { 0 };
	char                  *text;

	if (d == NULL ||
	    (!uuid_is_nil(&s->id) && !config_by_id(r->db, r->mem, &s->config_id, &c, e)))
		return NULL;
	text = talloc_strdup(r->mem, "{\"source\":{\"kind\":\"push\"}}");
	text = spec_merge(r->mem, c.spec != NULL ? c.spec : text, r->json, e);
	return text != NULL ? spec_compile(r->mem, d, r->db, text, &r->work, e) : NULL;
}

/* ---- showing ---- */

static const char *
show_hash(TALLOC_CTX *mem, const uint8_t *hash)
{
	char *text = talloc_size(mem, 2 * HASH_LEN + 1);

	if (text != NULL)
		hex_print(hash, HASH_LEN, text);
	return text;
}

static bool
show_change(TALLOC_CTX *mem, struct values *values, const struct change *c,
    struct compared_change *out, struct err *e)
{
	struct str old_text, new_text;

	*out = (struct compared_change) { .resource = talloc_zero(mem, struct change_resource),
		.op = change_op_name(c->op),
		.path = str_dup(mem, c->path),
		.canonical_path = str_dup(mem, c->canonical_path),
		.severity = severity_name(c->severity),
		.rule = c->rule,
		.reason = c->reason,
		.fingerprint = show_hash(mem, c->fingerprint),
		.value_hash = show_hash(mem, c->value_hash) };
	if (out->resource == NULL || out->path == NULL || out->canonical_path == NULL ||
	    out->fingerprint == NULL || out->value_hash == NULL)
		return err_memory(e);
	out->resource->category = str_dup(mem, c->category);
	out->resource->key = str_dup(mem, c->key);
	if (out->resource->category == NULL || out->resource->key == NULL)
		return err_memory(e);
	if (!values_show(values, c->old_value, &old_text, &out->old_value_truncated, e) ||
	    !values_show(values, c->new_value, &new_text, &out->new_value_truncated, e))
		return false;
	out->old_value.text = old_text.p;
	out->new_value.text = new_text.p;
	return true;
}

static bool
show_severities(TALLOC_CTX *mem, const struct diff_summary *s, struct raw_json *out, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	for (enum severity v = 0; v < SEVERITY__MAX; v++)
		buf_printf(&b, "%s\"%s\":%lld", v == 0 ? "{" : ",", severity_name(v),
		    (long long)s->by_severity[v]);
	buf_putc(&b, '}');
	out->text = b.p;
	return buf_ok(&b) || err_memory(e);
}

/* As many as an answer has room for. */
static bool
show_changes(TALLOC_CTX *mem, const struct diff *d, struct items *out, struct err *e)
{
	size_t                  n = d->n < SHOWN_MAX ? d->n : SHOWN_MAX, paths = 0;
	struct compared_change *c = talloc_zero_array(mem, struct compared_change, (unsigned)n + 1);
	struct values           values;

	if (c == NULL)
		return err_memory(e);
	*out = (struct items) { c, 0 };
	values_begin(&values, mem, SIZE_MAX);
	for (; out->n < n && paths + (SIZE_MAX - values.left) < SHOWN_BYTES; out->n++) {
		const struct change *at = &d->changes[out->n];

		if (!show_change(mem, &values, at, &c[out->n], e))
			return false;
		paths += at->path.n + at->canonical_path.n;
	}
	return true;
}

static bool
show_diff(TALLOC_CTX *mem, const struct diff *d, struct compare_out *out, struct err *e)
{
	out->summary = talloc_zero(mem, struct report_summary);
	if (out->summary == NULL)
		return err_memory(e);
	if (!show_changes(mem, d, &out->changes, e))
		return false;
	out->more = diff_count(&d->summary) > (int64_t)out->changes.n;
	out->shortened = (int64_t)d->shortened;
	out->score = d->summary.score;
	*out->summary = (struct report_summary) { .created = d->summary.created,
		.modified = d->summary.modified,
		.deleted = d->summary.deleted };
	return show_severities(mem, &d->summary, &out->summary->by_severity, e);
}

/* ---- the route ---- */

static bool
golden_side(struct request *r, const struct drift_spec *spec, const struct golden_side *in,
    const char *root, struct side *out, struct err *e)
{
	struct golden_terms terms = {
		.variables = in->variables.tree, .strict = true, .root = root
	};
	struct golden_content c;
	struct golden         g;
	struct snap          *s;
	bool                  foreign;

	if (terms.variables != NULL && terms.variables->type != JSON_OBJECT)
		return err_fault(e, r->mem, root, "variables must be an object");
	if (!golden_find(r->db, r->mem, &in->id, &g, &foreign, e) ||
	    !golden_load(r->db, r->mem, &g, foreign, &c, e))
		return false;
	s = golden_render(r->mem, r->db, spec, &c, &terms, &r->work, e);
	return s != NULL && side_of_snap(r->mem, s, out, e);
}

static bool
make_side(struct request *r, const struct drift_spec *spec, const struct compare_side *in,
    const struct snapshot *s, const char *root, struct side *out, struct err *e)
{
	if (in->golden != NULL)
		return golden_side(r, spec, in->golden, root, out, e);
	if (in->value.tree == NULL)
		return side_of_snapshot(r->db, r->mem, s, out, e);
	return side_of_document(r->mem, spec, in->value.tree, out, &r->work, e);
}

static bool
add_to_diff(void *arg, const struct resource *from, const struct resource *to, struct err *e)
{
	return diff_resource(arg, from, to, e);
}

static bool
compare_two(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct compare_in *in = body;
	struct compare_out      *out = answer;
	struct snapshot          left = { 0 }, right = { 0 };
	struct side              a, b;
	struct drift_spec       *spec;
	struct diff             *d;
	struct buf               incomplete;

	if (!read_snapshot(r, in->left, "/left", &left, e) ||
	    !read_snapshot(r, in->right, "/right", &right, e))
		return false;
	spec = spec_here(r, &left, &right, e);
	d = spec != NULL ? diff_make(r->mem, spec->compare, spec->rules, &r->work, e) : NULL;
	if (d == NULL || !make_side(r, spec, in->left, &left, "/left/golden", &a, e) ||
	    !make_side(r, spec, in->right, &right, "/right/golden", &b, e) ||
	    !sides_each(r->db, r->mem, spec->compare, &a, &b, add_to_diff, d, &r->work, e))
		return false;
	buf_make(&incomplete, r->mem);
	if (!sides_incomplete(&a, &b, &incomplete, e))
		return false;
	out->incomplete.text = incomplete.p;
	return show_diff(r->mem, d, out, e);
}

const struct route compare_routes[] = {
	ROUTE(POST, "/api/drift/compare", ALLOW(READ, DRIFT), RATE_SNAPSHOT, 200, compare_two,
	    IN_SNAPSHOT(compare_in), OUT(compare_out),
	    "Compares any two things: stored snapshots, documents or golden baselines. "
	    "Nothing is stored."),
	ROUTE_END
};
