/*
 * explain.h - a report's `not_alerted`: which threshold held back how much, in numbers and in
 * sentences.
 *
 *	{"code": why nothing is told, or not of everything, "reason": a sentence, numbers...,
 *	 "held_back": [{"code", "changes": how many, "reason": a sentence, numbers...}]}
 *
 * It is kept as it is: nothing of a value may stand in it.
 */
#ifndef BSX_DRIFT_ALERT_EXPLAIN_H
#define BSX_DRIFT_ALERT_EXPLAIN_H

#include "drift/alert/alert_decide.h"

struct explain {
	const struct decide_in *in;
	const struct decision  *d;
	const int64_t          *runs;      /* parallel to changes: reports in a row; NULL: 1 each */
	const bool             *tolerated; /* parallel to limits->tolerance; NULL: none */
	const char             *silence; /* that covers one, as suppressed_by says it; NULL: none */
	int64_t                 incomplete_runs; /* in a row, with this one */
};

/* *out stays NULL when there is nothing to say. */
MUST_USE bool explain_print(
    TALLOC_CTX *mem, const struct explain *x, enum why why, struct raw_json *out, struct err *e);

#endif
