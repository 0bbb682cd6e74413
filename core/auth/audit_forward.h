/*
 * audit_forward.h - what is done in one tenant and stands in another one's trail too: an entry that waits in the control
 * schema, added in the transaction of the deed, until it is carried there (core/auth/tenant/grant_carry.h).
 *
 * It tells what was done to what, and by whom; no value and no name of what is in the tenant where it was done.
 */
#ifndef BSX_AUTH_AUDIT_FORWARD_H
#define BSX_AUTH_AUDIT_FORWARD_H

#include "core/auth/audit.h"
#include "core/store/identity/audit_inbox.h"
#include "core/store/identity/audit_rows.h"

/* The entry as it is, for the trail of that tenant. */
MUST_USE bool audit_forward(const struct deed_by *by, const struct uuid *tenant, const struct audit_entry *entry,
    struct err *e);
/* Of somebody who acts in another tenant (caller.acting): "grant.act" for their own.  `done` is the entry there. */
MUST_USE bool audit_forward_act(const struct deed_by *by, const struct audit_entry *entry, const struct audit_row *done,
    struct err *e);

#endif
