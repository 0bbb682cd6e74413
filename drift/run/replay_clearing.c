#include "drift/run/replay_clearing.h"

#include <stdlib.h>

static int
by_category(const void *a, const void *b)
{
	const struct clearing *x = a, *y = b;

	return str_cmp(x->category, y->category);
}

static bool
is_counted(const struct replay *r, struct str category)
{
	const struct clearing want = { .category = category };

	return r->clearing_n > 0 && bsearch(&want, r->clearing, r->clearing_n,
					sizeof(r->clearing[0]), by_category) != NULL;
}

/* Those of what is found are counted from now on. */
static bool
add_clearing(struct replay *r, const struct diff *found, struct err *e)
{
	struct str last = STR("");
	size_t     n = r->clearing_n;

	for (size_t i = 0; i < found->n; i++) {
		struct str       category = found->changes[i].category;
		struct clearing *more;
		char            *name;

		if (str_eq(category, last) || is_counted(r, category))
			continue;
		last = category;
		more = talloc_realloc(r->mem, r->clearing, struct clearing, (unsigned)n + 1);
		if (more == NULL)
			return err_memory(e);
		r->clearing = more;
		name = str_dup(r->mem, category);
		if (name == NULL)
			return err_memory(e);
		more[n++] = (struct clearing) { str_of(name), 0, false };
	}
	if (n > r->clearing_n)
		qsort(r->clearing, n, sizeof(r->clearing[0]), by_category);
	r->clearing_n = n;
	return true;
}

bool
replay_clearing(struct replay *r, const struct diff *found, const struct side *to, struct err *e)
{
	if (r->spec->limits.clear_runs <= 1)
		return true;
	if (!add_clearing(r, found, e))
		return false;
	for (size_t i = 0; i < r->clearing_n; i++)
		r->clearing[i].read = side_complete(to, r->clearing[i].category);
	return true;
}
