/*
 * rule.h - the inside of compiled rules: for the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_RULE_H
#define BSX_DRIFT_ENGINE_RULE_H

#include "drift/engine/pattern.h"
#include "drift/engine/places.h"
#include "drift/engine/predicate.h"
#include "drift/engine/rules.h"

struct rule_where {
	struct str       pointer;
	struct predicate is;
};

enum rule_direction { RULE_ANY, RULE_GROWS, RULE_SHRINKS };

struct rule {
	struct rule_origin  origin;
	uint32_t            at;            /* among all */
	const char         *name, *reason;
	struct globs        category, key; /* n == 0: any */
	struct rule_where  *where, *near;
	uint32_t            n_where, n_near;
	struct pattern      path;
	unsigned            ops; /* bit: enum change_op */
	bool                has_from, has_to;
	struct predicate    from, to;
	enum rule_direction direction;
	enum severity       severity;
	struct strings      controls;
	uint64_t            raises; /* its bit; 0: it does not */
	const struct json  *actor_not_in, *outside;
};

/* Pointers, each with a predicate, of a member ("/where") of the entry at hand; `v` NULL: none. */
MUST_USE bool rule_compile_where(struct compiler *c, const char *member, const struct json *v,
    struct rule_where **out, uint32_t *n);

struct rules {
	struct rule  *items;
	uint32_t      n;
	enum severity worst; /* that one of them gives; at least the default */
	uint32_t      raisers_n;
};

/* What a value inside a change stands in, up to the change's own value. */
struct rule_inside {
	const struct json        *in;
	const struct rule_inside *up; /* NULL: `in` is the change's own value */
};

/* One side of a change, as `near` sees it. */
struct rule_near {
	const struct rule        *rule;
	struct matcher           *matcher;
	struct lookup            *lookup;
	const struct json *const *around; /* that of struct rule_subject */
	size_t                    n;      /* of them */
};

/* One place of a change: the change's own, or one inside its values. */
struct rule_place {
	const struct json        *from, *to;  /* NULL: not on that side */
	const struct rule_inside *inside[2];  /* what they stand in; NULL: the change's own place */
};
struct rule_hold {
	const struct rule_pick    *pick;
	const struct rule_subject *s;
	const struct rule         *rule;
	const struct rule_place   *place;
	struct err                *e;
};

/* rules_match.c: does the rule, whose path leads to the place, hold for what was lost and gained there? */
MUST_USE bool rule_holds(const struct rule_hold *h, bool *yes);

/* near.c: does all of the rule's `near` hold for this value? */
MUST_USE bool near_holds(const struct rule_near *side, const struct json *v,
    const struct rule_inside *inside, bool *yes, struct err *e);

#endif
