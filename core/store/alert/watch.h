/*
 * watch.h - tenants that are looked at for alerts of their own (drift/watch): which are due, and how far each was read.
 *
 * A deed marks its tenant's row of the control schema in its own transaction: every audit entry does, by the procedure that
 * moves the head.  driftd looks at what is marked, and at each once an hour besides.  How far the trail was read stands in
 * the tenant's schema, and moves in the transaction that tells what was found: who is killed before has told nothing, and
 * who comes second reads on behind the first.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_WATCH_H
#define BSX_STORE_ALERT_WATCH_H

#include "core/store/tenant/tenant_db.h"

/* In a transaction of the tenant, with its end: something that is watched has changed. */
MUST_USE bool watch_mark(struct db *db, struct err *e);

/* ---- what is due ---- */

#define WATCH_TAKEN_S 10   /* so long it is left to who looks */
#define WATCH_EVERY_S 3600 /* where nothing marks it */
#define WATCH_OFTEN_S 60   /* the platform, which is told of what is the installation's */

struct watch_due {
	struct uuid tenant_id;
	char       *schema_name;
	uint64_t    marked; /* before it is looked at */
	bool        broken; /* its trail was found not to be as it was written (audit_due_broken) */
};
/* Of tenants that are active, the one that waits longest first. */
MUST_USE bool watch_due(struct database *d, TALLOC_CTX *mem, size_t limit, struct watch_due **rows,
    size_t *n, struct err *e);
/* *won false: somebody else was first, or it has been marked since. */
MUST_USE bool watch_take(
    struct database *d, const struct watch_due *row, bool *won, struct err *e);
/* It was looked at, and is again in `again_s`; at once, where it was marked meanwhile. */
MUST_USE bool watch_done(
    struct database *d, const struct watch_due *row, int64_t again_s, struct err *e);

/* ---- how far the trail was read, in a transaction of the tenant ---- */

/* Held until its end: others who look wait. */
MUST_USE bool watch_hold(struct db *db, TALLOC_CTX *mem, uint64_t *seq, struct err *e);
MUST_USE bool watch_move(struct db *db, uint64_t seq, struct err *e);

/* ---- what is so now ---- */

/* A thing that is so. */
struct watch_thing {
	struct uuid id;
	char       *name, *detail;
};
#define WATCH_THINGS_MAX 100
/* Channels that are disabled, and not by anybody's will; detail: why. */
MUST_USE bool watch_dead_channels(
    struct db *db, TALLOC_CTX *mem, struct watch_thing **rows, size_t *n, struct err *e);
/* Channels that are told the audit trail, and have failed for so long; detail: why. */
#define WATCH_FEED_S     900
#define WATCH_FEED_TRIES 9 /* where a program has written that which does not say since when */
MUST_USE bool watch_behind_feeds(struct db *db, TALLOC_CTX *mem, instant now, struct watch_thing **rows,
    size_t *n, struct err *e);
/* Service keys that end by `until` and were longer lived than that; detail: their prefix. */
MUST_USE bool watch_ending_keys(struct db *db, TALLOC_CTX *mem, instant now, instant until,
    struct watch_thing **rows, size_t *n, struct err *e);
/* Of the installation: tenants whose trail is broken, but that one; name: the slug. */
MUST_USE bool watch_broken_trails(struct db *control, TALLOC_CTX *mem, const struct uuid *but,
    struct watch_thing **rows, size_t *n, struct err *e);
/* Of the installation: hosts whose daemons have all been silent for so long; name: the host, id: the newest of them. */
#define WATCH_SILENT_S 300
MUST_USE bool watch_silent_daemons(
    struct db *control, TALLOC_CTX *mem, struct watch_thing **rows, size_t *n, struct err *e);

#endif
