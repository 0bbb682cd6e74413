#include "drift/service/compare.h"

#include <string.h>

#include "core/auth/audit_details.h"
#include "drift/golden/golden.h"
#include "drift/service/snapshot.h"
#include "drift/snapshot/comparison.h"

/* ---- what is compared, and by what ---- */

/* What both sides are compared by, and what each is before that. */
struct basis {
	struct drift_spec
	    *spec; /* of the first snapshot's config, with what the body says instead */
	struct drift_spec
	    *own[2]; /* of each side's config as it is; NULL: `spec` is all there is */
	const struct snapshot *stored[2];
};

/* *of: NULL where the side is no snapshot. */
static bool
read_side(const struct acting *a, const struct compare_side *in, const char *pointer,
    const struct snapshot **of, struct err *e)
{
	bool             by_id = !uuid_is_nil(&in->snapshot_id);
	struct snapshot *s = by_id ? talloc_zero(a->by.mem, struct snapshot) : NULL;

	if (by_id + (in->document != NULL) + (in->golden != NULL) != 1)
		return err_fault(
		    e, a->by.mem, pointer, "needs either snapshot_id, value or golden");
	*of = s;
	if (!by_id)
		return true;
	return s != NULL ? snapshot_see(a, &in->snapshot_id, s, e) : err_memory(e);
}

static struct drift_spec *
spec_of_config(
    const struct acting *a, const struct snapshot *s, const struct json *body, struct err *e)
{
	struct drift_config c = { 0 };
	const char         *text = "{\"source\":{\"kind\":\"push\"}}";

	if (s != NULL && !config_by_id(a->by.t, a->by.mem, &s->config_id, &c, e))
		return NULL;
	c.spec = spec_merge(a->by.mem, c.spec != NULL ? c.spec : text, body, e);
	return c.spec != NULL ? spec_compile(a->by.mem, a->drift, a->by.t, &c, a->work, e) : NULL;
}

/* The body's settings come behind those of the config, so that they take no mask away. */
static bool
basis_make(const struct acting *a, const struct json *body, struct basis *b, struct err *e)
{
	const struct snapshot *s[2] = { b->stored[0], b->stored[1] };
	bool changed = json_get(body, "compare") != NULL || json_get(body, "rule_packs") != NULL;
	bool two;

	s[0] = s[0] != NULL ? s[0] : s[1];
	s[1] = s[1] != NULL ? s[1] : s[0];
	two = s[0] != s[1] && !uuid_eq(&s[0]->config_id, &s[1]->config_id);
	b->spec = spec_of_config(a, s[0], body, e);
	if (b->spec == NULL)
		return false;
	if (s[0] == NULL || (!changed && !two))
		return true;
	b->own[0] = spec_of_config(a, s[0], NULL, e);
	b->own[1] = b->own[0] != NULL && two ? spec_of_config(a, s[1], NULL, e) : b->own[0];
	return b->own[0] != NULL && b->own[1] != NULL;
}

/* ---- who may ask what ---- */

/*
 * One side of a question: is it stored, and does it say anything?  Beside what is stored, each
 * place that is equal would tell its value to who has written the other side.  That may be the
 * caller whatever he is permitted here: by a key that pushes to another config, by another account.
 * Of two snapshots of one config he learns no more than that key does who watches it: what its
 * pushes hold its reports tell.  An empty document says nothing.
 */
struct asked {
	bool stored, said;
};

static struct asked
asked_side(const struct compare_side *in)
{
	const struct json *v = in->document;

	if (v == NULL)
		return (struct asked) { true, true };
	return (
	    struct asked) { false, v->n > 0 || (v->type != JSON_OBJECT && v->type != JSON_ARRAY) };
}

static bool
is_given(const struct json *tree)
{
	return tree != NULL && tree->type != JSON_NULL;
}

static bool
gives_variables(const struct compare_side *s)
{
	return s->golden != NULL && s->variables != NULL && s->variables->n > 0;
}

/* Rules and ways of comparing look at values too, and tell what they saw by a severity. */
static bool
finds_out(const struct compare_wish *in, const struct asked side[2], bool one_config)
{
	return is_given(json_get(in->text, "compare")) || is_given(json_get(in->text, "rules")) ||
	       is_given(json_get(in->text, "rule_packs")) || gives_variables(&in->left) ||
	       gives_variables(&in->right) ||
	       (!one_config &&
		   ((side[0].stored && side[1].said) || (side[1].stored && side[0].said)));
}

/* Documents of the caller's own are the caller's to see.  What differs between two collected
 * snapshots of one config its reports tell as well. */
static bool
view_here(const struct acting *a, const struct compare_wish *in, const struct basis *b,
    struct view *v, struct err *e)
{
	const struct asked     side[2] = { asked_side(&in->left), asked_side(&in->right) };
	const struct snapshot *left = b->stored[0], *right = b->stored[1];
	bool one_config = left != NULL && right != NULL && left->rendered == NULL &&
			  right->rendered == NULL && uuid_eq(&left->config_id, &right->config_id);

	v->values = a->view.values || (!side[0].stored && !side[1].stored);
	return v->values || !finds_out(in, side, one_config) ||
	       view_demand(*v,
		   "Without read:snapshots two snapshots are compared only when they are of one "
		   "config, and what is stored with nothing else that could have been written to "
		   "find it out: documents, variables, rules, compare, templates.",
		   e);
}

/* ---- the sides ---- */

static bool
golden_side(const struct acting *a, const struct drift_spec *spec, const struct compare_side *in,
    const char *root, struct side *out, struct err *e)
{
	struct golden_terms   terms = { .variables = in->variables, .strict = true, .root = root };
	struct golden_content c;
	struct golden         g;
	struct normal_snapshot *s;
	bool                    foreign;

	if (terms.variables != NULL && terms.variables->type != JSON_OBJECT)
		return err_fault(e, a->by.mem, root, "variables must be an object");
	if (!golden_find(a->by.t, a->by.mem, in->golden, &g, &foreign, e) ||
	    !golden_load(a->by.t, a->by.mem, &g, foreign, &c, e))
		return false;
	s = golden_render(a->by.mem, a->by.t, spec, &c, &terms, a->work, e);
	return s != NULL && side_of_normal(a->by.mem, s, out, e);
}

static bool
make_side(const struct acting *a, const struct basis *b, size_t i, const struct compare_side *in,
    struct side *out, struct err *e)
{
	static const char *const roots[] = { "/left/golden", "/right/golden" };
	const struct drift_spec *spec = b->own[i] != NULL ? b->own[i] : b->spec;
	bool                     ok;

	if (in->golden != NULL)
		ok = golden_side(a, spec, in, roots[i], out, e);
	else if (in->document == NULL)
		ok = side_of_snapshot(a->by.t, a->by.mem, b->stored[i], out, e);
	else
		ok = side_of_document(a->by.mem, spec, in->document, out, a->work, e);
	out->own = b->own[i] != NULL ? b->own[i]->compare : NULL;
	return ok;
}

/* One comparison. */
struct comparing {
	TALLOC_CTX       *mem;
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
	if ((from != NULL && !redact(c->left_out, c->mem, &a, e)) ||
	    (to != NULL && !redact(c->left_out, c->mem, &b, e)) ||
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
comparing_make(const struct acting *a, const struct compare_wish *in, const struct basis *b,
    struct comparing *c, struct err *e)
{
	bool documents = in->left.document != NULL && in->right.document != NULL;

	*c = (struct comparing) {
		.mem = a->by.mem,
		.stored = b->stored[0] != NULL && b->stored[1] != NULL,
	};
	c->diff = diff_make(a->by.mem, b->spec->compare, b->spec->rules, a->work, e);
	if (c->diff == NULL || documents)
		return c->diff != NULL;
	diff_redacted(c->diff);
	c->left_out = redaction_make(a->by.mem, a->work, e);
	return c->left_out != NULL;
}

/* ---- what the trail says ---- */

/* A side that is stored; the caller's own is "document". */
struct side_told {
	struct uuid golden, snapshot;
};
static const struct field side_told_fields[] = {
	TOLD_IF(struct side_told, golden),
	TOLD_IF(struct side_told, snapshot),
	FIELD_END,
};
static const struct schema side_told = SCHEMA("SideTold", struct side_told, side_told_fields);

struct comparing_told {
	struct raw_json left, right;
	bool            values;
};
static const struct field comparing_told_fields[] = {
	TOLD(struct comparing_told, left),
	TOLD(struct comparing_told, right),
	TOLD(struct comparing_told, values),
	FIELD_END,
};
static const struct schema comparing_told =
    SCHEMA("ComparingTold", struct comparing_told, comparing_told_fields);

static bool
tell_side(TALLOC_CTX *mem, const struct compare_side *in, struct raw_json *out, struct err *e)
{
	struct side_told told = { .snapshot = in->snapshot_id };

	if (in->golden != NULL)
		told.golden = *in->golden;
	out->text =
	    in->document != NULL ? "\"document\"" : audit_details(mem, &side_told, &told, e);
	return out->text != NULL;
}

/* What is stored is told of, values or only where it differs; the caller's own documents are the
 * caller's. */
static bool
note_comparing(const struct acting *a, const struct compare_wish *in, const struct basis *basis,
    struct view v, struct err *e)
{
	static const struct snapshot none;
	const struct snapshot *of = basis->stored[0] != NULL ? basis->stored[0] : basis->stored[1];
	struct comparing_told  told = { .values = v.values };

	if (in->left.document != NULL && in->right.document != NULL)
		return true;
	of = of != NULL ? of : &none;
	return tell_side(a->by.mem, &in->left, &told.left, e) &&
	       tell_side(a->by.mem, &in->right, &told.right, e) &&
	       acting_note(a, AUDIT_VALUES_COMPARE, &of->config_id, &comparing_told, &told, e);
}

/* Both sides held against each other. */
static bool
compare_sides(const struct acting *a, const struct compare_wish *in, const struct basis *basis,
    struct comparing *c, struct compared *out, struct err *e)
{
	struct side             left, right;
	const struct both_sides what = { a->by.t, basis->spec->compare, &left, &right, a->work };
	struct buf              incomplete;

	if (!comparing_make(a, in, basis, c, e) || !make_side(a, basis, 0, &in->left, &left, e) ||
	    !make_side(a, basis, 1, &in->right, &right, e))
		return false;
	if (in->key != NULL) {
		side_keep(&left, str_of(in->category), str_of(in->key));
		side_keep(&right, str_of(in->category), str_of(in->key));
	}
	if (!comparison_each(a->by.mem, &what, add_to_diff, c, e))
		return false;
	buf_make(&incomplete, a->by.mem);
	if (!comparison_incomplete(&left, &right, &incomplete, e))
		return false;
	out->incomplete = incomplete.p;
	out->diff = c->diff;
	out->left_out = c->left_out;
	return true;
}

bool
compare_any(
    const struct acting *a, const struct compare_wish *in, struct compared *out, struct err *e)
{
	struct basis     basis = { 0 };
	struct comparing c;

	return read_side(a, &in->left, "/left", &basis.stored[0], e) &&
	       read_side(a, &in->right, "/right", &basis.stored[1], e) &&
	       view_here(a, in, &basis, &out->view, e) &&
	       note_comparing(a, in, &basis, out->view, e) && basis_make(a, in->text, &basis, e) &&
	       compare_sides(a, in, &basis, &c, out, e);
}
