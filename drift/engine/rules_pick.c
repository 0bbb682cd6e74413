/* rules.h: the rules that can speak about one resource. */
#include "drift/engine/lookup.h"
#include "drift/engine/rule.h"

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

/* All their paths are walked together (places.h). */
static bool
make_places(TALLOC_CTX *mem, struct rule_pick *out, struct err *e)
{
	const struct pattern **paths =
	    talloc_array(mem, const struct pattern *, (unsigned)out->n + 1);

	out->places = talloc_zero(mem, struct places);
	out->place = talloc_zero(mem, struct buf);
	if (paths == NULL || out->places == NULL || out->place == NULL)
		return err_memory(e);
	buf_make(out->place, mem);
	for (size_t i = 0; i < out->n; i++)
		paths[i] = &out->items[i]->path;
	*out->places = (struct places) { .patterns = paths,
		.n = (uint32_t)out->n,
		.work = matcher_work(out->matcher),
		.kind = WORK_RULES,
		.e = e };
	return places_make(mem, out->places, &out->start);
}

bool
rules_pick(TALLOC_CTX *mem, const struct rules *rules, const struct resource *from,
    const struct resource *to, struct rule_pick *out, struct matcher *matcher, struct err *e)
{
	struct picking p = { matcher, NULL, from, to, e };
	bool           ok = true, yes;

	*out = (struct rule_pick) { .worst = RULE_DEFAULT_SEVERITY };
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
		if (!ok || !yes)
			continue;
		out->items[out->n++] = &rules->items[i];
		out->raisers_n += rules->items[i].raises != 0;
		out->worst = severity_worse(out->worst, rules->items[i].severity);
	}
	out->lookup = p.lookup;
	if (ok)
		return make_places(mem, out, e);
	/* A push goes on without the rules that it can no more be held against. */
	out->worst = rules->worst;
	out->partly = work_forgo(matcher_work(p.matcher), WORK_RULES, e);
	return out->partly;
}
