/*
 * silencing.h - which findings of a plan a silence covers.
 *
 * A silence covers a finding when every member its matcher names fits: config
 * (its id), category and key (globs), path (a pattern), severity.  A maintenance
 * window is a silence of planned work: when it ends, whoever is told of the
 * config's alert is told of everything that is still there, in one message.
 */
#ifndef BSX_DRIFT_RUN_SILENCING_H
#define BSX_DRIFT_RUN_SILENCING_H

#include "drift/run/plan.h"

struct silence_matcher {
	struct uuid config;
	const char *category, *key, *path, *severity;
	uint64_t    given;
};
extern const struct schema silence_matcher_schema;

/* Faults at /matcher/... */
MUST_USE bool silence_check(TALLOC_CTX *mem, const struct silence_matcher *m, struct err *e);

/* In the transaction that makes or ends a silence of this config (nil: of all): what it covers is
 * looked at then, by the next push or by driftd. */
MUST_USE bool silence_wake(struct db *db, TALLOC_CTX *mem, const struct uuid *config, instant at,
    instant now, struct err *e);

/* Sets p->findings->hold and by of what is silenced, silence and suppressed, and when to look again. */
MUST_USE bool silence_plan(const struct ingest *in, struct plan *p, struct err *e);

#endif
