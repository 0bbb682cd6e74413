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

/* True: done.  False and *at: that operation does not apply; `why` says so. */
static bool
try_all(TALLOC_CTX *mem, struct spot *s, uint32_t *at, const char **why, struct work *work,
    struct err *e)
{
	struct json       value = s->r.value == NULL ? (struct json) { 0 } : *s->r.value;
	struct str        name = STR("value");
	const struct json doc = {
		.type = JSON_OBJECT, .n = s->r.value != NULL, .items = &value, .names = &name
	};
	const struct json  patch = { .type = JSON_ARRAY, .n = s->n, .items = s->ops };
	TALLOC_CTX        *tmp = talloc_new(mem);
	struct err         local = { 0 };
	struct str         number;
	uint64_t           n;
	const struct json *to = tmp == NULL ? NULL : patch_apply(tmp, &doc, &patch, work, &local);

	*why = NULL;
	if (to != NULL) { /* what it was made of stays with it */
		s->r.value = json_get(to, "value");
		return true;
	}
	if (local.code == ERR_TOO_COSTLY) {
		*e = local;
		return false;
	}
	if (tmp == NULL || local.code != ERR_INVALID || local.faults == NULL)
		return err_memory(e);
	str_cut(str_of(local.faults->pointer + 1), '/', &number);
	if (!str_to_u64(number, &n))
		return err_memory(e);
	*at = (uint32_t)n;
	*why = talloc_strdup(mem, local.faults->detail);
	talloc_free(tmp);
	return *why != NULL && *at < s->n ? false : err_memory(e);
}

/* What does not apply is taken out, and all the others are tried again. */
static bool
spot_change(TALLOC_CTX *mem, struct spot *s, struct difference *d, struct work *work,
    struct err *e)
{
	const char *why;
	uint32_t    at = 0;

	while (s->n > 0 && !try_all(mem, s, &at, &why, work, e)) {
		if (e->code != ERR_OK)
			return false;
		d[s->which[at]].why = why;
		s->n--;
		memmove(&s->ops[at], &s->ops[at + 1], (s->n - at) * sizeof(s->ops[0]));
		memmove(&s->which[at], &s->which[at + 1], (s->n - at) * sizeof(s->which[0]));
	}
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

static bool
spots_make(struct spot **spots, size_t *n, TALLOC_CTX *mem, const struct resource *list,
    size_t list_n, struct difference *d, size_t dn, struct err *e)
{
	*n = 0;
	*spots = talloc_zero_size(mem, (dn + 1) * sizeof(**spots));
	if (*spots == NULL)
		return err_memory(e);
	for (size_t i = 0; i < dn; i++) {
		struct spot           *s = spot_of(*spots, n, &d[i]);
		const struct resource *r =
		    list_n == 0 ? NULL : bsearch(&s->r, list, list_n, sizeof(list[0]), by_place);

		s->r.value = r == NULL ? NULL : r->value;
		if (d[i].why != NULL)
			continue;
		if (d[i].path.n > 0 && d[i].path.p[0] != '/')
			d[i].why = "has a path that does not begin with /";
		else if (!spot_add(mem, s, &d[i], i, dn, e))
			return false;
	}
	return true;
}

/* The list without the places, then the places that have a value. */
static void
put_back(struct resource *list, size_t *n, const struct spot *spots, size_t spots_n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; i++) {
		bool spoken = false;

		for (size_t j = 0; j < spots_n && !spoken; j++)
			spoken = place_cmp(&list[i], &spots[j].r) == 0;
		if (!spoken)
			list[kept++] = list[i];
	}
	for (size_t j = 0; j < spots_n; j++)
		if (spots[j].r.value != NULL)
			list[kept++] = spots[j].r;
	*n = kept;
	if (kept > 1)
		qsort(list, kept, sizeof(list[0]), by_place);
}

bool
template_differ(TALLOC_CTX *mem, struct resource *list, size_t *n, struct difference *d, size_t dn,
    const char *root, struct work *work, struct err *e)
{
	struct spot *spots;
	size_t       spots_n;
	char         pointer[160];

	if (*n > 1)
		qsort(list, *n, sizeof(list[0]), by_place);
	if (!spots_make(&spots, &spots_n, mem, list, *n, d, dn, e))
		return false;
	for (size_t i = 0; i < spots_n; i++)
		if (!spot_change(mem, &spots[i], d, work, e))
			return false;
	for (size_t i = 0; root != NULL && i < dn; i++) {
		if (d[i].why == NULL)
			continue;
		snprintf(pointer, sizeof(pointer), "%.120s/%zu/path", root, i);
		err_fault(e, mem, pointer, "%s", d[i].why);
	}
	put_back(list, n, spots, spots_n);
	return e->code == ERR_OK;
}
