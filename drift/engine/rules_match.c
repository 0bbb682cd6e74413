/* rules.h: one rule held against one place of a change. */
#include "drift/engine/number.h"
#include "drift/engine/rule.h"

/* null, "", [] and {} are not something. */
static bool
something(const struct json *v)
{
	switch (v == NULL ? JSON_NULL : v->type) {
	case JSON_NULL:
		return false;
	case JSON_STRING:
		return v->text.n > 0;
	case JSON_ARRAY:
	case JSON_OBJECT:
		return v->n > 0;
	case JSON_FALSE:
	case JSON_TRUE:
	case JSON_NUMBER:
		break;
	}
	return true;
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
in_direction(
    const struct rule_hold *h, const struct json *lost, const struct json *gained, bool *yes)
{
	bool       grows = h->rule->direction == RULE_GROWS;
	struct str was, is;
	uint64_t   steps = 2;
	int        c;

	*yes = true;
	if (h->rule->direction == RULE_ANY)
		return true;
	if (lost != NULL && gained != NULL && number_of(lost, &was) && number_of(gained, &is)) {
		c = number_cmp(is, was);
		*yes = grows ? c > 0 : c < 0;
		steps += (is.n + was.n) / 16;
	} else {
		*yes = something(grows ? gained : lost);
	}
	return work_spend(matcher_work(h->pick->matcher), WORK_RULES, steps, h->e);
}

/* {"exists": false} is what holds for a value that is not there; no other predicate does. */
static bool
holds_for_nothing(const struct predicate *p)
{
	bool yes = p->kind == PREDICATE_ABSENT;

	for (uint32_t i = 0; !yes && p->kind == PREDICATE_ONE_OF && i < p->n; i++)
		yes = p->items[i].kind == PREDICATE_ABSENT;
	return yes;
}

/* The predicate of one side, where it is asked for. */
static bool
side_holds(const struct rule_hold *h, bool asked, const struct predicate *p, const struct json *v,
    bool *yes)
{
	if (!asked || !*yes)
		return true;
	if (v == NULL) {
		*yes = holds_for_nothing(p);
		return true;
	}
	return predicate_holds(h->pick->matcher, p, v, yes, h->e);
}

/* *v becomes NULL where it is near something else: the rule does not see it. */
static bool
see(const struct rule_hold *h, unsigned side, const struct json **v)
{
	const struct rule_near near = { h->rule, h->pick->matcher, h->pick->lookup,
		h->s->around[side], h->s->n_steps + (h->s->op == CHANGE_MOVED) };
	bool                   yes = true;

	if (*v == NULL || h->rule->n_near == 0)
		return true;
	if (!near_holds(&near, *v, h->place->inside[side], &yes, h->e))
		return false;
	if (!yes)
		*v = NULL;
	return true;
}

/* What became of the place itself. */
static enum change_op
own_op(const struct rule_place *p)
{
	return p->from == NULL ? CHANGE_CREATED : p->to == NULL ? CHANGE_DELETED : CHANGE_MODIFIED;
}

bool
rule_holds(const struct rule_hold *h, bool *yes)
{
	const struct rule *rule = h->rule;
	const struct json *lost = h->place->from, *gained = h->place->to;
	bool               moved = h->s->op == CHANGE_MOVED;
	unsigned           ops = 1u << h->s->op | (moved ? 0 : 1u << own_op(h->place));

	*yes = false;
	if (!work_spend(matcher_work(h->pick->matcher), WORK_RULES, 1, h->e))
		return false;
	/* what moves neither grows nor shrinks */
	if ((rule->ops & ops) == 0 || (moved && rule->direction != RULE_ANY))
		return true;
	if (!see(h, 0, &lost) || !see(h, 1, &gained))
		return false;
	if (lost == NULL && gained == NULL)
		return true;
	return in_direction(h, lost, gained, yes) &&
	       side_holds(h, rule->has_from, &rule->from, lost, yes) &&
	       side_holds(h, rule->has_to, &rule->to, gained, yes);
}
