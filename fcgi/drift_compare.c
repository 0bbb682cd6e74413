#include <string.h>

#include "drift/engine/redact.h"
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
	     .doc = "How values are compared; as in the config of a snapshot when absent. What that "
		    "config does to values, its masks too, is done to both sides in any case, "
		    "before this."),
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
	    .doc = "The same with elements by identity, not position; a step whose label is made of "
		   "a value is " VIEW_WITHHELD " without read:snapshots."),
	FIELD(struct compared_change, old_value, .flags = FIELD_OMIT_ZERO,
	    .doc = "Absent when created or too long" VIEW_DOC),
	FIELD(struct compared_change, new_value, .flags = FIELD_OMIT_ZERO,
	    .doc = "Absent when deleted or too long" VIEW_DOC),
	FIELD(struct compared_change, old_value_truncated, .flags = FIELD_OMIT_ZERO,
	    .doc = "It was longer than 16 KiB."),
	FIELD(struct compared_change, new_value_truncated, .flags = FIELD_OMIT_ZERO,
	    .doc = "It was longer than 16 KiB."),
	FIELD(struct compared_change, severity, .doc = "info, low, medium, high or critical."),
	FIELD(struct compared_change, rule, .doc = "The rule that decided."),
	FIELD(struct compared_change, reason, .doc = "Its reason."),
	FIELD(struct compared_change, fingerprint, .doc = "Identity of the finding" VIEW_DOC),
	FIELD(struct compared_change, value_hash, .doc = "Tells one new value from another" VIEW_DOC),
	FIELD_END
};
static const struct schema compared_schema =
    SCHEMA("ComparedChange", struct compared_change, compared_fields);

struct left_out {
	struct change_resource *resource;
	const char             *path, *why;
};
static const struct field left_out_fields[] = {
	FIELD(struct left_out, resource, .item = &change_resource_schema, .doc = "Where."),
	FIELD(struct left_out, path,
	    .doc = "Pattern of the places: a JSON Pointer with * for an element of an array."),
	FIELD(struct left_out, why, .doc = "masked: values there are kept as a mask only."),
	FIELD_END
};
static const struct schema left_out_schema =
    SCHEMA("NotCompared", struct left_out, left_out_fields);

struct compare_out {
	struct items           changes, not_compared;
	int64_t                not_compared_more;
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
	FIELD(struct compare_out, not_compared, .item = &left_out_schema,
	    .doc = "Masked places, whose values are left out unless both sides are documents of the "
		   "request: the first 100. Of two stored snapshots, only those of resources in "
		   "which something else differs; whether a masked value has changed is told by the "
		   "report of the snapshot that changed it."),
	FIELD(struct compare_out, not_compared_more, .flags = FIELD_OMIT_ZERO,
	    .doc = "How many more there are."),
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

/* What both sides are compared by, and what each is before that. */
struct basis {
	struct drift_spec *spec; /* of the first snapshot's config, with what the body says instead */
	struct drift_spec *own[2]; /* of each side's config as it is; NULL: `spec` is all there is */
	const struct snapshot *stored[2];
};

static struct drift_spec *
spec_of_config(struct request *r, struct drift *d, const struct snapshot *s, const struct json *body,
    struct err *e)
{
	struct drift_config c = { 0 };
	const char         *text = "{\"source\":{\"kind\":\"push\"}}";

	if (s != NULL && !config_by_id(r->db, r->mem, &s->config_id, &c, e))
		return NULL;
	text = spec_merge(r->mem, c.spec != NULL ? c.spec : text, body, e);
	return text != NULL ? spec_compile(r->mem, d, r->db, text, &r->work, e) : NULL;
}

/* The body's settings come behind those of the config, so that they take no mask away. */
static bool
basis_make(struct request *r, struct basis *b, struct err *e)
{
	const struct snapshot *s[2] = { b->stored[0], b->stored[1] };
	struct drift          *d = drift_of(r->app, e);
	bool changed = json_get(r->json, "compare") != NULL || json_get(r->json, "rule_packs") != NULL;
	bool                   two;

	s[0] = s[0] != NULL ? s[0] : s[1];
	s[1] = s[1] != NULL ? s[1] : s[0];
	two = s[0] != s[1] && !uuid_eq(&s[0]->config_id, &s[1]->config_id);
	b->spec = d != NULL ? spec_of_config(r, d, s[0], r->json, e) : NULL;
	if (b->spec == NULL)
		return false;
	if (s[0] == NULL || (!changed && !two))
		return true;
	b->own[0] = spec_of_config(r, d, s[0], NULL, e);
	b->own[1] = b->own[0] != NULL && two ? spec_of_config(r, d, s[1], NULL, e) : b->own[0];
	return b->own[0] != NULL && b->own[1] != NULL;
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
show_value(struct values *values, struct view v, const struct json *value, struct raw_json *out,
    bool *truncated, struct err *e)
{
	struct str text = { NULL, 0 };

	*truncated = false;
	if (value != NULL && !v.values)
		text = view_value(v, STR(""));
	else if (!values_show(values, value, &text, truncated, e))
		return false;
	out->text = text.p;
	return true;
}

static bool
show_place(TALLOC_CTX *mem, struct view v, const struct change *c, struct compared_change *out,
    struct err *e)
{
	struct str path, canonical;

	if (!view_path(mem, v, c->path, &path, NULL, e) ||
	    !view_path(mem, v, c->canonical_path, &canonical, NULL, e))
		return false;
	out->path = str_dup(mem, path);
	out->canonical_path = str_dup(mem, canonical);
	out->resource->category = str_dup(mem, c->category);
	out->resource->key = str_dup(mem, c->key);
	return (out->path != NULL && out->canonical_path != NULL &&
		   out->resource->category != NULL && out->resource->key != NULL) ||
	       err_memory(e);
}

static bool
show_change(TALLOC_CTX *mem, struct values *values, struct view v, const struct change *c,
    struct compared_change *out, struct err *e)
{
	*out = (struct compared_change) { .resource = talloc_zero(mem, struct change_resource),
		.op = change_op_name(c->op),
		.severity = severity_name(c->severity),
		.rule = c->rule,
		.reason = c->reason,
		.fingerprint = view_hash(v, show_hash(mem, c->fingerprint)),
		.value_hash = view_hash(v, show_hash(mem, c->value_hash)) };
	if (out->resource == NULL || out->fingerprint == NULL || out->value_hash == NULL)
		return err_memory(e);
	return show_place(mem, v, c, out, e) &&
	       show_value(
		   values, v, c->old_value, &out->old_value, &out->old_value_truncated, e) &&
	       show_value(values, v, c->new_value, &out->new_value, &out->new_value_truncated, e);
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
show_changes(TALLOC_CTX *mem, struct view v, const struct diff *d, struct items *out, struct err *e)
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

		if (!show_change(mem, &values, v, at, &c[out->n], e))
			return false;
		paths += at->path.n + at->canonical_path.n;
	}
	return true;
}

static bool
show_diff(TALLOC_CTX *mem, struct view v, const struct diff *d, struct compare_out *out,
    struct err *e)
{
	out->summary = talloc_zero(mem, struct report_summary);
	if (out->summary == NULL)
		return err_memory(e);
	if (!show_changes(mem, v, d, &out->changes, e))
		return false;
	out->more = diff_count(&d->summary) > (int64_t)out->changes.n;
	out->shortened = (int64_t)d->shortened;
	out->score = d->summary.score;
	*out->summary = (struct report_summary) { .created = d->summary.created,
		.modified = d->summary.modified,
		.deleted = d->summary.deleted };
	return show_severities(mem, &d->summary, &out->summary->by_severity, e);
}

/* ---- who may ask what ---- */

static bool
is_stored(const struct compare_side *s)
{
	return !uuid_is_nil(&s->snapshot_id) || s->golden != NULL;
}

/* What the caller says, or may have said: beside something stored, each place that is equal tells
 * its value.  An empty document says nothing. */
static bool
is_guess(const struct compare_side *s)
{
	const struct json *v = s->value.tree;

	return s->golden != NULL ||
	       (v != NULL && (v->n > 0 || (v->type != JSON_OBJECT && v->type != JSON_ARRAY)));
}

static bool
gives_variables(const struct compare_side *s)
{
	return s->golden != NULL && s->golden->variables.tree != NULL &&
	       s->golden->variables.tree->n > 0;
}

/* Rules and ways of comparing look at values, and tell what they saw by a severity. */
static bool
asks_values(const struct compare_in *in)
{
	return in->compare.tree != NULL || in->rules.tree != NULL || gives_variables(in->left) ||
	       gives_variables(in->right) || (is_stored(in->left) && is_guess(in->right)) ||
	       (is_stored(in->right) && is_guess(in->left));
}

/* Documents of the caller's own are the caller's to see. */
static bool
view_here(const struct request *r, const struct compare_in *in, struct view *v, struct err *e)
{
	bool own = !is_stored(in->left) && !is_stored(in->right);

	*v = view_of(r);
	v->values = v->values || own;
	return v->values || !asks_values(in) ||
	       view_demand(*v,
		   "Without the permission read:snapshots, what is stored is compared only with "
		   "another snapshot or an empty document, as its config says: no document, golden "
		   "baseline, compare or rules beside it, which would find its values out.",
		   e);
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
make_side(struct request *r, const struct basis *b, size_t i, const struct compare_side *in,
    struct side *out, struct err *e)
{
	static const char *const roots[] = { "/left/golden", "/right/golden" };
	const struct drift_spec *spec = b->own[i] != NULL ? b->own[i] : b->spec;
	bool                     ok;

	if (in->golden != NULL)
		ok = golden_side(r, spec, in->golden, roots[i], out, e);
	else if (in->value.tree == NULL)
		ok = side_of_snapshot(r->db, r->mem, b->stored[i], out, e);
	else
		ok = side_of_document(r->mem, spec, in->value.tree, out, &r->work, e);
	out->own = b->own[i] != NULL ? b->own[i]->compare : NULL;
	return ok;
}

/* One comparison. */
struct comparing {
	struct request   *r;
	struct diff      *diff;
	struct redaction *left_out; /* NULL: all of it came with the request */
	bool              stored;   /* both sides are */
};

static int64_t
found(const struct diff *d)
{
	return diff_count(&d->summary) + d->summary.ignored;
}

/*
 * Stored contents that are the same are not looked at.  So a place is named only where something
 * else differs too: else its name would say that the masked value does.
 */
static bool
add_redacted(const struct comparing *c, const struct resource *from, const struct resource *to,
    struct err *e)
{
	struct redaction_point here = redaction_here(c->left_out);
	int64_t                before = found(c->diff);
	struct resource        a, b;

	if (from != NULL)
		a = *from;
	if (to != NULL)
		b = *to;
	if ((from != NULL && !redact(c->left_out, c->r->mem, &a, e)) ||
	    (to != NULL && !redact(c->left_out, c->r->mem, &b, e)) ||
	    !diff_resource(c->diff, from != NULL ? &a : NULL, to != NULL ? &b : NULL, e))
		return false;
	if (c->stored && found(c->diff) == before)
		redaction_back(c->left_out, here);
	return true;
}

static bool
add_to_diff(void *arg, const struct resource *from, const struct resource *to, struct err *e)
{
	const struct comparing *c = arg;

	return c->left_out != NULL ? add_redacted(c, from, to, e)
				   : diff_resource(c->diff, from, to, e);
}

static bool
comparing_make(struct request *r, const struct compare_in *in, const struct basis *b,
    struct comparing *c, struct err *e)
{
	bool documents = in->left->value.tree != NULL && in->right->value.tree != NULL;

	*c = (struct comparing) { .r = r, .stored = b->stored[0] != NULL && b->stored[1] != NULL };
	c->diff = diff_make(r->mem, b->spec->compare, b->spec->rules, &r->work, e);
	if (c->diff == NULL || documents)
		return c->diff != NULL;
	diff_redacted(c->diff);
	c->left_out = redaction_make(r->mem, &r->work, e);
	return c->left_out != NULL;
}

static bool
show_left_out(struct request *r, struct redaction *x, struct compare_out *out, struct err *e)
{
	size_t                  n = x != NULL ? x->n : 0;
	struct left_out        *rows = talloc_zero_array(r->mem, struct left_out, (unsigned)n + 1);
	struct change_resource *where =
	    talloc_zero_array(r->mem, struct change_resource, (unsigned)n + 1);

	if (rows == NULL || where == NULL)
		return err_memory(e);
	for (size_t i = 0; i < n; i++) {
		const struct redacted_place *p = &x->places[i];

		where[i] = (struct change_resource) { str_dup(r->mem, p->category),
			str_dup(r->mem, p->key) };
		rows[i] = (struct left_out) { &where[i], str_dup(r->mem, p->path), "masked" };
		if (where[i].category == NULL || where[i].key == NULL || rows[i].path == NULL)
			return err_memory(e);
	}
	out->not_compared = (struct items) { rows, n };
	out->not_compared_more = x != NULL ? (int64_t)redaction_more(x) : 0;
	return true;
}

static bool
compare_two(struct request *r, const void *body, void *answer, struct err *e)
{
	const struct compare_in *in = body;
	struct compare_out      *out = answer;
	struct snapshot          left = { 0 }, right = { 0 };
	struct view              v;
	struct side              a, b;
	struct basis             basis = { 0 };
	struct comparing         c;
	struct buf               incomplete;

	if (!read_snapshot(r, in->left, "/left", &left, e) ||
	    !read_snapshot(r, in->right, "/right", &right, e) || !view_here(r, in, &v, e))
		return false;
	basis.stored[0] = uuid_is_nil(&left.id) ? NULL : &left;
	basis.stored[1] = uuid_is_nil(&right.id) ? NULL : &right;
	if (!basis_make(r, &basis, e) || !comparing_make(r, in, &basis, &c, e) ||
	    !make_side(r, &basis, 0, in->left, &a, e) ||
	    !make_side(r, &basis, 1, in->right, &b, e) ||
	    !sides_each(
		r->db, r->mem, basis.spec->compare, &a, &b, add_to_diff, &c, &r->work, e))
		return false;
	buf_make(&incomplete, r->mem);
	if (!sides_incomplete(&a, &b, &incomplete, e))
		return false;
	out->incomplete.text = incomplete.p;
	return show_left_out(r, c.left_out, out, e) && show_diff(r->mem, v, c.diff, out, e);
}

const struct route compare_routes[] = {
	ROUTE(POST, "/api/drift/compare", ALLOW(READ, DRIFT), RATE_SNAPSHOT, 200, compare_two,
	    IN_SNAPSHOT(compare_in), OUT(compare_out),
	    "Compares any two things: stored snapshots, documents or golden baselines. Masked "
	    "values are left out and named, unless both are documents. Nothing is stored. Without "
	    "read:snapshots what is stored is shown without values, and compared with another "
	    "snapshot or an empty document only, as its config says."),
	ROUTE_END
};
