/*
 * audit_end.h - the entries of an audit trail that end by age: the rows alone, their leaves stay (audit_tree_rows.h).
 *
 * The floor is raised first, by a procedure of the control schema that lets it go forward only, and no farther than a checkpoint; the
 * triggers let the entries up to it be deleted, and no others.
 */
#ifndef BSX_STORE_IDENTITY_AUDIT_END_H
#define BSX_STORE_IDENTITY_AUDIT_END_H

#include "core/store/identity/audit_rows.h"

#define AUDIT_END_ROWS 500 /* in one transaction */

#define AUDIT_END_READ 100000 /* entries behind the floor, in one look; what is behind them has its turn when these have ended */

struct audit_age {
	instant than, now;
};
/*
 * Behind the floor in order: the last that is older than that, before the first that is not; the floor: none is.  One whose clock
 * was behind ends nothing that is before it.  One whose clock was ahead, so that its time has not come yet, says nothing about its
 * age: it ends with the older ones behind it, and without any it stays.
 */
MUST_USE bool audit_older(struct tenant_db *t, const struct audit_head *h, const struct audit_age *age, uint64_t *seq,
    struct err *e);
/* Whether any of those behind `after`, up to that one, is older than that. */
MUST_USE bool audit_any_older(
    struct tenant_db *t, uint64_t after, uint64_t upto, instant than, bool *any, struct err *e);
/* In a transaction.  Outrun, or beyond the checkpoint: the whole transaction again. */
MUST_USE bool audit_floor_raise(struct tenant_db *t, uint64_t seq, struct err *e);
/* The oldest AUDIT_END_ROWS of those up to that one; *n: so many were there. */
MUST_USE bool audit_rows_end(struct tenant_db *t, uint64_t upto, uint64_t *n, struct err *e);

#endif
