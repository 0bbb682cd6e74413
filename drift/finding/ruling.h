/*
 * ruling.h - what people decide about findings: one or many, all or nothing.
 *
 * A decision names changes; it is made about their findings, each once.  Every
 * finding that it changes gets a line of history.  The state rows of the configs
 * are held meanwhile, so that a snapshot on its way sees the decision or is
 * compared again.
 */
#ifndef BSX_DRIFT_FINDING_RULING_H
#define BSX_DRIFT_FINDING_RULING_H

#include "core/store/drift/finding.h"
#include "core/base/env.h"
#include "drift/engine/rules.h"

#define DECIDE_MATCH_MAX 10000 /* changes that one filter may let by */
#define DECIDE_SETTLE_MS 15000 /* decisions of that long are looked at together */

struct ruling {
	const char *status; /* NULL: stays */
	const char *reason; /* NULL: none is told */
	instant     expires_at;
	struct uuid assigned_to; /* nil: nobody */
	bool        assigns;     /* assigned_to is told */
	const char *actor;
	instant     now;
	bool          asks; /* what takes findings of this severity or worse out of what is told waits for a second person */
	enum severity asks_from;
	const char   *owner; /* in whose name it is accepted; NULL: the actor's */
};
/* Faults of the decision itself. */
MUST_USE bool ruling_check(TALLOC_CTX *mem, const struct ruling *d, struct err *e);

struct decide_which {
	const struct uuid    *ids; /* NULL: those of the filter */
	size_t                n;
	const char           *pointer; /* of the ids in the body; NULL: of a path, ERR_MISSING */
	struct finding_filter filter;
	struct uuid          *configs; /* decide_find: theirs, in order */
	size_t                configs_n;
};
/* Outside a transaction: whose changes they are.  Faults: an id that is not there, too many. */
MUST_USE bool decide_find(struct db *db, TALLOC_CTX *mem, struct decide_which *w, struct err *e);

struct decided {
	int64_t      matched, changed, unchanged; /* findings */
	struct uuid *changes;                     /* one of each that was changed */
	/* What waits for a second person, as it stays; the worst of it, and one change of each. */
	struct finding_row *held;
	size_t              held_n;
	enum severity       held_worst;
};
/* Inside a transaction, first of all in it.  ERR_CONFLICT: a status may not follow another. */
MUST_USE bool decide_apply(struct db *db, TALLOC_CTX *mem, const struct env *env,
    const struct ruling *d, const struct decide_which *w, struct decided *out, struct err *e);
/* The same of findings that are read, by config, fingerprint and value, where the state rows are held. */
MUST_USE bool decide_these(struct db *db, TALLOC_CTX *mem, const struct env *env,
    const struct ruling *d, const struct finding_target *rows, size_t n, struct decided *out,
    struct err *e);

#endif
