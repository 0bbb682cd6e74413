/*
 * expire.h - what ends by age beside snapshots: reports with their changes, findings, what
 * happened to them, alerts, messages.
 *
 * Every call is bounded by `limit` rows of each kind.  A report stays while a snapshot or an open
 * alert refers to it, or while it is the newest; a finding while it is there, or while a person's
 * word (accepted, ignored) stands; an alert until it is resolved.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_EXPIRE_H
#define BSX_STORE_ALERT_EXPIRE_H

#include "core/store/tenant/tenant_db.h"

struct expire {
	struct uuid config_id;
	instant     before;
	struct uuid newest; /* report; nil: none */
	int64_t     limit;
};

/*
 * Of a config whose state row the transaction holds.  A report is gone at once with all that is
 * said in it; the changes of dropped reports, of whatever config, go in this round and later ones.
 * *more: the limit has left something to another round.
 */
MUST_USE bool expire_config(
    struct db *db, TALLOC_CTX *mem, const struct expire *in, bool *more, struct err *e);

/* Alerts of no config: of the tenant itself (config_id: nil). */
MUST_USE bool expire_own(
    struct db *db, TALLOC_CTX *mem, const struct expire *in, bool *more, struct err *e);

/* Messages made before `before` that were delivered or given up, with their attempts. */
MUST_USE bool expire_messages(
    struct db *db, TALLOC_CTX *mem, instant before, int64_t limit, struct err *e);

#endif
