/*
 * audit_seldom.h - entries for what may come very often: who reads the trail, what
 * is refused, keys that are none.
 *
 * The first is written at once, and what comes again within ten minutes is counted: the first of a later
 * span says in `earlier` how often the one before had it.  Of what is refused the 10th, 100th, 1,000th
 * ... is written too, with `times` in its details.  And one actor (all who are anonymous count as one)
 * makes a tenant's trail grow by 30 such entries at once and one a minute after: what that
 * leaves out is counted, and `unwritten` of the actor's next one says how many.
 *
 * It is counted in the shared segment, so by each host for itself; without a segment
 * everything is written.
 */
#ifndef BSX_AUTH_AUDIT_SELDOM_H
#define BSX_AUTH_AUDIT_SELDOM_H

#include "core/auth/audit.h"

#define AUDIT_SELDOM_MS      600000
#define AUDIT_SELDOM_BURST   30
#define AUDIT_SELDOM_MINUTES 1 /* between two, in the long run */

/*
 * `about` (may be NULL) is what makes two the same, beside action, actor, address of who is anonymous, and target.
 * entry->details as given comes first.  *written (may be NULL): there is an entry of it, and a line in the log.
 */
MUST_USE bool audit_seldom(const struct deed_by *by, struct audit_entry *entry, const char *about, bool *written,
    struct err *e);

#endif
