/*
 * maker_rules.h - rules that ask who made a change, or when: what a severity rises to once that is known.
 *
 *	{"path": "/state", "severity": "critical", "actor_not_in": ["<id>", ...]}    by somebody else than these
 *	{"path": "/state", "severity": "high", "outside": "mon-fri 08:00-18:00 Europe/Berlin"}
 *	{... "outside": ["mon-thu 22:00-04:00", "sat,sun 00:00-24:00"]}               in none of these
 *
 * A rule with one of them (rules.h) raises: it takes no part in which rule is the first, and is held against a change when
 * its maker is known (confidence object or exact), which may be later than its report.  Where it holds and is worse than
 * what was judged it decides.  With both, both hold.
 *
 * actor_not_in holds where one of the actors is not in the list, by id, in any case: names are what anybody calls himself.
 * One without an id is in no list, and so is one of further actors that are not told.
 *
 * A window is hours of the week (core/base/hours.h).  outside holds where one deed of theirs was done in no window.
 *
 * Faults point to what is wrong: "/rules/2/outside/0".  A rule of a config whose source never says who made a change is
 * one, and of a source whose makers stand in the tenant's own audit trail (read:audit) one that asks who; in a rule pack
 * both are left out there.
 */
#ifndef BSX_DRIFT_CONFIG_MAKER_RULES_H
#define BSX_DRIFT_CONFIG_MAKER_RULES_H

#include "core/base/hours.h"
#include "drift/attribution/attribution.h"
#include "drift/engine/rules.h"

struct maker_rule {
	uint64_t            bit;  /* of struct change's raisers */
	uint32_t            rule; /* among all */
	struct rule_verdict says;
	bool                asks_who;
	char              **ids; /* folded, by their bytes */
	size_t              ids_n;
	struct hours       *windows;
	size_t              windows_n; /* 0: it does not ask when */
};
struct maker_rules {
	struct maker_rule *items;
	size_t             n;
};

/* What a source says of who made what it has. */
enum maker_words { MAKERS_NEVER, MAKERS_OWN, MAKERS_TOLD };
/* What is made are children of `mem`, and of `rules`, which outlive it. */
MUST_USE bool maker_rules_compile(TALLOC_CTX *mem, const struct rules *rules,
    enum maker_words words, struct maker_rules *out, struct err *e);

/*
 * The worst of the rules `raisers` that hold for who made a change; NULL: none does, or it is not known.  ERR_TOO_COSTLY
 * of WORK_RULES: it may be the worst of them.
 */
MUST_USE bool maker_rules_hold(const struct maker_rules *m, uint64_t raisers,
    const struct attribution *who, struct work *work, const struct maker_rule **out,
    struct err *e);
/* The worst of them, whoever made it. */
const struct maker_rule *maker_rules_worst(const struct maker_rules *m, uint64_t raisers);

#endif
