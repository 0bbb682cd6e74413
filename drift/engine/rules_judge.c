/* rules.h: the places of a change, and which rule decides its severity. */
#include <stdio.h>

#include "core/base/buf.h"
#include "drift/engine/number.h"
#include "drift/engine/rule.h"

/* What a place is under when it has no rule of its own. */
enum cover {
	COVER_NONE,    /* the default */
	COVER_RULE,    /* that of a place around it, which counts already */
	COVER_IGNORED, /* taken out with the place around it */
};

/* A place on the way down from the change's own. */
struct spot {
	const struct spot *up; /* NULL: the change's own */
	struct str         name;
	struct rule_place  at;
	struct row        *here;
	enum cover         cover;
	uint32_t           limit; /* only rules before it speak here */
};

struct judge {
	const struct rule_pick    *pick;
	const struct rule_subject *s;
	const struct rule         *worst, *ignored; /* NULL: none so far */
	const struct json *kept; /* an element that the other side is: it was there before */
	bool               bare; /* something has the default */
	uint64_t           raisers;
	struct err        *e;
};

/* ---- one place ---- */

#define NO_RULE UINT32_MAX

/* The number among those picked of the first rule that holds here. */
static bool
first_rule(struct judge *j, const struct spot *p, uint32_t *out)
{
	struct rule_hold h = { j->pick, j->s, NULL, &p->at, j->e };
	uint32_t         i = 0, pattern;
	bool             yes = false;

	*out = NO_RULE;
	while (!yes && places_next(j->pick->places, p->here, &i, &pattern) && pattern < p->limit) {
		h.rule = j->pick->items[pattern];
		if (h.rule->raises != 0)
			continue;
		if (!rule_holds(&h, &yes))
			return false;
		if (yes)
			*out = pattern;
	}
	return true;
}

/* Those that raise, where the place counts. */
static bool
note_raisers(struct judge *j, const struct spot *p)
{
	struct rule_hold h = { j->pick, j->s, NULL, &p->at, j->e };
	uint32_t         i = 0, pattern;
	bool             yes;

	if (j->pick->raisers_n == 0)
		return true;
	while (places_next(j->pick->places, p->here, &i, &pattern) && pattern < p->limit) {
		h.rule = j->pick->items[pattern];
		if (h.rule->raises == 0 || (h.rule->raises & j->raisers) != 0)
			continue;
		if (!rule_holds(&h, &yes))
			return false;
		if (yes)
			j->raisers |= h.rule->raises;
	}
	return true;
}

static void
add_steps(struct buf *b, const struct spot *p)
{
	if (p->up == NULL)
		return;
	add_steps(b, p->up);
	json_pointer_add(b, p->name);
}

static bool
take_worst(struct judge *j, const struct spot *p, const struct rule *rule)
{
	if (j->worst != NULL && j->worst->severity >= rule->severity)
		return true;
	j->worst = rule;
	j->pick->place->n = 0;
	add_steps(j->pick->place, p);
	return buf_ok(j->pick->place) || err_memory(j->e);
}

static bool
ends_in_any(const struct pattern *p)
{
	return p->n > 0 && (p->any >> (p->n - 1) & 1) != 0;
}

static void
take_out(struct judge *j, struct spot *p, uint32_t number)
{
	const struct rule *rule = j->pick->items[number];

	if (j->ignored == NULL)
		j->ignored = rule;
	if (j->s->taken_out != NULL)
		j->s->taken_out[rule->at]++;
	if (ends_in_any(&rule->path)) {
		p->cover = COVER_IGNORED;
		p->limit = number;
	} else if (p->cover == COVER_RULE) {
		p->cover = COVER_NONE;
	}
}

/* *taken: the place itself is out. */
static bool
judge_here(struct judge *j, struct spot *p, bool *taken)
{
	uint32_t number;

	*taken = false;
	if (!first_rule(j, p, &number))
		return false;
	if (number == NO_RULE)
		return note_raisers(j, p);
	if (j->pick->items[number]->severity == SEVERITY_IGNORE) {
		*taken = true;
		take_out(j, p, number);
		return true;
	}
	p->cover = COVER_RULE;
	return take_worst(j, p, j->pick->items[number]) && note_raisers(j, p);
}

/* ---- all of them ---- */

static bool judge_at(struct judge *j, struct spot *p);

static bool
judge_inside(struct judge *j, const struct spot *p, unsigned side)
{
	const struct json       *v = side == 0 ? p->at.from : p->at.to;
	const struct rule_inside in = { v, p->at.inside[side] };
	char                     number[12];

	for (uint32_t i = 0; v != NULL && i < v->n; i++) {
		struct spot below = { .up = p, .cover = p->cover, .limit = p->limit };

		if (&v->items[i] == j->kept)
			continue;
		below.name =
		    v->type == JSON_OBJECT
			? v->names[i]
			: (struct str) { number, (size_t)snprintf(number, sizeof number, "%u", i) };
		*(side == 0 ? &below.at.from : &below.at.to) = &v->items[i];
		below.at.inside[side] = &in;
		below.here = places_down(j->pick->places, p->here, below.name);
		if (j->e->code != ERR_OK || !judge_at(j, &below))
			return false;
	}
	return true;
}

static bool
is_container(const struct json *v)
{
	return v != NULL && (v->type == JSON_OBJECT || v->type == JSON_ARRAY);
}

/* Values of one type are told apart by changes of their own. */
static bool
looks_inside(const struct rule_place *p)
{
	if (is_container(p->from) && is_container(p->to) && p->from->type == p->to->type)
		return false;
	return (is_container(p->from) && p->from->n > 0) || (is_container(p->to) && p->to->n > 0);
}

static bool
judge_at(struct judge *j, struct spot *p)
{
	bool taken;

	if (!judge_here(j, p, &taken))
		return false;
	if (j->worst != NULL && j->worst->severity == SEVERITY_CRITICAL)
		return true;
	if (!looks_inside(&p->at)) {
		j->bare |= !taken && p->cover == COVER_NONE;
		return true;
	}
	return judge_inside(j, p, 0) && judge_inside(j, p, 1);
}

/* ---- the change's own place ---- */

/* An element is met by its index and, when it is keyed, by its key. */
static struct row *
own_place(const struct judge *j)
{
	const struct rule_subject *s = j->s;
	struct row                *here = j->pick->start;

	for (size_t i = 0; i < s->n_steps; i++) {
		struct str names[3] = { s->steps[i] };
		uint32_t   n = 1;

		if (s->labels != NULL && s->labels[i].n > 0)
			names[n++] = s->labels[i];
		if (s->spoken != NULL && s->spoken[i].n > 0)
			names[n++] = s->spoken[i];
		here = places_down_any(j->pick->places, here, names, n);
	}
	return here;
}

static bool
same_scalar(const struct json *a, const struct json *b)
{
	if (a->type != b->type || is_container(a))
		return false;
	if (a->type == JSON_NUMBER)
		return number_cmp(a->text, b->text) == 0;
	return a->type != JSON_STRING || str_eq(a->text, b->text);
}

/* A scalar in place of a list that it is in, or the other way round: only the list came, or went.
 */
static bool
keep_scalar(struct judge *j, struct rule_place *p)
{
	const struct json **one = is_container(p->from) ? &p->to : &p->from;
	const struct json  *list = is_container(p->from) ? p->from : p->to;

	if (*one == NULL || is_container(*one) || list == NULL || list->type != JSON_ARRAY)
		return true;
	for (uint32_t i = 0; j->kept == NULL && i < list->n; i++)
		if (same_scalar(*one, &list->items[i]))
			j->kept = &list->items[i];
	if (j->kept != NULL)
		*one = NULL;
	return work_spend(j->pick->places->work, WORK_RULES, list->n, j->e);
}

static bool
judge_all(struct judge *j)
{
	struct spot own = { .at = { .from = j->s->old_value, .to = j->s->new_value },
		.limit = (uint32_t)j->pick->n };

	j->pick->places->e = j->e;
	own.here = own_place(j);
	return j->e->code == ERR_OK && keep_scalar(j, &own.at) && judge_at(j, &own);
}

/* Nobody hides a change behind others that cost much. */
static struct rule_verdict
unjudged(const struct rule_pick *pick)
{
	return (struct rule_verdict) { pick->worst, "unjudged",
		"The rules cost more than one snapshot may: not all of them were held against this "
		"change, and it is told as the worst that one of them could say.",
		RULE_NONE, { "", 0 }, NULL, true };
}

static const struct rule_verdict by_default = { RULE_DEFAULT_SEVERITY, "default", "", RULE_NONE,
	{ "", 0 }, NULL, false };

/* Milder than the default is only what every place was judged as, or the change's own place. */
static const struct rule *
decisive(const struct judge *j, bool partly)
{
	const struct rule *worst = j->worst;

	if (partly && worst != NULL && worst->severity < j->pick->worst &&
	    j->pick->worst > RULE_DEFAULT_SEVERITY)
		return NULL;
	if (worst == NULL)
		return j->bare || partly ? NULL : j->ignored;
	if (worst->severity >= RULE_DEFAULT_SEVERITY)
		return worst;
	return j->bare || (partly && j->pick->place->n > 0) ? NULL : worst;
}

bool
rules_classify(const struct rule_pick *pick, const struct rule_subject *s, struct rule_verdict *v,
    struct err *e)
{
	struct judge       j = { .pick = pick, .s = s, .e = e };
	const struct rule *rule;
	bool               partly = pick->partly;

	*v = partly ? unjudged(pick) : by_default;
	if (partly || pick->n == 0)
		return true;
	if (!judge_all(&j)) {
		partly = work_forgo(matcher_work(pick->matcher), WORK_RULES, e);
		if (!partly)
			return false;
	}
	rule = decisive(&j, partly);
	if (rule == NULL)
		*v = partly ? unjudged(pick) : by_default;
	else
		*v = (struct rule_verdict) { rule->severity, rule->name, rule->reason, rule->at,
			rule == j.worst ? buf_str(pick->place) : (struct str) { "", 0 },
			rule->controls.n > 0 ? &rule->controls : NULL, partly };
	v->raisers = j.raisers;
	if (v->place.n > RULE_PLACE_MAX)
		v->place.n = 0;
	return true;
}
