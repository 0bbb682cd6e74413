/*
 * self_trail.h - who has changed this tenant's administration: its own audit trail, as the entries that changes are held
 * against (drift/attribution).
 *
 * It is asked for what is known of the changed things alone, by their ids, since the reading before: entries that change
 * one, and succeeded; the newest 2,000, and of these what audit_rows_of() has the details of.
 */
#ifndef BSX_DRIFT_SELF_SELF_TRAIL_H
#define BSX_DRIFT_SELF_SELF_TRAIL_H

#include "core/store/tenant/tenant_db.h"
#include "drift/attribution/attribution.h"

/* `t` is a struct tenant_db.  As an ingest wants it (struct attribution_asker). */
MUST_USE bool self_trail(void *t, TALLOC_CTX *mem, const struct attribution_change *c, size_t n,
    struct attribution_log *out, struct err *e);

#endif
