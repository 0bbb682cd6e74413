/*
 * match.h: equal elements where the order counts: which of them belongs to which of the other side.
 *
 * Elements have become partners by what they say; of equal ones, each may stand for any other.
 * Those are taken first that stay where they are (rows.h), of elements and what belongs to them;
 * what is left over has moved, or is in their order, alone.  How many of which text belong to how
 * many of which other does not change, nor by what and under which names: so all is found under the
 * same names as before but what has moved, of which there is less.  Where there is not less,
 * nothing is changed.
 *
 * Both sides are looked at in one order whichever was first, so that as much has moved from either.
 */
#include <stdlib.h>
#include <string.h>

#include "drift/engine/match.h"
#include "drift/engine/rows.h"

#define EDITS_MAX  100 /* beyond them, by what is there once */
#define STEPS_PAIR 20  /* to sort, look up and join one */

/* One side, from the span's first element on. */
struct side {
	struct partner *of;
	const uint32_t *group; /* of its texts */
	uint32_t        n;
	uint32_t       *next;  /* the next element with its text */
	uint32_t       *free;  /* by group: the first that may have no partner yet */
	uint8_t        *alone; /* by group: what an element without a partner is known by */
	uint32_t       *row, *at, rows; /* the labels of what has a partner or an equal that has */
};

/* Two texts that belong together: as many pairs as stand behind one another. */
struct pair {
	uint32_t left, right; /* their groups */
	uint32_t from;        /* the left element that was in it */
	uint32_t taken;       /* of the first with these texts: how many are */
	uint32_t repeat;
	uint8_t  by;
};

struct twins {
	struct walk  *w;
	struct match *m;
	TALLOC_CTX   *tmp;
	struct side   left, right;
	struct pair  *pairs; /* by their texts */
	uint32_t      n;
	uint32_t     *label; /* by group: one of those it belongs with */
};

/* ---- the sides ---- */

/* Is the old side looked at first?  The shorter one is, else the one with the lower text. */
static bool
old_first(const struct match *m)
{
	const struct both *p = m->both;
	uint32_t           na = m->span.na, i = 0;

	if (na != m->span.nb)
		return na < m->span.nb;
	while (i < na && p->group[i] == p->group[na + i])
		i++;
	if (i == na)
		return true;
	if (p->texts[i].tag != p->texts[na + i].tag)
		return p->texts[i].tag < p->texts[na + i].tag;
	return str_cmp(p->texts[i].text, p->texts[na + i].text) < 0;
}

static bool
side_make(struct twins *p, bool old, struct side *s)
{
	const struct match *m = p->m;
	uint32_t            n = old ? m->span.na : m->span.nb, groups = m->groups;
	uint32_t           *room = talloc_array(p->tmp, uint32_t, 3 * n + groups + 1);

	s->alone = talloc_array(p->tmp, uint8_t, groups + 1);
	if (room == NULL || s->alone == NULL)
		return err_memory(p->w->e);
	s->of = (old ? m->of_a : m->of_b) + m->span.first;
	s->group = m->both->group + (old ? 0 : m->span.na);
	s->n = n;
	s->next = room;
	s->row = s->next + n;
	s->at = s->row + n;
	s->free = s->at + n;
	s->rows = 0;
	memset(s->free, 0xff, groups * sizeof *s->free);
	memset(s->alone, MATCH_NOTHING, groups);
	for (uint32_t i = n; i-- > 0;) {
		s->next[i] = s->free[s->group[i]];
		s->free[s->group[i]] = i;
	}
	return true;
}

/* The next one with this text that has no partner; there is one. */
static uint32_t
take_free(struct side *s, uint32_t group)
{
	uint32_t i = s->free[group];

	while (s->of[i].with != ARRAY_ABSENT)
		i = s->next[i];
	s->free[group] = s->next[i];
	return i;
}

/* ---- what belongs together ---- */

static int
by_texts(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->left != y->left)
		return x->left < y->left ? -1 : 1;
	if (x->right != y->right)
		return x->right < y->right ? -1 : 1;
	return (x->from > y->from) - (x->from < y->from);
}

static void
part_side(struct side *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (s->of[i].with == ARRAY_ABSENT)
			s->alone[s->group[i]] = s->of[i].by;
		s->of[i] = (struct partner) { ARRAY_ABSENT, 0, MATCH_NOTHING };
	}
}

/* Notes all pairs, and takes them apart. */
static bool
part(struct twins *p)
{
	uint32_t first = p->m->span.first;

	p->pairs = talloc_array(p->tmp, struct pair, p->left.n + 1);
	if (p->pairs == NULL)
		return err_memory(p->w->e);
	for (uint32_t i = 0; i < p->left.n; i++) {
		const struct partner *of = &p->left.of[i];

		if (of->with != ARRAY_ABSENT)
			p->pairs[p->n++] = (struct pair) { p->left.group[i],
				p->right.group[of->with - first], i, 0, of->repeat, of->by };
	}
	part_side(&p->left);
	part_side(&p->right);
	qsort(p->pairs, p->n, sizeof *p->pairs, by_texts);
	return work_spend(p->w->d->state->work, WORK_COMPARE, STEPS_PAIR * (uint64_t)p->n, p->w->e);
}

/* One that is not taken; NULL: there is none of these texts. */
static const struct pair *
take_pair(struct twins *p, uint32_t left, uint32_t right)
{
	const struct pair want = { .left = left, .right = right };
	uint32_t          lo = 0, hi = p->n;
	struct pair      *first;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (by_texts(&p->pairs[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == p->n)
		return NULL;
	first = &p->pairs[lo];
	lo += first->taken;
	if (lo == p->n || p->pairs[lo].left != left || p->pairs[lo].right != right)
		return NULL;
	first->taken++;
	return &p->pairs[lo];
}

static void
join(struct twins *p, const struct pair *pair, uint32_t i, uint32_t j)
{
	uint32_t first = p->m->span.first;

	p->left.of[i] = (struct partner) { first + j, pair->repeat, pair->by };
	p->right.of[j] = (struct partner) { first + i, pair->repeat, pair->by };
}

/* ---- those that stay ---- */

static uint32_t
label_of(uint32_t *label, uint32_t group)
{
	while (label[group] != group) {
		label[group] = label[label[group]];
		group = label[group];
	}
	return group;
}

/* Groups of which elements belong together have one label, others none. */
static bool
label_groups(struct twins *p)
{
	p->label = talloc_array(p->tmp, uint32_t, p->m->groups + 1);
	if (p->label == NULL)
		return err_memory(p->w->e);
	memset(p->label, 0xff, p->m->groups * sizeof *p->label);
	for (uint32_t i = 0; i < p->n; i++) {
		p->label[p->pairs[i].left] = p->pairs[i].left;
		p->label[p->pairs[i].right] = p->pairs[i].right;
	}
	for (uint32_t i = 0; i < p->n; i++)
		p->label[label_of(p->label, p->pairs[i].left)] =
		    label_of(p->label, p->pairs[i].right);
	return true;
}

static void
label_side(const struct twins *p, struct side *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		if (p->label[s->group[i]] == ARRAY_ABSENT)
			continue;
		s->row[s->rows] = label_of(p->label, s->group[i]);
		s->at[s->rows++] = i;
	}
}

static bool
join_standing(struct twins *p)
{
	struct side *l = &p->left, *r = &p->right;
	struct rows  rows;
	bool        *keep;

	if (!label_groups(p))
		return false;
	label_side(p, l);
	label_side(p, r);
	keep = talloc_zero_array(p->tmp, bool, l->rows + r->rows);
	if (keep == NULL)
		return err_memory(p->w->e);
	rows = (struct rows) { l->row, r->row, l->rows, r->rows, p->m->groups, keep, keep + l->rows,
		&p->w->d->compared };
	if (!rows_keep(p->tmp, &rows, EDITS_MAX, p->w->e))
		return false;
	for (uint32_t x = 0, y = 0; x < l->rows; x++) {
		const struct pair *pair;

		if (!rows.keep_a[x])
			continue;
		while (!rows.keep_b[y])
			y++;
		pair = take_pair(p, l->group[l->at[x]], r->group[r->at[y]]);
		if (pair != NULL)
			join(p, pair, l->at[x], r->at[y]);
		y++;
	}
	return true;
}

/* ---- the others ---- */

/* In their order: of each text of the right side as they were taken, then of each of the left as
 * those stand. */
static bool
join_others(struct twins *p)
{
	const struct pair **held = talloc_zero_array(p->tmp, const struct pair *, p->right.n + 1);
	uint32_t           *order = talloc_array(p->tmp, uint32_t, p->left.n + 1);

	if (held == NULL || order == NULL)
		return err_memory(p->w->e);
	memset(order, 0xff, p->left.n * sizeof *order);
	for (uint32_t i = 0; i < p->n; i++)
		order[p->pairs[i].from] = i;
	for (uint32_t i = 0; i < p->left.n; i++) {
		const struct pair *was = order[i] != ARRAY_ABSENT ? &p->pairs[order[i]] : NULL;
		const struct pair *pair = was != NULL ? take_pair(p, was->left, was->right) : NULL;

		if (pair != NULL)
			held[take_free(&p->right, pair->right)] = pair;
	}
	for (uint32_t j = 0; j < p->right.n; j++)
		if (held[j] != NULL)
			join(p, held[j], take_free(&p->left, held[j]->left), j);
	return true;
}

static void
known_alone(struct side *s)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (s->of[i].with == ARRAY_ABSENT)
			s->of[i].by = s->alone[s->group[i]];
}

static bool
settle(struct twins *p)
{
	if (!part(p) || !join_standing(p) || !join_others(p))
		return false;
	known_alone(&p->left);
	known_alone(&p->right);
	return true;
}

/* ---- whether less has moved ---- */

/* Does some text stand more than once on a side?  Then it has fewer groups than elements, equal
 * pairs counted once. */
static bool
has_twins(const struct match *m)
{
	uint32_t texts = m->span.na + m->span.nb;

	for (uint32_t i = m->span.first; i < m->span.first + m->span.na; i++)
		texts -= m->of_a[i].by == MATCH_EQUAL;
	return m->groups < texts;
}

static uint32_t
count_pairs(const struct match *m)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->span.na; i++)
		n += m->of_a[m->span.first + i].with != ARRAY_ABSENT;
	return n;
}

static bool
settle_unless_worse(struct twins *p, uint32_t stood)
{
	struct match   *m = p->m;
	uint32_t        all = m->both->a->n + m->both->b->n, stand;
	struct partner *was = talloc_memdup(p->tmp, m->of_a, all * sizeof *was);

	if (was == NULL)
		return err_memory(p->w->e);
	if (!settle(p) || !match_standing(p->w, m, &stand))
		return false;
	if (stand <= stood)
		memcpy(m->of_a, was, all * sizeof *was);
	return true;
}

bool
match_twins(struct walk *w, struct match *m)
{
	struct twins p = { .w = w, .m = m };
	bool         old, ok;
	uint32_t     stand;

	if (!has_twins(m))
		return true;
	if (!match_standing(w, m, &stand))
		return false;
	if (stand == count_pairs(m))
		return true;
	old = old_first(m);
	p.tmp = talloc_new(w->tmp);
	if (p.tmp == NULL)
		return err_memory(w->e);
	ok = side_make(&p, old, &p.left) && side_make(&p, !old, &p.right) &&
	     settle_unless_worse(&p, stand) && walk_spend(w);
	talloc_free(p.tmp);
	return ok;
}
