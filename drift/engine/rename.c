#include "drift/engine/rename.h"

#include "drift/engine/likeness.h"
#include "drift/engine/redact.h"

struct renaming {
	const struct rename_terms *terms;
	TALLOC_CTX                *tmp;
	struct redaction          *redaction;
	struct err                *e;
};

/* One side as it is held against the other: redacted, and its values as one array. */
struct renamed_side {
	struct resource     *of;
	struct json          values;
	uint32_t            *at;
	struct index_entry  *texts; /* that of any is as good: without masks what is shown is all */
	struct likeness_side side;
};

static bool
make_side(struct renaming *r, const struct resource *of, uint32_t n, struct renamed_side *out)
{
	struct json *items = talloc_array(r->tmp, struct json, n);

	out->of = talloc_array(r->tmp, struct resource, n);
	out->at = talloc_array(r->tmp, uint32_t, n);
	out->texts = talloc_array(r->tmp, struct index_entry, n);
	if (items == NULL || out->of == NULL || out->at == NULL || out->texts == NULL)
		return err_memory(r->e);
	for (uint32_t i = 0; i < n; i++) {
		out->of[i] = of[i];
		if (!redact(r->redaction, r->tmp, &out->of[i], r->e))
			return false;
		items[i] = *out->of[i].value;
		out->at[i] = i;
		out->texts[i] = index_entry(STR(""), 0);
	}
	out->values = (struct json) { .type = JSON_ARRAY, .items = items, .n = n };
	out->side = (struct likeness_side) { &out->values, out->at, n, out->texts, 0 };
	return true;
}

static bool
pair_alike(struct renaming *r, struct renamed_side sides[static 2], struct likeness *out)
{
	const struct rename_terms *t = r->terms;
	const struct likeness_side both[2] = { sides[0].side, sides[1].side };
	struct diff               *d = diff_make(r->tmp, t->spec, t->rules, t->work, r->e);
	struct walk                w = { .d = d, .tmp = r->tmp, .e = r->e };
	struct place               at = { .kind = PLACE_ROOT };

	if (d == NULL)
		return false;
	buf_make(&w.text, r->tmp);
	if (!compare_pick(r->tmp, &t->spec->arrays, WORK_COMPARE, sides[1].of[0].category,
		&w.arrays, t->work, r->e))
		return false;
	w.arrays.instants = t->spec->instants;
	at.here = w.arrays.start;
	return likeness_pairs(&w, r->tmp, &at, both, LIKENESS_RENAMED, out);
}

/* As if it had kept its key. */
static bool
judge_inside(struct renaming *r, const struct resource *gone, const struct resource *made,
    enum severity *out)
{
	const struct rename_terms *t = r->terms;
	struct diff               *d = diff_make(r->tmp, t->spec, t->rules, t->work, r->e);
	struct resource            from = *gone;

	if (d == NULL)
		return false;
	from.key = made->key;
	diff_redacted(d);
	if (!diff_resource(d, &from, made, r->e))
		return false;
	*out = d->summary.max_severity;
	talloc_free(d);
	return true;
}

static bool
find(struct renaming *r, const struct rename_sides *sides, struct renames *out)
{
	struct renamed_side s[2] = { { NULL }, { NULL } };
	struct likeness     l;

	if (!make_side(r, sides->gone, sides->gone_n, &s[0]) ||
	    !make_side(r, sides->made, sides->made_n, &s[1]) || !pair_alike(r, s, &l))
		return false;
	out->too_many = l.too_many;
	out->of = talloc_array(talloc_parent(r->tmp), struct rename, l.n + 1);
	if (out->of == NULL)
		return err_memory(r->e);
	for (uint32_t i = 0; i < l.n; i++) {
		struct rename *x = &out->of[i];

		*x = (struct rename) { .gone = l.pairs[i].a, .made = l.pairs[i].b };
		if (!judge_inside(r, &s[0].of[x->gone], &s[1].of[x->made], &x->severity))
			return false;
	}
	out->n = l.n;
	return true;
}

bool
rename_find(TALLOC_CTX *mem, const struct rename_terms *terms, const struct rename_sides *sides,
    struct renames *out, struct err *e)
{
	struct renaming r = { .terms = terms, .e = e };
	bool            ok;

	*out = (struct renames) { .n = 0 };
	if (sides->gone_n == 0 || sides->made_n == 0)
		return true;
	r.tmp = talloc_new(mem);
	if (r.tmp == NULL)
		return err_memory(e);
	r.redaction = redaction_make(r.tmp, terms->work, e);
	ok = r.redaction != NULL && find(&r, sides, out);
	talloc_free(r.tmp);
	return ok;
}
