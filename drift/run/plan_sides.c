#include "drift/run/plan_sides.h"

#include <stdlib.h>
#include <string.h>

#include "core/store/trip.h"
#include "drift/run/attributing.h"
#include "drift/run/settle.h"
#include "drift/snapshot/baseline.h"

/* ---- which number of which collection ---- */

bool
plan_is_carried(const struct plan *p, const struct plan_collection *c)
{
	return (p->kind == PLAN_NEXT || p->kind == PLAN_AGAIN) && !c->read && !c->retired &&
	       c->based && c->had;
}

/* Of a collection what was in force at some number; 0: nothing. */
typedef uint64_t number_fn(
    const struct ingest *in, const struct plan *p, const struct plan_collection *c);

/* A baseline that moves is what is in force now, where nothing has come since. */
static bool
base_is_current(const struct ingest *in, const struct plan *p, const struct plan_collection *c)
{
	if (in->spec->mode != BASELINE_PREVIOUS || !c->read || c->was.baseline_late)
		return false;
	return c->was.baseline_seq == 0 ? c->had && c->had_seq == 0
					: c->was.baseline_seq == p->before.seq;
}

static uint64_t
base_number(const struct ingest *in, const struct plan *p, const struct plan_collection *c)
{
	bool moves = in->spec->mode == BASELINE_PREVIOUS;

	if (c->was.baseline_late || (moves && (!c->read || base_is_current(in, p, c))))
		return 0;
	return moves && c->was.baseline_seq == 0 && c->had ? c->had_seq : c->was.baseline_seq;
}

/* Where the baseline moves, of what was not read only those resources can have findings that it has
 * not moved for. */
static bool
wants_last(const struct ingest *in, const struct plan_collection *c)
{
	return in->spec->mode != BASELINE_PREVIOUS || c->was.unsettled > 0;
}

static uint64_t
last_number(const struct ingest *in, const struct plan *p, const struct plan_collection *c)
{
	return wants_last(in, c) && plan_is_carried(p, c) ? c->had_seq : 0;
}

/* ---- what is in force now ---- */

typedef bool wanted_fn(
    const struct ingest *in, const struct plan *p, const struct plan_collection *c);

static bool
last_is_current(const struct ingest *in, const struct plan *p, const struct plan_collection *c)
{
	return wants_last(in, c) && plan_is_carried(p, c) && c->had_seq == 0;
}

/* ---- picking ---- */

/* The collection of each row, whose categories come one behind another. */
struct cursor {
	const struct plan_collections *all;
	const char                    *category;
	const struct plan_collection  *at;
};

static const struct plan_collection *
collection_of(struct cursor *c, const struct held *h)
{
	if (c->category == NULL || strcmp(c->category, h->category) != 0)
		c->at = collections_find(c->all, str_of(h->category));
	c->category = h->category;
	return c->at;
}

struct rows {
	struct held *at;
	size_t       n, room;
};

static bool
put(TALLOC_CTX *mem, struct rows *to, const struct held *h, struct err *e)
{
	if (to->n == to->room) {
		to->room = to->room == 0 ? 64 : 2 * to->room;
		to->at = talloc_realloc_size(mem, to->at, to->room * sizeof(to->at[0]));
		if (to->at == NULL)
			return err_memory(e);
	}
	to->at[to->n++] = *h;
	return true;
}

/* What is picked from. */
struct picking {
	const struct ingest *in;
	struct plan         *p;
	const struct held   *from;
	size_t               n;
};

static bool
pick_at(const struct picking *x, number_fn *number, struct rows *to, struct err *e)
{
	struct cursor c = { .all = &x->p->collections };

	for (size_t i = 0; i < x->n; i++) {
		const struct held            *h = &x->from[i];
		const struct plan_collection *of = collection_of(&c, h);
		uint64_t                      at = of == NULL ? 0 : number(x->in, x->p, of);

		if (at == 0 || h->from_seq > at || (h->until_seq != 0 && h->until_seq <= at))
			continue;
		if (!put(x->p, to, h, e))
			return false;
	}
	return true;
}

static bool
pick_current(const struct picking *x, wanted_fn *wanted, struct rows *to, struct err *e)
{
	struct cursor c = { .all = &x->p->collections };

	for (size_t i = 0; i < x->n; i++) {
		const struct plan_collection *of = collection_of(&c, &x->from[i]);

		if (of != NULL && wanted(x->in, x->p, of) && !put(x->p, to, &x->from[i], e))
			return false;
	}
	return true;
}

/* ---- reading ---- */

static void
widen(struct held_span *span, uint64_t seq)
{
	if (seq == 0)
		return;
	span->least = span->most == 0 || seq < span->least ? seq : span->least;
	span->most = seq > span->most ? seq : span->most;
}

/* One read for all collections, whichever number each has; a golden baseline has none of theirs. */
static struct held_span
span_of(const struct ingest *in, const struct plan *p)
{
	struct held_span span = { .config = in->config->id };

	for (size_t i = 0; i < p->collections.n; i++) {
		if (!p->before.golden)
			widen(&span, base_number(in, p, &p->collections.of[i]));
		widen(&span, last_number(in, p, &p->collections.of[i]));
	}
	return span;
}

/* What a snapshot is held against. */
enum against {
	AGAINST_NOTHING, /* nothing was in force before the first complete reading */
	AGAINST_GOLDEN,
	AGAINST_COLLECTIONS, /* each collection's baseline */
	AGAINST_BEFORE,      /* what was collected before it */
};

static enum against
against(const struct ingest *in, const struct plan *p)
{
	if (p->before.golden)
		return AGAINST_GOLDEN;
	if (p->kind == PLAN_LATE && in->spec->mode == BASELINE_PREVIOUS)
		return AGAINST_BEFORE;
	if (uuid_is_nil(&p->before.baseline_snapshot))
		return AGAINST_NOTHING;
	return AGAINST_COLLECTIONS;
}

/* All that can be named before anything is compared. */
static bool
read_together(const struct ingest *in, struct plan *p, enum against what, struct plan_sides *sides,
    struct err *e)
{
	struct trip           *trip = trip_make(p, in->t->db);
	const struct held_span span = span_of(in, p);
	bool by_number = span.most != 0 && (what == AGAINST_GOLDEN || what == AGAINST_COLLECTIONS);

	if (p->kind != PLAN_LATE || by_number)
		held_now_ask(trip, &in->config->id, &sides->now, &sides->now_n);
	if (what != AGAINST_NOTHING) {
		finding_standing_ask(trip, &in->config->id, &p->standing);
		attributing_ask(trip, in, p);
		silence_ahead_ask(trip, in->received_at, &p->silences, &p->silences_n);
		intent_ahead_ask(
		    trip, &in->config->id, in->received_at, &p->intents, &p->intents_n);
	}
	if (by_number)
		held_past_ask(trip, &span, &sides->past, &sides->past_n);
	if (!trip_go(trip, e))
		return false;
	held_sort(sides->now, sides->now_n);
	awaited_makers_sort(&p->makers);
	finding_standing_sort(&p->standing);
	/* What comes late goes on from nothing. */
	sides->current = sides->now;
	sides->current_n = p->kind == PLAN_LATE ? 0 : sides->now_n;
	return true;
}

/* Somebody has made a snapshot out of order the baseline of some collections. */
static bool
read_late(const struct ingest *in, struct plan *p, const struct uuid *id, struct rows *base,
    struct err *e)
{
	struct cursor   c = { .all = &p->collections };
	struct snapshot s;
	struct held    *rows;
	size_t          n;

	if (!snapshot_by_id(in->t, p, id, &s, e) || !baseline_held(in->t, p, &s, &rows, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		const struct plan_collection *of = collection_of(&c, &rows[i]);

		if (of != NULL && of->was.baseline_late &&
		    uuid_eq(&of->was.baseline_snapshot, id) && !put(p, base, &rows[i], e))
			return false;
	}
	return true;
}

static bool
read_all_late(const struct ingest *in, struct plan *p, struct rows *base, struct err *e)
{
	const struct plan_collections *all = &p->collections;

	for (size_t i = 0; i < all->n; i++) {
		const struct collection_row *row = &all->of[i].was;
		bool                         seen = false;

		for (size_t k = 0; k < i && !seen; k++)
			seen = all->of[k].was.baseline_late &&
			       uuid_eq(&all->of[k].was.baseline_snapshot, &row->baseline_snapshot);
		if (row->baseline_late && !seen &&
		    !read_late(in, p, &row->baseline_snapshot, base, e))
			return false;
	}
	return true;
}

static int
by_place(const void *a, const void *b)
{
	const struct held *x = a, *y = b;

	return place_order(
	    str_of(x->category), str_of(x->key), str_of(y->category), str_of(y->key));
}

static void
sorted(struct rows *r)
{
	for (size_t i = 1; i < r->n; i++) {
		if (by_place(&r->at[i - 1], &r->at[i]) <= 0)
			continue;
		qsort(r->at, r->n, sizeof(r->at[0]), by_place);
		return;
	}
}

/* ---- resources with a baseline of their own ---- */

static struct held
own_baseline(const struct unsettled *u)
{
	return (struct held) { .category = u->category,
		.key = u->key,
		.resource_id = u->resource_id,
		.from_seq = u->from_seq,
		.address = u->address };
}

static bool
keeps(const struct ingest *in, const struct plan *p, struct cursor *c, const struct held *at)
{
	const struct unsettled *u =
	    settle_find(&p->unsettled, str_of(at->category), str_of(at->key));

	return u != NULL && settle_keeps(in, p, collection_of(c, at), u);
}

/* Theirs instead of their collection's, which may not have them at all; both lists are sorted. */
static bool
put_own(const struct ingest *in, struct plan *p, struct rows *base, struct err *e)
{
	struct cursor c = { .all = &p->collections };
	size_t        n = 0;

	if (p->unsettled.n == 0)
		return true;
	for (size_t i = 0; i < base->n; i++)
		if (!keeps(in, p, &c, &base->at[i]))
			base->at[n++] = base->at[i];
	base->n = n;
	for (size_t i = 0; i < p->unsettled.n; i++) {
		const struct unsettled       *u = &p->unsettled.rows[i];
		const struct held             own = own_baseline(u);
		const struct plan_collection *of = collection_of(&c, &own);

		if (u->address.p != NULL && of != NULL && settle_keeps(in, p, of, u) &&
		    !put(p, base, &own, e))
			return false;
	}
	return true;
}

/* Where the baseline moves, nothing else of what was not read has findings. */
static void
only_own(const struct ingest *in, const struct plan *p, struct rows *last)
{
	size_t n = 0;

	if (in->spec->mode != BASELINE_PREVIOUS)
		return;
	for (size_t i = 0; i < last->n; i++)
		if (settle_find(&p->unsettled, str_of(last->at[i].category),
			str_of(last->at[i].key)) != NULL)
			last->at[n++] = last->at[i];
	last->n = n;
}

/* What each collection's baseline held; or only the last readings, where the baseline is one
 * snapshot (base NULL). */
static bool
sides_of_collections(const struct ingest *in, struct plan *p, struct plan_sides *sides,
    struct rows *base, struct err *e)
{
	struct rows          last = { 0 };
	const struct picking now = { in, p, sides->current, sides->current_n };
	const struct picking still = { in, p, sides->now, sides->now_n };
	const struct picking past = { in, p, sides->past, sides->past_n };

	if ((base != NULL && (!pick_at(&still, base_number, base, e) ||
				 !pick_at(&past, base_number, base, e))) ||
	    !pick_at(&still, last_number, &last, e) || !pick_at(&past, last_number, &last, e) ||
	    !pick_current(&now, last_is_current, &last, e))
		return false;
	if (base != NULL)
		only_own(in, p, &last);
	sorted(&last);
	sides->last = last.at;
	sides->last_n = last.n;
	if (base == NULL)
		return true;
	if (!pick_current(&now, base_is_current, base, e) || !read_all_late(in, p, base, e) ||
	    !put_own(in, p, base, e))
		return false;
	sorted(base);
	sides->base = base->at;
	sides->base_n = base->n;
	return true;
}

static bool
sides_of_snapshot(const struct ingest *in, struct plan *p, const struct snapshot *s,
    struct plan_sides *sides, struct err *e)
{
	sides->baseline = s->id;
	sides->said = s->rendered != NULL;
	if (s->rendered != NULL && strcmp(s->rendered, "ignore") == 0) {
		sides->only = json_parse(p, str_of(s->collections), e);
		if (sides->only == NULL)
			return err_note(e, "reading the categories of a baseline");
	}
	return baseline_held(in->t, p, s, &sides->base, &sides->base_n, e);
}

static bool
sides_by_id(const struct ingest *in, struct plan *p, const struct uuid *id,
    struct plan_sides *sides, struct err *e)
{
	struct snapshot s;

	return uuid_is_nil(id) ||
	       (snapshot_by_id(in->t, p, id, &s, e) && sides_of_snapshot(in, p, &s, sides, e));
}

static bool
sides_before(const struct ingest *in, struct plan *p, struct plan_sides *sides, struct err *e)
{
	struct snapshot s;

	if (snapshot_before(in->t, p, &in->config->id, in->collected_at, &s, e))
		return sides_of_snapshot(in, p, &s, sides, e);
	if (!err_take(e, ERR_MISSING))
		return false;
	return true;
}

static bool
sides_golden(const struct ingest *in, struct plan *p, struct plan_sides *sides, struct err *e)
{
	return sides_by_id(in, p, &p->before.baseline_snapshot, sides, e) &&
	       collections_plan_golden(in, p, sides, e) &&
	       sides_of_collections(in, p, sides, NULL, e);
}

bool
plan_sides_make(const struct ingest *in, struct plan *p, struct plan_sides *sides, struct err *e)
{
	enum against what = against(in, p);
	struct rows  base = { 0 };

	memset(sides, 0, sizeof(*sides));
	if (!read_together(in, p, what, sides, e))
		return false;
	switch (what) {
	case AGAINST_GOLDEN:
		return sides_golden(in, p, sides, e);
	case AGAINST_BEFORE:
		return sides_before(in, p, sides, e);
	case AGAINST_COLLECTIONS:
		sides->baseline = in->spec->mode == BASELINE_PREVIOUS ? p->before.snapshot_id
								      : p->before.baseline_snapshot;
		return sides_of_collections(in, p, sides, &base, e);
	case AGAINST_NOTHING:
		break;
	}
	return true;
}
