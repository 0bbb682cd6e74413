#include "drift/engine/likeness.h"

#include <stdlib.h>
#include <string.h>

#include "drift/engine/leaves.h"

#define HALF 23 /* half the bits behind the point: so few leaves differ within them */

/* Two objects that may be paired. */
struct candidate {
	uint64_t likeness; /* x 2^(2 x HALF), rounded down */
	uint32_t a, b;
};

struct pairing {
	struct walk                *w;
	TALLOC_CTX                 *tmp;
	const struct likeness_side *sides;
	const struct json         **objects; /* a's, then b's */
	uint32_t                    na, n;
	uint32_t                    least; /* tenths */
	struct leaves               leaves;
	uint32_t                   *rank; /* of their texts */
	bool                       *taken;
	uint32_t *holders; /* of each leaf, b's that have it, once for each time */
	uint32_t *holders_from;
	uint32_t *common; /* with the a at hand: of each b */
	uint32_t *met;    /* b's with which there is any */
	struct candidate
	    *held; /* the best so far; once some are not held, a heap: the last of them on top */
	uint32_t held_n, held_cap;
	uint32_t most; /* that are held in the end */
	bool     cut;  /* some are not held */
};

/* ---- the order of texts ---- */

struct ranked {
	struct str                text; /* as everybody may see it */
	const struct index_entry *full;
	uint32_t                  object;
};

static int
by_text(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int                  c = str_cmp(x->text, y->text);

	return c != 0 ? c : str_cmp(x->full->text, y->full->text);
}

static bool
rank_texts(struct pairing *p, const struct place *at)
{
	struct walk             *w = p->w;
	const struct element_how how = { &w->arrays, w->d->state->work, true };
	struct ranked           *v = talloc_array(p->tmp, struct ranked, p->n);
	struct buf               text;
	const char              *start;

	if (v == NULL)
		return err_memory(w->e);
	buf_make(&text, v);
	for (uint32_t i = 0; i < p->n; i++) {
		const struct likeness_side *s = &p->sides[i >= p->na];
		uint32_t                    at_i = s->at[i >= p->na ? i - p->na : i];
		size_t                      before = text.n;
		struct row *here = places_down_index(&w->arrays.places, at->here, at_i);

		if (!element_text(&text, p->objects[i], &how, here, STR(""), w->e))
			return false;
		v[i] = (struct ranked) { { NULL, text.n - before }, &s->texts[at_i - s->first], i };
	}
	start = text.p;
	for (uint32_t i = 0; i < p->n; start += v[i++].text.n)
		v[i].text.p = start;
	qsort(v, p->n, sizeof *v, by_text);
	for (uint32_t i = 0, rank = 0; i < p->n; i++) {
		rank += i > 0 && by_text(&v[i - 1], &v[i]) != 0;
		p->rank[v[i].object] = rank;
	}
	talloc_free(v);
	return true;
}

/* ---- candidates ---- */

/* What comes first: `arg` knows the ranks of their texts. */
static int
by_order(const void *a, const void *b, void *arg)
{
	const struct candidate *x = a, *y = b;
	const uint32_t         *rank = ((const struct pairing *)arg)->rank;
	uint32_t                xa = rank[x->a], xb = rank[x->b], ya = rank[y->a], yb = rank[y->b];
	uint32_t                x_low = xa < xb ? xa : xb, y_low = ya < yb ? ya : yb;

	if (x->likeness != y->likeness)
		return x->likeness > y->likeness ? -1 : 1;
	if (x_low != y_low)
		return x_low < y_low ? -1 : 1;
	if (xa + xb != ya + yb) /* of equal lower ones, so are the higher ones */
		return xa + xb < ya + yb ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

static uint32_t
leaves_of(const struct pairing *p, uint32_t object)
{
	return p->leaves.from[object + 1] - p->leaves.from[object];
}

/* Puts one where it belongs, from `at` on down. */
static void
sift(struct pairing *p, uint32_t at, struct candidate c)
{
	struct candidate *h = p->held;

	for (;;) {
		uint32_t below = 2 * at + 1;

		if (below >= p->held_n)
			break;
		if (below + 1 < p->held_n && by_order(&h[below + 1], &h[below], p) > 0)
			below++;
		if (by_order(&c, &h[below], p) >= 0)
			break;
		h[at] = h[below];
		at = below;
	}
	h[at] = c;
}

/* No more than `most` at any time: then the last of them makes room for one that comes before it.
 */
static bool
hold(struct pairing *p, const struct candidate *c)
{
	struct candidate *more;

	if (p->held_n == p->most) {
		for (uint32_t i = p->cut ? 0 : p->held_n / 2; i-- > 0;)
			sift(p, i, p->held[i]);
		p->cut = true;
		if (by_order(c, &p->held[0], p) < 0)
			sift(p, 0, *c);
		return true;
	}
	if (p->held_n == p->held_cap) {
		p->held_cap = p->held_cap == 0 ? 64 : 2 * p->held_cap;
		p->held_cap = p->held_cap > p->most ? p->most : p->held_cap;
		more = talloc_realloc(p->tmp, p->held, struct candidate, p->held_cap);
		if (more == NULL)
			return err_memory(p->w->e);
		p->held = more;
	}
	p->held[p->held_n++] = *c;
	return true;
}

/* What one of the left has in common with each of the right. */
static uint32_t
count_common(struct pairing *p, uint32_t a)
{
	const uint32_t *id = p->leaves.ids + p->leaves.from[a];
	const uint32_t *end = p->leaves.ids + p->leaves.from[a + 1];
	uint32_t        met = 0, times;

	for (; id < end; id += times) {
		uint32_t at = p->holders_from[*id], last = p->holders_from[*id + 1];

		for (times = 1; id + times < end && id[times] == *id;)
			times++;
		while (at < last) {
			uint32_t b = p->holders[at], from = at, both;

			while (at < last && p->holders[at] == b)
				at++;
			both = at - from < times ? at - from : times;
			p->w->d->compared++;
			if (p->taken[b])
				continue;
			if (p->common[b - p->na] == 0)
				p->met[met++] = b;
			p->common[b - p->na] += both;
		}
	}
	return met;
}

/* Leaves are less than 2^HALF, by the bound on the work. */
static uint64_t
fraction(uint64_t common, uint64_t all)
{
	uint64_t upper = (common << HALF) / all, rest = (common << HALF) % all;

	return upper << HALF | (rest << HALF) / all;
}

static bool
consider(struct pairing *p, uint32_t a, uint32_t b)
{
	uint32_t         common = p->common[b - p->na], all = leaves_of(p, a) + leaves_of(p, b);
	struct candidate c = { .a = a, .b = b };

	p->common[b - p->na] = 0;
	if (20 * (uint64_t)common < p->least * (uint64_t)all)
		return true;
	c.likeness = fraction(common, all);
	return hold(p, &c);
}

/* Every candidate of which neither is taken, or the first of them, `most`. */
static bool
collect(struct pairing *p)
{
	p->held_n = 0;
	p->cut = false;
	for (uint32_t a = 0; a < p->na; a++) {
		uint32_t met = p->taken[a] ? 0 : count_common(p, a);

		for (uint32_t i = 0; i < met; i++)
			if (!consider(p, a, p->met[i]))
				return false;
		if (!walk_spend(p->w))
			return false;
	}
	if (p->held_n > 1)
		qsort_r(p->held, p->held_n, sizeof *p->held, by_order, p);
	return work_spend(p->w->d->state->work, WORK_COMPARE, 20 * (uint64_t)p->held_n, p->w->e);
}

static void
take(struct pairing *p, struct likeness *out)
{
	for (uint32_t i = 0; i < p->held_n; i++) {
		const struct candidate *c = &p->held[i];

		if (p->taken[c->a] || p->taken[c->b])
			continue;
		p->taken[c->a] = p->taken[c->b] = true;
		out->pairs[out->n++] =
		    (struct likeness_pair) { p->sides[0].at[c->a], p->sides[1].at[c->b - p->na] };
	}
}

/* ---- all of it ---- */

/* Which of the right have a leaf, by leaf. */
static void
list_holders(struct pairing *p)
{
	const struct leaves *l = &p->leaves;
	uint32_t            *from = p->holders_from;

	memset(from, 0, (l->n_ids + 2) * sizeof *from);
	for (uint32_t i = l->from[p->na]; i < l->from[p->n]; i++)
		from[l->ids[i] + 2]++;
	for (uint32_t id = 0; id < l->n_ids; id++)
		from[id + 2] += from[id + 1];
	for (uint32_t b = p->na; b < p->n; b++)
		for (uint32_t i = l->from[b]; i < l->from[b + 1]; i++)
			p->holders[from[l->ids[i] + 1]++] = b;
}

static bool
prepare(struct pairing *p, const struct place *at, uint32_t total)
{
	uint32_t nb = p->n - p->na;

	if (!leaves_make(p->w, p->tmp, p->objects, p->n, total, &p->leaves))
		return false;
	p->rank = talloc_array(p->tmp, uint32_t, p->n);
	p->taken = talloc_zero_array(p->tmp, bool, p->n);
	p->holders = talloc_array(p->tmp, uint32_t, total);
	p->holders_from = talloc_array(p->tmp, uint32_t, p->leaves.n_ids + 2);
	p->common = talloc_zero_array(p->tmp, uint32_t, nb);
	p->met = talloc_array(p->tmp, uint32_t, nb);
	if (p->rank == NULL || p->taken == NULL || p->holders == NULL || p->holders_from == NULL ||
	    p->common == NULL || p->met == NULL)
		return err_memory(p->w->e);
	list_holders(p);
	return rank_texts(p, at);
}

/* W within its bound? *leaves: of both sides. */
static bool
within_bound(const struct pairing *p, uint64_t *leaves)
{
	uint64_t a = 0, b = 0, work;

	for (uint32_t i = 0; i < p->na; i++)
		a += leaves_count(p->objects[i]);
	for (uint32_t i = p->na; i < p->n; i++)
		b += leaves_count(p->objects[i]);
	*leaves = a + b;
	work = (p->n - p->na) * a + p->na * b;
	return work <= LIKENESS_WORK_MAX && work <= LIKENESS_EACH_MAX * (a + b);
}

static bool
pair(struct pairing *p, const struct place *at, uint32_t total, struct likeness *out)
{
	uint32_t nb = p->n - p->na;

	out->pairs =
	    talloc_array(talloc_parent(p->tmp), struct likeness_pair, p->na < nb ? p->na : nb);
	if (out->pairs == NULL)
		return err_memory(p->w->e);
	p->most = total / LIKENESS_LEAVES;
	p->most = p->most < LIKENESS_LEAST ? LIKENESS_LEAST : p->most;
	p->most = p->most > LIKENESS_MOST ? LIKENESS_MOST : p->most;
	if (!prepare(p, at, total))
		return false;
	do {
		if (!collect(p))
			return false;
		take(p, out);
	} while (p->cut);
	return true;
}

bool
likeness_pairs(struct walk *w, TALLOC_CTX *mem, const struct place *at,
    const struct likeness_side sides[static 2], uint32_t least, struct likeness *out)
{
	struct pairing p = { .w = w,
		.sides = sides,
		.na = sides[0].n,
		.n = sides[0].n + sides[1].n,
		.least = least };
	uint64_t       leaves;
	bool           ok = true;

	*out = (struct likeness) { .n = 0 };
	if (sides[0].n == 0 || sides[1].n == 0)
		return true;
	p.tmp = talloc_new(mem);
	p.objects = talloc_array(p.tmp, const struct json *, p.n);
	if (p.objects == NULL)
		return err_memory(w->e);
	for (uint32_t i = 0; i < p.n; i++) {
		const struct likeness_side *s = &sides[i >= p.na];

		p.objects[i] = &s->array->items[s->at[i >= p.na ? i - p.na : i]];
	}
	out->too_many = !within_bound(&p, &leaves);
	if (!out->too_many)
		ok = pair(&p, at, (uint32_t)leaves, out);
	talloc_free(p.tmp);
	return ok;
}
