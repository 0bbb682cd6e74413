/*
 * carry.h - what carries a template to tenants: the operations of rollout.h, a tenant at a time.
 *
 * A turn takes CARRY_MS, then others have theirs.  What has to be done is a row for each tenant; a row waits until what came
 * of it is written.  One that cannot be worked in comes again when all others have been, and has failed after some turns.  In the tenant everything is one transaction with its audit entry, and the binding there knows by which
 * operation: whoever comes again after a kill finds that it was done.  Of two operations at the same time the one that
 * was asked for later holds.
 */
#ifndef BSX_DRIFT_TEMPLATE_CARRY_H
#define BSX_DRIFT_TEMPLATE_CARRY_H

#include "core/auth/tenant/tenant_make.h"
#include "core/net/fetch.h"
#include "drift/config/drift.h"

#define CARRY_MS 1000

/* operation_run.arg of a process that carries both: what is about tenants sees the first member. */
struct template_carrier {
	struct tenant_carrier tenants;
	struct drift         *drift;
	struct fetch         *fetch; /* NULL: this process asks nobody */
	bool                  proved; /* a directory was asked in this round */
};
operation_fn template_carry;

#endif
