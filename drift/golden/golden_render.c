/* golden.h: a template becomes the baseline of a config. */
#include <stdlib.h>
#include <string.h>

#include "drift/golden/golden.h"

/* ---- variables ---- */

static bool
variable_fault(
    TALLOC_CTX *mem, const struct golden_terms *t, struct str name, const char *what, struct err *e)
{
	struct buf b;

	buf_make(&b, mem);
	buf_puts(&b, t->root);
	buf_puts(&b, "/variables");
	if (name.p != NULL)
		json_pointer_add(&b, name);
	return buf_ok(&b) ? err_fault(e, mem, b.p, "%s", what) : err_memory(e);
}

static bool
is_declared(const struct golden_content *c, struct str name)
{
	for (size_t i = 0; i < c->variables_n; i++)
		if (str_eqz(name, c->variables[i].name))
			return true;
	return false;
}

#define FAULTS_MAX 20

static bool
check_given(
    TALLOC_CTX *mem, const struct golden_content *c, const struct golden_terms *t, struct err *e)
{
	const struct json *v = t->variables;
	struct buf         b;
	int                faults = 0;

	for (uint32_t i = 0; t->strict && v != NULL && i < v->n && faults < FAULTS_MAX; i++) {
		if (!is_declared(c, v->names[i])) {
			faults++;
			(void)variable_fault(
			    mem, t, v->names[i], "is no variable of the template", e);
			continue;
		}
		buf_make(&b, mem);
		buf_puts(&b, t->root);
		buf_puts(&b, "/variables");
		json_pointer_add(&b, v->names[i]);
		if (!buf_ok(&b))
			return err_memory(e);
		faults += !template_check_value(mem, &v->items[i], b.p, e);
	}
	return e->code == ERR_OK;
}

/* Each with what the config gives, or else its default. */
static struct template_variable *
settle(TALLOC_CTX *mem, const struct golden_content *c, const struct golden_terms *t, struct err *e)
{
	struct template_variable *v =
	    talloc_zero_size(mem, (c->variables_n + 1) * sizeof(struct template_variable));
	int faults = 0;

	if (v == NULL) {
		err_memory(e);
		return NULL;
	}
	for (size_t i = 0; i < c->variables_n && faults < FAULTS_MAX; i++) {
		const struct json *given =
		    t->variables == NULL ? NULL : json_get(t->variables, c->variables[i].name);

		v[i].name = str_of(c->variables[i].name);
		v[i].value = given != NULL ? given : c->variables[i].fallback.tree;
		if (v[i].value == NULL)
			faults += !variable_fault(
			    mem, t, v[i].name, "is needed: the template has no default for it", e);
	}
	return e->code == ERR_OK ? v : NULL;
}

/* ---- differences ---- */

static bool
differ(TALLOC_CTX *mem, struct golden_terms *t, struct resource *list, size_t *n, struct work *work,
    struct err *e)
{
	struct difference *d = talloc_zero_size(mem, (t->n + 1) * sizeof(*d));
	char              *root = talloc_asprintf(mem, "%s/differences", t->root);
	bool               ok;

	if (d == NULL || root == NULL)
		return err_memory(e);
	for (size_t i = 0; i < t->n; i++) {
		struct golden_difference *g = &t->differences[i];

		d[i] = (struct difference) { .category = str_of(g->category),
			.key = str_of(g->key),
			.path = str_of(g->path),
			.value = g->value.tree };
		(void)difference_op_parse(g->op, &d[i].op);
		if (g->expires_at.ms != 0 && g->expires_at.ms <= t->now.ms)
			d[i].why = "has expired";
	}
	ok = template_differ(
	    mem, list, n, &(struct differences) { d, t->n, t->strict ? root : NULL }, work, e);
	for (size_t i = 0; i < t->n; i++)
		t->differences[i].why = d[i].why;
	return ok;
}

/* ---- all together ---- */

static int
by_place(const void *a, const void *b)
{
	const struct resource *x = a, *y = b;

	return place_order(x->category, x->key, y->category, y->key);
}

/* A category is named by the template, also when a difference takes its last resource away. */
static bool
name_categories(TALLOC_CTX *mem, struct collected *in, struct err *e)
{
	struct resource *list = in->resources;

	in->collections = talloc_zero_size(mem, (in->n + 1) * sizeof(in->collections[0]));
	if (in->collections == NULL)
		return err_memory(e);
	if (in->n > 1)
		qsort(list, in->n, sizeof(list[0]), by_place);
	for (size_t i = 0; i < in->n; i++)
		if (i == 0 || !str_eq(list[i].category, list[i - 1].category))
			in->collections[in->collections_n++] =
			    (struct collection) { list[i].category, COLLECTION_COMPLETE, true };
	return true;
}

/* What is wrong now is so because of what the config gives. */
static bool
blame_terms(TALLOC_CTX *mem, const struct golden_terms *t, const struct err *why, struct err *e)
{
	const struct fault *f = why->faults;
	char               *text;

	if (why->code != ERR_INVALID || f == NULL) {
		*e = *why;
		return false;
	}
	text = talloc_asprintf(
	    mem, "the resources as rendered are refused: %s %s", f->pointer, f->detail);
	return text == NULL ? err_memory(e)
			    : variable_fault(mem, t, (struct str) { NULL, 0 }, text, e);
}

static bool
room_for(TALLOC_CTX *mem, struct resource **list, size_t n, size_t more, struct err *e)
{
	*list = talloc_realloc_size(mem, *list, (n + more + 1) * sizeof(**list));
	return *list != NULL || err_memory(e);
}

struct normal_snapshot *
golden_render(TALLOC_CTX *mem, const struct tenant_db *t, const struct drift_spec *spec,
    const struct golden_content *c, struct golden_terms *terms, struct work *work, struct err *e)
{
	char                     *root = talloc_asprintf(mem, "%s/variables", terms->root);
	struct collected          in = { .n = c->n, .from = RESOURCE_STORED };
	struct err                why = { 0 };
	struct normal_snapshot   *s = NULL;
	struct template_variable *v;

	if (root == NULL) {
		err_memory(e);
		return NULL;
	}
	in.left_out = redaction_make(mem, work, e);
	if (in.left_out == NULL)
		return NULL;
	if (!check_given(mem, c, terms, e) || (v = settle(mem, c, terms, e)) == NULL ||
	    !template_render(mem, &(struct template) { c->resources, c->n, v, c->variables_n },
		root, &in.resources, work, e) ||
	    !name_categories(mem, &in, e) || !room_for(mem, &in.resources, in.n, terms->n, e))
		return NULL;
	if (resources_check(mem, in.resources, in.n, &why)) {
		if (!differ(mem, terms, in.resources, &in.n, work, e))
			return NULL;
		s = normal_snapshot_make(mem, t, spec, &in, work, &why);
	}
	if (s == NULL) {
		(void)blame_terms(mem, terms, &why, e);
		return NULL;
	}
	terms->left_out = s->left_out->places;
	terms->left_out_n = s->left_out->n;
	terms->left_out_more = (int64_t)redaction_more(s->left_out);
	return s;
}
