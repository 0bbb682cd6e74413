/*
 * keep.h - how long a tenant keeps its history: the member `retention` of its settings (core/auth/settings.h).
 *
 * Each is an age in seconds; 0: for ever.  Of a tenant and a config of it that both say something, the shorter counts.
 * A report is kept at least as long as a snapshot, which names it.
 */
#ifndef BSX_STORE_TENANT_KEEP_H
#define BSX_STORE_TENANT_KEEP_H

#include "core/json/schema.h"
#include "core/store/tenant/tenant_db.h"

struct keep {
	int64_t snapshots_s, reports_s, audit_s;
};
extern const struct schema keep_schema;

#define KEEP_TRAIL_LEAST_S (90 * 86400) /* of audit_s */
#define KEEP_LEAST_S 86400 /* what was there yesterday can be asked for, whatever a tenant says */

/* What the registry says of a tenant; nothing else of its settings is looked at. */
MUST_USE bool keep_of(TALLOC_CTX *mem, const struct tenant *t, struct keep *out, struct err *e);
/* Of a config that says `own_s` itself; what it says is of snapshots and reports alike. */
struct keep keep_with(const struct keep *tenant, int64_t own_s);
/* Somebody who has `was` loses something of the history, or of the audit trail, by `now`. */
bool keep_is_shorter(const struct keep *now, const struct keep *was);
bool keep_trail_is_shorter(const struct keep *now, const struct keep *was);
/* What is shorter than it may be, faults with pointers from "/settings/retention". */
MUST_USE bool keep_check(TALLOC_CTX *mem, const struct keep *k, struct err *e);

#endif
