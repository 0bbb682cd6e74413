/*
 * trail_end.h - entries of a tenant's audit trail end by age, where settings.retention.audit_s says so.
 *
 * Only what a signed checkpoint covers is deleted, and only the entries: their leaves stay, so that the rest is verified as before and
 * what somebody kept of the others is shown to have stood there.  Each time, once a day at most, an entry says up to which.
 *
 * What a channel that is told the trail has not had yet waits for it, FEED_HELD_S at most; one that is disabled keeps nothing.
 * Closed chains (audit_former.h) are kept whole.
 */
#ifndef BSX_DRIFT_DELIVER_TRAIL_END_H
#define BSX_DRIFT_DELIVER_TRAIL_END_H

#include "core/auth/auth.h"
#include "core/store/tenant/forget.h"

#define FEED_HELD_S (30 * 86400)

/* May be killed at any instant: what is left is deleted by the next, before anything else ends. */
MUST_USE bool trail_end(struct auth *a, struct tenant_db *t, TALLOC_CTX *mem,
    const struct forget_stop *stop, struct err *e);

#endif
