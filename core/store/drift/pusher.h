/*
 * pusher.h - what is, or was, wrong with those who push to a config: a clock that was set back, pushes that are refused.
 *
 * A credential with whom nothing ever was wrong has no row.  What is wrong no more is zero and stays to be shown, until
 * the row has not changed for PUSHER_KEEP_DAYS (core/store/tenant/forget.c).
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_DRIFT_PUSHER_H
#define BSX_STORE_DRIFT_PUSHER_H

#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

#define PUSHERS_MAX      100 /* of a config, those of which was heard last */
#define PUSHER_KEEP_DAYS 30
#define PUSHER_WHY_MAX   300 /* bytes, as the column */

struct pusher_row {
	struct uuid config_id;
	struct uuid pusher; /* the credential: a key's id, or a user's */
	char       *name;   /* as snapshots have it */
	/* Pushes in a row that were collected before what is known, each so long before it came (drift/run/pushers.h). */
	int64_t late_runs, late_by_s;
	/* Pushes in a row that were refused, as far as they are counted; the last of them: when, err_wire(), why. */
	int64_t refused_runs;
	instant refused_at;
	char   *refused_code, *refused_why;
	instant seen_at; /* when any of that was written */
};

/* With what else is read in that round trip (trip.h). */
void pusher_ask(struct trip *trip, const struct uuid *config, struct pusher_row **rows, size_t *n);
MUST_USE bool pusher_list(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct pusher_row **rows, size_t *n, struct err *e);
/* ERR_MISSING: nothing is wrong with it. */
MUST_USE bool pusher_of(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    const struct uuid *pusher, struct pusher_row *row, struct err *e);
/* A new one, or all that can change of it (tx_later). */
MUST_USE bool pusher_put(struct db *db, const struct pusher_row *rows, size_t n, struct err *e);

#endif
