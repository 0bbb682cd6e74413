/* rule.h: what stands near a value, for a rule's `near`. */
#include "drift/engine/lookup.h"
#include "drift/engine/rule.h"

/* The nearest value that the pointer leads to; NULL: none up to the resource. */
static bool
nearest(const struct rule_near *side, struct str pointer, const struct json *v,
    const struct rule_inside *inside, const struct json **out, struct err *e)
{
	if (!lookup_at(side->lookup, v, pointer, out, e))
		return false;
	for (; *out == NULL && inside != NULL; inside = inside->up)
		if (!lookup_at(side->lookup, inside->in, pointer, out, e))
			return false;
	for (size_t i = side->around != NULL ? side->n : 0; *out == NULL && i > 0; i--)
		if (!lookup_at(side->lookup, side->around[i - 1], pointer, out, e))
			return false;
	return true;
}

bool
near_holds(const struct rule_near *side, const struct json *v, const struct rule_inside *inside,
    bool *yes, struct err *e)
{
	const struct rule *rule = side->rule;
	const struct json *found;

	*yes = true;
	for (uint32_t i = 0; *yes && i < rule->n_near; i++)
		if (!nearest(side, rule->near[i].pointer, v, inside, &found, e) ||
		    !predicate_holds(side->matcher, &rule->near[i].is, found, yes, e))
			return false;
	return true;
}
