/*
 * audit_former.h - the rows of closed chains of a tenant's audit trail.
 *
 * What they mean is core/auth/audit_closed's.
 */
#ifndef BSX_STORE_IDENTITY_AUDIT_FORMER_H
#define BSX_STORE_IDENTITY_AUDIT_FORMER_H

#include "core/store/identity/audit_rows.h"

/* Entries of that chain with seq > after, oldest first. */
MUST_USE bool audit_former_after(struct tenant_db *t, TALLOC_CTX *mem, uint64_t chain, uint64_t after, struct page *p,
    struct err *e);

struct audit_closed_row {
	uint64_t    chain, size;
	struct blob mac; /* of its last entry; of none: all nought */
	instant     closed_at;
};
/* Closed chains, the first first; at most AUDIT_CLOSED_MAX. */
#define AUDIT_CLOSED_MAX 1000
MUST_USE bool audit_closed_list(struct tenant_db *t, TALLOC_CTX *mem, struct audit_closed_row **list, size_t *n, struct err *e);
/* Inside a transaction: the chain is closed, and the present one has the next number. */
MUST_USE bool audit_closed_add(struct db *db, const struct audit_closed_row *row, struct err *e);

#endif
