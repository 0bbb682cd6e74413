/*
 * series.h - windows that come again: of a series' rule its windows, and those made ahead as rows.
 *
 * Windows that begin in the next SERIES_AHEAD_S are rows, so that a driftd that is away for days leaves none out; driftd
 * makes more once a day (SCHEDULE_WINDOW), from made_until on, so that none is made twice.  Each lasts as long as the
 * series says, whatever a clock is set to meanwhile.
 */
#ifndef BSX_DRIFT_RUN_SERIES_H
#define BSX_DRIFT_RUN_SERIES_H

#include "core/store/drift/silence_series.h"
#include "drift/config/recur.h"
#include "drift/run/recheck.h"

#define SERIES_AHEAD_S (8 * 86400)

struct window {
	instant starts_at, expires_at;
};
#define SERIES_SHOWN 10

/* What a series says, compiled.  Faults at /rule, /timezone, /starts_at. */
struct series_plan {
	struct recur       rule;
	const struct zone *zone;
	int64_t            duration_s;
	instant            starts_at;
	instant            ends_at; /* of the last window */
};
/* Checked: it ends, within RECUR_DAYS of its start, and has a window that ends after `now`. */
MUST_USE bool series_compile(TALLOC_CTX *mem, const struct silence_series *s, instant now,
    struct series_plan *out, struct err *e);
/* Of one that is stored. */
MUST_USE bool series_read(const struct silence_series *s, struct series_plan *out, struct err *e);
/* The first ones that end after `now`; returns how many. */
size_t series_next(const struct series_plan *p, instant now, struct window out[static SERIES_SHOWN]);

/* In a transaction that holds the row, which is to be written after: makes what is to be made, sets made_until, and when
 * driftd is to go on. */
struct series_making {
	const struct env         *env;
	TALLOC_CTX               *mem;
	struct silence_series    *s;
	const struct series_plan *plan;
	instant                   now;
};
MUST_USE bool series_make_ahead(struct db *db, const struct series_making *m, struct err *e);

/* Driftd's turn. */
MUST_USE bool series_due(struct db *db, const struct recheck *r, struct err *e);

#endif
