#include "drift/engine/leaves.h"

#include <stdlib.h>
#include <string.h>

#define KINDS 8 /* of values at one path: more than there are types */

/* A value on the way down: level by level, so that each path is known by the number of the one
 * above. */
struct node {
	const struct json *v;
	uint32_t           object, path;
};

/* All that is found at one level. */
struct level {
	struct node *at;
	uint32_t     n;
};

/* The leaves so far. */
struct found {
	struct index_entry *texts; /* tag: path and type */
	uint32_t           *object;
	uint32_t            n;
	struct buf          numbers; /* their canonical texts */
};

uint64_t
leaves_count(const struct json *v)
{
	uint64_t n = 0;

	if ((v->type != JSON_OBJECT && v->type != JSON_ARRAY) || v->n == 0)
		return 1;
	for (uint32_t i = 0; i < v->n; i++)
		n += leaves_count(&v->items[i]);
	return n;
}

static bool
is_leaf(const struct json *v)
{
	return (v->type != JSON_OBJECT && v->type != JSON_ARRAY) || v->n == 0;
}

static bool
add_leaf(struct walk *w, struct found *f, const struct node *x)
{
	size_t             before = f->numbers.n;
	struct index_entry entry = { 0, x->path * KINDS + x->v->type, STR("") };

	if (x->v->type == JSON_STRING)
		entry.text = x->v->text;
	if (x->v->type == JSON_NUMBER) {
		if (!json_canonical(&f->numbers, x->v, w->e))
			return false;
		entry.text = (struct str) { NULL, f->numbers.n - before };
	}
	f->object[f->n] = x->object;
	f->texts[f->n++] = entry;
	return true;
}

/* Leaves of the level are added; what is below the others becomes the next. */
static bool
go_down(
    struct walk *w, TALLOC_CTX *tmp, const struct level *here, struct found *f, struct level *below)
{
	*below = (struct level) { NULL, 0 };
	for (uint32_t i = 0; i < here->n; i++)
		below->n += is_leaf(here->at[i].v) ? 0 : here->at[i].v->n;
	below->at = talloc_array(tmp, struct node, below->n + 1);
	if (below->at == NULL)
		return err_memory(w->e);
	below->n = 0;
	for (uint32_t i = 0; i < here->n; i++) {
		const struct node *x = &here->at[i];

		if (is_leaf(x->v) && !add_leaf(w, f, x))
			return false;
		for (uint32_t k = 0; !is_leaf(x->v) && k < x->v->n; k++)
			below->at[below->n++] =
			    (struct node) { &x->v->items[k], x->object, x->path };
	}
	return true;
}

/* Numbers the paths of a level, whose nodes have those of what is above them in the same order. */
static bool
number_paths(
    struct walk *w, TALLOC_CTX *tmp, const struct level *above, struct level *here, uint32_t *paths)
{
	struct index_entry *names = talloc_array(tmp, struct index_entry, here->n);
	uint32_t           *group = talloc_array(tmp, uint32_t, here->n);
	uint32_t            n = 0, groups;

	if (names == NULL || group == NULL)
		return err_memory(w->e);
	for (uint32_t i = 0; i < above->n; i++) {
		const struct node *x = &above->at[i];
		bool               object = x->v->type == JSON_OBJECT;

		for (uint32_t k = 0; !is_leaf(x->v) && k < x->v->n; k++)
			names[n++] =
			    index_entry(object ? x->v->names[k] : STR(""), x->path * 2 + !object);
	}
	if (!index_group_counted(tmp, names, n, group, &groups, &w->d->compared, w->e))
		return false;
	for (uint32_t i = 0; i < n; i++)
		here->at[i].path = *paths + group[i];
	*paths += groups;
	talloc_free(names);
	talloc_free(group);
	return true;
}

static bool
find_leaves(struct walk *w, TALLOC_CTX *tmp, struct level here, struct found *f)
{
	uint32_t paths = 1;

	while (here.n > 0) {
		struct level below;

		if (!go_down(w, tmp, &here, f, &below) ||
		    !number_paths(w, tmp, &here, &below, &paths) || !walk_spend(w))
			return false;
		talloc_free(here.at);
		here = below;
	}
	talloc_free(here.at);
	return true;
}

/* Numbers of canonical text were written one behind another. */
static bool
hash_all(struct walk *w, struct found *f)
{
	const char *at = f->numbers.p;

	if (!buf_ok(&f->numbers))
		return err_memory(w->e);
	for (uint32_t i = 0; i < f->n; i++) {
		struct str text = f->texts[i].text;

		if (text.p == NULL) {
			text.p = at;
			at += text.n;
		}
		f->texts[i] = index_entry(text, f->texts[i].tag);
	}
	return true;
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Puts them together by object. */
static void
arrange(const struct found *f, const uint32_t *group, uint32_t n, struct leaves *out)
{
	memset(out->from, 0, (n + 1) * sizeof *out->from);
	for (uint32_t i = 0; i < f->n; i++)
		out->from[f->object[i] + 1]++;
	for (uint32_t i = 0; i < n; i++)
		out->from[i + 1] += out->from[i];
	for (uint32_t i = 0; i < f->n; i++)
		out->ids[out->from[f->object[i]]++] = group[i];
	memmove(out->from + 1, out->from, n * sizeof *out->from);
	out->from[0] = 0;
	for (uint32_t i = 0; i < n; i++)
		if (out->from[i + 1] - out->from[i] > 1)
			qsort(out->ids + out->from[i], out->from[i + 1] - out->from[i],
			    sizeof *out->ids, by_number);
}

bool
leaves_make(struct walk *w, TALLOC_CTX *mem, const struct json *const *objects, uint32_t n,
    uint32_t total, struct leaves *out)
{
	TALLOC_CTX  *tmp = talloc_new(mem);
	struct found f = { .texts = talloc_array(tmp, struct index_entry, total),
		.object = talloc_array(tmp, uint32_t, total) };
	uint32_t    *group = talloc_array(tmp, uint32_t, total);
	struct level top = { talloc_array(tmp, struct node, n), n };

	out->ids = talloc_array(mem, uint32_t, total);
	out->from = talloc_array(mem, uint32_t, n + 1);
	if (tmp == NULL || f.texts == NULL || f.object == NULL || group == NULL || top.at == NULL ||
	    out->ids == NULL || out->from == NULL)
		return err_memory(w->e);
	buf_make(&f.numbers, tmp);
	for (uint32_t i = 0; i < n; i++)
		top.at[i] = (struct node) { objects[i], i, 0 };
	if (!find_leaves(w, tmp, top, &f) || !hash_all(w, &f) ||
	    !index_group_counted(tmp, f.texts, f.n, group, &out->n_ids, &w->d->compared, w->e))
		return false;
	arrange(&f, group, n, out);
	talloc_free(tmp);
	return walk_spend(w);
}
