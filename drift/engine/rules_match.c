/* rules.h: which rule a change meets. */
#include <stdio.h>

#include "core/base/index.h"
#include "drift/engine/element.h"
#include "drift/engine/lookup.h"
#include "drift/engine/number.h"
#include "drift/engine/rule.h"

/* Values found at a rule's path in one side of a change. */
struct found {
	const struct json **items;
	uint32_t            n, cap;
};

/* One change held against one rule. */
struct hold {
	TALLOC_CTX                *tmp;
	struct matcher            *matcher;
	struct work               *work;
	const struct rule         *rule;
	const struct rule_subject *s;
	struct lookup             *lookup;
	struct found               lost, gained;
	struct err                *e;
};

/* ---- picking for a resource ---- */

struct picking {
	struct matcher        *matcher;
	struct lookup         *lookup;
	const struct resource *from, *to;
	struct err            *e;
};

static bool
where_on(
    const struct picking *p, const struct rule_where *w, const struct resource *side, bool *yes)
{
	const struct json *v;

	if (*yes || side == NULL)
		return true;
	return lookup_at(p->lookup, side->value, w->pointer, &v, p->e) &&
	       predicate_holds(p->matcher, &w->is, v, yes, p->e);
}

static bool
where_holds(const struct picking *p, const struct rule *rule, bool *yes)
{
	*yes = true;
	for (uint32_t i = 0; *yes && i < rule->n_where; i++) {
		*yes = false;
		if (!where_on(p, &rule->where[i], p->from, yes) ||
		    !where_on(p, &rule->where[i], p->to, yes))
			return false;
	}
	return true;
}

static bool
globs_hold(const struct picking *p, const struct globs *g, struct str s, bool *yes)
{
	*yes = true;
	return g->n == 0 || matcher_globs(p->matcher, g, s, yes, p->e);
}

static bool
speaks(const struct picking *p, const struct rule *rule, bool *yes)
{
	const struct resource *r = p->to != NULL ? p->to : p->from;

	if (!work_spend(matcher_work(p->matcher), WORK_RULES, 1, p->e) ||
	    !globs_hold(p, &rule->category, r->category, yes))
		return false;
	if (*yes && !globs_hold(p, &rule->key, r->key, yes))
		return false;
	return !*yes || where_holds(p, rule, yes);
}

/* A push goes on without the rules that it can no more be held against. */
static bool
forgo(const struct matcher *m, struct err *e)
{
	return work_forgo(matcher_work(m), WORK_RULES, e);
}

bool
rules_pick(TALLOC_CTX *mem, const struct rules *rules, const struct resource *from,
    const struct resource *to, struct rule_pick *out, struct matcher *matcher, struct err *e)
{
	struct picking p = { matcher, NULL, from, to, e };
	bool           ok = true, yes;

	*out = (struct rule_pick) { 0 };
	if (rules == NULL || rules->n == 0)
		return true;
	if (matcher == NULL)
		p.matcher = matcher_make(mem, NULL, WORK_RULES, e);
	out->matcher = p.matcher;
	p.lookup =
	    p.matcher == NULL ? NULL : lookup_make(mem, matcher_work(p.matcher), WORK_RULES, e);
	out->items = talloc_array(mem, const struct rule *, rules->n);
	if (p.lookup == NULL || out->items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; ok && i < rules->n; i++) {
		ok = speaks(&p, &rules->items[i], &yes);
		if (ok && yes)
			out->items[out->n++] = &rules->items[i];
	}
	out->lookup = p.lookup;
	if (!ok && forgo(p.matcher, e)) {
		out->partly = true;
		return true;
	}
	return ok;
}

/* ---- what was lost and gained at a rule's path ---- */

static bool
found_add(struct hold *h, struct found *f, const struct json *v)
{
	const struct json **more;

	if (f->n == f->cap) {
		f->cap = f->cap > 0 ? f->cap * 2 : 8;
		more = talloc_realloc(h->tmp, f->items, const struct json *, f->cap);
		if (more == NULL)
			return err_memory(h->e);
		f->items = more;
	}
	f->items[f->n++] = v;
	return true;
}

/* Adds what the rule's `near` holds for. */
static bool
found_near(struct hold *h, struct found *f, const struct json *v, const struct rule_inside *inside)
{
	const struct rule_near side = { h->rule, h->matcher, h->lookup,
		h->s->around[f == &h->gained], h->s->n_steps };
	bool                   yes = true;

	if (h->rule->n_near > 0 && !near_holds(&side, v, inside, &yes, h->e))
		return false;
	return !yes || found_add(h, f, v);
}

static struct str
step_name(const struct json *v, uint32_t i, char number[static 12])
{
	if (v->type == JSON_OBJECT)
		return v->names[i];
	return (struct str) { number, (size_t)snprintf(number, 12, "%u", i) };
}

/* The values below v (v itself left out) that the rest of the pattern matches. */
static bool
find_below(struct hold *h, uint64_t states, const struct json *v, const struct rule_inside *up,
    struct found *f)
{
	const struct rule_inside here = { v, up };
	const struct pattern    *p = &h->rule->path;
	uint64_t                 steps = 0;
	bool                     ok = true;
	char                     number[12];

	if (v == NULL)
		return true;
	for (uint32_t i = 0; ok && i < v->n; i++) {
		uint64_t next = pattern_step_counted(p, states, step_name(v, i, number), &steps);

		if (steps > WORK_LOOK || i + 1 == v->n) {
			ok = work_spend(h->work, WORK_RULES, steps, h->e);
			steps = 0;
		}
		if (!ok || next == 0)
			continue;
		ok = pattern_done(p, next) ? found_near(h, f, &v->items[i], &here)
					   : find_below(h, next, &v->items[i], &here, f);
	}
	return ok;
}

/* Every value's text, those of `a` first, and the number of its group. */
static bool
group(
    struct hold *h, const struct found *a, const struct found *b, uint32_t **out, uint32_t *groups)
{
	static const struct element_how how;
	uint32_t                        n = a->n + b->n;
	struct index_entry             *v = talloc_array(h->tmp, struct index_entry, n);

	*out = talloc_array(h->tmp, uint32_t, n);
	if (v == NULL || *out == NULL)
		return err_memory(h->e);
	for (uint32_t i = 0; i < n; i++) {
		struct buf text;

		buf_make(&text, v);
		if (!element_text(&text, i < a->n ? a->items[i] : b->items[i - a->n], &how, NULL,
			STR(""), h->e) ||
		    !work_spend(h->work, WORK_RULES, 20 + text.n / 4, h->e))
			return false;
		v[i] = index_entry(buf_str(&text), 0);
	}
	return index_group(h->tmp, v, n, *out, groups, h->e);
}

/* Takes out of both what they have in common, as multisets. */
static bool
subtract(struct hold *h)
{
	struct found *a = &h->lost, *b = &h->gained, rest_a = { 0 }, rest_b = { 0 };
	uint32_t     *of, groups = 0;
	int64_t      *more; /* how many more of a group are in b */
	bool          ok;

	if (a->n == 0 || b->n == 0) /* nothing in common */
		return true;
	if (!group(h, a, b, &of, &groups))
		return false;
	more = talloc_zero_array(h->tmp, int64_t, groups);
	ok = more != NULL || err_memory(h->e);
	for (uint32_t i = 0; ok && i < a->n + b->n; i++)
		more[of[i]] += i < a->n ? -1 : 1;
	for (uint32_t i = 0; ok && i < a->n; i++)
		if (more[of[i]]++ < 0)
			ok = found_add(h, &rest_a, a->items[i]);
	for (uint32_t i = 0; ok && i < a->n; i++)
		more[of[i]]--;
	for (uint32_t i = 0; ok && i < b->n; i++)
		if (more[of[a->n + i]]-- > 0)
			ok = found_add(h, &rest_b, b->items[i]);
	*a = rest_a;
	*b = rest_b;
	return ok;
}

/* An element is met by its index and, when it is keyed, by its key. */
static uint64_t
step(const struct hold *h, uint64_t states, size_t i, uint64_t *steps)
{
	const struct rule_subject *s = h->s;
	uint64_t next = pattern_step_counted(&h->rule->path, states, s->steps[i], steps);

	if (s->labels != NULL && s->labels[i].n > 0)
		next |= pattern_step_counted(&h->rule->path, states, s->labels[i], steps);
	if (s->spoken != NULL && s->spoken[i].n > 0)
		next |= pattern_step_counted(&h->rule->path, states, s->spoken[i], steps);
	return next;
}

/* false with *seen false: the path does not speak about this change. */
static bool
look(struct hold *h, bool *seen)
{
	const struct pattern *path = &h->rule->path;
	const struct json    *old = h->s->old_value, *new = h->s->new_value;
	uint64_t              states = pattern_start(path), steps = 1;

	*seen = false;
	for (size_t i = 0; i < h->s->n_steps && states != 0; i++)
		states = step(h, states, i, &steps);
	if (!work_spend(h->work, WORK_RULES, steps, h->e))
		return false;
	if (states == 0)
		return true;
	*seen = true;
	if (pattern_done(path, states)) {
		if ((old != NULL && !found_near(h, &h->lost, old, NULL)) ||
		    (new != NULL && !found_near(h, &h->gained, new, NULL)))
			return false;
	} else if (!find_below(h, states, old, NULL, &h->lost) ||
		   !find_below(h, states, new, NULL, &h->gained) || !subtract(h)) {
		return false;
	}
	*seen = h->lost.n + h->gained.n > 0;
	return true;
}

/* ---- what is asked of it ---- */

/* null, "", [] and {} are not something. */
static bool
something(const struct found *f)
{
	for (uint32_t i = 0; i < f->n; i++) {
		const struct json *v = f->items[i];

		if (v->type != JSON_NULL && (v->type != JSON_STRING || v->text.n > 0) &&
		    ((v->type != JSON_ARRAY && v->type != JSON_OBJECT) || v->n > 0))
			return true;
	}
	return false;
}

/* Many systems write numbers as text: "14". */
static bool
number_of(const struct json *v, struct str *out)
{
	size_t digits = v->text.n;

	if (v->type == JSON_NUMBER) {
		*out = v->text;
		return true;
	}
	if (v->type != JSON_STRING || v->text.n == 0 || v->text.n > 18)
		return false;
	*out = v->text;
	for (size_t i = v->text.p[0] == '-'; i < v->text.n; i++)
		digits -= v->text.p[i] >= '0' && v->text.p[i] <= '9';
	return digits == (v->text.p[0] == '-') && v->text.n > digits;
}

static bool
in_direction(struct hold *h, bool *yes)
{
	const struct found *lost = &h->lost, *gained = &h->gained;
	bool                grows = h->rule->direction == RULE_GROWS;
	struct str          was, is;
	uint64_t            steps = lost->n + gained->n;
	int                 c;

	*yes = true;
	if (h->rule->direction == RULE_ANY)
		return true;
	if (lost->n == 1 && gained->n == 1 && number_of(lost->items[0], &was) &&
	    number_of(gained->items[0], &is)) {
		c = number_cmp(is, was);
		*yes = grows ? c > 0 : c < 0;
		steps += (is.n + was.n) / 16;
	} else {
		*yes = something(grows ? gained : lost);
	}
	return work_spend(h->work, WORK_RULES, steps, h->e);
}

/* `p` holds for one of them, where it is asked for. */
static bool
found_holds(struct hold *h, bool asked, const struct predicate *p, const struct found *f, bool *yes)
{
	if (!asked)
		return true;
	*yes = false;
	for (uint32_t i = 0; !*yes && i < f->n; i++)
		if (!predicate_holds(h->matcher, p, f->items[i], yes, h->e))
			return false;
	return true;
}

static bool
matches(struct hold *h, bool *yes)
{
	const struct rule *rule = h->rule;

	*yes = false;
	if ((rule->ops >> h->s->op & 1) == 0)
		return work_spend(h->work, WORK_RULES, 1, h->e);
	if (!look(h, yes) || (*yes && !in_direction(h, yes)) ||
	    (*yes && !found_holds(h, rule->has_from, &rule->from, &h->lost, yes)) ||
	    (*yes && !found_holds(h, rule->has_to, &rule->to, &h->gained, yes)))
		return false;
	return true;
}

static const struct rule_verdict unjudged = { RULE_DEFAULT_SEVERITY, "unjudged",
	"The rules cost more than one snapshot may: not all of them were held against this change.",
	RULE_NONE };

bool
rules_classify(TALLOC_CTX *tmp, const struct rule_pick *pick, const struct rule_subject *s,
    struct rule_verdict *v, struct err *e)
{
	TALLOC_CTX *own;
	bool        ok = true, yes = false;
	size_t      i;

	*v = (struct rule_verdict) { RULE_DEFAULT_SEVERITY, "default", "", RULE_NONE };
	if (pick->partly)
		*v = unjudged;
	if (pick->partly || pick->n == 0)
		return true;
	own = talloc_new(tmp);
	if (own == NULL)
		return err_memory(e);
	for (i = 0; ok && !yes && i < pick->n; i++) {
		struct hold h = { .tmp = own,
			.matcher = pick->matcher,
			.work = matcher_work(pick->matcher),
			.rule = pick->items[i],
			.s = s,
			.lookup = pick->lookup,
			.e = e };

		ok = matches(&h, &yes);
		talloc_free_children(own); /* a rule may have found very much */
	}
	if (ok && yes) {
		const struct rule *rule = pick->items[i - 1];

		*v = (struct rule_verdict) { rule->severity, rule->name, rule->reason, rule->at };
	}
	talloc_free(own);
	if (!ok && forgo(pick->matcher, e)) {
		*v = unjudged;
		return true;
	}
	return ok;
}
