/*
 * audit_end.h - the entries of an audit trail that end by age: the rows alone, their leaves stay (audit_tree_rows.h).
 *
 * The floor is raised first, by a procedure of the control schema that lets it go forward only, and no farther than a checkpoint; the
 * triggers let the entries up to it be deleted, and no others.
 */
#ifndef BSX_STORE_IDENTITY_AUDIT_END_H
#define BSX_STORE_IDENTITY_AUDIT_END_H

#include "core/store/tenant/tenant_db.h"

#define AUDIT_END_ROWS 500 /* in one transaction */

/* The number of the newest entry that is older than that; 0: none is. */
MUST_USE bool audit_older(struct tenant_db *t, instant than, uint64_t *seq, struct err *e);
/* In a transaction.  Outrun, or beyond the checkpoint: the whole transaction again. */
MUST_USE bool audit_floor_raise(struct tenant_db *t, uint64_t seq, struct err *e);
/* The oldest AUDIT_END_ROWS of those up to that one; *n: so many were there. */
MUST_USE bool audit_rows_end(struct tenant_db *t, uint64_t upto, uint64_t *n, struct err *e);

#endif
