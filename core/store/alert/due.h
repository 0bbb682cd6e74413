/*
 * due.h - messages that wait, held against the index of due ones: of each lane the first is in it, and each that is in no lane;
 * one that another message tells (gather.h) is not.
 *
 * A message comes into the index in the transaction that makes it due.  A program that knows no lanes ends the first of a lane
 * and leaves the next out of it; so does whatever else goes wrong with the control schema alone.  What is missing there is put
 * back, due at once; what is in it stays as it is, with its time and its claim.
 *
 * Errors: those of db.h.
 */
#ifndef BSX_STORE_ALERT_DUE_H
#define BSX_STORE_ALERT_DUE_H

#include "core/store/id_list.h"

/* The two sides of a tenant's messages. */
struct due {
	struct db *control, *tenant;
};

/* Outside a transaction: the first message that waits in a lane is put back if it is missing.  *back grows by how many are; one
 * that has ended since it was looked at goes when a sender meets it. */
MUST_USE bool due_check_lane(const struct due *d, TALLOC_CTX *mem, const struct uuid *lane,
    size_t *back, struct err *e);

#define DUE_ROWS 200 /* messages read at once */
/* The same of the next messages of the tenant that wait; *after moves on, nil: it has come to the end. */
MUST_USE bool due_check_page(const struct due *d, TALLOC_CTX *mem, struct uuid *after,
    size_t *back, struct err *e);

#endif
