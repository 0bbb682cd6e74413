/*
 * runs_world.h - configs of a kind of source that collects, and a collector of them that asks nobody: what it reads is
 * one resource, whose value is given.
 */
#ifndef BSX_TESTS_STORE_RUNS_WORLD_H
#define BSX_TESTS_STORE_RUNS_WORLD_H

#include "drift/run/running.h"
#include "tests/store/drift_world.h"

/* The table of kinds with that one, for a test that brings its own (drift/source/sources.c). */
#define SOURCES_STILL(X)                                                                           \
	X(push, source_push, source_push_schema, "they are pushed")                                \
	X(still, source_still, source_still_schema, "it is always the same")

#define EVERY_600 "{\"source\":{\"kind\":\"still\"},\"schedule\":{\"interval_s\":600}}"

/* A config as the service makes it: it has joined. */
struct uuid runs_config(struct drift_world *x, const char *spec);
struct run_claimer runs_claimer(void);
/* Claims up to `most`, as `who`. */
size_t runs_claim(
    struct drift_world *x, const struct run_claimer *who, size_t most, struct run_claim **rows);
/* Begins what was claimed. */
struct running runs_begin(struct drift_world *x, const struct run_claim *c);
/* Ends it with a snapshot. */
bool runs_done(struct running *r, const char *value, struct err *e);
/* Claims one, begins it, and ends it: its run.  It must be there. */
struct run runs_one(struct drift_world *x, const char *value);
/* As if it were so much later: what is due, and the slot that was seen to last, are so long ago. */
void runs_later(struct drift_world *x, int64_t s);
/* The run as it is. */
struct run runs_see(struct drift_world *x, const struct uuid *id);

#endif
