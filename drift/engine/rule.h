/*
 * rule.h - the inside of compiled rules: for the files of this room only.
 */
#ifndef BSX_DRIFT_ENGINE_RULE_H
#define BSX_DRIFT_ENGINE_RULE_H

#include "drift/engine/pattern.h"
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
	struct rule_where  *where;
	uint32_t            n_where;
	struct pattern      path;
	unsigned            ops; /* bit: enum change_op */
	bool                has_from, has_to;
	struct predicate    from, to;
	enum rule_direction direction;
	enum severity       severity;
};

struct rules {
	struct rule *items;
	uint32_t     n;
};

#endif
