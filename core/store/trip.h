/*
 * trip.h - reading what belongs together in one round trip.
 *
 *	struct trip *trip = trip_make(mem, db);
 *	trip_one(trip, &config_select, &in, &config, &found);
 *	trip_all(trip, &rule_list, &in, INTO(&rules, &n, RULES_MAX));
 *	if (!trip_go(trip, e)) ...
 *
 * Nothing is sent before trip_go(); then all, before the first answer is read.  Parameters are copied.  What is
 * read are children of `mem`, as of db_one() and db_all(); it is there after trip_go() only, and where that failed
 * none of it is.  Statements of a transaction that wait (tx_later) go before.
 *
 * Only what reads: where the connection was closed meanwhile, or a table has changed, all is asked once more.  What
 * prevents a statement from being asked, as memory, is told by trip_go().
 */
#ifndef BSX_STORE_TRIP_H
#define BSX_STORE_TRIP_H

#include "core/store/db.h"

struct trip;

struct trip *trip_make(TALLOC_CTX *mem, struct db *db); /* NULL: no memory, as trip_go() says of it */
/* Zeroed where there is no such row. */
void trip_one(struct trip *t, const struct sql *q, const void *in, void *out, bool *found);
void trip_all(struct trip *t, const struct sql *q, const void *in, struct into into);
void trip_all_packed(struct trip *t, const struct sql *q, const void *in, struct into into);
MUST_USE bool trip_go(struct trip *t, struct err *e); /* frees it */

#endif
