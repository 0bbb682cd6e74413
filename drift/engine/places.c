#include "drift/engine/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 16 /* steps down from one place, before it is worth to look names up */

/* A pattern on its way. */
struct going {
	uint32_t pattern;
	uint64_t states;
};

/* One that goes on by one name only. */
struct literal {
	struct str name;
	uint32_t   i; /* of the row's items */
};

struct row {
	struct going   *items; /* by pattern */
	uint32_t        n;
	uint32_t        downs;    /* steps down from here so far */
	bool            divided;  /* into the two below */
	uint32_t       *walked;   /* items that are to be walked */
	struct literal *literals; /* by name, then item */
	uint32_t        n_walked, n_literals;
};

/* Room for all patterns; made when a place so deep is first met. */
static bool
row_make(const struct places *p, struct row *r)
{
	char *room;

	if (r->items != NULL)
		return true;
	room = talloc_size(
	    p->rows, p->n * (sizeof *r->items + sizeof *r->literals + sizeof *r->walked));
	if (room == NULL)
		return err_memory(p->e);
	r->items = (void *)room;
	r->literals = (void *)(room + p->n * sizeof *r->items);
	r->walked = (void *)(room + p->n * (sizeof *r->items + sizeof *r->literals));
	return true;
}

bool
places_make(TALLOC_CTX *mem, struct places *p, struct row **here)
{
	p->rows = *here = NULL;
	if (p->n == 0)
		return true;
	p->rows = talloc_zero_array(mem, struct row, JSON_DEPTH_MAX + 2);
	if (p->rows == NULL)
		return err_memory(p->e);
	*here = p->rows;
	if (!row_make(p, p->rows))
		return false;
	for (uint32_t i = 0; i < p->n; i++)
		p->rows->items[i] = (struct going) { i, pattern_start(p->patterns[i]) };
	p->rows->n = p->n;
	return true;
}

/* ---- looking names up ---- */

static int
by_name(const void *a, const void *b)
{
	const struct literal *x = a, *y = b;
	int                   c = str_cmp(x->name, y->name);

	return c != 0 ? c : (x->i > y->i) - (x->i < y->i);
}

/* The only step that it may take, where that is a name and not a glob; else NULL. */
static const struct str *
only_name(const struct pattern *p, uint64_t states)
{
	uint32_t i = (uint32_t)__builtin_ctzll(states);

	if ((states & (states - 1)) != 0 || i >= p->n || p->steps[i].stars > 0 || p->steps[i].fold)
		return NULL;
	return &p->steps[i].text;
}

static bool
divide(const struct places *p, struct row *r)
{
	r->n_walked = r->n_literals = 0;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct pattern *pattern = p->patterns[r->items[i].pattern];
		uint64_t              states = r->items[i].states & ~((uint64_t)1 << pattern->n);
		const struct str     *name = states == 0 ? NULL : only_name(pattern, states);

		if (name != NULL)
			r->literals[r->n_literals++] = (struct literal) { *name, i };
		else if (states != 0)
			r->walked[r->n_walked++] = i;
	}
	if (r->n_literals > 1)
		qsort(r->literals, r->n_literals, sizeof *r->literals, by_name);
	r->divided = true;
	return work_spend(p->work, p->kind, 20 * (uint64_t)r->n, p->e);
}

static uint32_t
first_of_name(const struct row *r, struct str name)
{
	uint32_t low = 0, high = r->n_literals;

	while (low < high) {
		uint32_t at = low + (high - low) / 2;

		if (str_cmp(r->literals[at].name, name) < 0)
			low = at + 1;
		else
			high = at;
	}
	return low;
}

/* ---- walking ---- */

static void
step(const struct places *p, const struct going *from, struct str name, struct row *below,
    uint64_t *steps)
{
	uint64_t states =
	    pattern_step_counted(p->patterns[from->pattern], from->states, name, steps);

	if (states != 0)
		below->items[below->n++] = (struct going) { from->pattern, states };
}

/* Both lists are in the order of the patterns. */
static void
step_divided(const struct places *p, const struct row *r, struct str name, struct row *below,
    uint64_t *steps)
{
	uint32_t l = first_of_name(r, name), w = 0;

	*steps += 4;
	for (;;) {
		bool named = l < r->n_literals && str_eq(r->literals[l].name, name);

		if (named && (w == r->n_walked || r->literals[l].i < r->walked[w]))
			step(p, &r->items[r->literals[l++].i], name, below, steps);
		else if (w < r->n_walked)
			step(p, &r->items[r->walked[w++]], name, below, steps);
		else
			return;
	}
}

struct row *
places_down(const struct places *p, struct row *here, struct str name)
{
	struct row *below;
	uint64_t    steps = 1;

	if (p->n == 0)
		return NULL;
	below = here + 1;
	if (!row_make(p, below)) {
		below->n = 0;
		return below;
	}
	below->n = below->downs = 0;
	below->divided = false;
	if (!here->divided && here->n > 4 && ++here->downs > MANY && !divide(p, here))
		return below;
	if (here->divided)
		step_divided(p, here, name, below, &steps);
	for (uint32_t i = 0; !here->divided && i < here->n; i++)
		step(p, &here->items[i], name, below, &steps);
	if (!work_spend(p->work, p->kind, steps, p->e))
		below->n = 0;
	return below;
}

struct row *
places_down_any(const struct places *p, struct row *here, const struct str *names, uint32_t n)
{
	struct row *below;
	uint64_t    steps = 1;

	if (n == 1 || p->n == 0)
		return places_down(p, here, names[0]);
	below = here + 1;
	if (!row_make(p, below)) {
		below->n = 0;
		return below;
	}
	below->n = below->downs = 0;
	below->divided = false;
	for (uint32_t i = 0; i < here->n; i++) {
		const struct going *from = &here->items[i];
		uint64_t            states = 0;

		for (uint32_t k = 0; k < n; k++)
			states |= pattern_step_counted(
			    p->patterns[from->pattern], from->states, names[k], &steps);
		if (states != 0)
			below->items[below->n++] = (struct going) { from->pattern, states };
	}
	if (!work_spend(p->work, p->kind, steps, p->e))
		below->n = 0;
	return below;
}

struct row *
places_down_index(const struct places *p, struct row *here, uint32_t i)
{
	char text[12];

	if (p->n == 0)
		return NULL;
	if (here->n == 0)
		return places_down(p, here, STR(""));
	return places_down(
	    p, here, (struct str) { text, (size_t)snprintf(text, sizeof text, "%u", i) });
}

/* ---- what matches ---- */

bool
places_next(const struct places *p, const struct row *here, uint32_t *i, uint32_t *pattern)
{
	for (; here != NULL && *i < here->n; ++*i) {
		const struct going *x = &here->items[*i];

		if (!pattern_done(p->patterns[x->pattern], x->states))
			continue;
		*pattern = x->pattern;
		++*i;
		return true;
	}
	return false;
}

static int
by_pattern(const void *a, const void *b)
{
	const uint32_t     *want = a;
	const struct going *x = b;

	return (*want > x->pattern) - (*want < x->pattern);
}

uint64_t
places_states(const struct places *p, const struct row *here, uint32_t pattern)
{
	const struct going *x = here == NULL || here->n == 0 ? NULL
							     : bsearch(&pattern, here->items,
								   here->n, sizeof *x, by_pattern);

	(void)p;
	return x != NULL ? x->states : 0;
}

bool
places_done(const struct places *p, const struct row *here, uint32_t pattern)
{
	return here != NULL && pattern_done(p->patterns[pattern], places_states(p, here, pattern));
}
