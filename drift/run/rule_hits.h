/*
 * rule_hits.h - what each normaliser and severity rule of a config has met, and which
 * of the config's own are dead: rules that do nothing.
 *
 * Of every snapshot in order two things are counted: how often a normaliser met
 * its place in what was read, and, when it was compared, how often it did in
 * the baseline's side and how many changes each severity rule decided.  One row
 * per config holds that (core/store/drift/rule_hits.h).  A snapshot that meets the
 * same as the one before writes nothing: what was met in the row's snapshot has
 * been met in every one since.  A snapshot out of order counts nowhere.
 *
 * A rule is known by its own text, so that it keeps its history when others are
 * put before it, and one that is changed begins anew.
 */
#ifndef BSX_DRIFT_RUN_RULE_HITS_H
#define BSX_DRIFT_RUN_RULE_HITS_H

#include "drift/run/plan.h"

#define HITS_DEAD_AFTER 20 /* snapshots without a match */

struct rule_seen {
	const struct rule_origin *origin;
	bool                      severity; /* a severity rule; else a normaliser */
	const char               *name;     /* as in a change; of a normaliser NULL */
	instant since, last; /* first snapshot it took part in, last match; 0: none */
	int64_t runs;        /* snapshots since then, that one included */
	int64_t quiet;       /* snapshots since the last match; -1: there was none */
	int64_t matches;     /* in the newest snapshot */
	bool    dead;
};

/* Into the plan, with what the run has read already, or now. */
MUST_USE bool rule_hits_read(const struct ingest *in, struct plan *p, struct err *e);
/* Notes what the plan's snapshot has met. */
MUST_USE bool rule_hits_write(
    struct db *db, const struct ingest *in, const struct plan *p, struct err *e);

/*
 * Every rule of the spec, normalisers first, each in its order of precedence.  Only the config's
 * own can be dead, and of its severity rules only those that ignore: another waits for what it
 * warns of.
 */
MUST_USE bool rule_hits_list(struct tenant_db *t, TALLOC_CTX *mem, const struct drift_spec *spec,
    const struct config_state *state, struct rule_seen **out, size_t *n, struct err *e);

#endif
