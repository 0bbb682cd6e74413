#include "drift/run/raising.h"

#include <string.h>

#include "drift/attribution/attribution.h"

bool
raising_may(const struct ingest *in, const struct change *c)
{
	const struct maker_rule *worst = maker_rules_worst(&in->spec->makers, c->raisers);

	return worst != NULL && worst->says.severity > c->severity;
}

static void
recount(struct diff_summary *s, enum severity from, enum severity to)
{
	s->by_severity[from]--;
	s->by_severity[to]++;
	s->score += severity_weight(to) - severity_weight(from);
	s->max_severity = severity_worse(s->max_severity, to);
}

static void
raise_change(struct plan *p, size_t i, const struct maker_rule *by)
{
	struct change *c = &p->diff->changes[i];

	recount(&p->diff->summary, c->severity, by->says.severity);
	if (i < p->seen.n)
		recount(&p->seen.summary, c->severity, by->says.severity);
	p->diff->rule_hits[by->rule]++;
	c->severity = by->says.severity;
	c->rule = by->says.rule;
	c->reason = by->says.reason;
	c->controls = by->says.controls;
	c->rule_place = (struct str) { "", 0 };
	p->raised++;
}

/* Where it costs too much to ask, it is told as what it may be. */
static bool
judge(const struct ingest *in, struct plan *p, size_t i, const char *kept, struct err *e)
{
	const struct change     *c = &p->diff->changes[i];
	const struct maker_rule *by;
	struct attribution       who;
	TALLOC_CTX              *tmp = talloc_new(p);
	bool                     ok;

	if (tmp == NULL)
		return err_memory(e);
	attribution_read(tmp, kept, &who);
	ok = maker_rules_hold(&in->spec->makers, c->raisers, &who, in->work, &by, e);
	if (!ok && work_forgo(in->work, WORK_RULES, e)) {
		by = maker_rules_worst(&in->spec->makers, c->raisers);
		ok = true;
	}
	if (ok && by != NULL && by->says.severity > c->severity)
		raise_change(p, i, by);
	talloc_free(tmp);
	return ok;
}

bool
raising_apply(const struct ingest *in, struct plan *p, struct err *e)
{
	for (size_t i = 0; in->spec->makers.n > 0 && i < p->diff->n; i++) {
		const struct change *c = &p->diff->changes[i];
		const char          *kept;

		if (!raising_may(in, c))
			continue;
		kept = awaited_maker(&p->makers, c->fingerprint, c->value_hash);
		if (kept != NULL && !judge(in, p, i, kept, e))
			return false;
	}
	return true;
}

bool
raising_is_new(const struct plan *p)
{
	const char *was = p->severities_before.text, *now = p->report.by_severity.text;

	return p->raised > 0 && (was == NULL || now == NULL || strcmp(was, now) != 0);
}
