#include "drift/run/settle.h"

#include <stdlib.h>
#include <string.h>

#include "drift/run/plan_sides.h"

/* ---- one change ---- */

enum settled
settle_change(const struct settle_in *in)
{
	if (in->change->severity < in->limits->min_severity)
		return SETTLED;
	switch (in->hold) {
	case HOLD_COLLECTION:
	case HOLD_TOLERANCE:
	case HOLD_FOR_RUNS:
	case HOLD_UNCONFIRMED:
	case HOLD_FLAPPING:
	case HOLD_SILENCE:
	case HOLD_AWAITED:
		return SETTLED_WAITS;
	case HOLD_NONE:
		if (in->waits)
			return SETTLED_WAITS;
		return strcmp(in->status, "detected") == 0 ? SETTLED_TOLD : SETTLED;
	case HOLD_ACCEPTED:
	case HOLD_ANNOUNCED:
	case HOLD_RETURNED:
	case HOLD_IGNORED:
	case HOLD__MAX:
		break;
	}
	return SETTLED;
}

/* ---- which there are ---- */

static int
by_place(const void *a, const void *b)
{
	const struct unsettled *x = a, *y = b;

	return place_order(
	    str_of(x->category), str_of(x->key), str_of(y->category), str_of(y->key));
}

const struct unsettled *
settle_find(const struct unsettled_list *l, struct str category, struct str key)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		const struct unsettled *u = &l->rows[low + (high - low) / 2];
		int c = place_order(category, key, str_of(u->category), str_of(u->key));

		if (c == 0)
			return u;
		if (c < 0)
			high = (size_t)(u - l->rows);
		else
			low = (size_t)(u - l->rows) + 1;
	}
	return NULL;
}

static bool
moves(const struct ingest *in, const struct plan *p)
{
	return in->spec->mode == BASELINE_PREVIOUS && !p->before.golden;
}

/* Somebody has resolved the alert, or is at it. */
static bool
is_seen(const struct ingest *in, struct plan *p, bool *seen, struct err *e)
{
	char         key[ALERT_OPEN_KEY_MAX];
	struct alert alert;

	alerting_open_key(&in->config->id, key);
	*seen = true;
	if (!alert_by_open_key(in->t->db, p, key, &alert, e))
		return err_take(e, ERR_MISSING);
	*seen = strcmp(alert.status, "open") != 0;
	return true;
}

static bool
leave_out_told(struct plan *p, struct err *e)
{
	struct unsettled_list *l = &p->unsettled;
	size_t                 n = 0;

	p->over = talloc_size(p, (l->n + 1) * sizeof(p->over[0]));
	if (p->over == NULL)
		return err_memory(e);
	for (size_t i = 0; i < l->n; i++) {
		if (l->rows[i].told)
			p->over[p->over_n++] = l->rows[i];
		else
			l->rows[n++] = l->rows[i];
	}
	l->n = n;
	return true;
}

bool
settle_read(const struct ingest *in, struct plan *p, struct err *e)
{
	int64_t n = 0;
	bool    told = false, seen;

	for (size_t i = 0; i < p->collections.n; i++)
		n += p->collections.of[i].was.unsettled;
	if (n == 0 || p->kind == PLAN_LATE || p->before.golden)
		return true;
	if (!unsettled_read(in->t->db, p, &in->config->id, &p->unsettled, e))
		return false;
	for (size_t i = 0; i < p->unsettled.n; i++)
		told = told || p->unsettled.rows[i].told;
	if (!told || !moves(in, p))
		return true;
	return is_seen(in, p, &seen, e) && (!seen || leave_out_told(p, e));
}

bool
settle_keeps(const struct ingest *in, const struct plan *p, const struct plan_collection *c,
    const struct unsettled *u)
{
	return !moves(in, p) || !c->read || !u->told;
}

/* ---- what has moved ---- */

struct settling {
	const struct ingest  *in;
	struct plan          *p;
	struct unsettled_list now; /* of what was read, by place, each once */
	struct unsettled     *put, *drop;
	size_t                put_n, drop_n, kept;
};

/* What this resource was before, in the baseline of its collection; false: in none that a number
 * says. */
static bool
baseline_of(const struct plan *p, const struct plan_collection *c, struct unsettled *u)
{
	u->seq = c->was.baseline_seq;
	u->snapshot_id = c->was.baseline_snapshot;
	if (u->seq == 0 && c->had) {
		u->seq = c->had_seq != 0 ? c->had_seq : p->before.seq;
		u->snapshot_id = c->had_seq != 0 ? c->was.kept_snapshot : p->before.snapshot_id;
	}
	return u->seq != 0 && !c->was.baseline_late;
}

static bool
add_change(struct settling *w, size_t i, struct err *e)
{
	const struct plan            *p = w->p;
	const struct change          *c = &p->diff->changes[i];
	const struct plan_collection *of = collections_find(&p->collections, c->category);
	const struct settle_in        in = { &w->in->spec->limits, c, p->findings->hold[i],
		       p->findings->status[i], p->waits };
	enum settled                  how = settle_change(&in);
	struct unsettled             *u = &w->now.rows[w->now.n];

	if (how == SETTLED || of == NULL || !of->read)
		return true;
	*u = (struct unsettled) { .config_id = w->in->config->id, .told = how == SETTLED_TOLD };
	u->resource_id = held_id(&w->in->config->id, c->category, c->key);
	if (!baseline_of(p, of, u))
		return true;
	u->category = str_dup(w->now.rows, c->category);
	u->key = str_dup(w->now.rows, c->key);
	if (u->category == NULL || u->key == NULL)
		return err_memory(e);
	w->now.n++;
	return true;
}

void
settle_fold(struct unsettled_list *l)
{
	size_t n = 0;

	if (l->n > 1)
		qsort(l->rows, l->n, sizeof(l->rows[0]), by_place);
	for (size_t i = 0; i < l->n; i++) {
		if (n > 0 && by_place(&l->rows[n - 1], &l->rows[i]) == 0)
			l->rows[n - 1].told = l->rows[n - 1].told && l->rows[i].told;
		else
			l->rows[n++] = l->rows[i];
	}
	l->n = n;
}

static void
keep(struct settling *w, const struct unsettled *u)
{
	struct plan_collection *c = collections_find(&w->p->collections, str_of(u->category));

	if (c != NULL)
		c->row.unsettled++;
	w->kept++;
}

static void
settle_one(struct settling *w, const struct unsettled *was, struct unsettled *is)
{
	const struct plan_collection *c = collections_find(
	    &w->p->collections, str_of(was != NULL ? was->category : is->category));

	if (is == NULL && c != NULL && !c->read && !c->retired) {
		keep(w, was);
	} else if (is == NULL) {
		w->drop[w->drop_n++] = *was;
	} else if (was != NULL) {
		is->seq = was->seq;
		is->snapshot_id = was->snapshot_id;
		keep(w, is);
		if (is->told != was->told)
			w->put[w->put_n++] = *is;
	} else if (w->kept < UNSETTLED_MAX) {
		keep(w, is);
		w->put[w->put_n++] = *is;
	}
}

static void
settle_all(struct settling *w)
{
	struct unsettled_list *l = &w->p->unsettled;
	size_t                 a = 0, b = 0;

	for (size_t i = 0; i < w->p->collections.n; i++)
		w->p->collections.of[i].row.unsettled = 0;
	while (a < l->n || b < w->now.n) {
		struct unsettled *was = a < l->n ? &l->rows[a] : NULL;
		struct unsettled *is = b < w->now.n ? &w->now.rows[b] : NULL;
		int               c = was == NULL ? 1 : is == NULL ? -1 : by_place(was, is);

		settle_one(w, c <= 0 ? was : NULL, c >= 0 ? is : NULL);
		a += c <= 0;
		b += c >= 0;
	}
}

static bool
room(struct settling *w, struct err *e)
{
	size_t changes = w->p->diff == NULL ? 0 : w->p->diff->n;

	w->now.rows = talloc_zero_size(w->p, (changes + 1) * sizeof(w->now.rows[0]));
	w->put = talloc_zero_size(w->p, (changes + 1) * sizeof(w->put[0]));
	w->drop = talloc_zero_size(w->p, (w->p->unsettled.n + 1) * sizeof(w->drop[0]));
	return (w->now.rows != NULL && w->put != NULL && w->drop != NULL) || err_memory(e);
}

bool
settle_write(struct db *db, const struct ingest *in, struct plan *p, struct err *e)
{
	struct settling w = { .in = in, .p = p };

	if (p->kind != PLAN_NEXT || !moves(in, p))
		return true;
	if (p->findings == NULL && p->unsettled.n == 0 && p->over_n == 0)
		return true;
	if (!room(&w, e))
		return false;
	for (size_t i = 0; p->findings != NULL && i < p->diff->n; i++)
		if (!add_change(&w, i, e))
			return false;
	settle_fold(&w.now);
	settle_all(&w);
	/* what stands of those that are settled now ends with the next snapshot, changed or not */
	if (w.drop_n > 0)
		p->after.config_version = 0;
	return unsettled_drop(db, p->over, p->over_n, e) &&
	       unsettled_drop(db, w.drop, w.drop_n, e) && unsettled_put(db, w.put, w.put_n, e);
}
