/*
 * clearing.h - how often each collection has been read without findings since it had some.
 *
 * While an alert is open and clear_runs is more than 1, each collection in which it has had findings is
 * counted: complete readings of it in a row without any.  The alert ends when all of them have come to
 * clear_runs; a snapshot that does not read one says nothing of it.  An alert with findings from before
 * this was counted is counted in snapshots of its config.
 *
 * The config's own number (clean_runs) is the least of them.  A program that does not know these counts
 * sets it back when it finds something: then all begin anew.
 *
 * Pure: no I/O, no clock.
 */
#ifndef BSX_DRIFT_ALERT_CLEARING_H
#define BSX_DRIFT_ALERT_CLEARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/err.h"
#include "core/base/str.h"

struct decide_in;
struct decision;
struct limits;

struct clearing {
	struct str category;
	int64_t    runs; /* before: 0: not counted; else 1 + readings in a row without findings */
	bool       read; /* completely, or nobody will read it any more: what was found in it is over */
};

/* d->cleared, of what was found (d->order). */
MUST_USE bool clearing_count(
    TALLOC_CTX *mem, const struct decide_in *in, struct decision *d, struct err *e);
/* The readings that all have in common; -1: none is counted. */
int64_t clearing_least(const struct decide_in *in, const struct decision *d);
/* Nothing is waited for any more: none is counted. */
void clearing_end(const struct decide_in *in, struct decision *d);

/* Its last reading had no findings, and the alert waits for more of them: one that says the same counts. */
bool clearing_waits(int64_t runs, const struct limits *l);
/* Does the next snapshot count, changed or not?  Where one that was waited for was read, or none is counted. */
bool clearing_goes_on(const struct decide_in *in, const struct decision *d);

#endif
