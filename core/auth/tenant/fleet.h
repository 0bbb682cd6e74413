/*
 * fleet.h - the tenants that somebody may look after, in numbers (core/store/tenant/fleet.h): counted by driftd, and who
 * may read what of them.
 *
 * A caller reads of a tenant what its permissions are for: of its own, at home; of all, in the platform with
 * read:tenants; of another, what grants that count lend at this instant, within what the caller holds at home.  A role
 * that has changed lends nothing until it is counted, so what was taken away is gone at once.  Nor does
 * a tenant that says from which addresses it may be used: that is asked of who acts there alone.
 */
#ifndef BSX_AUTH_TENANT_FLEET_H
#define BSX_AUTH_TENANT_FLEET_H

#include "core/auth/deed.h"
#include "core/store/tenant/fleet.h"

/* Counts those that are due, `most` at a time; *n: so many were.  What fails in one tenant is logged, and tried again. */
MUST_USE bool fleet_round(struct auth *a, size_t most, size_t *n, struct err *e);

struct fleet_filter {
	const char *status, *severity, *blind; /* NULL: any */
};
/* Rows of struct fleet_row, worst first. */
MUST_USE bool fleet_visible(const struct deed_by *by, const struct fleet_filter *f, struct page *p, struct err *e);
/* Rows of struct fleet_alert_row, of the same tenants; of the filter the severity counts. */
MUST_USE bool fleet_alerts_visible(
    const struct deed_by *by, const struct fleet_filter *f, struct page *p, struct err *e);

#endif
