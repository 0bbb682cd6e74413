/*
 * run_progress.h - how far a run is, and what it found out about each collection: as it is kept with the run's row, and
 * answered.
 */
#ifndef BSX_DRIFT_RUN_RUN_PROGRESS_H
#define BSX_DRIFT_RUN_RUN_PROGRESS_H

#include "core/json/schema.h"
#include "drift/source/source.h"

struct run_collection {
	const char *category, *state; /* a completeness, or "running" */
	int64_t     items, pages, requests, bytes, took_ms;
	const char *why, *remedy, *permission; /* NULL: it is complete; it is not that */
};
struct run_progress {
	int64_t      done, of; /* collections */
	int64_t      requests, throttled, bytes;
	struct items collections; /* struct run_collection; what is not complete first where not all of them fit */
	int64_t      left_out;    /* collections that are not listed */
};
extern const struct schema run_progress_schema;

/* The text that is kept, of at most RUN_PROGRESS_MAX bytes; a child of `mem`. */
MUST_USE char *run_progress_print(
    TALLOC_CTX *mem, const struct source_progress *p, struct err *e);
/* Of a row; what cannot be read is none. */
MUST_USE bool run_progress_read(
    TALLOC_CTX *mem, const char *text, struct run_progress **out, struct err *e);

#endif
