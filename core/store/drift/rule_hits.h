/*
 * rule_hits.h - one row per config: what its rules met in the newest snapshots.
 *
 * The row is written in the transaction of a snapshot, and only by one that met
 * something else than the row says; drift/run/rule_hits.h knows its text.
 *
 * Errors: ERR_MISSING (no row yet), and those of db.h.
 */
#ifndef BSX_STORE_DRIFT_RULE_HITS_H
#define BSX_STORE_DRIFT_RULE_HITS_H

#include "core/store/tenant/tenant_db.h"
#include "core/store/trip.h"

struct rule_hits {
	struct uuid config_id;
	uint64_t    seq;    /* of the snapshot it was written with */
	struct blob digest; /* of what that snapshot met */
	char       *hits;   /* JSON */
};

MUST_USE bool rule_hits_by_config(struct db *db, TALLOC_CTX *mem, const struct uuid *config,
    struct rule_hits *h, struct err *e);
void rule_hits_ask(struct trip *trip, const struct uuid *config, struct rule_hits *h, bool *found);
MUST_USE bool rule_hits_put(struct db *db, const struct rule_hits *h, struct err *e);
MUST_USE bool rule_hits_drop(struct db *db, const struct uuid *config, struct err *e);

#endif
