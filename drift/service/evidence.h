/*
 * evidence.h - all that is known of one alert, gathered for who has to show it to others (core/proof/evidence.h).
 *
 * Each time is an entry in the trail, `alert.evidence`, which the evidence itself holds with the others about the alert, its
 * report, its config and its changes.
 */
#ifndef BSX_DRIFT_SERVICE_EVIDENCE_H
#define BSX_DRIFT_SERVICE_EVIDENCE_H

#include "core/auth/audit_proven.h"
#include "core/store/alert/outbox.h"
#include "drift/service/alert.h"
#include "drift/service/finding.h"
#include "drift/service/snapshot.h"

#define EVIDENCE_CHANGES    200
#define EVIDENCE_DELIVERIES 500

struct evidence {
	struct alert               alert;
	struct change_seen        *changes; /* in the order of their fingerprints */
	size_t                     changes_n;
	const struct delivery_row *deliveries; /* newest first; none without read:channels */
	size_t                     deliveries_n;
	struct audit_proven        proven;
	/* There are more than are given. */
	bool                       more_changes, more_deliveries, more_history;
};

/*
 * ERR_FORBIDDEN without read:alerts, read:drift, read:snapshots and read:audit; ERR_MISSING: no such alert.
 */
MUST_USE bool evidence_gather(
    const struct acting *a, const struct uuid *alert, struct evidence *out, struct err *e);

/* The two snapshots that a change tells of.  *has_from false: what there was before is not stored any more, or was never; the same of *has_to. */
struct evidence_sides {
	struct snapshot from, to;
	bool            has_from, has_to;
};
MUST_USE bool evidence_sides_of(
    const struct acting *a, const struct uuid *report, struct evidence_sides *out, struct err *e);

#endif
