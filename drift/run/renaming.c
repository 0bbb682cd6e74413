#include "drift/run/renaming.h"

#include "drift/engine/likeness.h"
#include "drift/engine/rename.h"
#include "drift/snapshot/baseline.h"

_Static_assert(RENAMING_READ <= CONTENT_BATCH, "one round trip");

#define TOO_MANY                                                                                   \
	"resources that are gone and new are too many or too large to be held against each "       \
	"other: "                                                                                  \
	"none is told as renamed"

struct linking {
	const struct ingest  *in;
	struct plan          *p;
	struct work           work;
	struct content_batch *read;
};

/* The lone resources of one category. */
struct span {
	const struct lone *of;
	size_t             n;
	uint32_t           gone, made, stored;
};

bool
renaming_add(struct plan *p, struct lones *l, const struct lone *one, struct err *e)
{
	struct lone *more;

	if (l->n == l->room) {
		l->room = l->room == 0 ? 64 : 2 * l->room;
		more = talloc_realloc_size(p, l->of, l->room * sizeof(l->of[0]));
		if (more == NULL)
			return err_memory(e);
		l->of = more;
	}
	l->of[l->n++] = *one;
	return true;
}

/* ---- which are looked at ---- */

static const struct held *
stored_of(const struct lone *x)
{
	return x->gone != NULL ? x->gone : x->made->stored;
}

static struct str
category_of(const struct lone *x)
{
	return x->gone != NULL ? str_of(x->gone->category) : x->made->r.category;
}

/* A worse change may have taken its place since. */
static bool
stands(const struct plan *p, const struct lone *x)
{
	const struct change *c = &p->diff->changes[x->change];
	struct str           key = x->gone != NULL ? str_of(x->gone->key) : x->made->r.key;

	return c->op == (x->gone != NULL ? CHANGE_DELETED : CHANGE_CREATED) && c->path.n == 0 &&
	       str_eq(c->category, category_of(x)) && str_eq(c->key, key);
}

static void
drop_replaced(const struct plan *p, struct lones *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (stands(p, &l->of[i]))
			l->of[n++] = l->of[i];
	l->n = n;
}

static struct span
next_span(const struct lones *l, size_t from)
{
	struct span s = { .of = &l->of[from] };

	while (from + s.n < l->n && str_eq(category_of(&s.of[s.n]), category_of(s.of))) {
		const struct lone *x = &s.of[s.n++];

		s.gone += x->gone != NULL;
		s.made += x->made != NULL;
		s.stored += stored_of(x) != NULL;
	}
	return s;
}

/* By their numbers alone: leaves make it no less. */
static bool
are_few(const struct span *s)
{
	return s->gone <= LIKENESS_EACH_MAX || s->made <= LIKENESS_EACH_MAX;
}

static bool
say_too_many(struct linking *k, const struct span *s, struct err *e)
{
	return diff_note_category(k->p->diff, category_of(s->of), TOO_MANY, e);
}

/* Into `spans` those of which there are both, as far as what they take from `stored` on has room.
 */
static bool
choose(struct linking *k, const struct lones *l, struct span *spans, size_t *n,
    const struct held **stored, struct err *e)
{
	size_t left = RENAMING_READ, read = 0;

	*n = 0;
	for (size_t at = 0; at < l->n;) {
		struct span s = next_span(l, at);

		at += s.n;
		if (s.gone == 0 || s.made == 0)
			continue;
		if (!are_few(&s) || s.stored > left) {
			if (!say_too_many(k, &s, e))
				return false;
			continue;
		}
		left -= s.stored;
		for (size_t i = 0; i < s.n; i++)
			if (stored_of(&s.of[i]) != NULL)
				stored[read++] = stored_of(&s.of[i]);
		spans[(*n)++] = s;
	}
	if (*n == 0)
		return true;
	k->read = baseline_batch(k->in->t, k->p, stored, read, e);
	return k->read != NULL;
}

/* ---- one category ---- */

/* Its sides, and which of its lone resources each is. */
struct sides {
	struct resource    *of[2]; /* gone, made */
	const struct lone **lone[2];
	uint32_t            n[2];
};

static bool
load(struct linking *k, TALLOC_CTX *tmp, const struct span *s, struct sides *out, struct err *e)
{
	const struct normal_form form = { k->in->spec->compare, &k->work };

	for (int side = 0; side < 2; side++) {
		out->of[side] = talloc_zero_array(tmp, struct resource, (unsigned)s->n);
		out->lone[side] = talloc_zero_array(tmp, const struct lone *, (unsigned)s->n);
		out->n[side] = 0;
		if (out->of[side] == NULL || out->lone[side] == NULL)
			return err_memory(e);
	}
	for (size_t i = 0; i < s->n; i++) {
		const struct lone *x = &s->of[i];
		bool               made = x->made != NULL;
		uint32_t           at = out->n[made]++;

		out->lone[made][at] = x;
		if (stored_of(x) == NULL)
			out->of[made][at] = x->made->r;
		else if (!baseline_of_batch(
			     k->read, tmp, &form, stored_of(x), &out->of[made][at], e))
			return false;
	}
	return true;
}

static enum severity
worst(enum severity a, enum severity b)
{
	return a > b ? a : b;
}

static void
link_change(struct linking *k, const struct sides *s, const struct rename *x)
{
	struct change       *made = &k->p->diff->changes[s->lone[1][x->made]->change];
	const struct lone   *from = s->lone[0][x->gone];
	const struct change *gone = &k->p->diff->changes[from->change];

	made->renamed_from = str_of(from->gone->key);
	made->renamed_severity = worst(worst(made->severity, gone->severity), x->severity);
}

static bool
link_span(struct linking *k, TALLOC_CTX *tmp, const struct span *s, struct err *e)
{
	const struct drift_spec  *spec = k->in->spec;
	const struct rename_terms terms = { spec->compare, spec->rules, &k->work };
	struct rename_sides       pair;
	struct renames            found;
	struct sides              sides;

	if (!load(k, tmp, s, &sides, e))
		return false;
	pair = (struct rename_sides) { sides.of[0], sides.of[1], sides.n[0], sides.n[1] };
	if (!rename_find(tmp, &terms, &pair, &found, e))
		return false;
	for (uint32_t i = 0; i < found.n; i++)
		link_change(k, &sides, &found.of[i]);
	return !found.too_many || say_too_many(k, s, e);
}

static bool
link_or_say(struct linking *k, const struct span *s, struct err *e)
{
	TALLOC_CTX *tmp = talloc_new(k->p);
	bool        ok = tmp != NULL ? link_span(k, tmp, s, e) : err_memory(e);

	if (!ok)
		ok = err_take(e, ERR_TOO_COSTLY) && say_too_many(k, s, e);
	if (ok)
		talloc_free(tmp); /* else faults may lie in it: it goes with the plan */
	return ok;
}

bool
renaming_make(const struct ingest *in, struct plan *p, struct lones *l, struct err *e)
{
	struct linking      k = { .in = in, .p = p };
	struct span        *spans = talloc_array(p, struct span, (unsigned)l->n + 1);
	const struct held **stored = talloc_array(p, const struct held *, RENAMING_READ + 1);
	size_t              n;
	bool                ok;

	if (spans == NULL || stored == NULL)
		return err_memory(e);
	drop_replaced(p, l);
	work_begin(&k.work, WORK_REQUEST, NULL);
	k.work.steps_max = RENAMING_STEPS;
	ok = choose(&k, l, spans, &n, stored, e);
	for (size_t i = 0; ok && i < n; i++)
		ok = link_or_say(&k, &spans[i], e);
	TALLOC_FREE(k.read);
	talloc_free(stored);
	talloc_free(spans);
	return ok;
}
