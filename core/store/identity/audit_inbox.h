/*
 * audit_inbox.h - entries for the trail of another tenant than the one in which a deed was done: rows of the control
 * schema, added in the deed's transaction and carried by who may write there (core/auth/tenant/grant_carry.h).
 */
#ifndef BSX_STORE_IDENTITY_AUDIT_INBOX_H
#define BSX_STORE_IDENTITY_AUDIT_INBOX_H

#include "core/store/tenant/tenant_db.h"

struct audit_inbox {
	struct uuid id;           /* of the entry that it becomes: its transaction's mark there */
	struct uuid tenant_id;    /* in whose trail */
	struct uuid from_tenant;  /* where it was done; set by the procedure */
	const char *action, *outcome, *actor_kind;
	struct uuid actor_id;     /* nil: none */
	const char *actor_name;
	struct uuid actor_tenant; /* nil: none */
	struct uuid target_id;    /* nil: none */
	const char *address, *user_agent, *request_id, *details;
	instant     at;
};

/* Inside a transaction of where it was done.  ERR_CONFLICT: no grant ties the two tenants. */
MUST_USE bool audit_inbox_add(struct tenant_db *t, const struct audit_inbox *x, struct err *e);

/* ---- of the service ---- */

/* Those after that id, the oldest first, of every tenant. */
MUST_USE bool audit_inbox_after(struct database *d, TALLOC_CTX *mem, struct page *p, struct err *e);
MUST_USE bool audit_inbox_drop(struct database *d, const struct uuid *id, struct err *e);

#endif
