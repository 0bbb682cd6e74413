#include "drift/run/place_list.h"

#include <stdlib.h>
#include <string.h>

struct place_list {
	const struct change **items; /* by resource, side and path */
	size_t                n;
};

/* Slashes come before all else, so that what lies below a place follows it. */
static int
path_order(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n, i = 0;

	while (i < n && a.p[i] == b.p[i])
		i++;
	if (i == n)
		return (a.n > n) - (b.n > n);
	if (a.p[i] == '/' || b.p[i] == '/')
		return a.p[i] == '/' ? -1 : 1;
	return (unsigned char)a.p[i] < (unsigned char)b.p[i] ? -1 : 1;
}

static int
resource_order(const struct change *a, const struct change *b)
{
	int d = str_cmp(a->category, b->category);

	if (d == 0)
		d = str_cmp(a->key, b->key);
	return d != 0 ? d : (a->op == CHANGE_DELETED) - (b->op == CHANGE_DELETED);
}

static int
place_order_of(const struct change *a, const struct change *b)
{
	int d = resource_order(a, b);

	return d != 0 ? d : path_order(a->path, b->path);
}

static int
by_place(const void *a, const void *b)
{
	return place_order_of(*(const struct change *const *)a, *(const struct change *const *)b);
}

struct place_list *
place_list_make(TALLOC_CTX *mem, const struct diff *d, struct err *e)
{
	struct place_list *l = talloc_zero(mem, struct place_list);

	if (l != NULL)
		l->items = talloc_array(l, const struct change *, (unsigned)d->n + 1);
	if (l == NULL || l->items == NULL) {
		talloc_free(l);
		(void)err_memory(e);
		return NULL;
	}
	for (l->n = 0; l->n < d->n; l->n++)
		l->items[l->n] = &d->changes[l->n];
	if (l->n > 1)
		qsort(l->items, l->n, sizeof(l->items[0]), by_place);
	return l;
}

/* The first that does not come before. */
static size_t
lower_bound(const struct place_list *l, const struct change *c)
{
	size_t from = 0, to = l->n;

	while (from < to) {
		size_t mid = from + (to - from) / 2;

		if (place_order_of(l->items[mid], c) < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return from;
}

static bool
is_at(const struct place_list *l, size_t i, const struct change *c)
{
	return i < l->n && place_order_of(l->items[i], c) == 0;
}

static bool
is_below(const struct change *x, const struct change *c)
{
	return resource_order(x, c) == 0 && x->path.n > c->path.n && x->path.p[c->path.n] == '/' &&
	       memcmp(x->path.p, c->path.p, c->path.n) == 0;
}

/* Those at the beginnings of its path, the shortest first. */
static bool
each_above(
    const struct place_list *l, const struct change *c, place_fn *fn, void *arg, struct err *e)
{
	struct change up = *c;

	for (size_t n = 0; n < c->path.n; n++) {
		if (c->path.p[n] != '/')
			continue;
		up.path.n = n;
		for (size_t i = lower_bound(l, &up); is_at(l, i, &up); i++)
			if (!fn(arg, l->items[i], e))
				return false;
	}
	return true;
}

bool
place_list_each(
    const struct place_list *l, const struct change *c, place_fn *fn, void *arg, struct err *e)
{
	size_t i = lower_bound(l, c);

	if (!each_above(l, c, fn, arg, e))
		return false;
	for (; is_at(l, i, c) || (i < l->n && is_below(l->items[i], c)); i++)
		if (!fn(arg, l->items[i], e))
			return false;
	return true;
}
