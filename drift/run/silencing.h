/*
 * silencing.h - which findings of a plan a silence covers.
 *
 * A silence covers a finding when every member its matcher names fits: config
 * (its id), category and key (globs), path (a pattern), severity.
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

/* Sets p->life->hold of what is silenced, p->life->silence, and when to look again. */
MUST_USE bool silence_plan(const struct ingest *in, struct plan *p, struct err *e);

#endif
