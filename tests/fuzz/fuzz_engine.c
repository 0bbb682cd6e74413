/*
 * Properties of drift/engine on two documents (one byte chooses the array modes and normalisers;
 * 0xFF, which no UTF-8 text holds, parts them):
 *   - a normal form's canonical text comes back from the store unchanged and without a change;
 *   - nothing differs from itself; both directions count the same, created and deleted swapped;
 *   - documents with all arrays shuffled whose order does not count have as many changes;
 *   - another value of one leaf is one change at that leaf, or its element is another one: one
 * less, one more;
 *   - there is no change exactly when both have one element text;
 *   - the old side with the patch applied has no change against the new one;
 *   - every change's path, unless it is too long, leads to its value, and no two changes are one
 * finding.
 */
#include <assert.h>
#include <string.h>

#include "drift/engine/diff.h"
#include "drift/engine/element.h"
#include "drift/engine/mark.h"
#include "drift/engine/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const uint8_t     key[HASH_LEN] = { 7 };
static const char *const array_rows[] = {
	"",
	"{\"path\":\"/**\",\"mode\":\"set\"}",
	"{\"path\":\"/**\",\"mode\":\"multiset\"}",
	"{\"path\":\"/**\",\"mode\":\"list\"}",
	"{\"path\":\"/**\",\"mode\":\"keyed\",\"keys\":[\"a\"]}",
	"{\"path\":\"/**\",\"mode\":\"keyed\",\"keys\":[\"a\",\"b\",\"id\"]}",
	"{\"path\":\"/**/a\",\"mode\":\"multiset\"},{\"path\":\"/*\",\"mode\":\"keyed\",\"keys\":["
	"\"a\",\"b\"]},{\"path\":\"/*/*/**\",\"mode\":\"list\"}",
	"{\"names\":[\"a*\"],\"except\":[\"aa\"],\"mode\":\"set\"},{\"names\":\"b\",\"mode\":"
	"\"list\"}",
	"{\"path\":\"/**\",\"mode\":\"ordered\"}",
	"{\"path\":\"/**\",\"mode\":\"paired\"}",
	"{\"path\":\"\",\"mode\":\"ordered\",\"keys\":[\"/a/b\",\"id\"]},{\"names\":\"b\",\"mode\":"
	"\"ordered\"},{\"path\":\"/**\",\"mode\":\"keyed\",\"keys\":[\"/a\"]}",
};
static const char *const normaliser_rows[] = {
	"",
	"{\"how\":\"ignore\",\"names\":[\"@odata.*\",\"*DateTime\"],\"except\":[\"@odata.type\"]}",
	"{\"how\":\"mask\",\"path\":\"/**/a\"},{\"how\":\"ignore\",\"path\":\"/*/b/**\"}",
	"{\"how\":\"empty_is_absent\",\"path\":\"/**\"},{\"how\":\"split\",\"path\":\"/*/a\"},"
	"{\"how\":\"round\",\"path\":\"/**\",\"digits\":1}",
	"{\"how\":\"embedded_json\",\"path\":\"/**\"},{\"how\":\"casefold\",\"names\":\"b*\"},"
	"{\"how\":\"nfc\",\"names\":\"a*\"},{\"how\":\"round\",\"path\":\"/**\",\"seconds\":60}",
	"{\"how\":\"embedded_json\",\"names\":\"a\"},{\"how\":\"split\",\"names\":\"b\"},"
	"{\"how\":\"mask\",\"names\":\"id\"},{\"how\":\"ignore\",\"path\":\"/*/a\"}",
};
#define LEN(a) (sizeof(a) / sizeof *(a))

static const char rules_text[] =
    "[{\"path\":\"/a/**\",\"direction\":\"grows\",\"severity\":\"high\"},"
    "{\"path\":\"/**/b*/"
    "*\",\"direction\":\"shrinks\",\"from\":[1,\"x\",{\"not\":null}],\"severity\":\"low\"},"
    "{\"path\":\"/*\",\"where\":{\"/"
    "a\":{\"exists\":true}},\"to\":{\"above\":1},\"severity\":\"info\"}]";

struct world {
	TALLOC_CTX          *mem;
	struct compare_spec *spec;
	struct rules        *rules;
	bool                 by_id;   /* elements that have one are known by their "id" */
	bool                 ordered; /* a moved element is a change */
	bool                 sets;    /* how often an element is there does not count */
};

static struct diff *
compare(const struct world *w, const struct resource *a, const struct resource *b)
{
	struct err   e = { 0 };
	struct diff *d = diff_make(w->mem, w->spec, w->rules, NULL, &e);
	bool         ok = d != NULL && diff_resource(d, a, b, &e);

	assert(ok && e.code == ERR_OK);
	return d;
}

static struct str
canonical(const struct world *w, const struct resource *r)
{
	struct err e = { 0 };
	struct buf b;
	bool       ok;

	buf_make(&b, w->mem);
	ok = resource_canonical(&b, r, &e);
	assert(ok);
	return buf_str(&b);
}

static struct str
text(const struct world *w, const struct resource *r)
{
	struct compare_pick      arrays;
	const struct element_how how = { &arrays, NULL };
	struct err               e = { 0 };
	struct buf               b;
	bool                     ok;

	buf_make(&b, w->mem);
	ok = compare_pick(w->mem, &w->spec->arrays, WORK_COMPARE, r->category, &arrays, NULL, &e) &&
	     element_text(&b, r->value, &how, arrays.start, STR(""), &e);
	assert(ok);
	return buf_str(&b);
}

static void
check_changes(const struct diff *d, const struct resource *a, const struct resource *b)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct change *c = &d->changes[i];

		if (c->op == CHANGE_MOVED) /* its values are indices */
			continue;
		assert(c->op == (c->old_value == NULL      ? CHANGE_CREATED
				    : c->new_value == NULL ? CHANGE_DELETED
							   : CHANGE_MODIFIED));
		if (c->op == CHANGE_DELETED)
			assert(c->shortened || json_at(a->value, c->path) == c->old_value);
		else
			assert(c->shortened || json_at(b->value, c->path) == c->new_value);
		for (size_t j = 0; j < i && i < 100; j++)
			assert(memcmp(c->fingerprint, d->changes[j].fingerprint, HASH_LEN) != 0);
	}
}

static void
check_store(const struct world *w, const struct resource *r)
{
	struct err      e = { 0 };
	struct str      stored = canonical(w, r);
	struct resource back = *r;
	bool            ok;

	back.value = json_parse(w->mem, stored, &e);
	assert(back.value != NULL);
	ok = resource_normalise(w->mem, w->spec, &back, RESOURCE_STORED, NULL, &e);
	assert(ok && str_eq(stored, canonical(w, &back)));
	assert(compare(w, &back, r)->n == 0 && compare(w, r, r)->n == 0);
}

/* Of one name, whichever side it is: masks have names of their resource. */
static const struct json *
shown(const struct world *w, const struct resource *r, const struct json *v)
{
	struct err         e = { 0 };
	struct buf         b;
	const struct json *back;

	buf_make(&b, w->mem);
	resource_print_named(&b, w->spec, r, v);
	assert(buf_ok(&b));
	back = json_parse(w->mem, buf_str(&b), &e);
	assert(back != NULL);
	return back;
}

static void
check_patch(const struct world *w, const struct resource *a, const struct resource *b)
{
	struct err         e = { 0 };
	struct patch      *p = patch_make(w->mem, w->spec, NULL, &e);
	struct resource    got = *a, want = *b, whole = { a->category, STR(""), NULL };
	const struct json *operations;
	struct buf         out;
	bool               ok;

	buf_make(&out, w->mem);
	ok = p != NULL && patch_value(p, a->category, a->value, b->value, &e) &&
	     patch_print(&out, p, &e);
	assert(ok);
	operations = json_parse(w->mem, buf_str(&out), &e);
	assert(operations != NULL);
	got.value = patch_apply(w->mem, shown(w, &whole, a->value), operations, NULL, &e);
	want.value = shown(w, &whole, b->value);
	assert(got.value != NULL && compare(w, &got, &want)->n == 0);
}

/* Does the order of this array count? */
static bool
is_in_order(const struct compare_pick *arrays, const struct row *here, struct str name)
{
	const struct compare_entry *entry = compare_array(arrays, here, name);

	return entry != NULL && (entry->mode == COMPARE_LIST || entry->mode == COMPARE_ORDERED);
}

/* A value on the way down, and where the engine says it is. */
struct spot {
	const struct json *v;
	struct row        *here;
	struct str         name; /* of the member that holds it; of an element none */
};

static struct spot
below(const struct compare_pick *arrays, const struct spot *at, uint32_t i)
{
	const struct json *v = at->v;

	if (v->type == JSON_ARRAY)
		return (struct spot) { &v->items[i],
			places_down_index(&arrays->places, at->here, i), STR("") };
	return (struct spot) { &v->items[i], places_down(&arrays->places, at->here, v->names[i]),
		v->names[i] };
}

/* Every array whose order does not count, in another one. */
static void
shuffle(const struct world *w, const struct compare_pick *arrays, const struct spot *at,
    struct json *out, uint64_t *seed)
{
	const struct json *v = at->v;

	*out = *v;
	if ((v->type != JSON_ARRAY && v->type != JSON_OBJECT) || v->n == 0)
		return;
	out->items = talloc_array(w->mem, struct json, v->n);
	assert(out->items != NULL);
	for (uint32_t i = 0; i < v->n; i++) {
		struct spot to = below(arrays, at, i);

		shuffle(w, arrays, &to, &out->items[i], seed);
	}
	if (v->type == JSON_OBJECT || is_in_order(arrays, at->here, at->name))
		return;
	for (uint32_t i = v->n; i-- > 1;) {
		struct json x = out->items[i];
		uint32_t    k;

		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		k = (uint32_t)(*seed >> 33) % (i + 1);
		out->items[i] = out->items[k];
		out->items[k] = x;
	}
}

static struct json *
shuffled(const struct world *w, const struct resource *r, uint64_t *seed)
{
	struct compare_pick arrays;
	struct err          e = { 0 };
	struct json        *out = talloc(w->mem, struct json);
	bool                ok =
	    compare_pick(w->mem, &w->spec->arrays, WORK_COMPARE, r->category, &arrays, NULL, &e);

	assert(ok && out != NULL);
	shuffle(w, &arrays, &(struct spot) { r->value, arrays.start, STR("") }, out, seed);
	return out;
}

/* The count, and how severe the changes are, do not depend on where elements stand. */
static void
check_shuffled(const struct world *w, const struct resource *a, const struct resource *b)
{
	const struct diff *before = compare(w, a, b), *after;
	struct resource    x = *a, y = *b;
	uint64_t           seed = a->value->n + 1;

	x.value = shuffled(w, a, &seed);
	y.value = shuffled(w, b, &seed);
	after = compare(w, &x, &y);
	assert(diff_count(&before->summary) == diff_count(&after->summary));
	assert(before->summary.modified == after->summary.modified);
}

/* ---- one leaf ---- */

#define NOWHERE_ELSE "nowhere else"

/* The leaf that gets another value, on the way down to it. */
struct leaf {
	uint32_t   left;   /* leaves before it */
	struct buf path;   /* JSON Pointer */
	bool       arrays; /* it is in one */
	bool       masked; /* its value is a mask, which equals the clear value that it is of */
	bool named; /* each of its elements on the way has an id of its own, which is left alone */
	bool found;
};

static bool
is_leaf(const struct json *v)
{
	return v->type != JSON_ARRAY && v->type != JSON_OBJECT;
}

static uint32_t
count_leaves(const struct json *v)
{
	uint32_t n = is_leaf(v);

	for (uint32_t i = 0; !is_leaf(v) && i < v->n; i++)
		n += count_leaves(&v->items[i]);
	return n;
}

/* Is "id" what the elements are known by: a text each, none twice, and no better name? */
static bool
has_ids(const struct json *v)
{
	for (uint32_t i = 0; i < v->n; i++) {
		const struct json *o = &v->items[i];
		const struct json *id = o->type == JSON_OBJECT ? json_get(o, "id") : NULL;

		if (id == NULL || id->type != JSON_STRING || json_get(o, "apiVersion") != NULL ||
		    json_get(o, "kind") != NULL || json_get(o, "metadata") != NULL)
			return false;
		for (uint32_t k = 0; k < i; k++)
			if (str_eq(json_get(&v->items[k], "id")->text, id->text))
				return false;
	}
	return true;
}

static void set_leaf(const struct world *w, const struct json *v, struct json *out, struct leaf *l);

static void
set_below(const struct world *w, const struct json *v, uint32_t i, struct json *out, struct leaf *l)
{
	size_t before = l->path.n;
	bool   element = v->type == JSON_ARRAY;

	if (element) {
		buf_printf(&l->path, "/%u", i);
	} else {
		json_pointer_add(&l->path, v->names[i]);
	}
	set_leaf(w, &v->items[i], out, l);
	if (!l->found) {
		l->path.n = before;
		return;
	}
	l->arrays = l->arrays || element;
	if (element)
		l->named = l->named && has_ids(v) && !is_leaf(&v->items[i]);
	else if (str_eqz(v->names[i], "id"))
		l->named = false;
}

static void
set_leaf(const struct world *w, const struct json *v, struct json *out, struct leaf *l)
{
	*out = *v;
	if (is_leaf(v)) {
		l->found = l->left-- == 0;
		l->masked = l->found && mark_at(v);
		if (l->found)
			*out = (struct json) { .type = JSON_STRING, .text = STR(NOWHERE_ELSE) };
		return;
	}
	for (uint32_t i = 0; i < v->n; i++) {
		uint32_t below = count_leaves(&v->items[i]);

		if (below <= l->left) {
			l->left -= below;
			continue;
		}
		out->items = talloc_memdup(w->mem, v->items, v->n * sizeof(v->items[0]));
		assert(out->items != NULL);
		set_below(w, v, i, &out->items[i], l);
		return;
	}
}

/* `a` is in normal form, and so is what it becomes: nothing that a normaliser would change. */
static void
check_leaf(const struct world *w, const struct resource *a, uint32_t which)
{
	struct leaf          l = { .left = which, .named = w->by_id };
	struct resource      b = *a;
	struct json          changed;
	const struct diff   *d;
	const struct change *c;

	buf_make(&l.path, w->mem);
	set_leaf(w, a->value, &changed, &l);
	assert(l.found && buf_ok(&l.path));
	b.value = &changed;
	d = compare(w, a, &b);
	if (d->n == 0 && l.masked)
		return;
	c = d->changes;
	if (d->n == 1 && c->op == CHANGE_MODIFIED) {
		assert(c->shortened || str_eq(c->path, buf_str(&l.path)));
		return;
	}
	assert(l.arrays && !l.named);
	/* one that is there twice: in a set the other stands for it, where order counts it may be
	 * the other */
	if (w->sets && d->n == 1 && c->op == CHANGE_CREATED)
		return;
	assert(d->summary.created == 1 && d->summary.deleted == 1 && d->summary.modified == 0 &&
	       (d->summary.moved == 0 || w->ordered));
}

static void
check_leaves(const struct world *w, const struct resource *a)
{
	uint32_t   n = count_leaves(a->value);
	struct str all = canonical(w, a);

	if (memmem(all.p, all.n, NOWHERE_ELSE, sizeof(NOWHERE_ELSE) - 1) != NULL)
		return;
	for (uint32_t i = 0; i < 3 && n > 0; i++)
		check_leaf(w, a, (a->value->n * 31 + i * 17) % n);
}

static void
check_pair(const struct world *w, const struct resource *a, const struct resource *b)
{
	const struct diff *ab = compare(w, a, b), *ba = compare(w, b, a);

	assert(ab->summary.created == ba->summary.deleted &&
	       ab->summary.deleted == ba->summary.created);
	assert(ab->summary.modified == ba->summary.modified);
	assert(ab->summary.moved == ba->summary.moved);
	check_shuffled(w, a, b);
	assert((diff_count(&ab->summary) == 0) == str_eq(text(w, a), text(w, b)));
	check_changes(ab, a, b);
	check_changes(ba, b, a);
	check_store(w, a);
	check_store(w, b);
	check_patch(w, a, b);
	check_patch(w, b, a);
	check_leaves(w, a);
	check_leaves(w, b);
}

static bool
read_one(const struct world *w, const uint8_t *p, size_t n, struct resource *r)
{
	struct err e = { 0 };

	*r = (struct resource) { STR("c"), STR("k"),
		json_parse(w->mem, (struct str) { (const char *)p, n }, &e) };
	if (r->value == NULL)
		return false;
	if (resource_normalise(w->mem, w->spec, r, RESOURCE_SOURCE, NULL, &e))
		return true;
	assert(e.code == ERR_INVALID && e.faults != NULL);
	return false;
}

static bool
world_make(struct world *w, uint8_t which)
{
	const size_t row = which % LEN(array_rows);
	struct err   e = { 0 };
	const char  *text = talloc_asprintf(w->mem, "{\"arrays\":[%s],\"normalise\":[%s]}",
	     array_rows[row], normaliser_rows[which / LEN(array_rows) % LEN(normaliser_rows)]);
	struct json *how = json_parse(w->mem, str_of(text), &e);
	struct json *rules = json_parse(w->mem, str_of(rules_text), &e);

	w->by_id = row == 0;
	w->sets = row == 1 || row == 7;
	w->ordered = row == 8 || row == 10;
	w->spec = how != NULL ? compare_compile(w->mem, how, NULL, 0, key, NULL, &e) : NULL;
	w->rules = rules != NULL ? rules_compile(w->mem, rules, NULL, 0, NULL, &e) : NULL;
	return w->spec != NULL && w->rules != NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct world    w = { .mem = talloc_new(NULL) };
	const uint8_t  *parting = n > 1 ? memchr(data + 1, 0xFF, n - 1) : NULL;
	struct resource a, b;
	bool            made = parting != NULL && world_make(&w, data[0]);

	assert(made || parting == NULL);
	if (made && read_one(&w, data + 1, (size_t)(parting - data - 1), &a) &&
	    read_one(&w, parting + 1, (size_t)(data + n - parting - 1), &b))
		check_pair(&w, &a, &b);
	talloc_free(w.mem);
	return 0;
}
