/* template.h: what one place has otherwise than its template says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drift/engine/patch.h"
#include "drift/engine/template.h"

static const char *const ops[] = {
	[DIFFERENCE_ADD] = "add", [DIFFERENCE_REPLACE] = "replace", [DIFFERENCE_REMOVE] = "remove"
};

bool
difference_op_parse(const char *word, enum difference_op *op)
{
	for (enum difference_op o = DIFFERENCE_ADD; o <= DIFFERENCE_REMOVE; o++) {
		if (strcmp(word, ops[o]) != 0)
			continue;
		*op = o;
		return true;
	}
	return false;
}

static int
place_cmp(const struct resource *a, const struct resource *b)
{
	int c = str_cmp(a->category, b->category);

	return c != 0 ? c : str_cmp(a->key, b->key);
}

static int
by_place(const void *a, const void *b)
{
	return place_cmp(a, b);
}

/* ---- one resource: the document {"value": ...}, or {} while there is none ---- */

/* A resource that differences speak of, and the operations on it. */
struct spot {
	struct resource r;     /* value NULL: there is none */
	struct json    *ops;   /* objects of `op`, `path` and perhaps `value` */
	size_t         *which; /* parallel: the difference it is */
	uint32_t        n;
};

static bool
op_make(TALLOC_CTX *mem, const struct difference *d, struct json *op, struct err *e)
{
	char *path = talloc_asprintf(mem, "/value%.*s", (int)d->path.n, d->path.p);

	*op = (struct json) { .type = JSON_OBJECT, .n = d->value == NULL ? 2 : 3 };
	op->items = talloc_zero_array(mem, struct json, 3);
	op->names = talloc_zero_array(mem, struct str, 3);
	if (path == NULL || op->items == NULL || op->names == NULL)
		return err_memory(e);
	op->names[0] = STR("op");
	op->names[1] = STR("path");
	op->names[2] = STR("value");
	op->items[0] = (struct json) { .type = JSON_STRING, .text = str_of(ops[d->op]) };
	op->items[1] = (struct json) { .type = JSON_STRING, .text = str_of(path) };
	if (d->value != NULL)
		op->items[2] = *d->value;
	return true;
}

/* What does not apply is passed over, and says so. */
static bool
spot_change(TALLOC_CTX *mem, struct spot *s, struct difference *d, struct work *work, struct err *e)
{
	struct json       value = s->r.value == NULL ? (struct json) { 0 } : *s->r.value;
	struct str        name = STR("value");
	const struct json doc = {
		.type = JSON_OBJECT, .n = s->r.value != NULL, .items = &value, .names = &name
	};
	const struct json  patch = { .type = JSON_ARRAY, .n = s->n, .items = s->ops };
	const char       **why = talloc_array(mem, const char *, s->n);
	const struct json *to;

	if (why == NULL)
		return err_memory(e);
	if (s->n == 0)
		return true;
	to = patch_apply_each(mem, &doc, &patch, why, work, e);
	if (to == NULL)
		return false;
	for (uint32_t i = 0; i < s->n; i++)
		d[s->which[i]].why = why[i];
	s->r.value = json_get(to, "value");
	return true;
}

/* ---- all of them ---- */

static struct spot *
spot_of(struct spot *spots, size_t *n, const struct difference *d)
{
	const struct resource want = { d->category, d->key, NULL };

	for (size_t i = 0; i < *n; i++)
		if (place_cmp(&spots[i].r, &want) == 0)
			return &spots[i];
	spots[*n] = (struct spot) { .r = want };
	return &spots[(*n)++];
}

static bool
spot_add(TALLOC_CTX *mem, struct spot *s, const struct difference *d, size_t i, size_t most,
    struct err *e)
{
	if (s->ops == NULL) {
		s->ops = talloc_zero_size(mem, most * sizeof(s->ops[0]));
		s->which = talloc_zero_size(mem, most * sizeof(s->which[0]));
	}
	if (s->ops == NULL || s->which == NULL)
		return err_memory(e);
	s->which[s->n] = i;
	return op_make(mem, d, &s->ops[s->n++], e);
}

/* Places that differences speak of. */
struct spots {
	struct spot *at;
	size_t       n;
};

static bool
spots_make(TALLOC_CTX *mem, const struct differences *d, const struct resource *list, size_t list_n,
    struct spots *out, struct err *e)
{
	out->n = 0;
	out->at = talloc_zero_size(mem, (d->n + 1) * sizeof(out->at[0]));
	if (out->at == NULL)
		return err_memory(e);
	for (size_t i = 0; i < d->n; i++) {
		struct difference     *x = &d->at[i];
		struct spot           *s = spot_of(out->at, &out->n, x);
		const struct resource *r =
		    list_n == 0 ? NULL : bsearch(&s->r, list, list_n, sizeof(list[0]), by_place);

		s->r.value = r == NULL ? NULL : r->value;
		if (x->why != NULL)
			continue;
		if (x->path.n > 0 && x->path.p[0] != '/')
			x->why = "has a path that does not begin with /";
		else if (!spot_add(mem, s, x, i, d->n, e))
			return false;
	}
	return true;
}

/* The list, which is in order, without the places; then the places that have a value. */
static bool
put_back(
    TALLOC_CTX *mem, struct resource *list, size_t *n, const struct spots *spots, struct err *e)
{
	bool  *spoken = talloc_zero_size(mem, *n + 1);
	size_t kept = 0;

	if (spoken == NULL)
		return err_memory(e);
	for (size_t j = 0; *n > 0 && j < spots->n; j++) {
		const struct resource *r =
		    bsearch(&spots->at[j].r, list, *n, sizeof(list[0]), by_place);

		if (r != NULL)
			spoken[r - list] = true;
	}
	for (size_t i = 0; i < *n; i++)
		if (!spoken[i])
			list[kept++] = list[i];
	for (size_t j = 0; j < spots->n; j++)
		if (spots->at[j].r.value != NULL)
			list[kept++] = spots->at[j].r;
	talloc_free(spoken);
	*n = kept;
	if (kept > 1)
		qsort(list, kept, sizeof(list[0]), by_place);
	return true;
}

bool
template_differ(TALLOC_CTX *mem, struct resource *list, size_t *n, const struct differences *d,
    struct work *work, struct err *e)
{
	struct spots spots;
	char         pointer[160];

	if (*n > 1)
		qsort(list, *n, sizeof(list[0]), by_place);
	if (!spots_make(mem, d, list, *n, &spots, e))
		return false;
	for (size_t i = 0; i < spots.n; i++)
		if (!spot_change(mem, &spots.at[i], d->at, work, e))
			return false;
	for (size_t i = 0; d->root != NULL && i < d->n; i++) {
		if (d->at[i].why == NULL)
			continue;
		snprintf(pointer, sizeof(pointer), "%.120s/%zu/path", d->root, i);
		err_fault(e, mem, pointer, "%s", d->at[i].why);
	}
	return put_back(mem, list, n, &spots, e) && e->code == ERR_OK;
}
