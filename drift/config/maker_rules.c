#include "drift/config/maker_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- compiling ---- */

struct compiling {
	TALLOC_CTX               *mem;
	const struct rules       *rules;
	const struct rule_origin *origin;
	struct err               *e;
};

/* A member of the rule at hand; -1: none of a list. */
static bool
fault(const struct compiling *c, const char *member, int64_t at, const char *what)
{
	const struct rule_origin *o = c->origin;
	char                      place[40] = "";
	char                     *pointer;

	if (at >= 0)
		snprintf(place, sizeof(place), "/%lld", (long long)at);
	pointer = o->pack.n == 0 ? talloc_asprintf(c->mem, "/rules/%u%s%s", o->index, member, place)
				 : talloc_asprintf(c->mem, "/rule_packs/%.*s/rules/%u%s%s",
				       (int)o->pack.n, o->pack.p, o->index, member, place);
	return pointer == NULL ? err_memory(c->e) : err_fault(c->e, c->mem, pointer, "%s", what);
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool
compile_ids(const struct compiling *c, const struct json *list, struct maker_rule *out)
{
	if (list == NULL)
		return true;
	out->asks_who = true;
	out->ids = talloc_zero_array(c->mem, char *, list->n);
	if (out->ids == NULL)
		return err_memory(c->e);
	for (; out->ids_n < list->n; out->ids_n++) {
		out->ids[out->ids_n] = attribution_fold(c->mem, list->items[out->ids_n].text);
		if (out->ids[out->ids_n] == NULL)
			return err_memory(c->e);
	}
	qsort(out->ids, out->ids_n, sizeof(out->ids[0]), by_text);
	return true;
}

static bool
compile_windows(const struct compiling *c, const struct json *v, struct maker_rule *out)
{
	bool               list = v != NULL && v->type == JSON_ARRAY;
	const struct json *items = list ? v->items : v;
	size_t             n = v == NULL ? 0 : list ? v->n : 1;
	char               why[HOURS_WHY_MAX];

	if (n == 0)
		return true;
	out->windows = talloc_zero_array(c->mem, struct hours, (unsigned)n);
	if (out->windows == NULL)
		return err_memory(c->e);
	for (; out->windows_n < n; out->windows_n++)
		if (!hours_parse(items[out->windows_n].text, &out->windows[out->windows_n], why))
			return fault(c, "/outside", list ? (int64_t)out->windows_n : -1, why);
	return true;
}

/* *left_out: it can never hold for what this source says. */
static bool
fits_source(
    const struct compiling *c, enum maker_words words, const struct rule_raiser *r, bool *left_out)
{
	bool who = r->actor_not_in != NULL;

	*left_out = words == MAKERS_NEVER || (words == MAKERS_OWN && who);
	if (!*left_out || c->origin->pack.n > 0)
		return true;
	return fault(c, who ? "/actor_not_in" : "/outside", -1,
	    words == MAKERS_NEVER
		? "cannot be asked: the config's source does not say who made a change"
		: "cannot be asked: who made a change stands in the tenant's audit trail, which "
		  "whoever sees severities need not be allowed to read");
}

bool
maker_rules_compile(TALLOC_CTX *mem, const struct rules *rules, enum maker_words words,
    struct maker_rules *out, struct err *e)
{
	struct compiling   c = { .mem = mem, .rules = rules, .e = e };
	struct rule_raiser r;
	bool               left_out;

	*out = (struct maker_rules) { talloc_zero_array(mem, struct maker_rule, RAISERS_MAX), 0 };
	if (out->items == NULL)
		return err_memory(e);
	for (uint32_t i = 0; rules_raiser(rules, i, &r); i++) {
		struct maker_rule *to = &out->items[out->n];

		c.origin = rules_origin(rules, r.rule);
		if (!fits_source(&c, words, &r, &left_out))
			return false;
		if (left_out)
			continue;
		*to = (struct maker_rule) { .bit = r.bit, .rule = r.rule, .says = r.says };
		if (!compile_ids(&c, r.actor_not_in, to) || !compile_windows(&c, r.outside, to))
			return false;
		out->n++;
	}
	return true;
}

/* ---- holding ---- */

static bool
is_listed(const struct maker_rule *r, TALLOC_CTX *tmp, const char *id)
{
	const char *folded = id == NULL ? NULL : attribution_fold(tmp, str_of(id));

	return folded != NULL &&
	       bsearch(&folded, r->ids, r->ids_n, sizeof(r->ids[0]), by_text) != NULL;
}

static bool
by_another(const struct maker_rule *r, const struct attribution *who)
{
	TALLOC_CTX *tmp = talloc_new(NULL);
	bool        yes = who->more > 0 || tmp == NULL;

	for (size_t i = 0; !yes && i < who->n; i++)
		yes = !is_listed(r, tmp, who->actors[i].id);
	talloc_free(tmp);
	return yes;
}

/* When those were that are not told nobody knows: somebody's deed is not to be hidden behind
 * others. */
static bool
at_another_time(const struct maker_rule *r, const struct attribution *who)
{
	if (who->more > 0)
		return true;
	for (size_t i = 0; i < who->n; i++) {
		bool in = false;

		for (size_t k = 0; !in && k < r->windows_n; k++)
			in = hours_has(&r->windows[k], who->actors[i].at.ms);
		if (!in)
			return true;
	}
	return false;
}

static bool
holds(const struct maker_rule *r, const struct attribution *who)
{
	return (!r->asks_who || by_another(r, who)) &&
	       (r->windows_n == 0 || at_another_time(r, who));
}

static bool
is_worse(const struct maker_rule *r, const struct maker_rule *than)
{
	return than == NULL || r->says.severity > than->says.severity;
}

bool
maker_rules_hold(const struct maker_rules *m, uint64_t raisers, const struct attribution *who,
    struct work *work, const struct maker_rule **out, struct err *e)
{
	*out = NULL;
	if (who->confidence < CONFIDENCE_OBJECT || who->n == 0)
		return true;
	for (size_t i = 0; i < m->n; i++) {
		const struct maker_rule *r = &m->items[i];

		if ((r->bit & raisers) == 0 || !is_worse(r, *out))
			continue;
		if (!work_spend(work, WORK_RULES, who->n * (20 + 10 * (uint64_t)r->windows_n), e))
			return false;
		if (holds(r, who))
			*out = r;
	}
	return true;
}

const struct maker_rule *
maker_rules_worst(const struct maker_rules *m, uint64_t raisers)
{
	const struct maker_rule *worst = NULL;

	for (size_t i = 0; i < m->n; i++)
		if ((m->items[i].bit & raisers) != 0 && is_worse(&m->items[i], worst))
			worst = &m->items[i];
	return worst;
}
