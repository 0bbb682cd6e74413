/* rules.h: which rule a change meets. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/index.h"
#include "drift/engine/element.h"
#include "drift/engine/rule.h"

/* Values found at a rule's path in one side of a change. */
struct found {
	const struct json **items;
	uint32_t            n, cap;
	uint64_t            looked; /* places on the way; what is to be told apart costs more */
};
#define LOOKED_FOUND 8
#define BYTES_STEP   4 /* of a text are worth one step */

/* ---- predicates ---- */

static bool holds(const struct predicate *p, const struct json *v);

static bool
any_holds(const struct predicate *list, uint32_t n, const struct json *v)
{
	for (uint32_t i = 0; i < n; i++)
		if (holds(&list[i], v))
			return true;
	return false;
}

static bool
text_equal(const struct predicate *p, struct str s)
{
	struct str want = p->value->text;

	return s.n == want.n && (s.n == 0 || strncasecmp(s.p, want.p, s.n) == 0);
}

static bool
contains(const struct predicate *p, struct str s)
{
	struct str want = p->value->text;

	if (!p->fold)
		return s.n > 0 && memmem(s.p, s.n, want.p, want.n) != NULL;
	for (size_t i = 0; i + want.n <= s.n; i++)
		if (strncasecmp(s.p + i, want.p, want.n) == 0)
			return true;
	return false;
}

/* `v` NULL: there is no value. */
static bool
holds(const struct predicate *p, const struct json *v)
{
	switch (p->kind) {
	case PREDICATE_EXISTS:
		return v != NULL;
	case PREDICATE_ABSENT:
		return v == NULL;
	case PREDICATE_EQUAL:
		if (v != NULL && p->fold && v->type == JSON_STRING && p->value->type == JSON_STRING)
			return text_equal(p, v->text);
		return v != NULL && element_scalar_equal(p->value, v);
	case PREDICATE_ONE_OF:
		return any_holds(p->items, p->n, v);
	case PREDICATE_NOT:
		return !any_holds(p->items, p->n, v);
	case PREDICATE_MATCH:
		return v != NULL && v->type == JSON_STRING && globs_match(&p->globs, v->text);
	case PREDICATE_CONTAINS:
		return v != NULL && v->type == JSON_STRING && contains(p, v->text);
	case PREDICATE_ABOVE:
		return v != NULL && v->type == JSON_NUMBER &&
		       number_cmp(v->text, p->value->text) > 0;
	case PREDICATE_BELOW:
		return v != NULL && v->type == JSON_NUMBER &&
		       number_cmp(v->text, p->value->text) < 0;
	}
	return false;
}

static bool
found_holds(const struct predicate *p, const struct found *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		if (holds(p, f->items[i]))
			return true;
	return false;
}

/* ---- picking for a resource ---- */

static bool
where_holds(const struct rule *rule, const struct resource *from, const struct resource *to)
{
	for (uint32_t i = 0; i < rule->n_where; i++) {
		const struct rule_where *w = &rule->where[i];

		if (!(from != NULL && holds(&w->is, json_at(from->value, w->pointer))) &&
		    !(to != NULL && holds(&w->is, json_at(to->value, w->pointer))))
			return false;
	}
	return true;
}

static uint64_t
picking_cost(const struct rule *rule)
{
	uint64_t n = 1 + rule->category.n + rule->key.n;

	for (uint32_t i = 0; i < rule->n_where; i++)
		n += rule->where[i].is.cost;
	return n;
}

bool
rules_pick(TALLOC_CTX *mem, const struct rules *rules, const struct resource *from,
    const struct resource *to, struct rule_pick *out, struct work *work, struct err *e)
{
	uint64_t               taken = 0;
	const struct resource *r = to != NULL ? to : from;

	*out = (struct rule_pick) { 0 };
	if (rules == NULL || rules->n == 0)
		return true;
	out->items = talloc_array(mem, const struct rule *, rules->n);
	if (out->items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct rule *rule = &rules->items[i];

		taken += picking_cost(rule);
		if ((rule->category.n == 0 || globs_match(&rule->category, r->category)) &&
		    (rule->key.n == 0 || globs_match(&rule->key, r->key)) &&
		    where_holds(rule, from, to))
			out->items[out->n++] = rule;
	}
	return work_spend(work, WORK_RULES, taken, e);
}

/* ---- what was lost and gained at a rule's path ---- */

static bool
found_add(TALLOC_CTX *tmp, struct found *f, const struct json *v, struct err *e)
{
	const struct json **more;

	if (f->n == f->cap) {
		f->cap = f->cap > 0 ? f->cap * 2 : 8;
		more = talloc_realloc(tmp, f->items, const struct json *, f->cap);
		if (more == NULL)
			return err_memory(e);
		f->items = more;
	}
	f->items[f->n++] = v;
	return true;
}

/* The values below v (v itself left out) that the rest of the pattern matches. */
static bool
find_below(TALLOC_CTX *tmp, const struct pattern *p, uint64_t states, const struct json *v,
    struct found *f, struct err *e)
{
	bool ok = true;

	if (v == NULL)
		return true;
	for (uint32_t i = 0; ok && i < v->n; i++) {
		char       number[12];
		struct str name = { number, 0 };
		uint64_t   next;

		if (v->type == JSON_OBJECT)
			name = v->names[i];
		else
			name.n = (size_t)snprintf(number, sizeof number, "%u", i);
		next = pattern_step(p, states, name);
		f->looked += pattern_done(p, next) ? LOOKED_FOUND : 1;
		if (next == 0)
			continue;
		ok = pattern_done(p, next) ? found_add(tmp, f, &v->items[i], e)
					   : find_below(tmp, p, next, &v->items[i], f, e);
	}
	return ok;
}

/* Every value's text, those of `a` first, and the number of its group. */
static bool
group(TALLOC_CTX *tmp, struct found *a, const struct found *b, uint32_t **out,
    uint32_t *groups, struct err *e)
{
	uint32_t            n = a->n + b->n;
	struct index_entry *v = talloc_array(tmp, struct index_entry, n);

	*out = talloc_array(tmp, uint32_t, n);
	if (v == NULL || *out == NULL)
		return err_memory(e);
	for (uint32_t i = 0; i < n; i++) {
		struct buf b_text;

		buf_make(&b_text, v);
		if (!element_text(&b_text, i < a->n ? a->items[i] : b->items[i - a->n], NULL, NULL,
			STR(""), e))
			return false;
		a->looked += buf_str(&b_text).n / BYTES_STEP;
		v[i] = index_entry(buf_str(&b_text), 0);
	}
	return index_group(tmp, v, n, *out, groups, e);
}

/* Takes out of both what they have in common, as multisets. */
static bool
subtract(TALLOC_CTX *tmp, struct found *a, struct found *b, struct err *e)
{
	struct found rest_a = { 0 }, rest_b = { 0 };
	uint32_t    *of, groups = 0;
	int64_t     *more; /* how many more of a group are in b */
	bool         ok;

	if (a->n == 0 || b->n == 0) /* nothing in common */
		return true;
	if (!group(tmp, a, b, &of, &groups, e))
		return false;
	more = talloc_zero_array(tmp, int64_t, groups);
	ok = more != NULL || err_memory(e);
	for (uint32_t i = 0; ok && i < a->n + b->n; i++)
		more[of[i]] += i < a->n ? -1 : 1;
	for (uint32_t i = 0; ok && i < a->n; i++)
		if (more[of[i]]++ < 0)
			ok = found_add(tmp, &rest_a, a->items[i], e);
	for (uint32_t i = 0; ok && i < a->n; i++)
		more[of[i]]--;
	for (uint32_t i = 0; ok && i < b->n; i++)
		if (more[of[a->n + i]]-- > 0)
			ok = found_add(tmp, &rest_b, b->items[i], e);
	rest_a.looked = a->looked;
	rest_b.looked = b->looked;
	*a = rest_a;
	*b = rest_b;
	return ok;
}

/* An element is met by its index and, when it is keyed, by its key. */
static uint64_t
step(const struct pattern *p, uint64_t states, const struct rule_subject *s, size_t i)
{
	uint64_t next = pattern_step(p, states, s->steps[i]);

	if (s->labels != NULL && s->labels[i].n > 0)
		next |= pattern_step(p, states, s->labels[i]);
	return next;
}

/* false with *seen false: the path does not speak about this change. */
static bool
look(TALLOC_CTX *tmp, const struct rule *rule, const struct rule_subject *s, struct found *lost,
    struct found *gained, bool *seen, struct err *e)
{
	uint64_t states = pattern_start(&rule->path);

	*seen = false;
	for (size_t i = 0; i < s->n_steps && states != 0; i++)
		states = step(&rule->path, states, s, i);
	if (states == 0)
		return true;
	*seen = true;
	if (pattern_done(&rule->path, states))
		return (s->old_value == NULL || found_add(tmp, lost, s->old_value, e)) &&
		       (s->new_value == NULL || found_add(tmp, gained, s->new_value, e));
	if (!find_below(tmp, &rule->path, states, s->old_value, lost, e) ||
	    !find_below(tmp, &rule->path, states, s->new_value, gained, e) ||
	    !subtract(tmp, lost, gained, e))
		return false;
	*seen = lost->n + gained->n > 0;
	return true;
}

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
in_direction(const struct rule *rule, const struct found *lost, const struct found *gained)
{
	bool       grows = rule->direction == RULE_GROWS;
	struct str was, is;
	int        c;

	if (rule->direction == RULE_ANY)
		return true;
	if (lost->n == 1 && gained->n == 1 && number_of(lost->items[0], &was) &&
	    number_of(gained->items[0], &is)) {
		c = number_cmp(is, was);
		return grows ? c > 0 : c < 0;
	}
	return something(grows ? gained : lost);
}

/* To hold all of it against one condition. */
static uint64_t
found_cost(const struct found *f)
{
	uint64_t n = f->n;

	for (uint32_t i = 0; i < f->n; i++)
		if (f->items[i]->type == JSON_STRING)
			n += f->items[i]->text.n / 64;
	return n;
}

static bool
charge(const struct rule *rule, const struct rule_subject *s, const struct found *lost,
    const struct found *gained, struct err *e)
{
	uint64_t n = 1 + s->n_steps + lost->looked + gained->looked;

	if (rule->has_from)
		n += found_cost(lost) * rule->from.cost;
	if (rule->has_to)
		n += found_cost(gained) * rule->to.cost;
	return work_spend(s->work, WORK_RULES, n, e);
}

static bool
matches(TALLOC_CTX *tmp, const struct rule *rule, const struct rule_subject *s, bool *yes,
    struct err *e)
{
	struct found lost = { 0 }, gained = { 0 };

	*yes = false;
	if ((rule->ops >> s->op & 1) == 0)
		return true;
	if (!look(tmp, rule, s, &lost, &gained, yes, e) || !charge(rule, s, &lost, &gained, e))
		return false;
	*yes = *yes && in_direction(rule, &lost, &gained) &&
	       (!rule->has_from || found_holds(&rule->from, &lost)) &&
	       (!rule->has_to || found_holds(&rule->to, &gained));
	return true;
}

bool
rules_classify(TALLOC_CTX *tmp, const struct rule_pick *pick, const struct rule_subject *s,
    struct rule_verdict *v, struct err *e)
{
	TALLOC_CTX *own;
	bool        ok = true, yes = false;
	size_t      i;

	*v = (struct rule_verdict) { RULE_DEFAULT_SEVERITY, "default", "", RULE_NONE };
	if (pick->n == 0)
		return true;
	own = talloc_new(tmp);
	if (own == NULL)
		return err_memory(e);
	for (i = 0; ok && !yes && i < pick->n; i++) {
		ok = matches(own, pick->items[i], s, &yes, e);
		talloc_free_children(own); /* a rule may have found very much */
	}
	if (yes) {
		const struct rule *rule = pick->items[i - 1];

		*v = (struct rule_verdict) { rule->severity, rule->name, rule->reason, rule->at };
	}
	talloc_free(own);
	return ok;
}
